// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions with the channels last, by their formulas.

#include "ir/reference/Rules.h"
#include "ir/reference/Window.h"
#include "ir/WeftOps.h"
#include "ir/Winograd.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

namespace {

/// How weft.packed_conv numbers its channels.
struct PackedFilter {
  int64_t groups, inputs, outputs, panels, width, taps, rows, interleave;
  int64_t inputsEach() const { return inputs / groups; }
  int64_t outputsEach() const { return outputs / groups; }
  int64_t groupOf(int64_t output) const { return output / outputsEach(); }

  /// Where the filter has tap `k` from channel `c` of the group of `output` to `output`.
  int64_t place(int64_t output, int64_t k, int64_t c) const {
    int64_t inGroup = output % outputsEach();
    int64_t panel = groupOf(output) * (panels / groups) + inGroup / width;
    int64_t row = (panel * taps + k) * rows + c / interleave;
    return (row * width + inGroup % width) * interleave + c % interleave;
  }
};

/// y[n, i, o] += x[n, window at i, c] * w[o, k, c], or with the places of both exchanged for a
/// transposed one: then `window` has its windows in y and its places in x.
template <typename Value>
void slide(const Window<3> &window, int64_t batch, const PackedFilter &filter, bool transposed,
           const std::vector<Value> &x, const std::vector<Value> &w, std::vector<Value> &y) {
  int64_t each = filter.inputsEach(), inside = volume(window.input), places = volume(window.output);
  int64_t inputSize = transposed ? places : inside, outputSize = transposed ? inside : places;
  for (int64_t n = 0; n < batch; ++n) {
    int64_t place = 0;
    forEach(window.output, [&](const Place<3> &at) {
      window.forEachInside(at, [&](int64_t covered, int64_t k) {
        int64_t from = n * inputSize + (transposed ? place : covered);
        int64_t to = n * outputSize + (transposed ? covered : place);
        for (int64_t o = 0; o < filter.outputs; ++o)
          for (int64_t c = 0; c < each; ++c)
            accumulate(y[to * filter.outputs + o],
                       x[from * filter.inputs + filter.groupOf(o) * each + c],
                       w[filter.place(o, k, c)]);
      });
      ++place;
    });
  }
}

/// Weight `c % 2` of a byte that holds two integers of 4 bits.
int64_t nibbleOf(int64_t byte, int64_t c) {
  int64_t bits = (c % 2 ? byte >> 4 : byte) & 15;
  return bits < 8 ? bits : bits - 16;
}

/// The weights that a filter of small integers, [panels, taps, rows, width], stands for.
std::vector<double> scaledWeights(const Tensor &filter, const Tensor &scales,
                                  const PackedFilter &packed, bool nibbles) {
  std::vector<double> weights(packed.panels * packed.taps * packed.rows * packed.width);
  int64_t groups = scales.dim(1), each = packed.rows / groups;
  size_t next = 0;
  for (int64_t p = 0; p < packed.panels; ++p)
    for (int64_t k = 0; k < packed.taps; ++k)
      for (int64_t c = 0; c < packed.rows; ++c)
        for (int64_t j = 0; j < packed.width; ++j) {
          int64_t row = nibbles ? ((p * packed.taps + k) * packed.rows + c) / 2
                                : (p * packed.taps + k) * packed.rows + c;
          int64_t held = filter.integers()[row * packed.width + j];
          double scale = scales.reals()[(p * groups + c / each) * packed.width + j];
          weights[next++] = scale * static_cast<double>(nibbles ? nibbleOf(held, c) : held);
        }
  return weights;
}

Expected<Tensor> packedConv(const Call &call) {
  auto op = cast<PackedConvOp>(call.op);
  const Tensor &input = call.operand(0), &filter = call.operand(1);
  Tensor result = call.emptyResult();
  ArrayRef<int64_t> in = input.shape(), kernel = filter.shape(), out = result.shape();
  auto groups = static_cast<int64_t>(op.getGroups());
  auto interleave = static_cast<int64_t>(op.getInterleave());
  if (interleave > 1)
    kernel = kernel.drop_back();
  int64_t rows = kernel[kernel.size() - 2] * (op.getNibbles() ? 2 : 1);
  bool isStatic = interleave > 1 || op.getScales(); // As the verifier knows.
  int64_t channels = isStatic ? in.back() : rows * groups;
  if (Error error = requireShape(call, "batch and channels", {in.front(), in.back()},
                                 {out.front(), channels}))
    return error;
  int64_t width = kernel.back();
  kernel = kernel.drop_front().drop_back(2);
  in = in.drop_front().drop_back();
  out = out.drop_front().drop_back();
  bool transposed = op.getTransposed();
  Window<3> window = windowOf<3>(op, transposed ? out : in, transposed ? in : out, kernel);
  PackedFilter packed{groups,
                      input.shape().back(),
                      result.shape().back(),
                      filter.dim(0),
                      width,
                      volume(window.kernel),
                      rows,
                      interleave};
  if (op.getScales())
    slide(window, input.dim(0), packed, transposed, input.reals(),
          scaledWeights(filter, call.operand(2), packed, op.getNibbles()), result.reals());
  else if (input.isFloat())
    slide(window, input.dim(0), packed, transposed, input.reals(), filter.reals(), result.reals());
  else
    slide(window, input.dim(0), packed, transposed, input.integers(), filter.integers(),
          result.integers());
  return result;
}

/// y[n, i, o] = sum over k of x[n, window at i, o / M] * w[k, o]
template <typename Value>
void slideDepthwise(const Window<3> &window, int64_t batch, int64_t inputs, int64_t outputs,
                    const std::vector<Value> &x, const std::vector<Value> &w,
                    std::vector<Value> &y) {
  int64_t place = 0;
  for (int64_t n = 0; n < batch; ++n)
    forEach(window.output, [&](const Place<3> &at) {
      window.forEachInside(at, [&](int64_t covered, int64_t k) {
        int64_t from = n * volume(window.input) + covered;
        for (int64_t o = 0; o < outputs; ++o)
          accumulate(y[place * outputs + o], x[from * inputs + o / (outputs / inputs)],
                     w[k * outputs + o]);
      });
      ++place;
    });
}

Expected<Tensor> depthwiseConv(const Call &call) {
  auto op = cast<DepthwiseConvOp>(call.op);
  const Tensor &input = call.operand(0), &filter = call.operand(1);
  Tensor result = call.emptyResult();
  if (Error error = requireShape(call, "batch", result.dim(0), input.dim(0)))
    return error;
  Window<3> window =
      windowOf<3>(op, input.shape().drop_front().drop_back(),
                  result.shape().drop_front().drop_back(), filter.shape().drop_back());
  int64_t batch = input.dim(0), inputs = input.shape().back(), outputs = result.shape().back();
  if (input.isFloat())
    slideDepthwise(window, batch, inputs, outputs, input.reals(), filter.reals(), result.reals());
  else
    slideDepthwise(window, batch, inputs, outputs, input.integers(), filter.integers(),
                   result.integers());
  return result;
}

//===----------------------------------------------------------------------===//
// Winograd
//===----------------------------------------------------------------------===//

/// left * values * left^T, where `left` has `rows` rows and `values` is square.
std::vector<double> onBothSides(ArrayRef<double> left, int64_t rows,
                                const std::vector<double> &values) {
  auto size = static_cast<int64_t>(left.size()) / rows;
  std::vector<double> result(rows * rows);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < rows; ++j)
      for (int64_t k = 0; k < size; ++k)
        for (int64_t l = 0; l < size; ++l)
          result[i * rows + j] += left[i * size + k] * values[k * size + l] * left[j * size + l];
  return result;
}

