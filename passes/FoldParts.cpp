// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of an axis. Where one part of a split axis is taken, that is a slice of the axis, which
// is read in place; where parts are stacked and the stack joined with the axis behind it, they are
// a concatenation, whose parts are computed in place.

#include "passes/FoldParts.h"

#include "ir/Constants.h"

#include "mlir/IR/Matchers.h"

namespace weft {

namespace {

using mlir::OpRewritePattern;
using mlir::PatternRewriter;

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

/// gather of one known index (reshape or transpose) -> reshape(slice)
///
/// For parts of axes that were split. Elsewhere a gather is computed where its result is read,
/// which a reshape would part from it.
struct GatherKnownIndex final : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GatherOp op, PatternRewriter &rewriter) const override {
    Attribute indices;
    if (typeOf(op.getIndices()).getRank() != 0 ||
        !mlir::matchPattern(op.getIndices(), mlir::m_Constant(&indices)))
      return rewriter.notifyMatchFailure(op, "takes no known index");
    if (!isa_and_nonnull<ReshapeOp, TransposeOp>(op.getInput().getDefiningOp()))
      return rewriter.notifyMatchFailure(op, "takes no part of an axis that was split");
    auto axis = static_cast<int64_t>(op.getAxis());
    SmallVector<Dim> sizes = dimsOf(typeOf(op.getInput())), starts(sizes.size(), 0);
    std::optional<WideElement> index = splatOf(indices);
    if (!index || index->integer < 0 || index->integer >= sizes[axis].constant().value_or(0))
      return rewriter.notifyMatchFailure(op, "takes an index that may not be there");
    starts[axis] = index->integer;
    sizes[axis] = 1;
    Value part = sliced(rewriter, op.getLoc(), op.getInput(), starts, sizes,
                        SmallVector<int64_t>(sizes.size(), 1));
    rewriter.replaceOp(op, reshaped(rewriter, part, dimsOf(typeOf(op))));
    return success();
  }
};

/// reshape(slice i of axis d (transpose x)) without d
///   -> transpose (slice of axis d with the one behind it (reshape x))
///   -> transpose (slice of every d-th index of y), if x splits an axis of y and d is the inner
///   part
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
    if (std::optional<Value> part = everyOther(rewriter, op, slice, *place, source, axis)) {
      rewriter.replaceOp(op, transposed(rewriter, *part, without(order, *place, axis)));
      return success();
    }
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

private:
  /// The part as indices of the axis that `source` split, if axis `axis` is the inner part of it.
  static std::optional<Value> everyOther(PatternRewriter &rewriter, ReshapeOp op, SliceOp slice,
                                         int64_t place, Value source, int64_t axis) {
    auto split = source.getDefiningOp<ReshapeOp>();
    SmallVector<Dim> dims = dimsOf(typeOf(source));
    std::optional<int64_t> step = dims[axis].constant();
    if (!split || axis == 0 || !step ||
        axisOfTwo(dimsOf(typeOf(split.getInput())), dims) != axis - 1)
      return std::nullopt;
    SmallVector<Dim> sizes = without(dims, axis), starts(sizes.size(), 0);
    SmallVector<int64_t> strides(sizes.size(), 1);
    starts[axis - 1] = slice.getStarts().toDims()[place];
    strides[axis - 1] = *step;
    return sliced(rewriter, op.getLoc(), split.getInput(), starts, sizes, strides);
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

/// Dimensions that make up those of two shapes of as many elements, and of which one of the second
/// each is a part; none where one would begin inside of another.
struct Refinement {
  SmallVector<Dim> dims;
  SmallVector<int64_t> of;

  static std::optional<Refinement> both(ArrayRef<Dim> first, ArrayRef<Dim> second) {
    Refinement parts;
    SmallVector<Dim> one(first), two(second);
    size_t i = 0;
    for (size_t j = 0; j < two.size(); ++j) {
      while (i < one.size() && two[j] != one[i] && two[j].isDivisibleBy(one[i])) {
        parts.add(one[i], j);
        two[j] = two[j].floorDiv(one[i++]);
      }
      if (i == one.size() ? two[j] != Dim(1) : !one[i].isDivisibleBy(two[j]))
        return std::nullopt;
      parts.add(two[j], j);
      if (i < one.size() && (one[i] = one[i].floorDiv(two[j])) == Dim(1))
        ++i;
    }
    return parts;
  }

private:
  void add(const Dim &dim, size_t whole) {
    dims.push_back(dim);
    of.push_back(static_cast<int64_t>(whole));
  }
};

/// reshape(transpose (reshape x)) that joins axes of x, and splits them again behind the transpose
///   -> reshape(transpose (reshape x)) that keeps them apart
///
/// Refuses where the parts before and behind the transpose are others, or others read what is
/// between.
struct KeepAxesApart final : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto transpose = op.getInput().getDefiningOp<TransposeOp>();
    auto join = transpose ? transpose.getInput().getDefiningOp<ReshapeOp>() : nullptr;
    if (!join || !join->hasOneUse() || !transpose->hasOneUse())
      return rewriter.notifyMatchFailure(op, "reads no transpose of a reshape alone");
    SmallVector<Dim> joined = dimsOf(typeOf(join)), turned = dimsOf(typeOf(transpose));
    SmallVector<Dim> out = dimsOf(typeOf(op)), fine;
    auto parts = Refinement::both(dimsOf(typeOf(join.getInput())), joined);
    auto split = Refinement::both(turned, out);
    if (!parts || !split || parts->dims.size() == joined.size() ||
        split->dims.size() == turned.size())
      return rewriter.notifyMatchFailure(op, "joins and splits nothing");
    SmallVector<int64_t> order;
    for (int64_t axis : transpose.getPermutation())
      for (auto [part, whole] : llvm::enumerate(parts->of))
        if (whole == axis) {
          order.push_back(static_cast<int64_t>(part));
          fine.push_back(parts->dims[part]);
        }
    auto still = Refinement::both(fine, out);
    if (!still || still->dims.size() != fine.size())
      return rewriter.notifyMatchFailure(op, "splits what x has as one");
    Value apart = reshaped(rewriter, join.getInput(), parts->dims);
    rewriter.replaceOp(op, reshaped(rewriter, permuted(rewriter, apart, order), out));
    return success();
  }
};

} // namespace

void addAxisPatterns(mlir::RewritePatternSet &patterns) {
  patterns.add<GatherKnownIndex, KeepAxesApart>(patterns.getContext());
}

void addPartPatterns(mlir::RewritePatternSet &patterns) {
  patterns.add<SliceOuterAxis, ConcatStackedParts>(patterns.getContext());
}

} // namespace weft
