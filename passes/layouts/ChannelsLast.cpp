// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-channels-last: convolutions and what stands between them keep channels in the last
// dimension, where one register holds many; filters are packed. Values that must have one layout
// (the operands and the result of an element-wise operation, say) form groups; a group with a
// convolution in it is turned as a whole, and transposes stand at its borders alone.

#include "ir/Versions.h"
#include "passes/Functions.h"
#include "passes/layouts/Choice.h"
#include "passes/layouts/Panels.h"
#include "passes/layouts/WindowCost.h"
#include "passes/Passes.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weft {

#define GEN_PASS_DEF_CHANNELSLASTPASS
#include "passes/Passes.h.inc"

namespace {

using Dims = SmallVector<Dim>;
using Integers = SmallVector<int64_t>;

//===-- Orders of dimensions ----------------------------------------------------------------===//

/// [N, C, spatial...] to [N, spatial..., C]: dimension i of the result is dimension order[i].
Integers toLast(int64_t rank) {
  Integers order{0};
  for (int64_t axis = 2; axis < rank; ++axis)
    order.push_back(axis);
  order.push_back(1);
  return order;
}

Integers toFirst(int64_t rank) {
  Integers order{0, rank - 1};
  for (int64_t axis = 1; axis < rank - 1; ++axis)
    order.push_back(axis);
  return order;
}

/// Where dimension `axis` of [N, C, spatial...] stands in [N, spatial..., C].
int64_t placeInLast(int64_t axis, int64_t rank) {
  if (axis == 0)
    return 0;
  return axis == 1 ? rank - 1 : axis - 1;
}

template <typename T> SmallVector<T> reordered(ArrayRef<T> list, ArrayRef<int64_t> order) {
  return llvm::map_to_vector(order, [&](int64_t axis) { return list[axis]; });
}

int64_t rankOf(Value value) { return GraphBuilder::rank(value); }
bool hasChannels(Value value) { return rankOf(value) >= 3; }

RankedTensorType typeInLast(Value value) {
  Dims dims = GraphBuilder::dims(value);
  return tensorType(reordered<Dim>(dims, toLast(rankOf(value))), GraphBuilder::element(value));
}

//===-- Which values go together ------------------------------------------------------------===//

/// A convolution whose packed form the back end has.
bool isConvolution(Operation *op) {
  if (!isa<ConvOp, ConvTransposeOp>(op))
    return false;
  auto filter = cast<RankedTensorType>(op->getOperand(1).getType());
  Type element = filter.getElementType();
  Dims in = GraphBuilder::dims(op->getOperand(0)), out = GraphBuilder::dims(op->getResult(0));
  return filter.hasStaticShape() && filter.getNumElements() > 0 && in[1].isConstant() &&
         out[1].isConstant() &&
         hasPackedTypes(GraphBuilder::element(op->getOperand(0)), element,
                        GraphBuilder::element(op->getResult(0)));
}

/// True if batch and channels are those of the result, and only the places of an image are repeated
/// or divided otherwise: into windows, say.
bool keepsImages(BroadcastOp op) {
  return hasChannels(op.getInput()) && op.getDims()[0] == 0 && op.getDims()[1] == 1;
}
bool keepsImages(ReshapeOp op) {
  Dims in = GraphBuilder::dims(op.getInput()), out = GraphBuilder::dims(op.getResult());
  return in.size() >= 3 && in[0] == out[0] && in[1] == out[1];
}

/// Operands that have the layout of the result; none for an operation that has no say.
SmallVector<Value> sharedOperands(Operation *op) {
  if (op->getNumResults() != 1 || !hasChannels(op->getResult(0)))
    return {};
  Value result = op->getResult(0);
  if (op->hasTrait<Elementwise>() || isa<ConcatOp>(op))
    return SmallVector<Value>(op->getOperands());
  if (isa<PadOp, SliceOp, SoftmaxOp, LogSoftmaxOp, CumulativeOp>(op))
    return {op->getOperand(0)};
  if (auto pool = dyn_cast<PoolOp>(op);
      pool && rankOf(result) == static_cast<int64_t>(pool.getWindow().size()) + 2)
    return {pool.getInput()};
  if (auto gather = dyn_cast<GatherOp>(op);
      gather && gather.getBatchDims() == 0 && rankOf(gather.getIndices()) == 1)
    return {gather.getInput()};
  if (auto broadcast = dyn_cast<BroadcastOp>(op);
      broadcast && (rankOf(broadcast.getInput()) == rankOf(result) || keepsImages(broadcast)))
    return {broadcast.getInput()};
  if (auto reshape = dyn_cast<ReshapeOp>(op); reshape && keepsImages(reshape))
    return {reshape.getInput()};
  return {};
}

/// Turns the convolutions of one block.
class ChannelsLast {
public:
  ChannelsLast(mlir::Block &source, PanelTarget panelTarget, bool exactSums)
      : block(source), target(panelTarget), strict(exactSums) {}

