// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pooling. A window's sum is linear; its maximum is read at the first place that holds it, which is
// found once by comparing the places of all windows with each other, one offset after the other.

#include "passes/autodiff/Rules.h"

#include <limits>

namespace weft::autodiff {

namespace {

using Graph = GraphBuilder;

/// The windows of one pooling: the last dimensions of `x` are those that they slide over.
class Windows {
public:
  Windows(Graph &graph, PoolOp owner)
      : g(graph), op(owner), places(g.dims(owner.getResult())),
        first(static_cast<int64_t>(places.size() - owner.getWindow().size())) {}

  int64_t count() {
    int64_t product = 1;
    for (int64_t size : op.getWindow())
      product *= size;
    return product;
  }

  /// What each window has at its place number `k`, in row-major order; `outside` in the padding.
  Value at(Value x, int64_t k, double outside) {
    SmallVector<int64_t> offsets = offsetsOf(k);
    if (!padded || paddedFrom != x || paddedWith != outside) {
      padded = pad(x, outside);
      paddedFrom = x;
      paddedWith = outside;
    }
    SmallVector<Dim> starts(places.size(), 0), ends = places;
    SmallVector<int64_t> strides(places.size(), 1);
    for (auto [s, offset] : llvm::enumerate(offsets)) {
      int64_t axis = first + static_cast<int64_t>(s);
      strides[axis] = op.getStrides()[s];
      starts[axis] = Dim(offset);
      ends[axis] = starts[axis] + (places[axis] - Dim(1)) * Dim(strides[axis]) + Dim(1);
    }
    return g.slice(padded, starts, ends, strides);
  }

  /// Where in the planes of `x` the place number `k` of each window lies: the number of its
  /// element, or -1 in the padding, which a window of -inf alone may show. `k` is an i64 tensor of
  /// the result's dimensions.
  Value elementNumber(Value k) {
    SmallVector<Dim> shape = g.dims(op.getInput());
    Value number, isInside;
    int64_t stride = 1;
    for (size_t s = op.getWindow().size(); s-- > 0;) {
      int64_t axis = first + static_cast<int64_t>(s), size = op.getWindow()[s];
      Value offset = g.binary<RemOp>(g.binary<DivOp>(k, number64(stride)), number64(size));
      Value place = g.binary<MulOp>(g.iota(g.i64(), places, axis), number64(op.getStrides()[s]));
      place = g.add(place, g.binary<MulOp>(offset, number64(op.getDilations()[s])));
      place = g.binary<SubOp>(place, number64(op.getPadLow()[s]));
      Value here = g.binary<AndOp>(g.compare(ComparePredicate::Ge, place, 0),
                                   g.compare(ComparePredicate::Lt, place, g.size(shape[axis])));
      isInside = isInside ? g.binary<AndOp>(isInside, here) : here;
      Dim behind = productOf(ArrayRef<Dim>(shape).drop_front(axis + 1));
      Value term = g.mul(place, g.size(behind));
      number = number ? g.add(number, term) : term;
      stride *= size;
    }
    return g.select(isInside, number, number64(-1));
  }

  /// For each window the place number of its first maximum, i64.
  Value firstMaximum() {
    double lowest = -std::numeric_limits<double>::infinity();
    Value x = op.getInput();
    Value best = at(x, 0, lowest);
    Value place = g.splat(g.i64(), 0, places);
    for (int64_t k = 1; k < count(); ++k) {
      Value next = at(x, k, lowest);
      Value isGreater = g.compare(ComparePredicate::Gt, next, best);
      best = g.select(isGreater, next, best);
      place = g.select(isGreater, number64(k), place);
    }
    return place;
  }

  /// Whether windows cover the planes without gaps, overlaps or padding.
  bool areTiles() {
    ArrayRef<int64_t> window = op.getWindow();
    SmallVector<Dim> shape = g.dims(op.getInput());
    for (size_t s = 0; s < window.size(); ++s) {
      int64_t axis = first + static_cast<int64_t>(s);
      if (op.getStrides()[s] != window[s] || op.getPadLow()[s] != 0 || op.getPadHigh()[s] != 0 ||
          op.getDilations()[s] != 1 || !(places[axis] * Dim(window[s]) == shape[axis]))
        return false;
    }
    return true;
  }

