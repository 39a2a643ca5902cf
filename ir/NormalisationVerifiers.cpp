// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the normalisation operations.

#include "ir/Verify.h"

namespace weft {

LogicalResult SoftmaxOp::verify() { return verifyAxis(*this, getAxis(), getInput()); }    // C1
LogicalResult LogSoftmaxOp::verify() { return verifyAxis(*this, getAxis(), getInput()); } // C1

/// C1 to C3 of the normalisations of trailing dimensions.
static LogicalResult verifyTrailing(Operation *op, uint64_t axis, Value input, Value scale,
                                    Value shift) {
  if (failed(verifyAxis(op, axis, input))) // C1
    return failure();
  SmallVector<Dim> dims = dimsOf(tensorOf(input));
  ArrayRef<Dim> trailing = ArrayRef<Dim>(dims).drop_front(axis);
  if ((scale && failed(verifyDims(op, "scale", scale, trailing))) ||
      (shift && failed(verifyDims(op, "shift", shift, trailing)))) // C2
    return failure();
  return verifyOneElementType(op, {input, scale, shift}); // C3
}

LogicalResult LayerNormOp::verify() {
  return verifyTrailing(*this, getAxis(), getInput(), getScale(), getShift()); // C1, C2, C3
}

LogicalResult RmsNormOp::verify() {
  return verifyTrailing(*this, getAxis(), getInput(), getScale(), nullptr); // C1, C2, C3
}

/// Fails unless `input` is [N, C, ...].
static LogicalResult verifyHasChannels(Operation *op, Value input) {
  int64_t rank = tensorOf(input).getRank();
  if (rank >= 2)
    return success();
  return op->emitOpError() << "input of rank " << rank << ", which must be [N, C, ...]";
}

LogicalResult BatchNormOp::verify() {
  if (failed(verifyHasChannels(*this, getInput()))) // C1
    return failure();
  Dim channels = dimOf(tensorOf(getInput()), 1);
  if (failed(verifyDims(*this, "scale", getScale(), channels))) // C2, the types are alike
    return failure();
  return verifyOneElementType(*this, {getInput(), getScale()}); // C3
}

LogicalResult GroupNormOp::verify() {
  if (failed(verifyHasChannels(*this, getInput()))) // C1
    return failure();
  Dim channels = dimOf(tensorOf(getInput()), 1);
  int64_t groups = number(getGroups());
  if (!channels.isConstant()) // C2
    return emitOpError() << channels.str() << " channels, whose number must be static";
  if (*channels.constant() % groups != 0) // C2
    return emitOpError() << channels.str() << " channels do not divide into " << groups
                         << " groups";
  if ((getScale() && failed(verifyDims(*this, "scale", getScale(), channels))) ||
      (getShift() && failed(verifyDims(*this, "shift", getShift(), channels)))) // C3
    return failure();
  return verifyOneElementType(*this, {getInput(), getScale(), getShift()}); // C4
}

/// C3 and C4 for the mask: [B..., L, S], bool or of the query's element type.
static LogicalResult verifyMask(AttentionOp op) {
  SmallVector<Dim> dims = dimsOf(tensorOf(op.getQuery()));
  dims.back() = dimsOf(tensorOf(op.getKey()))[dims.size() - 2];
  if (failed(verifyDims(op, "mask", op.getMask(), dims))) // C3
    return failure();
  if (tensorOf(op.getMask()).getElementType().isInteger(1))
    return success();
  return verifyOneElementType(op, {op.getQuery(), op.getMask()}); // C4
}

LogicalResult AttentionOp::verify() {
  std::string why;
  Inferred inferred = inferAttention(tensorOf(getQuery()), tensorOf(getKey()), tensorOf(getValue()),
                                     why);                     // C1, C2, C3
  if (failed(verifyResult(*this, getResult(), inferred, why))) // C3
    return failure();
  if (failed(verifyOneElementType(*this, {getQuery(), getKey(), getValue(), getResult()}))) // C4
    return failure();
  return getMask() ? verifyMask(*this) : success();
}

} // namespace weft
