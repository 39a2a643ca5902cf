// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives: operators on values of the graph. What a value was computed from is known, so a
// derivative names values alone; the passes find the way between them.
#include "frontend/Builtins.h"

namespace weft {

using Kind = Item::Kind;

/// The float tensors that a derivative is taken with regard to: one, or those of a list.
static std::optional<SmallVector<ValueId>> floatsOf(BuiltinCall &call, StringRef name) {
  SmallVector<ValueId> values;
  SmallVector<Item> items;
  const Item &given = call.item(name);
  if (given.isSequence())
    llvm::append_range(items, *given.items);
  else
    items.push_back(given);
  for (const Item &item : items) {
    bool isFloat = item.isTensor();
    if (isFloat) {
      std::optional<ValueId> value = call.elaborator.toTensor(item, call.span(name));
      if (!value)
        return std::nullopt;
      isFloat = isFloatElement(call.typeOf(*value).element);
      values.push_back(*value);
    }
    if (!isFloat) {
      call.fail(Diag::DerivativeOf, call.span(name), call.builtin.name,
                call.elaborator.describe(item));
      return std::nullopt;
    }
  }
  if (values.empty()) {
    call.fail(Diag::DerivativeOf, call.span(name), call.builtin.name, "an empty list");
    return std::nullopt;
  }
  return values;
}

/// Tensors of the types of `like`, given as one or as a list of as many.
static std::optional<SmallVector<ValueId>> directions(BuiltinCall &call, StringRef name,
                                                      ArrayRef<ValueId> like) {
  SmallVector<Item> items;
  const Item &given = call.item(name);
  if (given.isSequence())
    llvm::append_range(items, *given.items);
  else
    items.push_back(given);
  if (items.size() != like.size()) {
    call.fail(Diag::PatternCount, call.span(name), like.size(), call.elaborator.describe(given),
              items.size());
    return std::nullopt;
  }
  SmallVector<ValueId> values;
  for (auto [item, wanted] : llvm::zip_equal(items, like)) {
    const ValueType type = call.typeOf(wanted);
    std::optional<ValueId> value = call.elaborator.toTensor(item, call.span(name), type.element);
    if (!value)
      return std::nullopt;
    if (item.isNumber())
      value = call.builder().broadcastTo(*value, type.dims);
    if (!(call.typeOf(*value) == type)) {
      call.fail(Diag::ArgumentKind, call.span(name), name, call.builtin.name, printType(type),
                printType(call.typeOf(*value)));
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return values;
}

/// The results in the form in which `name` was given: one tensor, or a list.
static Item inForm(BuiltinCall &call, StringRef name, ArrayRef<ValueId> values) {
  if (!call.item(name).isSequence())
    return Item::tensor(values.front());
  std::vector<Item> items;
  for (ValueId value : values)
    items.push_back(Item::tensor(value));
  return Item::sequence(Kind::List, std::move(items));
}

/// The gradients of one float, with the float itself in front for `value_and_grad`.
static Item gradient(BuiltinCall &call, bool withValue) {
  std::optional<ValueId> y = call.tensor("y");
  std::optional<SmallVector<ValueId>> wrt = floatsOf(call, "wrt");
  if (!y || !wrt)
    return Item::error();
  const ValueType type = call.typeOf(*y);
  if (!type.isScalar() || !isFloatElement(type.element))
    return call.fail(Diag::GradientOf, call.span("y"), call.builtin.name, printType(type));
  ValueId one = call.builder().constant(type.element, 1);
  Item gradients = inForm(call, "wrt", call.builder().vjp(*y, one, *wrt));
  if (!withValue)
    return gradients;
  return Item::sequence(Kind::Tuple, {Item::tensor(*y), gradients});
}

static Item grad(BuiltinCall &call) { return gradient(call, /*withValue=*/false); }
static Item valueAndGrad(BuiltinCall &call) { return gradient(call, /*withValue=*/true); }

static Item vjp(BuiltinCall &call) {
  std::optional<SmallVector<ValueId>> y = floatsOf(call, "y");
  std::optional<SmallVector<ValueId>> wrt = floatsOf(call, "wrt");
  std::optional<SmallVector<ValueId>> times =
      y ? directions(call, "times", *y) : std::optional<SmallVector<ValueId>>();
  if (!times || !wrt)
    return Item::error();
  return inForm(call, "wrt", call.builder().vjp(*y, *times, *wrt));
}

static Item jvp(BuiltinCall &call) {
  std::optional<SmallVector<ValueId>> y = floatsOf(call, "y");
  std::optional<SmallVector<ValueId>> wrt = floatsOf(call, "wrt");
  std::optional<SmallVector<ValueId>> along =
      wrt ? directions(call, "along", *wrt) : std::optional<SmallVector<ValueId>>();
  if (!y || !along)
    return Item::error();
  return inForm(call, "y", call.builder().jvp(*y, *wrt, *along));
}

static Item stopGradient(BuiltinCall &call) {
  if (call.item("x").isNumber())
    return call.item("x");
  std::optional<ValueId> x = call.tensor("x");
  if (!x)
    return Item::error();
  bool isFloat = isFloatElement(call.typeOf(*x).element);
  return Item::tensor(isFloat ? call.builder().unary("stop_gradient", *x) : *x);
}

static Item minimize(BuiltinCall &call) { return call.elaborator.minimize(call.call); }

static Item inTraining(BuiltinCall &call) { return Item::boolean(call.elaborator.inTraining()); }

/// What a schedule that is a function gives for the step, as f32.
static std::optional<ValueId> atStep(BuiltinCall &call, StringRef name, const Item &step) {
  ValueType scalar{mlir::Float32Type::get(call.elaborator.context), {}};
  Call inner;
  inner.span = inner.calleeSpan = call.span();
  inner.scope = call.call.scope;
  inner.arguments.push_back({"", {}, nullptr, step, call.span(name)});
  inner.expected = &scalar;
  Item result = call.elaborator.callItem(call.item(name), inner);
  std::optional<ValueId> value = call.elaborator.toTensor(result, call.span(), scalar.element);
  if (!value || call.typeOf(*value) == scalar)
    return value;
  call.fail(Diag::ArgumentKind, call.span(name), name, call.builtin.name,
            "a function of the step that gives f32", printType(call.typeOf(*value)));
  return std::nullopt;
}

/// A schedule is a number, or a function of the step.
static Item at(BuiltinCall &call) {
  std::optional<ValueId> value =
      call.item("schedule").isCallable()
          ? atStep(call, "schedule", call.item("step"))
          : call.tensor("schedule", mlir::Float32Type::get(call.elaborator.context));
  return value ? Item::tensor(*value) : Item::error();
}

static Item copy(BuiltinCall &call) {
  return call.elaborator.copy(call.item("model"), call.span("model"));
}

/// `ema(average, decay: 0.999)`, or with a decay that is a function of the step.
static Item ema(BuiltinCall &call) {
  const Item &copied = call.item("copied");
  if (!call.item("decay").isCallable()) {
    std::optional<double> decay = call.real("decay");
    return decay ? call.elaborator.ema(copied, call.span("copied"), *decay) : Item::error();
  }
  std::string prefix = copied.kind == Kind::Instance ? copied.instance->path + ".ema" : "ema";
  Item step = Item::tensor(call.elaborator.stepNumber(prefix, call.span()));
  std::optional<ValueId> decay = atStep(call, "decay", step);
  return decay ? call.elaborator.ema(copied, call.span("copied"), *decay) : Item::error();
}

ArrayRef<Builtin> derivativeBuiltins() {
  static const Builtin rows[] = {
      {"grad", "y, wrt", grad, /*needsGraph=*/true},
      {"value_and_grad", "y, wrt", valueAndGrad, /*needsGraph=*/true},
      {"vjp", "y, times, wrt", vjp, /*needsGraph=*/true},
      {"jvp", "y, wrt, along", jvp, /*needsGraph=*/true},
      {"stop_gradient", "x", stopGradient},
      {"minimize", "loss, by, freeze?, groups?, clip_norm?, clip_value?, every?, loss_scale?",
       minimize,
       /*needsGraph=*/true, /*isLazy=*/true},
      {"in_training", "", inTraining},
      {"at", "schedule, step", at, /*needsGraph=*/true},
      {"copy", "model", copy},
      {"ema", "copied, decay", ema, /*needsGraph=*/true},
  };
  return rows;
}

} // namespace weft