  /// For tiles: `y` at each element of its window, of the dimensions [..., place, window, ...].
  Value overTiles(Value y) {
    SmallVector<int64_t> along;
    for (int64_t axis = 0; axis < static_cast<int64_t>(places.size()); ++axis)
      along.push_back(axis < first ? axis : first + 2 * (axis - first));
    return g.broadcast(y, along, tiledShape());
  }
  /// For tiles: the place number of each element in its window.
  Value numberInTile() {
    Value number;
    int64_t stride = 1;
    for (size_t s = op.getWindow().size(); s-- > 0;) {
      int64_t axis = first + 2 * static_cast<int64_t>(s) + 1;
      Value term = g.binary<MulOp>(g.iota(g.i64(), tiledShape(), axis), number64(stride));
      number = number ? g.add(number, term) : term;
      stride *= op.getWindow()[s];
    }
    return number;
  }

  /// The leading dimensions as one, and a plane of `sizes` as the other.
  Value planes(Value x, ArrayRef<Dim> shape) {
    return g.reshape(x, {productOf(shape.take_front(first)), productOf(shape.drop_front(first))});
  }

  Value number64(int64_t value) { return g.scalarInteger(g.i64(), value); }

private:
  SmallVector<int64_t> offsetsOf(int64_t k) {
    ArrayRef<int64_t> window = op.getWindow();
    SmallVector<int64_t> offsets(window.size());
    for (size_t s = window.size(); s-- > 0; k /= window[s])
      offsets[s] = k % window[s] * op.getDilations()[s];
    return offsets;
  }

  Value pad(Value x, double outside) {
    SmallVector<Dim> low(places.size(), 0), high(places.size(), 0);
    bool isPadded = false;
    for (size_t s = 0; s < op.getWindow().size(); ++s) {
      low[first + s] = Dim(op.getPadLow()[s]);
      high[first + s] = Dim(op.getPadHigh()[s]);
      isPadded |= op.getPadLow()[s] != 0 || op.getPadHigh()[s] != 0;
    }
    return isPadded ? g.pad(x, g.scalar(g.element(x), outside), low, high) : x;
  }

  SmallVector<Dim> tiledShape() {
    SmallVector<Dim> tiled(ArrayRef<Dim>(places).take_front(first));
    for (size_t s = 0; s < op.getWindow().size(); ++s) {
      tiled.push_back(places[first + s]);
      tiled.push_back(Dim(op.getWindow()[s]));
    }
    return tiled;
  }

