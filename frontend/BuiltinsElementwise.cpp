// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element-wise functions of tensors, which fold on numbers, and functions of numbers alone.
#include "frontend/Builtins.h"

#include <cmath>

namespace weft {

using Kind = Item::Kind;

/// Applies `fold` to a number, the operation `Name` to a tensor of floats.
static Item unaryFloat(BuiltinCall &call, StringRef name, double (*fold)(double)) {
  const Item &x = call.item("x");
  if (fold && (x.kind == Kind::Float || (x.kind == Kind::Int && x.integer.isConstant())))
    return Item::number(fold(*call.real("x")));
  if (call.elaborator.lenient && x.isNumber())
    return Item::number(0.5);
  std::optional<ValueId> value = call.floatTensor("x");
  return value ? Item::tensor(call.builder().unary(name, *value)) : Item::error();
}

#define WEFT_UNARY(name, fold)                                                                     \
  {#name, "x", [](BuiltinCall &call) { return unaryFloat(call, #name, fold); }}

static double rsqrtOf(double x) { return 1 / std::sqrt(x); }
static double sigmoidOf(double x) { return 1 / (1 + std::exp(-x)); }
#define WEFT_FOLD(function) [](double x) -> double { return std::function(x); }

/// Functions of floats and signed integers that keep the type.
static Item unarySigned(BuiltinCall &call, StringRef name) {
  const Item &x = call.item("x");
  std::optional<int64_t> known = x.kind == Kind::Int ? x.integer.constant() : std::nullopt;
  if (known && !x.flag && name == "sign")
    return Item::number(Dim((*known > 0) - (*known < 0)));
  if (known && !x.flag)
    return Item::number(name == "neg" || *known < 0 ? -x.integer : x.integer);
  if (x.kind == Kind::Float)
    return Item::number(name == "abs"   ? std::abs(x.real)
                        : name == "neg" ? -x.real
                                        : double((x.real > 0) - (x.real < 0)));
  std::optional<ValueId> value = call.tensor("x");
  if (!value)
    return Item::error();
  Type element = call.typeOf(*value).element;
  if (isBoolElement(element) || element.isUnsignedInteger())
    return call.fail(Diag::OperandKind, call.span("x"), name, elementName(element) + " tensors");
  return Item::tensor(call.builder().unary(name, *value));
}

/// Functions of two tensors or more that meet by broadcasting.
static Item variadicNumber(BuiltinCall &call, StringRef name) {
  std::vector<BuiltinCall::Argument> arguments = call.list("xs");
  SmallVector<Item> items;
  SmallVector<Span> spans;
  for (const BuiltinCall::Argument &argument : arguments) {
    items.push_back(argument.item);
    spans.push_back(argument.span);
  }
  auto values = call.elaborator.unify(items, spans, call.span(), "'" + name.str() + "'", nullptr);
  if (values)
    values = call.elaborator.broadcastTogether(*values, call.span(), "'" + name.str() + "'");
  if (!values)
    return Item::error();
  Type element = call.typeOf(values->front()).element;
  if (isBoolElement(element))
    return call.fail(Diag::OperandKind, call.span(), name, "bool tensors");
  ValueId result = values->front();
  call.builder().span = call.span();
  for (ValueId value : llvm::drop_begin(*values))
    result = call.builder().binary(name, result, value);
  return Item::tensor(result);
}

static Item elementwiseMaximum(BuiltinCall &call) { return variadicNumber(call, "max"); }
static Item elementwiseMinimum(BuiltinCall &call) { return variadicNumber(call, "min"); }

static Item binaryCall(BuiltinCall &call, StringRef name, bool floats, bool integers) {
  auto values =
      call.elaborator.unify({call.item("a"), call.item("b")}, {call.span("a"), call.span("b")},
                            call.span(), "'" + name.str() + "'", nullptr);
  if (values)
    values = call.elaborator.broadcastTogether(*values, call.span(), "'" + name.str() + "'");
  if (!values)
    return Item::error();
  Type element = call.typeOf(values->front()).element;
  if (isFloatElement(element) ? !floats : !integers || isBoolElement(element))
    return call.fail(Diag::OperandKind, call.span(), name, elementName(element) + " tensors");
  call.builder().span = call.span();
  return Item::tensor(call.builder().binary(name, (*values)[0], (*values)[1]));
}

static Item bitwise(BuiltinCall &call, StringRef name) {
  return binaryCall(call, name, /*floats=*/false, /*integers=*/true);
}

static Item powOf(BuiltinCall &call) {
  if (call.item("a").isNumber() && call.item("b").isNumber()) {
    std::optional<double> a = call.real("a"), b = call.real("b");
    return a && b ? Item::number(std::pow(*a, *b)) : Item::error();
  }
  return binaryCall(call, "pow", true, true);
}

static Item select(BuiltinCall &call) {
  std::optional<ValueId> condition = call.tensor("condition");
  if (!condition)
    return Item::error();
  if (!isBoolElement(call.typeOf(*condition).element))
    return call.fail(Diag::Condition, call.span("condition"), printType(call.typeOf(*condition)));
  auto values =
      call.elaborator.unify({call.item("a"), call.item("b")}, {call.span("a"), call.span("b")},
                            call.span(), "'select'", call.call.expected);
  if (!values)
    return Item::error();
  auto all = call.elaborator.broadcastTogether({*condition, (*values)[0], (*values)[1]},
                                               call.span(), "'select'");
  if (!all)
    return Item::error();
  call.builder().span = call.span();
  return Item::tensor(call.builder().select((*all)[0], (*all)[1], (*all)[2]));
}

static Item castTo(BuiltinCall &call) {
  if (call.call.typeArguments.size() != 1)
    return call.fail(Diag::CastForm, call.span());
  std::optional<Type> element =
      call.elaborator.resolveElement(*call.call.typeArguments[0], call.call.scope);
  if (!element)
    return Item::error();
  std::optional<ValueId> value;
  if (call.item("x").isNumber())
    value = call.tensor("x", call.item("x").kind == Kind::Int && !isBoolElement(*element) ? *element
                                                                                          : Type());
  else
    value = call.tensor("x");
  return value ? Item::tensor(call.builder().cast(*value, *element)) : Item::error();
}

static Item predicate(BuiltinCall &call, StringRef name) {
  std::optional<ValueId> value = call.floatTensor("x");
  return value ? Item::tensor(call.builder().unary(name, *value)) : Item::error();
}

ArrayRef<Builtin> elementwiseBuiltins() {
  static const Builtin rows[] = {
      WEFT_UNARY(floor, WEFT_FOLD(floor)),
      WEFT_UNARY(ceil, WEFT_FOLD(ceil)),
      WEFT_UNARY(round, WEFT_FOLD(nearbyint)),
      WEFT_UNARY(trunc, WEFT_FOLD(trunc)),
      WEFT_UNARY(sqrt, WEFT_FOLD(sqrt)),
      WEFT_UNARY(rsqrt, rsqrtOf),
      WEFT_UNARY(exp, WEFT_FOLD(exp)),
      WEFT_UNARY(expm1, WEFT_FOLD(expm1)),
      WEFT_UNARY(log, WEFT_FOLD(log)),
      WEFT_UNARY(log1p, WEFT_FOLD(log1p)),
      WEFT_UNARY(sin, WEFT_FOLD(sin)),
      WEFT_UNARY(cos, WEFT_FOLD(cos)),
      WEFT_UNARY(tan, WEFT_FOLD(tan)),
      WEFT_UNARY(asin, WEFT_FOLD(asin)),
      WEFT_UNARY(acos, WEFT_FOLD(acos)),
      WEFT_UNARY(atan, WEFT_FOLD(atan)),
      WEFT_UNARY(sinh, WEFT_FOLD(sinh)),
      WEFT_UNARY(cosh, WEFT_FOLD(cosh)),
      WEFT_UNARY(tanh, WEFT_FOLD(tanh)),
      WEFT_UNARY(asinh, WEFT_FOLD(asinh)),
      WEFT_UNARY(acosh, WEFT_FOLD(acosh)),
      WEFT_UNARY(atanh, WEFT_FOLD(atanh)),
      WEFT_UNARY(erf, WEFT_FOLD(erf)),
      WEFT_UNARY(sigmoid, sigmoidOf),
      {"abs", "x", [](BuiltinCall &call) { return unarySigned(call, "abs"); }},
      {"neg", "x", [](BuiltinCall &call) { return unarySigned(call, "neg"); }},
      {"sign", "x", [](BuiltinCall &call) { return unarySigned(call, "sign"); }},
      {"is_nan", "x", [](BuiltinCall &call) { return predicate(call, "is_nan"); }},
      {"is_inf", "x", [](BuiltinCall &call) { return predicate(call, "is_inf"); }},
      {"maximum", "*xs", elementwiseMaximum},
      {"minimum", "*xs", elementwiseMinimum},
      {"atan2", "a, b", [](BuiltinCall &call) { return binaryCall(call, "atan2", true, false); }},
      {"pow", "a, b", powOf},
      {"bit_and", "a, b", [](BuiltinCall &call) { return bitwise(call, "and"); }},
      {"bit_or", "a, b", [](BuiltinCall &call) { return bitwise(call, "or"); }},
      {"bit_xor", "a, b", [](BuiltinCall &call) { return bitwise(call, "xor"); }},
      {"shift_left", "a, b", [](BuiltinCall &call) { return bitwise(call, "shift_left"); }},
      {"shift_right", "a, b", [](BuiltinCall &call) { return bitwise(call, "shift_right"); }},
      {"select", "condition, a, b", select},
      {"cast", "x", castTo},
  };
  return rows;
}

//===- Numbers ------------------------------------------------------------------------------------

static Item divide(BuiltinCall &call, bool up) {
  auto a = call.elaborator.toDim(call.item("a"), call.span("a"), "'a'");
  auto b = call.elaborator.toDim(call.item("b"), call.span("b"), "'b'");
  if (!a || !b)
    return Item::error();
  if (*b == Dim(0))
    return call.fail(Diag::DivisionByZero, call.span("b"), "b");
  return Item::number(up ? a->ceilDiv(*b) : a->floorDiv(*b));
}

static Item lengthOf(BuiltinCall &call) {
  const Item &list = call.item("x");
  if (list.isSequence())
    return Item::number(Dim(list.items->size()));
  return call.fail(Diag::NotIterable, call.span("x"), call.elaborator.describe(list));
}

/// The size of one axis, as a dimension that is known at compile time or has a name.
static Item dimensionOf(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  std::optional<int64_t> axis = value ? call.axis("axis", *value) : std::nullopt;
  return axis ? Item::number(call.typeOf(*value).dims[*axis]) : Item::error();
}

static Item shapeOf(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  if (!value)
    return Item::error();
  std::vector<Item> dims;
  for (const Dim &dim : call.typeOf(*value).dims)
    dims.push_back(Item::number(dim));
  return Item::sequence(Kind::List, std::move(dims));
}

ArrayRef<Builtin> numberBuiltins() {
  static const Builtin rows[] = {
      {"floordiv", "a, b", [](BuiltinCall &call) { return divide(call, false); }},
      {"ceildiv", "a, b", [](BuiltinCall &call) { return divide(call, true); }},
      {"length", "x", lengthOf},
      {"size", "x, axis", dimensionOf},
      {"shape", "x", shapeOf},
  };
  return rows;
}

} // namespace weft
