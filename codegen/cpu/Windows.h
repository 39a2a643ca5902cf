// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The geometry of windows that slide over tensors whose channels come last, and the loops over it.
// A line is all places of the result along the last spatial dimension. It is cut into tiles, for
// which each tap is known to read inside of the input or not; in the other dimensions the taps
// that read outside are left out at run time. So no place outside is ever read, and the sum at a
// place takes the same taps in the same order whatever the tile or chunk.

#ifndef WEFT_CODEGEN_CPU_WINDOWS_H
#define WEFT_CODEGEN_CPU_WINDOWS_H

#include "codegen/cpu/Kernel.h"

namespace weft {

/// One spatial dimension of a sliding window.
struct WindowAxis {
  Dim in, out;
  int64_t taps = 1, stride = 1, low = 0, high = 0, dilation = 1;
  /// The windows lie in the result, and each place of the input spreads over one. Strides or
  /// dilations are 1 then. A tap counts among those that reach the same place.
  bool transposed = false;

  /// Input places from the first to the last tap of a window.
  int64_t reach() const { return (taps - 1) * dilation; }
  /// No window leaves the input.
  bool isInside() const;
  /// Each place of the result sees the place of the same number alone.
  bool isPointwise() const { return taps == 1 && stride == 1 && low == 0 && high == 0; }
};

/// Taps [first, last) that read inside of the input for rows [from, to) of a tile.
struct TapSegment {
  int64_t first, last, from, to;
};

/// Tiles of one height that follow each other and see the border alike.
struct TileRun {
  int64_t firstTile, count, start, height;
  SmallVector<TapSegment> segments;
};

/// A line cut into tiles.
struct TiledLine {
  TiledLine() = default;
  /// Tiles of two heights, at most `mostHeight`, about equally high.
  TiledLine(const WindowAxis &axis, int64_t mostHeight);

  bool isKnown() const { return !runs.empty(); }
  /// Blocks of `tilesPerBlock` tiles.
  Dim blocks(int64_t tilesPerBlock) const;

  WindowAxis axis;
  int64_t height = 1;        ///< Rows of the highest tile.
  int64_t tiles = 0;         ///< Where known.
  SmallVector<TileRun> runs; ///< Empty where tiles are only known at run time.
};

/// The lines of `images` results whose dimensions but the last are `outer`.
Dim linesOf(const Dim &images, ArrayRef<WindowAxis> outer);

/// How lines, and vectors of channels, are divided into chunks that take a block of each.
struct LineChunks {
  Dim lines() const { return linesOf(images, outer); }
  /// Dimensions of the number of a chunk, outermost first.
  SmallVector<Dim> chunkSizes() const;

  Dim images;
  SmallVector<WindowAxis> outer;
  int64_t vectors = 1, vectorsPerBlock = 1, linesPerBlock = 1;
  /// The first threads have the first lines, not the first channels: as in the products before and
  /// behind, so that what a thread reads is in its own cache, and no two write to one line of it.
  bool linesOutside = false;
};

/// A range of values of an index.
struct IndexRange {
  Value from, to;
};

/// One line: its indices in images and outer dimensions, and the taps that read inside of the input
/// in each of the latter.
struct WindowLine {
  SmallVector<Value> places;
  SmallVector<IndexRange> taps;
};

/// Writes loops over lines, tiles and taps.
class WindowLoops {
public:
  using Sums = SmallVector<Value>;
  /// Adds what the windows of a line find in line `inputLine` of the input, which tap `tap` of the
  /// outer dimensions, in the order of the filter, reads.
  using LineSum = llvm::function_ref<Sums(Value inputLine, Value tap, Sums sums)>;

  WindowLoops(Kernel &kernel, Dim imageCount, ArrayRef<WindowAxis> outerAxes);

  Dim lines() const;
  /// Blocks [block, block + 1) of `size` each, of `count` altogether.
  IndexRange blockOf(Value block, int64_t size, const Dim &count);
  struct LinesAndVectors {
    IndexRange lines, vectors;
  };
  /// Of chunk number `number`.
  LinesAndVectors blocksOf(const LineChunks &chunks, Value number);
  IndexRange tilesOf(const TiledLine &line, Value block, int64_t tilesPerBlock);
  IndexRange allTiles(const TiledLine &line);
  /// The first place of a tile as tilesOf() counts them.
  Value placeOf(const TiledLine &line, Value tile);

  void forLines(IndexRange lines, llvm::function_ref<void(const WindowLine &)> body);
  /// Cuts a part of a line, as tilesOf() and allTiles() give it, into tiles. Where tiles are only
  /// known at run time, places whose windows reach outside go to `border` one by one.
  void forTiles(const TiledLine &line, IndexRange part,
                llvm::function_ref<void(Value x, ArrayRef<TapSegment>, int64_t height)> tile,
                llvm::function_ref<void(Value x)> border);
  /// The same part in strips of at most `tilesPerStrip` tiles.
  void forStrips(const TiledLine &line, IndexRange part, int64_t tilesPerStrip,
                 llvm::function_ref<void(IndexRange strip)> body);
  Sums sumLines(const WindowLine &line, Sums sums, LineSum body);
  /// True, or null if it is always so, where all taps of the outer dimensions read inside.
  Value hasAllTaps(const WindowLine &line);
  /// sumLines() written out, for a line that has all taps.
  Sums sumAllLines(const WindowLine &line, Sums sums, LineSum body);
  IndexRange tapsInside(const WindowAxis &axis, Value place);

  /// Loops over the taps of the outer dimensions, in the order of the filter.
  void forOuterTaps(llvm::function_ref<void(ArrayRef<Value> taps)> body);
  /// What the taps `taps` of the outer dimensions read for a line, and whether that is inside of
  /// the input: null if it always is.
  struct TapLine {
    Value inputLine, tap, inside;
  };
  TapLine lineOfTaps(const WindowLine &line, ArrayRef<Value> taps);

private:
  void forKnownTiles(const TiledLine &line, IndexRange part,
                     llvm::function_ref<void(Value, ArrayRef<TapSegment>, int64_t)> tile);
  IndexRange spreadTaps(const WindowAxis &axis, Value place);
  Value inputLineAt(const WindowLine &line, size_t axis, Value inputLine, Value k);
  Value tapAt(const WindowLine &line, size_t axis, Value tap, Value k);
  Sums sumOuter(const WindowLine &line, size_t axis, Value inputLine, Value tap, Sums sums,
                LineSum body);
  Sums sumAllOuter(const WindowLine &line, size_t axis, Value inputLine, int64_t tap, Sums sums,
                   LineSum body);

  Code &code;
  Elements &elements;
  Dim images;
  ArrayRef<WindowAxis> outer;
};

} // namespace weft

#endif // WEFT_CODEGEN_CPU_WINDOWS_H
