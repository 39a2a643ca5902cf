// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Properties of operations that decide where they are computed.

#include "passes/KernelRules.h"

namespace weft {

/// Elements of a constant that may stand in code. Sixteen is one AVX-512 register of f32.
static constexpr int64_t maxInlineElements = 16;

/// Operations looked at for isGenerated: enough for masks and positions, and a bound on its time.
static constexpr int maxGeneratedDepth = 8;

bool isSmallConstant(Operation *op) {
  auto constant = dyn_cast<ConstantOp>(op);
  if (!constant)
    return false;
  auto type = cast<RankedTensorType>(constant.getType());
  return type.getNumElements() <= maxInlineElements ||
         isa<mlir::SplatElementsAttr>(constant.getValue());
}

bool isKernelMaterial(Operation *op) {
  if (isa<ReshapeOp>(op))
    return false;
  if (isa<ConstantOp>(op))
    return isSmallConstant(op);
  return op->hasTrait<Elementwise>() || op->hasTrait<Indexing>() || op->hasTrait<Root>();
}

bool isExpensive(Operation *op) {
  return isa<SqrtOp, RsqrtOp, ExpOp, Expm1Op, LogOp, Log1pOp, SinOp, CosOp, TanOp, AsinOp, AcosOp,
             AtanOp, SinhOp, CoshOp, TanhOp, AsinhOp, AcoshOp, AtanhOp, ErfOp, SigmoidOp, DivOp,
             RemOp, PowOp, Atan2Op, RandomBitsOp>(op);
}

bool takesEpilogue(Operation *root) { return !isa<ScatterOp, UpdateSliceOp, ArgSortOp>(root); }

bool needsBuffer(mlir::OpOperand &operand) {
  Operation *op = operand.getOwner();
  if (isa<ContractOp, ConvOp, ConvTransposeOp, PackedConvOp, DepthwiseConvOp, WinogradConvOp,
          PoolOp, ScatterOp, UpdateSliceOp, ArgSortOp>(op))
    return true;
  // Scale and shift of a normalisation.
  return isa<LayerNormOp, RmsNormOp>(op) && operand.getOperandNumber() > 0;
}

bool readsRepeatedly(mlir::OpOperand &operand) {
  Operation *op = operand.getOwner();
  if (isa<SoftmaxOp, LogSoftmaxOp, LayerNormOp, RmsNormOp, GatherOp, RandomBitsOp>(op))
    return true;
  if (isa<PadOp, DynamicSliceOp>(op))
    return operand.getOperandNumber() > 0;
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return productOf(dimsOf(broadcast.getInput().getType())) !=
           productOf(dimsOf(broadcast.getResult().getType()));
  return false;
}

bool isView(Operation *op) { return isa<BroadcastOp, TransposeOp, SliceOp>(op); }

static bool isGenerated(Value value, int depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0 || isExpensive(op))
    return false;
  if (isa<IotaOp, SizeOp>(op) || isSmallConstant(op))
    return true;
  if (!op->hasTrait<Elementwise>() && !isView(op))
    return false;
  return llvm::all_of(op->getOperands(),
                      [&](Value operand) { return isGenerated(operand, depth - 1); });
}

bool isGenerated(Value value) { return isGenerated(value, maxGeneratedDepth); }

} // namespace weft
