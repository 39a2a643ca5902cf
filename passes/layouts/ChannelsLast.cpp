// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-channels-last: convolutions and what stands between them keep channels in the last
// dimension, where one register holds many; filters are packed. Groups of values (LayoutGroups.h)
// are turned as a whole, and transposes stand at their borders alone.

#include "ir/Versions.h"
#include "passes/Functions.h"
#include "passes/layouts/Choice.h"
#include "passes/layouts/LayoutGroups.h"
#include "passes/layouts/Panels.h"
#include "passes/layouts/TransposedConv.h"
#include "passes/layouts/WindowCost.h"
#include "passes/LineSums.h"
#include "passes/Passes.h"

#include "llvm/ADT/TypeSwitch.h"

namespace weft {

#define GEN_PASS_DEF_CHANNELSLASTPASS
#include "passes/Passes.h.inc"

namespace {

using Dims = SmallVector<Dim>;
using Integers = SmallVector<int64_t>;

template <typename T> SmallVector<T> reordered(ArrayRef<T> list, ArrayRef<int64_t> order) {
  return llvm::map_to_vector(order, [&](int64_t axis) { return list[axis]; });
}

int64_t rankOf(Value value) { return GraphBuilder::rank(value); }

RankedTensorType typeInLast(Value value, const ChannelOrder &order) {
  Dims dims = GraphBuilder::dims(value);
  return tensorType(reordered<Dim>(dims, order.toLast()), GraphBuilder::element(value));
}

/// Turns the convolutions of one block.
class ChannelsLast {
public:
  ChannelsLast(mlir::Block &source, PanelTarget panelTarget, bool exactSums)
      : block(source), target(panelTarget), strict(exactSums), layouts(source) {}

  void run() {
    for (Operation &op : llvm::make_early_inc_range(block))
      convert(&op);
    for (Operation *op : llvm::reverse(replaced))
      op->erase();
    for (const PhasesAsPlaces &made : rearranged)
      computeOnPhases(made);
  }

  unsigned numConvolutions = 0, numTurned = 0;

private:
  /// The value with channels last; one dimension of channels if it is of no group.
  Value last(GraphBuilder &b, Value value) {
    Value &known = lastForms[value];
    ChannelOrder order = layouts.orderOf(value).value_or(ChannelOrder{rankOf(value)});
    return known ? known : permute(b, value, order.toLast());
  }

  void convert(Operation *op);
  Value convolution(GraphBuilder &b, Operation *op);
  Value depthwise(GraphBuilder &b, ConvOp op);
  Value winograd(GraphBuilder &b, ConvOp op, const WindowForm &form);
  Value packed(GraphBuilder &b, ConvOp op);
  Value packed(GraphBuilder &b, ConvTransposeOp op);
  Value sideBySide(GraphBuilder &b, ConvTransposeOp op, const PhaseWindows &windows);
  Value flexible(GraphBuilder &b, Operation *op);
  Value tied(GraphBuilder &b, Operation *op);
  Value broadcast(GraphBuilder &b, BroadcastOp op);
  Value splat(GraphBuilder &b, ConstantOp op);
  Operation *copy(GraphBuilder &b, Operation *op);
  void reduceInLast(ReduceOp op);
  void sumLinesFirst(GraphBuilder &b, ReduceOp op);
  void chooseTile(ConvFilterGradOp op);
  PanelForm formFor(Operation *op);

