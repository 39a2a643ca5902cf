// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the contraction operations.

#include "ir/Verify.h"

namespace weft {

LogicalResult ContractOp::verify() {
  std::string why;
  Inferred inferred =
      inferContract(getEquation(), tensorOf(getLhs()), tensorOf(getRhs()), why); // C1, C2, C3, C4
  if (failed(verifyResult(*this, getResult(), inferred, why)))                   // C4
    return failure();
  if (failed(verifyOneElementType(*this, {getLhs(), getRhs()}))) // C5
    return failure();
  Type from = tensorOf(getLhs()).getElementType(), to = tensorOf(getResult()).getElementType();
  bool widens = (from.isInteger(8)) && to.isSignlessInteger(32);
  if (from != to && !widens) // C5
    return emitOpError() << "result of " << languageName(to) << " from operands of "
                         << languageName(from);
  return success();
}

ContractOp::Labels ContractOp::getLabels() {
  auto [operands, result] = getEquation().split("->");
  auto [lhs, rhs] = operands.split(',');
  return {lhs, rhs, result};
}

LogicalResult ConvOp::verify() {
  std::string why;
  Sliding sliding{getStrides(), getPadLow(), getPadHigh(), getDilations()};
  Inferred inferred =
      inferConv(tensorOf(getInput()), tensorOf(getFilter()), sliding, number(getGroups()),
                why);                                          // C1, C2, C3, C5
  if (failed(verifyResult(*this, getResult(), inferred, why))) // C4
    return failure();
  return verifyOneElementType(*this, {getInput(), getFilter(), getResult()}); // C6
}

LogicalResult ConvTransposeOp::verify() {
  std::string why;
  Sliding sliding{getStrides(), getPadLow(), getPadHigh(), getDilations()};
  Inferred inferred =
      inferConvTranspose(tensorOf(getInput()), tensorOf(getFilter()), sliding, getOutputPadding(),
                         number(getGroups()), why);            // C1, C2, C3, C5
  if (failed(verifyResult(*this, getResult(), inferred, why))) // C4
    return failure();
  return verifyOneElementType(*this, {getInput(), getFilter(), getResult()}); // C6
}

} // namespace weft
