// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which form of a 3x3 convolution takes the least time.

#ifndef WEFT_PASSES_LAYOUTS_WINDOWCOST_H
#define WEFT_PASSES_LAYOUTS_WINDOWCOST_H

#include "ir/WeftOps.h"

#include <optional>

namespace weft {

/// The fastest tile, or none where a direct sum is faster, or the window is no 3x3 in steps of 1
/// over 32 channels or more, in f32, with a weight.
std::optional<int64_t> winogradTile(ConvOp op);

/// True if a convolution takes less time in tiles of f32 than as a direct sum in bf16.
bool isFasterInTiles(ConvOp op);

} // namespace weft

#endif // WEFT_PASSES_LAYOUTS_WINDOWCOST_H
