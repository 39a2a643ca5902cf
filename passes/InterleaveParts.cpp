// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts that are joined, split and exchanged, as the channels of a shuffle, are interleaved from
// where they lie, and slices of the result are each computed by themselves.

#include "passes/FoldParts.h"

namespace weft {

namespace {

using mlir::OpRewritePattern;
using mlir::PatternRewriter;

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

void addInterleavingPatterns(mlir::RewritePatternSet &patterns) {
  patterns.add<TransposeParts, SliceJoinedAxes, SliceParts>(patterns.getContext());
}

} // namespace weft
