// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gather and scatter: each is the other's transpose.

#include "passes/autodiff/Rules.h"

namespace weft::autodiff {

namespace {

using Graph = GraphBuilder;

//===-- Gather ------------------------------------------------------------------------------===//

/// Indices as gather reads them: between 0 and the last element of the axis.
Value clamped(Graph &g, Value indices, const Dim &size) {
  Value wide = g.cast(indices, g.i64());
  Value last = g.binary<SubOp>(g.size(size), g.scalarInteger(g.i64(), 1));
  return g.binary<MaxOp>(g.binary<MinOp>(wide, last), g.scalarInteger(g.i64(), 0));
}

/// With batch dimensions each batch has its own stretch of one long axis, into which dy is added.
Value pullBatched(Graph &g, GatherOp gather, Value dy) {
  Value x = gather.getInput();
  auto axis = static_cast<int64_t>(gather.getAxis());
  auto batch = static_cast<int64_t>(gather.getBatchDims());
  SmallVector<Dim> shape = g.dims(x), indexShape = g.dims(gather.getIndices());
  int64_t free = static_cast<int64_t>(indexShape.size()) - batch; // index dimensions beside batch
  Dim batches = productOf(ArrayRef<Dim>(shape).take_front(batch));

  // dy is [batch, p, k, q]; bring it to [batch, k, p, q].
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, batch));
  llvm::append_range(order, llvm::seq<int64_t>(axis, axis + free));
  llvm::append_range(order, llvm::seq<int64_t>(batch, axis));
  llvm::append_range(order, llvm::seq<int64_t>(axis + free, g.rank(dy)));
  Value moved = g.transpose(dy, order);

  SmallVector<Dim> others;
  for (int64_t d = batch; d < static_cast<int64_t>(shape.size()); ++d)
    if (d != axis)
      others.push_back(shape[d]);
  Dim count = productOf(indexShape), rest = productOf(others), size = shape[axis];
  Value updates = g.reshape(moved, {count, rest});

  Dim each = productOf(ArrayRef<Dim>(indexShape).drop_front(batch));
  Value index = g.reshape(clamped(g, gather.getIndices(), size), {batches, each});
  Value stretch = g.mul(g.iota(g.i64(), {batches, each}, 0), g.size(size));
  index = g.reshape(g.add(index, stretch), {count});
  Value sums = g.scatter(ScatterKind::Add, g.splat(g.element(dy), 0, {batches * size, rest}), index,
                         updates, 0);

  // [batch, axis, p, q] back to the order of x.
  SmallVector<Dim> split(ArrayRef<Dim>(shape).take_front(batch));
  split.push_back(size);
  llvm::append_range(split, others);
  SmallVector<int64_t> back = llvm::to_vector(llvm::seq<int64_t>(0, batch));
  for (int64_t d = batch; d < static_cast<int64_t>(shape.size()); ++d)
    back.push_back(d < axis ? d + 1 : d == axis ? batch : d);
  return g.transpose(g.reshape(sums, split), back);
}

/// dx = dy scattered with `add`.
LogicalResult pullGather(Operation *op, Reverse &pass) {
  auto gather = cast<GatherOp>(op);
  Graph &g = pass.b;
  Value x = gather.getInput(), dy = pass.gradient(gather.getResult());
  auto axis = static_cast<int64_t>(gather.getAxis());
  if (g.dims(x)[axis] == Dim(0))
    return success();
  if (gather.getBatchDims() > 0) {
    pass.add(x, pullBatched(g, gather, dy));
    return success();
  }
  Value index = clamped(g, gather.getIndices(), g.dims(x)[axis]);
  Value zeros = g.splat(g.element(dy), 0, g.dims(x));
  pass.add(x, g.scatter(ScatterKind::Add, zeros, index, dy, axis));
  return success();
}

LogicalResult pushGather(Operation *op, Forward &pass) { return pushLinear(op, pass, {0}); }

//===-- Scatter -----------------------------------------------------------------------------===//

/// `values`, one for each index, repeated over the dimensions before and behind the axis: of the
/// dimensions of `updates`.
Value overUpdates(Graph &g, Value values, ScatterOp op) {
  auto axis = static_cast<int64_t>(op.getAxis());
  SmallVector<int64_t> along =
      llvm::to_vector(llvm::seq<int64_t>(axis, axis + g.rank(op.getIndices())));
  return g.broadcast(values, along, g.dims(op.getUpdates()));
}

/// Which indices name a place that there is.
Value isInside(Graph &g, ScatterOp op) {
  Value wide = g.cast(op.getIndices(), g.i64());
  Value size = g.size(g.dims(op.getInput())[op.getAxis()]);
  return g.binary<AndOp>(g.compare(ComparePredicate::Ge, wide, 0),
                         g.compare(ComparePredicate::Lt, wide, size));
}

