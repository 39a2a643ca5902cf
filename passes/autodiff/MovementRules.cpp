// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that repeat, rearrange, cut and join elements. They are linear: a tangent goes through
// the operation itself, a gradient through its transpose.

#include "passes/autodiff/Rules.h"

namespace weft::autodiff {

namespace {

using Graph = GraphBuilder;

Value zeros(Graph &g, Value like) { return g.splatLike(like, 0); }

//===-- Broadcast, reshape, transpose -------------------------------------------------------===//

/// dx = the sum of dy over the dimensions that y repeats
LogicalResult pullBroadcast(Operation *op, Reverse &pass) {
  auto broadcast = cast<BroadcastOp>(op);
  Graph &g = pass.b;
  Value x = broadcast.getInput(), dy = pass.gradient(broadcast.getResult());
  SmallVector<Dim> from = g.dims(x), to = g.dims(dy);
  llvm::SmallBitVector repeated(to.size(), true);
  for (auto [axis, place] : llvm::enumerate(broadcast.getDims()))
    if (!(from[axis] == Dim(1)) || to[place] == Dim(1))
      repeated.reset(place);
  SmallVector<int64_t> axes(repeated.set_bits_begin(), repeated.set_bits_end());
  Value sum = axes.empty() ? dy : g.reduce(ReduceKind::Sum, dy, axes);
  pass.add(x, g.reshape(sum, from));
  return success();
}

LogicalResult pullReshape(Operation *op, Reverse &pass) {
  Value x = op->getOperand(0);
  pass.add(x, pass.b.reshape(pass.gradient(op->getResult(0)), pass.b.dims(x)));
  return success();
}

LogicalResult pullTranspose(Operation *op, Reverse &pass) {
  ArrayRef<int64_t> permutation = cast<TransposeOp>(op).getPermutation();
  SmallVector<int64_t> inverse(permutation.size());
  for (auto [to, from] : llvm::enumerate(permutation))
    inverse[from] = to;
  pass.add(op->getOperand(0), pass.b.transpose(pass.gradient(op->getResult(0)), inverse));
  return success();
}

//===-- Slice and pad -----------------------------------------------------------------------===//

/// Puts `dy` at the places start, start + stride, ... of one axis of `size` elements, 0 elsewhere.
Value spread(Graph &g, Value dy, int64_t axis, Dim start, int64_t stride, const Dim &size) {
  Dim count = g.dims(dy)[axis];
  if (stride < 0) {
    dy = g.reverse(dy, axis);
    start = start + Dim(stride) * (count - Dim(1));
    stride = -stride;
  }
  SmallVector<Dim> shape = g.dims(dy);
  if (count == size && start == Dim(0) && stride == 1)
    return dy;
  SmallVector<Dim> low(shape.size(), 0), high(shape.size(), 0);
  SmallVector<int64_t> interior(shape.size(), 0);
  Value zero = g.scalar(g.element(dy), 0);
  if (stride == 1 || (count.isConstant() && !(count == Dim(0)))) {
    low[axis] = start;
    high[axis] = size - start - (count - Dim(1)) * Dim(stride) - Dim(1);
    interior[axis] = stride - 1;
    return g.pad(dy, zero, low, high, interior);
  }
  // A number of steps that is not known: padding in between has no such form.
  Value place = g.binary<MulOp>(g.iota(g.i64(), {count}, 0), static_cast<double>(stride));
  place = g.add(place, g.size(start));
  shape[axis] = size;
  return g.scatter(ScatterKind::Add, g.splat(g.element(dy), 0, shape), place, dy, axis);
}

LogicalResult pullSlice(Operation *op, Reverse &pass) {
  auto slice = cast<SliceOp>(op);
  Value x = slice.getInput(), dx = pass.gradient(slice.getResult());
  SmallVector<Dim> starts = slice.getStarts().toDims(), shape = pass.b.dims(x);
  if (productOf(pass.b.dims(dx)) == Dim(0))
    return success();
  for (auto [axis, stride] : llvm::enumerate(slice.getStrides()))
    dx = spread(pass.b, dx, axis, starts[axis], stride, shape[axis]);
  pass.add(x, dx);
  return success();
}

/// The part of a padded tensor that comes from `x`.
Value inside(Graph &g, PadOp pad, Value padded) {
  SmallVector<Dim> low = pad.getLow().toDims(), ends, shape = g.dims(pad.getInput());
  SmallVector<int64_t> strides;
  for (auto [axis, between] : llvm::enumerate(pad.getInterior())) {
    strides.push_back(between + 1);
    ends.push_back(low[axis] + (shape[axis] - Dim(1)) * Dim(between + 1) + Dim(1));
  }
  return g.slice(padded, low, ends, strides);
}

/// dx is what dy has at the places of x, dvalue the sum of the rest.
LogicalResult pullPad(Operation *op, Reverse &pass) {
  auto pad = cast<PadOp>(op);
  Graph &g = pass.b;
  Value dy = pass.gradient(pad.getResult());
  bool isEmpty = productOf(g.dims(pad.getInput())) == Dim(0);
  if (!isEmpty)
    pass.add(pad.getInput(), inside(g, pad, dy));
  if (!pass.wants(pad.getValue()))
    return success();
  // Elements of x are masked, not subtracted: their sum may be far larger than that of the rest.
  Value ones = g.splat(g.element(dy), 1, g.dims(pad.getInput()));
  Value isInside = g.pad(ones, g.scalar(g.element(dy), 0), pad.getLow().toDims(),
                         pad.getHigh().toDims(), pad.getInterior());
  Value rest = g.select(g.compare(ComparePredicate::Ne, isInside, 0), zeros(g, dy), dy);
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, g.rank(dy)));
  pass.add(pad.getValue(), g.reduce(ReduceKind::Sum, rest, axes));
  return success();
}

