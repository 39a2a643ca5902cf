// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-quantize: a product whose input has a range becomes a product of 8-bit integers, with what
// brings the input there before it, and what brings the sums back behind it.

#include "passes/Functions.h"
#include "passes/OutputSteps.h"
#include "passes/Passes.h"
#include "passes/precision/Products.h"

#include <cmath>

namespace weft {

#define GEN_PASS_DEF_QUANTIZEPASS
#include "passes/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

using Dims = SmallVector<Dim>;
using Integers = SmallVector<int64_t>;

/// Numbers `step * (q - zero)` for q from 0 to 255.
struct Grid {
  double step;
  int64_t zero;
};

/// The grid over the range of a product's input. Zero is one of its numbers, so that what pads and
/// what a relu leaves is exact.
FailureOr<Grid> gridOf(Operation *op) {
  auto range = op->getAttrOfType<mlir::DenseF64ArrayAttr>(kInputRangeAttr);
  if (!range || range.size() != 2)
    return op->emitOpError() << "'" << kInputRangeAttr << "' is no array of two f64";
  double low = range[0], high = range[1];
  if (!std::isfinite(low) || !std::isfinite(high) || low > 0 || high < 0 || low == high)
    return op->emitOpError() << "'" << kInputRangeAttr << "' from " << low << " to " << high
                             << " is no range around 0";
  double step = (high - low) / 255;
  return Grid{step, static_cast<int64_t>(std::nearbyint(-low / step))};
}

/// The numbers of `kInputBalanceAttr`; none without it.
FailureOr<mlir::DenseFPElementsAttr> balanceOf(const WeightedProduct &product) {
  Attribute attribute = product.op->getAttr(kInputBalanceAttr);
  if (!attribute)
    return mlir::DenseFPElementsAttr();
  auto balance = dyn_cast<mlir::DenseFPElementsAttr>(attribute);
  Dims wanted, dims = GraphBuilder::dims(product.weight);
  for (int64_t axis : product.weightChannels)
    wanted.push_back(dims[axis]);
  if (!balance || wanted.empty() || !balance.getElementType().isF32() ||
      dimsOf(cast<RankedTensorType>(balance.getType())) != ArrayRef<Dim>(wanted))
    return product.op->emitOpError()
           << "'" << kInputBalanceAttr << "' is no f32 tensor of the channels of the input";
  return balance;
}

/// Sums in i32 on their way back to f32: `sums * factor + offset`, both over `axes` of the result,
/// which rise. Without an offset it is null.
struct ScaledSums {
  Value sums, factor, offset;
  Integers axes;

  Value build(GraphBuilder &b) const {
    Dims shape = b.dims(sums);
    Value y = b.mul(b.cast(sums, b.f32()), b.broadcast(factor, axes, shape));
    return offset ? b.add(y, b.broadcast(offset, axes, shape)) : y;
  }
};

/// Puts 8-bit products in the place of those of one function.
class Quantizer {
public:
  /// `product` is computed in 8 bits from here on.
  LogicalResult quantize(const WeightedProduct &product);

  unsigned numQuantized = 0, numNarrowed = 0;

private:
  Value narrowInput(const WeightedProduct &product, Grid grid, mlir::DenseFPElementsAttr balance);
  Value scaledInput(GraphBuilder &b, const WeightedProduct &product, Grid grid, Value scale);

