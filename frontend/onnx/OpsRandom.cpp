// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random tensors, by the dialect's generator. The standard leaves the numbers open: here the
// attribute `seed` (the bits of its f32; 0 where it is missing) is the key and the number of the
// node in the file the stream, so a model gives the same numbers in each run and nodes differ.

#include "frontend/onnx/Importer.h"
#include "frontend/onnx/OpsCommon.h"
#include "frontend/onnx/TensorData.h"

namespace weft {

using Dims = SmallVector<Dim>;

/// Streams that one node may use, for several draws.
static constexpr int64_t drawsPerNode = 4;

/// The seed of Dropout is an integer, that of all others a float.
static int64_t seedOf(Node &n) {
  if (n.op() == "Dropout")
    return n.integer("seed", 0);
  return llvm::bit_cast<uint32_t>(static_cast<float>(n.real("seed", 0)));
}

Value randomUniform(Node &n, ArrayRef<Dim> shape, int64_t draw) {
  GraphBuilder &b = n.b;
  Type seedType = mlir::IntegerType::get(b.builder.getContext(), 64, mlir::IntegerType::Unsigned);
  Value bits = b.randomBits(b.scalarInteger(seedType, seedOf(n)), shape,
                            n.importer.nodeNumber() * drawsPerNode + draw);
  // The 24 high bits are all that an f32 below 1 can hold.
  Value high = b.cast(b.binary<ShiftRightOp>(bits, 8), b.i32());
  return b.binary<MulOp>(b.cast(high, b.f32()), 0x1p-24);
}

/// The type that the attribute `dtype` names.
static Type typeFromAttribute(Node &n, Type otherwise) {
  if (!n.hasAttribute("dtype"))
    return otherwise;
  auto found = onnxElementType(static_cast<int>(n.integer("dtype", 1)), n.importer.getContext());
  if (found)
    return *found;
  n.fail(llvm::toString(found.takeError()));
  return nullptr;
}

static std::optional<Dims> shapeFromAttribute(Node &n) {
  if (!n.needs("shape"))
    return std::nullopt;
  Dims shape;
  for (int64_t size : n.integers("shape")) {
    if (size < 0) {
      n.fail("the shape has a dimension of " + Twine(size));
      return std::nullopt;
    }
    shape.push_back(Dim(size));
  }
  return shape;
}

/// Box & Muller 1958: sqrt(-2 log(1 - u)) cos(2 pi v).
static Value normal(Node &n, ArrayRef<Dim> shape) {
  GraphBuilder &b = n.b;
  Value u = randomUniform(n, shape, 0), v = randomUniform(n, shape, 1);
  Value radius = b.unary<SqrtOp>(b.binary<MulOp>(b.unary<LogOp>(b.sub(b.splatLike(u, 1), u)), -2));
  return b.mul(radius, b.unary<CosOp>(b.binary<MulOp>(v, 2 * llvm::numbers::pi)));
}

static void finishNormal(Node &n, ArrayRef<Dim> shape, Type type) {
  double mean = n.real("mean", 0), scale = n.real("scale", 1);
  if (!type)
    return;
  Value x = n.b.binary<AddOp>(n.b.binary<MulOp>(normal(n, shape), scale), mean);
  n.set(0, n.b.cast(x, type));
}

static void finishUniform(Node &n, ArrayRef<Dim> shape, Type type) {
  double low = n.real("low", 0), high = n.real("high", 1);
  if (!type)
    return;
  Value x = n.b.binary<AddOp>(n.b.binary<MulOp>(randomUniform(n, shape), high - low), low);
  n.set(0, n.b.cast(x, type));
}

using Finish = void (*)(Node &, ArrayRef<Dim>, Type);

template <Finish finish> static void ofShape(Node &n) {
  if (auto shape = shapeFromAttribute(n))
    finish(n, *shape, typeFromAttribute(n, n.b.f32()));
}

template <Finish finish> static void like(Node &n) {
  finish(n, n.dims(0), typeFromAttribute(n, n.b.element(n.input(0))));
}

static void bernoulli(Node &n) {
  Value p = n.input(0);
  Type type = typeFromAttribute(n, n.b.element(p));
  if (!type)
    return;
  Value draw = randomUniform(n, n.b.dims(p));
  n.set(0, n.b.cast(n.b.compare(ComparePredicate::Lt, draw, n.b.cast(p, n.b.f32())), type));
}

/// Inverts the distribution's running sum: as many classes lie below the draw as are skipped.
static void multinomial(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0);
  int64_t samples = n.integer("sample_size", 1);
  Type type = typeFromAttribute(n, b.i32());
  if (b.rank(x) != 2 || samples < 0 || !type)
    return n.fail("an input [batch, classes] and a sample_size of at least 0 are expected");
  Dims shape = b.dims(x);
  Value sums = b.cumulative(CumulativeKind::Sum, b.softmax(b.cast(x, b.f32()), 1), 1);
  Value draw = b.expandDims(randomUniform(n, {shape[0], Dim(samples)}), 2);
  Value below = b.compare(ComparePredicate::Le, b.expandDims(sums, 1), draw);
  Value index = b.reduce(ReduceKind::Sum, b.cast(below, b.i64()), 2);
  n.set(0, b.cast(b.binary<MinOp>(index, b.size(shape[1] - Dim(1))), type));
}

