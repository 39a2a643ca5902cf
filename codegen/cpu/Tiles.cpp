// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vectors of operands and sums, and the innermost loops over them.

#include "codegen/cpu/Tiles.h"

#include "codegen/cpu/Lanes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/TypeUtilities.h"

namespace weft {

namespace arith = mlir::arith;
namespace vector = mlir::vector;

int64_t lanesOf(VectorTarget target, Type type) {
  return std::max<int64_t>(2, target.bytes * 8 / type.getIntOrFloatBitWidth());
}

Tiles::Tiles(Kernel &ownerKernel, Type operandElement, Type sumScalar)
    : kernel(ownerKernel), code(ownerKernel.code()), scalar(ownerKernel.scalar()),
      element(operandElement), sum(sumScalar) {
  lanes = lanesOf(kernel.target, sum);
}

//===-- Vectors -----------------------------------------------------------------------------===//

Value Tiles::loadVector(Value buffer, Value index, Value mask, Type ofElement) {
  Value loaded = loadLanes(scalar, vectorOf(storageType(ofElement)), buffer, index, mask);
  return widenForSum(scalar, loaded, ofElement, sum);
}

Value Tiles::loadNibbles(Value buffer, Value index, int64_t number) {
  OpBuilder &b = code.builder;
  Value bytes =
      vector::LoadOp::create(b, code.loc, vectorOf(b.getI8Type()), buffer, ValueRange(index));
  return arith::SIToFPOp::create(b, code.loc, vectorOf(sum), nibbleOf(scalar, bytes, number));
}

void Tiles::prefetch(Value buffer, Value index) {
  mlir::memref::PrefetchOp::create(code.builder, code.loc, buffer, ValueRange(index),
                                   /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
}

Value Tiles::loadScalar(Value buffer, Value index, Type ofElement) {
  return widenForSum(scalar, scalar.load(buffer, index, ofElement), ofElement, sum);
}

Value Tiles::spread(Value scalarValue) {
  return vector::BroadcastOp::create(code.builder, code.loc, vectorOf(scalarValue.getType()),
                                     scalarValue);
}

Value Tiles::maskOf(Value count) {
  if (auto known = mlir::getConstantIntValue(mlir::getAsOpFoldResult(count)))
    if (*known >= lanes)
      return {};
  mlir::VectorType type = vectorOf(code.builder.getI1Type());
  return vector::CreateMaskOp::create(code.builder, code.loc, type, ValueRange(count));
}

Value Tiles::multiplyAdd(Value a, Value b, Value total) {
  return weft::multiplyAdd(scalar, a, b, total, element);
}

//===-- Packs -------------------------------------------------------------------------------===//

Value Tiles::loadPacks(Value buffer, Value index, Type ofElement) {
  OpBuilder &b = code.builder;
  auto type = mlir::VectorType::get({lanes * packSize(ofElement)}, storageType(ofElement));
  Value loaded = vector::LoadOp::create(b, code.loc, type, buffer, ValueRange(index));
  return vector::BitCastOp::create(b, code.loc, vectorOf(b.getI32Type()), loaded);
}

Value Tiles::loadPack(Value buffer, Value index, Type ofElement, int64_t count) {
  OpBuilder &b = code.builder;
  Type i32 = b.getI32Type(), stored = storageType(ofElement);
  if (count == packSize(ofElement)) {
    Value loaded = vector::LoadOp::create(b, code.loc, mlir::VectorType::get({count}, stored),
                                          buffer, ValueRange(index));
    Value pack = vector::BitCastOp::create(b, code.loc, mlir::VectorType::get({1}, i32), loaded);
    return vector::ExtractOp::create(b, code.loc, pack, ArrayRef<int64_t>{0});
  }
  Value pack = scalar.integer(i32, 0);
  auto bits = static_cast<int64_t>(ofElement.getIntOrFloatBitWidth());
  for (int64_t number = 0; number < count; ++number) {
    Value place = code.add(index, code.index(number));
    Value one = mlir::memref::LoadOp::create(b, code.loc, buffer, place);
    one = arith::BitcastOp::create(b, code.loc, b.getIntegerType(bits), one);
    one = arith::ExtUIOp::create(b, code.loc, i32, one);
    one = arith::ShLIOp::create(b, code.loc, one, scalar.integer(i32, number * bits));
    pack = arith::OrIOp::create(b, code.loc, pack, one);
  }
  return pack;
}

/// Operand `number` of each pack, widened.
Value Tiles::packedOperand(Value packs, int64_t number, Type ofElement) {
  OpBuilder &b = code.builder;
  Type type = packs.getType();
  auto bits = static_cast<int64_t>(ofElement.getIntOrFloatBitWidth());
  // To the upper end first: there bf16 is an f32, and a shift back extends an integer.
  Value upper =
      arith::ShLIOp::create(b, code.loc, packs, scalar.integer(type, 32 - bits * (number + 1)));
  if (ofElement.isBF16()) {
    Value mask = scalar.integer(type, llvm::APInt(32, 0xffff0000));
    upper = arith::AndIOp::create(b, code.loc, upper, mask);
    return arith::BitcastOp::create(b, code.loc, vectorOf(b.getF32Type()), upper);
  }
  Value distance = scalar.integer(type, 32 - bits);
  if (ofElement.isUnsignedInteger())
    return arith::ShRUIOp::create(b, code.loc, upper, distance);
  return arith::ShRSIOp::create(b, code.loc, upper, distance);
}

Value Tiles::multiplyAddPacks(Value a, Value b, Value total, Type elementOfB) {
  OpBuilder &builder = code.builder;
  auto call = [&](StringRef name, Type held) {
    auto type = mlir::VectorType::get({lanes * packSize(held)}, held);
    auto cast = [&](Value packs) {
      return vector::BitCastOp::create(builder, code.loc, type, packs).getResult();
    };
    return mlir::LLVM::CallIntrinsicOp::create(builder, code.loc, total.getType(),
                                               builder.getStringAttr(name),
                                               ValueRange{total, cast(a), cast(b)})
        .getResult(0);
  };
  constexpr int64_t instructionBytes = 64;
  bool isWhole = lanes * 4 == instructionBytes;
  if (isWhole && kernel.target.bfloatDots && element.isBF16())
    return call("llvm.x86.avx512bf16.dpbf16ps.512", element);
  bool haveSigns = element.isUnsignedInteger(8) && elementOfB.isSignlessInteger(8);
  if (isWhole && kernel.target.byteDots && haveSigns)
    return call("llvm.x86.avx512.vpdpbusd.512", elementOfB);
  for (int64_t number = 0; number < packSize(element); ++number)
    total =
        multiplyAdd(packedOperand(a, number, element), packedOperand(b, number, elementOfB), total);
  return total;
}

//===-- Sums --------------------------------------------------------------------------------===//

SmallVector<Value> Tiles::zeros(int64_t count) {
  return SmallVector<Value>(count, scalar.constant(vectorOf(sum), 0.0));
}

Value Tiles::loadSums(Value buffer, Value index, Value mask) {
  return loadLanes(scalar, vectorOf(sum), buffer, index, mask);
}

/// True for a mask of the first lane alone.
static bool isFirstLane(Value mask) {
  auto create = mask ? mask.getDefiningOp<vector::CreateMaskOp>() : vector::CreateMaskOp();
  return create && mlir::getConstantIntValue(mlir::getAsOpFoldResult(create.getOperand(0))) == 1;
}

void Tiles::storeSums(Value value, Value buffer, Value index, Value mask) {
  OpBuilder &b = code.builder;
  if (isFirstLane(mask)) {
    // LLVM 22 stores two elements for such a mask on four of 16 bits.
    Value first = vector::ExtractOp::create(b, code.loc, value, ArrayRef<int64_t>{0});
    mlir::memref::StoreOp::create(b, code.loc, first, buffer, index);
  } else if (mask) {
    vector::MaskedStoreOp::create(b, code.loc, buffer, ValueRange(index), mask, value);
  } else {
    vector::StoreOp::create(b, code.loc, value, buffer, ValueRange(index));
  }
}

Value Tiles::sumLanes(Value value) {
  OpBuilder &b = code.builder;
  Type type = isa<mlir::FloatType>(sum) ? sum : Scalar::heldType(sum);
  for (int64_t width = lanes; width > 1; width /= 2) {
    auto half = [&](int64_t from) {
      SmallVector<int64_t> places = llvm::to_vector(llvm::seq(from, from + width / 2));
      return vector::ShuffleOp::create(b, code.loc, value, value, places).getResult();
    };
    Value low = half(0), high = half(width / 2);
    value = isa<mlir::FloatType>(type) ? scalar.addf(low, high)
                                       : arith::AddIOp::create(b, code.loc, low, high).getResult();
  }
  return vector::ExtractOp::create(b, code.loc, value, ArrayRef<int64_t>{0});
}

SmallVector<Value> transposed(Code &code, SmallVector<Value> rows) {
  int64_t count = rows.size();
  for (int64_t distance = count / 2; distance > 0; distance /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < count; ++lane) {
      bool isSecond = lane & distance;
      low.push_back(isSecond ? count + lane - distance : lane);
      high.push_back(isSecond ? count + lane : lane + distance);
    }
    for (int64_t row = 0; row < count; ++row) {
      if (row & distance)
        continue;
      Value a = rows[row], b = rows[row + distance];
      auto shuffle = [&](ArrayRef<int64_t> places) {
        return mlir::vector::ShuffleOp::create(code.builder, code.loc, a, b, places).getResult();
      };
      rows[row] = shuffle(low);
      rows[row + distance] = shuffle(high);
    }
  }
  return rows;
}

//===-- Tiles -------------------------------------------------------------------------------===//

SmallVector<Value> Tiles::outerProducts(TileShape shape, ArrayRef<Value> sizes,
                                        ArrayRef<Value> totals,
                                        llvm::function_ref<Value(int64_t, ArrayRef<Value>)> a,
                                        llvm::function_ref<Value(int64_t, ArrayRef<Value>)> b) {
  return code.nest(sizes, totals, [&](ArrayRef<Value> places, ValueRange current) {
    return productStep(
        shape, current, [&](int64_t i) { return a(i, places); },
        [&](int64_t j) { return b(j, places); });
  });
}

SmallVector<Value> Tiles::productStep(TileShape shape, ValueRange totals,
                                      llvm::function_ref<Value(int64_t)> a,
                                      llvm::function_ref<Value(int64_t)> b) {
  SmallVector<Value> across, next;
  for (int64_t j = 0; j < shape.vectors; ++j)
    across.push_back(b(j));
  for (int64_t i = 0; i < shape.rows; ++i) {
    Value down = spread(a(i));
    for (int64_t j = 0; j < shape.vectors; ++j)
      next.push_back(multiplyAdd(down, across[j], totals[i * shape.vectors + j]));
  }
  return next;
}

SmallVector<Value> Tiles::unrolledProducts(TileShape shape, Value length, int64_t steps,
                                           ArrayRef<Value> totals,
                                           llvm::function_ref<Value(int64_t, Value)> a,
                                           llvm::function_ref<Value(int64_t, Value)> b) {
  auto step = [&](Value k, ValueRange current) {
    return productStep(
        shape, current, [&](int64_t i) { return a(i, k); }, [&](int64_t j) { return b(j, k); });
  };
  Value whole = code.sub(length, code.rem(length, code.index(steps)));
  SmallVector<Value> sums =
      code.loop(code.index(0), whole, steps, totals, [&](Value k, ValueRange current) {
        SmallVector<Value> next(current);
        for (int64_t i = 0; i < steps; ++i)
          next = step(code.add(k, code.index(i)), next);
        return next;
      });
  return code.loop(whole, length, 1, sums, step);
}

/// Tiles of 8 x 3 vectors with 32 registers and 6 x 2 with 16 leave room for the operands; both
/// were the fastest of those that do in a sweep on a Zen 5 core, and narrow results take taller
/// ones.
TileShape tileShapeFor(VectorTarget target, int64_t lanes, std::optional<int64_t> rows,
                       std::optional<int64_t> columns) {
  bool many = target.registers >= 32;
  int64_t across = columns ? llvm::divideCeil(std::max<int64_t>(*columns, 1), lanes) : 8;
  int64_t widest = rows && *rows == 1 ? (many ? 8 : 4) : (many ? 3 : 2);
  TileShape shape;
  shape.vectors = std::min(widest, across);
  int64_t highest = many ? 8 : 6;
  if (many && columns && across == 4) {
    shape.vectors = 4;
    highest = 6;
  }
  if (shape.vectors == 1)
    highest = many ? 12 : 8;
  shape.rows = balancedTile(rows, highest);
  return shape;
}

int64_t balancedTile(std::optional<int64_t> extent, int64_t most) {
  if (!extent || *extent <= 0)
    return most;
  return llvm::divideCeil(*extent, llvm::divideCeil(*extent, most));
}

int64_t evenBlocks(int64_t extent, int64_t most) {
  constexpr int64_t threads = 4;
  int64_t fewest = llvm::divideCeil(extent, most), best = most;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (int64_t blocks = fewest; fewest > 1 && blocks <= fewest + fewest / 2; ++blocks) {
    int64_t length = llvm::divideCeil(extent, blocks);
    int64_t rounds = llvm::divideCeil(llvm::divideCeil(extent, length), threads);
    if (rounds * length < least) {
      least = rounds * length;
      best = length;
    }
  }
  return best;
}

void forTiles(Code &code, Value count, std::optional<int64_t> extent, int64_t tile,
              llvm::function_ref<void(Value, int64_t)> body) {
  Value zero = code.index(0);
  if (tile == 1)
    return code.loop(zero, count, 1, [&](Value start) { body(start, 1); });
  Value rest = code.rem(count, code.index(tile));
  Value whole = code.sub(count, rest);
  if (!extent || *extent >= tile)
    code.loop(zero, whole, tile, [&](Value start) { body(start, tile); });
  if (!extent)
    return code.loop(whole, count, 1, [&](Value start) { body(start, 1); });
  if (int64_t remainder = *extent % tile)
    code.loop(whole, count, remainder, [&](Value start) { body(start, remainder); });
}

} // namespace weft
