// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From sums in registers to results in memory: what follows a root with its vectors along the last
// dimension of the result. Cheap operations run on the sums where they are; long ones on sums in
// memory, in a loop whose code is not repeated for each register and that many tiles may share;
// what has no code for vectors goes element by element.

#ifndef WEFT_CODEGEN_CPU_EPILOGUE_H
#define WEFT_CODEGEN_CPU_EPILOGUE_H

#include "codegen/cpu/Tiles.h"

#include <functional>

namespace weft {

/// A tile of sums: vector `j` of row `i` is `sums[i * vectors + j]`.
struct SumTile {
  ArrayRef<Value> sums;
  int64_t rows = 0, vectors = 0;
  /// Where row `row` of the tile stands in the result: its indices but the last.
  llvm::function_ref<SmallVector<Value>(Value row)> indicesOf;
  Value column; ///< The last index of the first lane.
  Value width;  ///< Columns that count: all of them, or less by a part of the last vector.
};

/// Where sums go to, and what follows on them on the way.
struct SumDestination {
  Value root, result; ///< Values of the kernel: the sums, and what is stored.
  Value buffer;
  /// Where the element of `result` at `indices` stands in the buffer.
  std::function<Value(ArrayRef<Value> indices)> placeOf;
  /// For the sums of the lines of `result`, that is along the last index of SumTile::indicesOf();
  /// null if they are not wanted.
  Value lineSums = {};
};

class Epilogue {
public:
  /// For tiles of at most `mostVectors` vectors altogether, of the root of the kernel.
  Epilogue(Kernel &ownerKernel, Tiles &ownerTiles, int64_t mostVectors);
  /// For sums of another value, whose results the kernel reads again.
  Epilogue(Kernel &ownerKernel, Tiles &ownerTiles, int64_t mostVectors, SumDestination to);

  void store(const SumTile &tile);

  /// How many rows of `vectors` each may wait for storeKept(), in place of a store() for each tile;
  /// 0 where nothing is gained by it.
  int64_t rowsTogether(int64_t vectors) const;
  /// Sums of a tile whose first row is the one of number `row` among those that wait.
  void keep(ArrayRef<Value> sums, Value row, int64_t vectors);
  /// Stores rows 0 to `rows` of what waits; `tile` says where they stand and has no sums.
  void storeKept(const SumTile &tile, Value rows);

  /// True if store() also adds to the sums of lines: beginLine() comes before the first tile of
  /// each, and its tiles in an order that its length alone decides.
  bool sumsLines() const { return destination.lineSums != nullptr; }
  /// Of a vector of columns; `line` has all indices of the line.
  void beginLine(ArrayRef<Value> line, Value column, Value mask);

private:
  enum class Form { Registers, Vectors, Elements };

  void chooseForm(int64_t mostVectors);
  bool hasVectors(Value tensor);
  bool isAlongLanes(BroadcastOp op);
  bool isBesideLanes(BroadcastOp op);
  Value vectorAt(Value tensor, ArrayRef<Value> indices, Value mask);
  Value computeVector(Value tensor, ArrayRef<Value> indices, Value mask);
  /// Adds to `lineSums` unless it is empty.
  void storeRow(const SumTile &tile, Value row, ArrayRef<Value> sums, SmallVector<Value> &lineSums);
  Value storeVector(ArrayRef<Value> indices, Value sums, Value mask);
  void storeElements(const SumTile &tile);
  void storeElement(ArrayRef<Value> indices, Value sum);

  Value maskOf(const SumTile &tile, int64_t vector);
  Value lineSumPlace(ArrayRef<Value> line, Value column);
  Value lineSumPlace(const SumTile &tile, int64_t vector);
  SmallVector<Value> loadLineSums(const SumTile &tile);
  void storeLineSums(const SumTile &tile, ArrayRef<Value> lineSums);

  Kernel &kernel;
  Tiles &tiles;
  Code &code;
  Scalar &scalar;
  Elements &elements;
  SumDestination destination;
  Form form = Form::Elements;
  Value scratch; ///< Sums of a tile or of those that wait; null in form Registers.
};

} // namespace weft

#endif // WEFT_CODEGEN_CPU_EPILOGUE_H
