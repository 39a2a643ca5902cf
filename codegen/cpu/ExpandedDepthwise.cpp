// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A depthwise convolution that computes its input: a chunk takes a band of lines of a block of
// channels. Before each line of the result the product makes the lines of the input that its window
// covers and the one before did not, in a ring that holds one window and stays in a near cache.

#include "codegen/cpu/DepthwiseLast.h"
#include "codegen/cpu/Panels.h"
#include "passes/Expansion.h"

namespace weft {

/// Bands of an image, so that threads may share one; and the part of its lines, one of so many,
/// that may be computed twice since two bands see them.
static constexpr int64_t mostBands = 4, repeatedPart = 16;

namespace {

struct ExpandedPlan {
  ExpandedPlan(DepthwiseConvOp conv, VectorTarget target);

  SmallVector<Dim> chunkSizes() const {
    return {depthwise.images, Dim(llvm::divideCeil(outLines, linesPerBand)), Dim(columns.count)};
  }
  const WindowAxis &down() const { return depthwise.outer[0]; }

  Expansion expansion;
  DepthwisePlan depthwise;
  PanelColumns columns;
  TiledLine line; ///< Of the product.
  int64_t inputs = 1, inLines = 1, outLines = 1, places = 1, linesPerBand = 1;

private:
  void chooseBands();
};

class ExpandedEmitter {
public:
  ExpandedEmitter(Kernel &kernel, const ExpandedPlan &thePlan);

  void emitChunk(Value number);

private:
  void expandFor(const ColumnRange &block, const WindowLine &at, Value firstLine);
  void expandLine(const ColumnRange &block, Value image, Value line);
  Value ringStart(Value image, Value line);
  Value ringPlace(ArrayRef<Value> indices);

