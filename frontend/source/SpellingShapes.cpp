// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that move elements, and reductions.
#include "frontend/source/Literals.h"
#include "frontend/source/Spelling.h"
#include "ir/Constants.h"
#include "ir/Infer.h"

#include "llvm/ADT/StringExtras.h"

namespace weft::source {

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

static std::string integerList(ArrayRef<int64_t> values) {
  return "[" +
         llvm::join(llvm::map_range(values, [](int64_t v) { return std::to_string(v); }), ", ") +
         "]";
}

/// `axis: 1`; the last axis of several is -1.
static std::string axisText(int64_t axis, int64_t rank) {
  return "axis: " + std::to_string(rank > 1 && axis == rank - 1 ? -1 : axis);
}

//===- Reshape and transpose ----------------------------------------------------------------------

/// The axes of `from` that are 1 and not in `to`; nothing if more than that changes.
static std::optional<SmallVector<int64_t>> droppedUnits(ArrayRef<Dim> from, ArrayRef<Dim> to) {
  std::optional<SmallVector<int64_t>> kept = insertedUnits(to, from);
  if (!kept)
    return std::nullopt;
  SmallVector<int64_t> dropped;
  for (int64_t axis = 0; axis < int64_t(from.size()); ++axis)
    if (!llvm::is_contained(*kept, axis))
      dropped.push_back(axis);
  return dropped;
}

/// The axis from which `to` joins all dimensions of `from` into its last one.
static std::optional<int64_t> flattenedFrom(ArrayRef<Dim> from, ArrayRef<Dim> to) {
  if (to.empty() || to.size() >= from.size())
    return std::nullopt;
  size_t first = to.size() - 1;
  if (from.take_front(first) != to.take_front(first) ||
      productOf(from.drop_front(first)) != to.back())
    return std::nullopt;
  return first;
}

/// `x[:, 0]` for a slice of one element whose dimension goes, or `squeeze`.
std::optional<Expr> Speller::dropUnits(ReshapeOp op) {
  auto dropped = droppedUnits(dimsOf(typeOf(op.getInput())), dimsOf(typeOf(op.getResult())));
  if (!dropped)
    return std::nullopt;
  auto sliced = op.getInput().getDefiningOp<SliceOp>();
  Expr input = reader.read(op.getInput());
  bool takesOne = sliced && !input.index.empty() &&
                  input.index.size() == size_t(typeOf(op.getInput()).getRank());
  for (int64_t axis : *dropped)
    takesOne = takesOne && dimOf(typeOf(sliced.getInput()), axis).isConstant() &&
               sliced.getStarts().toDims()[axis].isConstant() &&
               StringRef(input.index[axis]).contains(':') && input.index[axis] != ":";
  if (takesOne) {
    for (int64_t axis : *dropped)
      input.index[axis] = slot(sliced.getStarts().toDims()[axis], "place");
    return input;
  }
  SmallVector<Dim> from = dimsOf(typeOf(op.getInput())), to = dimsOf(typeOf(op.getResult()));
  std::optional<int64_t> first = flattenedFrom(from, to);
  if (dropped->size() != 1 && first)
    return input.calledBy("flatten", *first ? "from: " + std::to_string(*first) : "");
  if (dropped->size() != 1)
    return input.calledBy("reshape", dimsText(dimsOf(typeOf(op.getResult()))));
  int64_t rank = typeOf(op.getInput()).getRank();
  return input.calledBy("squeeze", axisText(dropped->front(), rank));
}

Expr Speller::reshape(ReshapeOp op) {
  SmallVector<Dim> from = dimsOf(typeOf(op.getInput())), to = dimsOf(typeOf(op.getResult()));
  if (std::optional<Expr> dropped = dropUnits(op))
    return *dropped;
  Expr input = reader.read(op.getInput());
  if (std::optional<int64_t> first = flattenedFrom(from, to))
    return input.calledBy("flatten", *first ? "from: " + std::to_string(*first) : "");
  return input.calledBy("reshape", dimsText(to));
}

Expr Speller::transpose(TransposeOp op) {
  ArrayRef<int64_t> order = op.getPermutation();
  Expr input = reader.read(op.getInput());
  int64_t rank = order.size();
  auto identity = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  auto swapped = identity;
  if (rank >= 2)
    std::swap(swapped[rank - 1], swapped[rank - 2]);
  if (order == ArrayRef(identity))
    return input;
  if (order != ArrayRef(swapped))
    return input.calledBy("transpose", integerList(order));
  if (input.steps.empty() && input.index.empty() && input.level == Level::Primary)
    return Expr::postfix(input.head + ".T");
  return input.calledBy("transpose");
}

//===- Parts of tensors ---------------------------------------------------------------------------

/// One entry of an index; nothing if the index cannot say it.
std::optional<std::string> Speller::sliceItem(const Dim &size, const Dim &start, int64_t stride,
                                              const Dim &count) {
  if (start == Dim(0) && stride == 1 && count == size)
    return ":";
  std::optional<int64_t> knownSize = size.constant(), knownStart = start.constant(),
                         knownCount = count.constant();
  std::string step = stride == 1 ? "" : ":" + slot(stride, "step");
  if (stride < 0) {
    Dim stop = start + count * Dim(stride), whole = (start + 1).ceilDiv(Dim(-stride));
    if (count == whole && start == size - 1)
      return ":" + step;
    if (count == whole && knownSize && knownStart)
      return slot(start, "start") + ":" + step;
    std::optional<int64_t> knownStop = stop.constant();
    if (knownSize && knownStart && knownStop && *knownStop >= 0 && *knownCount > 0)
      return slot(start, "start") + ":" + slot(stop, "stop") + step;
    return std::nullopt;
  }
  // Bounds are counted from the end where that is all that is known of them.
  auto boundText = [&](const Dim &bound) {
    std::optional<int64_t> back = (bound - size).constant();
    bool fromEnd = !knownSize && !bound.isConstant() && back && *back < 0;
    return slot(fromEnd ? Dim(*back) : bound, "bound");
  };
  if (knownStart && *knownStart < 0)
    return std::nullopt;
  std::string from = start == Dim(0) ? "" : boundText(start);
  if (count == (size - start).ceilDiv(Dim(stride)))
    return from + ":" + step;
  Dim stop = stride == 1 ? start + count : start + (count - 1) * Dim(stride) + 1;
  if (knownCount == 0)
    stop = start;
  std::optional<int64_t> knownStop = stop.constant();
  bool isKnown = knownSize && knownStart && knownStop && *knownStop >= 0;
  bool isSafe = isKnown || (knownStop.value_or(0) >= 0 && stop.provablyAtMost(size));
  if (!isSafe || (stop - start).ceilDiv(Dim(stride)) != count)
    return std::nullopt;
  return from + ":" + boundText(stop) + step;
}

Expr Speller::slice(SliceOp op) {
  SmallVector<Dim> sizes = dimsOf(typeOf(op.getInput())), counts = dimsOf(typeOf(op.getResult())),
                   starts = op.getStarts().toDims();
  std::vector<std::string> items;
  for (auto [axis, stride] : llvm::enumerate(op.getStrides())) {
    auto item = sliceItem(sizes[axis], starts[axis], stride, counts[axis]);
    if (!item)
      break;
    items.push_back(*item);
  }
  Expr input = reader.read(op.getInput());
  if (items.size() == sizes.size() && !items.empty())
    return llvm::all_of(items, [](StringRef i) { return i == ":"; }) ? input
                                                                     : input.indexedBy(items);
  std::string strides = llvm::all_of(op.getStrides(), [](int64_t s) { return s == 1; })
                            ? ""
                            : ", strides: " + integerList(op.getStrides());
  return input.calledBy("slice", dimsText(starts) + ", " + dimsText(counts) + strides);
}

Expr Speller::window(Value input, std::string update, ValueRange starts, std::string sizes,
                     StringRef name) {
  std::string corner;
  for (Value start : starts) {
    std::optional<Expr> known = number(start);
    corner += (corner.empty() ? "" : ", ") + (known ? *known : reader.read(start)).nested();
  }
  std::string arguments = (update.empty() ? "" : update + ", ") + "[" + corner + "]" +
                          (sizes.empty() ? "" : ", " + sizes);
  return reader.read(input).calledBy(name.str(), arguments);
}

Expr Speller::pad(PadOp op) {
  SmallVector<Dim> low = op.getLow().toDims(), high = op.getHigh().toDims();
  size_t first = 0;
  ArrayRef<int64_t> interior = op.getInterior();
  bool isSpread = llvm::any_of(interior, [](int64_t i) { return i != 0; });
  while (!isSpread && first + 1 < low.size() && low[first] == Dim(0) && high[first] == Dim(0))
    ++first;
  std::string amounts;
  for (size_t axis = first; axis < low.size(); ++axis)
    amounts += (amounts.empty() ? "[" : ", [") + slot(low[axis], "padding") + ", " +
               slot(high[axis], "padding") + "]";
  std::string arguments = "[" + amounts + "]";
  std::optional<Expr> known = number(op.getValue());
  bool isZero = known && (known->head == "0" || known->head == "false");
  if (!isZero)
    arguments += ", value: " + (known ? *known : reader.read(op.getValue())).nested();
  if (isSpread)
    arguments += ", interior: " + integerList(interior);
  return reader.read(op.getInput()).calledBy("pad", arguments);
}

Expr Speller::concat(ConcatOp op) {
  std::string text = "concat(";
  for (Value input : op.getInputs())
    text += reader.read(input).nested() + ", ";
  return Expr::postfix(text + axisText(op.getAxis(), typeOf(op.getResult()).getRank()) + ")");
}

/// `x[:, 2]` for one place that is known and lies inside.
static std::optional<int64_t> knownPlace(GatherOp op) {
  auto constant = op.getIndices().getDefiningOp<ConstantOp>();
  std::optional<WideElement> place = constant ? splatOf(constant.getValue()) : std::nullopt;
  auto type = typeOf(op.getInput());
  if (!place || typeOf(op.getIndices()).getRank() != 0 || op.getBatchDims() != 0 ||
      place->integer < 0)
    return std::nullopt;
  bool isOutside =
      !type.isDynamicDim(op.getAxis()) && place->integer >= type.getDimSize(op.getAxis());
  return isOutside ? std::nullopt : std::optional(place->integer);
}

Expr Speller::gather(GatherOp op) {
  if (std::optional<int64_t> place = knownPlace(op)) {
    std::vector<std::string> items(op.getAxis(), ":");
    items.push_back(slot(*place, "place"));
    return reader.read(op.getInput()).indexedBy(items);
  }
  std::string arguments = reader.read(op.getIndices()).nested();
  if (op.getAxis())
    arguments += ", axis: " + std::to_string(op.getAxis());
  if (op.getBatchDims())
    arguments += ", batch: " + std::to_string(op.getBatchDims());
  return reader.read(op.getInput()).calledBy("gather", arguments);
}

Expr Speller::scatter(ScatterOp op) {
  std::string kind = stringifyScatterKind(op.getKind()).str();
  std::string arguments = reader.read(op.getIndices()).nested() + ", ";
  arguments += reader.read(op.getUpdates()).nested();
  if (op.getAxis())
    arguments += ", axis: " + std::to_string(op.getAxis());
  return reader.read(op.getInput())
      .calledBy(kind == "set" ? "scatter" : "scatter_" + kind, arguments);
}

//===- Reductions ---------------------------------------------------------------------------------

Expr Speller::reduce(ReduceOp op) {
  StringRef names[] = {"sum", "prod", "max", "min", "all", "any"};
  StringRef name = names[static_cast<int>(op.getKind())];
  ArrayRef<int64_t> axes = op.getAxes();
  int64_t rank = typeOf(op.getInput()).getRank();
  Expr input = reader.read(op.getInput());
  if (axes.empty())
    return input;
  if (axes.size() == 1)
    return input.calledBy(name.str(), axisText(axes.front(), rank));
  return input.calledBy(name.str(),
                        int64_t(axes.size()) == rank ? "" : "axes: " + integerList(axes));
}

Expr Speller::arg(ArgOp op) {
  bool isMax = op.getKind() == ArgKind::Max;
  Expr result = reader.read(op.getInput())
                    .calledBy(isMax ? "argmax" : "argmin",
                              axisText(op.getAxis(), typeOf(op.getInput()).getRank()));
  // Without a wish of the context the places are i64.
  bool isNarrow = typeOf(op.getResult()).getElementType().isInteger(32);
  return isNarrow ? result.calledBy("cast<i32>") : result;
}

Expr Speller::argSort(ArgSortOp op) {
  return reader.read(op.getInput())
      .calledBy("argsort", axisText(op.getAxis(), typeOf(op.getInput()).getRank()) +
                               (op.getDescending() ? ", descending: true" : ""));
}

Expr Speller::cumulative(CumulativeOp op) {
  std::string arguments = axisText(op.getAxis(), typeOf(op.getInput()).getRank());
  if (op.getExclusive())
    arguments += ", exclusive: true";
  if (op.getReverse())
    arguments += ", reverse: true";
  return reader.read(op.getInput())
      .calledBy("cum" + stringifyCumulativeKind(op.getKind()).str(), arguments);
}

} // namespace weft::source
