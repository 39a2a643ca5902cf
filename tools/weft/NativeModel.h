// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled model in this process: its shared library, reached by name through the runtime that
// the library itself carries.

#ifndef WEFT_TOOLS_WEFT_NATIVEMODEL_H
#define WEFT_TOOLS_WEFT_NATIVEMODEL_H

#include "codegen/emit/Weights.h"
#include "runtime/Abi.h"
#include "tools/weft/data/Array.h"

#include "llvm/Support/Error.h"

#include <vector>

namespace weft {

/// One argument of a call.
struct NamedArray {
  std::string name;
  Array array;
};

/// An opened model; closed with the object.
class NativeModel {
public:
  NativeModel() = default;
  NativeModel(const NativeModel &) = delete;
  NativeModel &operator=(const NativeModel &) = delete;
  ~NativeModel();

  /// Loads the library at `path` and opens its model. An empty `weights` takes those that are
  /// embedded.
  llvm::Error open(llvm::StringRef path, llvm::StringRef model, llvm::StringRef weights,
                   int32_t threads);

  /// What exports read: the parameters that they take as they are, derived tensors, and the empty
  /// tensor `mark`. Refers to this model.
  SmallVector<NamedTensor> tensors(const Interface &interface, llvm::StringRef mark) const;

  /// Parameters and states as they are now, in the order of the description. Refers to this model.
  SmallVector<NamedTensor> parameters() const;

  /// A call whose outputs have been allocated, so that it can be repeated.
  struct PreparedCall {
    std::string function;
    std::vector<weft_array> in, out;
    std::vector<NamedArray> outputs;
  };
  /// Refers to `inputs`, which stay where they are.
  llvm::Expected<PreparedCall> prepare(llvm::StringRef function, llvm::ArrayRef<NamedArray> inputs,
                                       size_t outputCount);
  llvm::Error repeat(PreparedCall &call);

  /// Calls an export. Errors are the runtime's, in the user's words.
  llvm::Expected<std::vector<NamedArray>>
  call(llvm::StringRef function, llvm::ArrayRef<NamedArray> inputs, size_t outputCount);

private:
  template <typename Function> llvm::Error find(Function *&function, const char *name);
  llvm::Error failure() const { return llvm::createStringError(llvm::Twine(message())); }

  void *library = nullptr;
  weft_model *model = nullptr;
  decltype(&weft_message) message = nullptr;
  decltype(&weft_open_model) openModel = nullptr;
  decltype(&weft_close) close = nullptr;
  decltype(&weft_output_shape) outputShape = nullptr;
  decltype(&weft_call) callByName = nullptr;
  decltype(&weft_tensor_data) tensorData = nullptr;
  decltype(&weft_describe) describe = nullptr;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_NATIVEMODEL_H
