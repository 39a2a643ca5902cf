// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax, normalisations and attention: the formulas of their documentation, in double
// throughout, rounded once at the end.

#include "ir/reference/Rules.h"
#include "ir/reference/Walk.h"
#include "ir/WeftOps.h"

#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

namespace {

/// Of some dimensions of a tensor that is not empty, so it fits.
int64_t product(ArrayRef<int64_t> dims) { return elementCount(dims).value_or(0); }

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// x - m of `size` elements from `start` on, `m` their greatest, and the sum of their exponentials.
double shiftByGreatest(std::vector<double> &x, int64_t start, int64_t stride, int64_t size) {
  double greatest = -HUGE_VAL;
  for (int64_t i = 0; i < size; ++i)
    greatest = maximum(greatest, x[start + i * stride]);
  double sum = 0;
  for (int64_t i = 0; i < size; ++i) {
    double &value = x[start + i * stride];
    value -= greatest; // All -inf: -inf - -inf is NaN, as documented.
    sum += std::exp(value);
  }
  return sum;
}

template <bool isLog> Expected<Tensor> softmax(const Call &call, int64_t axis) {
  Tensor result = call.operand(0);
  if (Error error = requireShape(call, "input", result.shape(), call.resultShape))
    return error;
  std::vector<double> &y = result.reals();
  int64_t size = result.dim(axis), inner = product(result.shape().drop_front(axis + 1)),
          outer = product(result.shape().take_front(axis));
  for (int64_t lane = 0; lane < outer * inner; ++lane) {
    int64_t start = lane / inner * size * inner + lane % inner;
    double sum = shiftByGreatest(y, start, inner, size);
    for (int64_t i = 0; i < size; ++i) {
      double &value = y[start + i * inner];
      value = isLog ? value - std::log(sum) : std::exp(value) / sum;
    }
  }
  return result;
}

Expected<Tensor> plainSoftmax(const Call &call) {
  return softmax<false>(call, static_cast<int64_t>(cast<SoftmaxOp>(call.op).getAxis()));
}

Expected<Tensor> logSoftmax(const Call &call) {
  return softmax<true>(call, static_cast<int64_t>(cast<LogSoftmaxOp>(call.op).getAxis()));
}

//===----------------------------------------------------------------------===//
// Normalisations
//===----------------------------------------------------------------------===//

/// The operand at `value`'s place among the operands, or null where it is absent.
const Tensor *optionalOperand(const Call &call, Value value) {
  for (auto [i, operand] : llvm::enumerate(call.op->getOperands()))
    if (value && operand == value)
      return call.operands[i];
  return nullptr;
}

/// Replaces `x` by (x - mean) / sqrt(variance + epsilon), mean and variance over all of `x`.
void standardise(llvm::MutableArrayRef<double> x, double epsilon) {
  auto count = static_cast<double>(x.size());
  double mean = 0, variance = 0;
  for (double value : x)
    mean += value / count;
  for (double value : x)
    variance += (value - mean) * (value - mean) / count;
  for (double &value : x)
    value = (value - mean) / std::sqrt(variance + epsilon);
}

/// Replaces `x` by x / sqrt(mean(x^2) + epsilon).
void divideByRootMeanSquare(llvm::MutableArrayRef<double> x, double epsilon) {
  double meanSquare = 0;
  for (double value : x)
    meanSquare += value * value / static_cast<double>(x.size());
  for (double &value : x)
    value /= std::sqrt(meanSquare + epsilon);
}

/// y = y * scale[place] + shift[place], where element i has place `i / inner % count`.
Error scaleAndShift(const Call &call, Tensor &y, const Tensor *scale, const Tensor *shift,
                    ArrayRef<int64_t> shape, int64_t inner) {
  for (const Tensor *each : {scale, shift})
    if (each)
      if (Error error = requireShape(call, "scale or shift", each->shape(), shape))
        return error;
  int64_t count = product(shape);
  for (int64_t i = 0; i < y.size(); ++i) {
    int64_t place = i / inner % count;
    double &value = y.reals()[i];
    value = (scale ? value * scale->reals()[place] : value) + (shift ? shift->reals()[place] : 0);
  }
  return Error::success();
}

/// Calls `normalise` on each run of `size` consecutive elements.
template <typename Normalise>
void forEachRun(Tensor &tensor, int64_t size, double epsilon, Normalise normalise) {
  for (int64_t start = 0; size > 0 && start < tensor.size(); start += size)
    normalise(llvm::MutableArrayRef<double>(&tensor.reals()[start], size), epsilon);
}

Expected<Tensor> layerNorm(const Call &call) {
  auto op = cast<LayerNormOp>(call.op);
  Tensor result = call.operand(0);
  Index normalised(result.shape().drop_front(op.getAxis()));
  forEachRun(result, product(normalised), op.getEpsilon().convertToDouble(), standardise);
  if (Error error = scaleAndShift(call, result, optionalOperand(call, op.getScale()),
                                  optionalOperand(call, op.getShift()), normalised, 1))
    return error;
  return result;
}

Expected<Tensor> rmsNorm(const Call &call) {
  auto op = cast<RmsNormOp>(call.op);
  Tensor result = call.operand(0);
  Index normalised(result.shape().drop_front(op.getAxis()));
  forEachRun(result, product(normalised), op.getEpsilon().convertToDouble(),
             divideByRootMeanSquare);
  if (Error error =
          scaleAndShift(call, result, optionalOperand(call, op.getScale()), nullptr, normalised, 1))
    return error;
  return result;
}

Expected<Tensor> groupNorm(const Call &call) {
  auto op = cast<GroupNormOp>(call.op);
  Tensor result = call.operand(0);
  int64_t channels = result.dim(1), spatial = product(result.shape().drop_front(2));
  auto groupCount = static_cast<int64_t>(op.getGroups());
  if (channels % groupCount != 0)
    return fault(call,
                 Twine(channels) + " channels do not split into " + Twine(groupCount) + " groups");
  forEachRun(result, channels / groupCount * spatial, op.getEpsilon().convertToDouble(),
             standardise);
  if (Error error = scaleAndShift(call, result, optionalOperand(call, op.getScale()),
                                  optionalOperand(call, op.getShift()), {channels}, spatial))
    return error;
  return result;
}

Expected<Tensor> batchNorm(const Call &call) {
  auto op = cast<BatchNormOp>(call.op);
  Tensor result = call.operand(0);
  int64_t channels = result.dim(1), spatial = product(result.shape().drop_front(2));
  for (const Tensor *statistic : call.operands.drop_front())
    if (Error error = requireShape(call, "a channel operand", statistic->shape(), {channels}))
      return error;
  double epsilon = op.getEpsilon().convertToDouble();
  for (int64_t i = 0; i < result.size(); ++i) {
    int64_t c = i / spatial % channels;
    auto at = [&](unsigned operand) { return call.operand(operand).reals()[c]; };
    double scale = at(1), shift = at(2), mean = at(3), variance = at(4);
    double &value = result.reals()[i];
    value = (value - mean) / std::sqrt(variance + epsilon) * scale + shift;
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// The sizes of [B..., L, D], [B..., S, D], [B..., S, E], all of B as one.
struct AttentionSizes {
  int64_t batch, l, s, d, e;
};

Expected<AttentionSizes> attentionSizes(const Call &call, const Tensor *mask) {
  ArrayRef<int64_t> q = call.operand(0).shape(), v = call.operand(2).shape();
  Index leading(q.drop_back(2));
  AttentionSizes sizes{product(leading), q[q.size() - 2], v[v.size() - 2], q.back(), v.back()};
  auto require = [&](const Twine &what, ArrayRef<int64_t> shape, int64_t rows, int64_t columns) {
    Index expected = leading;
    expected.append({rows, columns});
    return requireShape(call, what, shape, expected);
  };
  if (Error error = require("key", call.operand(1).shape(), sizes.s, sizes.d))
    return error;
  if (Error error = require("value", v, sizes.s, sizes.e))
    return error;
  if (Error error = require("result", call.resultShape, sizes.l, sizes.e))
    return error;
  if (mask)
    if (Error error = require("mask", mask->shape(), sizes.l, sizes.s))
      return error;
  return sizes;
}

/// The masked scores of query `row` (counted over batch and L) against all keys; -inf excludes.
std::vector<double> scoresOf(const Call &call, const AttentionSizes &n, int64_t row,
                             const Tensor *mask) {
  auto op = cast<AttentionOp>(call.op);
  const double *query = call.operand(0).reals().data() + row * n.d;
  const double *keys = call.operand(1).reals().data() + row / n.l * n.s * n.d;
  std::vector<double> scores(n.s);
  for (int64_t s = 0; s < n.s; ++s) {
    double &score = scores[s];
    for (int64_t d = 0; d < n.d; ++d)
      score += query[d] * keys[s * n.d + d];
    score *= op.getScale().convertToDouble();
    if (mask && mask->isFloat())
      score += mask->reals()[row * n.s + s];
    bool excluded = (mask && !mask->isFloat() && !mask->integers()[row * n.s + s]) ||
                    (op.getCausal() && s > row % n.l + n.s - n.l);
    if (excluded)
      score = -HUGE_VAL;
  }
  return scores;
}

Expected<Tensor> attention(const Call &call) {
  const Tensor *mask = optionalOperand(call, cast<AttentionOp>(call.op).getMask());
  Expected<AttentionSizes> sizes = attentionSizes(call, mask);
  if (!sizes)
    return sizes.takeError();
  const AttentionSizes &n = *sizes;
  Tensor result = call.emptyResult();
  for (int64_t row = 0; row < n.batch * n.l; ++row) {
    std::vector<double> scores = scoresOf(call, n, row, mask);
    if (llvm::all_of(scores, [](double score) { return score == -HUGE_VAL; }))
      continue; // Nothing left to attend to: the row stays 0.
    double sum = shiftByGreatest(scores, 0, 1, n.s);
    const double *values = call.operand(2).reals().data() + row / n.l * n.s * n.e;
    for (int64_t s = 0; s < n.s; ++s)
      for (int64_t e = 0; e < n.e; ++e)
        result.reals()[row * n.e + e] += std::exp(scores[s]) / sum * values[s * n.e + e];
  }
  return result;
}

} // namespace

void addCompositeRules(RuleTable &table) {
  table["weft.softmax"] = plainSoftmax;
  table["weft.log_softmax"] = logSoftmax;
  table["weft.layer_norm"] = layerNorm;
  table["weft.rms_norm"] = rmsNorm;
  table["weft.group_norm"] = groupNorm;
  table["weft.batch_norm"] = batchNorm;
  table["weft.attention"] = attention;
}

} // namespace weft::reference
