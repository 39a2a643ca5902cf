// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of an axis. Where one part of a split axis is taken, that is a slice of the axis, which
// is read in place; where parts are stacked and the stack joined with the axis behind it, they are
// a concatenation, whose parts are computed in place. Parts that are joined, split and transposed,
// as the channels of a shuffle, are interleaved from where they lie.

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

/// True if the reshape of `in` to `out` joins axis `place` with none behind it.
bool endsAt(ArrayRef<Dim> out, ArrayRef<Dim> in, int64_t place) {
  Dim before = productOf(in.take_front(place + 1));
  for (size_t axis = 0; axis < out.size(); ++axis)
    if (productOf(out.take_front(axis + 1)) == before)
      return true;
  return false;
}

/// reshape(transpose (concat of parts that are 1 along axis c))
///   -> reshape(concat along the axis that comes behind c)
///
/// Refuses a concatenation that others read too, and an axis that is joined with none behind it.
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
    if (!isStack || place + 1 == static_cast<int64_t>(order.size()) ||
        endsAt(dimsOf(typeOf(op)), dimsOf(typeOf(op.getInput())), place))
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

//===-- Interleaved parts -------------------------------------------------------------------===//

/// The axis of `whole` that `split` has as two, if nothing else differs.
std::optional<int64_t> axisOfTwo(ArrayRef<Dim> whole, ArrayRef<Dim> split) {
  if (split.size() != whole.size() + 1)
    return std::nullopt;
  size_t axis = 0;
  while (axis + 1 < whole.size() && whole[axis] == split[axis])
    ++axis;
  if (whole[axis] != split[axis] * split[axis + 1] ||
      whole.drop_front(axis + 1) != split.drop_front(axis + 2))
    return std::nullopt;
  return axis;
}

/// A transpose, or a reshape where only dimensions of size 1 change places.
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

/// transpose(reshape (concat of parts) that splits the joined axis)
///   -> concat of transposes of reshapes of parts
///
/// The parts lie in memory, so that they are joined and exchanged in one pass. Refuses what others
/// read too, and a part that ends between two indices of the outer axis.
struct TransposeParts final : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto split = op.getInput().getDefiningOp<ReshapeOp>();
    auto concat = split ? split.getInput().getDefiningOp<ConcatOp>() : nullptr;
    if (!concat || !split->hasOneUse() || !concat->hasOneUse())
      return rewriter.notifyMatchFailure(op, "reads no concatenation alone");
    SmallVector<Dim> dims = dimsOf(typeOf(split));
    std::optional<int64_t> axis = axisOfTwo(dimsOf(typeOf(concat)), dims);
    if (!axis || *axis != static_cast<int64_t>(concat.getAxis()))
      return rewriter.notifyMatchFailure(split, "does not split the joined axis in two");
    Dim inner = dims[*axis + 1];
    auto isWhole = [&](Value part) { return dimsOf(typeOf(part))[*axis].isDivisibleBy(inner); };
    if (inner == Dim(0) || !llvm::all_of(concat.getInputs(), isWhole))
      return rewriter.notifyMatchFailure(concat, "a part ends inside of an index");
    SmallVector<Value> parts;
    for (Value part : concat.getInputs()) {
      dims[*axis] = dimsOf(typeOf(part))[*axis].floorDiv(inner);
      parts.push_back(permuted(rewriter, reshaped(rewriter, part, dims), op.getPermutation()));
    }
    int64_t place = llvm::find(op.getPermutation(), *axis) - op.getPermutation().begin();
    rewriter.replaceOp(op, concatenated(rewriter, op.getLoc(), parts, place));
    return success();
  }
};

SliceOp sliced(PatternRewriter &rewriter, Location loc, Value x, ArrayRef<Dim> starts,
               ArrayRef<Dim> sizes, ArrayRef<int64_t> strides) {
  return SliceOp::create(rewriter, loc, tensorType(sizes, typeOf(x).getElementType()), x,
                         ShapeAttr::get(x.getContext(), starts), strides);
}

/// The users of a value, if all of them are slices that `fits`; none otherwise.
SmallVector<SliceOp> slicesOf(Value x, llvm::function_ref<bool(SliceOp)> fits) {
  SmallVector<SliceOp> slices;
  for (Operation *user : x.getUsers()) {
    auto slice = dyn_cast<SliceOp>(user);
    if (!slice || !fits(slice))
      return {};
    slices.push_back(slice);
  }
  return slices;
}

