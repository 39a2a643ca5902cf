// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which form of a 3x3 convolution takes the least time.

#ifndef WEFT_PASSES_LAYOUTS_WINDOWCOST_H
#define WEFT_PASSES_LAYOUTS_WINDOWCOST_H

#include "ir/WeftOps.h"

namespace weft {

/// Tiles of so many places a side, or direct sums for 0, and about the microseconds that they take.
struct WindowForm {
  int64_t tile = 0;
  bool hasPatches = false; ///< A kernel of its own transforms the patches.
  double cost = 0;
  int64_t tiles = 0; ///< Of all images; of one if their number is not known.
};

/// Direct sums, then tiles in each way; none where the window is no 3x3 in steps of 1 over 32
/// channels or more, in f32, with a weight.
SmallVector<WindowForm> windowForms(ConvOp op);

/// The form that was chosen for the operation, or else the fastest.
WindowForm windowForm(ConvOp op);

/// The tile of the gradient of a filter, which is 4, or 0 for direct sums.
int64_t winogradTile(ConvFilterGradOp op);

/// True if a convolution takes less time in tiles of f32 than as a direct sum in bf16.
bool isFasterInTiles(ConvOp op);

/// About the microseconds of so many products as direct sums, with the bytes of their filters.
double costOfSums(double products, double filterBytes);
/// Those of a 3x3 convolution in tiles of `tile` places a side, whose patches each block
/// transforms.
double costInTiles(int64_t tile, int64_t inputs, int64_t outputs, int64_t images, int64_t rows,
                   int64_t columns);
/// Those of reading and writing so many bytes that were written before.
double costOfCopy(double bytes);

/// True if the function that `value` stands in gives a new value to what it follows from: it
/// trains, and packs its filters in each call.
bool changesInCalls(Value value);

} // namespace weft

#endif // WEFT_PASSES_LAYOUTS_WINDOWCOST_H
