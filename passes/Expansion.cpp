// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds products that a depthwise convolution can compute as it goes.

#include "passes/Expansion.h"

namespace weft {

/// Element-wise operations between the two; a hard swish has six.
static constexpr size_t mostSteps = 16;
/// Panels narrower than the vectors of any processor are left alone.
static constexpr int64_t narrowestPanel = 4;
/// Of the expanded tensor of one image: half a second-level cache, and lines that are long enough
/// for a product.
static constexpr int64_t fewestImageBytes = 512 * 1024;
/// Of the lines under a window, for a block of channels of 256 bytes: they stand on the stack.
static constexpr int64_t mostRingBytes = 512 * 1024, blockBytes = 256;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static Type elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

/// One place of the result sees the place of the same number alone.
static bool isPlainProduct(PackedConvOp product) {
  auto isOne = [](int64_t value) { return value == 1; };
  ArrayRef<int64_t> filter = shapeOf(product.getFilter());
  return !product.getScales() && product.getInterleave() == 1 && product.getGroups() == 1 &&
         !product.getTransposed() && elementOf(product.getInput()).isF32() &&
         elementOf(product.getFilter()).isF32() && llvm::all_of(filter.slice(1, 2), isOne) &&
         llvm::all_of(product.getStrides(), isOne) && !llvm::is_contained(filter, 0) &&
         filter.back() % narrowestPanel == 0 &&
         shapeOf(product.getInput()).slice(1, 2) == shapeOf(product.getResult()).slice(1, 2);
}

static bool hasForm(DepthwiseConvOp conv) {
  ArrayRef<int64_t> in = shapeOf(conv.getInput()), out = shapeOf(conv.getResult());
  auto isKnown = [](int64_t size) { return size > 0; };
  return in.size() == 4 && shapeOf(conv.getFilter())[0] * in[2] <= mostRingBytes / blockBytes &&
         elementOf(conv.getInput()).isF32() && elementOf(conv.getFilter()).isF32() &&
         elementOf(conv.getResult()).isF32() && llvm::all_of(in.drop_front(), isKnown) &&
         llvm::all_of(out.drop_front(), isKnown) && in.back() == out.back() &&
         !llvm::is_contained(shapeOf(conv.getFilter()), 0) &&
         llvm::all_of(conv.getDilations(), [](int64_t dilation) { return dilation == 1; });
}

/// Goes back from the input over element-wise operations of its shape; what else they read is one
/// number for all places or one for each channel.
static bool collect(Value value, Type type, Expansion &expansion) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (auto product = dyn_cast<PackedConvOp>(op)) {
    bool isFirst = !expansion.product || expansion.product == product;
    expansion.product = product;
    return isFirst;
  }
  if (isa<ConstantOp, BroadcastOp>(op) || expansion.steps.contains(op))
    return true;
  if (!op->hasTrait<Elementwise>() || value.getType() != type ||
      expansion.steps.size() == mostSteps)
    return false;
  expansion.steps.insert(op);
  return llvm::all_of(op->getOperands(),
                      [&](Value operand) { return collect(operand, type, expansion); });
}

std::optional<Expansion> expansionOf(DepthwiseConvOp conv) {
  Expansion expansion;
  if (!hasForm(conv) || !collect(conv.getInput(), conv.getInput().getType(), expansion) ||
      !expansion.product || !isPlainProduct(expansion.product) ||
      expansion.product->getBlock() != conv->getBlock() ||
      expansion.product.getType() != conv.getInput().getType())
    return std::nullopt;
  auto isRead = [&](Operation *op) {
    return llvm::all_of(op->getUsers(), [&](Operation *user) {
      return user == conv || expansion.steps.contains(user);
    });
  };
  if (conv.getFilter().getDefiningOp() && expansion.contains(conv.getFilter().getDefiningOp()))
    return std::nullopt;
  if (!isRead(expansion.product) || !llvm::all_of(expansion.steps, isRead))
    return std::nullopt;
  return expansion;
}

bool isExpansion(Operation *first, Operation *second) {
  auto conv = dyn_cast<DepthwiseConvOp>(second);
  std::optional<Expansion> expansion = conv ? expansionOf(conv) : std::nullopt;
  return expansion && expansion->product == first;
}

bool isWorthJoining(DepthwiseConvOp conv) {
  if (auto said = conv->getAttrOfType<mlir::BoolAttr>(kExpandAttr))
    return said.getValue();
  ArrayRef<int64_t> in = shapeOf(conv.getInput());
  return in[1] * in[2] * in[3] * static_cast<int64_t>(sizeof(float)) >= fewestImageBytes;
}

} // namespace weft