/// The slice of two axes joined to `axis`, the second of them of size `inner`, as one of the two.
Value slicedBefore(PatternRewriter &rewriter, SliceOp slice, Value source, int64_t axis,
                   const Dim &inner) {
  SmallVector<Dim> starts = slice.getStarts().toDims(), sizes = dimsOf(typeOf(slice));
  SmallVector<int64_t> strides(slice.getStrides());
  starts[axis] = starts[axis].floorDiv(inner);
  sizes[axis] = sizes[axis].floorDiv(inner);
  starts.insert(starts.begin() + axis + 1, Dim(0));
  sizes.insert(sizes.begin() + axis + 1, inner);
  strides.insert(strides.begin() + axis + 1, 1);
  return sliced(rewriter, slice.getLoc(), source, starts, sizes, strides);
}

/// slices of (reshape x that makes one axis of two) -> reshapes of (slices of x)
///
/// For what is transposed or interleaved: slices are computed from where the parts lie. Refuses
/// where others read the reshape, since all would be computed twice, and a single index of the
/// outer axis, which SliceOuterAxis makes a slice of one axis.
struct SliceJoinedAxes final : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    Value source = op.getInput();
    SmallVector<Dim> split = dimsOf(typeOf(source));
    std::optional<int64_t> axis = axisOfTwo(dimsOf(typeOf(op)), split);
    auto concat = source.getDefiningOp<ConcatOp>();
    bool isInterleaved = concat && axis && static_cast<int64_t>(concat.getAxis()) == *axis + 1;
    if (!axis || !source.hasOneUse() || !(isInterleaved || source.getDefiningOp<TransposeOp>()))
      return rewriter.notifyMatchFailure(op, "joins nothing that was transposed or interleaved");
    Dim inner = split[*axis + 1];
    auto takesIndices = [&](SliceOp slice) {
      Dim start = slice.getStarts().toDims()[*axis], size = dimsOf(typeOf(slice))[*axis];
      return inner != Dim(0) && size != inner && slice.getStrides()[*axis] == 1 &&
             start.isDivisibleBy(inner) && size.isDivisibleBy(inner);
    };
    SmallVector<SliceOp> slices = slicesOf(op, takesIndices);
    for (SliceOp slice : slices) {
      rewriter.setInsertionPoint(slice);
      Value part = slicedBefore(rewriter, slice, source, *axis, inner);
      rewriter.replaceOp(slice, reshaped(rewriter, part, dimsOf(typeOf(slice))));
    }
    return success(!slices.empty());
  }
};

/// slices of (concat along an axis of which they take all) -> concats of slices
///
/// Refuses where others read the concatenation, and a part that is computed in it.
struct SliceParts final : OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConcatOp op, PatternRewriter &rewriter) const override {
    if (llvm::any_of(op.getInputs(), isComputedInPlace))
      return rewriter.notifyMatchFailure(op, "has parts that do not lie in memory");
    auto axis = static_cast<int64_t>(op.getAxis());
    SmallVector<SliceOp> slices = slicesOf(op, [&](SliceOp slice) {
      return slice.getStrides()[axis] == 1 &&
             dimsOf(typeOf(slice))[axis] == dimsOf(typeOf(op))[axis];
    });
    for (SliceOp slice : slices) {
      rewriter.setInsertionPoint(slice);
      SmallVector<Dim> sizes = dimsOf(typeOf(slice)), starts = slice.getStarts().toDims();
      SmallVector<Value> parts;
      for (Value input : op.getInputs()) {
        sizes[axis] = dimsOf(typeOf(input))[axis];
        parts.push_back(sliced(rewriter, slice.getLoc(), input, starts, sizes, slice.getStrides()));
      }
      rewriter.replaceOp(slice, concatenated(rewriter, slice.getLoc(), parts, axis));
    }
    return success(!slices.empty());
  }
};

} // namespace

void addPartPatterns(mlir::RewritePatternSet &patterns) {
  patterns.add<SliceOuterAxis, ConcatStackedParts, TransposeParts, SliceJoinedAxes, SliceParts>(
      patterns.getContext());
}

} // namespace weft
