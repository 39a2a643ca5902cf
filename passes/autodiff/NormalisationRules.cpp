// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax and normalisations over trailing dimensions. Their Jacobians are symmetric but for scale,
// so one product with a vector serves gradients and tangents. Statistics of f16 and bf16 are
// computed in f32. What decomposes (batch and group normalisation, attention) has no rule here: it
// is differentiated in its simpler form.

#include "passes/autodiff/Rules.h"

namespace weft::autodiff {

namespace {

using Graph = GraphBuilder;

Type computeType(Graph &g, Value x) {
  return g.element(x).getIntOrFloatBitWidth() < 32 ? g.f32() : g.element(x);
}

//===-- Softmax -----------------------------------------------------------------------------===//

/// y * (v - sum(v * y)): the Jacobian is diag(y) - y y^T.
Value softmaxTimes(Graph &g, SoftmaxOp op, Value v) {
  Type type = computeType(g, v);
  Value y = g.cast(op.getResult(), type), wide = g.cast(v, type);
  auto axis = static_cast<int64_t>(op.getAxis());
  Value sum = g.reduce(ReduceKind::Sum, g.mul(wide, y), axis, /*keepDims=*/true);
  return g.mul(y, g.sub(wide, sum));
}

LogicalResult pullSoftmax(Operation *op, Reverse &pass) {
  Value dy = pass.gradient(op->getResult(0));
  pass.add(op->getOperand(0), softmaxTimes(pass.b, cast<SoftmaxOp>(op), dy));
  return success();
}

LogicalResult pushSoftmax(Operation *op, Forward &pass) {
  if (Value dx = pass.tangent(op->getOperand(0)))
    pass.add(op->getResult(0), softmaxTimes(pass.b, cast<SoftmaxOp>(op), dx));
  return success();
}

/// dx = dy - exp(y) * sum(dy)
LogicalResult pullLogSoftmax(Operation *op, Reverse &pass) {
  Graph &g = pass.b;
  auto axis = static_cast<int64_t>(cast<LogSoftmaxOp>(op).getAxis());
  Value dy = pass.gradient(op->getResult(0));
  Type type = computeType(g, dy);
  Value y = g.cast(op->getResult(0), type), wide = g.cast(dy, type);
  Value sum = g.reduce(ReduceKind::Sum, wide, axis, /*keepDims=*/true);
  pass.add(op->getOperand(0), g.sub(wide, g.mul(g.unary<ExpOp>(y), sum)));
  return success();
}

/// dy = dx - sum(exp(y) * dx)
LogicalResult pushLogSoftmax(Operation *op, Forward &pass) {
  Graph &g = pass.b;
  auto axis = static_cast<int64_t>(cast<LogSoftmaxOp>(op).getAxis());
  Value dx = pass.tangent(op->getOperand(0));
  if (!dx)
    return success();
  Type type = computeType(g, dx);
  Value y = g.cast(op->getResult(0), type), wide = g.cast(dx, type);
  Value sum = g.reduce(ReduceKind::Sum, g.mul(g.unary<ExpOp>(y), wide), axis, /*keepDims=*/true);
  pass.add(op->getResult(0), g.sub(wide, sum));
  return success();
}

//===-- Layer and RMS normalisation ---------------------------------------------------------===//

/// h = (x - mean) * r with r = 1 / sqrt(variance + epsilon), or with `centred` false
/// h = x * r with r = 1 / sqrt(mean(x^2) + epsilon), over the dimensions `axis` and after.
struct Normalised {
  Normalised(Graph &graph, Value x, int64_t axis, double epsilon, bool isCentred)
      : g(graph), centred(isCentred) {
    for (int64_t d = axis; d < g.rank(x); ++d)
      axes.push_back(d);
    Value wide = g.cast(x, computeType(g, x));
    if (centred)
      wide = g.sub(wide, g.mean(wide, axes, /*keepDims=*/true));
    Value square = g.mean(g.mul(wide, wide), axes, /*keepDims=*/true);
    r = g.unary<RsqrtOp>(g.binary<AddOp>(square, epsilon));
    h = g.mul(wide, r);
  }

