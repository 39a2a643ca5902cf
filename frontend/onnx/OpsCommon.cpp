// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes and positions, as several families need them.

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

} // namespace weft
