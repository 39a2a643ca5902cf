// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The processor that code is made for, and the way from the LLVM dialect to an object file.

#ifndef WEFT_CODEGEN_CPU_TARGET_H
#define WEFT_CODEGEN_CPU_TARGET_H

#include "codegen/cpu/Kernel.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace weft {

/// Names in LLVM's spelling. What is empty is taken from the host: all three by default; `cpu` and
/// `features` stay empty (the generic processor) where another triple is named.
struct TargetOptions {
  std::string triple;
  std::string cpu;
  std::string features; ///< "+avx2,-avx512f"

  /// With everything said that was left open.
  TargetOptions resolved() const;
};

/// The machine, or an error that names what LLVM does not know.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const TargetOptions &options);

/// The vector registers that the target's code should use.
llvm::Expected<VectorTarget> vectorTargetOf(const TargetOptions &options);

/// The features that the target's code may use and that not every processor of its family has, as
/// the runtime looks for them: "avx,avx2,fma".
llvm::Expected<std::string> requiredFeatures(const TargetOptions &options);

/// Where emitObject() also writes text, for tests and `weft inspect`.
struct EmissionText {
  llvm::raw_ostream *llvmIr = nullptr; ///< After optimisation.
  llvm::raw_ostream *assembly = nullptr;
};

/// Optimises a module of the LLVM dialect and gives the bytes of a position-independent object.
/// The same module and options give the same bytes.
llvm::Expected<SmallVector<char, 0>> emitObject(ModuleOp module, const TargetOptions &options,
                                                const EmissionText &text = {});

/// Objects of one module: not by the number of cores, which would show in the bytes.
inline constexpr unsigned mostParts = 8;

/// The same in up to `most` objects that belong together, compiled side by side. What they need of
/// each other has `name` before its own.
llvm::Expected<std::vector<SmallVector<char, 0>>> emitObjects(ModuleOp module,
                                                              const TargetOptions &options,
                                                              StringRef name,
                                                              unsigned most = mostParts);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_TARGET_H
