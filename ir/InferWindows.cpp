// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shape inference of operations that slide a window: convolution, its adjoint, pooling.

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
  if (outputPadding.size() != dims.size() - 2) // C1
    return refuse(why, "'output_padding' has " + Twine(outputPadding.size()) + " entries for " +
                           Twine(dims.size() - 2) + " window dimensions");
  for (int64_t entry : outputPadding)
    if (entry < 0) // C2
      return refuse(why, "'output_padding' holds " + Twine(entry) + ", less than 0");
  if (!agree(dims[1], Dim(filter.getDimSize(0)))) // C4
    return refuse(why, "input of " + dims[1].str() + " channels for filters of " +
                           Twine(filter.getDimSize(0)));
  if (filter.getDimSize(0) % groups != 0) // C3
    return refuse(why, Twine(filter.getDimSize(0)) + " channels do not divide into " +
                           Twine(groups) + " groups");
  dims[1] = Dim(filter.getDimSize(1)) * Dim(groups); // C3
  for (size_t axis = 2; axis < dims.size(); ++axis) {
    size_t s = axis - 2;
    Dim reach = Dim(sliding.dilations[s]) * (Dim(filter.getDimSize(axis)) - Dim(1));
    dims[axis] = (dims[axis] - Dim(1)) * Dim(sliding.strides[s]) - Dim(sliding.padLow[s]) -
                 Dim(sliding.padHigh[s]) + reach + Dim(outputPadding[s]) + Dim(1); // C4
  }
  return tensorType(dims, input.getElementType());
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
