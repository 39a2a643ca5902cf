// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shape inference: what an operation gives, from the types of its operands and its attributes.
// The verifiers hold results to these functions; whoever builds operations calls them for the
// result type. A constraint `Cn` here is the one of that number in the operation's documentation.

#ifndef WEFT_IR_INFER_H
#define WEFT_IR_INFER_H

#include "ir/Shape.h"

namespace weft {

/// A result type, or failure with the reason in the `why` that the function was given: lower
/// case, without a stop, fit to follow the name of the operation.
using Inferred = FailureOr<RankedTensorType>;

/// Writes the reason and fails.
LogicalResult refuse(std::string &why, const Twine &reason);

/// True if the two are equal, or one of them has no name (a `?` without `#weft.shape`).
bool agree(const Dim &a, const Dim &b);
bool agree(ArrayRef<Dim> a, ArrayRef<Dim> b);

/// The common shape of operands that are aligned at their last dimension, where 1 stretches.
FailureOr<SmallVector<Dim>> broadcastDims(ArrayRef<SmallVector<Dim>> shapes, std::string &why);

/// C1 to C3 of weft.broadcast, for an input and the dimensions of a result.
LogicalResult checkBroadcast(RankedTensorType input, ArrayRef<int64_t> dims,
                             ArrayRef<Dim> resultDims, std::string &why);

Inferred inferTranspose(RankedTensorType input, ArrayRef<int64_t> permutation, std::string &why);

/// The number of elements in `start, start + stride, ...` before `end`; the stride is not 0.
Dim sliceSize(const Dim &start, const Dim &end, int64_t stride);
/// C1 to C3 of weft.slice, for the sizes of a result.
LogicalResult checkSlice(RankedTensorType input, ArrayRef<Dim> starts, ArrayRef<int64_t> strides,
                         ArrayRef<Dim> sizes, std::string &why);
Inferred inferSlice(RankedTensorType input, ArrayRef<Dim> starts, ArrayRef<Dim> ends,
                    ArrayRef<int64_t> strides, std::string &why);

Inferred inferPad(RankedTensorType input, ArrayRef<Dim> low, ArrayRef<Dim> high,
                  ArrayRef<int64_t> interior, std::string &why);
Inferred inferConcat(ArrayRef<RankedTensorType> inputs, int64_t axis, std::string &why);
Inferred inferGather(RankedTensorType input, RankedTensorType indices, int64_t axis,
                     int64_t batchDims, std::string &why);
/// The type of `updates`.
Inferred inferScatterUpdates(RankedTensorType input, RankedTensorType indices, int64_t axis,
                             std::string &why);

Inferred inferReduce(RankedTensorType input, ArrayRef<int64_t> axes, std::string &why);
/// With the element type of the input; `withElementType` gives it that of the indices.
Inferred inferArg(RankedTensorType input, int64_t axis, std::string &why);

/// With the element type of `lhs`.
Inferred inferContract(StringRef equation, RankedTensorType lhs, RankedTensorType rhs,
                       std::string &why);
Inferred inferAttention(RankedTensorType query, RankedTensorType key, RankedTensorType value,
                        std::string &why);

/// How windows move over the spatial dimensions, one entry for each.
struct Sliding {
  ArrayRef<int64_t> strides, padLow, padHigh, dilations;
};

/// Places of a window of `kernel` elements over `size` elements:
/// `(size + padLow + padHigh - dilation * (kernel - 1) - 1) / stride + 1`.
Dim windowPlaces(const Dim &size, int64_t kernel, const Sliding &sliding, size_t axis);

Inferred inferConv(RankedTensorType input, RankedTensorType filter, const Sliding &sliding,
                   int64_t groups, std::string &why);
Inferred inferConvTranspose(RankedTensorType input, RankedTensorType filter, const Sliding &sliding,
                            ArrayRef<int64_t> outputPadding, int64_t groups, std::string &why);
/// How weft.packed_conv divides `outputs` channels, and which way its windows go.
struct PackedChannels {
  int64_t groups = 1, outputs = 0;
  bool transposed = false;
  ArrayRef<int64_t> outputPadding = {}; ///< One entry a spatial dimension if transposed.
  int64_t interleave = 1;               ///< Input channels side by side in the filter.
  RankedTensorType scales = {};         ///< Of filters of small integers; null for others.
  bool nibbles = false;                 ///< Each byte of the filter holds two input channels.
};

Inferred inferPackedConv(RankedTensorType input, RankedTensorType filter, const Sliding &sliding,
                         const PackedChannels &channels, std::string &why);
Inferred inferDepthwiseConv(RankedTensorType input, RankedTensorType filter, const Sliding &sliding,
                            std::string &why);
/// Along a dimension of `places` results: the number of tiles of `tile` places that lie `dilation`
/// apart.
Dim winogradTiles(const Dim &places, int64_t tile, int64_t dilation);
Inferred inferWinogradPatches(RankedTensorType input, int64_t tile, const Sliding &sliding,
                              std::string &why);
/// For `outputs` channels, the result's, in tiles of `tile`; of patches if `image` has the
/// dimensions [N, H, W] that they were made of.
Inferred inferWinogradConv(RankedTensorType input, RankedTensorType filter, int64_t tile,
                           int64_t outputs, ArrayRef<Dim> image, const Sliding &sliding,
                           std::string &why);
Inferred inferPool(RankedTensorType input, ArrayRef<int64_t> window, const Sliding &sliding,
                   std::string &why);

} // namespace weft

#endif // WEFT_IR_INFER_H
