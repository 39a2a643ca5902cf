// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the contraction operations.

#include "ir/Verify.h"

namespace weft {

/// Operands of one element type, the result of the same, of f32 for bf16, or of i32 for i8 and u8.
/// 8-bit operands may differ in their signs where the second one has them.
static LogicalResult verifySumTypes(Operation *op) {
  Type first = tensorOf(op->getOperand(0)).getElementType();
  Type second = tensorOf(op->getOperand(1)).getElementType();
  Type to = tensorOf(op->getResult(0)).getElementType();
  bool isMixed = first.isUnsignedInteger(8) && second.isSignlessInteger(8);
  if (!isMixed && failed(verifyOneElementType(op, {op->getOperand(0), op->getOperand(1)})))
    return failure();
  bool widens = (first.isInteger(8) && to.isSignlessInteger(32)) || (first.isBF16() && to.isF32());
  if ((first != to || isMixed) && !widens)
    return op->emitOpError() << "result of " << languageName(to) << " from operands of "
                             << languageName(first)
                             << (isMixed ? " and " + languageName(second) : std::string());
  return success();
}

LogicalResult ContractOp::verify() {
  std::string why;
  Inferred inferred =
      inferContract(getEquation(), tensorOf(getLhs()), tensorOf(getRhs()), why); // C1, C2, C3, C4
  if (failed(verifyResult(*this, getResult(), inferred, why)))                   // C4
    return failure();
  return verifySumTypes(*this); // C5
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
  return verifySumTypes(*this); // C6
}

LogicalResult ConvTransposeOp::verify() {
  std::string why;
  Sliding sliding{getStrides(), getPadLow(), getPadHigh(), getDilations()};
  Inferred inferred =
      inferConvTranspose(tensorOf(getInput()), tensorOf(getFilter()), sliding, getOutputPadding(),
                         number(getGroups()), why);            // C1, C2, C3, C5
  if (failed(verifyResult(*this, getResult(), inferred, why))) // C4
    return failure();
  return verifySumTypes(*this); // C6
}

LogicalResult ConvFilterGradOp::verify() {
  std::string why;
  Sliding sliding{getStrides(), getPadLow(), getPadHigh(), getDilations()};
  Inferred inferred =
      inferConv(tensorOf(getInput()), tensorOf(getResult()), sliding, number(getGroups()),
                why); // C1, C2, C3, C5
  if (failed(inferred))
    return emitOpError() << why;
  if (failed(verifyDims(*this, "gradient", getGradient(), dimsOf(*inferred)))) // C4
    return failure();
  return verifyOneElementType(*this, {getInput(), getGradient(), getResult()}); // C6
}

/// C7 of weft.packed_conv with `scales`.
static LogicalResult verifyScaledTypes(PackedConvOp op) {
  Type filter = tensorOf(op.getFilter()).getElementType();
  if (failed(verifyOneElementType(op, {op.getInput(), op.getScales(), op.getResult()})))
    return failure();
  if (!tensorOf(op.getInput()).getElementType().isF32() || !filter.isSignlessInteger(8))
    return op->emitOpError() << "'scales' for an input of "
                             << languageName(tensorOf(op.getInput()).getElementType())
                             << " and a filter of " << languageName(filter)
                             << ", which must be f32 and i8";
  return success();
}

LogicalResult PackedConvOp::verify() {
  std::string why;
  Sliding sliding{getStrides(), getPadLow(), getPadHigh(), getDilations()};
  RankedTensorType result = tensorOf(getResult());
  int64_t outputs = result.getRank() == 0 ? mlir::ShapedType::kDynamic : result.getShape().back();
  PackedChannels channels{number(getGroups()), outputs, getTransposed(), getOutputPadding(),
                          number(getInterleave())};
  if (getScales())
    channels.scales = tensorOf(getScales());
  channels.nibbles = getNibbles();
  Inferred inferred = inferPackedConv(tensorOf(getInput()), tensorOf(getFilter()), sliding,
                                      channels, why);          // C1, C2, C3, C4, C6, C8
  if (failed(verifyResult(*this, getResult(), inferred, why))) // C5
    return failure();
  return getScales() ? verifyScaledTypes(*this) : verifySumTypes(*this); // C7
}

LogicalResult DepthwiseConvOp::verify() {
  std::string why;
  Sliding sliding{getStrides(), getPadLow(), getPadHigh(), getDilations()};
  Inferred inferred = inferDepthwiseConv(tensorOf(getInput()), tensorOf(getFilter()), sliding,
                                         why);                 // C1, C2, C3, C5
  if (failed(verifyResult(*this, getResult(), inferred, why))) // C4
    return failure();
  return verifySumTypes(*this); // C6
}

LogicalResult WinogradPatchesOp::verify() {
  std::string why;
  const int64_t ones[] = {1, 1}, dilations[] = {number(getDilation()), number(getDilation())};
  Inferred inferred = inferWinogradPatches(tensorOf(getInput()), number(getTile()),
                                           {ones, getPadLow(), getPadHigh(), dilations},
                                           why);               // C1, C2, C3
  if (failed(verifyResult(*this, getResult(), inferred, why))) // C4
    return failure();
  return verifyOneElementType(*this, {getInput(), getResult()}); // C5
}

LogicalResult WinogradConvOp::verify() {
  std::string why;
  const int64_t ones[] = {1, 1}, dilations[] = {number(getDilation()), number(getDilation())};
  Sliding sliding{ones, getPadLow(), getPadHigh(), dilations};
  RankedTensorType result = tensorOf(getResult());
  int64_t outputs = result.getRank() == 0 ? mlir::ShapedType::kDynamic : result.getShape().back();
  SmallVector<Dim> image;
  if (ArrayRef<int64_t> sizes = getPatchesOf(); !sizes.empty()) {
    if (sizes.size() != 2) // C1
      return emitOpError() << "'patches_of' has " << sizes.size()
                           << " entries for 2 window dimensions";
    if (sizes[0] < 0 || sizes[1] < 0) // C2
      return emitOpError() << "'patches_of' holds " << std::min(sizes[0], sizes[1])
                           << ", less than 0";
    if (result.getRank() != 4) // C1
      return emitOpError() << "result of rank " << result.getRank() << ", which must be 4";
    image = {dimsOf(result)[0], Dim(sizes[0]), Dim(sizes[1])};
  }
  Inferred inferred =
      inferWinogradConv(tensorOf(getInput()), tensorOf(getFilter()), number(getTile()), outputs,
                        image, sliding, why);                  // C1, C2, C3, C4, C6
  if (failed(verifyResult(*this, getResult(), inferred, why))) // C5
    return failure();
  return verifyOneElementType(*this, {getInput(), getFilter(), getResult()}); // C7
}

} // namespace weft
