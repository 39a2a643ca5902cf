// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution with packed filters, channels last: an implicit product of matrices. A tile holds
// some places along the last spatial dimension by some vectors of output channels in registers;
// the taps of a window and their channels, which lie side by side, are summed over in one loop. No
// place outside of the input is read: whole taps are left out at run time in the outer dimensions,
// and tiles at the border of the last one are written out with the taps that each row has.

#include "codegen/cpu/PackedConv.h"

#include "codegen/cpu/StripStore.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace weft {

/// Rows whose products take as long as it takes to read a filter from the last level of a cache:
/// four cycles a vector.
static constexpr int64_t streamedRows = 8;

namespace {

class PackedEmitter {
public:
  PackedEmitter(Kernel &ownerKernel, const PackedPlan &thePlan);

  void emitChunk(Value number);

private:
  using Sums = WindowLoops::Sums;

  /// Where a chunk is.
  struct Chunk {
    Value group, column;
    IndexRange lines, tiles; ///< All tiles of each phase, if there are several.
  };
  Chunk chunkAt(Value number);
  void computeInput(const Chunk &chunk);
  void emitColumns(const Chunk &chunk, const ColumnRange &columns);
  Value lineNumber(const WindowLine &line);
  Value tileNumber(const Chunk &chunk, const WindowLine &line, Value x);
  void askForNext(const Chunk &chunk, const ColumnRange &columns, const WindowLine &line, Value x,
                  Value row);
  /// Where the sums of a tile wait, and how many vectors they are.
  struct WaitingSums {
    Value start;
    int64_t vectors;
  };
  void emitPasses(const Chunk &chunk, const ColumnRange &columns);
  /// A tile of a chunk that has passes; one place without `segments` where that is not known.
  struct WaitingTile {
    WindowLine line;
    Value x;
    ArrayRef<TapSegment> segments;
    int64_t height;
    WaitingSums sums;
  };
  void forWaitingTiles(const Chunk &chunk, const ColumnRange &columns,
                       llvm::function_ref<void(const WaitingTile &)> body);
  void passRows(const Chunk &chunk, const ColumnRange &columns);
  void passTaps(const Chunk &chunk, const ColumnRange &columns);
  Sums addRows(const ColumnRange &columns, Value x, Value row, int64_t count, Sums sums);
  void keep(const WaitingSums &at, ArrayRef<Value> sums);
  Sums kept(const WaitingSums &at);
  void emitTile(const ColumnRange &columns, const WindowLine &line, Value x,
                ArrayRef<TapSegment> segments, int64_t height);
  Sums addTaps(const ColumnRange &columns, Value x, ArrayRef<TapSegment> segments,
               std::pair<int64_t, int64_t> taps, const WindowLoops::TapLine &from, Sums sums);
  void withSums(const ColumnRange &columns, const WindowLine &line,
                llvm::function_ref<void(const SumLine &)> body);

  Value inputStart(Value inputLine, Value x);
  Value filterStart(const ColumnRange &columns, Value tap);
  Sums sumTaps(const ColumnRange &columns, IndexRange taps, int64_t rows, Value a, Value b,
               Sums sums);
  Sums sumScaled(const ColumnRange &columns, const PanelOperands &operands, int64_t rows, Value a,
                 Value b, Sums sums);

  Kernel &kernel;
  const PackedPlan &plan;
  Code &code;
  Elements &elements;
  Tiles tiles;
  Epilogue epilogue;
  StripStore strips;
  WindowLoops loops;
  Value input, filter;
  Value firstRow;   ///< Of the chunk, where the input is computed; null elsewhere.
  Value computed;   ///< The tile that the input was computed from last.
  Value scales;     ///< Null without.
  Value waiting;    ///< Sums of a chunk's rows between two passes; may be null.
  int64_t channels; ///< Of the whole input.

  // What code is written for.
  Value group;
  const LinePhase *phase = nullptr;
  PanelAhead ahead; ///< Of the tile that is written.
};

} // namespace