  mlir::Block &block;
  PanelTarget target;
  bool strict;
  LayoutGroups layouts;
  llvm::DenseMap<Value, Value> lastForms;
  SmallVector<Operation *> replaced; ///< Erased at the end: their values are keys.
  SmallVector<PhasesAsPlaces> rearranged;
};

//===-- Convolutions ------------------------------------------------------------------------===//

bool isDepthwise(ConvOp op) {
  return op.getGroups() > 1 && GraphBuilder::dims(op.getFilter())[1] == Dim(1) &&
         GraphBuilder::dims(op.getInput())[1] == Dim(static_cast<int64_t>(op.getGroups()));
}

} // namespace

std::optional<PanelProduct> panelProductOf(Operation *op) {
  auto conv = dyn_cast<ConvOp>(op);
  if (!isConvolution(op) || (conv && isDepthwise(conv)))
    return std::nullopt;
  uint64_t groups = conv ? conv.getGroups() : cast<ConvTransposeOp>(op).getGroups();
  // Tiles run along batch and places.
  Value result = op->getResult(0);
  Dims dims = GraphBuilder::dims(result);
  int64_t outputs = *dims[1].constant() / static_cast<int64_t>(groups);
  dims.erase(dims.begin() + 1);
  Type element = GraphBuilder::element(result);
  return PanelProduct{sumElement(element, element), productOf(dims).constant(), outputs};
}

namespace {

PanelForm ChannelsLast::formFor(Operation *op) {
  PanelProduct product = *panelProductOf(op);
  int64_t together = target.interleave(GraphBuilder::element(op->getOperand(0)), op->getOperand(1));
  if (auto conv = dyn_cast<ConvOp>(op)) {
    // Groups that share vectors have panels of their outputs alone; packs where inputs fill them.
    GroupShape group{1, product.outputs, 1};
    ArrayRef<int64_t> filter = cast<RankedTensorType>(conv.getFilter().getType()).getShape();
    group.inputs = filter[1];
    for (int64_t taps : filter.drop_front(2))
      group.taps *= taps;
    int64_t lanes = target.lanes(product.sum);
    for (int64_t pack : {together, int64_t(1)})
      if (narrowGroups(lanes, static_cast<int64_t>(conv.getGroups()), group, pack) > 1)
        return {product.outputs, pack};
  }
  return {panelWidth(target, product, Choice::of(op).panel), together};
}

Value ChannelsLast::depthwise(GraphBuilder &b, ConvOp op) {
  Dims filter = b.dims(op.getFilter());
  filter.erase(filter.begin() + 1);
  Integers order;
  for (size_t axis = 1; axis < filter.size(); ++axis)
    order.push_back(static_cast<int64_t>(axis));
  order.push_back(0);
  Value packedFilter = b.transpose(b.reshape(op.getFilter(), filter), order);
  Sliding sliding{op.getStrides(), op.getPadLow(), op.getPadHigh(), op.getDilations()};
  return b.depthwiseConv(last(b, op.getInput()), packedFilter, sliding, b.element(op.getResult()));
}

Value ChannelsLast::winograd(GraphBuilder &b, ConvOp op, const WindowForm &form) {
  int64_t outputs = *b.dims(op.getResult())[1].constant();
  PanelProduct product = *panelProductOf(op);
  product.rows = form.tiles;
  int64_t width = panelWidth(target, product, Choice::of(op).panel);
  Value filter = packWinogradFilter(b, op.getFilter(), form.tile, width);
  Value input = last(b, op.getInput());
  Sliding sliding{op.getStrides(), op.getPadLow(), op.getPadHigh(), op.getDilations()};
  Dims image;
  if (form.hasPatches) {
    image = b.dims(input);
    image.pop_back();
    input = b.winogradPatches(input, form.tile, sliding);
  }
  Value made = b.winogradConv(input, filter, form.tile, sliding, outputs, image);
  Choice::of(op).writeTo(made.getDefiningOp());
  return made;
}

Value ChannelsLast::packed(GraphBuilder &b, ConvOp op) {
  auto groups = static_cast<int64_t>(op.getGroups());
  int64_t outputs = *b.dims(op.getResult())[1].constant();
  PanelForm form = formFor(op);
  Sliding sliding{op.getStrides(), op.getPadLow(), op.getPadHigh(), op.getDilations()};
  Value made =
      b.packedConv(last(b, op.getInput()), packFilter(b, op.getFilter(), groups, form), sliding,
                   {groups, outputs, false, {}, form.interleave}, b.element(op.getResult()));
  Choice::of(op).writeTo(made.getDefiningOp());
  return made;
}

Value ChannelsLast::packed(GraphBuilder &b, ConvTransposeOp op) {
  auto groups = static_cast<int64_t>(op.getGroups());
  int64_t outputs = *b.dims(op.getResult())[1].constant();
  PanelForm form = formFor(op);
  Sliding sliding{op.getStrides(), op.getPadLow(), op.getPadHigh(), op.getDilations()};
  Value made = b.packedConv(
      last(b, op.getInput()), packTransposedFilter(b, op.getFilter(), groups, form), sliding,
      {groups, outputs, /*transposed=*/true, op.getOutputPadding(), form.interleave},
      b.element(op.getResult()));
  Choice::of(op).writeTo(made.getDefiningOp());
  return made;
}

/// All phases as channels of one convolution in steps of 1.
Value ChannelsLast::sideBySide(GraphBuilder &b, ConvTransposeOp op, const PhaseWindows &windows) {
  Value filter = filterOfPhases(b, op.getFilter(), windows), input = last(b, op.getInput());
  Dims out = b.dims(op.getResult());
  ArrayRef<Dim> places = ArrayRef(out).drop_front(2);
  int64_t outputs = *b.dims(filter)[0].constant();
  PanelProduct product{b.element(filter), out[0].constant(), outputs};
  for (auto [place, stride] : llvm::zip_equal(places, windows.strides)) {
    auto count = place.ceilDiv(Dim(stride)).constant();
    product.rows = product.rows && count ? std::optional(*product.rows * *count) : std::nullopt;
  }
  int64_t width = panelWidth(target, product, Choice::of(op).panel);
  Integers ones(places.size(), 1);
  Sliding sliding{ones, windows.padLow, windows.padHigh, ones};
  Value made = windows.tile
                   ? b.winogradConv(input, packWinogradFilter(b, filter, windows.tile, width),
                                    windows.tile, sliding, outputs)
                   : b.packedConv(input, packFilter(b, filter, 1, {width}), sliding, {1, outputs});
  Choice::of(op).writeTo(made.getDefiningOp());
  rearranged.push_back(placesFromPhases(b, made, windows, places));
  return rearranged.back().places;
}

Value ChannelsLast::convolution(GraphBuilder &b, Operation *op) {
  ++numConvolutions;
  if (auto transposed = dyn_cast<ConvTransposeOp>(op)) {
    std::optional<PhaseWindows> windows =
        strict ? std::nullopt : phasesSideBySide(transposed, target);
    return windows ? sideBySide(b, transposed, *windows) : packed(b, transposed);
  }
  auto conv = cast<ConvOp>(op);
  if (isDepthwise(conv))
    return depthwise(b, conv);
  WindowForm form = strict ? WindowForm() : windowForm(conv);
  return form.tile ? winograd(b, conv, form) : packed(b, conv);
}

//===-- What stands between them ------------------------------------------------------------===//

/// The operation on operands with channels last, its attributes as they are.
Operation *ChannelsLast::copy(GraphBuilder &b, Operation *op) {
  SmallVector<Value> shared = sharedOperands(op);
  Operation *made = op->clone();
  for (mlir::OpOperand &operand : made->getOpOperands())
    if (hasChannels(operand.get()) && llvm::is_contained(shared, operand.get()))
      operand.set(last(b, operand.get()));
  Value result = op->getResult(0);
  made->getResult(0).setType(typeInLast(result, *layouts.orderOf(result)));
  b.builder.insert(made);
  return made;
}

ShapeAttr inLast(ShapeAttr shape, const ChannelOrder &order) {
  Dims dims = shape.toDims();
  return ShapeAttr::get(shape.getContext(), reordered<Dim>(dims, order.toLast()));
}

/// Sliding over [spatial..., C]: over channels in steps of 1.
Integers withChannels(ArrayRef<int64_t> spatial, int64_t channels) {
  Integers all(spatial);
  all.push_back(channels);
  return all;
}

Value ChannelsLast::flexible(GraphBuilder &b, Operation *op) {
  if (auto constant = dyn_cast<ConstantOp>(op))
    return splat(b, constant);
  if (auto repeated = dyn_cast<BroadcastOp>(op))
    return broadcast(b, repeated);
  ChannelOrder order = *layouts.orderOf(op->getResult(0));
  auto place = [&](uint64_t axis) {
    return static_cast<uint64_t>(order.placeInLast(static_cast<int64_t>(axis)));
  };
  if (auto iota = dyn_cast<IotaOp>(op))
    return b.iota(b.element(iota), dimsOf(typeInLast(iota, order)),
                  static_cast<int64_t>(place(iota.getAxis())));
  if (isa<ReshapeOp, TransposeOp, ReduceOp>(op))
    return tied(b, op);
  if (sharedOperands(op).empty())
    return {};
  Operation *made = copy(b, op);
  llvm::TypeSwitch<Operation *>(made)
      .Case<ConcatOp, SoftmaxOp, LogSoftmaxOp, CumulativeOp, GatherOp>(
          [&](auto axial) { axial.setAxis(place(axial.getAxis())); })
      .Case([&](PadOp pad) {
        pad.setLowAttr(inLast(pad.getLow(), order));
        pad.setHighAttr(inLast(pad.getHigh(), order));
        pad.setInterior(reordered<int64_t>(Integers(pad.getInterior()), order.toLast()));
      })
      .Case([&](SliceOp slice) {
        slice.setStartsAttr(inLast(slice.getStarts(), order));
        slice.setStrides(reordered<int64_t>(Integers(slice.getStrides()), order.toLast()));
      })
      .Case([&](PoolOp pool) {
        pool.setWindow(withChannels(pool.getWindow(), 1));
        pool.setStrides(withChannels(pool.getStrides(), 1));
        pool.setPadLow(withChannels(pool.getPadLow(), 0));
        pool.setPadHigh(withChannels(pool.getPadHigh(), 0));
        pool.setDilations(withChannels(pool.getDilations(), 1));
      });
  return made->getResult(0);
}

/// From one turned group to another: channels stay behind places on either side. A transpose that
/// exchanges the two is one in any layout.
Value ChannelsLast::tied(GraphBuilder &b, Operation *op) {
  Value input = op->getOperand(0), result = op->getResult(0);
  std::optional<ChannelOrder> from = layouts.orderOf(input);
  ChannelOrder to = *layouts.orderOf(result);
  auto transpose = dyn_cast<TransposeOp>(op);
  if (!from || (!transpose && !layouts.isTie(op)))
    return {};
  auto place = [&](int64_t axis) { return from->placeInLast(axis); };
  if (transpose)
    return permute(b, last(b, input), llvm::map_to_vector(to.toLast(), [&](int64_t axis) {
                     return place(transpose.getPermutation()[axis]);
                   }));
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return b.reduce(reduce.getKind(), last(b, input), llvm::map_to_vector(reduce.getAxes(), place));
  return b.reshape(last(b, input), dimsOf(typeInLast(result, to)));
}

/// Dimensions of the input go where those of the result have gone, in the order that they have
/// there.
Value ChannelsLast::broadcast(GraphBuilder &b, BroadcastOp op) {
  ChannelOrder to = *layouts.orderOf(op.getResult());
  Integers along =
      llvm::map_to_vector(op.getDims(), [&](int64_t axis) { return to.placeInLast(axis); });
  Integers order = llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(along.size())));
  llvm::sort(order, [&](int64_t x, int64_t y) { return along[x] < along[y]; });
  Value input = op.getInput();
  if (auto from = layouts.orderOf(input); from && order == from->toLast())
    input = last(b, input);
  else if (!llvm::is_sorted(order))
    input = permute(b, input, order);
  Dims shape = dimsOf(typeInLast(op.getResult(), to));
  return b.broadcast(input, reordered<int64_t>(along, order), shape);
}

