// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions over axes, positions of extremes, running sums, softmax.
#include "frontend/Builtins.h"

namespace weft {

using Kind = Item::Kind;

/// The axes to reduce: `axis:`, `axes:`, or all.
static std::optional<SmallVector<int64_t>> reducedAxes(BuiltinCall &call, ValueId value) {
  if (call.has("axis") && call.has("axes")) {
    call.elaborator.report(Diag::RepeatedArgument, call.span("axes"), "axes")
        .note(call.span("axis"), "'axis' is given here");
    return std::nullopt;
  }
  for (StringRef name : {"axis", "axes"})
    if (call.has(name))
      return call.elaborator.toAxes(call.item(name), call.span(name), call.typeOf(value));
  return llvm::to_vector(llvm::seq<int64_t>(0, call.typeOf(value).rank()));
}

/// Gives back reduced dimensions as 1 where the call says `keep: true`.
static std::optional<ValueId> keepDims(BuiltinCall &call, ValueId input, ValueId reduced,
                                       ArrayRef<int64_t> axes) {
  std::optional<bool> keep = call.boolean("keep", false);
  if (!keep)
    return std::nullopt;
  if (!*keep)
    return reduced;
  Dims dims = call.typeOf(input).dims;
  for (int64_t axis : axes)
    dims[axis] = Dim(1);
  return call.builder().reshape(reduced, dims);
}

static Item reduction(BuiltinCall &call, StringRef kind) {
  bool isLogic = kind == "and" || kind == "or";
  std::optional<ValueId> value = call.tensor("x");
  if (!value)
    return Item::error();
  Type element = call.typeOf(*value).element;
  if (isLogic != isBoolElement(element))
    return call.fail(Diag::OperandKind, call.span("x"), call.builtin.name,
                     elementName(element) + " tensors");
  auto axes = reducedAxes(call, *value);
  if (!axes)
    return Item::error();
  ValueId reduced = call.builder().reduce(kind, *value, *axes);
  std::optional<ValueId> kept = keepDims(call, *value, reduced, *axes);
  return kept ? Item::tensor(*kept) : Item::error();
}

/// `max(x, axis: 1)` reduces, `max(a, b)` compares, and numbers are compared at compile time.
static Item extreme(BuiltinCall &call, StringRef name) {
  if (!call.has("y"))
    return reduction(call, name);
  if (call.has("axis") || call.has("axes"))
    return call.fail(Diag::ExtraArgument, call.span("y"), name, 1);
  const Item &x = call.item("x"), &y = call.item("y");
  bool isMax = name == "max";
  if (x.kind == Kind::Int && y.kind == Kind::Int && x.integer.isConstant() &&
      y.integer.isConstant()) {
    int64_t a = *x.integer.constant(), b = *y.integer.constant();
    return Item::number(Dim(isMax ? std::max(a, b) : std::min(a, b)));
  }
  if (x.isNumber() && y.isNumber()) {
    std::optional<double> a = call.real("x"), b = call.real("y");
    if (!a || !b)
      return Item::error();
    return Item::number(isMax ? std::max(*a, *b) : std::min(*a, *b));
  }
  std::string quoted = "'" + name.str() + "'";
  auto values =
      call.elaborator.unify({x, y}, {call.span("x"), call.span("y")}, call.span(), quoted, nullptr);
  if (values)
    values = call.elaborator.broadcastTogether(*values, call.span(), quoted);
  if (!values)
    return Item::error();
  if (isBoolElement(call.typeOf(values->front()).element))
    return call.fail(Diag::OperandKind, call.span(), name, "bool tensors");
  return Item::tensor(call.builder().binary(name, (*values)[0], (*values)[1]));
}

static Item mean(BuiltinCall &call) {
  std::optional<ValueId> value = call.floatTensor("x");
  if (!value)
    return Item::error();
  auto axes = reducedAxes(call, *value);
  if (!axes)
    return Item::error();
  ValueId result = call.builder().mean(*value, *axes);
  std::optional<ValueId> kept = keepDims(call, *value, result, *axes);
  return kept ? Item::tensor(*kept) : Item::error();
}

static Item argExtreme(BuiltinCall &call, StringRef kind) {
  std::optional<ValueId> value = call.tensor("x");
  if (!value)
    return Item::error();
  if (isBoolElement(call.typeOf(*value).element))
    return call.fail(Diag::OperandKind, call.span("x"), call.builtin.name, "bool tensors");
  std::optional<int64_t> axis = call.axis("axis", *value);
  if (!axis)
    return Item::error();
  bool wantsI32 = call.call.expected && call.call.expected->element.isSignlessInteger(32);
  Type element = mlir::IntegerType::get(call.elaborator.context, wantsI32 ? 32 : 64);
  ValueId place = call.builder().arg(kind, *value, *axis, element);
  std::optional<ValueId> kept = keepDims(call, *value, place, *axis);
  return kept ? Item::tensor(*kept) : Item::error();
}

static Item cumulative(BuiltinCall &call, StringRef kind) {
  std::optional<ValueId> value = call.tensor("x");
  if (!value)
    return Item::error();
  if (isBoolElement(call.typeOf(*value).element))
    return call.fail(Diag::OperandKind, call.span("x"), call.builtin.name, "bool tensors");
  std::optional<int64_t> axis = call.axis("axis", *value);
  std::optional<bool> exclusive = call.boolean("exclusive", false);
  std::optional<bool> reverse = call.boolean("reverse", false);
  if (!axis || !exclusive || !reverse)
    return Item::error();
  return Item::tensor(call.builder().cumulative(kind, *value, *axis, *exclusive, *reverse));
}

namespace {

/// A tensor and the places that sort it along `axis`.
struct Sorting {
  ValueId value, places;
  int64_t axis;
};

} // namespace

static std::optional<Sorting> sorting(BuiltinCall &call, bool descending) {
  std::optional<ValueId> value = call.tensor("x");
  std::optional<int64_t> axis = value ? call.axis("axis", *value) : std::nullopt;
  if (!axis)
    return std::nullopt;
  if (isBoolElement(call.typeOf(*value).element)) {
    call.fail(Diag::OperandKind, call.span("x"), call.builtin.name, "bool tensors");
    return std::nullopt;
  }
  return Sorting{*value, call.builder().argSort(*value, *axis, descending), *axis};
}

/// The elements at `places` along the axis, every other index kept. With the axis moved behind the
/// others, these are dimensions of a batch.
static ValueId takeAlong(BuiltinCall &call, const Sorting &sorted, ValueId places) {
  CheckedBuilder &builder = call.builder();
  int64_t rank = call.typeOf(sorted.value).rank();
  SmallVector<int64_t> toEnd, back;
  for (int64_t d = 0; d < rank; ++d)
    if (d != sorted.axis)
      toEnd.push_back(d);
  toEnd.push_back(sorted.axis);
  for (int64_t d = 0; d < rank; ++d)
    back.push_back(llvm::find(toEnd, d) - toEnd.begin());
  if (sorted.axis == rank - 1)
    return builder.gather(sorted.value, places, rank - 1, rank - 1);
  ValueId taken = builder.gather(builder.transpose(sorted.value, toEnd),
                                 builder.transpose(places, toEnd), rank - 1, rank - 1);
  return builder.transpose(taken, back);
}

static Item argSort(BuiltinCall &call) {
  std::optional<bool> descending = call.boolean("descending", false);
  std::optional<Sorting> sorted = descending ? sorting(call, *descending) : std::nullopt;
  return sorted ? Item::tensor(sorted->places) : Item::error();
}

static Item sort(BuiltinCall &call) {
  std::optional<bool> descending = call.boolean("descending", false);
  std::optional<Sorting> sorted = descending ? sorting(call, *descending) : std::nullopt;
  return sorted ? Item::tensor(takeAlong(call, *sorted, sorted->places)) : Item::error();
}

static Item softmax(BuiltinCall &call, StringRef name) {
  std::optional<ValueId> value = call.floatTensor("x");
  std::optional<int64_t> axis = value ? call.axis("axis", *value) : std::nullopt;
  return axis ? Item::tensor(call.builder().softmax(name, *value, *axis)) : Item::error();
}

#define WEFT_REDUCE(name, kind)                                                                    \
  {name, "x, axis?, axes?, keep?", [](BuiltinCall &call) { return reduction(call, kind); }}
#define WEFT_CUMULATIVE(name, kind)                                                                \
  {name, "x, axis, exclusive?, reverse?", [](BuiltinCall &call) { return cumulative(call, kind); }}

ArrayRef<Builtin> reductionBuiltins() {
  static const Builtin rows[] = {
      WEFT_REDUCE("sum", "sum"),
      WEFT_REDUCE("prod", "prod"),
      WEFT_REDUCE("any", "or"),
      WEFT_REDUCE("all", "and"),
      {"max", "x, y?, axis?, axes?, keep?", [](BuiltinCall &call) { return extreme(call, "max"); }},
      {"min", "x, y?, axis?, axes?, keep?", [](BuiltinCall &call) { return extreme(call, "min"); }},
      {"mean", "x, axis?, axes?, keep?", mean},
      {"argmax", "x, axis, keep?", [](BuiltinCall &call) { return argExtreme(call, "max"); }},
      {"argmin", "x, axis, keep?", [](BuiltinCall &call) { return argExtreme(call, "min"); }},
      {"argsort", "x, axis, descending?", argSort},
      {"sort", "x, axis, descending?", sort},
      WEFT_CUMULATIVE("cumsum", "sum"),
      WEFT_CUMULATIVE("cumprod", "prod"),
      WEFT_CUMULATIVE("cummax", "max"),
      WEFT_CUMULATIVE("cummin", "min"),
      {"softmax", "x, axis", [](BuiltinCall &call) { return softmax(call, "softmax"); }},
      {"log_softmax", "x, axis", [](BuiltinCall &call) { return softmax(call, "log_softmax"); }},
  };
  return rows;
}

} // namespace weft
