// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shape inference of operations that slide a window: convolutions, their adjoints, pooling.

#include "ir/Infer.h"

namespace weft {

Dim windowPlaces(const Dim &size, int64_t kernel, const Sliding &sliding, size_t axis) {
  Dim reach = Dim(sliding.dilations[axis]) * (Dim(kernel) - Dim(1)) + Dim(1);
  Dim padded = size + Dim(sliding.padLow[axis]) + Dim(sliding.padHigh[axis]);
  return (padded - reach).floorDiv(sliding.strides[axis]) + Dim(1);
}

/// C1 and C2 of every window: one entry for each of `count` dimensions, in range.
static LogicalResult checkSliding(const Sliding &sliding, size_t count, std::string &why) {
  struct List {
    StringRef name;
    ArrayRef<int64_t> entries;
    int64_t least;
  };
  for (const List &list :
       {List{"strides", sliding.strides, 1}, List{"pad_low", sliding.padLow, 0},
        List{"pad_high", sliding.padHigh, 0}, List{"dilations", sliding.dilations, 1}}) {
    if (list.entries.size() != count) // C1
      return refuse(why, "'" + list.name + "' has " + Twine(list.entries.size()) + " entries for " +
                             Twine(count) + " window dimensions");
    for (int64_t entry : list.entries)
      if (entry < list.least) // C2
        return refuse(why, "'" + list.name + "' holds " + Twine(entry) + ", less than " +
                               Twine(list.least));
  }
  return success();
}

/// Places of a window spread over by `size` elements, the inverse of windowPlaces.
static Dim spreadPlaces(const Dim &size, int64_t kernel, const Sliding &sliding,
                        int64_t outputPadding, size_t axis) {
  Dim reach = Dim(sliding.dilations[axis]) * (Dim(kernel) - Dim(1));
  return (size - Dim(1)) * Dim(sliding.strides[axis]) - Dim(sliding.padLow[axis]) -
         Dim(sliding.padHigh[axis]) + reach + Dim(outputPadding) + Dim(1);
}

/// C1 and C2 of a list that a transposed convolution has beside those of `Sliding`.
static LogicalResult checkOutputPadding(ArrayRef<int64_t> entries, size_t count, std::string &why) {
  if (entries.size() != count) // C1
    return refuse(why, "'output_padding' has " + Twine(entries.size()) + " entries for " +
                           Twine(count) + " window dimensions");
  for (int64_t entry : entries)
    if (entry < 0) // C2
      return refuse(why, "'output_padding' holds " + Twine(entry) + ", less than 0");
  return success();
}

/// What conv and conv_transpose ask of their operands alike: C1, C2 and C5.
static LogicalResult checkConvolution(RankedTensorType input, RankedTensorType filter,
                                      const Sliding &sliding, int64_t groups, std::string &why) {
  int64_t spatial = input.getRank() - 2;
  if (spatial < 1 || spatial > 3) // C1
    return refuse(why, "input of rank " + Twine(input.getRank()) +
                           ", which must be [N, C] and 1 to 3 spatial dimensions");
  if (filter.getRank() != input.getRank()) // C1
    return refuse(why, "filter of rank " + Twine(filter.getRank()) + " for an input of rank " +
                           Twine(input.getRank()));
  if (failed(checkSliding(sliding, spatial, why))) // C1, C2
    return failure();
  if (groups < 1) // C2
    return refuse(why, Twine(groups) + " groups, less than 1");
  if (!filter.hasStaticShape()) // C5
    return refuse(why, "filter of dynamic dimensions " + languageList(dimsOf(filter)));
  return success();
}

Inferred inferConv(RankedTensorType input, RankedTensorType filter, const Sliding &sliding,
                   int64_t groups, std::string &why) {
  if (failed(checkConvolution(input, filter, sliding, groups, why)))
    return failure();
  SmallVector<Dim> dims = dimsOf(input);
  if (!agree(dims[1], Dim(filter.getDimSize(1)) * Dim(groups))) // C3
    return refuse(why, "input of " + dims[1].str() + " channels for " + Twine(groups) +
                           " groups of " + Twine(filter.getDimSize(1)));
  if (filter.getDimSize(0) % groups != 0) // C3
    return refuse(why, Twine(filter.getDimSize(0)) + " filters do not divide into " +
                           Twine(groups) + " groups");
  dims[1] = Dim(filter.getDimSize(0)); // C4
  for (size_t axis = 2; axis < dims.size(); ++axis)
    dims[axis] = windowPlaces(dims[axis], filter.getDimSize(axis), sliding, axis - 2); // C4
  return tensorType(dims, input.getElementType());
}

Inferred inferConvTranspose(RankedTensorType input, RankedTensorType filter, const Sliding &sliding,
                            ArrayRef<int64_t> outputPadding, int64_t groups, std::string &why) {
  if (failed(checkConvolution(input, filter, sliding, groups, why)))
    return failure();
  SmallVector<Dim> dims = dimsOf(input);
  if (failed(checkOutputPadding(outputPadding, dims.size() - 2, why))) // C1, C2
    return failure();
  if (!agree(dims[1], Dim(filter.getDimSize(0)))) // C4
    return refuse(why, "input of " + dims[1].str() + " channels for filters of " +
                           Twine(filter.getDimSize(0)));
  if (filter.getDimSize(0) % groups != 0) // C3
    return refuse(why, Twine(filter.getDimSize(0)) + " channels do not divide into " +
                           Twine(groups) + " groups");
  dims[1] = Dim(filter.getDimSize(1)) * Dim(groups); // C3
  for (size_t s = 0; s < outputPadding.size(); ++s)
    dims[2 + s] =
        spreadPlaces(dims[2 + s], filter.getDimSize(2 + s), sliding, outputPadding[s], s); // C4
  return tensorType(dims, input.getElementType());
}

/// C8 of weft.packed_conv.
static LogicalResult checkScales(const Dim &inputs, RankedTensorType filter,
                                 const PackedChannels &channels, std::string &why) {
  if (channels.groups != 1 || channels.transposed || channels.interleave != 1)
    return refuse(why, "'scales' with groups, 'transposed' or 'interleave'");
  int64_t last = filter.getRank() - 1;
  ArrayRef<int64_t> scales = channels.scales.getShape();
  if (scales.size() != 3 || scales[0] != filter.getDimSize(0) ||
      scales[2] != filter.getDimSize(last))
    return refuse(why, "'scales' of dimensions " + languageList(dimsOf(channels.scales)) + " for " +
                           Twine(filter.getDimSize(0)) + " panels of " +
                           Twine(filter.getDimSize(last)) + " channels");
  auto known = inputs.constant();
  if (!known)
    return refuse(why, "input of " + inputs.str() + " channels, which must be static");
  int64_t room = filter.getDimSize(last - 1) * (channels.nibbles ? 2 : 1), parts = scales[1];
  bool areParts = parts >= 1 && room % parts == 0 && (!channels.nibbles || room / parts % 2 == 0);
  if (!areParts || room < *known || room >= *known + room / parts)
    return refuse(why, "input of " + Twine(*known) + " channels for filters of " + Twine(room) +
                           " in " + Twine(parts) + " groups");
  return success();
}

/// C3 of weft.packed_conv.
static LogicalResult checkPackedInputs(RankedTensorType input, RankedTensorType filter,
                                       const PackedChannels &channels, std::string &why) {
  int64_t groups = channels.groups, last = filter.getRank() - 1, together = channels.interleave;
  Dim inputs = dimsOf(input).back();
  if (channels.scales)
    return checkScales(inputs, filter, channels, why);
  if (together == 1) {
    if (agree(inputs, Dim(filter.getDimSize(last - 1)) * Dim(groups)))
      return success();
    return refuse(why, "input of " + inputs.str() + " channels for " + Twine(groups) +
                           " groups of " + Twine(filter.getDimSize(last - 1)));
  }
  auto known = inputs.constant();
  if (!known)
    return refuse(why, "input of " + inputs.str() + " channels, which must be static");
  if (filter.getDimSize(last) != together)
    return refuse(why, "filter with " + Twine(filter.getDimSize(last)) +
                           " channels side by side for an 'interleave' of " + Twine(together));
  if (*known % groups != 0 ||
      llvm::divideCeilSigned(*known / groups, together) != filter.getDimSize(last - 2))
    return refuse(why, "input of " + Twine(*known) + " channels for " + Twine(groups) +
                           " groups of " + Twine(filter.getDimSize(last - 2)) + " times " +
                           Twine(together));
  return success();
}

/// C3, C4 and C6 of weft.packed_conv.
static LogicalResult checkPackedChannels(RankedTensorType input, RankedTensorType filter,
                                         const PackedChannels &channels, std::string &why) {
  if (!filter.hasStaticShape()) // C6
    return refuse(why, "filter of dynamic dimensions " + languageList(dimsOf(filter)));
  if (channels.outputs < 0) // C6
    return refuse(why, "result of a dynamic number of channels");
  if (failed(checkPackedInputs(input, filter, channels, why))) // C3
    return failure();
  int64_t groups = channels.groups;
  if (channels.outputs % groups != 0) // C4
    return refuse(why, "result of " + Twine(channels.outputs) + " channels for " + Twine(groups) +
                           " groups");
  int64_t each = channels.outputs / groups;
  int64_t width = filter.getDimSize(filter.getRank() - (channels.interleave > 1 ? 2 : 1));
  if (width == 0) // C4
    return refuse(why, "panels of 0 channels");
  int64_t panels = groups * llvm::divideCeilSigned(each, width);
  if (filter.getDimSize(0) != panels) // C4
    return refuse(why, Twine(filter.getDimSize(0)) + " panels where " + Twine(panels) +
                           " are expected, " + Twine(groups) + " groups of " + Twine(each) +
                           " channels in panels of " + Twine(width));
  return success();
}

Inferred inferPackedConv(RankedTensorType input, RankedTensorType filter, const Sliding &sliding,
                         const PackedChannels &channels, std::string &why) {
  int64_t spatial = input.getRank() - 2;
  if (spatial < 0 || spatial > 3) // C1
    return refuse(why, "input of rank " + Twine(input.getRank()) +
                           ", which must be [N, C] and up to 3 spatial dimensions between");
  if (channels.interleave < 1) // C2
    return refuse(why, "'interleave' of " + Twine(channels.interleave) + ", less than 1");
  if (filter.getRank() != spatial + (channels.interleave > 1 ? 4 : 3)) // C1
    return refuse(why, "filter of rank " + Twine(filter.getRank()) + " for an input of rank " +
                           Twine(input.getRank()));
  size_t paddings = channels.transposed ? spatial : 0;
  if (failed(checkSliding(sliding, spatial, why)) ||
      failed(checkOutputPadding(channels.outputPadding, paddings, why))) // C1, C2
    return failure();
  if (channels.groups < 1) // C2
    return refuse(why, Twine(channels.groups) + " groups, less than 1");
  if (channels.nibbles && !channels.scales) // C8
    return refuse(why, "'nibbles' without 'scales'");
  if (failed(checkPackedChannels(input, filter, channels, why))) // C3, C4, C6, C8
    return failure();
  SmallVector<Dim> dims = dimsOf(input);
  dims.back() = Dim(channels.outputs);
  for (int64_t s = 0; s < spatial; ++s) {
    Dim &dim = dims[1 + s];
    int64_t kernel = filter.getDimSize(1 + s);
    dim = channels.transposed ? spreadPlaces(dim, kernel, sliding, channels.outputPadding[s], s)
                              : windowPlaces(dim, kernel, sliding, s); // C5
  }
  return tensorType(dims, input.getElementType());
}

Inferred inferDepthwiseConv(RankedTensorType input, RankedTensorType filter, const Sliding &sliding,
                            std::string &why) {
  int64_t spatial = input.getRank() - 2;
  if (spatial < 1 || spatial > 3) // C1
    return refuse(why, "input of rank " + Twine(input.getRank()) +
                           ", which must be [N, C] and 1 to 3 spatial dimensions between");
  if (filter.getRank() != spatial + 1) // C1
    return refuse(why, "filter of rank " + Twine(filter.getRank()) + " for an input of rank " +
                           Twine(input.getRank()));
  if (failed(checkSliding(sliding, spatial, why))) // C1, C2
    return failure();
  if (!filter.hasStaticShape()) // C5
    return refuse(why, "filter of dynamic dimensions " + languageList(dimsOf(filter)));
  SmallVector<Dim> dims = dimsOf(input);
  auto inputs = dims.back().constant();
  if (!inputs) // C5
    return refuse(why, "input of " + dims.back().str() + " channels, which must be static");
  int64_t outputs = filter.getShape().back();
  if (*inputs == 0 ? outputs != 0 : outputs % *inputs != 0) // C3
    return refuse(why, Twine(outputs) + " filters for " + Twine(*inputs) + " channels");
  dims.back() = Dim(outputs);
  for (int64_t s = 0; s < spatial; ++s)
    dims[1 + s] = windowPlaces(dims[1 + s], filter.getDimSize(s), sliding, s); // C4
  return tensorType(dims, input.getElementType());
}

Dim winogradTiles(const Dim &places, int64_t tile, int64_t dilation) {
  return Dim(dilation) * places.ceilDiv(Dim(dilation)).ceilDiv(Dim(tile));
}

static LogicalResult checkTile(int64_t tile, std::string &why) {
  if (tile != 2 && tile != 4)
    return refuse(why, "tiles of " + Twine(tile) + ", which must be 2 or 4");
  return success();
}

/// The places of a 3x3 window over [N, H, W].
static std::array<Dim, 2> winogradPlaces(ArrayRef<Dim> image, const Sliding &sliding) {
  return {windowPlaces(image[1], /*kernel=*/3, sliding, 0),
          windowPlaces(image[2], /*kernel=*/3, sliding, 1)};
}

/// Tiles of all images.
static Dim winogradTilesOf(ArrayRef<Dim> image, int64_t tile, const Sliding &sliding) {
  auto [rows, columns] = winogradPlaces(image, sliding);
  return image[0] * winogradTiles(rows, tile, sliding.dilations[0]) *
         winogradTiles(columns, tile, sliding.dilations[1]);
}

Inferred inferWinogradPatches(RankedTensorType input, int64_t tile, const Sliding &sliding,
                              std::string &why) {
  if (input.getRank() != 4) // C1
    return refuse(why, "input of rank " + Twine(input.getRank()) + ", which must be 4");
  if (failed(checkSliding(sliding, 2, why)) || failed(checkTile(tile, why))) // C1, C2, C3
    return failure();
  SmallVector<Dim> dims = dimsOf(input);
  if (!dims[3].isConstant()) // C6
    return refuse(why, "input of " + dims[3].str() + " channels, which must be static");
  return tensorType({Dim((tile + 2) * (tile + 2)), winogradTilesOf(dims, tile, sliding), dims[3]},
                    input.getElementType()); // C4
}

Inferred inferWinogradConv(RankedTensorType input, RankedTensorType filter, int64_t tile,
                           int64_t outputs, ArrayRef<Dim> image, const Sliding &sliding,
                           std::string &why) {
  int64_t rank = image.empty() ? 4 : 3;
  if (input.getRank() != rank || filter.getRank() != 4) // C1
    return refuse(why, "input of rank " + Twine(input.getRank()) + " and filter of rank " +
                           Twine(filter.getRank()) + ", which must be " + Twine(rank) + " and 4");
  if (failed(checkSliding(sliding, 2, why)) || failed(checkTile(tile, why))) // C1, C2, C3
    return failure();
  if (!filter.hasStaticShape()) // C6
    return refuse(why, "filter of dynamic dimensions " + languageList(dimsOf(filter)));
  if (outputs < 0) // C6
    return refuse(why, "result of a dynamic number of channels");
  int64_t matrices = (tile + 2) * (tile + 2);
  if (filter.getDimSize(0) != matrices) // C3
    return refuse(why, Twine(filter.getDimSize(0)) + " matrices for tiles of " + Twine(tile) +
                           ", which have " + Twine(matrices));
  SmallVector<Dim> dims = dimsOf(input);
  if (!image.empty()) {
    Dim tiles = winogradTilesOf(image, tile, sliding);
    if (!agree(dims[0], Dim(matrices)) || !agree(dims[1], tiles)) // C3, C5
      return refuse(why, "patches of dimensions " + languageList(dims) + " where " +
                             languageList({Dim(matrices), tiles, dims[2]}) + " are expected");
    dims = {image[0], image[1], image[2], dims[2]};
  }
  if (!agree(dims[3], Dim(filter.getDimSize(2)))) // C4
    return refuse(why, "input of " + dims[3].str() + " channels for filters of " +
                           Twine(filter.getDimSize(2)));
  if (filter.getDimSize(3) == 0) // C4
    return refuse(why, "panels of 0 channels");
  int64_t panels = llvm::divideCeilSigned(outputs, filter.getDimSize(3));
  if (filter.getDimSize(1) != panels) // C4
    return refuse(why, Twine(filter.getDimSize(1)) + " panels where " + Twine(panels) +
                           " are expected, " + Twine(outputs) + " channels in panels of " +
                           Twine(filter.getDimSize(3)));
  auto [rows, columns] = winogradPlaces(dims, sliding);
  return tensorType({dims[0], rows, columns, Dim(outputs)}, input.getElementType()); // C5
}

Inferred inferPool(RankedTensorType input, ArrayRef<int64_t> window, const Sliding &sliding,
                   std::string &why) {
  SmallVector<Dim> dims = dimsOf(input);
  if (window.empty() || window.size() > dims.size()) // C1
    return refuse(why, "window of " + Twine(window.size()) + " dimensions over an input of rank " +
                           Twine(dims.size()));
  if (failed(checkSliding(sliding, window.size(), why))) // C1, C2
    return failure();
  for (auto [axis, size] : llvm::enumerate(window)) {
    if (size < 1) // C2
      return refuse(why, "'window' holds " + Twine(size) + ", less than 1");
    Dim &dim = dims[dims.size() - window.size() + axis];
    dim = windowPlaces(dim, size, sliding, axis); // C3, C4
  }
  return tensorType(dims, input.getElementType());
}

} // namespace weft