/// One number in every place has no order.
Value ChannelsLast::splat(GraphBuilder &b, ConstantOp op) {
  auto value = dyn_cast<mlir::SplatElementsAttr>(op.getValue());
  if (!value)
    return {};
  RankedTensorType type = typeInLast(op.getResult(), *layouts.orderOf(op.getResult()));
  return b.constant(mlir::SplatElementsAttr::get(type, value.getSplatValue<Attribute>()));
}

/// A reduction that keeps the channels alone, or no place but them, reads either layout alike.
void ChannelsLast::reduceInLast(ReduceOp op) {
  ChannelOrder order = *layouts.orderOf(op.getInput());
  Integers axes(op.getAxes());
  int64_t overChannels = llvm::count_if(axes, [&](int64_t axis) { return order.isChannel(axis); });
  int64_t overPlaces = llvm::count_if(axes, [&](int64_t axis) { return axis > order.channels; });
  if (overChannels != order.channels && overPlaces != order.places())
    return;
  OpBuilder ops(op);
  GraphBuilder b(ops, op.getLoc());
  for (int64_t &axis : axes)
    axis = order.placeInLast(axis);
  llvm::sort(axes);
  op.getInputMutable().assign(last(b, op.getInput()));
  op.setAxes(axes);
  sumLinesFirst(b, op);
}