  /// Inputs that are there in 8 bits, by what made them so.
  llvm::DenseMap<std::pair<Value, Attribute>, Value> narrowed;
  llvm::DenseMap<Value, ScaledSums> scaled; ///< By the values in f32 that they give.
};

/// All that tells how the input of a product is narrowed.
Attribute narrowingOf(Operation *op) {
  Attribute balance = op->getAttr(kInputBalanceAttr);
  return mlir::ArrayAttr::get(
      op->getContext(),
      {op->getAttr(kInputRangeAttr), balance ? balance : mlir::UnitAttr::get(op->getContext())});
}

/// True if products read `x` and nothing else does, all of them in 8 bits of one kind.
bool isReadInOneWay(Value x, Attribute how) {
  return llvm::all_of(x.getUsers(), [&](Operation *user) {
    return user->hasAttr(kInputRangeAttr) && narrowingOf(user) == how;
  });
}

/// The number 0 in every place.
bool isZero(Value value) {
  if (auto spread = value.getDefiningOp<BroadcastOp>())
    value = spread.getInput();
  auto constant = value.getDefiningOp<ConstantOp>();
  auto splat = constant ? dyn_cast<mlir::SplatElementsAttr>(constant.getValue()) : nullptr;
  return splat && isa<mlir::FloatType>(splat.getElementType()) &&
         splat.getSplatValue<llvm::APFloat>().isZero();
}

/// What a relu is taken of, if that is what gives `x`.
Value beforeRelu(Value x) {
  auto max = x.getDefiningOp<MaxOp>();
  if (!max)
    return {};
  return isZero(max.getRhs()) ? max.getLhs() : isZero(max.getLhs()) ? max.getRhs() : Value();
}

/// x / step + zero, `scale` being 1 / step: a number, or one a channel of the input. Where x is
/// sums of a product in 8 bits on their way back to f32, with or without a relu, that nothing else
/// reads, this is one multiplication and addition with theirs. A relu that ends at the lowest
/// number of u8 is left out, since that saturates.
Value Quantizer::scaledInput(GraphBuilder &b, const WeightedProduct &product, Grid grid,
                             Value scale) {
  Value x = product.input, sums = beforeRelu(x);
  bool hasRelu = sums && sums.hasOneUse(), isSpread = b.rank(scale) > 0;
  auto found = scaled.find(hasRelu ? sums : x);
  auto zero = static_cast<double>(grid.zero);
  if (found != scaled.end() && isReadInOneWay(x, narrowingOf(product.op)) &&
      (!isSpread || ArrayRef(found->second.axes) == ArrayRef(product.inputChannels))) {
    ScaledSums next = found->second;
    next.factor = b.mul(next.factor, scale);
    next.offset = next.offset ? b.mul(next.offset, scale) : Value();
    if (grid.zero != 0)
      next.offset =
          next.offset ? b.binary<AddOp>(next.offset, zero) : b.splatLike(next.factor, zero);
    Value y = next.build(b);
    return hasRelu && grid.zero != 0 ? b.binary<MaxOp>(y, zero) : y;
  }
  Integers along = isSpread ? product.inputChannels : Integers();
  x = b.mul(x, b.broadcast(scale, along, b.dims(x)));
  return grid.zero != 0 ? b.binary<AddOp>(x, zero) : x;
}

/// round(x / step + zero) in u8, which saturates. With a balance each channel has a step of its
/// own.
Value Quantizer::narrowInput(const WeightedProduct &product, Grid grid,
                             mlir::DenseFPElementsAttr balance) {
  MLIRContext *context = product.op->getContext();
  Value &known = narrowed[{product.input, narrowingOf(product.op)}];
  if (known)
    return known;
  OpBuilder ops(product.op);
  ops.setInsertionPointAfterValue(product.input);
  GraphBuilder b(ops, product.input.getLoc());
  Value scale;
  if (balance) {
    SmallVector<float> inverse;
    for (float factor : balance.getValues<float>())
      inverse.push_back(static_cast<float>(1 / (grid.step * static_cast<double>(factor))));
    auto type = cast<RankedTensorType>(balance.getType());
    scale = b.constant(mlir::DenseElementsAttr::get(type, ArrayRef(inverse)));
  } else {
    scale = b.scalar(b.f32(), 1 / grid.step);
  }
  known = b.cast(b.unary<RoundOp>(scaledInput(b, product, grid, scale)),
                 mlir::IntegerType::get(context, 8, mlir::IntegerType::Unsigned));
  assert(b.isGood() && "an input has the channels that its product has");
  ++numNarrowed;
  return known;
}

/// A weight in i8 with the scale of each output, over `weightOutputs`. Ordinary operations on
/// weights: they are computed when a model is opened.
struct NarrowWeight {
  Value values, scale;
};

NarrowWeight narrowWeight(GraphBuilder &b, const WeightedProduct &product,
                          mlir::DenseFPElementsAttr balance) {
  constexpr double highest = 127, leastMaximum = 1e-30; // an output without weights has some scale
  Value w = product.weight;
  if (balance)
    w = b.mul(w, spreadOverWeight(b, product, b.constant(balance)));
  Value maximum = b.reduce(ReduceKind::Max, b.unary<AbsOp>(w), product.weightInner());
  maximum = b.binary<MaxOp>(maximum, leastMaximum);
  Value scale = b.binary<DivOp>(maximum, highest);
  Value spread = b.broadcast(scale, product.weightOutputs, b.dims(w));
  return {b.cast(b.unary<RoundOp>(b.div(w, spread)), b.builder.getI8Type()), scale};
}

/// `x` with the padding of the convolution around it, where zero is another number than 0.
Value padWithZero(GraphBuilder &b, Value x, ConvOp op, int64_t zero) {
  Dims low(b.rank(x), Dim(0)), high = low;
  for (auto [axis, pair] : llvm::enumerate(llvm::zip(op.getPadLow(), op.getPadHigh()))) {
    low[axis + 2] = Dim(std::get<0>(pair));
    high[axis + 2] = Dim(std::get<1>(pair));
  }
  return b.pad(x, b.scalarInteger(b.element(x), zero), low, high);
}

/// The product of 8-bit operands in i32, its dimensions those of `product`.
Value narrowProduct(GraphBuilder &b, const WeightedProduct &product, Value x, Value w,
                    int64_t zero) {
  if (auto op = dyn_cast<ContractOp>(product.op)) {
    ContractOp::Labels labels = op.getLabels();
    bool isTurned = product.weight == op.getLhs();
    std::string rows = labels.lhs.str(), columns = labels.rhs.str();
    if (isTurned)
      std::swap(rows, columns);
    return b.contract(rows + "," + columns + "->" + labels.result.str(), x, w, b.i32());
  }
  auto op = cast<ConvOp>(product.op);
  Integers none(op.getPadLow().size(), 0);
  Sliding sliding{op.getStrides(), op.getPadLow(), op.getPadHigh(), op.getDilations()};
  bool isPadded = llvm::any_of(op.getPadLow(), [](int64_t n) { return n != 0; }) ||
                  llvm::any_of(op.getPadHigh(), [](int64_t n) { return n != 0; });
  if (isPadded && zero != 0) {
    x = padWithZero(b, x, op, zero);
    sliding.padLow = sliding.padHigh = none;
  }
  return b.conv(x, w, sliding, static_cast<int64_t>(op.getGroups()), b.i32());
}

//===-- Back to f32 -------------------------------------------------------------------------===//

/// A value over `weightOutputs` in the order that outputs have in the result.
Value inOrderOfResult(GraphBuilder &b, const WeightedProduct &product, Value x) {
  Integers order =
      llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(product.resultOutputs.size())));
  llvm::sort(order, [&](int64_t i, int64_t j) {
    return product.resultOutputs[i] < product.resultOutputs[j];
  });
  return llvm::is_sorted(order) ? x : b.transpose(x, order);
}

