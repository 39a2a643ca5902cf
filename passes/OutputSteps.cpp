// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the steps behind a product, and joins them.

#include "passes/OutputSteps.h"

namespace weft {

/// What `operand` repeats beside the outputs of a result of `dims`, if it has one number for each
/// output or one for all, and `isFixed` lets it count; null otherwise.
static Value numbersOf(Value operand, ArrayRef<Dim> dims, ArrayRef<int64_t> axes,
                       llvm::function_ref<bool(Value)> isFixed) {
  auto spread = operand.getDefiningOp<BroadcastOp>();
  if (!spread || !isFixed(spread.getInput()))
    return {};
  SmallVector<int64_t> found;
  for (auto [dim, axis] : llvm::zip_equal(GraphBuilder::dims(spread.getInput()), spread.getDims()))
    if (dim != Dim(1))
      found.push_back(axis);
  bool areOutputs =
      llvm::all_of(found, [&](int64_t axis) { return llvm::is_contained(axes, axis); });
  bool areAll = llvm::all_of(
      axes, [&](int64_t axis) { return dims[axis] == Dim(1) || llvm::is_contained(found, axis); });
  return found.empty() || (areOutputs && areAll) ? spread.getInput() : Value();
}

SmallVector<OutputStep> outputStepsAfter(Value product, ArrayRef<int64_t> axes,
                                         llvm::function_ref<bool(Value)> isFixed) {
  SmallVector<OutputStep> steps;
  SmallVector<Dim> dims = GraphBuilder::dims(product);
  Value current = product;
  while (current.hasOneUse()) {
    mlir::OpOperand &use = *current.use_begin();
    Operation *user = use.getOwner();
    bool isLeft = use.getOperandNumber() == 0;
    if (!isa<AddOp, SubOp, MulOp>(user) || (isa<SubOp>(user) && !isLeft) ||
        user->getBlock() != product.getParentBlock())
      break;
    Value numbers = numbersOf(user->getOperand(isLeft ? 1 : 0), dims, axes, isFixed);
    if (!numbers)
      break;
    steps.push_back({user, numbers});
    current = user->getResult(0);
  }
  return steps;
}

OutputAffine OutputAffine::then(GraphBuilder &b, ArrayRef<OutputStep> steps,
                                ArrayRef<Dim> outputs) const {
  OutputAffine all = *this;
  for (const OutputStep &step : steps) {
    bool isOne = productOf(b.dims(step.numbers)) == Dim(1);
    Value vector = isOne ? b.broadcast(b.reshape(step.numbers, {}), {}, outputs)
                         : b.reshape(step.numbers, outputs);
    if (isa<MulOp>(step.op)) {
      all.scale = all.scale ? b.mul(all.scale, vector) : vector;
      all.offset = all.offset ? b.mul(all.offset, vector) : Value();
    } else if (isa<SubOp>(step.op)) {
      all.offset = all.offset ? b.sub(all.offset, vector) : b.unary<NegOp>(vector);
    } else {
      all.offset = all.offset ? b.add(all.offset, vector) : vector;
    }
  }
  return all;
}

} // namespace weft
