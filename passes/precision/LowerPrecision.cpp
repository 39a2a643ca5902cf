// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-lower-precision: products with weights take bf16 and sum in f32. Rounding is placed where a
// value is made, so that it is the end of the kernel that makes it, and widening where it is read:
// what lies between two kernels is kept in 16 bits, and no kernel only casts.

#include "passes/Functions.h"
#include "passes/layouts/Panels.h"
#include "passes/layouts/WindowCost.h"
#include "passes/Passes.h"
#include "passes/precision/Products.h"

#include "llvm/ADT/SetVector.h"

namespace weft {

#define GEN_PASS_DEF_LOWERPRECISIONPASS
#include "passes/Passes.h.inc"

namespace {

bool isF32(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getElementType().isF32();
}

/// Moves elements or chooses among them, so that rounding before it or after it is the same.
bool isMover(Operation *op) {
  if (auto pool = dyn_cast<PoolOp>(op))
    return pool.getKind() == PoolKind::Max;
  return isa<ReshapeOp, TransposeOp, SliceOp, ConcatOp, BroadcastOp, PadOp>(op);
}

/// A convolution with an input channel to each group: its products are few beside its reading.
bool isDepthwise(Operation *op) {
  auto conv = dyn_cast<ConvOp>(op);
  return conv && conv.getGroups() > 1 && conv.getFilter().getType().getDimSize(1) == 1;
}

/// The products and values of one block.
class Lowering {
public:
  Lowering(mlir::Block &source, int64_t leastInputs, bool exactSums)
      : block(source), fewestInputs(leastInputs), strict(exactSums) {}

  void run();

  unsigned numKept = 0;
  auto numLowered() const { return static_cast<unsigned>(products.size()); }
  auto numNarrowed() const { return static_cast<unsigned>(narrow.size()); }

private:
  static bool canLower(Operation *op);
  bool isWorthwhile(Operation *op);
  void choose(Operation *op);
  bool readsNarrow(mlir::OpOperand &use);
  bool needsExact(mlir::OpOperand &use);
  void rewrite(Operation *op);
  Value rounded(Value value);
  void widenForOthers(Value value, Value kept);

