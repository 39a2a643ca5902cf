// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generated definitions of the operations, and what their traits share. Verifiers and folders
// stand in one file for each family.

#include "ir/WeftOps.h"

#include "mlir/IR/OpImplementation.h"

namespace weft {

Type boolTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? withElementType(tensor, mlir::IntegerType::get(type.getContext(), 1)) : type;
}

Type scalarTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? RankedTensorType::get({}, tensor.getElementType()) : type;
}

LogicalResult verifySameDims(Operation *op) {
  // The type constraints, which are checked before the traits, ask for ranked tensors.
  auto first = cast<RankedTensorType>(op->getResult(0).getType());
  for (Type type : op->getOperandTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    if (tensor.getShape() != first.getShape() || tensor.getEncoding() != first.getEncoding())
      return op->emitOpError() << "operand of dimensions " << languageList(dimsOf(tensor))
                               << " beside a result of " << languageList(dimsOf(first));
  }
  return success();
}

} // namespace weft

#define GET_OP_CLASSES
#include "ir/WeftOps.cpp.inc"
