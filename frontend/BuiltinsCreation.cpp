// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors from nothing: constants, counting, random numbers. Where the call gives no shape, the
// context does: `param bias: f32[n] = zeros()`.
#include "frontend/Builtins.h"

#include <cmath>
#include <numbers>

namespace weft {

using Kind = Item::Kind;

/// The type of the tensor to make: `zeros<f32>([n, 3])`, or what the context wants.
static std::optional<ValueType> madeType(BuiltinCall &call) {
  const ValueType *expected = call.call.expected;
  Type element = expected ? expected->element : mlir::Float32Type::get(call.elaborator.context);
  if (!call.call.typeArguments.empty()) {
    std::optional<Type> given =
        call.elaborator.resolveElement(*call.call.typeArguments[0], call.call.scope);
    if (!given)
      return std::nullopt;
    element = *given;
  }
  if (!call.has("shape")) {
    expected = call.wanted();
    return expected ? std::optional(ValueType{element, expected->dims}) : std::nullopt;
  }
  std::optional<Dims> dims = call.dims("shape");
  if (!dims)
    return std::nullopt;
  for (const Dim &dim : *dims)
    if (std::optional<int64_t> known = dim.constant(); known && *known < 0) {
      call.elaborator.report(Diag::NegativeSize, call.span("shape"), *known);
      return std::nullopt;
    }
  return ValueType{element, *dims};
}

static Item filled(BuiltinCall &call, double value) {
  std::optional<ValueType> type = madeType(call);
  if (!type)
    return Item::error();
  if (isBoolElement(type->element))
    return Item::tensor(call.builder().broadcastTo(
        call.builder().constantInteger(type->element, value != 0), type->dims));
  return Item::tensor(call.builder().splat(type->element, value, type->dims));
}

/// Sizes and elements of a list in lists, row by row; every list of one level has one length.
static bool flattenList(BuiltinCall &call, const Item &item, size_t depth,
                        SmallVector<int64_t> &shape, SmallVector<const Item *> &elements) {
  bool isNew = depth == shape.size() && elements.empty();
  if (!item.isSequence()) {
    if (depth == shape.size())
      return elements.push_back(&item), true;
  } else if (int64_t size = item.items->size();
             isNew || (depth < shape.size() && shape[depth] == size)) {
    if (isNew)
      shape.push_back(size);
    return llvm::all_of(*item.items, [&](const Item &part) {
      return flattenList(call, part, depth + 1, shape, elements);
    });
  }
  call.fail(Diag::TensorForm, call.span("values"));
  return false;
}

/// One element of a constant; none, with a message, if the number does not fit the type.
static std::optional<mlir::Attribute> elementOf(BuiltinCall &call, const Item &item, Type element) {
  Span span = call.span("values");
  if (auto floatType = dyn_cast<mlir::FloatType>(element)) {
    std::optional<double> value = call.elaborator.toReal(item, span, "an element");
    return value ? std::optional(mlir::FloatAttr::get(floatType, *value)) : std::nullopt;
  }
  bool fits = item.kind == (isBoolElement(element) ? Kind::Bool : Kind::Int);
  std::optional<int64_t> value = fits && item.kind == Kind::Bool ? std::optional<int64_t>(item.flag)
                                 : fits                          ? item.integer.constant()
                                                                 : std::nullopt;
  unsigned width = element.getIntOrFloatBitWidth();
  bool isUnsigned = element.isUnsignedInteger();
  if (value && item.kind == Kind::Int)
    fits = isUnsigned ? (item.flag ? width == 64 : *value >= 0 && llvm::isUIntN(width, *value))
                      : !item.flag && llvm::isIntN(width, *value);
  if (!value || !fits) {
    call.fail(Diag::LiteralType, span, call.elaborator.describe(item), elementName(element));
    return std::nullopt;
  }
  llvm::APInt bits(64, static_cast<uint64_t>(*value));
  return mlir::IntegerAttr::get(element, bits.trunc(width));
}

/// tensor<i64>([[1, 2], [3, 4]]): numbers that are known when the model is compiled.
static Item tensor(BuiltinCall &call) {
  Type element = call.call.expected ? call.call.expected->element : Type();
  if (!call.call.typeArguments.empty()) {
    std::optional<Type> given =
        call.elaborator.resolveElement(*call.call.typeArguments[0], call.call.scope);
    if (!given)
      return Item::error();
    element = *given;
  }
  const Item &values = call.item("values");
  // One number, which may be the size of a dimension.
  if (values.isNumber()) {
    std::optional<ValueId> value = call.tensor("values", element);
    return value ? Item::tensor(*value) : Item::error();
  }
  SmallVector<int64_t> shape;
  SmallVector<const Item *> elements;
  if (!flattenList(call, values, 0, shape, elements))
    return Item::error();
  bool anyFloat =
      llvm::any_of(elements, [](const Item *item) { return item->kind == Kind::Float; });
  bool allBool = llvm::all_of(elements, [](const Item *item) { return item->kind == Kind::Bool; });
  MLIRContext *context = call.elaborator.context;
  if (!element)
    element = anyFloat || elements.empty() ? Type(mlir::Float32Type::get(context))
                                           : mlir::IntegerType::get(context, allBool ? 1 : 64);
  SmallVector<mlir::Attribute> attributes;
  for (const Item *item : elements) {
    std::optional<mlir::Attribute> one = elementOf(call, *item, element);
    if (!one)
      return Item::error();
    attributes.push_back(*one);
  }
  return Item::tensor(call.builder().constantTensor(element, shape, attributes));
}

static Item full(BuiltinCall &call) {
  std::optional<ValueType> type;
  if (call.has("shape") && call.item("value").isTensor() && call.call.typeArguments.empty()) {
    std::optional<ValueId> scalar = call.tensor("value");
    std::optional<Dims> dims = call.dims("shape");
    if (!scalar || !dims)
      return Item::error();
    type = ValueType{call.typeOf(*scalar).element, *dims};
  } else {
    type = madeType(call);
  }
  if (!type)
    return Item::error();
  std::optional<ValueId> value = call.tensor("value", type->element);
  if (!value)
    return Item::error();
  if (!call.typeOf(*value).isScalar() || call.typeOf(*value).element != type->element)
    return call.fail(Diag::OperandKind, call.span("value"), "full", printType(call.typeOf(*value)));
  return Item::tensor(call.builder().broadcastTo(*value, type->dims));
}

static Item iota(BuiltinCall &call) {
  if (call.has("count")) {
    std::optional<Dims> dims = call.dims("count");
    if (!dims)
      return Item::error();
    Type element = call.call.expected ? call.call.expected->element
                                      : mlir::IntegerType::get(call.elaborator.context, 64);
    if (!call.call.typeArguments.empty())
      if (auto given = call.elaborator.resolveElement(*call.call.typeArguments[0], call.call.scope))
        element = *given;
    ValueType type{element, *dims};
    std::optional<int64_t> axis = 0;
    if (call.has("axis"))
      axis = call.elaborator.toAxis(call.item("axis"), call.span("axis"), type);
    if (type.isScalar() || isBoolElement(element))
      return call.fail(Diag::OperandKind, call.span(), "iota", printType(type));
    return axis ? Item::tensor(call.builder().iota(element, type.dims, *axis)) : Item::error();
  }
  const ValueType *wanted = call.wanted();
  if (!wanted)
    return Item::error();
  std::optional<int64_t> axis = 0;
  if (call.has("axis"))
    axis = call.elaborator.toAxis(call.item("axis"), call.span("axis"), *wanted);
  if (wanted->isScalar() || isBoolElement(wanted->element))
    return call.fail(Diag::OperandKind, call.span(), "iota", printType(*wanted));
  return axis ? Item::tensor(call.builder().iota(wanted->element, wanted->dims, *axis))
              : Item::error();
}

/// 1 on the diagonal of a matrix, 0 elsewhere.
static Item eye(BuiltinCall &call) {
  Type i64 = mlir::IntegerType::get(call.elaborator.context, 64);
  Dims dims;
  Type element = call.call.expected ? call.call.expected->element
                                    : mlir::Float32Type::get(call.elaborator.context);
  if (call.has("count")) {
    std::optional<Dim> count =
        call.elaborator.toDim(call.item("count"), call.span("count"), "'count'");
    if (!count)
      return Item::error();
    dims = {*count, *count};
  } else {
    const ValueType *wanted = call.wanted();
    if (!wanted)
      return Item::error();
    dims = wanted->dims;
  }
  if (dims.size() != 2)
    return call.fail(Diag::Rank, call.span(), "eye", "2", "its shape", printDims(dims));
  CheckedBuilder &builder = call.builder();
  ValueId same = builder.compare("eq", builder.iota(i64, dims, 0), builder.iota(i64, dims, 1));
  return Item::tensor(builder.cast(same, element));
}

//===- Random numbers -----------------------------------------------------------------------------

/// 24 random bits as a float in [0, 1), or (0, 1] with `offset` 1: every value is exact in f32.
static ValueId unitUniform(BuiltinCall &call, ArrayRef<Dim> dims, double offset) {
  CheckedBuilder &builder = call.builder();
  ValueId seed = call.elaborator.seed();
  ValueId bits = builder.randomBits(seed, dims, call.elaborator.nextStream());
  Type ui32 = builder.elementOf(bits), f32 = mlir::Float32Type::get(call.elaborator.context);
  ValueId kept = builder.binary("shift_right", bits, builder.splat(ui32, 8, dims));
  ValueId real = builder.cast(kept, f32);
  if (offset != 0)
    real = builder.binary("add", real, builder.splat(f32, offset, dims));
  return builder.binary("mul", real, builder.splat(f32, std::exp2(-24), dims));
}

/// shift + scale * value, in f32, then in the element type that is wanted.
static ValueId scaled(BuiltinCall &call, ValueId value, double scale, double shift,
                      const ValueType &type) {
  CheckedBuilder &builder = call.builder();
  Type f32 = builder.elementOf(value);
  value = builder.binary("mul", value, builder.splat(f32, scale, type.dims));
  value = builder.binary("add", value, builder.splat(f32, shift, type.dims));
  return builder.cast(value, type.element);
}

/// random_bits(seed, stream: 3, shape: [n]): 32 bits for each element, from a seed of one's own.
static Item randomBits(BuiltinCall &call) {
  Type ui64 = mlir::IntegerType::get(call.elaborator.context, 64, mlir::IntegerType::Unsigned);
  std::optional<ValueId> seed = call.tensor("seed", ui64);
  std::optional<int64_t> stream = call.integer("stream");
  std::optional<Dims> dims = call.dims("shape");
  if (!seed || !stream || !dims)
    return Item::error();
  if (!call.typeOf(*seed).isScalar() || call.typeOf(*seed).element != ui64)
    return call.fail(Diag::OperandKind, call.span("seed"), "random_bits",
                     printType(call.typeOf(*seed)));
  return Item::tensor(call.builder().randomBits(*seed, *dims, *stream));
}

static std::optional<ValueType> randomType(BuiltinCall &call) {
  std::optional<ValueType> type = madeType(call);
  if (type && !isFloatElement(type->element)) {
    call.elaborator.report(Diag::OperandKind, call.span(), call.builtin.name,
                           elementName(type->element) + " tensors");
    return std::nullopt;
  }
  return type;
}

static Item uniform(BuiltinCall &call) {
  std::optional<ValueType> type = randomType(call);
  std::optional<double> low = call.real("low", 0.0), high = call.real("high", 1.0);
  if (!type || !low || !high)
    return Item::error();
  return Item::tensor(scaled(call, unitUniform(call, type->dims, 0), *high - *low, *low, *type));
}

/// Box and Muller, Ann. Math. Statist. 29 (1958): sqrt(-2 log u) cos(2 pi v).
static Item normal(BuiltinCall &call) {
  std::optional<ValueType> type = randomType(call);
  std::optional<double> mean = call.real("mean", 0.0), deviation = call.real("deviation", 1.0);
  if (!type || !mean || !deviation)
    return Item::error();
  CheckedBuilder &builder = call.builder();
  ValueId u = unitUniform(call, type->dims, 1), v = unitUniform(call, type->dims, 0);
  Type f32 = builder.elementOf(u);
  ValueId squared =
      builder.binary("mul", builder.unary("log", u), builder.splat(f32, -2, type->dims));
  ValueId angle = builder.binary("mul", v, builder.splat(f32, 2 * std::numbers::pi, type->dims));
  ValueId value =
      builder.binary("mul", builder.unary("sqrt", squared), builder.unary("cos", angle));
  return Item::tensor(scaled(call, value, *deviation, *mean, *type));
}

/// true with probability p.
static Item bernoulli(BuiltinCall &call) {
  std::optional<double> p = call.real("p");
  std::optional<ValueType> type = madeType(call);
  if (!type || !p)
    return Item::error();
  CheckedBuilder &builder = call.builder();
  ValueId u = unitUniform(call, type->dims, 0);
  ValueId hit = builder.compare("lt", u, builder.splat(builder.elementOf(u), *p, type->dims));
  return Item::tensor(builder.cast(hit, type->element));
}

ArrayRef<Builtin> creationBuiltins() {
  static const Builtin rows[] = {
      {"zeros", "shape?", [](BuiltinCall &call) { return filled(call, 0); }, true},
      {"ones", "shape?", [](BuiltinCall &call) { return filled(call, 1); }, true},
      {"full", "value, shape?", full, true},
      {"tensor", "values", tensor, true},
      {"iota", "count?, axis?", iota, true},
      {"eye", "count?", eye, true},
      {"uniform", "low?, high?, shape?", uniform, true},
      {"normal", "mean?, deviation?, shape?", normal, true},
      {"random_bits", "seed, stream, shape", randomBits, true},
      {"bernoulli", "p, shape?", bernoulli, true},
  };
  return rows;
}

} // namespace weft
