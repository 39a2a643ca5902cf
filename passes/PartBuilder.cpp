// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the rewrites of parts of axes share.

#include "passes/FoldParts.h"

namespace weft {

using mlir::PatternRewriter;

Value reshaped(PatternRewriter &rewriter, Value x, ArrayRef<Dim> dims) {
  RankedTensorType type = tensorType(dims, typeOf(x).getElementType());
  return type == x.getType() ? x : ReshapeOp::create(rewriter, x.getLoc(), type, x).getResult();
}

Value transposed(PatternRewriter &rewriter, Value x, ArrayRef<int64_t> order) {
  if (llvm::is_sorted(order))
    return x;
  SmallVector<Dim> from = dimsOf(typeOf(x)), to;
  for (int64_t axis : order)
    to.push_back(from[axis]);
  RankedTensorType type = tensorType(to, typeOf(x).getElementType());
  return TransposeOp::create(rewriter, x.getLoc(), type, x, order);
}

SliceOp sliced(PatternRewriter &rewriter, Location loc, Value x, ArrayRef<Dim> starts,
               ArrayRef<Dim> sizes, ArrayRef<int64_t> strides) {
  return SliceOp::create(rewriter, loc, tensorType(sizes, typeOf(x).getElementType()), x,
                         ShapeAttr::get(x.getContext(), starts), strides);
}

Value permuted(PatternRewriter &rewriter, Value x, ArrayRef<int64_t> order) {
  SmallVector<Dim> from = dimsOf(typeOf(x));
  SmallVector<int64_t> longer =
      llvm::filter_to_vector(order, [&](int64_t axis) { return from[axis] != Dim(1); });
  if (!llvm::is_sorted(longer))
    return transposed(rewriter, x, order);
  return reshaped(rewriter, x,
                  llvm::map_to_vector(order, [&](int64_t axis) { return from[axis]; }));
}

Value concatenated(PatternRewriter &rewriter, Location loc, ValueRange parts, int64_t axis) {
  SmallVector<Dim> dims = dimsOf(typeOf(parts.front()));
  dims[axis] = Dim(0);
  for (Value part : parts)
    dims[axis] = dims[axis] + dimsOf(typeOf(part))[axis];
  return ConcatOp::create(rewriter, loc, tensorType(dims, typeOf(parts.front()).getElementType()),
                          static_cast<uint64_t>(axis), parts);
}

std::optional<int64_t> axisOfTwo(ArrayRef<Dim> whole, ArrayRef<Dim> split) {
  if (whole.empty() || split.size() != whole.size() + 1)
    return std::nullopt;
  size_t axis = 0;
  while (axis + 1 < whole.size() && whole[axis] == split[axis])
    ++axis;
  if (whole[axis] != split[axis] * split[axis + 1] ||
      whole.drop_front(axis + 1) != split.drop_front(axis + 2))
    return std::nullopt;
  return axis;
}

bool isComputedInPlace(Value value) {
  Operation *op = value.getDefiningOp();
  return op && value.hasOneUse() && !isa<ReshapeOp>(op) &&
         (op->hasTrait<Elementwise>() || op->hasTrait<Indexing>());
}

} // namespace weft