//===-- Dropout -----------------------------------------------------------------------------===//

/// Keeps each element with the probability 1 - ratio and scales it, so that sums stay the same.
static std::pair<Value, Value> drop(Node &n, Value ratio) {
  GraphBuilder &b = n.b;
  Value x = n.input(0), wide = b.cast(x, wideType(b, b.element(x)));
  Value keep = b.compare(ComparePredicate::Ge, randomUniform(n, b.dims(x)), ratio);
  Value one = b.scalar(b.f32(), 1);
  Value scaled = b.mul(wide, b.cast(b.div(one, b.sub(one, ratio)), b.element(wide)));
  return {b.cast(b.select(keep, scaled, b.splatLike(wide, 0)), b.element(x)), keep};
}

static Value allTrue(Node &n) {
  return n.b.cast(n.b.splat(n.b.i32(), 1, n.dims(0)), n.b.boolType());
}

/// Opset 1 and 6 train unless `is_test` says otherwise; the mask has the type of the data.
static void oldDropout(Node &n) {
  n.ignore("consumed_inputs");
  double ratio = n.real("ratio", 0.5);
  Type type = n.b.element(n.input(0));
  if (n.integer("is_test", 0) != 0 || ratio == 0) {
    n.set(0, n.input(0));
    return n.set(1, n.b.splatLike(n.input(0), 1));
  }
  auto [result, keep] = drop(n, n.b.scalar(n.b.f32(), ratio));
  n.set(0, result);
  n.set(1, n.b.cast(keep, type));
}

/// Opset 7 to 11 infer only. The mask is of the data's type in opset 7, of bools in opset 10.
template <bool maskOfBools> static void inferringDropout(Node &n) {
  n.ignore("ratio");
  n.set(0, n.input(0));
  n.set(1, maskOfBools ? allTrue(n) : n.b.splatLike(n.input(0), 1));
}

static bool isKnownZero(Node &n, Value value) {
  auto known = n.maybeKnown(value);
  return known && known->size() == 1 && known->front() == Dim(0);
}

/// From opset 12 ratio and mode are inputs. Exporters leave it in training mode with a ratio of 0,
/// which keeps everything.
static void dropout(Node &n) {
  GraphBuilder &b = n.b;
  n.ignore("seed");
  Value x = n.input(0), mode = n.optionalInput(2);
  if (!mode || isKnownZero(n, mode) || isKnownZero(n, n.optionalInput(1))) {
    n.set(0, x);
    return n.set(1, allTrue(n));
  }
  Value ratio = n.has(1) ? b.reshape(b.cast(n.input(1), b.f32()), {}) : b.scalar(b.f32(), 0.5);
  auto [result, keep] = drop(n, ratio);
  Value isTraining = b.reshape(mode, {});
  n.set(0, b.select(isTraining, result, x));
  n.set(1, b.select(isTraining, keep, allTrue(n)));
}

//===-- The table ---------------------------------------------------------------------------===//

// clang-format off
static constexpr OnnxRow rows[] = {
    {"Bernoulli", 15, bernoulli},
    {"Dropout", 1, oldDropout},
    {"Dropout", 7, inferringDropout<false>},
    {"Dropout", 10, inferringDropout<true>},
    {"Dropout", 12, dropout},
    {"Multinomial", 7, multinomial},
    {"RandomNormal", 1, ofShape<finishNormal>},
    {"RandomNormalLike", 1, like<finishNormal>},
    {"RandomUniform", 1, ofShape<finishUniform>},
    {"RandomUniformLike", 1, like<finishUniform>},
};
// clang-format on

ArrayRef<OnnxRow> onnxRandomRows() { return rows; }

} // namespace weft