  /// r * (v - mean(v) - h * mean(v * h)), without mean(v) where it is not centred: v times the
  /// symmetric Jacobian of h.
  Value times(Value v) {
    Value wide = g.cast(v, g.element(h));
    Value along = g.mul(h, g.mean(g.mul(wide, h), axes, /*keepDims=*/true));
    Value rest = centred ? g.sub(wide, g.mean(wide, axes, /*keepDims=*/true)) : wide;
    return g.mul(r, g.sub(rest, along));
  }

  Graph &g;
  bool centred;
  SmallVector<int64_t> axes;
  Value r, h;
};

/// The sum over all dimensions that the scale lacks.
Value sumToScale(Graph &g, Value x, int64_t axis) {
  SmallVector<int64_t> leading = llvm::to_vector(llvm::seq<int64_t>(0, axis));
  return leading.empty() ? x : g.reduce(ReduceKind::Sum, x, leading);
}

/// y = h * scale + shift; `scale` and `shift` may be null.
LogicalResult pullNormalised(Reverse &pass, Normalised &n, int64_t axis, Value x, Value scale,
                             Value shift, Value result) {
  Graph &g = pass.b;
  Value dy = g.cast(pass.gradient(result), g.element(n.h));
  if (shift && pass.wants(shift))
    pass.add(shift, sumToScale(g, dy, axis));
  if (scale && pass.wants(scale))
    pass.add(scale, sumToScale(g, g.mul(dy, n.h), axis));
  if (pass.wants(x))
    pass.add(x, n.times(scale ? g.mul(dy, g.cast(scale, g.element(dy))) : dy));
  return success();
}

LogicalResult pushNormalised(Forward &pass, Normalised &n, Value x, Value scale, Value shift,
                             Value result) {
  Graph &g = pass.b;
  auto wide = [&](Value v) { return g.cast(v, g.element(n.h)); };
  if (Value dx = pass.tangent(x)) {
    Value dh = n.times(dx);
    pass.add(result, scale ? g.mul(dh, wide(scale)) : dh);
  }
  if (Value dscale = scale ? pass.tangent(scale) : Value())
    pass.add(result, g.mul(n.h, wide(dscale)));
  if (Value dshift = shift ? pass.tangent(shift) : Value())
    pass.add(result, g.broadcastTo(dshift, g.dims(result)));
  return success();
}

Normalised normalised(Graph &g, LayerNormOp op) {
  return Normalised(g, op.getInput(), static_cast<int64_t>(op.getAxis()),
                    op.getEpsilon().convertToDouble(), /*isCentred=*/true);
}
Normalised normalised(Graph &g, RmsNormOp op) {
  return Normalised(g, op.getInput(), static_cast<int64_t>(op.getAxis()),
                    op.getEpsilon().convertToDouble(), /*isCentred=*/false);
}

Value shiftOf(LayerNormOp op) { return op.getShift(); }
Value shiftOf(RmsNormOp) { return {}; }

template <typename Op> LogicalResult pullNorm(Operation *any, Reverse &pass) {
  auto op = cast<Op>(any);
  Normalised n = normalised(pass.b, op);
  return pullNormalised(pass, n, static_cast<int64_t>(op.getAxis()), op.getInput(), op.getScale(),
                        shiftOf(op), op.getResult());
}

template <typename Op> LogicalResult pushNorm(Operation *any, Forward &pass) {
  auto op = cast<Op>(any);
  Normalised n = normalised(pass.b, op);
  return pushNormalised(pass, n, op.getInput(), op.getScale(), shiftOf(op), op.getResult());
}

} // namespace

void addNormalisationRules(RuleTable &table) {
  table["weft.softmax"] = {pullSoftmax, pushSoftmax};
  table["weft.log_softmax"] = {pullLogSoftmax, pushLogSoftmax};
  table["weft.layer_norm"] = {pullNorm<LayerNormOp>, pushNorm<LayerNormOp>};
  table["weft.rms_norm"] = {pullNorm<RmsNormOp>, pushNorm<RmsNormOp>};
}

} // namespace weft::autodiff
