// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-fold-transposes: a contraction names its dimensions, so a transpose beside it is a matter
// of the order of letters.

#include "ir/WeftOps.h"
#include "passes/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace weft {

#define GEN_PASS_DEF_FOLDTRANSPOSESPASS
#include "passes/Passes.h.inc"

namespace {

using mlir::OpRewritePattern;
using mlir::PatternRewriter;

std::string equation(StringRef lhs, StringRef rhs, StringRef result) {
  return (lhs + "," + rhs + "->" + result).str();
}

/// Loops that the sums of a contraction take: letters that stand side by side in both operands
/// share one.
int64_t sumLoops(StringRef lhs, StringRef rhs, StringRef result) {
  int64_t loops = 0;
  for (auto [place, letter] : llvm::enumerate(lhs)) {
    size_t other = rhs.find(letter);
    if (result.contains(letter) || other == StringRef::npos)
      continue;
    bool isJoined = place > 0 && other > 0 && lhs[place - 1] == rhs[other - 1] &&
                    !result.contains(lhs[place - 1]);
    loops += isJoined ? 0 : 1;
  }
  return loops;
}

/// contract("ij,jk", transpose(x), y) -> contract("ji,jk", x, y), likewise on the right
///
/// A reused transpose is folded too: reading permuted costs a contraction nothing, but where it
/// parts what is summed in one loop, as the places of images whose channels were brought last.
struct FoldOperandTranspose final : OpRewritePattern<ContractOp> {
  FoldOperandTranspose(MLIRContext *context, mlir::Pass::Statistic &folded)
      : OpRewritePattern(context), numFolded(folded) {}

  LogicalResult matchAndRewrite(ContractOp op, PatternRewriter &rewriter) const override {
    auto left = op.getLhs().getDefiningOp<TransposeOp>();
    auto right = op.getRhs().getDefiningOp<TransposeOp>();
    if (!left && !right)
      return rewriter.notifyMatchFailure(op, "no operand is a transpose");

    ContractOp::Labels labels = op.getLabels();
    std::string lhs = left ? inputLabels(labels.lhs, left) : labels.lhs.str();
    std::string rhs = right ? inputLabels(labels.rhs, right) : labels.rhs.str();
    if (sumLoops(lhs, rhs, labels.result) > sumLoops(labels.lhs, labels.rhs, labels.result))
      return rewriter.notifyMatchFailure(op, "it would be summed in more loops");
    std::string folded = equation(lhs, rhs, labels.result);
    rewriter.modifyOpInPlace(op, [&] {
      op.setEquation(folded);
      if (left)
        op.getLhsMutable().assign(left.getInput());
      if (right)
        op.getRhsMutable().assign(right.getInput());
    });
    numFolded += (left ? 1 : 0) + (right ? 1 : 0);
    return success();
  }

private:
  /// Dimension i of the transpose is dimension permutation[i] of its input.
  static std::string inputLabels(StringRef labels, TransposeOp transpose) {
    std::string result(labels.size(), ' ');
    for (auto [i, source] : llvm::enumerate(transpose.getPermutation()))
      result[source] = labels[i];
    return result;
  }

  mlir::Pass::Statistic &numFolded;
};

/// transpose(contract("...->ij", x, y)) -> contract("...->ji", x, y)
///
/// Refuses a contraction with other users: they want it in its own order.
struct FoldResultTranspose final : OpRewritePattern<TransposeOp> {
  FoldResultTranspose(MLIRContext *context, mlir::Pass::Statistic &folded)
      : OpRewritePattern(context), numFolded(folded) {}

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto contract = op.getInput().getDefiningOp<ContractOp>();
    if (!contract)
      return rewriter.notifyMatchFailure(op, "input is not a contraction");
    if (!contract->hasOneUse())
      return rewriter.notifyMatchFailure(op, "the contraction is used elsewhere too");

    ContractOp::Labels labels = contract.getLabels();
    std::string result;
    for (int64_t source : op.getPermutation())
      result += labels.result[source];
    rewriter.setInsertionPoint(contract);
    Value folded = ContractOp::create(rewriter, contract.getLoc(), op.getType(),
                                      equation(labels.lhs, labels.rhs, result), contract.getLhs(),
                                      contract.getRhs());
    rewriter.replaceOp(op, folded);
    rewriter.eraseOp(contract);
    ++numFolded;
    return success();
  }

private:
  mlir::Pass::Statistic &numFolded;
};

struct FoldTransposes final : impl::FoldTransposesPassBase<FoldTransposes> {
  void runOnOperation() override {
    mlir::RewritePatternSet patterns(&getContext());
    patterns.add<FoldOperandTranspose>(&getContext(), numOperands);
    patterns.add<FoldResultTranspose>(&getContext(), numResults);
    if (failed(mlir::applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      getOperation().emitError("folding transposes did not come to an end");
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace weft
