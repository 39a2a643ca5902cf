// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Costs for whole tensors. Only their ratios matter, and those to a factor of two: at ten bytes a
// nanosecond, an element of a cheap operation takes the time of a quarter of a byte.

#include "passes/recompute/Cost.h"

#include "ir/Checkpoint.h"
#include "passes/KernelRules.h"

#include "llvm/ADT/TypeSwitch.h"

namespace weft {

/// Bytes that pass in the time of a floating point operation of a product, of a cheap element-wise
/// operation, of one that isExpensive().
static constexpr double perFlop = 0.125, perCheap = 0.25, perExpensive = 4;

static double numberOf(const Dim &dim) {
  std::optional<int64_t> number = dim.evaluate([](StringRef) { return assumedSize; });
  return static_cast<double>(number.value_or(assumedSize));
}

double elementsOf(Type tensor) {
  double elements = 1;
  for (const Dim &dim : dimsOf(cast<RankedTensorType>(tensor)))
    elements *= numberOf(dim);
  return elements;
}

double bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return elementsOf(type) * std::max(type.getElementTypeBitWidth() / 8, 1u);
}

static double flopsOfContraction(ContractOp op) {
  auto [lhs, rhs, result] = op.getLabels();
  double flops = 2 * elementsOf(op.getLhs().getType());
  for (auto [label, dim] : llvm::zip_equal(rhs, dimsOf(op.getRhs().getType())))
    if (!lhs.contains(label))
      flops *= numberOf(dim);
  return flops;
}

/// Of a convolution whose result has the channels in dimension `axis`.
static double flopsOfConvolution(Operation *op, int64_t axis) {
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<Dim> dims = dimsOf(result);
  double channels = numberOf(dims[axis < 0 ? dims.size() - 1 : axis]);
  return 2 * elementsOf(result) * elementsOf(op->getOperand(1).getType()) / std::max(channels, 1.0);
}

double flopsOf(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumRegions() > 0 || op->getNumOperands() == 0)
    return 0;
  double read = elementsOf(op->getOperand(0).getType());
  double made = elementsOf(op->getResult(0).getType());
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case(flopsOfContraction)
      .Case<ConvOp, ConvTransposeOp>([&](auto conv) { return flopsOfConvolution(conv, 1); })
      .Case<PackedConvOp, DepthwiseConvOp, WinogradConvOp>(
          [&](auto conv) { return flopsOfConvolution(conv, -1); })
      .Case([&](ConvFilterGradOp gradient) {
        SmallVector<Dim> filter = dimsOf(gradient.getResult().getType());
        return 2 * elementsOf(gradient.getGradient().getType()) * made /
               std::max(numberOf(filter.front()), 1.0);
      })
      .Case([&](AttentionOp attention) {
        SmallVector<Dim> keys = dimsOf(attention.getKey().getType());
        return 4 * made * numberOf(keys[keys.size() - 2]);
      })
      .Case([&](PoolOp pool) {
        double window = 1;
        for (int64_t size : pool.getWindow())
          window *= static_cast<double>(size);
        return made * window;
      })
      .Default([&](Operation *) { return isRoot(op) ? read : made; });
}

bool isDear(Operation *op) {
  return isa<ContractOp, ConvOp, ConvTransposeOp, ConvFilterGradOp, PackedConvOp, DepthwiseConvOp,
             WinogradConvOp, AttentionOp, ArgSortOp, ScatterOp, RandomBitsOp>(op);
}

std::optional<double> workOf(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumRegions() > 0)
    return std::nullopt;
  Type type = op->getResult(0).getType();
  double made = elementsOf(type);
  // Fewer of the wide ones fit into a register.
  if (cast<RankedTensorType>(type).getElementTypeBitWidth() > 32)
    made *= 2;
  if (isa<ReshapeOp, ConstantOp>(op) || isView(op) || isBarrier(op))
    return 0;
  if (isa<ArgSortOp, ScatterOp, RandomBitsOp>(op))
    return 4 * perExpensive * made;
  if (isDear(op) || isa<PoolOp>(op))
    return perFlop * flopsOf(op);
  if (isa<SoftmaxOp, LogSoftmaxOp>(op))
    return perExpensive * made;
  if (isRoot(op))
    return perCheap * elementsOf(op->getOperand(0).getType());
  return (isExpensive(op) ? perExpensive : perCheap) * made;
}

bool isStoredFor(Value value, llvm::function_ref<bool(Operation *)> isReader) {
  for (mlir::OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (isReader(user) &&
        (needsBuffer(use) || !isKernelMaterial(user) || user->getBlock() != value.getParentBlock()))
      return true;
  }
  return false;
}

} // namespace weft
