// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds a graph of weft operations at one place and location. Result types come from the
// operands, what can be folded is folded at once, and element-wise operands of different shapes
// are broadcast as NumPy does. Whoever makes graphs in C++ (importers, passes) writes with this.

#ifndef WEFT_IR_GRAPHBUILDER_H
#define WEFT_IR_GRAPHBUILDER_H

#include "ir/Infer.h"
#include "ir/WeftOps.h"

#include <string>

namespace weft {

/// A method whose operands do not fit notes why and gives a null Value; a method that is given a
/// null Value gives a null Value. So a chain of calls can be checked once, at its end, with
/// `isGood()`. Callers index the dimensions only of values that they know to be there.
class GraphBuilder {
public:
  using Values = SmallVector<Value>;

  GraphBuilder(OpBuilder &ops, Location place) : builder(ops), loc(place) {}

  OpBuilder &builder;
  Location loc;

  bool isGood() const { return whyNot.empty(); }
  /// What the first failure was, lower case, without a stop.
  const std::string &why() const { return whyNot; }
  void clearFailure() { whyNot.clear(); }
  /// Notes a failure; the first one is kept.
  Value fail(const Twine &reason);

  static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }
  static SmallVector<Dim> dims(Value value) {
    return value ? dimsOf(typeOf(value)) : SmallVector<Dim>();
  }
  static int64_t rank(Value value) { return value ? typeOf(value).getRank() : 0; }
  static Type element(Value value) { return value ? typeOf(value).getElementType() : Type(); }
  static bool isFloat(Value value) { return value && isa<mlir::FloatType>(element(value)); }
  static bool isBool(Value value) { return value && element(value).isInteger(1); }

  Type boolType() { return builder.getI1Type(); }
  Type i32() { return builder.getI32Type(); }
  Type i64() { return builder.getI64Type(); }
  Type f32() { return builder.getF32Type(); }

  //===-- Values from nothing ---------------------------------------------------------------===//

  Value constant(mlir::ElementsAttr value);
  /// One number of rank 0; an integer type takes the value's integer part.
  Value scalar(Type type, double value);
  Value scalarInteger(Type type, int64_t value);
  /// A vector of i64, or of another integer type.
  Value integers(ArrayRef<int64_t> values, Type type = nullptr);
  Value reals(ArrayRef<double> values, Type type);
  /// One number in every place.
  Value splat(Type type, double value, ArrayRef<Dim> shape);
  /// One number in every place, of the shape and type of `like`.
  Value splatLike(Value like, double value);
  /// The value of a dimension expression, i64 of rank 0.
  Value size(const Dim &dim);
  /// A vector of i64 with the values of dimension expressions.
  Value sizes(ArrayRef<Dim> dims);
  /// Counts along `axis`.
  Value iota(Type type, ArrayRef<Dim> shape, int64_t axis);

  //===-- Element-wise ----------------------------------------------------------------------===//

  template <typename Op> Value unary(Value x) { return x ? make<Op>(x.getType(), x) : Value(); }
  Value isNan(Value x);
  Value isInf(Value x);
  /// NumPy's broadcasting; element types are equal.
  template <typename Op> Value binary(Value a, Value b) {
    if (!align({&a, &b}))
      return Value();
    if (element(a) != element(b))
      return failTypes(a, b);
    return make<Op>(a.getType(), a, b);
  }
  template <typename Op> Value binary(Value a, double b) {
    return a ? binary<Op>(a, scalar(element(a), b)) : Value();
  }
  Value compare(ComparePredicate predicate, Value a, Value b);
  Value compare(ComparePredicate predicate, Value a, double b) {
    return a ? compare(predicate, a, scalar(element(a), b)) : Value();
  }
  /// NumPy's broadcasting among all three.
  Value select(Value condition, Value onTrue, Value onFalse);
  Value cast(Value x, Type type);
  Value add(Value a, Value b) { return binary<AddOp>(a, b); }
  Value sub(Value a, Value b) { return binary<SubOp>(a, b); }
  Value mul(Value a, Value b) { return binary<MulOp>(a, b); }
  Value div(Value a, Value b) { return binary<DivOp>(a, b); }

  //===-- Movement --------------------------------------------------------------------------===//

  /// Input dimension `i` becomes dimension `along[i]` of the result.
  Value broadcast(Value x, ArrayRef<int64_t> along, ArrayRef<Dim> shape);
  /// Trailing dimensions are aligned; 1 stretches.
  Value broadcastTo(Value x, ArrayRef<Dim> shape);
  Value reshape(Value x, ArrayRef<Dim> shape);
  /// Puts dimensions of 1 where the result has `axes`, which rise.
  Value expandDims(Value x, ArrayRef<int64_t> axes);
  /// Takes away the dimensions `axes`, which rise and are 1.
  Value squeeze(Value x, ArrayRef<int64_t> axes);
  Value transpose(Value x, ArrayRef<int64_t> permutation);
  /// Elements starts, starts + strides, ... before ends, which the caller has clamped.
  Value slice(Value x, ArrayRef<Dim> starts, ArrayRef<Dim> ends, ArrayRef<int64_t> strides);
  /// The part [start, end) of one axis.
  Value sliceAxis(Value x, int64_t axis, const Dim &start, const Dim &end);
  Value reverse(Value x, ArrayRef<int64_t> axes);
  Value dynamicSlice(Value x, ArrayRef<Value> starts, ArrayRef<Dim> shape);
  Value updateSlice(Value x, Value update, ArrayRef<Value> starts);
  Value pad(Value x, Value value, ArrayRef<Dim> low, ArrayRef<Dim> high,
            ArrayRef<int64_t> interior = {});
  Value concat(ArrayRef<Value> inputs, int64_t axis);
  /// Stacks tensors of one shape along a new axis.
  Value stack(ArrayRef<Value> inputs, int64_t axis);
  Value gather(Value x, Value indices, int64_t axis, int64_t batchDims = 0);
  Value scatter(ScatterKind kind, Value x, Value indices, Value updates, int64_t axis);

