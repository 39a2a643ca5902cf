// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The attributes that convolutions and poolings share: strides, padding, dilations, and the ways of
// the standard to say them.

#ifndef WEFT_FRONTEND_ONNX_WINDOWS_H
#define WEFT_FRONTEND_ONNX_WINDOWS_H

#include "frontend/onnx/OpsCommon.h"

namespace weft {

/// How windows move, one entry a spatial dimension.
struct OnnxWindows {
  SmallVector<int64_t> window, strides, padLow, padHigh, dilations;

  Sliding sliding() const { return {strides, padLow, padHigh, dilations}; }
  size_t rank() const { return window.size(); }
};

/// Reads `strides`, `pads`, `dilations`, `auto_pad` for windows of this size over the trailing
/// dimensions of `x`. Nothing after a failure: wrong numbers of entries, sizes that are no sizes,
/// padding that depends on a dimension which is not known.
std::optional<OnnxWindows> readWindows(Node &n, Value x, ArrayRef<int64_t> window);

/// With `ceil_mode`: more padding behind, so that the last window, which begins inside of the
/// input or its padding in front, is not lost.
void roundUp(OnnxWindows &windows, Value x);

/// The spatial sizes of a filter [O, C, kernel...], which must be numbers; `kernel_shape` must
/// agree.
std::optional<SmallVector<int64_t>> readKernel(Node &n, Value filter);

/// False, and a failure, unless input and filter have the same 3 to 5 dimensions.
bool checkConvRanks(Node &n, Value x, Value filter);

/// The convolution that the attributes of a node ask for, without a bias; null after a failure.
Value convolve(Node &n, Value x, Value filter);

} // namespace weft

#endif // WEFT_FRONTEND_ONNX_WINDOWS_H
