// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalisations and losses.

#include "frontend/onnx/OpsCommon.h"

namespace weft {

using Integers = SmallVector<int64_t>;
using Dims = SmallVector<Dim>;

//===-- Over the batch ----------------------------------------------------------------------===//

/// Statistics of the batch: the population's, over all dimensions but the channels.
static void trainBatchNorm(Node &n, double epsilon, double momentum) {
  GraphBuilder &b = n.b;
  Value x = n.input(0);
  Integers axes = allAxes(b.rank(x));
  axes.erase(axes.begin() + 1);
  Type type = b.element(n.input(3));
  Value wide = b.cast(x, type);
  Value mean = b.mean(wide, axes);
  Value centred = b.sub(wide, alongChannels(b, mean, x));
  Value variance = b.mean(b.mul(centred, centred), axes);
  n.set(0, b.batchNorm(x, n.input(1), n.input(2), mean, variance, epsilon));
  auto blend = [&](Value old, Value now) {
    return b.add(b.binary<MulOp>(old, momentum), b.binary<MulOp>(now, 1 - momentum));
  };
  n.set(1, blend(n.input(3), mean));
  n.set(2, blend(n.input(4), variance));
  n.set(3, mean); // before opset 14: the saved statistics
  n.set(4, variance);
}

/// `spatial` = 0, before opset 9: statistics, scale and shift have a number for each place of each
/// channel, [C, ...].
static void batchNormByPlace(Node &n, double epsilon) {
  GraphBuilder &b = n.b;
  Value deviation = b.unary<SqrtOp>(b.binary<AddOp>(n.input(4), epsilon));
  Value normal = b.div(b.sub(n.input(0), n.input(3)), deviation);
  n.set(0, b.add(b.mul(normal, n.input(1)), n.input(2)));
}

static void batchNorm(Node &n, bool isTraining) {
  n.ignore("consumed_inputs");
  bool isSpatial = n.integer("spatial", 1) != 0;
  double epsilon = n.real("epsilon", 1e-5), momentum = n.real("momentum", 0.9);
  Value x = n.input(0);
  if (n.b.rank(x) < 2)
    return n.fail("the input has " + Twine(n.b.rank(x)) + " dimensions, but [N, C, ...] is needed");
  if (!isSpatial && isTraining)
    return n.fail("trains with spatial = 0, which is not supported");
  if (!isSpatial)
    return batchNormByPlace(n, epsilon);
  if (isTraining)
    return trainBatchNorm(n, epsilon, momentum);
  Type type = n.b.element(x);
  auto as = [&](size_t index) { return n.b.cast(n.input(index), type); };
  n.set(0, n.b.batchNorm(x, as(1), as(2), as(3), as(4), epsilon));
}

static void newBatchNorm(Node &n) { batchNorm(n, n.integer("training_mode", 0) != 0); }

/// Before opset 14 it trains when somebody reads the statistics; in opset 1 to 6 `is_test` says so.
static void oldBatchNorm(Node &n) {
  n.ignore("is_test");
  batchNorm(n, n.wants(1));
}

//===-- Over one example --------------------------------------------------------------------===//

static void instanceNorm(Node &n) {
  n.ignore("consumed_inputs");
  Value x = n.input(0);
  if (n.b.rank(x) < 2)
    return n.fail("the input has " + Twine(n.b.rank(x)) + " dimensions, but [N, C, ...] is needed");
  std::optional<int64_t> channels = n.b.dims(x)[1].constant();
  if (!channels)
    return n.fail("the number of channels is not known");
  n.set(0, n.b.groupNorm(x, n.input(1), n.input(2), *channels, n.real("epsilon", 1e-5)));
}

/// Opset 18 scales groups, opset 21 channels.
static void groupNorm(Node &n, bool byChannel) {
  Value x = n.input(0);
  int64_t groups = n.integer("num_groups", 0);
  double epsilon = n.real("epsilon", 1e-5);
  n.ignore("stash_type");
  std::optional<int64_t> channels = n.b.rank(x) < 2 ? std::nullopt : n.b.dims(x)[1].constant();
  if (groups < 1 || !channels || *channels % groups != 0)
    return n.fail("num_groups is " + Twine(groups) + " for an input of shape " +
                  languageList(n.b.dims(x)));
  auto spread = [&](Value vector) {
    if (byChannel)
      return vector;
    Dim size(*channels / groups);
    return n.b.reshape(n.b.broadcast(vector, 0, {Dim(groups), size}), Dim(*channels));
  };
  n.set(0, n.b.groupNorm(x, spread(n.input(1)), spread(n.input(2)), groups, epsilon));
}

static void layerNorm(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0), scale = n.input(1), shift = n.optionalInput(2);
  std::optional<int64_t> axis = n.axis(n.integer("axis", -1), b.rank(x));
  double epsilon = n.real("epsilon", 1e-5);
  n.ignore("stash_type");
  if (!axis)
    return;
  Dims shape = b.dims(x), inner(shape.begin() + *axis, shape.end());
  Integers axes = allAxes(b.rank(x));
  axes.erase(axes.begin(), axes.begin() + *axis);
  n.set(0, b.layerNorm(x, b.broadcastTo(scale, inner), shift ? b.broadcastTo(shift, inner) : shift,
                       *axis, epsilon));
  if (!n.wants(1) && !n.wants(2))
    return;
  Value wide = b.cast(x, wideType(b, b.element(x)));
  Value mean = b.mean(wide, axes, /*keepDims=*/true), centred = b.sub(wide, mean);
  Value variance = b.mean(b.mul(centred, centred), axes, /*keepDims=*/true);
  n.set(1, mean);
  n.set(2, b.unary<RsqrtOp>(b.binary<AddOp>(variance, epsilon)));
}