  mlir::Block &block;
  int64_t fewestInputs;
  bool strict;
  llvm::SetVector<Operation *> products;
  llvm::SetVector<Value> narrow; ///< Values in f32 that are to be kept in bf16.
  llvm::DenseMap<Value, Value> roundedForms;
};

//===-- Choice ------------------------------------------------------------------------------===//

/// A contraction or convolution in f32 with a weight.
bool Lowering::canLower(Operation *op) {
  if (!isProduct(op) || !isF32(op->getResult(0)))
    return false;
  if (!llvm::all_of(op->getOperands(), isF32))
    return false;
  if (auto contract = dyn_cast<ContractOp>(op))
    return hasPackedForm(contract);
  auto filter = cast<RankedTensorType>(op->getOperand(1).getType());
  return filter.hasStaticShape() && filter.getNumElements() > 0 &&
         followsFromWeights(op->getOperand(1)) && !followsFromWeights(op->getOperand(0));
}

/// Few input channels fill no pairs, and sums of few terms take no longer than the rounding. Where
/// Winograd's form saves more products than bf16 takes at once, f32 is the faster one.
bool Lowering::isWorthwhile(Operation *op) {
  if (isa<ContractOp>(op) || isDepthwise(op))
    return true;
  if (auto conv = dyn_cast<ConvOp>(op); conv && !strict && isFasterInTiles(conv))
    return false;
  auto filter = cast<RankedTensorType>(op->getOperand(1).getType());
  int64_t groups = 1, inputs = filter.getDimSize(1);
  if (auto spread = dyn_cast<ConvTransposeOp>(op)) {
    groups = static_cast<int64_t>(spread.getGroups());
    inputs = filter.getDimSize(0) / groups;
  }
  return inputs >= fewestInputs;
}

bool Lowering::readsNarrow(mlir::OpOperand &use) {
  Operation *user = use.getOwner();
  if (products.contains(user))
    return true;
  // The value around a padded one is rounded with it.
  return user->getBlock() == &block && isMover(user) && narrow.contains(user->getResult(0));
}

/// True if a widened copy would have to be made for this use: it is a result, or read from memory.
bool Lowering::needsExact(mlir::OpOperand &use) {
  Operation *user = use.getOwner();
  if (user->hasTrait<mlir::OpTrait::IsTerminator>() || user->getBlock() != &block)
    return true;
  if (user->hasTrait<Elementwise>())
    return false;
  return !isa<ReduceOp, SoftmaxOp, LogSoftmaxOp, LayerNormOp, RmsNormOp>(user) ||
         use.getOperandNumber() > 0;
}

void Lowering::choose(Operation *op) {
  if (op->getNumResults() != 1 || !isF32(op->getResult(0)))
    return;
  Value result = op->getResult(0);
  bool isRead = false;
  for (mlir::OpOperand &use : result.getUses()) {
    bool here = readsNarrow(use);
    isRead |= here;
    if (!here && needsExact(use))
      return;
  }
  if (isRead && !followsFromWeights(result))
    narrow.insert(result);
}

//===-- Rewriting ---------------------------------------------------------------------------===//

/// The value in bf16, made once, directly behind it.
Value Lowering::rounded(Value value) {
  Value &known = roundedForms[value];
  if (known)
    return known;
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  GraphBuilder b(builder, value.getLoc());
  return known = b.cast(value, builder.getBF16Type());
}

void Lowering::rewrite(Operation *op) {
  if (products.contains(op)) {
    for (mlir::OpOperand &operand : op->getOpOperands())
      operand.set(rounded(operand.get()));
    return;
  }
  if (op->getNumResults() != 1 || !narrow.contains(op->getResult(0)))
    return;
  Value result = op->getResult(0), kept;
  if (isMover(op)) {
    Operation *made = op->clone();
    OpBuilder(op).insert(made);
    for (mlir::OpOperand &operand : made->getOpOperands())
      if (isF32(operand.get()))
        operand.set(rounded(operand.get()));
    auto type = cast<RankedTensorType>(result.getType());
    made->getResult(0).setType(withElementType(type, mlir::BFloat16Type::get(op->getContext())));
    kept = roundedForms[result] = made->getResult(0);
  } else {
    kept = rounded(result);
  }
  widenForOthers(result, kept);
}

/// Whoever reads `value` and is no product and no mover reads `kept`, widened.
void Lowering::widenForOthers(Value value, Value kept) {
  SmallVector<mlir::OpOperand *> others;
  for (mlir::OpOperand &use : value.getUses())
    if (use.getOwner() != kept.getDefiningOp() && !readsNarrow(use))
      others.push_back(&use);
  if (others.empty())
    return;
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(kept);
  GraphBuilder b(builder, value.getLoc());
  Value wide = b.cast(kept, builder.getF32Type());
  for (mlir::OpOperand *use : others)
    use->set(wide);
}

void Lowering::run() {
  for (Operation &op : block) {
    if (!canLower(&op))
      continue;
    if (isWorthwhile(&op))
      products.insert(&op);
    else
      ++numKept;
  }
  if (products.empty())
    return;
  for (Operation &op : llvm::reverse(block))
    choose(&op);
  for (Operation &op : llvm::make_early_inc_range(block))
    rewrite(&op);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (op.use_empty() && isMover(&op))
      op.erase();
}

struct LowerPrecision final : impl::LowerPrecisionPassBase<LowerPrecision> {
  using LowerPrecisionPassBase::LowerPrecisionPassBase;

  void runOnOperation() override {
    mlir::func::FuncOp function = getOperation();
    if (function.isExternal() || !function->hasAttr(kExportAttr))
      return;
    for (mlir::Block *inner : blocksOf(function)) {
      Lowering lowering(*inner, fewestInputs, strict);
      lowering.run();
      numLowered += lowering.numLowered();
      numKept += lowering.numKept;
      numNarrowed += lowering.numNarrowed();
    }
  }
};

} // namespace
} // namespace weft
