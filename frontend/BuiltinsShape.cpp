// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes: the same elements under other dimensions, joined, padded, repeated.
#include "frontend/Builtins.h"

namespace weft {

using Kind = Item::Kind;

static Item reshape(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  std::optional<Dims> dims = call.dims("shape");
  if (!value || !dims)
    return Item::error();
  // One entry may be -1: it takes what is left.
  Dim known(1), total = productOf(call.typeOf(*value).dims);
  Dim *open = nullptr;
  for (Dim &dim : *dims) {
    if (dim == Dim(-1) && !open)
      open = &dim;
    else
      known = known * dim;
  }
  if (open) {
    std::optional<Dim> rest = divideExactly(total, known);
    if (!rest && call.elaborator.lenient)
      rest = total.floorDiv(known);
    if (rest)
      *open = *rest;
  }
  bool fits = call.elaborator.sameDim(productOf(*dims), total);
  if (!fits || llvm::any_of(*dims, [](const Dim &dim) {
        std::optional<int64_t> size = dim.constant();
        return size && *size < 0;
      })) {
    Diagnostic &message =
        call.elaborator.report(Diag::ReshapeCount, call.span(), printType(call.typeOf(*value)),
                               total.str(), printDims(*dims), productOf(*dims).str());
    call.elaborator.noteValue(message, *value);
    return Item::error();
  }
  return Item::tensor(call.builder().reshape(*value, *dims));
}

/// Joins the dimensions from `from` to the last (or to `to`) into one.
static Item flatten(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  if (!value)
    return Item::error();
  ValueType type = call.typeOf(*value);
  int64_t first = 0, last = static_cast<int64_t>(type.rank()) - 1;
  if (call.has("from")) {
    std::optional<int64_t> axis = call.axis("from", *value);
    if (!axis)
      return Item::error();
    first = *axis;
  }
  if (call.has("to")) {
    std::optional<int64_t> axis = call.axis("to", *value);
    if (!axis)
      return Item::error();
    last = *axis;
  }
  if (last < first)
    return type.isScalar() ? Item::tensor(call.builder().reshape(*value, {Dim(1)}))
                           : Item::tensor(*value);
  Dims dims(type.dims.begin(), type.dims.begin() + first);
  dims.push_back(productOf(ArrayRef<Dim>(type.dims).slice(first, last - first + 1)));
  dims.append(type.dims.begin() + last + 1, type.dims.end());
  return Item::tensor(call.builder().reshape(*value, dims));
}

/// transpose(x) reverses the last two, transpose(x, [2, 0, 1]) says the order.
static Item transpose(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  if (!value)
    return Item::error();
  const ValueType &type = call.typeOf(*value);
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, type.rank()));
  if (call.has("order")) {
    std::vector<Item> single{call.item("order")};
    order.clear();
    for (const Item &item : call.item("order").isSequence() ? *call.item("order").items : single) {
      std::optional<int64_t> axis = call.elaborator.toAxis(item, call.span("order"), type);
      if (!axis)
        return Item::error();
      if (llvm::is_contained(order, *axis))
        return call.fail(Diag::RepeatedAxis, call.span("order"), *axis);
      order.push_back(*axis);
    }
    if (order.size() != type.rank())
      return call.fail(Diag::Rank, call.span("order"), "transpose", order.size(), "x",
                       printType(type));
  } else if (type.rank() >= 2) {
    std::swap(order.back(), order[order.size() - 2]);
  }
  return Item::tensor(call.builder().transpose(*value, order));
}

static std::optional<SmallVector<ValueId>> tensorList(BuiltinCall &call) {
  std::vector<BuiltinCall::Argument> arguments = call.list("xs");
  SmallVector<Item> items;
  SmallVector<Span> spans;
  for (const BuiltinCall::Argument &argument : arguments) {
    items.push_back(argument.item);
    spans.push_back(argument.span);
  }
  std::string name = ("'" + call.builtin.name + "'").str();
  if (items.empty()) {
    call.elaborator.report(Diag::MissingArgument, call.call.calleeSpan, call.builtin.name, "xs");
    return std::nullopt;
  }
  return call.elaborator.unify(items, spans, call.span(), name, call.call.expected);
}

