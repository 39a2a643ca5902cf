// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-fold-scales: factors and offsets of the output channels of a convolution, as a normalisation
// by fixed statistics has them, go into its filter and one offset. Both follow from weights, so
// that weft-hoist-preparation computes them once.

#include "passes/Functions.h"
#include "passes/OutputSteps.h"
#include "passes/Passes.h"

namespace weft {

#define GEN_PASS_DEF_FOLDSCALESPASS
#include "passes/Passes.h.inc"

/// The filter's dimension of output channels; none where groups share a place in it.
static std::optional<int64_t> outputAxis(Operation *convolution) {
  if (isa<ConvOp>(convolution))
    return 0;
  auto transposed = cast<ConvTransposeOp>(convolution);
  return transposed.getGroups() == 1 ? std::optional<int64_t>(1) : std::nullopt;
}

/// True if the convolution was replaced.
static bool fold(Operation *convolution, const llvm::StringSet<> &changing) {
  Value result = convolution->getResult(0), filter = convolution->getOperand(1);
  auto isFixed = [&](Value value) {
    return followsFromWeights(value) && !reachesState(value, changing);
  };
  std::optional<int64_t> axis = outputAxis(convolution);
  Dim channels = GraphBuilder::dims(result)[1];
  Type element = GraphBuilder::element(filter);
  // A filter that others read too would be there twice.
  if (!axis || !isa<mlir::FloatType>(element) || GraphBuilder::element(result) != element ||
      !channels.isConstant() || !isFixed(filter) || !filter.hasOneUse())
    return false;
  SmallVector<OutputStep> steps = outputStepsAfter(result, {1}, isFixed);
  bool hasScale = llvm::any_of(steps, [](const OutputStep &step) { return isa<MulOp>(step.op); });
  if (!hasScale && steps.size() < 2)
    return false;
  // The last step sees what all of them read.
  Operation *last = steps.back().op;
  OpBuilder ops(last);
  GraphBuilder b(ops, convolution->getLoc());
  OutputAffine affine = OutputAffine().then(b, steps, {channels});
  Operation *made = convolution->clone();
  if (affine.scale)
    made->setOperand(1, b.mul(filter, b.broadcast(affine.scale, {*axis}, b.dims(filter))));
  b.builder.insert(made);
  Value sum = made->getResult(0);
  if (affine.offset)
    sum = b.add(sum, b.broadcast(affine.offset, {1}, b.dims(sum)));
  assert(b.isGood() && "channels agree");
  last->getResult(0).replaceAllUsesWith(sum);
  for (const OutputStep &step : llvm::reverse(steps))
    step.op->erase();
  convolution->erase();
  return true;
}

namespace {

struct FoldScales final : impl::FoldScalesPassBase<FoldScales> {
  void runOnOperation() override {
    llvm::StringSet<> changing = changingStates(getOperation());
    for (mlir::func::FuncOp function : exportsOf(getOperation())) {
      SmallVector<Operation *> convolutions;
      for (Operation &op : function.getBody().front())
        if (isa<ConvOp, ConvTransposeOp>(op))
          convolutions.push_back(&op);
      for (Operation *op : convolutions)
        numFolded += fold(op, changing);
    }
  }
};

} // namespace
} // namespace weft
