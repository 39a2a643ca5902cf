// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradient of a convolution for its filter: a product of matrices that is summed over all
// places of all images. Its left side has a row for each element of the kernel and each channel,
// which is the input shifted; no such matrix is ever whole in memory. A chunk has the rows of a few
// channels. It goes through the places in blocks: what its rows see there is copied, zeros where
// they look outside, then multiplied with the gradient of the places.

#include "codegen/cpu/ConvFilterGrad.h"

#include "passes/layouts/Choice.h"

namespace weft {

using mlir::arith::CmpIPredicate;

/// Bytes of each of the two that a chunk keeps beside the panel: the copied rows of a block of
/// places, and the sums. With a panel they fill half a second-level cache of 1 MiB.
static constexpr int64_t nearBytes = 160 * 1024;
/// Places of a block: at most so many, as sums wait in memory between blocks; at least so many.
static constexpr int64_t mostPlaces = 256, fewestPlaces = 32;
/// Rows that a chunk has if channels can be divided so: copying the gradient of a place costs as
/// much as multiplying it with about four rows.
static constexpr int64_t wantedRows = 160;
/// Chunks below which it does not take more channels at once than that.
static constexpr int64_t fewestChunks = 4;
/// Channels that are copied together, a line of a cache, and the most rows that they may make.
static constexpr int64_t channelsTogether = 16, mostRows = 1024;
/// Steps of a sum that are written out in the loop's body.
static constexpr int64_t unrolledSteps = 4;
/// Bytes of the sums of a chunk in tiles, which keeps patches and gradients beside them; from so
/// many channels on it takes twice as many.
static constexpr int64_t tileBytes = 320 * 1024, manyChannels = 128;

namespace {

/// Writes the loops of one chunk.
class FilterGradEmitter {
public:
  FilterGradEmitter(Kernel &owner, const FilterGradPlan &planned)
      : kernel(owner), plan(planned), code(owner.code()), scalar(owner.scalar()),
        elements(owner.elements()), tiles(owner, planned.element, planned.element),
        sums(owner.scratch(planned.rows * planned.columns, tiles.sum)),
        turned(owner.scratch(planned.lanes * planned.pitch, tiles.sum)) {
    if (plan.inTiles) {
      throughTiles.emplace(owner, plan);
      return;
    }
    block = owner.scratch(plan.blockPlaces * plan.pitch, tiles.sum);
    panel = owner.scratch(plan.blockPlaces * plan.width, tiles.sum);
  }

  void emit(Value channelBlock, Value columnBlock);

private:
  SmallVector<Value> indicesOf(Value place) {
    return code.delinearize(place, elements.sizes(plan.places));
  }
  Value startOf(const StridedView &view, Value image);
  void sum(Value column, Value width);
  void clear();
  void copyInput(Value first, Value count);
  void copyKernelElement(Value source, Value target, Value isInside);
  void copyGradient(Value first, Value count, Value column);
  void multiply(Value count, Value column);
  void turn(Value column);
  void store(Value column);