//===-- Boxes at computed places, concatenation ---------------------------------------------===//

LogicalResult pullDynamicSlice(Operation *op, Reverse &pass) {
  auto slice = cast<DynamicSliceOp>(op);
  Value x = slice.getInput();
  SmallVector<Value> starts(slice.getStarts());
  pass.add(x, pass.b.updateSlice(zeros(pass.b, x), pass.gradient(slice.getResult()), starts));
  return success();
}

/// dx is dy with 0 in the box, dupdate the box.
LogicalResult pullUpdateSlice(Operation *op, Reverse &pass) {
  auto update = cast<UpdateSliceOp>(op);
  Value dy = pass.gradient(update.getResult()), box = update.getUpdate();
  SmallVector<Value> starts(update.getStarts());
  if (pass.wants(update.getInput()))
    pass.add(update.getInput(), pass.b.updateSlice(dy, zeros(pass.b, box), starts));
  if (pass.wants(box))
    pass.add(box, pass.b.dynamicSlice(dy, starts, pass.b.dims(box)));
  return success();
}

LogicalResult pullConcat(Operation *op, Reverse &pass) {
  auto concat = cast<ConcatOp>(op);
  auto axis = static_cast<int64_t>(concat.getAxis());
  Value dy = pass.gradient(concat.getResult());
  Dim start(0);
  for (Value input : concat.getInputs()) {
    Dim end = start + pass.b.dims(input)[axis];
    if (pass.wants(input))
      pass.add(input, pass.b.sliceAxis(dy, axis, start, end));
    start = end;
  }
  return success();
}

LogicalResult pushConcat(Operation *op, Forward &pass) {
  return pushLinear(op, pass, llvm::to_vector(llvm::seq<unsigned>(0, op->getNumOperands())));
}

LogicalResult pushFirst(Operation *op, Forward &pass) { return pushLinear(op, pass, {0}); }
LogicalResult pushFirstTwo(Operation *op, Forward &pass) { return pushLinear(op, pass, {0, 1}); }

} // namespace

void addMovementRules(RuleTable &table) {
  table["weft.broadcast"] = {pullBroadcast, pushFirst};
  table["weft.reshape"] = {pullReshape, pushFirst};
  table["weft.transpose"] = {pullTranspose, pushFirst};
  table["weft.slice"] = {pullSlice, pushFirst};
  table["weft.pad"] = {pullPad, pushFirstTwo};
  table["weft.dynamic_slice"] = {pullDynamicSlice, pushFirst};
  table["weft.update_slice"] = {pullUpdateSlice, pushFirstTwo};
  table["weft.concat"] = {pullConcat, pushConcat};
}

} // namespace weft::autodiff