  void run() {
    group();
    for (Operation &op : llvm::make_early_inc_range(block))
      convert(&op);
    for (Operation *op : llvm::reverse(replaced))
      op->erase();
  }

  unsigned numConvolutions = 0, numTurned = 0;

private:
  void group();
  bool isTurned(Value value) {
    auto member = classes.findLeader(value);
    return member != classes.member_end() && turned.contains(*member);
  }

  /// The value with channels last.
  Value last(GraphBuilder &b, Value value) {
    Value &known = lastForms[value];
    return known ? known : permute(b, value, toLast(rankOf(value)));
  }

  void convert(Operation *op);
  Value convolution(GraphBuilder &b, Operation *op);
  Value depthwise(GraphBuilder &b, ConvOp op);
  Value winograd(GraphBuilder &b, ConvOp op, int64_t tile);
  Value packed(GraphBuilder &b, ConvOp op);
  Value packed(GraphBuilder &b, ConvTransposeOp op);
  Value flexible(GraphBuilder &b, Operation *op);
  Value broadcast(GraphBuilder &b, BroadcastOp op);
  Value splat(GraphBuilder &b, ConstantOp op);
  Operation *copy(GraphBuilder &b, Operation *op);
  void reduceInLast(ReduceOp op);
  void chooseTile(ConvFilterGradOp op);
  PanelForm formFor(Operation *op);