  Graph &g;
  PoolOp op;
  SmallVector<Dim> places;
  int64_t first; ///< The first dimension that windows slide over.
  Value padded, paddedFrom;
  double paddedWith = 0;
};

//===-- Maximum -----------------------------------------------------------------------------===//

/// dy goes to the first place of each window that holds the maximum.
Value pullMax(Graph &g, PoolOp op, Value dy) {
  Windows windows(g, op);
  Value x = op.getInput(), place = windows.firstMaximum();
  if (windows.areTiles()) {
    Value isIt = g.compare(ComparePredicate::Eq, windows.numberInTile(), windows.overTiles(place));
    Value wide = windows.overTiles(dy);
    return g.reshape(g.select(isIt, wide, g.splatLike(wide, 0)), g.dims(x));
  }
  SmallVector<Dim> shape = g.dims(x), places = g.dims(dy);
  Value element = windows.planes(windows.elementNumber(place), places);
  SmallVector<Dim> rows = g.dims(element);
  Dim plane = g.dims(windows.planes(x, shape))[1];
  Value index = g.add(element, g.mul(g.iota(g.i64(), rows, 0), g.size(plane)));
  // The index -1 is passed over: padding takes no gradient, and no other plane gets it.
  index = g.select(g.compare(ComparePredicate::Ge, element, 0), index, windows.number64(-1));
  Dim all = productOf(rows);
  Value sums = g.scatter(ScatterKind::Add, g.splat(g.element(dy), 0, {productOf(shape)}),
                         g.reshape(index, {all}), g.reshape(dy, {all}), 0);
  return g.reshape(sums, shape);
}

Value pushMax(Graph &g, PoolOp op, Value dx) {
  Windows windows(g, op);
  SmallVector<Dim> shape = g.dims(dx), places = g.dims(op.getResult());
  Value element = windows.planes(windows.elementNumber(windows.firstMaximum()), places);
  Value shown = g.gather(windows.planes(dx, shape), element, 1, 1);
  Value isInside = g.compare(ComparePredicate::Ge, element, 0);
  return g.reshape(g.select(isInside, shown, g.splatLike(shown, 0)), places);
}

//===-- Sum and mean ------------------------------------------------------------------------===//

/// The number that a mean divides by at each window, or null for sums.
Value divisor(Graph &g, PoolOp op) {
  if (op.getKind() != PoolKind::Avg)
    return {};
  Windows windows(g, op);
  Type type = g.element(op.getInput());
  if (op.getCountPadding())
    return g.splatLike(op.getResult(), static_cast<double>(windows.count()));
  Sliding sliding{op.getStrides(), op.getPadLow(), op.getPadHigh(), op.getDilations()};
  Value ones = g.splat(type, 1, g.dims(op.getInput()));
  return g.binary<MaxOp>(g.pool(PoolKind::Sum, ones, op.getWindow(), sliding), 1);
}

/// Each element gets what the windows over it have: a transposed convolution with ones, plane by
/// plane.
Value spreadSums(Graph &g, PoolOp op, Value dy) {
  Windows windows(g, op);
  SmallVector<Dim> shape = g.dims(op.getInput()), places = g.dims(dy);
  if (windows.areTiles())
    return g.reshape(windows.overTiles(dy), shape);
  size_t spatial = op.getWindow().size(), first = places.size() - spatial;
  SmallVector<Dim> planes = {productOf(ArrayRef<Dim>(places).take_front(first)), Dim(1)};
  SmallVector<Dim> ones = {Dim(1), Dim(1)};
  llvm::append_range(planes, ArrayRef<Dim>(places).drop_front(first));
  for (int64_t size : op.getWindow())
    ones.push_back(Dim(size));
  SmallVector<int64_t> none(spatial, 0), extra(spatial);
  for (size_t s = 0; s < spatial; ++s) // At least as long as x; what is too much is cut off.
    extra[s] = std::max<int64_t>(op.getStrides()[s] - 1 - op.getPadHigh()[s], 0);
  Value dx = g.convTranspose(g.reshape(dy, planes), g.splat(g.element(dy), 1, ones),
                             {op.getStrides(), op.getPadLow(), none, op.getDilations()}, extra, 1);
  for (size_t s = 0; s < spatial; ++s)
    dx = g.sliceAxis(dx, static_cast<int64_t>(2 + s), Dim(0), shape[first + s]);
  return g.reshape(dx, shape);
}

LogicalResult pullPool(Operation *op, Reverse &pass) {
  auto pool = cast<PoolOp>(op);
  Graph &g = pass.b;
  Value dy = pass.gradient(pool.getResult());
  if (pool.getKind() == PoolKind::Max) {
    pass.add(pool.getInput(), pullMax(g, pool, dy));
    return success();
  }
  if (pool.getWindow().size() > 3)
    return op->emitError(
        "the mean or sum of windows over more than 3 dimensions has no derivative");
  if (Value count = divisor(g, pool))
    dy = g.div(dy, count);
  pass.add(pool.getInput(), spreadSums(g, pool, dy));
  return success();
}

LogicalResult pushPool(Operation *op, Forward &pass) {
  auto pool = cast<PoolOp>(op);
  if (pool.getKind() != PoolKind::Max)
    return pushLinear(op, pass, {0});
  if (Value dx = pass.tangent(pool.getInput()))
    pass.add(pool.getResult(), pushMax(pass.b, pool, dx));
  return success();
}

} // namespace

void addWindowRules(RuleTable &table) { table["weft.pool"] = {pullPool, pushPool}; }

} // namespace weft::autodiff
