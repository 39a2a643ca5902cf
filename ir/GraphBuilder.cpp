// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks operands through the inference functions, then creates or folds.

#include "ir/GraphBuilder.h"

#include "ir/Constants.h"

#include "mlir/IR/Verifier.h"

namespace weft {

using Values = GraphBuilder::Values;

Value GraphBuilder::fail(const Twine &reason) {
  if (whyNot.empty())
    whyNot = reason.str();
  return Value();
}

Value GraphBuilder::failTypes(Value a, Value b) {
  return fail("operands have the element types " + languageName(element(a)) + " and " +
              languageName(element(b)) + ", but they must be equal");
}

/// Checks the operation itself; those in its regions were checked when they were made. mlir::verify
/// would also look for what dominates them, which cannot be seen while the region around `op` has
/// no operation yet.
bool GraphBuilder::isValid(Operation *op) {
  std::string reason;
  {
    mlir::ScopedDiagnosticHandler handler(builder.getContext(), [&](mlir::Diagnostic &diagnostic) {
      if (reason.empty())
        reason = diagnostic.str();
      return success();
    });
    if (succeeded(op->getName().verifyInvariants(op)) &&
        succeeded(op->getName().verifyRegionInvariants(op)))
      return true;
  }
  op->erase();
  fail(reason);
  return false;
}

Value GraphBuilder::finish(Operation *op) {
  if (!isValid(op))
    return Value();
  Values results;
  if (failed(builder.tryFold(op, results)) || results.empty())
    return op->getResult(0);
  op->erase();
  return results.front();
}

//===-- Values from nothing -----------------------------------------------------------------===//

Value GraphBuilder::constant(mlir::ElementsAttr value) { return make<ConstantOp>(value); }

static Attribute numberOf(Type type, double value) {
  WideElement wide;
  wide.real = value;
  wide.integer = isa<mlir::FloatType>(type) ? 0 : static_cast<int64_t>(value);
  return makeConstant(RankedTensorType::get({}, type), wide);
}

Value GraphBuilder::scalar(Type type, double value) {
  return constant(mlir::cast<mlir::ElementsAttr>(numberOf(type, value)));
}

Value GraphBuilder::scalarInteger(Type type, int64_t value) {
  WideElement wide;
  wide.integer = value;
  wide.real = static_cast<double>(value);
  return constant(
      mlir::cast<mlir::ElementsAttr>(makeConstant(RankedTensorType::get({}, type), wide)));
}

static RankedTensorType vectorType(size_t size, Type element) {
  return RankedTensorType::get({static_cast<int64_t>(size)}, element);
}

Value GraphBuilder::integers(ArrayRef<int64_t> values, Type type) {
  std::vector<WideElement> wide;
  for (int64_t value : values)
    wide.push_back({static_cast<double>(value), value});
  auto made = makeConstant(vectorType(values.size(), type ? type : i64()), wide);
  return constant(mlir::cast<mlir::ElementsAttr>(made));
}

Value GraphBuilder::reals(ArrayRef<double> values, Type type) {
  std::vector<WideElement> wide;
  for (double value : values)
    wide.push_back({value, 0});
  return constant(
      mlir::cast<mlir::ElementsAttr>(makeConstant(vectorType(values.size(), type), wide)));
}

Value GraphBuilder::splat(Type type, double value, ArrayRef<Dim> shape) {
  return broadcastTo(scalar(type, value), shape);
}

Value GraphBuilder::splatLike(Value like, double value) {
  return like ? splat(element(like), value, dims(like)) : Value();
}

Value GraphBuilder::size(const Dim &dim) {
  if (std::optional<int64_t> known = dim.constant())
    return scalarInteger(i64(), *known);
  return make<SizeOp>(RankedTensorType::get({}, i64()), ShapeAttr::get(builder.getContext(), dim));
}

Value GraphBuilder::sizes(ArrayRef<Dim> all) {
  SmallVector<int64_t> known;
  for (const Dim &dim : all)
    if (std::optional<int64_t> constant = dim.constant())
      known.push_back(*constant);
  if (known.size() == all.size())
    return integers(known);
  Values parts = llvm::map_to_vector(all, [&](const Dim &dim) { return size(dim); });
  return stack(parts, 0);
}

Value GraphBuilder::iota(Type type, ArrayRef<Dim> shape, int64_t axis) {
  return make<IotaOp>(tensorType(shape, type), static_cast<uint64_t>(axis));
}

//===-- Element-wise ------------------------------------------------------------------------===//

bool GraphBuilder::align(ArrayRef<Value *> values) {
  SmallVector<SmallVector<Dim>> shapes;
  for (Value *value : values) {
    if (!*value)
      return false;
    shapes.push_back(dims(*value));
  }
  std::string reason;
  FailureOr<SmallVector<Dim>> common = broadcastDims(shapes, reason);
  if (failed(common)) {
    fail(reason);
    return false;
  }
  for (Value *value : values)
    *value = broadcastTo(*value, *common);
  return true;
}

Value GraphBuilder::isNan(Value x) {
  return x ? make<IsNanOp>(withElementType(x.getType(), boolType()), x) : x;
}

Value GraphBuilder::isInf(Value x) {
  return x ? make<IsInfOp>(withElementType(x.getType(), boolType()), x) : x;
}

Value GraphBuilder::compare(ComparePredicate predicate, Value a, Value b) {
  if (!align({&a, &b}))
    return Value();
  if (element(a) != element(b))
    return failTypes(a, b);
  return make<CompareOp>(withElementType(a.getType(), boolType()), predicate, a, b);
}

Value GraphBuilder::select(Value condition, Value onTrue, Value onFalse) {
  if (!align({&condition, &onTrue, &onFalse}))
    return Value();
  if (element(onTrue) != element(onFalse))
    return failTypes(onTrue, onFalse);
  return make<SelectOp>(onTrue.getType(), condition, onTrue, onFalse);
}

Value GraphBuilder::cast(Value x, Type type) {
  if (!x || element(x) == type)
    return x;
  return make<CastOp>(withElementType(x.getType(), type), x);
}

//===-- Movement ----------------------------------------------------------------------------===//

Value GraphBuilder::broadcast(Value x, ArrayRef<int64_t> along, ArrayRef<Dim> shape) {
  if (!x)
    return x;
  std::string reason;
  if (failed(checkBroadcast(typeOf(x), along, shape, reason)))
    return fail(reason);
  RankedTensorType type = tensorType(shape, element(x));
  return type == x.getType() ? x : make<BroadcastOp>(type, x, along);
}

Value GraphBuilder::broadcastTo(Value x, ArrayRef<Dim> shape) {
  if (!x)
    return x;
  int64_t missing = static_cast<int64_t>(shape.size()) - rank(x);
  if (missing < 0)
    return fail("a tensor of shape " + languageList(dims(x)) + " cannot be broadcast to " +
                languageList(shape));
  SmallVector<int64_t> along = llvm::to_vector(llvm::seq<int64_t>(missing, shape.size()));
  return broadcast(x, along, shape);
}

Value GraphBuilder::reshape(Value x, ArrayRef<Dim> shape) {
  if (!x)
    return x;
  if (!agree(productOf(dims(x)), productOf(shape)))
    return fail("a tensor of shape " + languageList(dims(x)) + " cannot become " +
                languageList(shape) + ": the numbers of elements differ");
  RankedTensorType type = tensorType(shape, element(x));
  return type == x.getType() ? x : make<ReshapeOp>(type, x);
}

Value GraphBuilder::expandDims(Value x, ArrayRef<int64_t> axes) {
  SmallVector<Dim> shape;
  size_t next = 0, total = dims(x).size() + axes.size();
  SmallVector<Dim> old = dims(x);
  for (size_t i = 0; i < total; ++i)
    if (llvm::is_contained(axes, static_cast<int64_t>(i)))
      shape.push_back(1);
    else if (next < old.size())
      shape.push_back(old[next++]);
    else
      return x ? fail("axes lie outside of the result") : x;
  return reshape(x, shape);
}

Value GraphBuilder::squeeze(Value x, ArrayRef<int64_t> axes) {
  SmallVector<Dim> shape;
  for (auto [axis, dim] : llvm::enumerate(dims(x)))
    if (!llvm::is_contained(axes, static_cast<int64_t>(axis)))
      shape.push_back(dim);
  return reshape(x, shape);
}

Value GraphBuilder::transpose(Value x, ArrayRef<int64_t> permutation) {
  if (!x)
    return x;
  std::string reason;
  Inferred type = inferTranspose(typeOf(x), permutation, reason);
  return failed(type) ? fail(reason) : make<TransposeOp>(*type, x, permutation);
}

Value GraphBuilder::slice(Value x, ArrayRef<Dim> starts, ArrayRef<Dim> ends,
                          ArrayRef<int64_t> strides) {
  if (!x)
    return x;
  std::string reason;
  Inferred type = inferSlice(typeOf(x), starts, ends, strides, reason);
  if (failed(type))
    return fail(reason);
  return make<SliceOp>(*type, x, ShapeAttr::get(builder.getContext(), starts), strides);
}

Value GraphBuilder::sliceAxis(Value x, int64_t axis, const Dim &start, const Dim &end) {
  SmallVector<Dim> ends = dims(x), starts(ends.size(), Dim(0));
  if (!x || axis >= rank(x))
    return x ? fail("there is no axis " + Twine(axis)) : x;
  starts[axis] = start;
  ends[axis] = end;
  return slice(x, starts, ends, SmallVector<int64_t>(ends.size(), 1));
}

Value GraphBuilder::reverse(Value x, ArrayRef<int64_t> axes) {
  SmallVector<Dim> ends = dims(x), starts(ends.size(), Dim(0));
  SmallVector<int64_t> strides(ends.size(), 1);
  for (int64_t axis : axes) {
    starts[axis] = ends[axis] - Dim(1);
    ends[axis] = Dim(-1);
    strides[axis] = -1;
  }
  return slice(x, starts, ends, strides);
}

Value GraphBuilder::dynamicSlice(Value x, ArrayRef<Value> starts, ArrayRef<Dim> shape) {
  if (!x || llvm::is_contained(starts, Value()))
    return Value();
  return make<DynamicSliceOp>(tensorType(shape, element(x)), x, starts);
}

Value GraphBuilder::updateSlice(Value x, Value update, ArrayRef<Value> starts) {
  if (!x || !update || llvm::is_contained(starts, Value()))
    return Value();
  return make<UpdateSliceOp>(x.getType(), x, update, starts);
}

Value GraphBuilder::pad(Value x, Value value, ArrayRef<Dim> low, ArrayRef<Dim> high,
                        ArrayRef<int64_t> interior) {
  if (!x || !value)
    return Value();
  SmallVector<int64_t> between(interior);
  between.resize(rank(x), 0);
  std::string reason;
  Inferred type = inferPad(typeOf(x), low, high, between, reason);
  if (failed(type))
    return fail(reason);
  MLIRContext *context = builder.getContext();
  return make<PadOp>(*type, x, value, ShapeAttr::get(context, low), ShapeAttr::get(context, high),
                     between);
}

Value GraphBuilder::concat(ArrayRef<Value> inputs, int64_t axis) {
  SmallVector<RankedTensorType> types;
  for (Value input : inputs) {
    if (!input)
      return Value();
    types.push_back(typeOf(input));
  }
  std::string reason;
  Inferred type = inferConcat(types, axis, reason);
  if (failed(type))
    return fail(reason);
  return make<ConcatOp>(*type, static_cast<uint64_t>(axis), mlir::ValueRange(inputs));
}

Value GraphBuilder::stack(ArrayRef<Value> inputs, int64_t axis) {
  Values parts = llvm::map_to_vector(inputs, [&](Value x) { return expandDims(x, axis); });
  return concat(parts, axis);
}

Value GraphBuilder::gather(Value x, Value indices, int64_t axis, int64_t batchDims) {
  if (!x || !indices)
    return Value();
  std::string reason;
  Inferred type = inferGather(typeOf(x), typeOf(indices), axis, batchDims, reason);
  if (failed(type))
    return fail(reason);
  return make<GatherOp>(*type, x, indices, static_cast<uint64_t>(axis),
                        static_cast<uint64_t>(batchDims));
}

Value GraphBuilder::scatter(ScatterKind kind, Value x, Value indices, Value updates, int64_t axis) {
  if (!x || !indices || !updates)
    return Value();
  std::string reason;
  Inferred type = inferScatterUpdates(typeOf(x), typeOf(indices), axis, reason);
  if (failed(type))
    return fail(reason);
  if (*type != updates.getType())
    return fail("updates are " + languageName(typeOf(updates)) + " where " + languageName(*type) +
                " is expected");
  return make<ScatterOp>(x.getType(), kind, x, indices, updates, static_cast<uint64_t>(axis));
}

//===-- Reductions and windows --------------------------------------------------------------===//

Value GraphBuilder::reduce(ReduceKind kind, Value x, ArrayRef<int64_t> axes, bool keepDims) {
  if (!x)
    return x;
  SmallVector<int64_t> sorted(axes);
  llvm::sort(sorted);
  std::string reason;
  Inferred type = inferReduce(typeOf(x), sorted, reason);
  if (failed(type))
    return fail(reason);
  Value result = make<ReduceOp>(*type, kind, x, sorted);
  return keepDims ? expandDims(result, sorted) : result;
}

Value GraphBuilder::mean(Value x, ArrayRef<int64_t> axes, bool keepDims) {
  if (!x)
    return x;
  Type type = element(x);
  Type wide = isFloat(x) && type.getIntOrFloatBitWidth() < 32 ? f32() : type;
  Dim count(1);
  for (int64_t axis : axes)
    count = count * dims(x)[axis];
  Value sum = reduce(ReduceKind::Sum, cast(x, wide), axes, keepDims);
  return cast(div(sum, cast(size(count), wide)), type);
}

Value GraphBuilder::arg(ArgKind kind, Value x, int64_t axis, Type indexType) {
  if (!x)
    return x;
  std::string reason;
  Inferred type = inferArg(typeOf(x), axis, reason);
  if (failed(type))
    return fail(reason);
  return make<ArgOp>(withElementType(*type, indexType), kind, x, static_cast<uint64_t>(axis));
}

Value GraphBuilder::cumulative(CumulativeKind kind, Value x, int64_t axis, bool exclusive,
                               bool reverse) {
  if (!x)
    return x;
  return make<CumulativeOp>(x.getType(), kind, x, static_cast<uint64_t>(axis), exclusive, reverse);
}

Value GraphBuilder::argSort(Value x, int64_t axis, bool descending) {
  if (!x)
    return x;
  return make<ArgSortOp>(withElementType(x.getType(), i64()), x, static_cast<uint64_t>(axis),
                         descending);
}

Value GraphBuilder::softmax(Value x, int64_t axis) {
  return x ? make<SoftmaxOp>(x.getType(), x, static_cast<uint64_t>(axis)) : x;
}

Value GraphBuilder::logSoftmax(Value x, int64_t axis) {
  return x ? make<LogSoftmaxOp>(x.getType(), x, static_cast<uint64_t>(axis)) : x;
}

Value GraphBuilder::pool(PoolKind kind, Value x, ArrayRef<int64_t> window, const Sliding &sliding,
                         bool countPadding) {
  if (!x)
    return x;
  std::string reason;
  Inferred type = inferPool(typeOf(x), window, sliding, reason);
  if (failed(type))
    return fail(reason);
  return make<PoolOp>(*type, kind, x, window, sliding.strides, sliding.padLow, sliding.padHigh,
                      sliding.dilations, countPadding);
}

//===-- Control -----------------------------------------------------------------------------===//

/// Builds a body in a region that is not yet part of an operation, so that the types of what it
/// yields are known when the operation is made.
Values GraphBuilder::fillRegion(mlir::Region &region, ArrayRef<Type> arguments, Body body) {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Location> places(arguments.size(), loc);
  mlir::Block *block = builder.createBlock(&region, {}, arguments, places);
  Values inputs(block->getArguments().begin(), block->getArguments().end());
  Values results = body(inputs);
  if (llvm::is_contained(results, Value())) {
    fail("a body gave no value");
    return {};
  }
  YieldOp::create(builder, loc, results);
  return results;
}

static SmallVector<Type> typesOf(ArrayRef<Value> values) {
  return llvm::map_to_vector(values, [](Value value) { return value.getType(); });
}

Values GraphBuilder::finishControl(mlir::OperationState &state) {
  Operation *made = builder.create(state);
  if (!isValid(made))
    return {};
  return Values(made->getResults().begin(), made->getResults().end());
}

Values GraphBuilder::ifElse(Value condition, llvm::function_ref<Values()> onTrue,
                            llvm::function_ref<Values()> onFalse) {
  if (!condition)
    return {};
  mlir::OperationState state(loc, IfOp::getOperationName());
  state.operands.push_back(condition);
  Values yes = fillRegion(*state.addRegion(), {}, [&](ArrayRef<Value>) { return onTrue(); });
  Values no = fillRegion(*state.addRegion(), {}, [&](ArrayRef<Value>) { return onFalse(); });
  if (!isGood())
    return {};
  if (typesOf(yes) != typesOf(no)) {
    fail("the two branches give different types");
    return {};
  }
  state.addTypes(typesOf(yes));
  return finishControl(state);
}

Values GraphBuilder::whileLoop(ArrayRef<Value> inits, Body condition, Body body) {
  if (llvm::is_contained(inits, Value()))
    return {};
  mlir::OperationState state(loc, WhileOp::getOperationName());
  state.operands.append(inits.begin(), inits.end());
  state.addTypes(typesOf(inits));
  fillRegion(*state.addRegion(), typesOf(inits), condition);
  Values next = fillRegion(*state.addRegion(), typesOf(inits), body);
  if (isGood() && typesOf(next) != typesOf(inits))
    fail("the loop's body gives other types than it takes");
  return isGood() ? finishControl(state) : Values();
}

Values GraphBuilder::scan(ArrayRef<Value> inits, ArrayRef<Value> xs, Body body) {
  if (llvm::is_contained(inits, Value()) || llvm::is_contained(xs, Value()))
    return {};
  mlir::OperationState state(loc, ScanOp::getOperationName());
  state.operands.append(inits.begin(), inits.end());
  state.operands.append(xs.begin(), xs.end());
  state.addAttribute("operandSegmentSizes",
                     builder.getDenseI32ArrayAttr(
                         {static_cast<int32_t>(inits.size()), static_cast<int32_t>(xs.size())}));
  SmallVector<Type> arguments = typesOf(inits);
  for (Value x : xs) {
    if (rank(x) == 0) {
      fail("a loop over a scalar");
      return {};
    }
    arguments.push_back(tensorType(ArrayRef(dims(x)).drop_front(), element(x)));
  }
  Values yielded = fillRegion(*state.addRegion(), arguments, body);
  if (!isGood())
    return {};
  if (yielded.size() < inits.size() ||
      typesOf(ArrayRef(yielded).take_front(inits.size())) != typesOf(inits)) {
    fail("the loop's body gives other types than it takes");
    return {};
  }
  state.addTypes(typesOf(inits));
  for (Value value : ArrayRef(yielded).drop_front(inits.size())) {
    SmallVector<Dim> shape = {dims(xs.front())[0]};
    llvm::append_range(shape, dims(value));
    state.addTypes(Type(tensorType(shape, element(value))));
  }
  return finishControl(state);
}

} // namespace weft
