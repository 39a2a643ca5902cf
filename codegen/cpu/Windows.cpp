// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lines, tiles and taps of sliding windows.

#include "codegen/cpu/Windows.h"

#include "llvm/ADT/bit.h"

namespace weft {

using mlir::arith::CmpIPredicate;

/// Segments that are written out for the tiles of a line. A 3x3 window has five.
static constexpr size_t mostSegments = 24;
/// Places of a line whose tiles are looked at one by one.
static constexpr int64_t mostPlaces = 1 << 20;

bool WindowAxis::isInside() const {
  auto inSize = in.constant(), outSize = out.constant();
  if (transposed || low > 0)
    return false;
  if (inSize && outSize)
    return (*outSize - 1) * stride - low + reach() < *inSize;
  return low == 0 && high == 0;
}

//===-- Tiles -------------------------------------------------------------------------------===//

/// For each tap the rows of the tile at `start` for which it lies inside, taps alike as one.
static SmallVector<TapSegment> segmentsOf(const WindowAxis &x, int64_t start, int64_t height) {
  SmallVector<TapSegment> segments;
  int64_t size = *x.in.constant();
  for (int64_t tap = 0; tap < x.taps; ++tap) {
    int64_t from = height, to = 0;
    for (int64_t i = 0; i < height; ++i) {
      int64_t place = (start + i) * x.stride - x.low + tap * x.dilation;
      if (place < 0 || place >= size)
        continue;
      from = std::min(from, i);
      to = i + 1;
    }
    if (from >= to)
      continue;
    TapSegment *last = segments.empty() ? nullptr : &segments.back();
    if (last && last->last == tap && last->from == from && last->to == to)
      last->last = tap + 1;
    else
      segments.push_back({tap, tap + 1, from, to});
  }
  return segments;
}

static bool areAlike(ArrayRef<TapSegment> a, ArrayRef<TapSegment> b) {
  return llvm::equal(a, b, [](const TapSegment &s, const TapSegment &t) {
    return s.first == t.first && s.last == t.last && s.from == t.from && s.to == t.to;
  });
}

TiledLine::TiledLine(const WindowAxis &theAxis, int64_t mostHeight)
    : axis(theAxis), height(mostHeight) {
  auto in = axis.in.constant(), out = axis.out.constant();
  if (!in || !out || *out <= 0 || *out > mostPlaces)
    return;
  int64_t count = llvm::divideCeil(*out, mostHeight), high = llvm::divideCeil(*out, count);
  int64_t numHigh = *out - (high - 1) * count, start = 0;
  size_t written = 0;
  for (int64_t tile = 0; tile < count; ++tile) {
    int64_t rows = tile < numHigh ? high : high - 1;
    SmallVector<TapSegment> segments = segmentsOf(axis, start, rows);
    if (isKnown() && runs.back().height == rows && areAlike(runs.back().segments, segments)) {
      ++runs.back().count;
    } else {
      written += segments.size();
      if (written > mostSegments) {
        runs.clear();
        return;
      }
      runs.push_back({tile, 1, start, rows, std::move(segments)});
    }
    start += rows;
  }
  tiles = count;
  height = high;
}

Dim TiledLine::blocks(int64_t tilesPerBlock) const {
  return isKnown() ? Dim(tiles).ceilDiv(Dim(tilesPerBlock))
                   : axis.out.ceilDiv(Dim(height * tilesPerBlock));
}

//===-- Loops -------------------------------------------------------------------------------===//

WindowLoops::WindowLoops(Kernel &kernel, Dim imageCount, ArrayRef<WindowAxis> outerAxes)
    : code(kernel.code()), elements(kernel.elements()), images(std::move(imageCount)),
      outer(outerAxes) {}

Dim linesOf(const Dim &images, ArrayRef<WindowAxis> outer) {
  Dim all = images;
  for (const WindowAxis &axis : outer)
    all = all * axis.out;
  return all;
}

SmallVector<Dim> LineChunks::chunkSizes() const {
  Dim lineBlocks = lines().ceilDiv(Dim(linesPerBlock));
  Dim vectorBlocks(llvm::divideCeilSigned(vectors, vectorsPerBlock));
  if (linesOutside)
    return {lineBlocks, vectorBlocks};
  return {vectorBlocks, lineBlocks};
}

Dim WindowLoops::lines() const { return linesOf(images, outer); }

WindowLoops::LinesAndVectors WindowLoops::blocksOf(const LineChunks &chunks, Value number) {
  SmallVector<Value> at = code.delinearize(number, elements.sizes(chunks.chunkSizes()));
  if (!chunks.linesOutside)
    std::swap(at[0], at[1]);
  return {blockOf(at[0], chunks.linesPerBlock, chunks.lines()),
          blockOf(at[1], chunks.vectorsPerBlock, Dim(chunks.vectors))};
}

IndexRange WindowLoops::blockOf(Value block, int64_t size, const Dim &count) {
  Value from = code.mul(block, code.index(size));
  auto known = count.constant();
  if (known && *known % size == 0)
    return {from, code.add(from, code.index(size))};
  return {from, code.min(code.add(from, code.index(size)), elements.size(count))};
}

IndexRange WindowLoops::tilesOf(const TiledLine &line, Value block, int64_t tilesPerBlock) {
  if (line.isKnown())
    return blockOf(block, tilesPerBlock, Dim(line.tiles));
  return blockOf(block, tilesPerBlock * line.height, line.axis.out);
}

IndexRange WindowLoops::allTiles(const TiledLine &line) {
  return {code.index(0), line.isKnown() ? code.index(line.tiles) : elements.size(line.axis.out)};
}

Value WindowLoops::placeOf(const TiledLine &line, Value tile) {
  if (!line.isKnown())
    return tile;
  Value place = code.index(0);
  for (const TileRun &run : line.runs) {
    Value before = code.max(code.sub(tile, code.index(run.firstTile)), code.index(0));
    before = code.min(before, code.index(run.count));
    place = code.add(place, code.mul(before, code.index(run.height)));
  }
  return place;
}

/// How many lines lie between those that follow each other. In a transposed convolution the lines
/// that are a stride apart read the same taps, so that a filter is read once for all of them;
/// where the stride does not divide them, lines are in order.
static int64_t linesBetween(const WindowAxis &axis) {
  return axis.transposed && axis.out.isDivisibleBy(Dim(axis.stride)) ? axis.stride : 1;
}

void WindowLoops::forLines(IndexRange lines, llvm::function_ref<void(const WindowLine &)> body) {
  SmallVector<Dim> sizes;
  for (const WindowAxis &axis : outer)
    if (int64_t step = linesBetween(axis); step > 1)
      sizes.push_back(Dim(step));
  size_t numPhases = sizes.size();
  sizes.push_back(images);
  for (const WindowAxis &axis : outer)
    sizes.push_back(axis.out.floorDiv(Dim(linesBetween(axis))));
  code.loop(lines.from, lines.to, 1, [&](Value number) {
    SmallVector<Value> at = code.delinearize(number, elements.sizes(sizes));
    WindowLine line;
    line.places.assign(at.begin() + numPhases, at.end());
    const Value *phase = at.begin();
    for (auto [axis, place] : llvm::zip_equal(outer, llvm::drop_begin(line.places))) {
      if (int64_t step = linesBetween(axis); step > 1)
        place = code.add(code.mul(place, code.index(step)), *phase++);
      line.taps.push_back(tapsInside(axis, place));
    }
    body(line);
  });
}

void WindowLoops::forKnownTiles(
    const TiledLine &line, IndexRange part,
    llvm::function_ref<void(Value, ArrayRef<TapSegment>, int64_t)> tile) {
  for (const TileRun &run : line.runs) {
    Value first = code.index(run.firstTile), end = code.index(run.firstTile + run.count);
    code.loop(code.max(part.from, first), code.min(part.to, end), 1, [&](Value number) {
      Value x = code.index(run.start);
      if (run.count > 1)
        x = code.add(code.mul(code.sub(number, first), code.index(run.height)), x);
      tile(x, run.segments, run.height);
    });
  }
}

/// Between the borders whole tiles, then halves of tiles and so on.
void WindowLoops::forTiles(const TiledLine &line, IndexRange part,
                           llvm::function_ref<void(Value, ArrayRef<TapSegment>, int64_t)> tile,
                           llvm::function_ref<void(Value)> border) {
  if (line.isKnown())
    return forKnownTiles(line, part, tile);
  const WindowAxis &axis = line.axis;
  IndexRange inside = part;
  if (!axis.isInside()) {
    int64_t first = std::max<int64_t>(0, llvm::divideCeilSigned(axis.low, axis.stride));
    Value low = code.index(first);
    Value room =
        code.sub(code.add(elements.size(axis.in), code.index(axis.low)), code.index(axis.reach()));
    Value high = code.ceilDiv(code.max(room, code.index(0)), code.index(axis.stride));
    inside.from = code.min(code.max(part.from, low), part.to);
    inside.to = code.max(code.min(part.to, high), inside.from);
    code.loop(part.from, inside.from, 1, border);
    code.loop(inside.to, part.to, 1, border);
  }
  Value start = inside.from;
  for (int64_t rows = line.height; rows > 0;
       rows = static_cast<int64_t>(llvm::bit_floor(static_cast<uint64_t>(rows - 1)))) {
    Value rest = code.rem(code.sub(inside.to, start), code.index(rows));
    Value end = code.sub(inside.to, rest);
    TapSegment all{0, axis.taps, 0, rows};
    code.loop(start, end, rows, [&](Value x) { tile(x, ArrayRef(all), rows); });
    start = end;
  }
}

void WindowLoops::forStrips(const TiledLine &line, IndexRange part, int64_t tilesPerStrip,
                            llvm::function_ref<void(IndexRange)> body) {
  if (line.isKnown() && line.tiles <= tilesPerStrip)
    return body(part);
  int64_t step = line.isKnown() ? tilesPerStrip : tilesPerStrip * line.height;
  code.loop(part.from, part.to, step,
            [&](Value from) { body({from, code.min(code.add(from, code.index(step)), part.to)}); });
}

IndexRange WindowLoops::tapsInside(const WindowAxis &axis, Value place) {
  Value zero = code.index(0), taps = code.index(axis.taps);
  if (axis.transposed)
    return spreadTaps(axis, place);
  if (axis.isInside())
    return {zero, taps};
  Value start = code.mul(place, code.index(axis.stride)), low = code.index(axis.low);
  auto firstFrom = [&](Value distance) {
    return code.ceilDiv(code.max(distance, zero), code.index(axis.dilation));
  };
  Value from = code.min(firstFrom(code.sub(low, start)), taps);
  Value beyond = firstFrom(code.sub(code.add(elements.size(axis.in), low), start));
  return {from, code.max(code.min(beyond, taps), from)};
}

/// Of the taps `first + k * stride` that reach `place`, the first comes from input place
/// `place / stride`, the others from earlier ones.
IndexRange WindowLoops::spreadTaps(const WindowAxis &axis, Value place) {
  Value zero = code.index(0), stride = code.index(axis.stride), step = code.index(axis.dilation);
  Value shifted = code.add(place, code.index(axis.low)), source = code.div(shifted, stride);
  Value left = code.max(code.sub(code.index(axis.taps), code.rem(shifted, stride)), zero);
  Value beyond = code.sub(code.add(source, code.index(1)), elements.size(axis.in));
  Value from = code.ceilDiv(code.max(beyond, zero), step);
  Value to = code.min(code.add(code.div(source, step), code.index(1)), code.ceilDiv(left, stride));
  return {from, code.max(from, to)};
}

WindowLoops::Sums WindowLoops::sumLines(const WindowLine &at, Sums sums, LineSum body) {
  return sumOuter(at, 0, at.places[0], code.index(0), std::move(sums), body);
}

WindowLoops::Sums WindowLoops::sumAllLines(const WindowLine &at, Sums sums, LineSum body) {
  return sumAllOuter(at, 0, at.places[0], 0, std::move(sums), body);
}

/// The line of the input, up to dimension `axis`, that tap `k` reads.
Value WindowLoops::inputLineAt(const WindowLine &at, size_t axis, Value inputLine, Value k) {
  const WindowAxis &window = outer[axis];
  Value shift = code.mul(k, code.index(window.dilation)), low = code.index(window.low), place;
  if (window.transposed) {
    Value source = code.div(code.add(at.places[1 + axis], low), code.index(window.stride));
    place = code.sub(source, shift);
  } else {
    Value start = code.sub(code.mul(at.places[1 + axis], code.index(window.stride)), low);
    place = code.add(start, shift);
  }
  return code.add(code.mul(inputLine, elements.size(window.in)), place);
}

/// Tap `k` of dimension `axis` after those in `tap`, in the order of the filter.
Value WindowLoops::tapAt(const WindowLine &at, size_t axis, Value tap, Value k) {
  const WindowAxis &window = outer[axis];
  if (window.transposed) {
    Value stride = code.index(window.stride);
    Value first = code.rem(code.add(at.places[1 + axis], code.index(window.low)), stride);
    k = code.add(first, code.mul(k, stride));
  }
  return code.add(code.mul(tap, code.index(window.taps)), k);
}

WindowLoops::Sums WindowLoops::sumOuter(const WindowLine &at, size_t axis, Value inputLine,
                                        Value tap, Sums sums, LineSum body) {
  if (axis == outer.size())
    return body(inputLine, tap, std::move(sums));
  IndexRange taps = at.taps[axis];
  return code.loop(taps.from, taps.to, 1, sums, [&](Value k, ValueRange current) {
    return sumOuter(at, axis + 1, inputLineAt(at, axis, inputLine, k), tapAt(at, axis, tap, k),
                    Sums(current), body);
  });
}

WindowLoops::Sums WindowLoops::sumAllOuter(const WindowLine &at, size_t axis, Value inputLine,
                                           int64_t tap, Sums sums, LineSum body) {
  if (axis == outer.size())
    return body(inputLine, code.index(tap), std::move(sums));
  for (int64_t k = 0; k < outer[axis].taps; ++k)
    sums = sumAllOuter(at, axis + 1, inputLineAt(at, axis, inputLine, code.index(k)),
                       tap * outer[axis].taps + k, std::move(sums), body);
  return sums;
}

void WindowLoops::forOuterTaps(llvm::function_ref<void(ArrayRef<Value>)> body) {
  SmallVector<Value> sizes;
  for (const WindowAxis &axis : outer)
    sizes.push_back(code.index(axis.taps));
  code.nest(sizes, {}, [&](ArrayRef<Value> taps, ValueRange) {
    body(taps);
    return SmallVector<Value>();
  });
}

WindowLoops::TapLine WindowLoops::lineOfTaps(const WindowLine &at, ArrayRef<Value> taps) {
  TapLine line{at.places[0], code.index(0), {}};
  for (auto [axis, k] : llvm::enumerate(taps)) {
    line.inputLine = inputLineAt(at, axis, line.inputLine, k);
    line.tap = tapAt(at, axis, line.tap, k);
    if (outer[axis].isInside())
      continue;
    line.inside = code.both(line.inside, code.compare(CmpIPredicate::uge, k, at.taps[axis].from));
    line.inside = code.both(line.inside, code.compare(CmpIPredicate::ult, k, at.taps[axis].to));
  }
  return line;
}

Value WindowLoops::hasAllTaps(const WindowLine &at) {
  Value all;
  for (auto [axis, taps] : llvm::zip_equal(outer, at.taps)) {
    if (axis.isInside())
      continue;
    all = code.both(all, code.compare(CmpIPredicate::eq, taps.from, code.index(0)));
    all = code.both(all, code.compare(CmpIPredicate::eq, taps.to, code.index(axis.taps)));
  }
  return all;
}

} // namespace weft
