// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between weft_parallel_for and a kernel: `<kernel>_body(args, begin, end)` takes the kernel's
// arguments out of a block of words and calls it.

#ifndef WEFT_CODEGEN_HOST_KERNELBODY_H
#define WEFT_CODEGEN_HOST_KERNELBODY_H

#include "codegen/host/KernelInterface.h"
#include "ir/WeftOps.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringMap.h"

namespace weft {

struct KernelBody {
  KernelInterface interface;
  mlir::func::FuncOp function;
};

/// The bodies of a module, each made when first asked for.
class KernelBodies {
public:
  explicit KernelBodies(ModuleOp module) : symbols(module) {}

  /// Emits an error if the launch does not fit its kernel.
  FailureOr<KernelBody> of(LaunchOp launch);

  /// Emits the same error. No body is made.
  FailureOr<KernelInterface> interfaceOf(LaunchOp launch);

  /// An empty function `(words, begin, end)` behind the kernel of the launch, under the kernel's
  /// name with `suffix`, and a number if it is not the first.
  mlir::func::FuncOp createFunction(LaunchOp launch, StringRef suffix);

private:
  FailureOr<mlir::func::FuncOp> kernelOf(LaunchOp launch);
  mlir::func::FuncOp createFunction(mlir::func::FuncOp kernel, StringRef suffix);
  KernelBody create(mlir::func::FuncOp kernel, KernelInterface interface);

  mlir::SymbolTable symbols;
  llvm::StringMap<KernelBody> known;
};

/// Words that a body finds at its first argument, in this order: the address of each input and
/// output, then each dimension.
///
/// `code` is a cast from the address; weft-lower-kernel-signatures takes it away again.
Value bufferAt(OpBuilder &builder, Location loc, Value address, mlir::MemRefType type);

} // namespace weft

#endif // WEFT_CODEGEN_HOST_KERNELBODY_H
