// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The geometry of sliding windows. A window of fewer dimensions is one of more whose leading
// dimensions are 1, so everything is written for a fixed number of them.

#ifndef WEFT_IR_REFERENCE_WINDOW_H
#define WEFT_IR_REFERENCE_WINDOW_H

#include "ir/Mlir.h"

#include <array>
#include <numeric>
#include <optional>

namespace weft::reference {

/// Indices or sizes, one for each dimension that windows slide along.
template <size_t rank> using Place = std::array<int64_t, rank>;

/// `values` at the end, `fill` before them.
template <size_t rank> Place<rank> padded(ArrayRef<int64_t> values, int64_t fill) {
  Place<rank> all;
  all.fill(fill);
  llvm::copy(values, all.end() - values.size());
  return all;
}

template <size_t rank> int64_t volume(const Place<rank> &sizes) {
  if (llvm::is_contained(sizes, 0)) // The others may be beyond any product.
    return 0;
  return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
}

/// Where index `at` lies in a row-major box, or nothing outside it.
template <size_t rank>
std::optional<int64_t> offsetIn(const Place<rank> &sizes, const Place<rank> &at) {
  int64_t offset = 0;
  for (size_t d = 0; d < rank; ++d) {
    if (at[d] < 0 || at[d] >= sizes[d])
      return std::nullopt;
    offset = offset * sizes[d] + at[d];
  }
  return offset;
}

/// Calls `body` for every index of a box, in row-major order.
template <size_t rank, typename Body> void forEach(const Place<rank> &sizes, Body body) {
  Place<rank> at{};
  int64_t count = volume(sizes);
  for (int64_t i = 0; i < count; ++i) {
    body(at);
    for (size_t d = rank; d-- > 0 && ++at[d] == sizes[d];)
      at[d] = 0;
  }
}

/// The geometry that all these operations share: the window at place `i` covers the elements
/// `i * strides - padLow + k * dilations`.
template <size_t rank> struct Window {
  Place<rank> input, output, kernel, strides, padLow, dilations;

  /// Calls `body(input offset, kernel offset)` for each place of the window at `out` that lies
  /// inside the input, in row-major order of the kernel.
  template <typename Body> void forEachInside(const Place<rank> &out, Body body) const {
    int64_t kernelOffset = 0;
    forEach(kernel, [&](const Place<rank> &k) {
      Place<rank> at;
      for (size_t d = 0; d < rank; ++d)
        at[d] = out[d] * strides[d] - padLow[d] + k[d] * dilations[d];
      if (std::optional<int64_t> inside = offsetIn(input, at))
        body(*inside, kernelOffset);
      ++kernelOffset;
    });
  }
};

template <size_t rank, typename Op>
Window<rank> windowOf(Op op, ArrayRef<int64_t> input, ArrayRef<int64_t> output,
                      ArrayRef<int64_t> kernel) {
  return {padded<rank>(input, 1),          padded<rank>(output, 1),
          padded<rank>(kernel, 1),         padded<rank>(op.getStrides(), 1),
          padded<rank>(op.getPadLow(), 0), padded<rank>(op.getDilations(), 1)};
}

/// a += b * c, for floats in double, for integers modulo 2^64.
inline void accumulate(double &a, double b, double c) { a += b * c; }
inline void accumulate(int64_t &a, int64_t b, int64_t c) {
  a = static_cast<int64_t>(static_cast<uint64_t>(a) +
                           static_cast<uint64_t>(b) * static_cast<uint64_t>(c));
}

} // namespace weft::reference

#endif // WEFT_IR_REFERENCE_WINDOW_H
