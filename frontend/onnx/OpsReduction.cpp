// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums, extremes, norms and other summaries along axes.

#include "frontend/onnx/OpsCommon.h"

namespace weft {

using Axes = SmallVector<int64_t>;

//===-- Reduce* -----------------------------------------------------------------------------===//

/// Axes as an attribute; none means all.
static std::optional<Axes> axesFromAttribute(Node &n) {
  Axes given = n.integers("axes");
  return given.empty() ? allAxes(n.rank(0)) : n.axes(given, n.rank(0));
}

/// Axes as the second input; none means all, or nothing with `noop_with_empty_axes`.
static std::optional<Axes> axesFromInput(Node &n) {
  bool isNoop = n.integer("noop_with_empty_axes", 0) != 0;
  Axes given;
  if (n.has(1)) {
    auto known = n.knownIntegers(1, "which axes are reduced");
    if (!known)
      return std::nullopt;
    given = *known;
  }
  if (given.empty())
    return isNoop ? Axes() : allAxes(n.rank(0));
  return n.axes(given, n.rank(0));
}

using Summary = Value (*)(GraphBuilder &, Value, ArrayRef<int64_t> axes, bool keep);

template <Summary summary, std::optional<Axes> (*readAxes)(Node &)> static void reduce(Node &n) {
  bool keep = n.integer("keepdims", 1) != 0;
  if (std::optional<Axes> axes = readAxes(n))
    n.set(0, summary(n.b, n.input(0), *axes, keep));
}

template <ReduceKind kind>
static Value plain(GraphBuilder &b, Value x, ArrayRef<int64_t> axes, bool keep) {
  return b.reduce(kind, x, axes, keep);
}

/// The extreme of bools is their disjunction or conjunction.
template <ReduceKind kind, ReduceKind ofBools>
static Value extreme(GraphBuilder &b, Value x, ArrayRef<int64_t> axes, bool keep) {
  return b.reduce(b.isBool(x) ? ofBools : kind, x, axes, keep);
}

static Value mean(GraphBuilder &b, Value x, ArrayRef<int64_t> axes, bool keep) {
  return b.mean(x, axes, keep);
}

static Value sumOfSquares(GraphBuilder &b, Value x, ArrayRef<int64_t> axes, bool keep) {
  return b.reduce(ReduceKind::Sum, b.mul(x, x), axes, keep);
}

static Value l1(GraphBuilder &b, Value x, ArrayRef<int64_t> axes, bool keep) {
  return b.reduce(ReduceKind::Sum, b.unary<AbsOp>(x), axes, keep);
}

/// Of integers too; the root is taken in f64 and cut.
static Value l2(GraphBuilder &b, Value x, ArrayRef<int64_t> axes, bool keep) {
  Type type = b.element(x);
  Value wide = b.isFloat(x) ? b.cast(x, wideType(b, type)) : b.cast(x, b.builder.getF64Type());
  return b.cast(b.unary<SqrtOp>(sumOfSquares(b, wide, axes, keep)), type);
}

static Value logOfSum(GraphBuilder &b, Value x, ArrayRef<int64_t> axes, bool keep) {
  return b.unary<LogOp>(b.reduce(ReduceKind::Sum, x, axes, keep));
}

/// max + log(sum(exp(x - max))), where max is taken as 0 if it is infinite.
static Value logSumExp(GraphBuilder &b, Value x, ArrayRef<int64_t> axes, bool keep) {
  Value greatest = b.reduce(ReduceKind::Max, x, axes, /*keepDims=*/true);
  greatest = b.select(b.isInf(greatest), b.splatLike(greatest, 0), greatest);
  Value sum = b.reduce(ReduceKind::Sum, b.unary<ExpOp>(b.sub(x, greatest)), axes, true);
  Value result = b.add(b.unary<LogOp>(sum), greatest);
  return keep ? result : b.squeeze(result, axes);
}

//===-- Positions ---------------------------------------------------------------------------===//

template <ArgKind kind> static void arg(Node &n) {
  Value x = n.input(0);
  std::optional<int64_t> axis = n.axis(n.integer("axis", 0), n.b.rank(x));
  bool keep = n.integer("keepdims", 1) != 0, last = n.integer("select_last_index", 0) != 0;
  if (!axis)
    return;
  Dim size = n.b.dims(x)[*axis];
  Value result = n.b.arg(kind, last ? n.b.reverse(x, *axis) : x, *axis, n.b.i64());
  if (last)
    result = n.b.sub(n.b.size(size - Dim(1)), result);
  n.set(0, keep ? n.b.expandDims(result, *axis) : result);
}

static void cumSum(Node &n) {
  auto given = n.knownIntegers(1, "the axis of a sum");
  bool exclusive = n.integer("exclusive", 0) != 0, reverse = n.integer("reverse", 0) != 0;
  if (!given)
    return;
  if (given->size() != 1)
    return n.fail("the axis has " + Twine(given->size()) + " elements, but one is expected");
  if (std::optional<int64_t> axis = n.axis(given->front(), n.rank(0)))
    n.set(0, n.b.cumulative(CumulativeKind::Sum, n.input(0), *axis, exclusive, reverse));
}

//===-- Softmax and its kin -----------------------------------------------------------------===//

using AlongAxis = Value (*)(GraphBuilder &, Value, int64_t axis);

static Value softmaxOf(GraphBuilder &b, Value x, int64_t axis) { return b.softmax(x, axis); }
static Value logSoftmaxOf(GraphBuilder &b, Value x, int64_t axis) { return b.logSoftmax(x, axis); }

/// 1 at the first greatest element, 0 elsewhere.
static Value hardmaxOf(GraphBuilder &b, Value x, int64_t axis) {
  Value best = b.expandDims(b.arg(ArgKind::Max, x, axis, b.i64()), axis);
  Value place = b.iota(b.i64(), b.dims(x), axis);
  return b.cast(b.compare(ComparePredicate::Eq, place, best), b.element(x));
}

template <AlongAxis function> static void alongAxis(Node &n) {
  if (std::optional<int64_t> axis = n.axis(n.integer("axis", -1), n.rank(0)))
    n.set(0, function(n.b, n.input(0), *axis));
}

/// Before opset 13 the dimensions from `axis` on are one.
template <AlongAxis function> static void flattened(Node &n) {
  Value x = n.input(0);
  SmallVector<Dim> shape = n.b.dims(x);
  int64_t given = n.integer("axis", 1), rank = n.b.rank(x);
  std::optional<int64_t> axis = given == rank ? rank : n.axis(given, rank);
  if (!axis)
    return;
  Dim rows = productOf(ArrayRef(shape).take_front(*axis));
  Dim columns = productOf(ArrayRef(shape).drop_front(*axis));
  n.set(0, n.b.reshape(function(n.b, n.b.reshape(x, {rows, columns}), 1), shape));
}

//===-- Normalised by a norm ----------------------------------------------------------------===//

static void lpNormalization(Node &n) {
  Value x = n.input(0);
  int64_t p = n.integer("p", 2);
  std::optional<int64_t> axis = n.axis(n.integer("axis", -1), n.b.rank(x));
  if (!axis)
    return;
  if (p != 1 && p != 2)
    return n.fail("p is " + Twine(p) + ", but 1 or 2 is expected");
  Value norm = p == 1 ? l1(n.b, x, *axis, true) : l2(n.b, x, *axis, true);
  Value zero = n.b.splatLike(norm, 0);
  Value isZero = n.b.compare(ComparePredicate::Eq, norm, zero);
  Value safe = n.b.select(isZero, n.b.splatLike(norm, 1), norm);
  n.set(0, n.b.div(x, safe));
}

static void meanVarianceNormalization(Node &n) {
  Value x = n.input(0);
  std::optional<Axes> axes = n.axes(n.integers("axes", {0, 2, 3}), n.b.rank(x));
  if (!axes)
    return;
  Value centred = n.b.sub(x, n.b.mean(x, *axes, true));
  Value variance = n.b.mean(n.b.mul(centred, centred), *axes, true);
  Value deviation = n.b.binary<AddOp>(n.b.unary<SqrtOp>(variance), 1e-9);
  n.set(0, n.b.div(centred, deviation));
}

//===-- The table ---------------------------------------------------------------------------===//

// clang-format off
static constexpr OnnxRow rows[] = {
    {"ArgMax", 1, arg<ArgKind::Max>},
    {"ArgMin", 1, arg<ArgKind::Min>},
    {"CumSum", 11, cumSum},
    {"Hardmax", 1, flattened<hardmaxOf>},
    {"Hardmax", 13, alongAxis<hardmaxOf>},
    {"LogSoftmax", 1, flattened<logSoftmaxOf>},
    {"LogSoftmax", 13, alongAxis<logSoftmaxOf>},
    {"LpNormalization", 1, lpNormalization},
    {"MeanVarianceNormalization", 9, meanVarianceNormalization},
    {"ReduceL1", 1, reduce<l1, axesFromAttribute>},
    {"ReduceL1", 18, reduce<l1, axesFromInput>},
    {"ReduceL2", 1, reduce<l2, axesFromAttribute>},
    {"ReduceL2", 18, reduce<l2, axesFromInput>},
    {"ReduceLogSum", 1, reduce<logOfSum, axesFromAttribute>},
    {"ReduceLogSum", 18, reduce<logOfSum, axesFromInput>},
    {"ReduceLogSumExp", 1, reduce<logSumExp, axesFromAttribute>},
    {"ReduceLogSumExp", 18, reduce<logSumExp, axesFromInput>},
    {"ReduceMax", 1, reduce<extreme<ReduceKind::Max, ReduceKind::Or>, axesFromAttribute>},
    {"ReduceMax", 18, reduce<extreme<ReduceKind::Max, ReduceKind::Or>, axesFromInput>},
    {"ReduceMean", 1, reduce<mean, axesFromAttribute>},
    {"ReduceMean", 18, reduce<mean, axesFromInput>},
    {"ReduceMin", 1, reduce<extreme<ReduceKind::Min, ReduceKind::And>, axesFromAttribute>},
    {"ReduceMin", 18, reduce<extreme<ReduceKind::Min, ReduceKind::And>, axesFromInput>},
    {"ReduceProd", 1, reduce<plain<ReduceKind::Prod>, axesFromAttribute>},
    {"ReduceProd", 18, reduce<plain<ReduceKind::Prod>, axesFromInput>},
    {"ReduceSum", 1, reduce<plain<ReduceKind::Sum>, axesFromAttribute>},
    {"ReduceSum", 13, reduce<plain<ReduceKind::Sum>, axesFromInput>},
    {"ReduceSumSquare", 1, reduce<sumOfSquares, axesFromAttribute>},
    {"ReduceSumSquare", 18, reduce<sumOfSquares, axesFromInput>},
    {"Softmax", 1, flattened<softmaxOf>},
    {"Softmax", 13, alongAxis<softmaxOf>},
};
// clang-format on

ArrayRef<OnnxRow> onnxReductionRows() { return rows; }

} // namespace weft
