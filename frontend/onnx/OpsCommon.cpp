// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes, positions and interpolation, as several families need them.

#include "frontend/onnx/OpsCommon.h"

namespace weft {

Value alongChannels(GraphBuilder &b, Value vector, Value like) {
  SmallVector<Dim> shape = b.dims(vector);
  for (int64_t axis = 2; axis < b.rank(like); ++axis)
    shape.push_back(Dim(1));
  return b.reshape(vector, shape);
}

Value wrapIndex(GraphBuilder &b, Value index, const Dim &size) {
  Value wide = b.cast(index, b.i64());
  Value isNegative = b.compare(ComparePredicate::Lt, wide, 0.0);
  return b.select(isNegative, b.add(wide, b.size(size)), wide);
}

Value linearIndex(GraphBuilder &b, ArrayRef<Value> indices, ArrayRef<Dim> shape) {
  Value result;
  for (auto [index, size] : llvm::zip(indices, shape)) {
    Value wrapped = wrapIndex(b, index, size);
    result = result ? b.add(b.mul(result, b.size(size)), wrapped) : wrapped;
  }
  return result;
}

Value flatten(GraphBuilder &b, Value x) { return b.reshape(x, productOf(b.dims(x))); }

Value countTrue(GraphBuilder &b, Value mask) {
  return b.reduce(ReduceKind::Sum, b.cast(mask, b.i64()), 0);
}

/// For each true element of a vector how many are true before it; the size of the vector for the
/// others, where a scatter drops what it is given.
static Value ranks(GraphBuilder &b, Value mask) {
  Value ones = b.cast(mask, b.i64());
  Value before = b.cumulative(CumulativeKind::Sum, ones, 0, /*exclusive=*/true);
  return mask ? b.select(mask, before, b.size(b.dims(mask)[0])) : mask;
}

Value compact(GraphBuilder &b, Value x, Value mask) {
  return b.scatter(ScatterKind::Set, b.splatLike(x, 0), ranks(b, mask), x, 0);
}

void setMoved(Node &n, Value moved,
              llvm::function_ref<std::optional<int64_t>(int64_t axis)> axisOf) {
  const OnnxValue &given = n.value(0);
  if (!given.count)
    return n.set(0, moved);
  if (std::optional<int64_t> axis = axisOf(given.countAxis))
    return n.setBounded(0, moved, *axis, given.count);
  n.fail("the size of dimension " + Twine(given.countAxis) + " of '" + n.proto.input(0) +
         "' depends on data: that dimension can only be kept as it is");
}

Value cubicKernel(GraphBuilder &b, Value distance, double a) {
  Value x = b.unary<AbsOp>(distance);
  auto horner = [&](ArrayRef<double> coefficients) {
    Value sum = b.splatLike(x, coefficients.front());
    for (double next : coefficients.drop_front())
      sum = b.binary<AddOp>(b.mul(sum, x), next);
    return sum;
  };
  Value near = horner({a + 2, -(a + 3), 0, 1}), far = horner({a, -5 * a, 8 * a, -4 * a});
  Value isNear = b.compare(ComparePredicate::Le, x, 1.0);
  Value isFar = b.compare(ComparePredicate::Lt, x, 2.0);
  return b.select(isNear, near, b.select(isFar, far, b.splatLike(x, 0)));
}

Value linearKernel(GraphBuilder &b, Value distance) {
  return b.binary<MaxOp>(b.sub(b.splatLike(distance, 1), b.unary<AbsOp>(distance)), 0.0);
}

} // namespace weft
