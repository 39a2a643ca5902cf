// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One method for each family of operations: the result type, the attributes, the operation.
#include "frontend/CheckedBuilder.h"

#include "ir/Checkpoint.h"

namespace weft {

CheckedBuilder::CheckedBuilder(CheckedGraph &theGraph, MLIRContext *theContext)
    : graph(theGraph), context(theContext), block(&theGraph.body) {}

ValueId CheckedBuilder::argument(const ValueType &type) {
  graph.values.push_back({type, span});
  return graph.values.size() - 1;
}

ValueId CheckedBuilder::op(StringRef name, ArrayRef<ValueId> operands, const ValueType &result,
                           ArrayRef<mlir::NamedAttribute> attributes) {
  CheckedOp made;
  made.name = ("weft." + name).str();
  made.operands.assign(operands.begin(), operands.end());
  made.attributes.assign(attributes.begin(), attributes.end());
  made.span = span;
  ValueId value = argument(result);
  made.results.push_back(value);
  append(std::move(made));
  return value;
}

SmallVector<ValueId> CheckedBuilder::opWithRegions(StringRef name, ArrayRef<ValueId> operands,
                                                   ArrayRef<ValueType> results,
                                                   std::vector<CheckedBlock> regions,
                                                   ArrayRef<int32_t> segmentSizes) {
  CheckedOp made;
  made.name = ("weft." + name).str();
  made.operands.assign(operands.begin(), operands.end());
  made.span = span;
  made.regions = std::move(regions);
  if (!segmentSizes.empty())
    made.attributes.push_back(segments(segmentSizes));
  for (const ValueType &type : results)
    made.results.push_back(argument(type));
  SmallVector<ValueId> values = made.results;
  append(std::move(made));
  return values;
}

void CheckedBuilder::append(CheckedOp op) {
  if (!checkpoints.empty())
    op.attributes.push_back(
        attribute(kCheckpointsAttr, mlir::DenseI64ArrayAttr::get(context, checkpoints)));
  block->ops.push_back(std::move(op));
  ++opCount;
}

static SmallVector<ValueType> typesOf(const CheckedGraph &graph, ArrayRef<ValueId> values) {
  return llvm::map_to_vector(values, [&](ValueId value) { return graph.values[value].type; });
}

static SmallVector<int32_t> segmentSizes(ArrayRef<ArrayRef<ValueId>> segments,
                                         SmallVector<ValueId> &operands) {
  SmallVector<int32_t> sizes;
  for (ArrayRef<ValueId> segment : segments) {
    llvm::append_range(operands, segment);
    sizes.push_back(static_cast<int32_t>(segment.size()));
  }
  return sizes;
}

SmallVector<ValueId> CheckedBuilder::vjp(ArrayRef<ValueId> outputs, ArrayRef<ValueId> gradients,
                                         ArrayRef<ValueId> wrt) {
  SmallVector<ValueId> operands;
  SmallVector<int32_t> sizes = segmentSizes({outputs, gradients, wrt}, operands);
  return opWithRegions("vjp", operands, typesOf(graph, wrt), {}, sizes);
}

SmallVector<ValueId> CheckedBuilder::jvp(ArrayRef<ValueId> outputs, ArrayRef<ValueId> wrt,
                                         ArrayRef<ValueId> tangents) {
  SmallVector<ValueId> operands;
  SmallVector<int32_t> sizes = segmentSizes({outputs, wrt, tangents}, operands);
  return opWithRegions("jvp", operands, typesOf(graph, outputs), {}, sizes);
}

CheckedBlock *CheckedBuilder::swapBlock(CheckedBlock *other) {
  std::swap(block, other);
  return other;
}

//===- Attributes ---------------------------------------------------------------------------------

mlir::NamedAttribute CheckedBuilder::attribute(StringRef name, mlir::Attribute value) {
  return mlir::NamedAttribute(StringAttr::get(context, name), value);
}

mlir::NamedAttribute CheckedBuilder::integer(StringRef name, int64_t value) {
  return attribute(name, mlir::IntegerAttr::get(mlir::IntegerType::get(context, 64), value));
}

mlir::NamedAttribute CheckedBuilder::integers(StringRef name, ArrayRef<int64_t> values) {
  return attribute(name, mlir::DenseI64ArrayAttr::get(context, values));
}

mlir::NamedAttribute CheckedBuilder::real(StringRef name, double value) {
  return attribute(name, mlir::FloatAttr::get(mlir::Float64Type::get(context), value));
}

mlir::NamedAttribute CheckedBuilder::segments(ArrayRef<int32_t> sizes) {
  return attribute("operandSegmentSizes", mlir::DenseI32ArrayAttr::get(context, sizes));
}

void CheckedBuilder::addFlag(llvm::SmallVectorImpl<mlir::NamedAttribute> &attributes,
                             StringRef name, bool present) {
  if (present)
    attributes.push_back(attribute(name, mlir::UnitAttr::get(context)));
}

mlir::NamedAttribute CheckedBuilder::shape(StringRef name, ArrayRef<Dim> dims) {
  return attribute(name, ShapeAttr::get(context, dims));
}

void CheckedBuilder::addGeometry(llvm::SmallVectorImpl<mlir::NamedAttribute> &attributes,
                                 const WindowGeometry &geometry) {
  attributes.push_back(integers("strides", geometry.strides));
  attributes.push_back(integers("pad_low", geometry.padLow));
  attributes.push_back(integers("pad_high", geometry.padHigh));
  attributes.push_back(integers("dilations", geometry.dilations));
}

//===- Constants ----------------------------------------------------------------------------------

static mlir::DenseElementsAttr scalarAttr(Type element, mlir::Attribute value) {
  return mlir::DenseElementsAttr::get(mlir::RankedTensorType::get({}, element), value);
}

ValueId CheckedBuilder::constant(Type element, double value) {
  auto floatType = dyn_cast<mlir::FloatType>(element);
  if (!floatType)
    return constantInteger(element, static_cast<int64_t>(value));
  llvm::APFloat rounded(value);
  bool losesInfo;
  rounded.convert(floatType.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return op("constant", {}, {element, {}},
            {attribute("value", scalarAttr(element, mlir::FloatAttr::get(element, rounded)))});
}

ValueId CheckedBuilder::constantInteger(Type element, int64_t value) {
  if (isFloatElement(element))
    return constant(element, static_cast<double>(value));
  unsigned width = element.getIntOrFloatBitWidth();
  llvm::APInt bits(64, static_cast<uint64_t>(value));
  return op("constant", {}, {element, {}},
            {attribute("value",
                       scalarAttr(element, mlir::IntegerAttr::get(element, bits.trunc(width))))});
}

ValueId CheckedBuilder::constantTensor(Type element, ArrayRef<int64_t> shape,
                                       ArrayRef<mlir::Attribute> elements) {
  auto type = mlir::RankedTensorType::get(shape, element);
  return op("constant", {}, {element, Dims(shape.begin(), shape.end())},
            {attribute("value", mlir::DenseElementsAttr::get(type, elements))});
}

ValueId CheckedBuilder::size(const Dim &dim) {
  Type i64 = mlir::IntegerType::get(context, 64);
  if (std::optional<int64_t> known = dim.constant())
    return constantInteger(i64, *known);
  return op("size", {}, {i64, {}}, {shape("dim", dim)});
}

ValueId CheckedBuilder::splat(Type element, double value, ArrayRef<Dim> dims) {
  return broadcastTo(constant(element, value), dims);
}

//===- Element-wise -------------------------------------------------------------------------------

ValueId CheckedBuilder::unary(StringRef name, ValueId input) {
  ValueType result = typeOf(input);
  if (name == "is_nan" || name == "is_inf")
    result.element = mlir::IntegerType::get(context, 1);
  return op(name, input, result);
}

ValueId CheckedBuilder::binary(StringRef name, ValueId lhs, ValueId rhs) {
  ValueType result = typeOf(lhs);
  return op(name, {lhs, rhs}, result);
}

ValueId CheckedBuilder::compare(StringRef predicate, ValueId lhs, ValueId rhs) {
  ValueType result{mlir::IntegerType::get(context, 1), dimsOf(lhs)};
  ComparePredicate value = *symbolizeComparePredicate(predicate);
  return op("compare", {lhs, rhs}, result,
            {attribute("predicate", ComparePredicateAttr::get(context, value))});
}

ValueId CheckedBuilder::select(ValueId condition, ValueId onTrue, ValueId onFalse) {
  ValueType result = typeOf(onTrue);
  return op("select", {condition, onTrue, onFalse}, result);
}

ValueId CheckedBuilder::cast(ValueId input, Type element) {
  if (elementOf(input) == element)
    return input;
  return op("cast", input, {element, dimsOf(input)});
}

//===- Shapes -------------------------------------------------------------------------------------

ValueId CheckedBuilder::broadcast(ValueId input, ArrayRef<int64_t> along, ArrayRef<Dim> dims) {
  Dims target(dims.begin(), dims.end());
  if (dimsOf(input) == target)
    return input;
  return op("broadcast", input, {elementOf(input), target}, {integers("dims", along)});
}

ValueId CheckedBuilder::broadcastTo(ValueId input, ArrayRef<Dim> dims) {
  SmallVector<int64_t> along;
  int64_t offset = static_cast<int64_t>(dims.size()) - typeOf(input).rank();
  for (size_t axis = 0; axis < typeOf(input).rank(); ++axis)
    along.push_back(offset + axis);
  return broadcast(input, along, dims);
}

ValueId CheckedBuilder::reshape(ValueId input, ArrayRef<Dim> dims) {
  Dims target(dims.begin(), dims.end());
  if (dimsOf(input) == target)
    return input;
  return op("reshape", input, {elementOf(input), target});
}

ValueId CheckedBuilder::transpose(ValueId input, ArrayRef<int64_t> permutation) {
  Dims target;
  bool identity = true;
  for (auto [axis, from] : llvm::enumerate(permutation)) {
    target.push_back(dimsOf(input)[from]);
    identity &= from == static_cast<int64_t>(axis);
  }
  if (identity)
    return input;
  return op("transpose", input, {elementOf(input), target}, {integers("permutation", permutation)});
}

ValueId CheckedBuilder::slice(ValueId input, ArrayRef<Dim> starts, ArrayRef<int64_t> strides,
                              ArrayRef<Dim> sizes) {
  Dims target(sizes.begin(), sizes.end());
  return op("slice", input, {elementOf(input), target},
            {shape("starts", starts), integers("strides", strides)});
}

ValueId CheckedBuilder::dynamicSlice(ValueId input, ArrayRef<ValueId> starts, ArrayRef<Dim> sizes) {
  SmallVector<ValueId> operands{input};
  operands.append(starts.begin(), starts.end());
  return op("dynamic_slice", operands, {elementOf(input), Dims(sizes.begin(), sizes.end())});
}

ValueId CheckedBuilder::updateSlice(ValueId input, ValueId update, ArrayRef<ValueId> starts) {
  SmallVector<ValueId> operands{input, update};
  operands.append(starts.begin(), starts.end());
  ValueType result = typeOf(input);
  return op("update_slice", operands, result);
}

ValueId CheckedBuilder::pad(ValueId input, ValueId value, ArrayRef<Dim> low, ArrayRef<Dim> high,
                            ArrayRef<int64_t> interior) {
  Dims target;
  SmallVector<int64_t> between(dimsOf(input).size(), 0);
  if (!interior.empty())
    between.assign(interior.begin(), interior.end());
  for (auto [dim, before, after, gap] : llvm::zip_equal(dimsOf(input), low, high, between)) {
    int64_t count = dim.constant().value_or(0);
    target.push_back(dim + before + after + Dim(gap * std::max<int64_t>(count - 1, 0)));
  }
  return op("pad", {input, value}, {elementOf(input), target},
            {shape("low", low), shape("high", high), integers("interior", between)});
}

ValueId CheckedBuilder::concat(ArrayRef<ValueId> inputs, int64_t axis) {
  ValueType result = typeOf(inputs.front());
  for (ValueId input : inputs.drop_front())
    result.dims[axis] = result.dims[axis] + dimsOf(input)[axis];
  return op("concat", inputs, result, {integer("axis", axis)});
}

ValueId CheckedBuilder::gather(ValueId input, ValueId indices, int64_t axis, int64_t batchDims) {
  const Dims &from = dimsOf(input);
  Dims target(from.begin(), from.begin() + axis);
  llvm::append_range(target, ArrayRef<Dim>(dimsOf(indices)).drop_front(batchDims));
  llvm::append_range(target, ArrayRef<Dim>(from).drop_front(axis + 1));
  return op("gather", {input, indices}, {elementOf(input), target},
            {integer("axis", axis), integer("batch_dims", batchDims)});
}

ValueId CheckedBuilder::scatter(StringRef kind, ValueId input, ValueId indices, ValueId updates,
                                int64_t axis) {
  ValueType result = typeOf(input);
  auto value = ScatterKindAttr::get(context, *symbolizeScatterKind(kind));
  return op("scatter", {input, indices, updates}, result,
            {attribute("kind", value), integer("axis", axis)});
}

ValueId CheckedBuilder::iota(Type element, ArrayRef<Dim> dims, int64_t axis) {
  return op("iota", {}, {element, Dims(dims.begin(), dims.end())}, {integer("axis", axis)});
}

//===- Reductions ---------------------------------------------------------------------------------

ValueId CheckedBuilder::reduce(StringRef kind, ValueId input, ArrayRef<int64_t> axes) {
  if (axes.empty())
    return input;
  SmallVector<int64_t> sorted(axes.begin(), axes.end());
  llvm::sort(sorted);
  Dims target;
  for (auto [axis, dim] : llvm::enumerate(dimsOf(input)))
    if (!llvm::is_contained(sorted, static_cast<int64_t>(axis)))
      target.push_back(dim);
  auto value = ReduceKindAttr::get(context, *symbolizeReduceKind(kind));
  return op("reduce", input, {elementOf(input), target},
            {attribute("kind", value), integers("axes", sorted)});
}

ValueId CheckedBuilder::mean(ValueId input, ArrayRef<int64_t> axes) {
  Dim count(1);
  for (int64_t axis : axes)
    count = count * dimsOf(input)[axis];
  Type element = elementOf(input), f32 = mlir::Float32Type::get(context);
  Type wide = element.getIntOrFloatBitWidth() < 32 ? f32 : element;
  ValueId sum = reduce("sum", cast(input, wide), axes);
  ValueId divisor = broadcastTo(cast(size(count), wide), Dims(dimsOf(sum)));
  return cast(binary("div", sum, divisor), element);
}

ValueId CheckedBuilder::arg(StringRef kind, ValueId input, int64_t axis, Type element) {
  Dims target = dimsOf(input);
  target.erase(target.begin() + axis);
  auto value = ArgKindAttr::get(context, *symbolizeArgKind(kind));
  return op("arg", input, {element, target}, {attribute("kind", value), integer("axis", axis)});
}

ValueId CheckedBuilder::argSort(ValueId input, int64_t axis, bool descending) {
  SmallVector<mlir::NamedAttribute> attributes{integer("axis", axis)};
  addFlag(attributes, "descending", descending);
  ValueType result{mlir::IntegerType::get(context, 64), dimsOf(input)};
  return op("arg_sort", input, result, attributes);
}

ValueId CheckedBuilder::cumulative(StringRef kind, ValueId input, int64_t axis, bool exclusive,
                                   bool reverse) {
  ValueType result = typeOf(input);
  auto value = CumulativeKindAttr::get(context, *symbolizeCumulativeKind(kind));
  SmallVector<mlir::NamedAttribute> attributes{attribute("kind", value), integer("axis", axis)};
  addFlag(attributes, "exclusive", exclusive);
  addFlag(attributes, "reverse", reverse);
  return op("cumulative", input, result, attributes);
}

ValueId CheckedBuilder::softmax(StringRef name, ValueId input, int64_t axis) {
  ValueType result = typeOf(input);
  return op(name, input, result, {integer("axis", axis)});
}

//===- Contractions and windows -------------------------------------------------------------------

ValueId CheckedBuilder::contract(StringRef labels, ValueId lhs, ValueId rhs) {
  auto [operands, result] = labels.split("->");
  auto [left, right] = operands.split(",");
  Dims target;
  for (char letter : result) {
    size_t at = left.find(letter);
    target.push_back(at != StringRef::npos ? dimsOf(lhs)[at] : dimsOf(rhs)[right.find(letter)]);
  }
  return op("contract", {lhs, rhs}, {elementOf(lhs), target},
            {attribute("equation", StringAttr::get(context, labels))});
}

ValueId CheckedBuilder::conv(ValueId input, ValueId filter, const WindowGeometry &geometry,
                             int64_t groups) {
  Dims target{dimsOf(input)[0], dimsOf(filter)[0]};
  for (size_t axis = 0; axis < geometry.strides.size(); ++axis) {
    Dim extent = (dimsOf(filter)[axis + 2] - 1) * geometry.dilations[axis] + 1;
    Dim padded = dimsOf(input)[axis + 2] + geometry.padLow[axis] + geometry.padHigh[axis];
    target.push_back((padded - extent).floorDiv(geometry.strides[axis]) + 1);
  }
  SmallVector<mlir::NamedAttribute> attributes;
  addGeometry(attributes, geometry);
  attributes.push_back(integer("groups", groups));
  return op("conv", {input, filter}, {elementOf(input), target}, attributes);
}

ValueId CheckedBuilder::convTranspose(ValueId input, ValueId filter, const WindowGeometry &geometry,
                                      ArrayRef<int64_t> outputPadding, int64_t groups) {
  Dims target{dimsOf(input)[0], dimsOf(filter)[1] * groups};
  for (size_t axis = 0; axis < geometry.strides.size(); ++axis) {
    Dim extent = (dimsOf(filter)[axis + 2] - 1) * geometry.dilations[axis] + 1;
    Dim reach = (dimsOf(input)[axis + 2] - 1) * geometry.strides[axis] + extent;
    target.push_back(reach - geometry.padLow[axis] - geometry.padHigh[axis] + outputPadding[axis]);
  }
  SmallVector<mlir::NamedAttribute> attributes;
  addGeometry(attributes, geometry);
  attributes.push_back(integers("output_padding", outputPadding));
  attributes.push_back(integer("groups", groups));
  return op("conv_transpose", {input, filter}, {elementOf(input), target}, attributes);
}

ValueId CheckedBuilder::pool(StringRef kind, ValueId input, ArrayRef<int64_t> window,
                             const WindowGeometry &geometry, bool countPadding) {
  Dims target = dimsOf(input);
  size_t first = target.size() - window.size();
  for (size_t axis = 0; axis < window.size(); ++axis) {
    Dim extent = Dim(window[axis] - 1) * geometry.dilations[axis] + 1;
    Dim padded = target[first + axis] + geometry.padLow[axis] + geometry.padHigh[axis];
    target[first + axis] = (padded - extent).floorDiv(geometry.strides[axis]) + 1;
  }
  auto value = PoolKindAttr::get(context, *symbolizePoolKind(kind));
  SmallVector<mlir::NamedAttribute> attributes{attribute("kind", value),
                                               integers("window", window)};
  addGeometry(attributes, geometry);
  addFlag(attributes, "count_padding", countPadding);
  return op("pool", input, {elementOf(input), target}, attributes);
}

//===- Normalisation, attention, randomness -------------------------------------------------------

static SmallVector<ValueId> joined(ValueId first, ArrayRef<ValueId> rest) {
  SmallVector<ValueId> all{first};
  all.append(rest.begin(), rest.end());
  return all;
}

/// The segment sizes of an operation with an input, an optional scale and an optional shift.
mlir::NamedAttribute CheckedBuilder::optionalPair(ArrayRef<ValueId> scaleAndShift) {
  return segments({1, scaleAndShift.size() > 0, scaleAndShift.size() > 1});
}

ValueId CheckedBuilder::layerNorm(ValueId input, ArrayRef<ValueId> scaleAndShift, int64_t axis,
                                  double epsilon) {
  ValueType result = typeOf(input);
  return op("layer_norm", joined(input, scaleAndShift), result,
            {integer("axis", axis), real("epsilon", epsilon), optionalPair(scaleAndShift)});
}

ValueId CheckedBuilder::rmsNorm(ValueId input, ArrayRef<ValueId> scale, int64_t axis,
                                double epsilon) {
  ValueType result = typeOf(input);
  return op("rms_norm", joined(input, scale), result,
            {integer("axis", axis), real("epsilon", epsilon)});
}

ValueId CheckedBuilder::batchNorm(ValueId input, ArrayRef<ValueId> statistics, double epsilon) {
  ValueType result = typeOf(input);
  return op("batch_norm", joined(input, statistics), result, {real("epsilon", epsilon)});
}

ValueId CheckedBuilder::groupNorm(ValueId input, ArrayRef<ValueId> scaleAndShift, int64_t groups,
                                  double epsilon) {
  ValueType result = typeOf(input);
  return op("group_norm", joined(input, scaleAndShift), result,
            {integer("groups", groups), real("epsilon", epsilon), optionalPair(scaleAndShift)});
}

ValueId CheckedBuilder::attention(ArrayRef<ValueId> operands, double scale, bool causal) {
  ValueType result = typeOf(operands[0]);
  result.dims.back() = dimsOf(operands[2]).back();
  SmallVector<mlir::NamedAttribute> attributes{real("scale", scale)};
  addFlag(attributes, "causal", causal);
  return op("attention", operands, result, attributes);
}

ValueId CheckedBuilder::randomBits(ValueId seed, ArrayRef<Dim> dims, int64_t stream) {
  Type ui32 = mlir::IntegerType::get(context, 32, mlir::IntegerType::Unsigned);
  return op("random_bits", seed, {ui32, Dims(dims.begin(), dims.end())},
            {integer("stream", stream)});
}

} // namespace weft