static Item join(BuiltinCall &call, SmallVector<ValueId> values, int64_t axis) {
  ValueType first = call.typeOf(values.front());
  for (ValueId value : values) {
    Dims other = call.typeOf(value).dims, own = first.dims;
    if (own.size() == other.size())
      other[axis] = own[axis];
    if (call.elaborator.sameDims(own, other))
      continue;
    Diagnostic &message =
        call.elaborator.report(Diag::JoinShapes, call.span(), call.builtin.name, printType(first),
                               printType(call.typeOf(value)), axis);
    call.elaborator.noteValue(message, values.front());
    call.elaborator.noteValue(message, value);
    return Item::error();
  }
  return Item::tensor(call.builder().concat(values, axis));
}

static Item concat(BuiltinCall &call) {
  auto values = tensorList(call);
  std::optional<int64_t> axis = values ? call.axis("axis", values->front()) : std::nullopt;
  return axis ? join(call, *values, *axis) : Item::error();
}

/// Joins along a new axis.
static Item stack(BuiltinCall &call) {
  auto values = tensorList(call);
  if (!values)
    return Item::error();
  ValueType widened = call.typeOf(values->front());
  widened.dims.push_back(Dim(1));
  std::optional<int64_t> axis = 0;
  if (call.has("axis"))
    axis = call.elaborator.toAxis(call.item("axis"), call.span("axis"), widened);
  if (!axis)
    return Item::error();
  for (ValueId &value : *values) {
    Dims dims = call.typeOf(value).dims;
    if (dims.size() + 1 == widened.rank())
      dims.insert(dims.begin() + *axis, Dim(1));
    value = call.builder().reshape(value, dims);
  }
  return join(call, *values, *axis);
}

/// How many elements `pad` puts between two neighbours, for each dimension; none if not given.
static std::optional<SmallVector<int64_t>> interiorOf(BuiltinCall &call, const ValueType &type) {
  if (!call.has("interior"))
    return SmallVector<int64_t>();
  std::optional<SmallVector<int64_t>> given = call.integers("interior");
  if (!given)
    return std::nullopt;
  if (given->size() > type.rank()) {
    call.fail(Diag::Rank, call.span("interior"), "pad", given->size(), "x", printType(type));
    return std::nullopt;
  }
  SmallVector<int64_t> result(type.rank() - given->size(), 0);
  llvm::append_range(result, *given);
  for (auto [dim, gap] : llvm::zip_equal(type.dims, result)) {
    if (gap < 0) {
      call.fail(Diag::NegativeSize, call.span("interior"), gap);
      return std::nullopt;
    }
    if (gap > 0 && !dim.isConstant()) {
      call.fail(Diag::NotConstant, call.span("interior"), "a dimension that is spread");
      return std::nullopt;
    }
  }
  return result;
}

/// pad(x, [[1, 1], [0, 2]], value: 0): before and after each of the last dimensions.
static Item pad(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  if (!value)
    return Item::error();
  const ValueType type = call.typeOf(*value);
  std::vector<Item> single{call.item("amounts")};
  const std::vector<Item> &given =
      call.item("amounts").isSequence() ? *call.item("amounts").items : single;
  if (given.size() > type.rank())
    return call.fail(Diag::Rank, call.span("amounts"), "pad", given.size(), "x", printType(type));
  Dims low(type.rank(), Dim(0)), high(type.rank(), Dim(0));
  for (auto [place, item] : llvm::enumerate(given)) {
    std::optional<Dims> pair = call.elaborator.toDims(item, call.span("amounts"), "'amounts'");
    if (!pair)
      return Item::error();
    if (pair->empty() || pair->size() > 2)
      return call.fail(Diag::PadForm, call.span("amounts"));
    size_t axis = type.rank() - given.size() + place;
    low[axis] = pair->front();
    high[axis] = pair->back();
    for (const Dim &amount : *pair)
      if (std::optional<int64_t> known = amount.constant(); known && *known < 0)
        return call.fail(Diag::NegativeSize, call.span("amounts"), *known);
  }
  std::optional<ValueId> fill;
  if (call.has("value"))
    fill = call.tensor("value", type.element);
  else
    fill = isBoolElement(type.element) ? call.builder().constantInteger(type.element, 0)
                                       : call.builder().constant(type.element, 0);
  if (!fill)
    return Item::error();
  if (!call.typeOf(*fill).isScalar() || call.typeOf(*fill).element != type.element)
    return call.fail(Diag::OperandKind, call.span("value"), "pad", printType(call.typeOf(*fill)));
  std::optional<SmallVector<int64_t>> interior = interiorOf(call, type);
  return interior ? Item::tensor(call.builder().pad(*value, *fill, low, high, *interior))
                  : Item::error();
}

