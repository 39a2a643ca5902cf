// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a contraction is taken apart, and the code of its tiles.

#ifndef WEFT_CODEGEN_CPU_CONTRACT_H
#define WEFT_CODEGEN_CPU_CONTRACT_H

#include "codegen/cpu/Tiles.h"

#include "llvm/ADT/SmallString.h"

namespace weft {

/// Letters that run as one index, with the distance of neighbours in each tensor (0 if absent).
struct ContractAxis {
  llvm::SmallString<4> letters;
  SmallVector<Dim> sizes;
  Dim lhs, rhs, out;
  bool inLhs = false, inRhs = false, inOut = false;

  Dim size() const { return productOf(sizes); }
};

/// The axes by their part in the loops. Pointers are into `axes`.
struct ContractPlan {
  /// None where no form with vectors fits.
  static std::unique_ptr<ContractPlan> of(ContractOp op);

  ContractOp op;
  SmallVector<ContractAxis> axes;
  /// Left and right have changed places: `lhs` below is the right operand.
  bool swapped = false;
  const ContractAxis *across = nullptr; ///< Outer products: contiguous in rhs, in the result.
  const ContractAxis *along = nullptr;  ///< Dot products: contiguous in both, summed.
  SmallVector<const ContractAxis *> outer, rows, columns, summed;

private:
  const ContractAxis *innermost(StringRef letters) const;
  bool chooseForm(ContractOp::Labels labels);
};

Dim extentOf(ArrayRef<const ContractAxis *> axes);

/// Writes the tiles of one contraction.
struct ContractEmitter {
  ContractEmitter(Kernel &ownerKernel, ContractPlan &thePlan);

  /// Scratch memory for copied panels of `columns`, in chunks of `rows`, and with `copiesA` for the
  /// rows of a chunk.
  void allocatePanel(int64_t rows, int64_t columns, bool copiesA);
  void outerProductPanel(Value outer, Value first, Value count, Value column, Value width,
                         TileShape shape);
  void dotTile(Value outer, Value row, int64_t height, Value column, int64_t across,
               Value tileColumn);
  void storeTile(Value tile, int64_t pitch, Value outer, Value row, int64_t height, Value column,
                 Value width);

  Kernel &kernel;
  ContractPlan &plan;
  Code &code;
  Elements &elements;
  Tiles tiles;
  Value a, b;
  Value scratch; ///< Sums of a tile, for the epilogue.
  Value panel;   ///< A copy of `panelSteps` rows of b, as wide as a tile; may be null.
  Value block;   ///< A copy of `panelSteps` steps of a, for the rows of a chunk; may be null.
  Value partial; ///< Sums of a chunk's rows between two copies; may be null.
  int64_t blockPitch = 0; ///< Between the steps of `block`.
  int64_t panelSteps = 0;
  bool storesDirectly = false; ///< No epilogue, and the result is contiguous across.

private:
  Type resultType();
  SmallVector<Value> split(Value place, ArrayRef<const ContractAxis *> axes);
  Value offset(ArrayRef<const ContractAxis *> axes, ArrayRef<Value> places,
               Dim ContractAxis::*stride);
  void addIndices(llvm::SmallDenseMap<char, Value> &indices, ArrayRef<const ContractAxis *> axes,
                  ArrayRef<Value> places);
  SmallVector<Value> resultIndices(Value outer, Value row, Value column);
  SmallVector<Value> summedSizes();

  /// Where a tile of outer products stands, and what it needs of the panel that it is in.
  struct Tile {
    Value outer, row;
    int64_t height;
    Value column;
    int64_t vectors;
    Value width, rowInChunk;
    Value firstStep, numSteps; ///< Of the sum, in the copied panel; null without one.
  };
  SmallVector<Value> masksOf(const Tile &tile);
  Value startOfB(const Tile &tile, int64_t vector);
  SmallVector<Value> tileSums(const Tile &tile);
  SmallVector<Value> panelSums(const Tile &tile);
  void copyPanel(const Tile &tile);
  void copyBlock(const Tile &tile, Value first, Value count);
  Value partialPlace(const Tile &tile, int64_t row, int64_t vector);
  void finishTile(const Tile &tile, ArrayRef<Value> sums);
  void copiedPanel(Tile tile, Value first, Value count, int64_t tileRows);
};

/// True if rows of b lie so far apart that they displace each other in the cache, and each is read
/// for several tiles: they are copied before they are used.
bool copiesPanels(ContractPlan &plan, int64_t tileRows);

/// True if the rows of a lie side by side and its steps far apart, as in a product with a
/// transposed matrix: each step of a tile would read another page. The rows of a chunk are copied
/// first.
bool copiesRows(ContractPlan &plan, int64_t tileRows);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_CONTRACT_H
