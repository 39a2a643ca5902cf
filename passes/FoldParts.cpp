// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of an axis. Where one part of a split axis is taken, that is a slice of the axis, which
// is read in place; where parts are stacked and the stack joined with the axis behind it, they are
// a concatenation, whose parts are computed in place.

#include "passes/FoldParts.h"

#include "ir/WeftOps.h"

#include "mlir/IR/PatternMatch.h"

namespace weft {

namespace {

using mlir::OpRewritePattern;
using mlir::PatternRewriter;

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

SmallVector<Dim> without(ArrayRef<Dim> dims, int64_t axis) {
  SmallVector<Dim> rest(dims);
  rest.erase(rest.begin() + axis);
  return rest;
}

/// The order of dimensions when axis `gone` of the input, which the result has at `place`, is
/// away.
SmallVector<int64_t> without(ArrayRef<int64_t> order, int64_t place, int64_t gone) {
  SmallVector<int64_t> rest;
  for (auto [to, from] : llvm::enumerate(order))
    if (static_cast<int64_t>(to) != place)
      rest.push_back(from > gone ? from - 1 : from);
  return rest;
}

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

/// What `value` is a transpose of, or itself, and in which order.
std::pair<Value, SmallVector<int64_t>> untransposed(Value value) {
  if (auto transpose = value.getDefiningOp<TransposeOp>())
    return {transpose.getInput(), SmallVector<int64_t>(transpose.getPermutation())};
  return {value, llvm::to_vector(llvm::seq<int64_t>(0, typeOf(value).getRank()))};
}

/// The axis of which the slice takes one index, if it takes all of the others.
std::optional<int64_t> axisOfOne(SliceOp slice) {
  SmallVector<Dim> from = dimsOf(typeOf(slice.getInput())), to = dimsOf(typeOf(slice));
  std::optional<int64_t> found;
  for (auto [axis, stride] : llvm::enumerate(slice.getStrides())) {
    bool isWhole = from[axis] == to[axis] && slice.getStarts().toDims()[axis] == Dim(0);
    if (stride != 1 || (!isWhole && (found || to[axis] != Dim(1))))
      return std::nullopt;
    if (!isWhole)
      found = axis;
  }
  return found;
}

/// True if the value is read at one place, and computed there: a reshape would part the two.
bool isComputedInPlace(Value value) {
  Operation *op = value.getDefiningOp();
  return op && value.hasOneUse() && !isa<ReshapeOp>(op) &&
         (op->hasTrait<Elementwise>() || op->hasTrait<Indexing>());
}

/// reshape(slice i of axis d (transpose x)) without d
///   -> transpose (slice of axis d with the one behind it (reshape x))
///
/// Refuses an axis that has none behind it before the transpose, and what the slice alone reads and
/// can be computed in it.
struct SliceOuterAxis final : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto slice = op.getInput().getDefiningOp<SliceOp>();
    std::optional<int64_t> place = slice ? axisOfOne(slice) : std::nullopt;
    if (!place || without(dimsOf(typeOf(slice)), *place) != dimsOf(typeOf(op)))
      return rewriter.notifyMatchFailure(op, "takes no part of an axis");
    auto [source, order] = untransposed(slice.getInput());
    int64_t axis = order[*place];
    SmallVector<Dim> dims = dimsOf(typeOf(source));
    bool isOneReader = slice.getInput().hasOneUse();
    if ((isOneReader && isComputedInPlace(source)) || axis + 1 == static_cast<int64_t>(dims.size()))
      return rewriter.notifyMatchFailure(slice, "no slice of what lies in memory");
    Dim count = dims[axis], size = dims[axis + 1];
    Dim start = slice.getStarts().toDims()[*place] * size;
    dims = without(dims, axis);
    dims[axis] = count * size;
    auto split = source.getDefiningOp<ReshapeOp>();
    Value whole = reshaped(rewriter, split ? split.getInput() : source, dims);
    SmallVector<Dim> starts(dims.size(), 0);
    starts[axis] = start;
    dims[axis] = size;
    Value part = SliceOp::create(
        rewriter, op.getLoc(), tensorType(dims, typeOf(whole).getElementType()), whole,
        ShapeAttr::get(op.getContext(), starts), SmallVector<int64_t>(dims.size(), 1));
    rewriter.replaceOp(op, transposed(rewriter, part, without(order, *place, axis)));
    return success();
  }
};

/// reshape(transpose (concat of parts that are 1 along axis c))
///   -> reshape(concat along the axis that comes behind c)
///
/// Refuses a concatenation that others read too, and an axis that none comes behind.
struct ConcatStackedParts final : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto [source, order] = untransposed(op.getInput());
    auto concat = source.getDefiningOp<ConcatOp>();
    if (!concat || !op.getInput().hasOneUse() || !source.hasOneUse())
      return rewriter.notifyMatchFailure(op, "reads no stack alone");
    auto axis = static_cast<int64_t>(concat.getAxis());
    int64_t place = llvm::find(order, axis) - order.begin();
    bool isStack = llvm::all_of(concat.getInputs(),
                                [&](Value input) { return dimsOf(typeOf(input))[axis] == Dim(1); });
    if (!isStack || place + 1 == static_cast<int64_t>(order.size()))
      return rewriter.notifyMatchFailure(concat, "parts are no slices in front of an axis");
    SmallVector<Value> parts;
    for (Value input : concat.getInputs()) {
      Value part = reshaped(rewriter, input, without(dimsOf(typeOf(input)), axis));
      parts.push_back(transposed(rewriter, part, without(order, place, axis)));
    }
    SmallVector<Dim> dims = dimsOf(typeOf(parts.front()));
    dims[place] = dims[place] * Dim(static_cast<int64_t>(parts.size()));
    Value joined =
        ConcatOp::create(rewriter, op.getLoc(), tensorType(dims, typeOf(op).getElementType()),
                         static_cast<uint64_t>(place), parts);
    rewriter.replaceOp(op, reshaped(rewriter, joined, dimsOf(typeOf(op))));
    return success();
  }
};

} // namespace

void addPartPatterns(mlir::RewritePatternSet &patterns) {
  patterns.add<SliceOuterAxis, ConcatStackedParts>(patterns.getContext());
}

} // namespace weft