  //===-- Reductions and windows --------------------------------------------------------------===//

  Value reduce(ReduceKind kind, Value x, ArrayRef<int64_t> axes, bool keepDims = false);
  /// The sum over the number of elements; f16 and bf16 are summed in f32.
  Value mean(Value x, ArrayRef<int64_t> axes, bool keepDims = false);
  Value arg(ArgKind kind, Value x, int64_t axis, Type indexType);
  Value cumulative(CumulativeKind kind, Value x, int64_t axis, bool exclusive = false,
                   bool reverse = false);
  Value argSort(Value x, int64_t axis, bool descending);
  Value softmax(Value x, int64_t axis);
  Value logSoftmax(Value x, int64_t axis);
  Value pool(PoolKind kind, Value x, ArrayRef<int64_t> window, const Sliding &sliding,
             bool countPadding = false);

  //===-- Contractions and normalisations -----------------------------------------------------===//

  /// `equation` as in "bik,bkj->bij". `result` is the element type of the result where it is
  /// another than that of the operands (i8 and u8 into i32, bf16 into f32); so for all of these.
  Value contract(StringRef equation, Value a, Value b, Type result = nullptr);
  /// NumPy's matmul: vectors are promoted, leading dimensions broadcast.
  Value matmul(Value a, Value b, Type result = nullptr);
  Value conv(Value x, Value filter, const Sliding &sliding, int64_t groups, Type result = nullptr);
  Value convTranspose(Value x, Value filter, const Sliding &sliding,
                      ArrayRef<int64_t> outputPadding, int64_t groups, Type result = nullptr);
  /// The gradient of a convolution of `x` for its filter, of the dimensions `filter`.
  Value convFilterGrad(Value x, Value gradient, ArrayRef<int64_t> filter, const Sliding &sliding,
                       int64_t groups);
  /// Channels last; `channels` says how many the result has. `scales`, if there are any, are those
  /// of a filter of small integers.
  Value packedConv(Value x, Value filter, const Sliding &sliding, PackedChannels channels,
                   Type result = nullptr, Value scales = {});
  Value depthwiseConv(Value x, Value filter, const Sliding &sliding, Type result = nullptr);
  /// The dilations are equal. `image` are the dimensions [N, H, W] that patches were made of, none
  /// for an image.
  Value winogradConv(Value x, Value filter, int64_t tile, const Sliding &sliding, int64_t outputs,
                     ArrayRef<Dim> image = {});
  Value winogradPatches(Value x, int64_t tile, const Sliding &sliding);
  Value layerNorm(Value x, Value scale, Value shift, int64_t axis, double epsilon);
  Value rmsNorm(Value x, Value scale, int64_t axis, double epsilon);
  Value batchNorm(Value x, Value scale, Value shift, Value mean, Value variance, double epsilon);
  Value groupNorm(Value x, Value scale, Value shift, int64_t groups, double epsilon);
  Value attention(Value query, Value key, Value value, Value mask, double scale, bool causal);
  /// u32 of `shape`; `seed` is u64 of rank 0.
  Value randomBits(Value seed, ArrayRef<Dim> shape, int64_t stream);

  //===-- Control -----------------------------------------------------------------------------===//

  using Body = llvm::function_ref<Values(ArrayRef<Value>)>;

  /// The bodies get no arguments; what they give must have the same types.
  Values ifElse(Value condition, llvm::function_ref<Values()> onTrue,
                llvm::function_ref<Values()> onFalse);
  /// `condition` gives one bool of rank 0, `body` the next carries.
  Values whileLoop(ArrayRef<Value> inits, Body condition, Body body);
  /// `body` gets the carries, then one slice of each of `xs` along its first axis; it gives the
  /// next carries, then what is stacked along a new first axis.
  Values scan(ArrayRef<Value> inits, ArrayRef<Value> xs, Body body);

private:
  template <typename Op, typename... Arguments> Value make(Arguments &&...arguments) {
    return finish(Op::create(builder, loc, std::forward<Arguments>(arguments)...));
  }
  /// Verifies a new operation, so that a folder or a later method never meets a wrong one, and
  /// folds it where it can be.
  Value finish(Operation *op);
  /// Erases the operation and notes what the verifier has to say, if it finds anything.
  bool isValid(Operation *op);
  /// Broadcasts values to their common shape; false if one is null or they do not fit.
  bool align(ArrayRef<Value *> values);
  Value failTypes(Value a, Value b);
  Values finishControl(mlir::OperationState &state);
  Values fillRegion(mlir::Region &region, ArrayRef<Type> arguments, Body body);

  std::string whyNot;
};

} // namespace weft

#endif // WEFT_IR_GRAPHBUILDER_H
