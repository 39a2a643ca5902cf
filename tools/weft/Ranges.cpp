// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Statistics of calibration, and the choices that follow from them.

#include "tools/weft/Ranges.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <limits>

namespace weft {

ChannelLayout ChannelLayout::of(llvm::ArrayRef<int64_t> dims, llvm::ArrayRef<int64_t> axes) {
  ChannelLayout layout;
  for (size_t i = 1; i < axes.size(); ++i)
    if (axes[i] != axes[i - 1] + 1)
      return layout;
  if (axes.empty())
    return layout;
  for (int64_t axis : axes)
    layout.count *= dims[axis];
  for (int64_t size : dims.drop_front(axes.back() + 1))
    layout.inner *= size;
  return layout;
}

/// Calls `visit(channel, first, size)` for each run of values of one channel; where channels lie
/// side by side, `size` is 1.
template <typename Visit>
static void forRuns(llvm::ArrayRef<float> values, const ChannelLayout &layout, Visit visit) {
  auto inner = static_cast<size_t>(layout.inner);
  for (size_t at = 0; at < values.size();)
    for (int64_t channel = 0; channel < layout.count; ++channel, at += inner)
      visit(static_cast<size_t>(channel), values.data() + at, inner);
}

void ChannelStatistics::add(llvm::ArrayRef<float> values, const ChannelLayout &layout) {
  auto count = static_cast<size_t>(layout.count);
  if (low.empty()) {
    low.assign(count, std::numeric_limits<float>::infinity());
    high.assign(count, -std::numeric_limits<float>::infinity());
    squares.assign(count, 0);
  }
  double check = 0; // NaN and infinity do not vanish under a product with 0.
  forRuns(values, layout, [&](size_t channel, const float *first, size_t size) {
    float least = low[channel], most = high[channel];
    double sum = 0;
    for (size_t i = 0; i < size; ++i) {
      float x = first[i];
      least = x < least ? x : least;
      most = x > most ? x : most;
      sum += static_cast<double>(x) * static_cast<double>(x);
    }
    low[channel] = least;
    high[channel] = most;
    squares[channel] += sum;
    check += sum * 0;
  });
  isFinite &= check == 0;
  rows += static_cast<double>(values.size()) / static_cast<double>(layout.count);
}

//===-- Balance -----------------------------------------------------------------------------===//

static float largestOf(const ChannelStatistics &input, size_t channel) {
  return std::max({std::fabs(input.low[channel]), std::fabs(input.high[channel]), 0.0f});
}

/// s = max|x|^a / max|w|^(1 - a), about 1 in the geometric mean; 1 for channels that hold only 0.
static std::vector<float> balanceBy(double exponent, const ChannelStatistics &input,
                                    llvm::ArrayRef<float> weightMaxima) {
  std::vector<double> logs(weightMaxima.size(), 0);
  double sum = 0;
  size_t used = 0;
  for (size_t j = 0; j < logs.size(); ++j) {
    double x = static_cast<double>(largestOf(input, j)), w = static_cast<double>(weightMaxima[j]);
    if (!(x > 1e-20) || !(w > 1e-20))
      continue;
    logs[j] = exponent * std::log(x) - (1 - exponent) * std::log(w);
    sum += logs[j];
    ++used;
  }
  double mean = used ? sum / static_cast<double>(used) : 0;
  std::vector<float> balance(logs.size(), 1);
  for (size_t j = 0; j < logs.size(); ++j)
    if (largestOf(input, j) > 1e-20f && weightMaxima[j] > 1e-20f)
      balance[j] = static_cast<float>(std::exp(logs[j] - mean));
  return balance;
}

/// The squared error of all outputs, in units of a twelfth: a step of the input counts with the
/// squares of the weights behind it, a step of an output's weights with the squares of the inputs.
/// Without a balance `balance` is empty. With one the steps of all outputs are taken for the
/// largest, since their own are not known: the estimate is too high then.
static double errorOf(const ChannelStatistics &input, llvm::ArrayRef<WeightStatistics> weights,
                      llvm::ArrayRef<float> balance) {
  auto factor = [&](size_t j) { return balance.empty() ? 1.0 : static_cast<double>(balance[j]); };
  double low = 0, high = 0, squares = 0;
  for (size_t j = 0; j < input.low.size(); ++j) {
    low = std::min(low, static_cast<double>(input.low[j]) / factor(j));
    high = std::max(high, static_cast<double>(input.high[j]) / factor(j));
    squares += input.squares[j] / (factor(j) * factor(j));
  }
  double step = (high - low) / 255, error = 0;
  for (const WeightStatistics &weight : weights) {
    double largest = 0, outputs = 0, inputs = 0;
    for (size_t j = 0; j < weight.channelMaxima.size(); ++j) {
      largest = std::max(largest, static_cast<double>(weight.channelMaxima[j]) * factor(j));
      inputs += static_cast<double>(weight.channelSquares[j]) * factor(j) * factor(j);
    }
    for (float maximum : weight.outputMaxima) {
      double own = (balance.empty() ? static_cast<double>(maximum) : largest) / 127;
      outputs += own * own;
    }
    error += outputs * squares * weight.taps + input.rows * step * step * inputs;
  }
  return error;
}

std::vector<float> chooseBalance(const ChannelStatistics &input,
                                 llvm::ArrayRef<WeightStatistics> weights) {
  size_t channels = input.low.size();
  if (weights.empty() || channels < 2)
    return {};
  std::vector<float> maxima(channels, 0);
  for (const WeightStatistics &weight : weights) {
    if (weight.channelMaxima.size() != channels)
      return {};
    for (size_t j = 0; j < channels; ++j)
      maxima[j] = std::max(maxima[j], weight.channelMaxima[j]);
  }
  double least = 0.8 * errorOf(input, weights, {});
  std::vector<float> best;
  for (double exponent : {0.25, 0.5, 0.75}) {
    std::vector<float> balance = balanceBy(exponent, input, maxima);
    double error = errorOf(input, weights, balance);
    if (error < least) {
      least = error;
      best = std::move(balance);
    }
  }
  return best;
}

//===-- Clipping ----------------------------------------------------------------------------===//

Histogram::Histogram(const ChannelStatistics &input, llvm::ArrayRef<float> balance)
    : counts(numBins, 0) {
  for (float factor : balance)
    inverse.push_back(1 / factor);
  if (inverse.empty())
    inverse.push_back(1);
  for (size_t j = 0; j < input.low.size(); ++j) {
    auto by = static_cast<double>(inverse[balance.empty() ? 0 : j]);
    low = std::min(low, static_cast<double>(input.low[j]) * by);
    high = std::max(high, static_cast<double>(input.high[j]) * by);
  }
}

void Histogram::add(llvm::ArrayRef<float> values, const ChannelLayout &layout) {
  if (low == high)
    return;
  double perBin = static_cast<double>(numBins) / (high - low);
  bool isBalanced = inverse.size() > 1;
  forRuns(values, layout, [&](size_t channel, const float *first, size_t size) {
    double scale = perBin * static_cast<double>(inverse[isBalanced ? channel : 0]);
    for (size_t i = 0; i < size; ++i) {
      if (first[i] == 0)
        continue;
      auto bin = static_cast<int64_t>(static_cast<double>(first[i]) * scale - low * perBin);
      ++counts[static_cast<size_t>(std::clamp<int64_t>(bin, 0, numBins - 1))];
    }
  });
}

double Histogram::errorOf(Range range) const {
  double width = (high - low) / static_cast<double>(numBins), error = 0;
  double step = (range.high - range.low) / 255, zero = std::nearbyint(-range.low / step);
  for (size_t bin = 0; bin < counts.size(); ++bin) {
    if (counts[bin] == 0)
      continue;
    double x = low + (static_cast<double>(bin) + 0.5) * width;
    double q = std::clamp(std::nearbyint(x / step) + zero, 0.0, 255.0);
    double off = x - step * (q - zero);
    error += static_cast<double>(counts[bin]) * off * off;
  }
  return error;
}

Histogram::Range Histogram::bestRange() const {
  Range best{low, high};
  if (best.isEmpty())
    return best;
  constexpr int shares = 16; // of 20: ranges down to a fifth
  double least = errorOf(best);
  for (int above = 0; above <= (high > 0 ? shares : 0); ++above)
    for (int below = 0; below <= (low < 0 ? shares : 0); ++below) {
      Range range{low * (1 - below / 20.0), high * (1 - above / 20.0)};
      double error = errorOf(range);
      if (error < least) {
        least = error;
        best = range;
      }
    }
  return best;
}

} // namespace weft