/// Tiles along one dimension, and where the result of each begins.
struct TileLine {
  int64_t tile, dilation, inPhase;

  TileLine(int64_t places, int64_t ofTile, int64_t ofDilation)
      : tile(ofTile), dilation(ofDilation),
        inPhase(llvm::divideCeil(llvm::divideCeil(places, ofDilation), ofTile)) {}

  int64_t count() const { return dilation * inPhase; }
  int64_t start(int64_t number) const {
    return number / inPhase + number % inPhase * tile * dilation;
  }
};

/// The patch of one channel at (y, x), 0 outside of the image.
std::vector<double> patchOf(const Tensor &input, int64_t size, int64_t dilation, int64_t n,
                            int64_t y, int64_t x, int64_t c) {
  std::vector<double> patch(size * size);
  for (int64_t i = 0; i < size * size; ++i) {
    int64_t row = y + i / size * dilation, column = x + i % size * dilation;
    if (row >= 0 && row < input.dim(1) && column >= 0 && column < input.dim(2))
      patch[i] =
          input.reals()[((n * input.dim(1) + row) * input.dim(2) + column) * input.dim(3) + c];
  }
  return patch;
}

Expected<Tensor> winogradPatches(const Call &call) {
  auto op = cast<WinogradPatchesOp>(call.op);
  const Tensor &input = call.operand(0);
  Tensor result = call.emptyResult();
  WinogradTransforms transforms = winogradTransforms(op.getTile());
  int64_t size = transforms.size;
  auto dilation = static_cast<int64_t>(op.getDilation());
  auto lineOf = [&](size_t axis) {
    int64_t places = input.dim(1 + static_cast<int64_t>(axis)) + op.getPadLow()[axis] +
                     op.getPadHigh()[axis] - 2 * dilation;
    return TileLine(places, transforms.tile, dilation);
  };
  TileLine down = lineOf(0), across = lineOf(1);
  int64_t tiles = input.dim(0) * down.count() * across.count();
  if (Error error = requireShape(call, "tiles and channels", {tiles, input.dim(3)},
                                 result.shape().drop_front()))
    return error;
  Place<4> space = {input.dim(0), down.count(), across.count(), input.dim(3)};
  forEach(space, [&](const Place<4> &at) {
    auto [n, i, j, c] = at;
    std::vector<double> patch =
        onBothSides(transforms.input, size,
                    patchOf(input, size, dilation, n, down.start(i) - op.getPadLow()[0],
                            across.start(j) - op.getPadLow()[1], c));
    int64_t tile = (n * down.count() + i) * across.count() + j;
    for (int64_t k = 0; k < size * size; ++k)
      result.reals()[(k * tiles + tile) * input.dim(3) + c] = patch[k];
  });
  return result;
}

