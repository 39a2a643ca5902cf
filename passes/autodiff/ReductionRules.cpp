// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions and running values along axes.

#include "passes/autodiff/Rules.h"

#include <numeric>

namespace weft::autodiff {

namespace {

using Graph = GraphBuilder;

/// `value`, which lacks `axes` of `like`, repeated along them.
Value alongAxes(Graph &g, Value value, ArrayRef<int64_t> axes, Value like) {
  SmallVector<int64_t> kept;
  for (int64_t axis = 0; axis < g.rank(like); ++axis)
    if (!llvm::is_contained(axes, axis))
      kept.push_back(axis);
  return g.broadcast(value, kept, g.dims(like));
}

//===-- Reduce ------------------------------------------------------------------------------===//

/// 1 / count at the places that hold the extreme, 0 elsewhere: shared equally among them.
Value shares(Graph &g, ReduceOp reduce) {
  Value x = reduce.getInput();
  ArrayRef<int64_t> axes = reduce.getAxes();
  Value holds = g.compare(ComparePredicate::Eq, x, alongAxes(g, reduce.getResult(), axes, x));
  Value ones = g.cast(holds, g.element(x));
  Value count = g.reduce(ReduceKind::Sum, ones, axes);
  return g.div(ones, alongAxes(g, count, axes, x));
}

/// The axes of `reduce` as one, behind all others: [..., q].
Value joined(Graph &g, Value x, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> order;
  SmallVector<Dim> shape = g.dims(x), outer, inner;
  for (int64_t axis = 0; axis < g.rank(x); ++axis)
    if (!llvm::is_contained(axes, axis)) {
      order.push_back(axis);
      outer.push_back(shape[axis]);
    }
  for (int64_t axis : axes) {
    order.push_back(axis);
    inner.push_back(shape[axis]);
  }
  outer.push_back(productOf(inner));
  return g.reshape(g.transpose(x, order), outer);
}

/// The inverse of `joined`, for a value of the dimensions of `like`.
Value parted(Graph &g, Value y, ArrayRef<int64_t> axes, Value like) {
  SmallVector<int64_t> order;
  SmallVector<Dim> shape = g.dims(like), permuted;
  for (int64_t axis = 0; axis < g.rank(like); ++axis)
    if (!llvm::is_contained(axes, axis))
      order.push_back(axis);
  llvm::append_range(order, axes);
  SmallVector<int64_t> inverse(order.size());
  for (auto [to, from] : llvm::enumerate(order)) {
    permuted.push_back(shape[from]);
    inverse[from] = to;
  }
  return g.transpose(g.reshape(y, permuted), inverse);
}

/// The product of all other elements, by running products from both sides: exact where some
/// element is 0, which y / x is not.
Value productOfOthers(Graph &g, Value x, ArrayRef<int64_t> axes) {
  Value row = joined(g, x, axes);
  int64_t last = g.rank(row) - 1;
  Value before = g.cumulative(CumulativeKind::Prod, row, last, /*exclusive=*/true);
  Value after = g.cumulative(CumulativeKind::Prod, row, last, /*exclusive=*/true, /*reverse=*/true);
  return parted(g, g.mul(before, after), axes, x);
}

/// What dx / dy is at each place, for the kinds that are no sum.
Value slope(Graph &g, ReduceOp reduce) {
  if (reduce.getKind() == ReduceKind::Prod)
    return productOfOthers(g, reduce.getInput(), reduce.getAxes());
  return shares(g, reduce);
}

LogicalResult pullReduce(Operation *op, Reverse &pass) {
  auto reduce = cast<ReduceOp>(op);
  Value x = reduce.getInput();
  Value dy = alongAxes(pass.b, pass.gradient(reduce.getResult()), reduce.getAxes(), x);
  pass.add(x, reduce.getKind() == ReduceKind::Sum ? dy : pass.b.mul(dy, slope(pass.b, reduce)));
  return success();
}

LogicalResult pushReduce(Operation *op, Forward &pass) {
  auto reduce = cast<ReduceOp>(op);
  if (reduce.getKind() == ReduceKind::Sum)
    return pushLinear(op, pass, {0});
  if (Value dx = pass.tangent(reduce.getInput()))
    pass.add(
        reduce.getResult(),
        pass.b.reduce(ReduceKind::Sum, pass.b.mul(dx, slope(pass.b, reduce)), reduce.getAxes()));
  return success();
}

//===-- Running values ----------------------------------------------------------------------===//

/// Brings `axis` to the front, so that a scan can step along it, and running forward.
Value steps(Graph &g, Value x, CumulativeOp op) {
  auto axis = static_cast<int64_t>(op.getAxis());
  if (op.getReverse())
    x = g.reverse(x, axis);
  SmallVector<int64_t> order = {axis};
  for (int64_t other = 0; other < g.rank(x); ++other)
    if (other != axis)
      order.push_back(other);
  return g.transpose(x, order);
}

Value unsteps(Graph &g, Value x, CumulativeOp op) {
  auto axis = static_cast<int64_t>(op.getAxis());
  SmallVector<int64_t> order;
  for (int64_t place = 0; place < g.rank(x); ++place)
    order.push_back(place == axis ? 0 : place < axis ? place + 1 : place);
  x = g.transpose(x, order);
  return op.getReverse() ? g.reverse(x, axis) : x;
}

Value firstStep(Graph &g, Value stacked, double value) {
  SmallVector<Dim> shape = g.dims(stacked);
  return g.splat(g.element(stacked), value, ArrayRef<Dim>(shape).drop_front());
}

/// dx_j = p_j r_j, where p_j is the product before j and r_j = dy_j + x_(j+1) r_(j+1); `exclusive`
/// moves dy by one step.
Value pullProduct(Graph &g, CumulativeOp op, Value dy) {
  Value xs = steps(g, op.getInput(), op), ds = steps(g, dy, op);
  SmallVector<int64_t> first = {0};
  int64_t axis = 0;
  Value before = g.cumulative(CumulativeKind::Prod, xs, axis, /*exclusive=*/true);
  xs = g.reverse(xs, first);
  ds = g.reverse(ds, first);
  Value zero = firstStep(g, xs, 0);
  // The carry is the sum over later steps, times the elements between.
  GraphBuilder::Values results =
      g.scan({zero}, {xs, ds}, [&](ArrayRef<Value> values) -> GraphBuilder::Values {
        auto [later, x, d] = std::tie(values[0], values[1], values[2]);
        if (op.getExclusive())
          return {g.add(d, g.mul(x, later)), later};
        Value sum = g.add(d, later);
        return {g.mul(x, sum), sum};
      });
  if (results.size() != 2)
    return {};
  return unsteps(g, g.mul(before, g.reverse(results[1], first)), op);
}

/// The place along the axis of the element that a running extreme has, or -1.
Value placeOfExtreme(Graph &g, CumulativeOp op) {
  Value x = op.getInput(), y = op.getResult();
  auto axis = static_cast<int64_t>(op.getAxis());
  Value place = g.iota(g.i64(), g.dims(x), axis);
  Value inclusive =
      op.getExclusive() ? g.cumulative(op.getKind(), x, axis, false, op.getReverse()) : y;
  // An element begins a new extreme where it holds it and is the first to do so.
  Value holds = g.compare(ComparePredicate::Eq, x, inclusive);
  Value before = g.cumulative(op.getKind(), x, axis, /*exclusive=*/true, op.getReverse());
  Value begins = g.binary<AndOp>(holds, g.compare(ComparePredicate::Ne, x, before));
  Value last = g.splatLike(place, op.getReverse() ? static_cast<double>(int64_t{1} << 40) : -1);
  Value marked = g.select(begins, place, last);
  CumulativeKind latest = op.getReverse() ? CumulativeKind::Min : CumulativeKind::Max;
  return g.cumulative(latest, marked, axis, op.getExclusive(), op.getReverse());
}

/// [p, k] with the places of `p` before the axis and behind it as one dimension in front.
Value axisLast(Graph &g, Value x, int64_t axis, Dim size) {
  SmallVector<int64_t> order;
  for (int64_t other = 0; other < g.rank(x); ++other)
    if (other != axis)
      order.push_back(other);
  order.push_back(axis);
  SmallVector<Dim> shape = g.dims(x);
  shape.erase(shape.begin() + axis);
  return g.reshape(g.transpose(x, order), {productOf(shape), size});
}

Value axisBack(Graph &g, Value flat, int64_t axis, ArrayRef<Dim> like) {
  SmallVector<Dim> shape(like);
  Dim size = shape[axis];
  shape.erase(shape.begin() + axis);
  shape.push_back(size);
  SmallVector<int64_t> order;
  for (int64_t place = 0, rank = static_cast<int64_t>(like.size()); place < rank; ++place)
    order.push_back(place == axis ? rank - 1 : place < axis ? place : place - 1);
  return g.transpose(g.reshape(flat, shape), order);
}

/// Running extremes: dy of step k goes to the element that step k shows.
Value pullExtreme(Graph &g, CumulativeOp op, Value dy) {
  auto axis = static_cast<int64_t>(op.getAxis());
  SmallVector<Dim> shape = g.dims(dy);
  Dim size = shape[axis];
  Value place = axisLast(g, placeOfExtreme(g, op), axis, size);
  Value flat = axisLast(g, dy, axis, size);
  SmallVector<Dim> rows = g.dims(place);
  Value row = g.iota(g.i64(), rows, 0);
  Value inside =
      g.binary<AndOp>(g.compare(ComparePredicate::Ge, place, 0),
                      g.compare(ComparePredicate::Lt, place, g.broadcastTo(g.size(size), rows)));
  // What is shown before the first element is nobody's: the index -1 is passed over.
  Value index = g.select(inside, g.add(g.mul(row, g.size(size)), place), g.splatLike(place, -1));
  Dim all = productOf(rows);
  Value sums = g.scatter(ScatterKind::Add, g.splat(g.element(dy), 0, {all}),
                         g.reshape(index, {all}), g.reshape(flat, {all}), 0);
  return axisBack(g, g.reshape(sums, rows), axis, shape);
}

Value pushExtreme(Graph &g, CumulativeOp op, Value dx) {
  auto axis = static_cast<int64_t>(op.getAxis());
  SmallVector<Dim> shape = g.dims(dx);
  Dim size = shape[axis];
  Value place = axisLast(g, placeOfExtreme(g, op), axis, size);
  Value shown = g.gather(axisLast(g, dx, axis, size), place, 1, 1);
  Value inside = g.binary<AndOp>(
      g.compare(ComparePredicate::Ge, place, 0),
      g.compare(ComparePredicate::Lt, place, g.broadcastTo(g.size(size), g.dims(place))));
  return axisBack(g, g.select(inside, shown, g.splatLike(shown, 0)), axis, shape);
}

LogicalResult pullCumulative(Operation *op, Reverse &pass) {
  auto running = cast<CumulativeOp>(op);
  Graph &g = pass.b;
  Value dy = pass.gradient(running.getResult());
  auto axis = static_cast<int64_t>(running.getAxis());
  Value dx = running.getKind() == CumulativeKind::Sum
                 ? g.cumulative(CumulativeKind::Sum, dy, axis, running.getExclusive(),
                                !running.getReverse())
             : running.getKind() == CumulativeKind::Prod ? pullProduct(g, running, dy)
                                                         : pullExtreme(g, running, dy);
  pass.add(running.getInput(), dx);
  return success();
}

/// d y_k = x_k d y_(k-1) + y_(k-1) dx_k
Value pushProduct(Graph &g, CumulativeOp op, Value dx) {
  Value xs = steps(g, op.getInput(), op), ds = steps(g, dx, op);
  GraphBuilder::Values results =
      g.scan({firstStep(g, xs, 1), firstStep(g, xs, 0)}, {xs, ds},
             [&](ArrayRef<Value> values) -> GraphBuilder::Values {
               Value y = g.mul(values[0], values[2]);
               Value dy = g.add(g.mul(values[2], values[1]), g.mul(values[0], values[3]));
               return {y, dy, op.getExclusive() ? values[1] : dy};
             });
  return results.size() == 3 ? unsteps(g, results[2], op) : Value();
}

LogicalResult pushCumulative(Operation *op, Forward &pass) {
  auto running = cast<CumulativeOp>(op);
  if (running.getKind() == CumulativeKind::Sum)
    return pushLinear(op, pass, {0});
  Value dx = pass.tangent(running.getInput());
  if (!dx)
    return success();
  pass.add(running.getResult(), running.getKind() == CumulativeKind::Prod
                                    ? pushProduct(pass.b, running, dx)
                                    : pushExtreme(pass.b, running, dx));
  return success();
}

} // namespace

void addReductionRules(RuleTable &table) {
  table["weft.reduce"] = {pullReduce, pushReduce};
  table["weft.cumulative"] = {pullCumulative, pushCumulative};
}

} // namespace weft::autodiff