  mlir::Block &block;
  PanelTarget target;
  bool strict;
  llvm::EquivalenceClasses<Value> classes;
  llvm::DenseSet<Value> turned; ///< Leaders of the groups with a convolution.
  llvm::DenseMap<Value, Value> lastForms;
  SmallVector<Operation *> replaced; ///< Erased at the end: their values are keys.
};

void ChannelsLast::group() {
  SmallVector<Value> seeds;
  for (Operation &op : block) {
    for (Value operand : sharedOperands(&op))
      if (hasChannels(operand))
        classes.unionSets(op.getResult(0), operand);
    if (!isConvolution(&op))
      continue;
    for (Value value : {op.getOperand(0), Value(op.getResult(0))}) {
      classes.insert(value);
      seeds.push_back(value);
    }
  }
  for (Value seed : seeds)
    turned.insert(*classes.findLeader(seed));
}

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
  return {panelWidth(target, *panelProductOf(op), Choice::of(op).panel),
          target.interleave(GraphBuilder::element(op->getOperand(0)), op->getOperand(1))};
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

/// [N, H, W, C] as [N * d * d, ceil(H / d), ceil(W / d), C]: every d-th row and column makes an
/// image, zeros fill the last ones.
Value partImages(GraphBuilder &b, Value x, int64_t d) {
  Dims dims = b.dims(x), none(4, Dim(0)), missing = none;
  Dim rows = dims[1].ceilDiv(Dim(d)), columns = dims[2].ceilDiv(Dim(d));
  missing[1] = rows * Dim(d) - dims[1];
  missing[2] = columns * Dim(d) - dims[2];
  if (missing != none)
    x = b.pad(x, b.scalar(b.element(x), 0), none, missing);
  x = b.reshape(x, {dims[0], rows, Dim(d), columns, Dim(d), dims[3]});
  x = b.transpose(x, {0, 2, 4, 1, 3, 5});
  return b.reshape(x, {dims[0] * Dim(d * d), rows, columns, dims[3]});
}

/// What partImages() took apart, with `images` images of `rows` by `columns` places.
Value joinImages(GraphBuilder &b, Value x, int64_t d, const Dim &images, const Dim &rows,
                 const Dim &columns) {
  Dims dims = b.dims(x);
  x = b.reshape(x, {images, Dim(d), Dim(d), dims[1], dims[2], dims[3]});
  x = b.transpose(x, {0, 3, 1, 4, 2, 5});
  x = b.reshape(x, {images, dims[1] * Dim(d), dims[2] * Dim(d), dims[3]});
  x = b.dims(x)[1] == rows ? x : b.sliceAxis(x, 1, Dim(0), rows);
  return b.dims(x)[2] == columns ? x : b.sliceAxis(x, 2, Dim(0), columns);
}

Value ChannelsLast::winograd(GraphBuilder &b, ConvOp op, int64_t tile) {
  int64_t outputs = *b.dims(op.getResult())[1].constant();
  int64_t width = panelWidth(target, *panelProductOf(op), Choice::of(op).panel);
  Value filter = packWinogradFilter(b, op.getFilter(), tile, width), input = last(b, op.getInput());
  int64_t dilation = op.getDilations().front();
  auto parted = [&](ArrayRef<int64_t> pad) {
    return llvm::map_to_vector(pad, [&](int64_t entry) { return entry / dilation; });
  };
  Integers low = parted(op.getPadLow()), high = parted(op.getPadHigh());
  Sliding sliding{op.getStrides(), low, high, op.getStrides()};
  Value images = dilation == 1 ? input : partImages(b, input, dilation);
  Value parts = b.winogradConv(images, filter, tile, sliding, outputs);
  Choice::of(op).writeTo(parts.getDefiningOp());
  if (dilation == 1)
    return parts;
  Dims out = b.dims(op.getResult());
  return joinImages(b, parts, dilation, out[0], out[2], out[3]);
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

Value ChannelsLast::convolution(GraphBuilder &b, Operation *op) {
  ++numConvolutions;
  if (auto transposed = dyn_cast<ConvTransposeOp>(op))
    return packed(b, transposed);
  auto conv = cast<ConvOp>(op);
  if (isDepthwise(conv))
    return depthwise(b, conv);
  int64_t tile = strict ? 0 : winogradTile(conv);
  return tile ? winograd(b, conv, tile) : packed(b, conv);
}

//===-- What stands between them ------------------------------------------------------------===//

/// The operation on operands with channels last, its attributes as they are.
Operation *ChannelsLast::copy(GraphBuilder &b, Operation *op) {
  SmallVector<Value> shared = sharedOperands(op);
  Operation *made = op->clone();
  for (mlir::OpOperand &operand : made->getOpOperands())
    if (hasChannels(operand.get()) && llvm::is_contained(shared, operand.get()))
      operand.set(last(b, operand.get()));
  made->getResult(0).setType(typeInLast(op->getResult(0)));
  b.builder.insert(made);
  return made;
}

ShapeAttr inLast(ShapeAttr shape, int64_t rank) {
  Dims dims = shape.toDims();
  return ShapeAttr::get(shape.getContext(), reordered<Dim>(dims, toLast(rank)));
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
  int64_t rank = rankOf(op->getResult(0));
  if (auto iota = dyn_cast<IotaOp>(op))
    return b.iota(b.element(iota), dimsOf(typeInLast(iota)),
                  placeInLast(static_cast<int64_t>(iota.getAxis()), rank));
  if (sharedOperands(op).empty())
    return {};
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return b.reshape(last(b, reshape.getInput()), dimsOf(typeInLast(reshape)));
  auto place = [&](uint64_t axis) {
    return static_cast<uint64_t>(placeInLast(static_cast<int64_t>(axis), rank));
  };
  Operation *made = copy(b, op);
  llvm::TypeSwitch<Operation *>(made)
      .Case<ConcatOp, SoftmaxOp, LogSoftmaxOp, CumulativeOp, GatherOp>(
          [&](auto axial) { axial.setAxis(place(axial.getAxis())); })
      .Case([&](PadOp pad) {
        pad.setLowAttr(inLast(pad.getLow(), rank));
        pad.setHighAttr(inLast(pad.getHigh(), rank));
        pad.setInterior(reordered<int64_t>(Integers(pad.getInterior()), toLast(rank)));
      })
      .Case([&](SliceOp slice) {
        slice.setStartsAttr(inLast(slice.getStarts(), rank));
        slice.setStrides(reordered<int64_t>(Integers(slice.getStrides()), toLast(rank)));
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

/// Dimensions of the input go where those of the result have gone, in the order that they have
/// there.
Value ChannelsLast::broadcast(GraphBuilder &b, BroadcastOp op) {
  int64_t rank = rankOf(op.getResult());
  Integers along =
      llvm::map_to_vector(op.getDims(), [&](int64_t axis) { return placeInLast(axis, rank); });
  Integers order = llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(along.size())));
  llvm::sort(order, [&](int64_t x, int64_t y) { return along[x] < along[y]; });
  Value input = op.getInput();
  if (order == toLast(rankOf(input)))
    input = last(b, input);
  else if (!llvm::is_sorted(order))
    input = permute(b, input, order);
  Dims shape = dimsOf(typeInLast(op.getResult()));
  return b.broadcast(input, reordered<int64_t>(along, order), shape);
}

/// One number in every place has no order.
Value ChannelsLast::splat(GraphBuilder &b, ConstantOp op) {
  auto value = dyn_cast<mlir::SplatElementsAttr>(op.getValue());
  if (!value)
    return {};
  return b.constant(
      mlir::SplatElementsAttr::get(typeInLast(op.getResult()), value.getSplatValue<Attribute>()));
}

/// A reduction that keeps the channels alone, or no place but them, reads either layout alike.
void ChannelsLast::reduceInLast(ReduceOp op) {
  int64_t rank = rankOf(op.getInput());
  Integers axes(op.getAxes());
  bool overChannels = llvm::is_contained(axes, 1);
  int64_t spatial =
      static_cast<int64_t>(llvm::count_if(axes, [](int64_t axis) { return axis > 1; }));
  if (!overChannels && spatial != rank - 2)
    return;
  OpBuilder ops(op);
  GraphBuilder b(ops, op.getLoc());
  for (int64_t &axis : axes)
    axis = placeInLast(axis, rank);
  llvm::sort(axes);
  op.getInputMutable().assign(last(b, op.getInput()));
  op.setAxes(axes);
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
  if (auto reduce = dyn_cast<ReduceOp>(op); reduce && isTurned(reduce.getInput()))
    return reduceInLast(reduce);
  if (auto gradient = dyn_cast<ConvFilterGradOp>(op))
    return chooseTile(gradient);
  if (op->getNumResults() != 1 || !isTurned(op->getResult(0)))
    return;
  Value result = op->getResult(0);
  OpBuilder ops(op);
  GraphBuilder b(ops, op->getLoc());
  Value made = isConvolution(op) ? convolution(b, op) : flexible(b, op);
  assert(b.isGood() && "an operation fits in either layout");
  if (!made)
    return;
  Value back = permute(b, made, toFirst(rankOf(made)));
  lastForms[back] = made;
  result.replaceAllUsesWith(back);
  classes.unionSets(classes.getOrInsertLeaderValue(result), back);
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
