// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gathering, scattering, sorting, and results whose size depends on data.

#include "frontend/onnx/OpsCommon.h"

namespace weft {

using Integers = SmallVector<int64_t>;
using Dims = SmallVector<Dim>;

//===-- Gathering ---------------------------------------------------------------------------===//

/// Positions from the end are counted from the front where there can be any.
static Value position(GraphBuilder &b, Value indices, const Dim &size) {
  return b.element(indices).isUnsignedInteger() ? indices : wrapIndex(b, indices, size);
}

/// As many slices as there are indices: what lies behind them is 0.
static void gatherBounded(Node &n, Value gathered, int64_t axis) {
  if (n.value(0).count)
    return n.fail("the sizes of two of its inputs depend on data");
  Value count = n.value(1).count;
  int64_t countAxis = axis + n.value(1).countAxis;
  Value place = n.b.iota(n.b.i64(), n.b.dims(gathered), countAxis);
  Value isMeant = n.b.compare(ComparePredicate::Lt, place, count);
  n.setBounded(0, n.b.select(isMeant, gathered, n.b.splatLike(gathered, 0)), countAxis, count);
}

static void gather(Node &n) {
  std::optional<int64_t> axis = n.axis(n.integer("axis", 0), n.rank(0));
  if (!axis)
    return;
  Value gathered = n.b.gather(n.input(0), position(n.b, n.input(1), n.dims(0)[*axis]), *axis);
  if (n.value(1).count)
    return gatherBounded(n, gathered, *axis);
  setMoved(n, gathered, [&](int64_t kept) -> std::optional<int64_t> {
    if (kept == *axis)
      return std::nullopt;
    return kept < *axis ? kept : kept + n.rank(1) - 1;
  });
}

/// For each element of `indices`, the linear position of the element of a tensor of `shape` that
/// lies where the index is, but along `axis` where it says.
static Value elementPositions(GraphBuilder &b, Value indices, ArrayRef<Dim> shape, int64_t axis) {
  SmallVector<Value> places;
  for (int64_t i = 0; i < b.rank(indices); ++i)
    places.push_back(i == axis ? wrapIndex(b, indices, shape[i])
                               : b.iota(b.i64(), b.dims(indices), i));
  Value result;
  for (auto [place, size] : llvm::zip(places, shape))
    result = result ? b.add(b.mul(result, b.size(size)), place) : place;
  return result;
}

static void gatherElements(Node &n) {
  Value x = n.input(0), indices = n.input(1);
  std::optional<int64_t> axis = n.axis(n.integer("axis", 0), n.b.rank(x));
  if (!axis)
    return;
  if (n.b.rank(indices) != n.b.rank(x))
    return n.fail("the indices have " + Twine(n.b.rank(indices)) + " dimensions, but the input " +
                  Twine(n.b.rank(x)));
  Value places = elementPositions(n.b, indices, n.b.dims(x), *axis);
  n.set(0, n.b.gather(flatten(n.b, x), places, 0));
}

/// Linear positions that the vectors in the last dimension of `indices` name, in the dimensions
/// of `shape` from `batch` on; the leading ones are those of the indices themselves.
static Value vectorPositions(GraphBuilder &b, Value indices, ArrayRef<Dim> shape, int64_t batch,
                             int64_t length) {
  Value result;
  Dims outer = b.dims(indices);
  outer.pop_back();
  for (int64_t i = 0; i < batch; ++i) {
    Value place = b.iota(b.i64(), outer, i);
    result = result ? b.add(b.mul(result, b.size(shape[i])), place) : place;
  }
  int64_t last = b.rank(indices) - 1;
  for (int64_t i = 0; i < length; ++i) {
    Value part = b.squeeze(b.sliceAxis(indices, last, Dim(i), Dim(i + 1)), last);
    Value place = wrapIndex(b, part, shape[batch + i]);
    result = result ? b.add(b.mul(result, b.size(shape[batch + i])), place) : place;
  }
  return result ? result : b.splat(b.i64(), 0, outer);
}

/// How many dimensions each vector of indices names.
static std::optional<int64_t> vectorLength(Node &n, Value x, Value indices, int64_t batch) {
  int64_t rank = n.b.rank(x), indexRank = n.b.rank(indices);
  std::optional<int64_t> length =
      indexRank == 0 ? std::nullopt : n.b.dims(indices).back().constant();
  if (length && batch >= 0 && batch < indexRank && batch + *length <= rank)
    return length;
  n.fail("indices of shape " + languageList(n.b.dims(indices)) + " do not fit an input of shape " +
         languageList(n.b.dims(x)));
  return std::nullopt;
}

static void gatherNd(Node &n) {
  Value x = n.input(0), indices = n.input(1);
  int64_t batch = n.integer("batch_dims", 0);
  std::optional<int64_t> length = vectorLength(n, x, indices, batch);
  if (!length)
    return;
  Dims shape = n.b.dims(x);
  ArrayRef<Dim> named = ArrayRef(shape).take_front(batch + *length);
  Dims flat = {productOf(named)};
  llvm::append_range(flat, ArrayRef(shape).drop_front(named.size()));
  Value places = vectorPositions(n.b, indices, shape, batch, *length);
  n.set(0, n.b.gather(n.b.reshape(x, flat), places, 0));
}

//===-- Scattering --------------------------------------------------------------------------===//

static std::optional<ScatterKind> scatterKind(Node &n) {
  StringRef reduction = n.text("reduction", "none");
  if (reduction == "none")
    return ScatterKind::Set;
  if (reduction == "add")
    return ScatterKind::Add;
  if (reduction == "mul")
    return ScatterKind::Mul;
  if (reduction == "max")
    return ScatterKind::Max;
  if (reduction == "min")
    return ScatterKind::Min;
  n.fail("the reduction is '" + reduction + "', but none, add, mul, max or min is expected");
  return std::nullopt;
}

/// The value that was repeated along new or unit dimensions, if that is how `x` was made and only
/// `axis` is left.
static Value repeatedAlongAll(GraphBuilder &b, Value x, int64_t axis) {
  auto broadcast = x.getDefiningOp<BroadcastOp>();
  if (!broadcast)
    return Value();
  Value input = broadcast.getInput();
  Dims own = b.dims(input), shape = b.dims(x);
  bool found = false;
  for (auto [i, along] : llvm::enumerate(broadcast.getDims())) {
    if (along == axis)
      found = own[i] == shape[axis];
    else if (own[i] != Dim(1))
      return Value();
  }
  return found ? b.reshape(input, shape[axis]) : Value();
}

/// Rows that are moved as wholes, as in a sum over the edges of a graph, are seen as such.
static Value scatterRows(Node &n, ScatterKind kind, Value x, Value indices, Value updates,
                         int64_t axis) {
  Dims shape = n.b.dims(x), places = n.b.dims(indices);
  for (int64_t i = 0; i < n.b.rank(x); ++i)
    if (i != axis && shape[i] != places[i])
      return Value();
  Value rows = repeatedAlongAll(n.b, indices, axis);
  if (!rows)
    return Value();
  return n.b.scatter(kind, x, wrapIndex(n.b, rows, shape[axis]), updates, axis);
}

static void scatterElements(Node &n) {
  Value x = n.input(0), indices = n.input(1), updates = n.input(2);
  std::optional<int64_t> axis = n.axis(n.integer("axis", 0), n.b.rank(x));
  std::optional<ScatterKind> kind = scatterKind(n);
  if (!axis || !kind)
    return;
  if (n.b.rank(indices) != n.b.rank(x) || n.b.dims(updates) != n.b.dims(indices))
    return n.fail("indices of shape " + languageList(n.b.dims(indices)) + " and updates of shape " +
                  languageList(n.b.dims(updates)) + " do not fit an input of shape " +
                  languageList(n.b.dims(x)));
  if (Value rows = scatterRows(n, *kind, x, indices, updates, *axis))
    return n.set(0, rows);
  Value places = flatten(n.b, elementPositions(n.b, indices, n.b.dims(x), *axis));
  Value result = n.b.scatter(*kind, flatten(n.b, x), places, flatten(n.b, updates), 0);
  n.set(0, n.b.reshape(result, n.b.dims(x)));
}

static void scatterNd(Node &n) {
  Value x = n.input(0), indices = n.input(1), updates = n.input(2);
  std::optional<ScatterKind> kind = scatterKind(n);
  std::optional<int64_t> length = vectorLength(n, x, indices, 0);
  if (!kind || !length)
    return;
  Dims shape = n.b.dims(x), outer = n.b.dims(indices);
  outer.pop_back();
  Dims flat = {productOf(ArrayRef(shape).take_front(*length))}, flatUpdates = {productOf(outer)};
  llvm::append_range(flat, ArrayRef(shape).drop_front(*length));
  llvm::append_range(flatUpdates, ArrayRef(shape).drop_front(*length));
  Value places = flatten(n.b, vectorPositions(n.b, indices, shape, 0, *length));
  Value result =
      n.b.scatter(*kind, n.b.reshape(x, flat), places, n.b.reshape(updates, flatUpdates), 0);
  n.set(0, n.b.reshape(result, shape));
}

/// Writes `update` into a cache [B, ..., S, ...] at a position of `axis` for each batch.
static void tensorScatter(Node &n) {
  GraphBuilder &b = n.b;
  Value cache = n.input(0), update = n.input(1);
  std::optional<int64_t> axis = n.axis(n.integer("axis", -2), b.rank(cache));
  StringRef mode = n.text("mode", "linear");
  if (!axis || *axis == 0)
    return n.fail("the axis is the batch");
  if (b.rank(update) != b.rank(cache) || (mode != "linear" && mode != "circular"))
    return n.fail("the update is " + languageList(b.dims(update)) + " and the mode '" + mode + "'");
  Value place = b.iota(b.i64(), b.dims(update), *axis);
  if (n.has(2)) {
    Value starts = b.cast(n.input(2), b.i64());
    place = b.add(place, b.broadcast(starts, 0, b.dims(update)));
  }
  Dims shape = b.dims(cache);
  if (mode == "circular")
    place = b.binary<RemOp>(place, b.size(shape[*axis]));
  Value positions = flatten(b, elementPositions(b, place, shape, *axis));
  Value result = b.scatter(ScatterKind::Set, flatten(b, cache), positions, flatten(b, update), 0);
  n.set(0, b.reshape(result, shape));
}

static void oneHot(Node &n) {
  GraphBuilder &b = n.b;
  auto depth = n.knownDims(1);
  Value indices = n.input(0), values = n.input(2);
  std::optional<int64_t> axis = n.axis(n.integer("axis", -1), b.rank(indices) + 1);
  if (!depth || !axis)
    return;
  if (depth->size() != 1 || b.dims(values) != Dims{Dim(2)})
    return n.fail("the depth has " + Twine(depth->size()) + " elements and the values are " +
                  languageList(b.dims(values)));
  Value wide = wrapIndex(b, indices, depth->front());
  Dims shape = b.dims(indices);
  shape.insert(shape.begin() + *axis, depth->front());
  Value isHere =
      b.compare(ComparePredicate::Eq, b.iota(b.i64(), shape, *axis), b.expandDims(wide, *axis));
  auto pick = [&](int64_t i) { return b.reshape(b.sliceAxis(values, 0, Dim(i), Dim(i + 1)), {}); };
  n.set(0, b.select(isHere, pick(1), pick(0)));
}

/// The first `sequence_lens[b]` entries of each sequence in reverse.
static void reverseSequence(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0), lengths = n.input(1);
  std::optional<int64_t> time = n.axis(n.integer("time_axis", 0), b.rank(x));
  std::optional<int64_t> batch = n.axis(n.integer("batch_axis", 1), b.rank(x));
  if (!time || !batch)
    return;
  if (*time == *batch || b.rank(lengths) != 1)
    return n.fail("the axes of time and batch are the same, or the lengths are no vector");
  Value place = b.iota(b.i64(), b.dims(x), *time);
  Value length = b.broadcast(b.cast(lengths, b.i64()), *batch, b.dims(x));
  Value mirrored = b.sub(b.binary<SubOp>(length, 1.0), place);
  Value source = b.select(b.compare(ComparePredicate::Lt, place, length), mirrored, place);
  Value positions = elementPositions(b, source, b.dims(x), *time);
  n.set(0, b.gather(flatten(b, x), positions, 0));
}

