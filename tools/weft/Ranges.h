// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From what the inputs of products held to the ranges that 8 bits are spread over: numbers alone,
// no model.

#ifndef WEFT_TOOLS_WEFT_RANGES_H
#define WEFT_TOOLS_WEFT_RANGES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace weft {

/// Where the channels of a tensor lie: it is [..., count, inner] in one order or another.
struct ChannelLayout {
  int64_t count = 1, inner = 1;

  /// Of a tensor whose axes `axes` are its channels. One channel where they are not neighbours.
  static ChannelLayout of(llvm::ArrayRef<int64_t> dims, llvm::ArrayRef<int64_t> axes);
};

/// What was seen of a tensor in some calls, channel by channel.
struct ChannelStatistics {
  std::vector<float> low, high;
  std::vector<double> squares; ///< Sums of squares.
  double rows = 0;             ///< Numbers seen of each channel.
  bool isFinite = true;        ///< No NaN and no infinity was seen.

  /// Counts the values of one call. Shapes: `values` as `layout` says, the same count in each call.
  void add(llvm::ArrayRef<float> values, const ChannelLayout &layout);
};

/// How large the weights are that a tensor is multiplied by.
struct WeightStatistics {
  std::vector<float> channelMaxima, channelSquares, outputMaxima;
  double taps = 1; ///< Weights of one channel and one output.
};

/// The numbers that channels are divided by, and their weights multiplied by, so that neither holds
/// much larger numbers in some channels than in others; empty where that is not estimated to lower
/// the error of the products by a fifth.
/// Source: Xiao et al., arXiv:2211.10438, equation 4, with the exponent chosen by that estimate.
std::vector<float> chooseBalance(const ChannelStatistics &input,
                                 llvm::ArrayRef<WeightStatistics> weights);

/// Numbers counted in equal bins over a range around 0, zeros apart, which any grid has.
class Histogram {
public:
  /// Over the range of `input` after its channels are divided by `balance`, which may be empty.
  Histogram(const ChannelStatistics &input, llvm::ArrayRef<float> balance);
  void add(llvm::ArrayRef<float> values, const ChannelLayout &layout);

  struct Range {
    double low, high;
    bool isEmpty() const { return low == high; }
  };
  /// The range, no wider than what was seen, over which 256 steps give the least squared error:
  /// numbers outside are moved to its ends.
  Range bestRange() const;

private:
  static constexpr int64_t numBins = 4096;
  double errorOf(Range range) const;

  double low = 0, high = 0;
  std::vector<float> inverse; ///< Of the balance, one a channel; one entry without it.
  std::vector<int64_t> counts;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_RANGES_H