/// What `x` of the dimensions of the scatter's input holds at the place of each update; 0 where
/// there is no such place.
Value atUpdates(Graph &g, Value x, ScatterOp op) {
  Value read = g.gather(x, op.getIndices(), static_cast<int64_t>(op.getAxis()));
  return g.select(overUpdates(g, isInside(g, op), op), read, g.splatLike(read, 0));
}

Value scattered(Graph &g, ScatterKind kind, Value x, ScatterOp op, Value updates) {
  return g.scatter(kind, x, op.getIndices(), updates, static_cast<int64_t>(op.getAxis()));
}

/// 1 for updates that the result of `set` shows: of several to one place the last.
Value shownBySet(Graph &g, ScatterOp op) {
  SmallVector<Dim> shape = g.dims(op.getIndices()), places = {g.dims(op.getInput())[op.getAxis()]};
  Dim count = productOf(shape);
  Value number = g.iota(g.i64(), {count}, 0);
  Value indices = g.reshape(op.getIndices(), {count});
  Value last = g.scatter(ScatterKind::Set, g.splat(g.i64(), -1, places), indices, number, 0);
  Value shown = g.compare(ComparePredicate::Eq, g.gather(last, indices, 0), number);
  return overUpdates(g, g.cast(g.reshape(shown, shape), g.element(op.getUpdates())), op);
}

/// Weights of input and updates in the result: what holds the extreme shares it equally.
struct Weights {
  Value input, updates;
};

Weights weightsOf(Graph &g, ScatterOp op) {
  Value x = op.getInput(), updates = op.getUpdates(), y = op.getResult();
  Type type = g.element(x);
  if (op.getKind() == ScatterKind::Set) {
    Value kept = scattered(g, ScatterKind::Set, g.splatLike(x, 1), op, g.splatLike(updates, 0));
    return {kept, shownBySet(g, op)};
  }
  Value fromInput = g.cast(g.compare(ComparePredicate::Eq, x, y), type);
  Value shown = g.gather(y, op.getIndices(), static_cast<int64_t>(op.getAxis()));
  Value fromUpdates = g.cast(g.compare(ComparePredicate::Eq, updates, shown), type);
  Value count = scattered(g, ScatterKind::Add, fromInput, op, fromUpdates);
  Value share = g.div(g.splatLike(count, 1), count);
  return {g.mul(fromInput, share), g.mul(fromUpdates, atUpdates(g, share, op))};
}

LogicalResult refuseProduct(ScatterOp op) {
  return op.emitError("a scatter that multiplies has no derivative; gather the factors of a place "
                      "and multiply them with 'prod'");
}

LogicalResult pullScatter(Operation *op, Reverse &pass) {
  auto scatter = cast<ScatterOp>(op);
  Graph &g = pass.b;
  Value dy = pass.gradient(scatter.getResult());
  if (scatter.getKind() == ScatterKind::Add) {
    pass.add(scatter.getInput(), dy);
    if (pass.wants(scatter.getUpdates()))
      pass.add(scatter.getUpdates(), atUpdates(g, dy, scatter));
    return success();
  }
  if (scatter.getKind() == ScatterKind::Mul)
    return refuseProduct(scatter);
  Weights weights = weightsOf(g, scatter);
  pass.add(scatter.getInput(), g.mul(dy, weights.input));
  if (pass.wants(scatter.getUpdates()))
    pass.add(scatter.getUpdates(), g.mul(atUpdates(g, dy, scatter), weights.updates));
  return success();
}

LogicalResult pushScatter(Operation *op, Forward &pass) {
  auto scatter = cast<ScatterOp>(op);
  Value dx = pass.tangent(scatter.getInput()), du = pass.tangent(scatter.getUpdates());
  if (!dx && !du)
    return success();
  if (scatter.getKind() == ScatterKind::Add || scatter.getKind() == ScatterKind::Set)
    return pushLinear(op, pass, {0, 2});
  if (scatter.getKind() == ScatterKind::Mul)
    return refuseProduct(scatter);
  Graph &g = pass.b;
  Weights weights = weightsOf(g, scatter);
  Value start = g.mul(pass.tangentOrZero(scatter.getInput()), weights.input);
  Value moved = g.mul(pass.tangentOrZero(scatter.getUpdates()), weights.updates);
  pass.add(scatter.getResult(), scattered(g, ScatterKind::Add, start, scatter, moved));
  return success();
}

} // namespace

void addIndexingRules(RuleTable &table) {
  table["weft.gather"] = {pullGather, pushGather};
  table["weft.scatter"] = {pullScatter, pushScatter};
}

} // namespace weft::autodiff
