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
  Value scratch;               ///< Sums of a tile, for the epilogue.
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
  void outerProductTile(Value outer, Value row, int64_t height, Value column, int64_t vectors,
                        Value width);
};

} // namespace weft

#endif // WEFT_CODEGEN_CPU_CONTRACT_H
