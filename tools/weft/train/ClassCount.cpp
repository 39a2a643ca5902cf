// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Follows an input through what keeps its values to what they are compared with.

#include "tools/weft/train/ClassCount.h"

#include "ir/WeftDialect.h"

namespace weft {

/// The size of an axis of a tensor, if it is known.
static std::optional<int64_t> sizeOf(Value value, int64_t axis) {
  auto type = cast<RankedTensorType>(value.getType());
  if (axis < 0 || axis >= type.getRank() || type.isDynamicDim(static_cast<unsigned>(axis)))
    return std::nullopt;
  return type.getDimSize(static_cast<unsigned>(axis));
}

/// The count that one use says.
static std::optional<int64_t> countOf(mlir::OpOperand &use) {
  Operation *user = use.getOwner();
  if (isa<CastOp, BroadcastOp, ReshapeOp, SliceOp>(user)) {
    auto result = cast<RankedTensorType>(user->getResult(0).getType());
    return result.getElementType().isInteger() ? classCount(user->getResult(0)) : std::nullopt;
  }
  if (auto compare = dyn_cast<CompareOp>(user)) {
    Value other = compare.getOperand(1 - use.getOperandNumber());
    auto numbers = other.getDefiningOp<IotaOp>();
    if (numbers && compare.getPredicate() == ComparePredicate::Eq)
      return sizeOf(other, static_cast<int64_t>(numbers.getAxis()));
  }
  if (auto gather = dyn_cast<GatherOp>(user); gather && use.get() == gather.getIndices())
    return sizeOf(gather.getInput(), static_cast<int64_t>(gather.getAxis()));
  return std::nullopt;
}

std::optional<int64_t> classCount(Value input) {
  std::optional<int64_t> least;
  for (mlir::OpOperand &use : input.getUses()) {
    std::optional<int64_t> count = countOf(use);
    if (!count)
      return std::nullopt;
    least = std::min(least.value_or(*count), *count);
  }
  return least;
}

} // namespace weft
