// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What several families of operators share.

#ifndef WEFT_FRONTEND_ONNX_OPSCOMMON_H
#define WEFT_FRONTEND_ONNX_OPSCOMMON_H

#include "frontend/onnx/Operators.h"

namespace weft {

/// 0, 1, ..., rank - 1.
inline SmallVector<int64_t> allAxes(int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(0, rank));
}

/// The type to compute sums and statistics in: f16 and bf16 are too narrow.
inline Type wideType(GraphBuilder &b, Type type) {
  return isa<mlir::FloatType>(type) && type.getIntOrFloatBitWidth() < 32 ? b.f32() : type;
}

/// A vector over the channels, dimension 1 of `like`, in a shape that broadcasts against it.
Value alongChannels(GraphBuilder &b, Value vector, Value like);

/// Linear positions of elements that are named by one index a dimension: row-major, i64.
/// `indices` have one shape; an index below 0 counts from the end.
Value linearIndex(GraphBuilder &b, ArrayRef<Value> indices, ArrayRef<Dim> shape);

/// `index` with `size` added where it is negative, as i64.
Value wrapIndex(GraphBuilder &b, Value index, const Dim &size);

/// All elements as one vector.
Value flatten(GraphBuilder &b, Value x);

/// How many elements of a bool vector are true: i64 of rank 0.
Value countTrue(GraphBuilder &b, Value mask);
/// The rows of `x` where `mask` is true, in front, and 0 behind.
Value compact(GraphBuilder &b, Value x, Value mask);

/// Sets the output to `moved`, whose elements are those of input 0. Where the size of the input
/// along an axis depends on data, `axisOf` tells which axis of the result that is; it is none where
/// the node would have to know the size.
void setMoved(Node &n, Value moved,
              llvm::function_ref<std::optional<int64_t>(int64_t axis)> axisOf);

/// What an element counts for at a distance, element by element. The cubic kernel is that of Keys
/// 1981: 1 at 0 and 0 at the other whole numbers, `a` its free coefficient.
Value linearKernel(GraphBuilder &b, Value distance);
Value cubicKernel(GraphBuilder &b, Value distance, double a);

/// A seed of the generator that differs from node to node: the attribute `seed`, or 0, and the
/// number of the node in the file as the stream.
Value randomUniform(Node &n, ArrayRef<Dim> shape, int64_t draw = 0);

} // namespace weft

#endif // WEFT_FRONTEND_ONNX_OPSCOMMON_H