static Item broadcastTo(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  std::optional<Dims> dims = call.dims("shape");
  if (!value || !dims)
    return Item::error();
  std::optional<Dims> met = call.elaborator.broadcastDims(call.typeOf(*value).dims, *dims);
  if (!met || *met != *dims) {
    Diagnostic &message = call.elaborator.report(Diag::Broadcast, call.span(), "'broadcast_to'",
                                                 printType(call.typeOf(*value)), printDims(*dims));
    call.elaborator.noteValue(message, *value);
    return Item::error();
  }
  return Item::tensor(call.builder().broadcastTo(*value, *dims));
}

/// slice(x, starts, sizes, strides: [1, -1]): a part whose bounds no index can prove.
static Item slice(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  std::optional<Dims> starts = call.dims("starts"), sizes = call.dims("sizes");
  if (!value || !starts || !sizes)
    return Item::error();
  const ValueType type = call.typeOf(*value);
  SmallVector<int64_t> strides(type.rank(), 1);
  if (call.has("strides")) {
    std::optional<SmallVector<int64_t>> given = call.integers("strides");
    if (!given)
      return Item::error();
    strides = *given;
  }
  if (starts->size() != type.rank() || sizes->size() != type.rank() ||
      strides.size() != type.rank())
    return call.fail(Diag::Rank, call.span(), "slice", starts->size(), "x", printType(type));
  for (size_t axis = 0; axis < type.rank(); ++axis) {
    if (strides[axis] == 0)
      return call.fail(Diag::SliceStep, call.span("strides"), 0);
    // What is known must lie inside; the rest is read where it is.
    Dim last = (*starts)[axis] + ((*sizes)[axis] - 1) * Dim(strides[axis]);
    std::optional<int64_t> size = (*sizes)[axis].constant();
    for (const Dim &place : {(*starts)[axis], last})
      if (std::optional<int64_t> at = place.constant(), extent = type.dims[axis].constant();
          size != 0 && at && (*at < 0 || (extent && *at >= *extent)))
        return call.fail(Diag::IndexRange, call.span(), *at, axis, type.dims[axis].str());
    if (size && *size < 0)
      return call.fail(Diag::NegativeSize, call.span("sizes"), *size);
  }
  return Item::tensor(call.builder().slice(*value, *starts, strides, *sizes));
}

/// Drops a dimension of size 1.
static Item squeeze(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  std::optional<int64_t> axis = value ? call.axis("axis", *value) : std::nullopt;
  if (!axis)
    return Item::error();
  Dims dims = call.typeOf(*value).dims;
  if (!call.elaborator.sameDim(dims[*axis], Dim(1)))
    return call.fail(Diag::Dimension, call.span("axis"), "squeeze", "1", "x", *axis,
                     dims[*axis].str());
  dims.erase(dims.begin() + *axis);
  return Item::tensor(call.builder().reshape(*value, dims));
}

/// Reverses the order along the axes.
static Item flip(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  if (!value)
    return Item::error();
  const ValueType type = call.typeOf(*value);
  auto axes = call.elaborator.toAxes(call.item("axis"), call.span("axis"), type);
  if (!axes)
    return Item::error();
  Dims starts(type.rank(), Dim(0));
  SmallVector<int64_t> strides(type.rank(), 1);
  for (int64_t axis : *axes) {
    starts[axis] = type.dims[axis] - 1;
    strides[axis] = -1;
  }
  return Item::tensor(call.builder().slice(*value, starts, strides, type.dims));
}

ArrayRef<Builtin> shapeBuiltins() {
  static const Builtin rows[] = {
      {"reshape", "x, shape", reshape},
      {"flatten", "x, from?, to?", flatten},
      {"transpose", "x, order?", transpose},
      {"concat", "*xs, axis", concat},
      {"stack", "*xs, axis?", stack},
      {"pad", "x, amounts, value?, interior?", pad},
      {"broadcast_to", "x, shape", broadcastTo},
      {"squeeze", "x, axis", squeeze},
      {"slice", "x, starts, sizes, strides?", slice},
      {"flip", "x, axis", flip},
  };
  return rows;
}

} // namespace weft