  Kernel &kernel;
  const FilterGradPlan &plan;
  Code &code;
  Scalar &scalar;
  Elements &elements;
  Tiles tiles;
  std::optional<FilterGradTiles> throughTiles;
  Value sums, turned, block, panel;
  Value channel, numChannels; ///< The first of the chunk, and how many there are.
};

} // namespace

static bool isOne(int64_t value) { return value == 1; }

/// The tile that fills its vectors best; of those the widest, which asks for the fewest operands.
static TileShape bestTile(ArrayRef<TileShape> shapes, int64_t across) {
  auto computed = [&](const TileShape &shape) {
    return static_cast<int64_t>(llvm::alignTo(across, shape.vectors));
  };
  return *llvm::min_element(
      shapes, [&](const TileShape &a, const TileShape &b) { return computed(a) < computed(b); });
}

/// With tiles, the rows of one are a part of the channels of a chunk.
static TileShape tileFor(VectorTarget target, int64_t across, bool inTiles) {
  static constexpr TileShape many[] = {{6, 4}, {8, 3}, {12, 2}, {12, 1}}, few[] = {{6, 2}, {8, 1}};
  static constexpr TileShape manyInTiles[] = {{4, 4}, {8, 3}, {8, 2}, {8, 1}},
                             fewInTiles[] = {{4, 2}, {8, 1}};
  if (target.registers >= 32)
    return bestTile(inTiles ? ArrayRef(manyInTiles) : ArrayRef(many), across);
  return bestTile(inTiles ? ArrayRef(fewInTiles) : ArrayRef(few), across);
}

FilterGradPlan::FilterGradPlan(Kernel &kernel, ConvFilterGradOp gradOp)
    : op(gradOp), element(elementOf(gradOp.getInput())), input(*StridedView::of(gradOp.getInput())),
      gradient(*StridedView::of(gradOp.getGradient())) {
  ArrayRef<int64_t> result = cast<RankedTensorType>(op.getResult().getType()).getShape();
  shape.assign(result.begin() + 2, result.end());
  outputs = result[0];
  channels = result[1];
  for (int64_t size : shape)
    elements *= size;
  places = dimsOf(op.getGradient());
  places.erase(places.begin() + 1);
  lanes = lanesOf(kernel.target, element);
  inTiles = Choice::of(op).winograd.value_or(0) == winogradFilterGradTransforms().tile &&
            shape == SmallVector<int64_t>{3, 3} && element.isF32() && input.isContiguous(1) &&
            gradient.isContiguous(1) && llvm::all_of(op.getStrides(), isOne) &&
            llvm::all_of(op.getDilations(), isOne);
  int64_t across = llvm::divideCeil(outputs, lanes);
  tile = tileFor(kernel.target, across, inTiles);
  width = tile.vectors * lanes;
  divideChannels();
  rows = static_cast<int64_t>(llvm::alignTo(elements * channelBlock, tile.rows));
  // Rows that are a large power of two apart share a set of the first-level cache.
  pitch = static_cast<int64_t>(llvm::alignTo(rows, lanes));
  if (pitch % (4 * lanes) == 0)
    pitch += lanes;
  int64_t nearElements = nearBytes / storageBytes(element);
  blockPlaces = std::clamp(nearElements / pitch, fewestPlaces, mostPlaces);
  blockPlaces -= blockPlaces % unrolledSteps;
  int64_t panels = llvm::divideCeil(outputs, width), most = nearElements / (rows * width);
  if (inTiles) {
    int64_t size = winogradFilterGradTransforms().size;
    most = tileBytes / storageBytes(element) / (size * size * channelBlock * width);
  }
  most = std::max<int64_t>(1, most);
  panelsOfChunk = llvm::divideCeil(panels, llvm::divideCeil(panels, most));
  columns = panelsOfChunk * width;
  channelBlocks = Dim(llvm::divideCeil(channels, channelBlock));
  columnBlocks = Dim(llvm::divideCeil(panels, panelsOfChunk));
}

void FilterGradPlan::divideChannels() {
  if (inTiles) {
    channelBlock = channels >= manyChannels ? 2 * channelsTogether : channelsTogether;
    return;
  }
  int64_t most = wantedRows / elements;
  most = std::max(channelsTogether, most - most % channelsTogether);
  most = std::clamp<int64_t>(mostRows / elements, 1, most);
  if (channels / (2 * most) >= fewestChunks && 2 * most * elements <= 2 * wantedRows)
    most *= 2;
  channelBlock = llvm::divideCeil(channels, llvm::divideCeil(channels, most));
}

//===-- Copies ------------------------------------------------------------------------------===//

/// Where the image begins.
Value FilterGradEmitter::startOf(const StridedView &view, Value image) {
  return view.offset(elements, {image});
}

/// Sums, and the rows that only fill up a tile.
void FilterGradEmitter::clear() {
  Value zero = tiles.zeros(1).front();
  code.loop(code.index(0), code.index(plan.rows * plan.columns), plan.lanes,
            [&](Value place) { tiles.storeSums(zero, sums, place); });
  int64_t used = plan.elements * plan.channelBlock;
  if (used == plan.rows)
    return;
  code.loop(code.index(0), code.index(plan.blockPlaces), 1, [&](Value place) {
    Value start = code.mul(place, code.index(plan.pitch));
    code.loop(code.index(used), code.index(plan.rows), plan.lanes, [&](Value row) {
      Value mask = tiles.maskOf(code.sub(code.index(plan.rows), row));
      tiles.storeSums(zero, block, code.add(start, row), mask);
    });
  });
}

/// The channels of one element of the kernel, from `source` on in the input.
void FilterGradEmitter::copyKernelElement(Value source, Value target, Value isInside) {
  Value input = elements.flat(plan.input.argument);
  int64_t size = plan.channelBlock;
  auto forVectors = [&](llvm::function_ref<Value(Value)> vectorAt) {
    code.loop(code.index(0), code.index(size), plan.lanes, [&](Value first) {
      Value mask =
          size % plan.lanes == 0 ? Value() : tiles.maskOf(code.sub(code.index(size), first));
      tiles.storeSums(vectorAt(first), block, code.add(target, first), mask);
    });
  };
  auto clearAll = [&] { forVectors([&](Value) { return tiles.zeros(1).front(); }); };
  auto copyVectors = [&] {
    bool isWhole = size % plan.lanes == 0 && plan.channels % size == 0;
    forVectors([&](Value first) {
      Value mask = isWhole ? Value() : tiles.maskOf(code.sub(numChannels, first));
      return tiles.loadVector(input, code.add(source, first), mask);
    });
  };
  auto copyElements = [&] {
    Value stride = plan.input.stride(elements, 1);
    if (plan.channels % size != 0)
      clearAll();
    code.loop(code.index(0), numChannels, 1, [&](Value number) {
      Value value = scalar.load(input, code.add(source, code.mul(number, stride)), tiles.element);
      scalar.store(value, block, code.add(target, number), tiles.element);
    });
  };
  auto copy = [&] { plan.input.isContiguous(1) ? copyVectors() : copyElements(); };
  if (!isInside)
    return copy();
  code.branch(isInside, copy, clearAll);
}

/// What the rows of the chunk see at the places [first, first + count).
void FilterGradEmitter::copyInput(Value first, Value count) {
  ConvFilterGradOp op = plan.op;
  SmallVector<Dim> sizes = dimsOf(op.getInput());
  size_t rank = plan.shape.size();
  Value channelOffset = code.mul(channel, plan.input.stride(elements, 1));
  code.loop(code.index(0), count, 1, [&](Value number) {
    SmallVector<Value> at = indicesOf(code.add(first, number));
    Value image = code.add(startOf(plan.input, at[0]), channelOffset);
    Value start = code.mul(number, code.index(plan.pitch));
    SmallVector<Value> inside(rank + 1), source(rank + 1, image), row(rank + 1, code.index(0));
    std::function<void(size_t)> enter = [&](size_t s) {
      if (s == rank)
        return copyKernelElement(
            source[s], code.add(start, code.mul(row[s], code.index(plan.channelBlock))), inside[s]);
      code.loop(code.index(0), code.index(plan.shape[s]), 1, [&](Value k) {
        Value seen = code.add(code.mul(at[1 + s], code.index(op.getStrides()[s])),
                              code.mul(k, code.index(op.getDilations()[s])));
        bool isPadded = op.getPadLow()[s] != 0 || op.getPadHigh()[s] != 0;
        // Before the input the difference is negative, which an unsigned comparison sees as far
        // beyond.
        seen = code.sub(seen, code.index(op.getPadLow()[s]));
        inside[s + 1] = inside[s];
        if (isPadded)
          inside[s + 1] = code.both(
              inside[s], code.compare(CmpIPredicate::ult, seen, elements.size(sizes[2 + s])));
        auto dim = static_cast<int64_t>(2 + s);
        source[s + 1] = code.add(source[s], code.mul(seen, plan.input.stride(elements, dim)));
        row[s + 1] = code.add(code.mul(row[s], code.index(plan.shape[s])), k);
        enter(s + 1);
      });
    };
    enter(0);
  });
}

/// The gradient of the places [first, first + count), for the columns of one panel.
void FilterGradEmitter::copyGradient(Value first, Value count, Value column) {
  const StridedView &view = plan.gradient;
  Value gradient = elements.flat(view.argument), stride = view.stride(elements, 1);
  Value left = code.sub(code.index(plan.outputs), column);
  bool isWhole = plan.outputs % plan.width == 0;
  code.loop(code.index(0), count, 1, [&](Value number) {
    SmallVector<Value> at = indicesOf(code.add(first, number));
    Value source = code.add(startOf(view, at[0]), code.mul(column, stride));
    for (size_t s = 0; s < plan.shape.size(); ++s)
      source =
          code.add(source, code.mul(at[1 + s], view.stride(elements, static_cast<int64_t>(2 + s))));
    Value target = code.mul(number, code.index(plan.width));
    if (view.isContiguous(1)) {
      for (int64_t j = 0; j < plan.tile.vectors; ++j) {
        Value lane = code.index(j * plan.lanes);
        Value mask = isWhole ? Value() : tiles.maskOf(code.sub(left, lane));
        Value value = tiles.loadVector(gradient, code.add(source, lane), mask);
        tiles.storeSums(value, panel, code.add(target, lane));
      }
      return;
    }
    Value end = isWhole ? code.index(plan.width) : code.min(left, code.index(plan.width));
    code.loop(code.index(0), end, 1, [&](Value lane) {
      Value value = scalar.load(gradient, code.add(source, code.mul(lane, stride)), tiles.element);
      scalar.store(value, panel, code.add(target, lane), tiles.element);
    });
    code.loop(end, code.index(plan.width), 1, [&](Value lane) {
      scalar.store(scalar.constant(tiles.sum, 0.0), panel, code.add(target, lane), tiles.element);
    });
  });
}

//===-- Sums --------------------------------------------------------------------------------===//

/// All rows of the chunk, for the columns of the panel, which begin at `column` in the chunk.
void FilterGradEmitter::multiply(Value count, Value column) {
  code.loop(code.index(0), code.index(plan.rows), plan.tile.rows, [&](Value row) {
    auto forSums = [&](llvm::function_ref<void(int64_t, Value)> body) {
      for (int64_t i = 0; i < plan.tile.rows; ++i)
        for (int64_t j = 0; j < plan.tile.vectors; ++j) {
          Value start = code.mul(code.add(row, code.index(i)), code.index(plan.columns));
          body(i * plan.tile.vectors + j,
               code.add(code.add(start, column), code.index(j * plan.lanes)));
        }
    };
    SmallVector<Value> totals(plan.tile.rows * plan.tile.vectors);
    forSums([&](int64_t number, Value place) { totals[number] = tiles.loadSums(sums, place); });
    totals = tiles.unrolledProducts(
        plan.tile, count, unrolledSteps, totals,
        [&](int64_t i, Value step) {
          Value start = code.add(code.mul(step, code.index(plan.pitch)), row);
          return scalar.load(block, code.add(start, code.index(i)), tiles.element);
        },
        [&](int64_t j, Value step) {
          Value start = code.mul(step, code.index(plan.width));
          return tiles.loadSums(panel, code.add(start, code.index(j * plan.lanes)));
        });
    forSums([&](int64_t number, Value place) { tiles.storeSums(totals[number], sums, place); });
  });
}

/// The rows of as many columns as a vector has lanes, from `column` of the chunk on, turned: each
/// has its channels in the order of the result, and of each channel the elements of the kernel.
void FilterGradEmitter::turn(Value column) {
  Value used = code.index(plan.elements * plan.channelBlock);
  code.loop(code.index(0), used, plan.lanes, [&](Value first) {
    SmallVector<Value> rows;
    for (int64_t i = 0; i < plan.lanes; ++i) {
      // Behind the last is the last again; nothing reads it there.
      Value place = code.min(code.add(first, code.index(i)), code.sub(used, code.index(1)));
      Value element = code.rem(place, code.index(plan.elements));
      Value row = code.add(code.mul(element, code.index(plan.channelBlock)),
                           code.div(place, code.index(plan.elements)));
      rows.push_back(
          tiles.loadSums(sums, code.add(code.mul(row, code.index(plan.columns)), column)));
    }
    for (auto [number, turnedRow] : llvm::enumerate(transposed(code, rows))) {
      Value start = code.index(static_cast<int64_t>(number) * plan.pitch);
      tiles.storeSums(turnedRow, turned, code.add(start, first));
    }
  });
}

/// The results of the chunk, whose columns begin at `column`. Channels and elements of the kernel
/// are one index, so that the loop over them becomes vectors.
void FilterGradEmitter::store(Value column) {
  Value end = code.min(code.sub(code.index(plan.outputs), column), code.index(plan.columns));
  ConvFilterGradOp op = plan.op;
  SmallVector<Value> sizes = elements.sizes(op.getResult());
  Value first = code.mul(channel, code.index(plan.elements));
  Value last = code.add(first, code.mul(numChannels, code.index(plan.elements)));
  code.loop(code.index(0), end, plan.lanes, [&](Value start) {
    turn(start);
    Value count = code.min(code.sub(end, start), code.index(plan.lanes));
    code.loop(code.index(0), count, 1, [&](Value output) {
      Value row = code.mul(output, code.index(plan.pitch));
      code.loop(first, last, 1, [&](Value place) {
        SmallVector<Value> indices{code.add(code.add(column, start), output)};
        llvm::append_range(indices, code.delinearize(place, ArrayRef(sizes).drop_front()));
        Value from = code.add(row, code.sub(place, first));
        kernel.storeFromRoot(indices, scalar.load(turned, from, tiles.element));
      });
    });
  });
}

/// The sums of the chunk, block by block.
void FilterGradEmitter::sum(Value column, Value width) {
  Value numPlaces = elements.size(productOf(plan.places));
  clear();
  code.loop(code.index(0), numPlaces, plan.blockPlaces, [&](Value first) {
    Value count = code.min(code.sub(numPlaces, first), code.index(plan.blockPlaces));
    copyInput(first, count);
    code.loop(code.index(0), width, plan.width, [&](Value start) {
      copyGradient(first, count, code.add(column, start));
      multiply(count, start);
    });
  });
}

void FilterGradEmitter::emit(Value channelBlock, Value columnBlock) {
  channel = code.mul(channelBlock, code.index(plan.channelBlock));
  numChannels =
      code.min(code.sub(code.index(plan.channels), channel), code.index(plan.channelBlock));
  Value column = code.mul(columnBlock, code.index(plan.columns));
  Value width = code.min(code.sub(code.index(plan.outputs), column), code.index(plan.columns));
  if (plan.inTiles)
    throughTiles->sum(channel, numChannels, column, sums);
  else
    sum(column, width);
  store(column);
}

void lowerConvFilterGrad(Kernel &kernel, ConvFilterGradOp op) {
  FilterGradPlan plan(kernel, op);
  int64_t work =
      productOf(plan.places).constant().value_or(256) * plan.rows * (plan.columns / plan.lanes);
  kernel.begin(plan.channelBlocks * plan.columnBlocks, Kernel::grainFor(work));
  FilterGradEmitter emitter(kernel, plan);
  Code &code = kernel.code();
  kernel.forChunks([&](Value chunk) {
    Value blocks = kernel.elements().size(plan.columnBlocks);
    emitter.emit(code.div(chunk, blocks), code.rem(chunk, blocks));
  });
}

} // namespace weft