/// The sum of the places of a depthwise convolution is that of its lines, which its kernel gives.
void ChannelsLast::sumLinesFirst(GraphBuilder &b, ReduceOp op) {
  Value input = op.getInput();
  if (op.getKind() != ReduceKind::Sum || rankOf(input) != 4 || !b.element(input).isF32() ||
      op.getAxes() != ArrayRef<int64_t>{1, 2} || !followsDepthwise(input))
    return;
  Value lines = b.reduce(ReduceKind::Sum, input, 2);
  op.getResult().replaceAllUsesWith(b.reduce(ReduceKind::Sum, lines, 1));
  replaced.push_back(op);
}

/// Where the gradient of a filter goes through tiles, it says so; its operands are read in the
/// layout that they have.
void ChannelsLast::chooseTile(ConvFilterGradOp op) {
  Choice choice = Choice::of(op);
  choice.winograd.reset();
  if (int64_t tile = strict ? 0 : winogradTile(op))
    choice.winograd = tile;
  choice.writeTo(op);
}

void ChannelsLast::convert(Operation *op) {
  if (auto reduce = dyn_cast<ReduceOp>(op);
      reduce && layouts.isTurned(reduce.getInput()) && !layouts.isTie(op))
    return reduceInLast(reduce);
  if (auto gradient = dyn_cast<ConvFilterGradOp>(op))
    return chooseTile(gradient);
  if (op->getNumResults() != 1 || !layouts.isTurned(op->getResult(0)))
    return;
  Value result = op->getResult(0);
  OpBuilder ops(op);
  GraphBuilder b(ops, op->getLoc());
  Value made = isConvolution(op) ? convolution(b, op) : flexible(b, op);
  assert(b.isGood() && "an operation fits in either layout");
  if (!made)
    return;
  Value back = permute(b, made, layouts.orderOf(result)->toFirst());
  lastForms[back] = made;
  result.replaceAllUsesWith(back);
  layouts.replace(result, back);
  replaced.push_back(op);
  ++numTurned;
}

struct ChannelsLastPassImpl final : impl::ChannelsLastPassBase<ChannelsLastPassImpl> {
  using ChannelsLastPassBase::ChannelsLastPassBase;

  void runOnOperation() override {
    mlir::func::FuncOp function = getOperation();
    if (function.isExternal() || !function->hasAttr(kExportAttr))
      return;
    mlir::WalkResult choices = function.walk([](Operation *op) {
      return failed(verifyChoice(op)) ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
    });
    if (choices.wasInterrupted())
      return signalPassFailure();
    for (mlir::Block *block : blocksOf(function)) {
      ChannelsLast layouts(
          *block, {vectorBytes, vectorRegisters, bfloatDots, byteDots, isVersion(function)},
          strict);
      layouts.run();
      numConvolutions += layouts.numConvolutions;
      numTurned += layouts.numTurned;
    }
  }
};

} // namespace
} // namespace weft
