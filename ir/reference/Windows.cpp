// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sliding windows: convolution, its adjoint, pooling.

#include "ir/reference/Rules.h"
#include "ir/reference/Window.h"
#include "ir/WeftOps.h"

#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

namespace {

/// Channels and how they split into groups that do not see each other.
struct Groups {
  int64_t batch, inputs, outputs, groups;
  int64_t inputsEach() const { return inputs / groups; }
  int64_t outputsEach() const { return outputs / groups; }
};

/// y[n, o, i] = sum over c, k of x[n, g * C/groups + c, window] * w[o, c, k]
template <typename Value>
void convolve(const Window<3> &window, const Groups &groups, const std::vector<Value> &x,
              const std::vector<Value> &w, std::vector<Value> &y) {
  int64_t each = groups.inputsEach(), inputSize = volume(window.input),
          kernelSize = volume(window.kernel), at = 0;
  for (int64_t n = 0; n < groups.batch; ++n)
    for (int64_t o = 0; o < groups.outputs; ++o)
      forEach(window.output, [&](const Place<3> &out) {
        int64_t firstChannel = n * groups.inputs + o / groups.outputsEach() * each;
        for (int64_t c = 0; c < each; ++c) {
          int64_t plane = (firstChannel + c) * inputSize, filter = (o * each + c) * kernelSize;
          window.forEachInside(out, [&](int64_t inside, int64_t k) {
            accumulate(y[at], x[plane + inside], w[filter + k]);
          });
        }
        ++at;
      });
}

/// The adjoint: y[n, o, window at i] += x[n, c, i] * w[c, o in its group, k]. The roles of input
/// and output in `window` are exchanged: its windows lie in y, its places in x.
template <typename Value>
void spread(const Window<3> &window, const Groups &groups, const std::vector<Value> &x,
            const std::vector<Value> &w, std::vector<Value> &y) {
  int64_t each = groups.outputsEach(), resultSize = volume(window.input),
          kernelSize = volume(window.kernel), from = 0;
  for (int64_t n = 0; n < groups.batch; ++n)
    for (int64_t c = 0; c < groups.inputs; ++c)
      forEach(window.output, [&](const Place<3> &place) {
        int64_t firstChannel = n * groups.outputs + c / groups.inputsEach() * each;
        for (int64_t o = 0; o < each; ++o) {
          int64_t plane = (firstChannel + o) * resultSize, filter = (c * each + o) * kernelSize;
          window.forEachInside(place, [&](int64_t inside, int64_t k) {
            accumulate(y[plane + inside], x[from], w[filter + k]);
          });
        }
        ++from;
      });
}

/// y[o, c, k] = sum over n, i of x[n, g * C/groups + c, window at i] * dy[n, o, i]
void correlate(const Window<3> &window, const Groups &groups, const std::vector<double> &x,
               const std::vector<double> &dy, std::vector<double> &y) {
  int64_t each = groups.inputsEach(), inputSize = volume(window.input),
          kernelSize = volume(window.kernel), from = 0;
  for (int64_t n = 0; n < groups.batch; ++n)
    for (int64_t o = 0; o < groups.outputs; ++o)
      forEach(window.output, [&](const Place<3> &place) {
        int64_t firstChannel = n * groups.inputs + o / groups.outputsEach() * each;
        for (int64_t c = 0; c < each; ++c) {
          int64_t plane = (firstChannel + c) * inputSize, filter = (o * each + c) * kernelSize;
          window.forEachInside(place, [&](int64_t inside, int64_t k) {
            accumulate(y[filter + k], x[plane + inside], dy[from]);
          });
        }
        ++from;
      });
}

/// Checks batch and channels; `rows` and `columns` are the channels that the filter's first two
/// dimensions are expected to have.
Error requireChannels(const Call &call, int64_t rows, int64_t columns) {
  const Tensor &input = call.operand(0), &filter = call.operand(1);
  if (Error error = requireShape(call, "batch", call.resultShape[0], input.dim(0)))
    return error;
  return requireShape(call, "filter channels", filter.shape().take_front(2), {rows, columns});
}

Expected<Tensor> conv(const Call &call) {
  auto op = cast<ConvOp>(call.op);
  const Tensor &input = call.operand(0), &filter = call.operand(1);
  Tensor result = call.emptyResult();
  auto groupCount = static_cast<int64_t>(op.getGroups());
  Groups groups{input.dim(0), input.dim(1), result.dim(1), groupCount};
  if (Error error = requireChannels(call, groups.outputs, groups.inputsEach()))
    return error;
  Window<3> window = windowOf<3>(op, input.shape().drop_front(2), result.shape().drop_front(2),
                                 filter.shape().drop_front(2));
  if (input.isFloat())
    convolve(window, groups, input.reals(), filter.reals(), result.reals());
  else
    convolve(window, groups, input.integers(), filter.integers(), result.integers());
  return result;
}

Expected<Tensor> convTranspose(const Call &call) {
  auto op = cast<ConvTransposeOp>(call.op);
  const Tensor &input = call.operand(0), &filter = call.operand(1);
  Tensor result = call.emptyResult();
  auto groupCount = static_cast<int64_t>(op.getGroups());
  Groups groups{input.dim(0), input.dim(1), result.dim(1), groupCount};
  if (Error error = requireChannels(call, groups.inputs, groups.outputsEach()))
    return error;
  Window<3> window = windowOf<3>(op, result.shape().drop_front(2), input.shape().drop_front(2),
                                 filter.shape().drop_front(2));
  if (input.isFloat())
    spread(window, groups, input.reals(), filter.reals(), result.reals());
  else
    spread(window, groups, input.integers(), filter.integers(), result.integers());
  return result;
}

Expected<Tensor> convFilterGrad(const Call &call) {
  auto op = cast<ConvFilterGradOp>(call.op);
  const Tensor &input = call.operand(0), &gradient = call.operand(1);
  Tensor result = call.emptyResult();
  auto groupCount = static_cast<int64_t>(op.getGroups());
  Groups groups{input.dim(0), input.dim(1), result.dim(0), groupCount};
  if (Error error = requireShape(call, "batch and channels", gradient.shape().take_front(2),
                                 {groups.batch, groups.outputs}))
    return error;
  Window<3> window = windowOf<3>(op, input.shape().drop_front(2), gradient.shape().drop_front(2),
                                 result.shape().drop_front(2));
  correlate(window, groups, input.reals(), gradient.reals(), result.reals());
  return result;
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

template <size_t rank>
double summarise(PoolOp op, const Window<rank> &window, const Place<rank> &out,
                 const double *plane) {
  if (op.getKind() == PoolKind::Max) {
    double greatest = -HUGE_VAL;
    window.forEachInside(out, [&](int64_t i, int64_t) { greatest = maximum(greatest, plane[i]); });
    return greatest;
  }
  double sum = 0;
  int64_t taken = 0;
  window.forEachInside(out, [&](int64_t i, int64_t) {
    sum += plane[i];
    ++taken;
  });
  if (op.getKind() == PoolKind::Sum)
    return sum;
  // The size of the result leaves no window beyond the padding: all of its places count.
  int64_t divisor = op.getCountPadding() ? volume(window.kernel) : taken;
  return divisor == 0 ? 0 : sum / static_cast<double>(divisor);
}

template <size_t rank>
int64_t summarise(PoolOp op, const Window<rank> &window, const Place<rank> &out,
                  const int64_t *plane, Type element) {
  bool isUnsigned = isUnsignedElement(element);
  if (op.getKind() == PoolKind::Max) {
    int64_t greatest = isUnsigned ? 0 : -1 - (INT64_MAX >> (64 - element.getIntOrFloatBitWidth()));
    window.forEachInside(out, [&](int64_t i, int64_t) {
      auto a = static_cast<uint64_t>(greatest), b = static_cast<uint64_t>(plane[i]);
      greatest = (isUnsigned ? a < b : greatest < plane[i]) ? plane[i] : greatest;
    });
    return greatest;
  }
  uint64_t sum = 0;
  window.forEachInside(out, [&](int64_t i, int64_t) { sum += static_cast<uint64_t>(plane[i]); });
  return static_cast<int64_t>(sum);
}

template <size_t rank> void pool(PoolOp op, const Tensor &input, Tensor &result) {
  size_t spatial = op.getWindow().size();
  Window<rank> window = windowOf<rank>(op, input.shape().take_back(spatial),
                                       result.shape().take_back(spatial), op.getWindow());
  int64_t planeSize = volume(window.input), at = 0;
  int64_t planes = elementCount(input.shape().drop_back(spatial)).value_or(0);
  for (int64_t plane = 0; plane < planes; ++plane)
    forEach(window.output, [&](const Place<rank> &out) {
      if (input.isFloat())
        result.reals()[at] = summarise(op, window, out, input.reals().data() + plane * planeSize);
      else
        result.integers()[at] = summarise(
            op, window, out, input.integers().data() + plane * planeSize, input.element());
      ++at;
    });
}

Expected<Tensor> poolRule(const Call &call) {
  auto op = cast<PoolOp>(call.op);
  constexpr size_t most = 8;
  const Tensor &input = call.operand(0);
  size_t spatial = op.getWindow().size();
  if (spatial > most)
    return fault(call, "windows of " + Twine(spatial) + " dimensions are not evaluated, " +
                           Twine(most) + " are");
  if (Error error = requireShape(call, "result's leading part",
                                 ArrayRef<int64_t>(call.resultShape).drop_back(spatial),
                                 input.shape().drop_back(spatial)))
    return error;
  Tensor result = call.emptyResult();
  if (spatial <= 3)
    pool<3>(op, input, result);
  else
    pool<most>(op, input, result);
  return result;
}

} // namespace

void addWindowRules(RuleTable &table) {
  table["weft.conv"] = conv;
  table["weft.conv_transpose"] = convTranspose;
  table["weft.conv_filter_grad"] = convFilterGrad;
  table["weft.pool"] = poolRule;
}

} // namespace weft::reference