static void rmsNorm(Node &n) {
  Value x = n.input(0);
  std::optional<int64_t> axis = n.axis(n.integer("axis", -1), n.b.rank(x));
  double epsilon = n.real("epsilon", 1e-5);
  n.ignore("stash_type");
  if (!axis)
    return;
  Dims shape = n.b.dims(x), inner(shape.begin() + *axis, shape.end());
  n.set(0, n.b.rmsNorm(x, n.b.broadcastTo(n.input(1), inner), *axis, epsilon));
}

/// Krizhevsky et al. 2012: x / (bias + alpha / size * sum of squares of `size` channels)^beta.
static void lrn(Node &n) {
  GraphBuilder &b = n.b;
  Value x = n.input(0);
  int64_t size = n.integer("size", 0), rank = b.rank(x);
  double alpha = n.real("alpha", 1e-4), beta = n.real("beta", 0.75), bias = n.real("bias", 1);
  if (size < 1 || rank < 2)
    return n.fail("size is " + Twine(size) + " for an input of " + Twine(rank) + " dimensions");
  Integers window(rank - 1, 1), ones(rank - 1, 1), low(rank - 1, 0), high(rank - 1, 0);
  window[0] = size;
  low[0] = (size - 1) / 2;
  high[0] = size / 2;
  Value sum = b.pool(PoolKind::Sum, b.mul(x, x), window, {ones, low, high, ones});
  Value base = b.binary<AddOp>(b.binary<MulOp>(sum, alpha / static_cast<double>(size)), bias);
  n.set(0, b.div(x, b.binary<PowOp>(base, b.scalar(b.element(x), beta))));
}

//===-- Losses ------------------------------------------------------------------------------===//

/// -log(p) of the target's class for each element, weighted; then their mean, sum, or all of them.
static void lossOf(Node &n, Value logProbability, Value target, Value weight) {
  GraphBuilder &b = n.b;
  StringRef reduction = n.text("reduction", "mean");
  bool hasIgnored = n.hasAttribute("ignore_index");
  int64_t ignored = n.integer("ignore_index", 0);
  if (b.rank(logProbability) < 2 || b.rank(target) + 1 != b.rank(logProbability))
    return n.fail("the input is " + languageList(b.dims(logProbability)) + " and the target " +
                  languageList(b.dims(target)) + ", but [N, C, ...] and [N, ...] are expected");
  Dim classes = b.dims(logProbability)[1];
  Type type = b.element(logProbability);
  // One class is left of dimension 1: those that are not the target's count as 0.
  Value wide = b.cast(target, b.i64());
  Value isTarget = b.compare(ComparePredicate::Eq, b.iota(b.i64(), b.dims(logProbability), 1),
                             b.expandDims(wide, 1));
  Value zero = b.splatLike(logProbability, 0);
  Value chosen = b.reduce(ReduceKind::Sum, b.select(isTarget, logProbability, zero), 1);
  Value loss = b.unary<NegOp>(chosen);
  Value weights;
  if (weight)
    weights = b.gather(
        weight, b.select(b.compare(ComparePredicate::Lt, wide, 0.0), b.splatLike(wide, 0), wide),
        0);
  if (hasIgnored) {
    Value keep =
        b.cast(b.compare(ComparePredicate::Ne, wide, b.scalarInteger(b.i64(), ignored)), type);
    weights = weights ? b.mul(weights, keep) : keep;
  }
  if (weights)
    loss = b.mul(loss, weights);
  if (reduction == "none")
    return n.set(0, loss);
  Integers axes = allAxes(b.rank(loss));
  Value sum = b.reduce(ReduceKind::Sum, loss, axes);
  if (reduction == "sum")
    return n.set(0, sum);
  if (reduction != "mean")
    return n.fail("the reduction is '" + reduction + "', but none, sum or mean is expected");
  Value total = weights ? b.reduce(ReduceKind::Sum, weights, axes)
                        : b.cast(b.size(productOf(b.dims(loss))), type);
  n.set(0, b.div(sum, total));
}

static void negativeLogLikelihood(Node &n) {
  lossOf(n, n.input(0), n.input(1), n.optionalInput(2));
}

static void softmaxCrossEntropy(Node &n) {
  if (n.rank(0) < 2)
    return n.fail("the input has " + Twine(n.rank(0)) + " dimensions, but [N, C, ...] is needed");
  Value logProbability = n.b.logSoftmax(n.input(0), 1);
  n.set(1, logProbability);
  lossOf(n, logProbability, n.input(1), n.optionalInput(2));
}

//===-- The table ---------------------------------------------------------------------------===//

// clang-format off
static constexpr OnnxRow rows[] = {
    {"BatchNormalization", 1, oldBatchNorm},
    {"BatchNormalization", 14, newBatchNorm},
    {"GroupNormalization", 18, [](Node &n) { groupNorm(n, /*byChannel=*/false); }},
    {"GroupNormalization", 21, [](Node &n) { groupNorm(n, /*byChannel=*/true); }},
    {"InstanceNormalization", 1, instanceNorm},
    {"LRN", 1, lrn},
    {"LayerNormalization", 17, layerNorm},
    {"NegativeLogLikelihoodLoss", 12, negativeLogLikelihood},
    {"RMSNormalization", 23, rmsNorm},
    {"SoftmaxCrossEntropyLoss", 12, softmaxCrossEntropy},
};
// clang-format on

ArrayRef<OnnxRow> onnxNormalisationRows() { return rows; }

} // namespace weft
