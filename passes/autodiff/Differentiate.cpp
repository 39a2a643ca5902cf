// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-differentiate: derivatives that are asked for become ordinary operations, in program order,
// so that a derivative of a derivative meets operations only.

#include "ir/Checkpoint.h"
#include "passes/autodiff/Derivative.h"
#include "passes/Decompose.h"
#include "passes/Functions.h"
#include "passes/Passes.h"

#include "mlir/IR/IRMapping.h"

namespace weft {

#define GEN_PASS_DEF_DIFFERENTIATEPASS
#include "passes/Passes.h.inc"

namespace {

using autodiff::Ways;

/// What takes the place of an operation belongs to the checkpoints that the operation belongs to.
class InPlaceOf {
public:
  explicit InPlaceOf(Operation *op)
      : checkpoints(op->getAttr(kCheckpointsAttr)), block(op->getBlock()),
        before(op->getPrevNode()), behind(op->getNextNode()) {}

  /// After the operation has gone.
  void mark() {
    if (!checkpoints)
      return;
    Operation *made = before ? before->getNextNode() : &block->front();
    for (; made != behind; made = made->getNextNode())
      made->walk([&](Operation *op) { op->setAttr(kCheckpointsAttr, checkpoints); });
  }

private:
  Attribute checkpoints;
  mlir::Block *block;
  Operation *before, *behind;
};

/// Puts simpler operations in the place of those on the way that have no rule but decompose.
LogicalResult decomposeOnWay(ValueRange from, ValueRange to) {
  SmallVector<Operation *> composites;
  Ways ways(from, to);
  for (Operation *op : ways.operations()) {
    auto note = [&](Operation *inner) {
      if (inner->hasTrait<Composite>() && !autodiff::ruleOf(inner))
        composites.push_back(inner);
    };
    note(op);
    if (op->getNumRegions() > 0 && !isa<CustomVjpOp>(op))
      op->walk(note);
  }
  llvm::SetVector<Operation *> distinct(composites.begin(), composites.end());
  for (Operation *op : distinct) {
    InPlaceOf place(op);
    if (failed(decomposeComposite(op)))
      return failure();
    place.mark();
  }
  return success();
}

LogicalResult expand(VjpOp op) {
  if (failed(decomposeOnWay(op.getWrt(), op.getOutputs())))
    return failure();
  InPlaceOf place(op);
  OpBuilder builder(op);
  GraphBuilder graph(builder, op.getLoc());
  FailureOr<SmallVector<Value>> gradients =
      autodiff::pull(op.getOutputs(), op.getGradients(), op.getWrt(), graph);
  if (failed(gradients))
    return failure();
  for (auto [result, gradient] : llvm::zip_equal(op.getResults(), *gradients))
    result.replaceAllUsesWith(gradient ? gradient : graph.splatLike(result, 0));
  op.erase();
  place.mark();
  return success();
}

LogicalResult expand(JvpOp op) {
  if (failed(decomposeOnWay(op.getWrt(), op.getOutputs())))
    return failure();
  OpBuilder builder(op);
  GraphBuilder graph(builder, op.getLoc());
  FailureOr<SmallVector<Value>> tangents =
      autodiff::push(op.getOutputs(), op.getWrt(), op.getTangents(), graph);
  if (failed(tangents))
    return failure();
  for (auto [result, tangent] : llvm::zip_equal(op.getResults(), *tangents))
    result.replaceAllUsesWith(tangent ? tangent : graph.splatLike(result, 0));
  op.erase();
  return success();
}

/// What only derivatives looked at becomes what it computes.
void inlineBody(CustomVjpOp op) {
  OpBuilder builder(op);
  mlir::IRMapping mapping;
  mlir::Block &body = op.getBody().front();
  mapping.map(body.getArguments(), op.getInputs());
  for (Operation &inner : body.without_terminator())
    builder.clone(inner, mapping);
  for (auto [result, value] : llvm::zip_equal(op.getOutputs(), body.getTerminator()->getOperands()))
    result.replaceAllUsesWith(mapping.lookupOrDefault(value));
  op.erase();
}

/// The derivatives that `function` asks for, in program order.
SmallVector<Operation *> askedIn(mlir::func::FuncOp function) {
  SmallVector<Operation *> asked;
  function.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<VjpOp, JvpOp>(op))
      asked.push_back(op);
  });
  return asked;
}

struct Differentiate final : impl::DifferentiatePassBase<Differentiate> {
  void runOnOperation() override {
    for (Operation *op : askedIn(getOperation())) {
      ++(isa<VjpOp>(op) ? numPulled : numPushed);
      getOperation()->setAttr(kDifferentiatedAttr, mlir::UnitAttr::get(&getContext()));
    }
    if (failed(autodiff::expandDerivatives(getOperation())))
      return signalPassFailure();
    autodiff::dropDerivativeForms(getOperation());
  }
};

} // namespace

LogicalResult autodiff::expandDerivatives(mlir::func::FuncOp function) {
  for (Operation *op : askedIn(function)) {
    auto vjp = dyn_cast<VjpOp>(op);
    if (failed(vjp ? expand(vjp) : expand(cast<JvpOp>(op))))
      return failure();
  }
  return success();
}

void autodiff::dropDerivativeForms(mlir::func::FuncOp function) {
  function.walk([](Operation *op) { op->removeAttr(kCheckpointsAttr); });
  function.walk([](CustomVjpOp op) { inlineBody(op); });
  function.walk([](StopGradientOp op) {
    op.getResult().replaceAllUsesWith(op.getInput());
    op.erase();
  });
}

} // namespace weft
