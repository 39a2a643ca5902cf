// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants that host code passes to kernels: read-only data of the object, each value once.

#ifndef WEFT_CODEGEN_HOST_CONSTANTBUFFERS_H
#define WEFT_CODEGEN_HOST_CONSTANTBUFFERS_H

#include "codegen/host/HostCode.h"
#include "ir/WeftOps.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace weft {

class ConstantBuffers {
public:
  explicit ConstantBuffers(ModuleOp owner) : module(owner) {}

  /// The address of the constant's elements. Emits an error and gives null where the elements
  /// cannot be read.
  Value address(ConstantOp constant, HostCode &code);

private:
  ModuleOp module;
  llvm::DenseMap<Attribute, mlir::LLVM::GlobalOp> globals;
};

/// The elements as they lie in memory on a little-endian machine, bool as one byte. Empty for a
/// kind of attribute that holds no elements in memory.
FailureOr<std::string> elementBytes(mlir::ElementsAttr elements);

} // namespace weft

#endif // WEFT_CODEGEN_HOST_CONSTANTBUFFERS_H
