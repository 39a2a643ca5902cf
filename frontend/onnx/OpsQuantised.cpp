// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integers that stand for reals: real = (integer - zero point) * scale. Scales and zero points are
// single numbers, vectors along one axis, or one for each block of an axis.

#include "frontend/onnx/TensorData.h"
#include "frontend/onnx/Windows.h"

#include "frontend/onnx/Importer.h"

namespace weft {

using Dims = SmallVector<Dim>;

//===-- Scales and zero points --------------------------------------------------------------===//

/// One entry for each block of `size` along `axis`, in the shape of `like`.
static Value spreadBlocks(Node &n, Value factor, Value like, int64_t axis, int64_t size) {
  GraphBuilder &b = n.b;
  Dims shape = b.dims(like), blocks = shape;
  blocks[axis] = shape[axis].ceilDiv(Dim(size));
  if (b.dims(factor) != blocks) {
    n.fail("scales or zero points are " + languageList(b.dims(factor)) + ", but blocks of " +
           Twine(size) + " along axis " + Twine(axis) + " need " + languageList(blocks));
    return Value();
  }
  Dims repeated = blocks, whole = blocks;
  repeated.insert(repeated.begin() + axis + 1, Dim(size));
  whole[axis] = blocks[axis] * Dim(size);
  SmallVector<int64_t> along = allAxes(b.rank(like));
  for (int64_t i = axis + 1; i < b.rank(like); ++i)
    ++along[i];
  Value spread = b.reshape(b.broadcast(factor, along, repeated), whole);
  return b.sliceAxis(spread, axis, 0, shape[axis]);
}

/// A scale or a zero point in a shape that broadcasts against `like`, by the attributes `axis` and
/// `block_size`.
static Value spread(Node &n, Value factor, Value like) {
  GraphBuilder &b = n.b;
  int64_t given = n.integer("axis", 1), block = n.integer("block_size", 0);
  if (!factor || productOf(b.dims(factor)) == Dim(1))
    return b.reshape(factor, {});
  std::optional<int64_t> axis = n.axis(given, b.rank(like));
  if (!axis)
    return Value();
  if (block < 0) {
    n.fail("block_size is " + Twine(block));
    return Value();
  }
  if (block > 0)
    return spreadBlocks(n, factor, like, *axis, block);
  if (b.rank(factor) == 1)
    return b.broadcast(factor, *axis, b.dims(like));
  n.fail("scales or zero points are " + languageList(b.dims(factor)) +
         ", but a number, a vector or block_size is expected");
  return Value();
}

/// `x` without its zero point, as i32. Integers of 8 and 16 bits lie far inside of its range.
static Value centred(GraphBuilder &b, Value x, Value zero) {
  Value wide = b.cast(x, b.i32());
  return zero ? b.sub(wide, b.cast(zero, b.i32())) : wide;
}

/// saturate(round(quotient) + zero); a cast to an integer saturates.
static Value rounded(GraphBuilder &b, Value quotient, Value zero, Type type) {
  if (!quotient || !type)
    return Value();
  Value whole = b.unary<RoundOp>(b.cast(quotient, wideType(b, b.element(quotient))));
  if (whole && zero)
    whole = b.add(whole, b.cast(zero, b.element(whole)));
  return b.cast(whole, type);
}

//===-- To integers and back ----------------------------------------------------------------===//

/// The element type that an attribute names by the standard's number; `otherwise` if it names none.
static Type namedType(Node &n, StringRef name, Type otherwise) {
  int64_t number = n.integer(name, 0);
  if (number == 0)
    return otherwise;
  auto found = onnxElementType(static_cast<int32_t>(number), n.importer.getContext());
  if (found)
    return *found;
  n.fail(llvm::toString(found.takeError()));
  return nullptr;
}

static void quantize(Node &n) {
  GraphBuilder &b = n.b;
  n.ignore("saturate"); // of float8 alone
  Value x = n.input(0), zero = n.optionalInput(2);
  Type fallback = zero ? b.element(zero) : b.builder.getIntegerType(8, /*isSigned=*/false);
  Type type = namedType(n, "output_dtype", fallback);
  Type precision = namedType(n, "precision", b.element(n.input(1)));
  if (!type || !precision)
    return;
  if (type.isInteger(1) || !isa<mlir::IntegerType>(type) || (zero && b.element(zero) != type))
    return n.fail("the result is " + languageName(type) + " and the zero point " +
                  languageName(b.element(zero ? zero : x)) +
                  ", but one type of integers is needed");
  Value scale = spread(n, n.input(1), x);
  Value quotient = b.div(b.cast(x, precision), b.cast(scale, precision));
  n.set(0, rounded(b, quotient, spread(n, zero, x), type));
}

static void dequantize(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0);
  Type type = namedType(n, "output_dtype", b.element(n.input(1)));
  if (!type)
    return;
  if (!isa<mlir::FloatType>(type) || b.isFloat(x) || b.isBool(x))
    return n.fail("gives " + languageName(type) + " from " + languageName(b.element(x)) +
                  ", but takes integers to floats");
  Value difference = centred(b, x, spread(n, n.optionalInput(2), x));
  Value scale = spread(n, n.input(1), x);
  if (!scale)
    return;
  Type wide = wideType(b, b.element(scale));
  n.set(0, b.cast(b.mul(b.cast(difference, wide), b.cast(scale, wide)), type));
}