//===-- Sorting -----------------------------------------------------------------------------===//

/// `x` with its elements along `axis` at the places that `order` names.
static Value reorder(GraphBuilder &b, Value x, Value order, int64_t axis) {
  return b.gather(flatten(b, x), elementPositions(b, order, b.dims(x), axis), 0);
}

static void topKOf(Node &n, const Dim &count) {
  GraphBuilder &b = n.b;
  Value x = n.input(0);
  std::optional<int64_t> axis = n.axis(n.integer("axis", -1), b.rank(x));
  bool largest = n.integer("largest", 1) != 0;
  n.integer("sorted", 1); // sorted results are fine where any order is
  if (!axis)
    return;
  if (std::optional<int64_t> known = count.constant(); known && *known < 0)
    return n.fail("k is " + Twine(*known));
  Value order = b.sliceAxis(b.argSort(x, *axis, largest), *axis, Dim(0), count);
  n.set(0, reorder(b, x, order, *axis));
  n.set(1, order);
}

static void topK(Node &n) {
  std::optional<Dims> count = n.knownDims(1, "how many elements are taken");
  if (count && count->size() != 1)
    return n.fail("k has " + Twine(count->size()) + " elements, but one is expected");
  if (count)
    topKOf(n, count->front());
}

static void legacyTopK(Node &n) {
  if (n.needs("k"))
    topKOf(n, Dim(n.integer("k", 0)));
}

