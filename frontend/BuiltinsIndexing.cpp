// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lookup and update by index: gather, scatter, sums over segments, one-hot codes, moving windows.
#include "frontend/Builtins.h"

namespace weft {

using Kind = Item::Kind;

static Item gather(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  std::optional<ValueId> indices = call.integerTensor("indices");
  if (!value || !indices)
    return Item::error();
  std::optional<int64_t> axis = 0, batch = call.integer("batch", 0);
  const ValueType &type = call.typeOf(*value);
  if (call.has("axis"))
    axis = call.axis("axis", *value);
  else if (type.isScalar())
    return call.fail(Diag::Rank, call.span("x"), "gather", "at least 1", "x", printType(type));
  if (!axis || !batch)
    return Item::error();
  ArrayRef<Dim> own = type.dims, index = call.typeOf(*indices).dims;
  bool batchFits = *batch >= 0 && *batch <= *axis && *batch <= int64_t(index.size()) &&
                   call.elaborator.sameDims(own.take_front(*batch), index.take_front(*batch));
  if (!batchFits)
    return call.fail(Diag::BatchDims, call.span(), *batch, printType(type),
                     printType(call.typeOf(*indices)));
  return Item::tensor(call.builder().gather(*value, *indices, *axis, *batch));
}

static Item scatterWith(BuiltinCall &call, StringRef kind) {
  std::optional<ValueId> value = call.tensor("x");
  std::optional<ValueId> indices = call.integerTensor("indices");
  if (!value || !indices)
    return Item::error();
  const ValueType type = call.typeOf(*value);
  std::optional<ValueId> updates = call.tensor("updates", type.element);
  std::optional<int64_t> axis = 0;
  if (call.has("axis"))
    axis = call.axis("axis", *value);
  if (!updates || !axis)
    return Item::error();
  if (type.isScalar() || (isBoolElement(type.element) && kind != "set"))
    return call.fail(Diag::OperandKind, call.span("x"), call.builtin.name, printType(type));
  Dims wanted(type.dims.begin(), type.dims.begin() + *axis);
  llvm::append_range(wanted, call.typeOf(*indices).dims);
  wanted.append(type.dims.begin() + *axis + 1, type.dims.end());
  const ValueType given = call.typeOf(*updates);
  std::optional<Dims> met = call.elaborator.broadcastDims(given.dims, wanted);
  if (given.element != type.element || !met || *met != wanted) {
    Diagnostic &message =
        call.elaborator.report(Diag::UpdateShape, call.span("updates"), call.builtin.name,
                               printType({type.element, wanted}), printType(given));
    call.elaborator.noteValue(message, *value);
    call.elaborator.noteValue(message, *indices);
    return Item::error();
  }
  ValueId wide = call.builder().broadcastTo(*updates, wanted);
  return Item::tensor(call.builder().scatter(kind, *value, *indices, wide, *axis));
}

/// Adds, or averages, the rows of x that carry the same segment number.
static Item segment(BuiltinCall &call, bool isMean) {
  std::optional<ValueId> value = call.tensor("x");
  std::optional<ValueId> segments = call.integerTensor("segments");
  if (!value || !segments)
    return Item::error();
  auto count = call.elaborator.toDim(call.item("count"), call.span("count"), "'count'");
  const ValueType type = call.typeOf(*value);
  const ValueType index = call.typeOf(*segments);
  if (!count)
    return Item::error();
  bool fits = index.rank() == 1 && !type.isScalar() &&
              call.elaborator.sameDim(index.dims[0], type.dims[0]) &&
              !isBoolElement(type.element) && (!isMean || isFloatElement(type.element));
  if (!fits) {
    Diagnostic &message = call.elaborator.report(Diag::SegmentShape, call.span(), call.builtin.name,
                                                 printType(index), printType(type));
    call.elaborator.noteValue(message, *value);
    return Item::error();
  }
  CheckedBuilder &builder = call.builder();
  Dims dims = type.dims;
  dims[0] = *count;
  ValueId zero = builder.splat(type.element, 0, dims);
  ValueId sum = builder.scatter("add", zero, *segments, *value, 0);
  if (!isMean)
    return Item::tensor(sum);
  // A segment without rows has the mean 0: it is divided by 1.
  ValueId ones = builder.splat(type.element, 1, {type.dims[0]});
  ValueId none = builder.splat(type.element, 0, {*count});
  ValueId members = builder.scatter("add", none, *segments, ones, 0);
  ValueId atLeastOne = builder.binary("max", members, builder.splat(type.element, 1, {*count}));
  return Item::tensor(builder.binary("div", sum, builder.broadcast(atLeastOne, {0}, dims)));
}

/// 1 where the last, new dimension counts to the index.
static Item oneHot(BuiltinCall &call) {
  std::optional<ValueId> indices = call.integerTensor("indices");
  auto classes = call.elaborator.toDim(call.item("classes"), call.span("classes"), "'classes'");
  if (!indices || !classes)
    return Item::error();
  Type element = call.call.expected ? call.call.expected->element
                                    : mlir::Float32Type::get(call.elaborator.context);
  CheckedBuilder &builder = call.builder();
  const ValueType type = call.typeOf(*indices);
  Dims dims = type.dims;
  SmallVector<int64_t> along = llvm::to_vector(llvm::seq<int64_t>(0, type.rank()));
  dims.push_back(*classes);
  ValueId wide = builder.broadcast(*indices, along, dims);
  ValueId hit = builder.compare("eq", wide, builder.iota(type.element, dims, type.rank()));
  return Item::tensor(builder.cast(hit, element));
}

/// The scalar corner of a window, one integer for each dimension.
static std::optional<SmallVector<ValueId>> corner(BuiltinCall &call, size_t rank) {
  const BuiltinCall::Argument &starts = call.argument("starts");
  std::vector<Item> single{starts.item};
  const std::vector<Item> &items = starts.item.isSequence() ? *starts.item.items : single;
  SmallVector<ValueId> values;
  for (const Item &item : items) {
    std::optional<ValueId> value = call.elaborator.toTensor(item, starts.span);
    if (!value)
      return std::nullopt;
    const ValueType &type = call.typeOf(*value);
    if (!type.isScalar() || !isIntegerElement(type.element)) {
      call.elaborator.report(Diag::IndexType, starts.span, printType(type));
      return std::nullopt;
    }
    values.push_back(*value);
  }
  if (values.size() == rank)
    return values;
  call.elaborator.report(Diag::Rank, starts.span, call.builtin.name, values.size(), "x",
                         std::to_string(rank) + " dimensions");
  return std::nullopt;
}

static Item dynamicSlice(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  std::optional<Dims> sizes = call.dims("sizes");
  if (!value || !sizes)
    return Item::error();
  const ValueType type = call.typeOf(*value);
  auto starts = corner(call, type.rank());
  if (!starts)
    return Item::error();
  bool fits = sizes->size() == type.rank();
  for (size_t axis = 0; fits && axis < type.rank(); ++axis)
    fits = (*sizes)[axis].provablyAtMost(type.dims[axis]) || call.elaborator.lenient;
  if (!fits) {
    Diagnostic &message = call.elaborator.report(Diag::WindowSize, call.span("sizes"),
                                                 printDims(*sizes), printType(type));
    call.elaborator.noteValue(message, *value);
    return Item::error();
  }
  return Item::tensor(call.builder().dynamicSlice(*value, *starts, *sizes));
}

static Item updateSlice(BuiltinCall &call) {
  std::optional<ValueId> value = call.tensor("x");
  if (!value)
    return Item::error();
  const ValueType type = call.typeOf(*value);
  std::optional<ValueId> update = call.tensor("update", type.element);
  auto starts = corner(call, type.rank());
  if (!update || !starts)
    return Item::error();
  const ValueType given = call.typeOf(*update);
  bool fits = given.rank() == type.rank() && given.element == type.element;
  for (size_t axis = 0; fits && axis < type.rank(); ++axis)
    fits = given.dims[axis].provablyAtMost(type.dims[axis]) || call.elaborator.lenient;
  if (!fits) {
    Diagnostic &message = call.elaborator.report(Diag::WindowSize, call.span("update"),
                                                 printType(given), printType(type));
    call.elaborator.noteValue(message, *value);
    return Item::error();
  }
  return Item::tensor(call.builder().updateSlice(*value, *update, *starts));
}

#define WEFT_SCATTER(name, kind)                                                                   \
  {name, "x, indices, updates, axis?", [](BuiltinCall &call) { return scatterWith(call, kind); }}

ArrayRef<Builtin> indexingBuiltins() {
  static const Builtin rows[] = {
      {"gather", "x, indices, axis?, batch?", gather},
      WEFT_SCATTER("scatter", "set"),
      WEFT_SCATTER("scatter_add", "add"),
      WEFT_SCATTER("scatter_mul", "mul"),
      WEFT_SCATTER("scatter_max", "max"),
      WEFT_SCATTER("scatter_min", "min"),
      {"segment_sum", "x, segments, count", [](BuiltinCall &call) { return segment(call, false); }},
      {"segment_mean", "x, segments, count", [](BuiltinCall &call) { return segment(call, true); }},
      {"one_hot", "indices, classes", oneHot},
      {"dynamic_slice", "x, starts, sizes", dynamicSlice},
      {"update_slice", "x, update, starts", updateSlice},
  };
  return rows;
}

} // namespace weft