/// The scale that takes the range of `x`, 0 included, to 0 ... 255.
static void dynamicQuantize(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0);
  Type u8 = b.builder.getIntegerType(8, /*isSigned=*/false);
  SmallVector<int64_t> axes = allAxes(b.rank(x));
  Value least = b.binary<MinOp>(b.reduce(ReduceKind::Min, x, axes), 0.0);
  Value most = b.binary<MaxOp>(b.reduce(ReduceKind::Max, x, axes), 0.0);
  Value scale = b.binary<DivOp>(b.sub(most, least), 255.0);
  Value zero = b.cast(b.unary<RoundOp>(b.div(b.unary<NegOp>(least), scale)), u8);
  n.set(0, rounded(b, b.div(x, scale), zero, u8));
  n.set(1, scale);
  n.set(2, zero);
}

//===-- Products ----------------------------------------------------------------------------===//

/// A number, or a vector of one entry for each row or column of a matrix, in a shape that
/// broadcasts against it.
static Value alongMatrix(Node &n, Value factor, bool isRows) {
  if (!factor || n.b.rank(factor) != 1)
    return factor;
  if (n.b.dims(factor)[0] == Dim(1))
    return n.b.reshape(factor, {});
  return isRows ? n.b.expandDims(factor, 1) : factor;
}

/// The sums of products of two matrices without their zero points, i32.
static Value integerMatmul(Node &n, Value a, Value zeroA, Value c, Value zeroC) {
  GraphBuilder &b = n.b;
  if (!zeroA && !zeroC && b.element(a) == b.element(c))
    return b.matmul(a, c, b.i32());
  return b.matmul(centred(b, a, alongMatrix(n, zeroA, /*isRows=*/true)),
                  centred(b, c, alongMatrix(n, zeroC, /*isRows=*/false)));
}

/// A filter [O, C, kernel...] without its zero point, which may differ by output channel.
static Value centredFilter(Node &n, Value filter, Value zero) {
  if (zero && n.b.rank(zero) == 1) {
    Dims shape(n.b.rank(filter), Dim(1));
    shape[0] = n.b.dims(zero)[0];
    zero = n.b.reshape(zero, shape);
  }
  return centred(n.b, filter, zero);
}

static Value integerConv(Node &n, Value x, Value zeroX, Value filter, Value zeroFilter) {
  if (zeroX && productOf(n.b.dims(zeroX)) != Dim(1)) {
    n.fail("the input has " + languageList(n.b.dims(zeroX)) + " zero points, but one is expected");
    return Value();
  }
  // Padding stands for the real 0, which is the zero point: 0 after the subtraction.
  Value zero = n.b.reshape(zeroX, {});
  return convolve(n, centred(n.b, x, zero), centredFilter(n, filter, zeroFilter));
}

static void matmulInteger(Node &n) {
  n.set(0, integerMatmul(n, n.input(0), n.optionalInput(2), n.input(1), n.optionalInput(3)));
}

static void convInteger(Node &n) {
  n.set(0, integerConv(n, n.input(0), n.optionalInput(2), n.input(1), n.optionalInput(3)));
}

/// sums * (scaleA * scaleB / scale), rounded and moved by the zero point.
static Value requantize(GraphBuilder &b, Value sums, Value factor, Value scale, Value zero) {
  Value real = b.mul(b.cast(sums, b.f32()), b.div(factor, scale));
  return rounded(b, real, zero, b.element(zero));
}

/// Input `index`, which is one number, as a scalar of f32 (a scale) or as it is (a zero point).
static Value single(Node &n, size_t index, bool isScale) {
  Value given = n.b.reshape(n.input(index), {});
  return isScale ? n.b.cast(given, n.b.f32()) : given;
}

static void linearMatmul(Node &n) {
  GraphBuilder &b = n.b;
  Value sums = integerMatmul(n, n.input(0), n.input(2), n.input(3), n.input(5));
  auto scale = [&](size_t index, bool isRows) {
    return b.cast(alongMatrix(n, n.input(index), isRows), b.f32());
  };
  Value factor = b.mul(scale(1, /*isRows=*/true), scale(4, /*isRows=*/false));
  n.set(0, requantize(b, sums, factor, single(n, 6, true), single(n, 7, false)));
}

static void linearConv(Node &n) {
  GraphBuilder &b = n.b;
  Value sums = integerConv(n, n.input(0), n.input(2), n.input(3), n.input(5));
  if (!sums)
    return;
  auto byChannel = [&](Value vector) {
    return b.rank(vector) == 1 ? alongChannels(b, vector, sums) : vector;
  };
  if (n.has(8))
    sums = b.add(sums, byChannel(n.input(8)));
  Value factor = byChannel(b.mul(single(n, 1, true), b.cast(n.input(4), b.f32())));
  n.set(0, requantize(b, sums, factor, single(n, 6, true), single(n, 7, false)));
}

//===-- The table ---------------------------------------------------------------------------===//

// clang-format off
static constexpr OnnxRow rows[] = {
    {"ConvInteger", 10, convInteger},
    {"DequantizeLinear", 10, dequantize},
    {"DynamicQuantizeLinear", 11, dynamicQuantize},
    {"MatMulInteger", 10, matmulInteger},
    {"QLinearConv", 10, linearConv},
    {"QLinearMatMul", 10, linearMatmul},
    {"QuantizeLinear", 10, quantize},
};
// clang-format on

ArrayRef<OnnxRow> onnxQuantisedRows() { return rows; }

} // namespace weft
