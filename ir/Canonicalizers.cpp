// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rewrites that are always better but make a new operation.

#include "ir/Constants.h"
#include "ir/WeftOps.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/MathExtras.h"

namespace weft {

using mlir::OpRewritePattern;
using mlir::PatternRewriter;

namespace {

/// transpose(transpose(x, p), q) -> transpose(x, p[q])
///
/// Refuses a reused inner transpose: composing would add work.
struct ComposeTransposes final : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp outer, PatternRewriter &rewriter) const override {
    auto inner = outer.getInput().getDefiningOp<TransposeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(outer, "input is not a transpose");
    if (!inner->hasOneUse())
      return rewriter.notifyMatchFailure(inner, "inner transpose is reused");

    SmallVector<int64_t> permutation = llvm::map_to_vector(
        outer.getPermutation(), [&](int64_t axis) { return inner.getPermutation()[axis]; });
    rewriter.replaceOpWithNewOp<TransposeOp>(outer, outer.getType(), inner.getInput(), permutation);
    return success();
  }
};

/// slice(slice(x, s, t), u, v) -> slice(x, s + u * t, t * v)
///
/// Takes a reused inner slice too: a slice of a slice reads no more than it did. Refuses strides
/// whose product does not fit.
struct ComposeSlices final : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SliceOp outer, PatternRewriter &rewriter) const override {
    auto inner = outer.getInput().getDefiningOp<SliceOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(outer, "input is not a slice");
    SmallVector<Dim> starts;
    SmallVector<int64_t> strides;
    for (auto [start, stride, from, by] :
         llvm::zip(inner.getStarts().toDims(), inner.getStrides(), outer.getStarts().toDims(),
                   outer.getStrides())) {
      starts.push_back(start + from * Dim(stride));
      if (llvm::MulOverflow(stride, by, strides.emplace_back()))
        return rewriter.notifyMatchFailure(outer, "product of the strides overflows");
    }

    rewriter.replaceOpWithNewOp<SliceOp>(outer, outer.getType(), inner.getInput(),
                                         ShapeAttr::get(getContext(), starts), strides);
    return success();
  }
};

/// if (constant) -> the operations of the region that is taken
struct TakeKnownBranch final : OpRewritePattern<IfOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(IfOp op, PatternRewriter &rewriter) const override {
    Attribute condition;
    if (!mlir::matchPattern(op.getCondition(), mlir::m_Constant(&condition)))
      return rewriter.notifyMatchFailure(op, "condition is not a constant");
    std::optional<WideElement> known = splatOf(condition);
    if (!known)
      return rewriter.notifyMatchFailure(op, "condition is not dense");

    mlir::Region &taken = known->integer ? op.getThenRegion() : op.getElseRegion();
    Operation *yield = &taken.front().back();
    SmallVector<Value> results(yield->getOperands());
    rewriter.inlineBlockBefore(&taken.front(), op);
    rewriter.eraseOp(yield);
    rewriter.replaceOp(op, results);
    return success();
  }
};

} // namespace

void TransposeOp::getCanonicalizationPatterns(mlir::RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<ComposeTransposes>(context);
}

void SliceOp::getCanonicalizationPatterns(mlir::RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ComposeSlices>(context);
}

void IfOp::getCanonicalizationPatterns(mlir::RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<TakeKnownBranch>(context);
}

} // namespace weft
