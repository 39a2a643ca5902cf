// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-scale-filters: a convolution whose input is multiplied by one factor a channel, as squeeze
// and excitation does, multiplies its filter instead, which has far fewer elements than an image.

#include "ir/GraphBuilder.h"
#include "ir/WeftOps.h"
#include "passes/Functions.h"
#include "passes/Passes.h"

namespace weft {

#define GEN_PASS_DEF_SCALEFILTERSPASS
#include "passes/Passes.h.inc"

/// Elements of the input, for one of the filter, from which on it pays: the filter is written and
/// read once more, while a kernel scales its input in passing.
static constexpr int64_t fewestTimes = 4;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// Unknown sizes count as 1.
static int64_t fewestElements(Value value) {
  int64_t count = 1;
  for (int64_t size : typeOf(value).getShape())
    count *= mlir::ShapedType::isDynamic(size) ? 1 : size;
  return count;
}

/// The factors that `value` repeats, one for each of the last dimension; null if it does not.
static Value factorsOf(Value value) {
  auto broadcast = value.getDefiningOp<BroadcastOp>();
  if (!broadcast)
    return {};
  RankedTensorType type = typeOf(broadcast.getInput());
  int64_t last = typeOf(value).getRank() - 1, channels = typeOf(value).getDimSize(last);
  bool isByChannel = type.hasStaticShape() && type.getRank() > 0 &&
                     broadcast.getDims().back() == last && type.getShape().back() == channels &&
                     type.getNumElements() == channels;
  return isByChannel ? broadcast.getInput() : Value();
}

/// True if the factors went into the filter.
static bool scaleFilter(PackedConvOp op) {
  auto product = op.getInput().getDefiningOp<MulOp>();
  RankedTensorType filter = typeOf(op.getFilter());
  int64_t spatial = filter.getRank() - 3;
  if (!product || !product->hasOneUse() || spatial < 1 || op.getGroups() != 1 ||
      op.getInterleave() != 1 || op.getScales() ||
      filter.getElementType() != typeOf(product).getElementType() ||
      fewestElements(op.getInput()) < fewestTimes * filter.getNumElements())
    return false;
  for (unsigned side : {0, 1}) {
    Value factors = factorsOf(product->getOperand(side));
    if (!factors || typeOf(factors).getRank() > spatial + 2)
      continue;
    OpBuilder builder(op);
    GraphBuilder b(builder, op.getLoc());
    // The channels of the input are the last dimension but one of a filter in panels.
    int64_t channel = filter.getRank() - 2, first = channel + 1 - typeOf(factors).getRank();
    auto along = llvm::to_vector(llvm::seq<int64_t>(first, channel + 1));
    Value repeated = b.broadcast(factors, along, b.dims(op.getFilter()));
    op->setOperand(1, b.mul(op.getFilter(), repeated));
    op->setOperand(0, product->getOperand(1 - side));
    product->erase();
    return true;
  }
  return false;
}

namespace {

struct ScaleFilters final : impl::ScaleFiltersPassBase<ScaleFilters> {
  void runOnOperation() override {
    getOperation().walk([&](PackedConvOp op) { numScaled += scaleFilter(op); });
  }
};

} // namespace
} // namespace weft