  const ExpandedPlan &plan;
  Code &code;
  Elements &elements;
  Tiles tiles;
  DepthwiseRing ring;
  Epilogue epilogue; ///< Of the product.
  StripStore strips;
  DepthwiseEmitter depthwise;
  WindowLoops loops;
  Value input, filter;
  Value firstChannel; ///< Of the block that code is written for.
};

} // namespace

//===-- Plan --------------------------------------------------------------------------------===//

ExpandedPlan::ExpandedPlan(DepthwiseConvOp conv, VectorTarget target)
    : expansion(*expansionOf(conv)), depthwise(*DepthwisePlan::of(conv, target)) {
  PackedConvOp product = expansion.product;
  ArrayRef<int64_t> panels = cast<RankedTensorType>(product.getFilter().getType()).getShape();
  ArrayRef<int64_t> in = cast<RankedTensorType>(conv.getInput().getType()).getShape();
  inputs = panels[panels.size() - 2];
  inLines = in[1];
  places = in[2];
  outLines = *down().out.constant();
  int64_t rowBytes = inputs * static_cast<int64_t>(sizeof(float));
  columns = PanelColumns(in[3], panels.back(), inputs * panels.back(), depthwise.lanes);
  depthwise.lanes = columns.lanes;
  depthwise.vectors = llvm::divideCeilSigned(depthwise.channels, depthwise.lanes);
  WindowAxis across;
  across.in = across.out = Dim(places);
  int64_t height = columns.choose(target, places, inputs, rowBytes, Choice::of(product));
  line = TiledLine(across, height);
  chooseBands();
}

void ExpandedPlan::chooseBands() {
  int64_t images = depthwise.images.constant().value_or(1);
  int64_t repeated = std::max<int64_t>(0, down().taps - down().stride);
  int64_t bands = images >= mostBands ? 1 : mostBands;
  while (bands > 1 && ((bands - 1) * repeated * repeatedPart > inLines || bands > outLines))
    bands /= 2;
  linesPerBand = llvm::divideCeil(outLines, bands);
}

//===-- Chunks ------------------------------------------------------------------------------===//

static Tiles tilesOf(Kernel &kernel, const ExpandedPlan &plan) {
  Type f32 = elementOf(plan.depthwise.input);
  Tiles tiles(kernel, f32, f32);
  tiles.lanes = plan.columns.lanes;
  return tiles;
}

static DepthwiseRing ringOf(Kernel &kernel, const ExpandedPlan &plan) {
  int64_t lines = plan.down().taps, channels = plan.columns.vectors * plan.columns.lanes;
  return {kernel.scratch(lines * plan.places * channels, elementOf(plan.depthwise.input)), lines,
          channels};
}

ExpandedEmitter::ExpandedEmitter(Kernel &kernel, const ExpandedPlan &thePlan)
    : plan(thePlan), code(kernel.code()), elements(kernel.elements()), tiles(tilesOf(kernel, plan)),
      ring(ringOf(kernel, plan)),
      epilogue(kernel, tiles, plan.line.height * plan.columns.vectors,
               {plan.expansion.product->getResult(0), plan.depthwise.input, ring.buffer,
                [this](ArrayRef<Value> indices) { return ringPlace(indices); }}),
      strips(code, epilogue), depthwise(kernel, plan.depthwise, ring),
      loops(kernel, plan.depthwise.images, {}),
      input(elements.flat(plan.expansion.product->getOperand(0))),
      filter(elements.flat(plan.expansion.product->getOperand(1))) {}

void ExpandedEmitter::emitChunk(Value number) {
  SmallVector<Value> at = code.delinearize(number, elements.sizes(plan.chunkSizes()));
  IndexRange lines = loops.blockOf(at[1], plan.linesPerBand, Dim(plan.outLines));
  Value before = code.mul(at[0], code.index(plan.outLines));
  Value first = lines.from;
  lines = {code.add(before, lines.from), code.add(before, lines.to)};
  plan.columns.forBlock(code, at[2], [&](const ColumnRange &block) {
    firstChannel = block.channel;
    Value vector = code.div(block.channel, code.index(plan.columns.lanes));
    IndexRange vectors{vector, code.add(vector, code.index(block.vectors))};
    depthwise.emitLines(vectors, lines,
                        [&](const WindowLine &line) { expandFor(block, line, first); });
  });
}

//===-- Lines -------------------------------------------------------------------------------===//

/// The lines under the window of a line of the result that the line before did not see.
void ExpandedEmitter::expandFor(const ColumnRange &block, const WindowLine &at, Value firstLine) {
  const WindowAxis &down = plan.down();
  Value image = at.places[0], y = at.places[1], low = code.index(down.low);
  Value start = code.sub(code.mul(y, code.index(down.stride)), low);
  Value from = code.add(start, at.taps[0].from), to = code.add(start, at.taps[0].to);
  Value known = code.add(start, code.index(down.taps - down.stride));
  Value isFirst = code.compare(mlir::arith::CmpIPredicate::eq, y, firstLine);
  known = mlir::arith::SelectOp::create(code.builder, code.loc, isFirst, from, known);
  code.loop(code.max(from, known), to, 1, [&](Value line) { expandLine(block, image, line); });
}

void ExpandedEmitter::expandLine(const ColumnRange &block, Value image, Value line) {
  Value number = code.add(code.mul(image, code.index(plan.inLines)), line);
  Value start = code.mul(number, code.index(plan.places * plan.inputs));
  Type f32 = tiles.element;
  PanelOperands operands{input,
                         f32,
                         plan.inputs,
                         filter,
                         f32,
                         plan.columns.width,
                         plan.columns.offsets(block.vectors)};
  auto tile = [&](Value x, int64_t height) {
    Value left = code.add(start, code.mul(x, code.index(plan.inputs)));
    auto sums = panelProducts(tiles, operands, height, plan.inputs, left, block.filter,
                              tiles.zeros(height * block.vectors));
    strips.store(x, height, sums);
  };
  auto indicesOf = [&](Value x) { return SmallVector<Value>{image, line, x}; };
  strips.forStrips(loops, plan.line, loops.allTiles(plan.line),
                   {block.vectors, indicesOf, block.channel, block.width}, [&](IndexRange strip) {
                     loops.forTiles(
                         plan.line, strip,
                         [&](Value x, ArrayRef<TapSegment>, int64_t height) { tile(x, height); },
                         [&](Value x) { tile(x, 1); });
                   });
}

/// Where an element of the expanded tensor stands.
Value ExpandedEmitter::ringPlace(ArrayRef<Value> indices) {
  Value number = code.add(code.mul(indices[0], code.index(plan.inLines)), indices[1]);
  Value slot = code.rem(number, code.index(ring.lines));
  Value place = code.add(code.mul(slot, code.index(plan.places)), indices[2]);
  return code.add(code.mul(place, code.index(ring.channels)), code.sub(indices[3], firstChannel));
}

void lowerExpandedDepthwise(Kernel &kernel, DepthwiseConvOp op) {
  ExpandedPlan plan(op, kernel.target);
  int64_t work = plan.places * plan.linesPerBand * plan.columns.vectors *
                 (plan.inputs + plan.depthwise.taps + kernel.workPerElement());
  kernel.begin(productOf(plan.chunkSizes()), Kernel::grainFor(work));
  ExpandedEmitter emitter(kernel, plan);
  kernel.forChunks([&](Value number) { emitter.emitChunk(number); });
}

} // namespace weft