LogicalResult Quantizer::quantize(const WeightedProduct &product) {
  FailureOr<Grid> grid = gridOf(product.op);
  FailureOr<mlir::DenseFPElementsAttr> balance = balanceOf(product);
  if (failed(grid) || failed(balance))
    return failure();
  Integers axes(product.resultOutputs);
  llvm::sort(axes);
  Value before = product.op->getResult(0);
  SmallVector<OutputStep> steps = outputStepsAfter(before, axes, followsFromWeights);
  Operation *last = steps.empty() ? product.op : steps.back().op;
  SmallVector<Dim> dims = GraphBuilder::dims(before), outputs;
  for (int64_t axis : axes)
    outputs.push_back(dims[axis]);

  Value x = narrowInput(product, *grid, *balance);
  OpBuilder ops(last);
  GraphBuilder b(ops, product.op->getLoc());
  NarrowWeight weight = narrowWeight(b, product, *balance);
  Value sums = narrowProduct(b, product, x, weight.values, grid->zero);
  Value factor = b.binary<MulOp>(weight.scale, grid->step), offset;
  if (grid->zero != 0) {
    // Sums hold zero times the sum of an output's weights too much.
    Value columns =
        b.reduce(ReduceKind::Sum, b.cast(weight.values, b.f32()), product.weightInner());
    offset = b.mul(b.binary<MulOp>(columns, -static_cast<double>(grid->zero)), factor);
    offset = inOrderOfResult(b, product, offset);
  }
  // All that depends on weights alone is worked out before.
  OutputAffine own{inOrderOfResult(b, product, factor), offset};
  OutputAffine joined = own.then(b, steps, outputs);
  ScaledSums back{sums, joined.scale, joined.offset, axes};
  Value result = back.build(b);
  assert(b.isGood() && "a product in 8 bits has the dimensions of the one in f32");
  last->getResult(0).replaceAllUsesWith(result);
  for (const OutputStep &step : llvm::reverse(steps))
    step.op->erase();
  product.op->erase();
  scaled[result] = back;
  ++numQuantized;
  return success();
}

struct Quantize final : impl::QuantizePassBase<Quantize> {
  void runOnOperation() override {
    FuncOp function = getOperation();
    if (function.isExternal() || !function->hasAttr(kExportAttr))
      return;
    // Values that one product gives may be inputs of the next, so their uses are looked up late.
    SmallVector<Operation *> ranged;
    function.walk([&](Operation *op) {
      if (op->hasAttr(kInputRangeAttr))
        ranged.push_back(op);
    });
    Quantizer quantizer;
    for (Operation *op : ranged) {
      std::string whyNot = "neither a convolution nor a contraction";
      std::optional<WeightedProduct> product;
      if (isProduct(op))
        product = weightedProduct(op, whyNot);
      if (!product) {
        op->emitOpError() << "has a range and cannot be computed in 8 bits: " << whyNot;
        return signalPassFailure();
      }
      if (failed(quantizer.quantize(*product)))
        return signalPassFailure();
    }
    numQuantized += quantizer.numQuantized;
    numNarrowed += quantizer.numNarrowed;
    eraseUnused(function); // values in f32 that only narrowing read
  }
};

} // namespace
} // namespace weft
