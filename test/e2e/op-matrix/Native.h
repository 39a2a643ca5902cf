// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled code in this process: a module is taken down to a shared library with its runtime,
// loaded, and called by name, the way any program would.

#ifndef WEFT_TEST_E2E_OPMATRIX_NATIVE_H
#define WEFT_TEST_E2E_OPMATRIX_NATIVE_H

#include "ir/Mlir.h"
#include "ir/reference/Tensor.h"
#include "runtime/weft.h"

namespace weft::opmatrix {

struct NativeOptions {
  std::string runtimeArchive; ///< libweft_runtime.a
  std::string cpu;            ///< In LLVM's spelling; the host's if empty.
  int threads = 2;
};

/// One loaded library.
class Native {
public:
  /// Compiles a module of stage `plan`, which is consumed.
  static llvm::Expected<std::unique_ptr<Native>> compile(ModuleOp module, const NativeOptions &how);
  ~Native();

  /// Calls an exported function; `results` tells the element types and shapes to expect.
  llvm::Expected<std::vector<reference::Tensor>> call(const std::string &function,
                                                      llvm::ArrayRef<reference::Tensor> arguments,
                                                      llvm::ArrayRef<reference::Tensor> results);

  /// Opens the model once more, to run with another number of threads.
  llvm::Error reopen(int threads);

private:
  Native() = default;
  template <typename Function> Function *symbol(const char *name) const;

  void *library = nullptr;
  weft_model *model = nullptr;
};

} // namespace weft::opmatrix

#endif // WEFT_TEST_E2E_OPMATRIX_NATIVE_H
