// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Squeeze and excitation sums a map by channel, straight behind the depthwise convolution that
// makes it. Its kernel sums each line while it has it in registers, and the map is not read again:
// the sums are a second result of the kernel, and what is left to add is one number a line.

#ifndef WEFT_PASSES_LINESUMS_H
#define WEFT_PASSES_LINESUMS_H

#include "ir/WeftOps.h"

namespace weft {

/// True if `sum` adds up the lines of images in f32: [N, H, W, C] -> [N, H, C].
bool sumsLines(ReduceOp sum);

/// True if a kernel with this root can give the sums of the lines of what it gives.
bool maySumLines(Operation *root);

/// The sums of lines that the kernel with this body gives beside them; null if there are none.
ReduceOp lineSumIn(mlir::Block &body);

/// True if `value` follows element by element on a depthwise convolution.
bool followsDepthwise(Value value);

} // namespace weft

#endif // WEFT_PASSES_LINESUMS_H
