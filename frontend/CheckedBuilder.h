// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the dataflow graph of one function: one method for each family of operations of the
// dialect. Callers have checked types and shapes; methods only compute result types. This is the
// one place of the frontend that knows the names of operations' attributes.
#pragma once

#include "frontend/Checked.h"

namespace weft {

/// How a window moves over the spatial dimensions of a convolution or a pooling.
struct WindowGeometry {
  SmallVector<int64_t> strides, padLow, padHigh, dilations;
};

class CheckedBuilder {
public:
  CheckedBuilder(CheckedGraph &graph, MLIRContext *context);

  CheckedGraph &graph;
  MLIRContext *context;
  /// The place in the source that the next operations come from.
  Span span;

  const ValueType &typeOf(ValueId value) const { return graph.values[value].type; }
  const Dims &dimsOf(ValueId value) const { return typeOf(value).dims; }
  Type elementOf(ValueId value) const { return typeOf(value).element; }
  /// The checkpoints that operations are made in, the outermost first: the backward pass computes
  /// their results again.
  SmallVector<int64_t> checkpoints;
  int64_t numCheckpoints = 0;
  /// Operations go to the graph itself, not to a region of one of its operations.
  bool isOutermost() const { return block == &graph.body; }
  size_t numOps() const { return opCount; }

  /// Values that are not results of operations: inputs, parameters, arguments of regions.
  ValueId argument(const ValueType &type);
  /// One operation with one result; `name` lacks the prefix `weft.`.
  ValueId op(StringRef name, ArrayRef<ValueId> operands, const ValueType &result,
             ArrayRef<mlir::NamedAttribute> attributes = {});
  SmallVector<ValueId> opWithRegions(StringRef name, ArrayRef<ValueId> operands,
                                     ArrayRef<ValueType> results, std::vector<CheckedBlock> regions,
                                     ArrayRef<int32_t> segmentSizes = {});

  /// Operations go to `block` until the previous block is put back.
  CheckedBlock *swapBlock(CheckedBlock *block);

  ValueId constant(Type element, double value);
  ValueId constantInteger(Type element, int64_t value);
  /// A constant with one attribute for each element, in row-major order.
  ValueId constantTensor(Type element, ArrayRef<int64_t> shape, ArrayRef<mlir::Attribute> elements);
  /// The value of a dimension expression as an i64 scalar.
  ValueId size(const Dim &dim);
  ValueId splat(Type element, double value, ArrayRef<Dim> dims);

  ValueId unary(StringRef name, ValueId input);
  ValueId binary(StringRef name, ValueId lhs, ValueId rhs);
  ValueId compare(StringRef predicate, ValueId lhs, ValueId rhs);
  ValueId select(ValueId condition, ValueId onTrue, ValueId onFalse);
  ValueId cast(ValueId input, Type element);

  /// Input dimension `i` becomes dimension `along[i]` of the result.
  ValueId broadcast(ValueId input, ArrayRef<int64_t> along, ArrayRef<Dim> dims);
  /// NumPy's rule: trailing dimensions are aligned.
  ValueId broadcastTo(ValueId input, ArrayRef<Dim> dims);
  ValueId reshape(ValueId input, ArrayRef<Dim> dims);
  ValueId transpose(ValueId input, ArrayRef<int64_t> permutation);
  ValueId slice(ValueId input, ArrayRef<Dim> starts, ArrayRef<int64_t> strides,
                ArrayRef<Dim> sizes);
  ValueId dynamicSlice(ValueId input, ArrayRef<ValueId> starts, ArrayRef<Dim> sizes);
  ValueId updateSlice(ValueId input, ValueId update, ArrayRef<ValueId> starts);
  /// `interior` elements between two neighbours; none of them where it is empty.
  ValueId pad(ValueId input, ValueId value, ArrayRef<Dim> low, ArrayRef<Dim> high,
              ArrayRef<int64_t> interior = {});
  ValueId concat(ArrayRef<ValueId> inputs, int64_t axis);
  ValueId gather(ValueId input, ValueId indices, int64_t axis, int64_t batchDims);
  ValueId scatter(StringRef kind, ValueId input, ValueId indices, ValueId updates, int64_t axis);
  ValueId iota(Type element, ArrayRef<Dim> dims, int64_t axis);

  ValueId reduce(StringRef kind, ValueId input, ArrayRef<int64_t> axes);
  /// The sum over the number of elements; f16 and bf16 in f32, where neither of them overflows.
  ValueId mean(ValueId input, ArrayRef<int64_t> axes);
  ValueId arg(StringRef kind, ValueId input, int64_t axis, Type element);
  ValueId argSort(ValueId input, int64_t axis, bool descending);
  ValueId cumulative(StringRef kind, ValueId input, int64_t axis, bool exclusive, bool reverse);
  ValueId softmax(StringRef name, ValueId input, int64_t axis);

  /// `labels` as in `bik,bkj->bij`; the caller holds the operation's constraints.
  ValueId contract(StringRef labels, ValueId lhs, ValueId rhs);
  ValueId conv(ValueId input, ValueId filter, const WindowGeometry &geometry, int64_t groups);
  ValueId convTranspose(ValueId input, ValueId filter, const WindowGeometry &geometry,
                        ArrayRef<int64_t> outputPadding, int64_t groups);
  ValueId pool(StringRef kind, ValueId input, ArrayRef<int64_t> window,
               const WindowGeometry &geometry, bool countPadding);

  ValueId layerNorm(ValueId input, ArrayRef<ValueId> scaleAndShift, int64_t axis, double epsilon);
  ValueId rmsNorm(ValueId input, ArrayRef<ValueId> scale, int64_t axis, double epsilon);
  ValueId batchNorm(ValueId input, ArrayRef<ValueId> statistics, double epsilon);
  ValueId groupNorm(ValueId input, ArrayRef<ValueId> scaleAndShift, int64_t groups, double epsilon);
  ValueId attention(ArrayRef<ValueId> operands, double scale, bool causal);
  ValueId randomBits(ValueId seed, ArrayRef<Dim> dims, int64_t stream);

  /// The gradients of `outputs`, times `gradients`, for `wrt`; and the tangents of `outputs`.
  SmallVector<ValueId> vjp(ArrayRef<ValueId> outputs, ArrayRef<ValueId> gradients,
                           ArrayRef<ValueId> wrt);
  SmallVector<ValueId> jvp(ArrayRef<ValueId> outputs, ArrayRef<ValueId> wrt,
                           ArrayRef<ValueId> tangents);

private:
  void append(CheckedOp op);
  mlir::NamedAttribute attribute(StringRef name, mlir::Attribute value);
  mlir::NamedAttribute integer(StringRef name, int64_t value);
  mlir::NamedAttribute integers(StringRef name, ArrayRef<int64_t> values);
  mlir::NamedAttribute real(StringRef name, double value);
  mlir::NamedAttribute segments(ArrayRef<int32_t> sizes);
  mlir::NamedAttribute optionalPair(ArrayRef<ValueId> scaleAndShift);
  mlir::NamedAttribute shape(StringRef name, ArrayRef<Dim> dims);
  void addFlag(llvm::SmallVectorImpl<mlir::NamedAttribute> &attributes, StringRef name,
               bool present);
  void addGeometry(llvm::SmallVectorImpl<mlir::NamedAttribute> &attributes,
                   const WindowGeometry &geometry);

  CheckedBlock *block;
  size_t opCount = 0;
};

} // namespace weft
