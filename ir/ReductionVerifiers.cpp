// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the reduction operations.

#include "ir/Verify.h"

namespace weft {

LogicalResult ReduceOp::verify() {
  std::string why;
  Inferred inferred = inferReduce(tensorOf(getInput()), getAxes(), why); // C1
  if (failed(verifyResult(*this, getResult(), inferred, why)))           // C2
    return failure();
  bool ofBool = tensorOf(getInput()).getElementType().isInteger(1);
  bool logical = getKind() == ReduceKind::And || getKind() == ReduceKind::Or;
  if (ofBool != logical) // C3
    return emitOpError() << "'" << stringifyReduceKind(getKind()) << "' of "
                         << languageName(tensorOf(getInput()).getElementType()) << ", where "
                         << (logical ? "bool" : "a number") << " is expected";
  return verifyOneElementType(*this, {getInput(), getResult()}); // C4
}

LogicalResult ArgOp::verify() {
  std::string why;
  Inferred inferred = inferArg(tensorOf(getInput()), number(getAxis()), why); // C1
  return verifyResult(*this, getResult(), inferred, why);                     // C2
}

LogicalResult CumulativeOp::verify() { return verifyAxis(*this, getAxis(), getInput()); } // C1

LogicalResult ArgSortOp::verify() { return verifyAxis(*this, getAxis(), getInput()); } // C1

LogicalResult PoolOp::verify() {
  std::string why;
  Sliding sliding{getStrides(), getPadLow(), getPadHigh(), getDilations()};
  Inferred inferred = inferPool(tensorOf(getInput()), getWindow(), sliding, why); // C1, C2
  if (failed(verifyResult(*this, getResult(), inferred, why)))                    // C3, C4
    return failure();
  Type element = tensorOf(getInput()).getElementType();
  if (getKind() == PoolKind::Avg && !isa<mlir::FloatType>(element)) // C6
    return emitOpError() << "'avg' of " << languageName(element) << ", where a float is expected";
  return verifyOneElementType(*this, {getInput(), getResult()}); // C5
}

} // namespace weft