static Tiles tilesOf(Kernel &kernel, const PackedPlan &plan) {
  Type element = elementOf(plan.input);
  Tiles tiles(kernel, element, sumType(element, elementOf(plan.result)));
  tiles.lanes = plan.columns.lanes;
  return tiles;
}

static int64_t highestTile(const PackedPlan &plan) {
  int64_t height = 1;
  for (const LinePhase &phase : plan.phases)
    height = std::max(height, phase.line.height);
  return height;
}

PackedEmitter::PackedEmitter(Kernel &ownerKernel, const PackedPlan &thePlan)
    : kernel(ownerKernel), plan(thePlan), code(kernel.code()), elements(kernel.elements()),
      tiles(tilesOf(kernel, plan)),
      epilogue(kernel, tiles, highestTile(plan) * plan.columns.vectors), strips(code, epilogue),
      loops(kernel, plan.images, plan.outer), input(elements.flat(plan.input)),
      filter(elements.flat(plan.filter)), channels(plan.groups * plan.inputs) {
  if (plan.scales)
    scales = elements.flat(plan.scales);
  if (plan.computesInput) {
    input = kernel.scratch(plan.rowsPerChunk() * channels, elementOf(plan.input));
    computed = kernel.scratch(1, code.builder.getIndexType());
    mlir::memref::StoreOp::create(code.builder, code.loc, code.index(-1), computed, code.index(0));
  }
  if (plan.hasPasses())
    waiting = kernel.scratch(plan.rowsPerChunk() * plan.columns.vectors * tiles.lanes, tiles.sum);
}

//===-- Chunks ------------------------------------------------------------------------------===//

PackedEmitter::Chunk PackedEmitter::chunkAt(Value number) {
  SmallVector<Dim> sizes = plan.chunkSizes(), counted;
  llvm::copy_if(sizes, std::back_inserter(counted), [](const Dim &size) { return size != Dim(1); });
  SmallVector<Value> places = code.delinearize(number, elements.sizes(counted)), at;
  size_t next = 0;
  for (const Dim &size : sizes)
    at.push_back(size == Dim(1) ? code.index(0) : places[next++]);
  Value column = at[plan.columnsOutside ? 1 : 3];
  Value lineBlock = at[plan.columnsOutside ? 2 : 1], tileBlock = at[plan.columnsOutside ? 3 : 2];
  IndexRange tilesAt;
  if (plan.phases.size() == 1)
    tilesAt = loops.tilesOf(plan.phases[0].line, tileBlock, plan.tilesPerBlock);
  return {at[0], column, loops.blockOf(lineBlock, plan.linesPerBlock, plan.lines()), tilesAt};
}

void PackedEmitter::emitChunk(Value number) {
  Chunk chunk = chunkAt(number);
  group = chunk.group;
  if (plan.computesInput)
    computeInput(chunk);
  plan.columns.forBlock(code, chunk.column, [&](ColumnRange columns) {
    columns.filter = code.add(code.mul(group, code.index(plan.columns.elements())), columns.filter);
    columns.channel = code.add(code.mul(group, code.index(plan.columns.outputs)), columns.channel);
    emitColumns(chunk, columns);
  });
}

/// The rows of a chunk, element by element; chunks of the same rows that follow each other share
/// them.
void PackedEmitter::computeInput(const Chunk &chunk) {
  const TiledLine &line = plan.phases[0].line;
  firstRow = loops.placeOf(line, chunk.tiles.from);
  Value end = loops.placeOf(line, chunk.tiles.to), zero = code.index(0);
  Value last = mlir::memref::LoadOp::create(code.builder, code.loc, computed, zero);
  code.ifThen(code.compare(mlir::arith::CmpIPredicate::ne, last, chunk.tiles.from), [&] {
    mlir::memref::StoreOp::create(code.builder, code.loc, chunk.tiles.from, computed, zero);
    SmallVector<Dim> rows = dimsOf(plan.input);
    rows.pop_back();
    code.loop(firstRow, end, 1, [&](Value row) {
      SmallVector<Value> indices = code.delinearize(row, elements.sizes(rows));
      Value start = code.mul(code.sub(row, firstRow), code.index(channels));
      indices.push_back({});
      code.loop(zero, code.index(channels), 1, [&](Value channel) {
        indices.back() = channel;
        kernel.scalar().store(elements.at(plan.input, indices), input, code.add(start, channel),
                              elementOf(plan.input));
      });
    });
  });
}

