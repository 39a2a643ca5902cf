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

/// True if one kernel computes the gradient of this filter. Its sums are of the element's own type,
/// each of its rows meets all output channels, and it keeps all elements of the kernel at hand.
static bool hasFilterGradKernel(ConvFilterGradOp op) {
  constexpr int64_t largestWindow = 1024;
  auto filter = cast<RankedTensorType>(op.getResult().getType());
  int64_t window = 1;
  for (int64_t size : filter.getShape().drop_front(2))
    window *= size;
  Type element = filter.getElementType();
  return (element.isF32() || element.isF64()) && op.getGroups() == 1 &&
         filter.getNumElements() > 0 && window <= largestWindow;
}

bool isRoot(Operation *op) {
  if (auto attention = dyn_cast<AttentionOp>(op))
    return hasAttentionKernel(attention.getQuery().getType(), attention.getValue().getType());
  if (auto gradient = dyn_cast<ConvFilterGradOp>(op))
    return hasFilterGradKernel(gradient);
  return op->hasTrait<Root>();
}

bool isKernelMaterial(Operation *op) {
  if (isa<ReshapeOp>(op))
    return false;
  if (isa<ConstantOp>(op))
    return isSmallConstant(op);
  return op->hasTrait<Elementwise>() || op->hasTrait<Indexing>() || isRoot(op);
}

bool isExpensive(Operation *op) {
  return isa<SqrtOp, RsqrtOp, ExpOp, Expm1Op, LogOp, Log1pOp, SinOp, CosOp, TanOp, AsinOp, AcosOp,
             AtanOp, SinhOp, CoshOp, TanhOp, AsinhOp, AcoshOp, AtanhOp, ErfOp, SigmoidOp, DivOp,
             RemOp, PowOp, Atan2Op, RandomBitsOp>(op);
}

bool takesEpilogue(Operation *root) { return !isa<ScatterOp, UpdateSliceOp, ArgSortOp>(root); }

bool storesInAnyOrder(Operation *root) { return isa<AttentionOp>(root); }

bool readsThroughViews(mlir::OpOperand &operand) {
  // Keys and values; queries are computed in place.
  if (isa<AttentionOp>(operand.getOwner()))
    return operand.getOperandNumber() == 1 || operand.getOperandNumber() == 2;
  return isa<ConvFilterGradOp>(operand.getOwner());
}

bool needsBuffer(mlir::OpOperand &operand) {
  Operation *op = operand.getOwner();
  if (readsThroughViews(operand))
    return true;
  if (isa<ContractOp, ConvOp, ConvTransposeOp, PackedConvOp, DepthwiseConvOp, WinogradConvOp,
          WinogradPatchesOp, PoolOp, UpdateSliceOp, ArgSortOp>(op))
    return true;
  // Scale and shift of a normalisation.
  return isa<LayerNormOp, RmsNormOp>(op) && operand.getOperandNumber() > 0;
}

bool takesPrologue(mlir::OpOperand &operand) {
  auto conv = dyn_cast<PackedConvOp>(operand.getOwner());
  if (!conv || operand.getOperandNumber() != 0 || conv.getScales() || conv.getInterleave() != 1 ||
      conv.getGroups() != 1 || conv.getTransposed())
    return false;
  auto input = cast<RankedTensorType>(conv.getInput().getType());
  SmallVector<Dim> in = dimsOf(input), out = dimsOf(cast<RankedTensorType>(conv.getType()));
  ArrayRef<int64_t> filter = cast<RankedTensorType>(conv.getFilter().getType()).getShape();
  auto isOne = [](int64_t value) { return value == 1; };
  // Of few rows each block of columns, which are shared among threads, would compute all. A tile of
  // rows has to stay in a cache.
  constexpr int64_t fewestRows = 16, mostChannels = 8192;
  // A filter that no cache holds is read once, a block of columns at a time, and each block would
  // compute all rows again; unless it is so deep that a chunk goes through it in passes.
  constexpr int64_t mostFilterElements = 128 * 1024, deepest = 2048;
  int64_t channels = in.back().constant().value_or(mostChannels + 1);
  bool isReadOnce = channels * filter[0] * filter.back() > mostFilterElements;
  Dim rows = productOf(ArrayRef(in).drop_back());
  return input.getElementType().isF32() && ArrayRef(in).drop_back() == ArrayRef(out).drop_back() &&
         llvm::all_of(filter.slice(1, in.size() - 2), isOne) &&
         llvm::all_of(conv.getStrides(), isOne) && channels <= mostChannels &&
         (!isReadOnce || channels > deepest) && rows.constant().value_or(fewestRows) >= fewestRows;
}

bool readsRepeatedly(mlir::OpOperand &operand) {
  Operation *op = operand.getOwner();
  if (isa<SoftmaxOp, LogSoftmaxOp, LayerNormOp, RmsNormOp, GatherOp, RandomBitsOp>(op))
    return true;
  // A scatter goes through its indices once for each block of columns.
  if (isa<ScatterOp>(op))
    return operand.getOperandNumber() == 1;
  if (isa<PadOp, DynamicSliceOp>(op))
    return operand.getOperandNumber() > 0;
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return productOf(dimsOf(broadcast.getInput().getType())) !=
           productOf(dimsOf(broadcast.getResult().getType()));
  return false;
}

bool hasAttentionKernel(RankedTensorType query, RankedTensorType value) {
  // A kernel holds its queries across the lanes of vectors: for one or two, rows of dot products
  // are faster. Scratch memory for a head of the greatest width is 300 KiB.
  constexpr int64_t fewestQueries = 4, widestHead = 1024;
  SmallVector<Dim> queries = dimsOf(query), values = dimsOf(value);
  auto isModerate = [&](const Dim &dim) {
    std::optional<int64_t> known = dim.constant();
    return known && *known <= widestHead;
  };
  return !query.getElementType().isF64() && isModerate(queries.back()) &&
         isModerate(values.back()) &&
         queries[queries.size() - 2].constant().value_or(fewestQueries) >= fewestQueries;
}

bool isView(Operation *op) { return isa<BroadcastOp, TransposeOp, SliceOp>(op); }

bool isWidening(Operation *op) {
  auto cast = dyn_cast<CastOp>(op);
  if (!cast || !cast.getType().getElementType().isF32())
    return false;
  Type from = cast.getInput().getType().getElementType();
  return from.isBF16() || from.isF16();
}

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
