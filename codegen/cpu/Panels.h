// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Filters packed into panels: how their columns are cut into blocks that a register tile takes at a
// time, and the sums of a tile.

#ifndef WEFT_CODEGEN_CPU_PANELS_H
#define WEFT_CODEGEN_CPU_PANELS_H

#include "codegen/cpu/Tiles.h"
#include "passes/layouts/Choice.h"

namespace weft {

/// The part of a packed filter that a tile is multiplied with.
struct ColumnRange {
  Value filter;  ///< Where it begins.
  Value channel; ///< The first column's, counted from 0 in its group.
  Value width;   ///< Columns that count.
  int64_t vectors = 1;
};

/// A register tile and the count of cycles that it takes for all rows and columns.
struct TileCost {
  int64_t vectors, mostRows;
  double cost;
};

/// Output channels in panels of `width`, cut into blocks of vectors.
class PanelColumns {
public:
  PanelColumns() = default;
  /// Vectors have at most `mostLanes` lanes; fewer where no such vectors make up a panel. Each
  /// place of a row of a panel holds `together` elements.
  PanelColumns(int64_t numOutputs, int64_t panelWidth, int64_t numPanelElements, int64_t mostLanes,
               int64_t together = 1);

  /// Tiles of up to `extent` rows that lie `rowBytes` apart, for sums of `depth` terms: of each
  /// width the highest, and lower ones with `lower`. The cheapest first.
  SmallVector<TileCost> tileCosts(VectorTarget target, int64_t extent, int64_t depth,
                                  int64_t rowBytes, bool lower) const;

  /// Sets the vectors of a block to those of the tile that is chosen, or of the cheapest one; gives
  /// the most rows of a tile.
  int64_t choose(VectorTarget target, int64_t extent, int64_t depth, int64_t rowBytes,
                 const Choice &choice);

  /// Elements of all panels.
  int64_t elements() const { return llvm::divideCeil(outputs, width) * panelElements; }
  /// Where each of the first `number` vectors of a block stands, behind the first one.
  SmallVector<int64_t> offsets(int64_t number) const { return offsetsIn(number, panelElements); }
  /// The same in other panels of this width, of `elementsEach`.
  SmallVector<int64_t> offsetsIn(int64_t number, int64_t elementsEach) const;
  /// Where block number `block` begins in the panels of its group.
  Value start(Code &code, Value block) const;
  /// Code for block number `block`: twice where the last one is not like the others.
  void forBlock(Code &code, Value block, llvm::function_ref<void(const ColumnRange &)> body) const;

  int64_t outputs = 1, width = 1, panelElements = 1;
  int64_t lanes = 1, interleave = 1;
  int64_t vectors = 1, count = 1, lastVectors = 1;

private:
  int64_t panelVectors() const { return width / lanes; }
};

/// What a tile asks for while it is computed: its share of the block that comes next, so that a
/// block comes from far during all tiles of the one before. Shares are equal and follow each other
/// in memory, so that the processor sees one steady stream.
struct PanelAhead {
  Value next;    ///< Where that block begins; null to ask only a few steps ahead.
  Value current; ///< Where the block begins that is used.
  const PanelColumns *columns = nullptr;
  int64_t rows = 0; ///< Of a block.
  Value tile;       ///< Number of the tile, of
  int64_t numTiles = 1;

  Value placeOf(Code &code, Value number) const;
};

/// Both sides of a product with a panel.
struct PanelOperands {
  Value left; ///< Rows `rowDistance` apart.
  Type leftElement;
  int64_t rowDistance;
  Value right; ///< Rows of `width` elements, vectors at `offsets` in each.
  Type rightElement;
  int64_t width;
  SmallVector<int64_t> offsets;
  int64_t interleave = 1; ///< Terms that a row of the right side holds of each column.
  PanelAhead ahead = {};
  bool nibbles = false; ///< Each byte of the right side holds two terms of its column.
};

/// sums[i][j] += left[i, k] * right[k, j] for k < `depth` in ascending order; the sides begin at
/// `leftStart` and `rightStart`.
SmallVector<Value> panelProducts(Tiles &tiles, const PanelOperands &operands, int64_t rows,
                                 int64_t depth, Value leftStart, Value rightStart,
                                 SmallVector<Value> sums);

/// The scales of a right side of small integers: a row for each `terms` of its terms.
struct PanelScales {
  Value buffer, start;
  int64_t terms, width;
  SmallVector<int64_t> offsets;
};

/// sums[i][j] += left[i, k] * (right[k, j] * scales[k / terms, j]): what shares a scale is summed
/// by panelProducts(), then multiplied.
SmallVector<Value> scaledProducts(Tiles &tiles, const PanelOperands &operands,
                                  const PanelScales &scales, int64_t rows, int64_t depth,
                                  Value leftStart, Value rightStart, SmallVector<Value> sums);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_PANELS_H