void PackedEmitter::emitColumns(const Chunk &chunk, const ColumnRange &columns) {
  if (waiting)
    return emitPasses(chunk, columns);
  for (const LinePhase &each : plan.phases) {
    phase = &each;
    IndexRange part = plan.phases.size() == 1 ? chunk.tiles : loops.allTiles(each.line);
    loops.forLines(chunk.lines, [&](const WindowLine &line) {
      auto emit = [&](IndexRange strip) {
        loops.forTiles(
            each.line, strip,
            [&](Value x, ArrayRef<TapSegment> segments, int64_t height) {
              askForNext(chunk, columns, line, x, code.index(0));
              emitTile(columns, line, x, segments, height);
            },
            [&](Value x) {
              ahead = {};
              emitTile(columns, line, x, {}, 1);
            });
      };
      withSums(columns, line,
               [&](const SumLine &sums) { strips.forStrips(loops, each.line, part, sums, emit); });
    });
  }
}

/// Which of all lines it is.
Value PackedEmitter::lineNumber(const WindowLine &line) {
  SmallVector<Value> sizes{elements.size(plan.images)};
  for (const WindowAxis &axis : plan.outer)
    sizes.push_back(elements.size(axis.out));
  return code.linearize(line.places, sizes);
}

/// Which of the tiles is at `x` that go through a block of columns before the next one.
Value PackedEmitter::tileNumber(const Chunk &chunk, const WindowLine &line, Value x) {
  const TiledLine &tiled = phase->line;
  Value height = code.index(tiled.height), number = code.ceilDiv(x, height);
  Value before = lineNumber(line);
  if (!plan.columnsOutside) {
    before = code.sub(before, chunk.lines.from);
    Value first = code.ceilDiv(loops.placeOf(tiled, chunk.tiles.from), height);
    number = code.max(code.sub(number, first), code.index(0));
  }
  Value lineTiles = code.ceilDiv(elements.size(tiled.axis.out), height);
  return code.add(code.mul(before, lineTiles), number);
}

/// Chooses what the tile at `x` asks for while it goes through the rows from `row` on of a block.
void PackedEmitter::askForNext(const Chunk &chunk, const ColumnRange &columns,
                               const WindowLine &line, Value x, Value row) {
  ahead = {};
  if (plan.tilesBetween == 0)
    return;
  Value after = code.rem(code.add(chunk.column, code.index(1)), code.index(plan.columns.count));
  Value next = code.add(columns.filter, code.sub(plan.columns.start(code, after),
                                                 plan.columns.start(code, chunk.column)));
  Value current = columns.filter;
  if (waiting) { // The next part, or the first one of the next block.
    Value isLast =
        code.compare(mlir::arith::CmpIPredicate::sge, code.add(row, code.index(plan.stepsPerPass)),
                     code.index(plan.wholeDepth()));
    current = code.add(current, code.mul(row, code.index(plan.columns.width)));
    Value part = code.add(current, code.index(plan.stepsPerPass * plan.columns.width));
    next = tiles.scalar.select(isLast, next, part);
  }
  ahead = {next,
           current,
           &plan.columns,
           plan.stepsPerPass,
           tileNumber(chunk, line, x),
           plan.tilesBetween};
}

//===-- Passes ------------------------------------------------------------------------------===//

