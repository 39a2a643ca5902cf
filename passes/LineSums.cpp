// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds sums of lines that the kernel of a depthwise convolution may give.

#include "passes/LineSums.h"

#include "llvm/ADT/SetVector.h"

namespace weft {

/// Element-wise operations behind a convolution; a hard swish has six.
static constexpr size_t mostSteps = 16;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

bool sumsLines(ReduceOp sum) {
  return sum.getKind() == ReduceKind::Sum && typeOf(sum.getInput()).getRank() == 4 &&
         typeOf(sum.getInput()).getElementType().isF32() && sum.getAxes() == ArrayRef<int64_t>{2};
}

bool maySumLines(Operation *root) {
  auto conv = dyn_cast<DepthwiseConvOp>(root);
  if (!conv)
    return false;
  auto isFloat = [](Value value) { return typeOf(value).getElementType().isF32(); };
  return isFloat(conv.getInput()) && isFloat(conv.getFilter()) && isFloat(conv.getResult()) &&
         dimsOf(typeOf(conv.getInput())).back() == dimsOf(conv.getType()).back() &&
         !llvm::is_contained(typeOf(conv.getFilter()).getShape(), 0);
}

ReduceOp lineSumIn(mlir::Block &body) {
  ValueRange results = body.getTerminator()->getOperands();
  auto sum = results.size() == 2 ? results[1].getDefiningOp<ReduceOp>() : ReduceOp();
  bool isOfResult = sum && sumsLines(sum) && sum.getInput() == results[0];
  auto gives = [&](Operation &op) {
    return maySumLines(&op) && op.getResult(0).getType() == results[0].getType();
  };
  return isOfResult && llvm::any_of(body, gives) ? sum : ReduceOp();
}

bool followsDepthwise(Value value) {
  llvm::SetVector<Operation *> steps;
  auto visit = [&](Value operand) {
    if (Operation *op = operand.getDefiningOp(); op && operand.getType() == value.getType())
      steps.insert(op);
  };
  visit(value);
  for (size_t next = 0; next < steps.size() && next < mostSteps; ++next) {
    if (isa<DepthwiseConvOp>(steps[next]))
      return true;
    if (steps[next]->hasTrait<Elementwise>())
      llvm::for_each(steps[next]->getOperands(), visit);
  }
  return false;
}

} // namespace weft
