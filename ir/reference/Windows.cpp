// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sliding windows: convolution, its adjoint, pooling. A window of fewer than three dimensions is
// one of three whose leading dimensions are 1, so each operation is written for three.

#include "ir/reference/Rules.h"
#include "ir/WeftOps.h"

#include <array>
#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

namespace {

using Three = std::array<int64_t, 3>;

/// `values` at the end, `fill` before them.
Three three(ArrayRef<int64_t> values, int64_t fill) {
  Three all = {fill, fill, fill};
  llvm::copy(values, all.end() - values.size());
  return all;
}

int64_t volume(const Three &sizes) { return sizes[0] * sizes[1] * sizes[2]; }

/// Where index `at` lies in a row-major box, or nothing outside it.
std::optional<int64_t> offsetIn(const Three &sizes, const Three &at) {
  for (int d = 0; d < 3; ++d)
    if (at[d] < 0 || at[d] >= sizes[d])
      return std::nullopt;
  return (at[0] * sizes[1] + at[1]) * sizes[2] + at[2];
}

template <typename Body> void forEach(const Three &sizes, Body body) {
  Three at;
  for (at[0] = 0; at[0] < sizes[0]; ++at[0])
    for (at[1] = 0; at[1] < sizes[1]; ++at[1])
      for (at[2] = 0; at[2] < sizes[2]; ++at[2])
        body(at);
}

/// The geometry that all three operations share: the window at place `i` covers the elements
/// `i * strides - padLow + k * dilations`.
struct Window {
  Three input, output, kernel, strides, padLow, dilations;

  /// Calls `body(input offset, kernel offset)` for each place of the window at `out` that lies
  /// inside the input, in row-major order of the kernel.
  template <typename Body> void forEachInside(const Three &out, Body body) const {
    int64_t kernelOffset = 0;
    forEach(kernel, [&](const Three &k) {
      Three at;
      for (int d = 0; d < 3; ++d)
        at[d] = out[d] * strides[d] - padLow[d] + k[d] * dilations[d];
      if (std::optional<int64_t> inside = offsetIn(input, at))
        body(*inside, kernelOffset);
      ++kernelOffset;
    });
  }
};

template <typename Op>
Window windowOf(Op op, ArrayRef<int64_t> input, ArrayRef<int64_t> output,
                ArrayRef<int64_t> kernel) {
  return {three(input, 1),           three(output, 1),         three(kernel, 1),
          three(op.getStrides(), 1), three(op.getPadLow(), 0), three(op.getDilations(), 1)};
}

/// Channels and how they split into groups that do not see each other.
struct Groups {
  int64_t batch, inputs, outputs, groups;
  int64_t inputsEach() const { return inputs / groups; }
  int64_t outputsEach() const { return outputs / groups; }
};

/// a += b * c, for floats in double, for integers modulo 2^64.
void accumulate(double &a, double b, double c) { a += b * c; }
void accumulate(int64_t &a, int64_t b, int64_t c) {
  a = static_cast<int64_t>(static_cast<uint64_t>(a) +
                           static_cast<uint64_t>(b) * static_cast<uint64_t>(c));
}

/// y[n, o, i] = sum over c, k of x[n, g * C/groups + c, window] * w[o, c, k]
template <typename Value>
void convolve(const Window &window, const Groups &groups, const std::vector<Value> &x,
              const std::vector<Value> &w, std::vector<Value> &y) {
  int64_t each = groups.inputsEach(), inputSize = volume(window.input),
          kernelSize = volume(window.kernel), at = 0;
  for (int64_t n = 0; n < groups.batch; ++n)
    for (int64_t o = 0; o < groups.outputs; ++o)
      forEach(window.output, [&](const Three &out) {
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
void spread(const Window &window, const Groups &groups, const std::vector<Value> &x,
            const std::vector<Value> &w, std::vector<Value> &y) {
  int64_t each = groups.outputsEach(), resultSize = volume(window.input),
          kernelSize = volume(window.kernel), from = 0;
  for (int64_t n = 0; n < groups.batch; ++n)
    for (int64_t c = 0; c < groups.inputs; ++c)
      forEach(window.output, [&](const Three &place) {
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
  Window window = windowOf(op, input.shape().drop_front(2), result.shape().drop_front(2),
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
  Window window = windowOf(op, result.shape().drop_front(2), input.shape().drop_front(2),
                           filter.shape().drop_front(2));
  if (input.isFloat())
    spread(window, groups, input.reals(), filter.reals(), result.reals());
  else
    spread(window, groups, input.integers(), filter.integers(), result.integers());
  return result;
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

double summarise(PoolOp op, const Window &window, const Three &out, const double *plane) {
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

int64_t summarise(PoolOp op, const Window &window, const Three &out, const int64_t *plane,
                  Type element) {
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

Expected<Tensor> pool(const Call &call) {
  auto op = cast<PoolOp>(call.op);
  const Tensor &input = call.operand(0);
  size_t spatial = op.getWindow().size();
  ArrayRef<int64_t> leading = input.shape().drop_back(spatial);
  if (spatial > 3)
    return fault(call, "windows of " + Twine(spatial) + " dimensions are not evaluated");
  if (Error error = requireShape(call, "result's leading part",
                                 ArrayRef<int64_t>(call.resultShape).drop_back(spatial), leading))
    return error;
  Tensor result = call.emptyResult();
  Window window = windowOf(op, input.shape().take_back(spatial), result.shape().take_back(spatial),
                           op.getWindow());
  int64_t planeSize = volume(window.input), at = 0;
  for (int64_t plane = 0; plane < elementCount(leading).value_or(0); ++plane)
    forEach(window.output, [&](const Three &out) {
      if (input.isFloat())
        result.reals()[at] = summarise(op, window, out, input.reals().data() + plane * planeSize);
      else
        result.integers()[at] = summarise(
            op, window, out, input.integers().data() + plane * planeSize, input.element());
      ++at;
    });
  return result;
}

} // namespace

void addWindowRules(RuleTable &table) {
  table["weft.conv"] = conv;
  table["weft.conv_transpose"] = convTranspose;
  table["weft.pool"] = pool;
}

} // namespace weft::reference