/// The sums of a chunk, one part of the panel at a time: each part is read from a near cache by all
/// tiles but the first. Sums run in ascending order as everywhere, and wait in memory in between.
void PackedEmitter::emitPasses(const Chunk &chunk, const ColumnRange &columns) {
  phase = &plan.phases[0];
  forWaitingTiles(chunk, columns, [&](const WaitingTile &tile) {
    keep(tile.sums, tiles.zeros(tile.sums.vectors));
  });
  if (plan.isPointwise)
    passRows(chunk, columns);
  else
    passTaps(chunk, columns);
  ahead = {};
  int64_t depth = plan.wholeDepth(), rest = plan.isPointwise ? depth % plan.stepsPerPass : 0;
  forWaitingTiles(chunk, columns, [&](const WaitingTile &tile) {
    Sums sums = kept(tile.sums);
    if (rest)
      sums = addRows(columns, tile.x, code.index(depth - rest), rest, std::move(sums));
    withSums(columns, tile.line, [&](const SumLine &line) {
      strips.eachAlone(line, [&] { strips.store(tile.x, tile.height, sums); });
    });
  });
}

/// All tiles of a chunk, with a place for the sums of each.
void PackedEmitter::forWaitingTiles(const Chunk &chunk, const ColumnRange &columns,
                                    llvm::function_ref<void(const WaitingTile &)> body) {
  int64_t lineRows = plan.tilesPerBlock * phase->line.height;
  Value first = loops.placeOf(phase->line, chunk.tiles.from);
  loops.forLines(chunk.lines, [&](const WindowLine &line) {
    Value before = code.mul(code.sub(lineNumber(line), chunk.lines.from), code.index(lineRows));
    auto tile = [&](Value x, ArrayRef<TapSegment> segments, int64_t height) {
      Value row = code.add(before, code.sub(x, first));
      Value start = code.mul(row, code.index(columns.vectors * tiles.lanes));
      body({line, x, segments, height, {start, height * columns.vectors}});
    };
    loops.forTiles(phase->line, chunk.tiles, tile, [&](Value x) { tile(x, {}, 1); });
  });
}

/// Passes of as many rows of a panel; what is left is no whole one.
void PackedEmitter::passRows(const Chunk &chunk, const ColumnRange &columns) {
  int64_t whole = plan.wholeDepth() / plan.stepsPerPass * plan.stepsPerPass;
  code.loop(code.index(0), code.index(whole), plan.stepsPerPass, [&](Value row) {
    forWaitingTiles(chunk, columns, [&](const WaitingTile &tile) {
      askForNext(chunk, columns, tile.line, tile.x, row);
      keep(tile.sums, addRows(columns, tile.x, row, plan.stepsPerPass, kept(tile.sums)));
    });
  });
}

/// Adds `count` rows of a panel, from `row` on, to the sums of pointwise products at `x`.
PackedEmitter::Sums PackedEmitter::addRows(const ColumnRange &columns, Value x, Value row,
                                           int64_t count, Sums sums) {
  PanelOperands operands{input,
                         elementOf(plan.input),
                         channels,
                         filter,
                         elementOf(plan.filter),
                         plan.columns.width,
                         plan.columns.offsets(columns.vectors),
                         /*interleave=*/1,
                         ahead};
  int64_t height = static_cast<int64_t>(sums.size()) / columns.vectors;
  Value left = code.add(inputStart(code.index(0), x), row);
  Value right = code.add(columns.filter, code.mul(row, code.index(plan.columns.width)));
  return panelProducts(tiles, operands, height, count, left, right, std::move(sums));
}

/// Passes of some taps of a line each, for all taps of the outer dimensions in turn.
void PackedEmitter::passTaps(const Chunk &chunk, const ColumnRange &columns) {
  int64_t lineTaps = plan.lineTaps, each = plan.stepsPerPass / plan.inputs;
  loops.forOuterTaps([&](ArrayRef<Value> outerTaps) {
    for (int64_t first = 0; first < lineTaps; first += each) {
      int64_t last = std::min(first + each, lineTaps);
      forWaitingTiles(chunk, columns, [&](const WaitingTile &tile) {
        WindowLoops::TapLine from = loops.lineOfTaps(tile.line, outerTaps);
        auto add = [&] {
          Value row = code.add(code.mul(from.tap, code.index(lineTaps)), code.index(first));
          askForNext(chunk, columns, tile.line, tile.x, code.mul(row, code.index(plan.inputs)));
          keep(tile.sums,
               addTaps(columns, tile.x, tile.segments, {first, last}, from, kept(tile.sums)));
        };
        from.inside ? code.ifThen(from.inside, add) : add();
      });
    }
  });
}

