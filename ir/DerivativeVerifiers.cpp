// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the operations that ask for derivatives.

#include "ir/Verify.h"

namespace weft {

LogicalResult VjpOp::verify() {
  if (failed(verifyTypes(*this, getGradients().getTypes(), getOutputs().getTypes(), "gradients",
                         "outputs"))) // C1
    return failure();
  return verifyTypes(*this, getResults().getTypes(), getWrt().getTypes(), "results",
                     "values of 'wrt'"); // C2
}

LogicalResult JvpOp::verify() {
  if (failed(verifyTypes(*this, getTangents().getTypes(), getWrt().getTypes(), "tangents",
                         "values of 'wrt'"))) // C1
    return failure();
  return verifyTypes(*this, getResults().getTypes(), getOutputs().getTypes(), "results",
                     "outputs"); // C2
}

LogicalResult CustomVjpOp::verify() {
  SmallVector<Type> inputs(getInputs().getTypes()), floats;
  for (Type type : inputs)
    if (isa<mlir::FloatType>(cast<RankedTensorType>(type).getElementType()))
      floats.push_back(type);
  YieldOp body = yieldOf(*this, getBody()), vjp = yieldOf(*this, getVjp());
  if (!body || !vjp)
    return failure();
  if (failed(verifyTypes(*this, getBody().getArgumentTypes(), inputs, "arguments of the body",
                         "inputs")) ||
      failed(verifyTypes(*this, body.getOperandTypes(), getResultTypes(), "yielded values",
                         "results"))) // C1
    return failure();
  llvm::append_range(inputs, getResultTypes());
  if (failed(verifyTypes(*this, getVjp().getArgumentTypes(), inputs, "arguments of 'vjp'",
                         "inputs and results"))) // C2
    return failure();
  return verifyTypes(*this, vjp.getOperandTypes(), floats, "values of 'vjp'",
                     "floats among the inputs"); // C2
}

} // namespace weft
