// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-fold-unit-reshapes: a reshape that only adds dimensions of size 1 in front of a broadcast is
// a matter of which dimensions the broadcast writes; one beside a part of an axis, of where the
// part begins.

#include "ir/WeftOps.h"
#include "passes/FoldParts.h"
#include "passes/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace weft {

#define GEN_PASS_DEF_FOLDUNITRESHAPESPASS
#include "passes/Passes.h.inc"

namespace {

using mlir::OpRewritePattern;
using mlir::PatternRewriter;

/// Where each dimension of `from` stands in `to`, if the rest of `to` is 1.
std::optional<SmallVector<int64_t>> matchInsertedUnits(ArrayRef<Dim> from, ArrayRef<Dim> to) {
  SmallVector<int64_t> places;
  for (auto [place, dim] : llvm::enumerate(to)) {
    if (places.size() < from.size() && from[places.size()] == dim)
      places.push_back(static_cast<int64_t>(place));
    else if (dim != Dim(1))
      return std::nullopt;
  }
  if (places.size() != from.size())
    return std::nullopt;
  return places;
}

/// broadcast(reshape([C] -> [C, 1, 1]), along [1, 2, 3]) -> broadcast([C], along [1])
///
/// Refuses reshapes that do more than add units. Other users keep the reshape, which costs nothing.
struct FoldUnitReshape final : OpRewritePattern<BroadcastOp> {
  FoldUnitReshape(MLIRContext *context, mlir::Pass::Statistic &folded)
      : OpRewritePattern(context), numFolded(folded) {}

  LogicalResult matchAndRewrite(BroadcastOp op, PatternRewriter &rewriter) const override {
    auto reshape = op.getInput().getDefiningOp<ReshapeOp>();
    if (!reshape)
      return rewriter.notifyMatchFailure(op, "input is not a reshape");
    auto places = matchInsertedUnits(dimsOf(cast<RankedTensorType>(reshape.getInput().getType())),
                                     dimsOf(cast<RankedTensorType>(reshape.getType())));
    if (!places)
      return rewriter.notifyMatchFailure(reshape, "does more than add dimensions of size 1");

    SmallVector<int64_t> along =
        llvm::map_to_vector(*places, [&](int64_t place) { return op.getDims()[place]; });
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), reshape.getInput(), along);
    ++numFolded;
    return success();
  }

private:
  mlir::Pass::Statistic &numFolded;
};

struct FoldUnitReshapes final : impl::FoldUnitReshapesPassBase<FoldUnitReshapes> {
  void runOnOperation() override {
    mlir::RewritePatternSet axes(&getContext()), parts(&getContext());
    addAxisPatterns(axes);
    parts.add<FoldUnitReshape>(&getContext(), numFolded);
    addPartPatterns(parts);
    addInterleavingPatterns(parts);
    for (mlir::RewritePatternSet *patterns : {&axes, &parts})
      if (failed(mlir::applyPatternsGreedily(getOperation(), std::move(*patterns)))) {
        getOperation().emitError("folding reshapes did not come to an end");
        return signalPassFailure();
      }
  }
};

} // namespace
} // namespace weft