void PackedEmitter::keep(const WaitingSums &at, ArrayRef<Value> sums) {
  for (auto [number, sum] : llvm::enumerate(sums))
    tiles.storeSums(sum, waiting,
                    code.add(at.start, code.index(static_cast<int64_t>(number) * tiles.lanes)));
}

PackedEmitter::Sums PackedEmitter::kept(const WaitingSums &at) {
  Sums sums;
  for (int64_t number = 0; number < at.vectors; ++number)
    sums.push_back(tiles.loadSums(waiting, code.add(at.start, code.index(number * tiles.lanes))));
  return sums;
}

//===-- Tiles -------------------------------------------------------------------------------===//

/// Adds the taps [taps.first, taps.second) of a line of the input to the sums of the tile at `x`;
/// without `segments` to those of one place, with the taps that it has.
PackedEmitter::Sums PackedEmitter::addTaps(const ColumnRange &columns, Value x,
                                           ArrayRef<TapSegment> segments,
                                           std::pair<int64_t, int64_t> taps,
                                           const WindowLoops::TapLine &from, Sums sums) {
  const WindowAxis &axis = phase->line.axis;
  Value a = inputStart(from.inputLine, x), b = filterStart(columns, from.tap);
  if (segments.empty()) {
    IndexRange inside = loops.tapsInside(axis, x);
    if (taps.first > 0)
      inside.from = code.max(inside.from, code.index(taps.first));
    if (taps.second < axis.taps)
      inside.to = code.min(inside.to, code.index(taps.second));
    return sumTaps(columns, inside, 1, a, b, std::move(sums));
  }
  int64_t across = columns.vectors;
  for (const TapSegment &segment : segments) {
    int64_t rows = segment.to - segment.from;
    int64_t first = std::max(segment.first, taps.first);
    int64_t last = std::max(first, std::min(segment.last, taps.second));
    Sums part(ArrayRef(sums).slice(segment.from * across, rows * across));
    Value start = code.add(a, code.index(segment.from * axis.stride * channels));
    part = sumTaps(columns, {code.index(first), code.index(last)}, rows, start, b, part);
    llvm::copy(part, sums.begin() + segment.from * across);
  }
  return sums;
}

void PackedEmitter::emitTile(const ColumnRange &columns, const WindowLine &line, Value x,
                             ArrayRef<TapSegment> segments, int64_t height) {
  auto body = [&](Value inputLine, Value tap, Sums sums) {
    return addTaps(columns, x, segments, {0, phase->line.axis.taps}, {inputLine, tap, {}},
                   std::move(sums));
  };
  Sums zeros = tiles.zeros(height * columns.vectors);
  strips.store(x, height, loops.sumLines(line, std::move(zeros), body));
}

/// Where the sums of a line go to.
void PackedEmitter::withSums(const ColumnRange &columns, const WindowLine &line,
                             llvm::function_ref<void(const SumLine &)> body) {
  SmallVector<Dim> dims = dimsOf(plan.result);
  auto indicesOf = [&](Value x) {
    Value place = code.mul(x, code.index(phase->placeStep));
    place = code.add(place, code.index(phase->firstPlace));
    if (plan.isPointwise)
      return code.delinearize(place, elements.sizes(ArrayRef(dims).drop_back()));
    SmallVector<Value> indices = line.places;
    indices.push_back(place);
    return indices;
  };
  body({columns.vectors, indicesOf, columns.channel, columns.width});
}

//===-- Sums --------------------------------------------------------------------------------===//