//===-- Sizes that depend on data -----------------------------------------------------------===//

/// The coordinates of elements that are not 0: [rank, count].
static void nonZero(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0);
  Dims shape = b.dims(x);
  if (shape.empty()) { // as a vector of one
    shape = {Dim(1)};
    x = b.reshape(x, shape);
  }
  Value mask = b.isBool(x) ? x : b.compare(ComparePredicate::Ne, x, 0.0);
  Value flat = flatten(b, mask);
  SmallVector<Value> rows;
  for (size_t axis = 0; axis < shape.size(); ++axis)
    rows.push_back(compact(b, flatten(b, b.iota(b.i64(), shape, axis)), flat));
  n.setBounded(0, b.stack(rows, 0), 1, countTrue(b, flat));
}

static void compress(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0), condition = n.input(1);
  int64_t axis = 0;
  if (n.hasAttribute("axis")) {
    std::optional<int64_t> given = n.axis(n.integer("axis", 0), b.rank(x));
    if (!given)
      return;
    axis = *given;
  } else {
    x = flatten(b, x);
  }
  if (b.rank(condition) != 1)
    return n.fail("the condition has " + Twine(b.rank(condition)) + " dimensions");
  Dims shape = b.dims(x);
  // A shorter condition takes nothing of what lies behind it.
  std::optional<int64_t> missing = (shape[axis] - b.dims(condition)[0]).constant();
  if (!missing || *missing < 0)
    return n.fail("the condition is " + languageList(b.dims(condition)) + " for an axis of " +
                  shape[axis].str());
  Value no = b.scalar(b.boolType(), 0);
  Value mask = b.pad(condition, no, Dim(0), Dim(*missing));
  Integers front = allAxes(b.rank(x));
  std::rotate(front.begin(), front.begin() + axis, front.begin() + axis + 1);
  Integers back(front.size());
  for (auto [i, from] : llvm::enumerate(front))
    back[from] = static_cast<int64_t>(i);
  Value rows = compact(b, b.transpose(x, front), mask);
  n.setBounded(0, b.transpose(rows, back), axis, countTrue(b, mask));
}