Expected<Tensor> winogradConv(const Call &call) {
  auto op = cast<WinogradConvOp>(call.op);
  const Tensor &input = call.operand(0), &filter = call.operand(1);
  Tensor result = call.emptyResult();
  WinogradTransforms transforms = winogradTransforms(op.getTile());
  int64_t tile = transforms.tile, size = transforms.size, width = filter.dim(3);
  auto dilation = static_cast<int64_t>(op.getDilation());
  TileLine down(result.dim(1), tile, dilation), across(result.dim(2), tile, dilation);
  bool hasPatches = !op.getPatchesOf().empty();
  int64_t tiles = result.dim(0) * down.count() * across.count(), channels = filter.dim(2);
  if (Error error =
          hasPatches ? requireShape(call, "patches", input.shape(), {size * size, tiles, channels})
                     : requireShape(call, "batch and channels", {input.dim(0), input.dim(3)},
                                    {result.dim(0), channels}))
    return error;
  auto transformed = [&](int64_t n, int64_t i, int64_t j, int64_t c) {
    if (!hasPatches)
      return onBothSides(transforms.input, size,
                         patchOf(input, size, dilation, n, down.start(i) - op.getPadLow()[0],
                                 across.start(j) - op.getPadLow()[1], c));
    std::vector<double> patch(size * size);
    int64_t number = (n * down.count() + i) * across.count() + j;
    for (int64_t k = 0; k < size * size; ++k)
      patch[k] = input.reals()[(k * tiles + number) * channels + c];
    return patch;
  };
  Place<4> space = {result.dim(0), down.count(), across.count(), result.dim(3)};
  forEach(space, [&](const Place<4> &at) {
    auto [n, i, j, o] = at;
    std::vector<double> products(size * size);
    for (int64_t c = 0; c < channels; ++c) {
      std::vector<double> patch = transformed(n, i, j, c);
      for (int64_t k = 0; k < size * size; ++k) {
        int64_t place = (k * filter.dim(1) + o / width) * channels + c;
        products[k] += patch[k] * filter.reals()[place * width + o % width];
      }
    }
    std::vector<double> sums = onBothSides(transforms.output, tile, products);
    for (int64_t k = 0; k < tile * tile; ++k) {
      int64_t y = down.start(i) + k / tile * dilation, x = across.start(j) + k % tile * dilation;
      if (y < result.dim(1) && x < result.dim(2))
        result.reals()[((n * result.dim(1) + y) * result.dim(2) + x) * result.dim(3) + o] = sums[k];
    }
  });
  return result;
}

} // namespace

void addChannelsLastRules(RuleTable &table) {
  table["weft.packed_conv"] = packedConv;
  table["weft.depthwise_conv"] = depthwiseConv;
  table["weft.winograd_conv"] = winogradConv;
  table["weft.winograd_patches"] = winogradPatches;
}

} // namespace weft::reference
