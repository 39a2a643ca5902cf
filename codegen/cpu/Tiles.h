// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Register tiles: the innermost part of contractions and convolutions. A tile of rows and columns
// of the result is held in vector registers while the sum runs; rows and columns that do not fill
// a tile go through smaller tiles that do the same operations on each element in the same order.

#ifndef WEFT_CODEGEN_CPU_TILES_H
#define WEFT_CODEGEN_CPU_TILES_H

#include "codegen/cpu/Kernel.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace weft {

/// Rows of a tile, and vectors across.
struct TileShape {
  int64_t rows = 1, vectors = 1;
};

class Tiles {
public:
  /// For operands of `operandElement` and sums of type `sumScalar`.
  Tiles(Kernel &ownerKernel, Type operandElement, Type sumScalar);

  Kernel &kernel;
  Code &code;
  Scalar &scalar;
  Type element, sum;
  int64_t lanes;

  mlir::VectorType vectorOf(Type type) const { return mlir::VectorType::get({lanes}, type); }

  /// `lanes` operands from `index` on, widened; with a mask, 0 where it is false.
  Value loadVector(Value buffer, Value index, Value mask) {
    return loadVector(buffer, index, mask, element);
  }
  /// The same for an operand of another type.
  Value loadVector(Value buffer, Value index, Value mask, Type ofElement);
  /// Number `number` of the two integers of 4 bits in each of `lanes` bytes, widened.
  Value loadNibbles(Value buffer, Value index, int64_t number);
  /// Asks for the line of a cache that holds the operand at `index`, which may be beyond the end.
  void prefetch(Value buffer, Value index);
  /// The operand at `index`, widened.
  Value loadScalar(Value buffer, Value index) { return loadScalar(buffer, index, element); }
  /// The same for an operand of another type.
  Value loadScalar(Value buffer, Value index, Type ofElement);
  Value spread(Value scalarValue);
  /// True for the first `count` lanes; null if that is all of them.
  Value maskOf(Value count);
  Value multiplyAdd(Value a, Value b, Value total);

  //===-- Packs: neighbours that fill 32 bits -----------------------------------------------===//

  /// Neighbours of `element` that make up a pack.
  static int64_t packSize(Type element) { return 32 / element.getIntOrFloatBitWidth(); }
  /// `lanes` packs from `index` on, as i32.
  Value loadPacks(Value buffer, Value index, Type ofElement);
  /// A pack from `index` on, as i32, of which `count` operands are read; the rest is 0.
  Value loadPack(Value buffer, Value index, Type ofElement, int64_t count);
  /// total + the products of the operands of each pack of `a`, of `element`, with those of `b`.
  /// In bf16 subnormal operands may count as 0.
  Value multiplyAddPacks(Value a, Value b, Value total, Type elementOfB);

  SmallVector<Value> zeros(int64_t count);

  /// total[i][j] += a(i, k) * b(j, k) over the nest of loops `sizes`, in ascending order.
  SmallVector<Value> outerProducts(TileShape shape, ArrayRef<Value> sizes, ArrayRef<Value> totals,
                                   llvm::function_ref<Value(int64_t, ArrayRef<Value>)> a,
                                   llvm::function_ref<Value(int64_t, ArrayRef<Value>)> b);

  /// total[i][j] += a(i, k) * b(j, k) for k below `length`, ascending, with `steps` of them in the
  /// body of the loop.
  SmallVector<Value> unrolledProducts(TileShape shape, Value length, int64_t steps,
                                      ArrayRef<Value> totals,
                                      llvm::function_ref<Value(int64_t, Value)> a,
                                      llvm::function_ref<Value(int64_t, Value)> b);

  /// The sum of all lanes, in halves: one order for a given number of lanes.
  Value sumLanes(Value vector);

  /// Vectors of sums in memory; with a mask, a load gives 0 where it is false.
  Value loadSums(Value buffer, Value index, Value mask = {});
  void storeSums(Value vector, Value buffer, Value index, Value mask = {});

private:
  Value packedOperand(Value packs, int64_t number, Type ofElement);
  SmallVector<Value> productStep(TileShape shape, ValueRange totals,
                                 llvm::function_ref<Value(int64_t)> a,
                                 llvm::function_ref<Value(int64_t)> b);
};

/// The transpose of `rows`, whose number is that of their lanes, a power of two: halves of pairs
/// of vectors change places, at ever smaller distances.
SmallVector<Value> transposed(Code &code, SmallVector<Value> rows);

/// Elements of a vector of `type`.
int64_t lanesOf(VectorTarget target, Type type);

/// The tile that keeps the registers busy for a result of these (perhaps known) extents.
TileShape tileShapeFor(VectorTarget target, int64_t lanes, std::optional<int64_t> rows,
                       std::optional<int64_t> columns);

/// Cuts `count` into tiles: `body` gets the start and the static height. With `extent`, count mod
/// tile is 0 or extent mod tile; without it the rest takes steps of 1.
void forTiles(Code &code, Value count, std::optional<int64_t> extent, int64_t tile,
              llvm::function_ref<void(Value, int64_t)> body);

/// Rows of a tile, at most `most`, such that all tiles of `extent` are about equally high.
int64_t balancedTile(std::optional<int64_t> extent, int64_t most);

/// The length of blocks of `extent`, at most `most`, such that two or four threads get about the
/// same: up to half as many blocks more.
int64_t evenBlocks(int64_t extent, int64_t most);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_TILES_H