/// Where the window at `x` begins in a line of the input; before its first element at the border.
Value PackedEmitter::inputStart(Value inputLine, Value x) {
  if (firstRow)
    return code.mul(code.sub(x, firstRow), code.index(channels));
  const WindowAxis &axis = phase->line.axis;
  Value first = code.sub(code.mul(x, code.index(axis.stride)), code.index(axis.low));
  Value place = code.add(code.mul(inputLine, elements.size(axis.in)), first);
  return code.add(code.mul(place, code.index(channels)), code.mul(group, code.index(plan.inputs)));
}

Value PackedEmitter::filterStart(const ColumnRange &columns, Value tap) {
  return code.add(columns.filter, code.mul(tap, code.index(plan.depth() * plan.columns.width)));
}

/// Adds the taps of one line of the input; `a` and `b` are where the first ones stand.
PackedEmitter::Sums PackedEmitter::sumTaps(const ColumnRange &columns, IndexRange taps,
                                           int64_t rows, Value a, Value b, Sums sums) {
  const WindowAxis &axis = phase->line.axis;
  PanelOperands operands{input,
                         elementOf(plan.input),
                         axis.stride * channels,
                         filter,
                         elementOf(plan.filter),
                         plan.columns.width * plan.columns.interleave,
                         plan.columns.offsets(columns.vectors),
                         plan.columns.interleave,
                         ahead,
                         plan.nibbles};
  if (scales)
    return sumScaled(columns, operands, rows, a, b, std::move(sums));
  int64_t tapElements = plan.packedInputs() * plan.columns.width;
  auto sumFrom = [&](Value tap, int64_t depth, Sums current) {
    Value left = code.add(a, code.mul(tap, code.index(axis.dilation * channels)));
    Value number = code.add(code.mul(tap, code.index(phase->tapStep)), code.index(phase->firstTap));
    Value right = code.add(b, code.mul(number, code.index(tapElements)));
    return panelProducts(tiles, operands, rows, depth, left, right, std::move(current));
  };
  auto first = mlir::getConstantIntValue(taps.from), last = mlir::getConstantIntValue(taps.to);
  if (first && last && *first == *last)
    return sums;
  if (first && last && plan.tapsAreContiguous(*phase))
    return sumFrom(taps.from, (*last - *first) * plan.inputs, std::move(sums));
  return code.loop(taps.from, taps.to, 1, sums, [&](Value tap, ValueRange current) {
    return sumFrom(tap, plan.inputs, Sums(current));
  });
}

/// The one tap of a product with small integers.
PackedEmitter::Sums PackedEmitter::sumScaled(const ColumnRange &columns,
                                             const PanelOperands &operands, int64_t rows, Value a,
                                             Value b, Sums sums) {
  int64_t width = plan.columns.width;
  int64_t perPanel = llvm::divideCeil(plan.inputs, plan.scaledChannels) * width;
  // The scales of a panel lie as its rows do.
  Value panel = code.div(columns.channel, code.index(width));
  Value column = code.rem(columns.channel, code.index(width));
  PanelScales own{scales, code.add(code.mul(panel, code.index(perPanel)), column),
                  plan.scaledChannels, width, plan.columns.offsetsIn(columns.vectors, perPanel)};
  return scaledProducts(tiles, operands, own, rows, plan.inputs, a, b, std::move(sums));
}

bool lowerPackedConv(Kernel &kernel, PackedConvOp op) {
  if (lowerNarrowGroups(kernel, op))
    return true;
  std::optional<PackedPlan> plan = PackedPlan::of(op, kernel.target, Choice::of(op));
  if (!plan)
    return lowerMap(kernel), false;
  Dim chunks = productOf(plan->chunkSizes());
  int64_t rows = plan->phases[0].line.height * plan->tilesPerBlock * plan->linesPerBlock *
                 static_cast<int64_t>(plan->phases.size());
  // The filter of a product of few rows comes from afar, which takes longer than to multiply it.
  int64_t work = std::max(rows, streamedRows) * plan->columns.vectors *
                 (plan->wholeDepth() + kernel.workPerElement());
  kernel.begin(chunks, Kernel::grainFor(work));
  PackedEmitter emitter(kernel, *plan);
  kernel.forChunks([&](Value number) { emitter.emitChunk(number); });
  return true;
}

} // namespace weft