/// Unique rows along an axis, or elements. Rows are sorted, in the order of their first elements or
/// by when they first come; the ranks of equal rows are equal.
static void unique(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0);
  bool isSorted = n.integer("sorted", 1) != 0, hasAxis = n.hasAttribute("axis");
  int64_t axis = 0;
  if (hasAxis) {
    std::optional<int64_t> given = n.axis(n.integer("axis", 0), b.rank(x));
    if (!given)
      return;
    axis = *given;
  } else {
    x = flatten(b, x);
  }
  Integers front = allAxes(b.rank(x));
  std::rotate(front.begin(), front.begin() + axis, front.begin() + axis + 1);
  Integers back(front.size());
  for (auto [i, from] : llvm::enumerate(front))
    back[from] = static_cast<int64_t>(i);
  Value moved = b.transpose(x, front);
  if (!moved)
    return;
  Dims shape = b.dims(moved);
  Dim count = shape[0], width = productOf(ArrayRef(shape).drop_front());
  Value rows = b.reshape(moved, {count, width});
  std::optional<int64_t> columns = width.constant();
  if (!columns || *columns > 4096)
    return n.fail("rows of " + width.str() + " elements cannot be compared");

  // A stable sort by the last column, then the one before, and so on, sorts rows.
  Value order = b.iota(b.i64(), count, 0);
  for (int64_t column = *columns; column-- > 0;) {
    Value key = b.reshape(b.sliceAxis(rows, 1, Dim(column), Dim(column + 1)), count);
    order = b.gather(order, b.argSort(b.gather(key, order, 0), 0, false), 0);
  }
  Value sorted = b.gather(rows, order, 0);
  // A row begins a group where it differs from the one before it.
  Value previous =
      b.gather(sorted, b.binary<MaxOp>(b.binary<SubOp>(b.iota(b.i64(), count, 0), 1.0), 0.0), 0);
  Value differs = b.reduce(ReduceKind::Or, b.compare(ComparePredicate::Ne, sorted, previous), 1);
  Value isFirst = b.compare(ComparePredicate::Eq, b.iota(b.i64(), count, 0), 0.0);
  Value begins = b.binary<OrOp>(isFirst, differs);
  Value group = b.binary<SubOp>(b.cumulative(CumulativeKind::Sum, b.cast(begins, b.i64()), 0), 1.0);
  Value groups = countTrue(b, begins);
  Value zeros = b.splat(b.i64(), 0, count);
  // The sort is stable, so that the row that begins a group is the first of its kind.
  Value firstPlace = compact(b, order, begins);
  Value members = b.scatter(ScatterKind::Add, zeros, group, b.splat(b.i64(), 1, count), 0);
  Value inverse = b.scatter(ScatterKind::Set, zeros, order, group, 0);
  Value isGroup = b.compare(ComparePredicate::Lt, b.iota(b.i64(), count, 0), groups);
  if (!isSorted) {
    Value last = b.size(count);
    Value byFirst = b.argSort(b.select(isGroup, firstPlace, last), 0, false);
    firstPlace = b.gather(firstPlace, byFirst, 0);
    members = b.gather(members, byFirst, 0);
    Value newNumber = b.scatter(ScatterKind::Set, zeros, byFirst, b.iota(b.i64(), count, 0), 0);
    inverse = b.gather(newNumber, inverse, 0);
  }
  firstPlace = b.select(isGroup, firstPlace, zeros);
  members = b.select(isGroup, members, zeros);
  Value found = b.gather(moved, firstPlace, 0);
  if (!found)
    return;
  Value keep = b.broadcast(isGroup, 0, b.dims(found));
  found = b.select(keep, found, b.splatLike(found, 0));
  n.setBounded(0, b.transpose(found, back), axis, groups);
  n.setBounded(1, firstPlace, 0, groups);
  n.set(2, inverse);
  n.setBounded(3, members, 0, groups);
}

//===-- The table ---------------------------------------------------------------------------===//

// clang-format off
static constexpr OnnxRow rows[] = {
    {"Compress", 9, compress},
    {"Gather", 1, gather, OnnxRowKind::Structural},
    {"GatherElements", 11, gatherElements},
    {"GatherND", 11, gatherNd},
    {"NonZero", 9, nonZero},
    {"OneHot", 9, oneHot},
    {"ReverseSequence", 10, reverseSequence},
    {"Scatter", 9, scatterElements},
    {"ScatterElements", 11, scatterElements},
    {"ScatterND", 11, scatterNd},
    {"TensorScatter", 24, tensorScatter},
    {"TopK", 1, legacyTopK},
    {"TopK", 10, topK},
    {"Unique", 11, unique},
};
// clang-format on

ArrayRef<OnnxRow> onnxIndexingRows() { return rows; }

} // namespace weft
