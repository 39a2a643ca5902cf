// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-fold-scales: factors and offsets of the output channels of a convolution, as a normalisation
// by fixed statistics has them, go into its filter and one offset. Both follow from weights, so
// that weft-hoist-preparation computes them once.

#include "passes/layouts/Panels.h"
#include "passes/Passes.h"

#include "llvm/ADT/StringSet.h"

namespace weft {

#define GEN_PASS_DEF_FOLDSCALESPASS
#include "passes/Passes.h.inc"

namespace {

/// An operation on the result of a convolution so far, and what it repeats in each channel: [O], or
/// one number.
struct Step {
  Operation *op;
  Value repeated;
};

class FoldScales {
public:
  explicit FoldScales(const llvm::StringSet<> &changingStates) : changing(changingStates) {}

  /// True if the convolution was replaced.
  bool fold(Operation *convolution);

private:
  bool isFixed(Value value) const;
  bool reachesChanging(Value value) const;
  Value perChannel(Value operand) const;
  SmallVector<Step> stepsAfter(Operation *convolution) const;

  const llvm::StringSet<> &changing;
};

/// States that calls change are no weights, although the one call only reads them.
bool FoldScales::reachesChanging(Value value) const {
  if (auto argument = dyn_cast<mlir::BlockArgument>(value)) {
    auto owner = cast<mlir::func::FuncOp>(argument.getOwner()->getParentOp());
    auto symbol =
        owner.getArgAttrOfType<mlir::FlatSymbolRefAttr>(argument.getArgNumber(), kParameterAttr);
    return symbol && changing.contains(symbol.getValue());
  }
  return llvm::any_of(value.getDefiningOp()->getOperands(),
                      [&](Value operand) { return reachesChanging(operand); });
}

bool FoldScales::isFixed(Value value) const {
  return followsFromWeights(value) && !reachesChanging(value);
}

/// What a broadcast along [1] of [N, O, spatial...] repeats, if it is fixed; null otherwise.
Value FoldScales::perChannel(Value operand) const {
  auto broadcast = operand.getDefiningOp<BroadcastOp>();
  if (!broadcast || !isFixed(broadcast.getInput()))
    return {};
  SmallVector<Dim> dims = GraphBuilder::dims(broadcast.getInput());
  for (auto [dim, axis] : llvm::zip_equal(dims, broadcast.getDims()))
    if (axis != 1 && dim != Dim(1))
      return {};
  return broadcast.getInput();
}

/// The sums and products by channel that alone follow a convolution.
SmallVector<Step> FoldScales::stepsAfter(Operation *convolution) const {
  SmallVector<Step> steps;
  Value current = convolution->getResult(0);
  while (current.hasOneUse()) {
    mlir::OpOperand &use = *current.use_begin();
    Operation *user = use.getOwner();
    bool isLeft = use.getOperandNumber() == 0;
    if (!isa<AddOp, SubOp, MulOp>(user) || user->getBlock() != convolution->getBlock() ||
        (isa<SubOp>(user) && !isLeft))
      break;
    Value repeated = perChannel(user->getOperand(isLeft ? 1 : 0));
    if (!repeated)
      break;
    steps.push_back({user, repeated});
    current = user->getResult(0);
  }
  return steps;
}

/// `scale * convolution + offset`, each [O] or null, as `steps` compute.
static std::pair<Value, Value> affineOf(GraphBuilder &b, ArrayRef<Step> steps,
                                        const Dim &channels) {
  Value scale, offset;
  for (const Step &step : steps) {
    Dim found = productOf(b.dims(step.repeated));
    Value vector = found == channels ? b.reshape(step.repeated, {channels})
                                     : b.broadcast(b.reshape(step.repeated, {}), {}, {channels});
    if (isa<MulOp>(step.op)) {
      scale = scale ? b.mul(scale, vector) : vector;
      offset = offset ? b.mul(offset, vector) : Value();
    } else if (isa<SubOp>(step.op)) {
      offset = offset ? b.sub(offset, vector) : b.unary<NegOp>(vector);
    } else {
      offset = offset ? b.add(offset, vector) : vector;
    }
  }
  return {scale, offset};
}

/// The filter's dimension of output channels; none where groups share a place in it.
static std::optional<int64_t> outputAxis(Operation *convolution) {
  if (isa<ConvOp>(convolution))
    return 0;
  auto transposed = cast<ConvTransposeOp>(convolution);
  return transposed.getGroups() == 1 ? std::optional<int64_t>(1) : std::nullopt;
}

bool FoldScales::fold(Operation *convolution) {
  Value result = convolution->getResult(0), filter = convolution->getOperand(1);
  std::optional<int64_t> axis = outputAxis(convolution);
  Dim channels = GraphBuilder::dims(result)[1];
  Type element = GraphBuilder::element(filter);
  // A filter that others read too would be there twice.
  if (!axis || !isa<mlir::FloatType>(element) || GraphBuilder::element(result) != element ||
      !channels.isConstant() || !isFixed(filter) || !filter.hasOneUse())
    return false;
  SmallVector<Step> steps = stepsAfter(convolution);
  bool hasScale = llvm::any_of(steps, [](const Step &step) { return isa<MulOp>(step.op); });
  if (!hasScale && steps.size() < 2)
    return false;
  // The last step sees what all of them read.
  Operation *last = steps.back().op;
  OpBuilder ops(last);
  GraphBuilder b(ops, convolution->getLoc());
  auto [scale, offset] = affineOf(b, steps, channels);
  Operation *made = convolution->clone();
  if (scale)
    made->setOperand(1, b.mul(filter, b.broadcast(scale, {*axis}, b.dims(filter))));
  b.builder.insert(made);
  Value sum = made->getResult(0);
  if (offset)
    sum = b.add(sum, b.broadcast(offset, {1}, b.dims(sum)));
  assert(b.isGood() && "channels agree");
  last->getResult(0).replaceAllUsesWith(sum);
  for (const Step &step : llvm::reverse(steps))
    step.op->erase();
  convolution->erase();
  return true;
}

struct FoldScalesPassImpl final : impl::FoldScalesPassBase<FoldScalesPassImpl> {
  void runOnOperation() override {
    llvm::StringSet<> changing;
    for (auto function : getOperation().getOps<mlir::func::FuncOp>())
      for (unsigned i = 0; i < function.getNumResults(); ++i)
        if (auto state = function.getResultAttrOfType<mlir::FlatSymbolRefAttr>(i, kStateAttr))
          changing.insert(state.getValue());
    for (auto function : getOperation().getOps<mlir::func::FuncOp>()) {
      if (function.isExternal() || !function->hasAttr(kExportAttr))
        continue;
      SmallVector<Operation *> convolutions;
      for (Operation &op : function.getBody().front())
        if (isa<ConvOp, ConvTransposeOp>(op))
          convolutions.push_back(&op);
      FoldScales folding(changing);
      for (Operation *op : convolutions)
        numFolded += folding.fold(op);
    }
  }
};

} // namespace
} // namespace weft
