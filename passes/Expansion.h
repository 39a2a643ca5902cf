// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The first half of an inverted residual block: a product that widens each place, what follows on
// it, and the depthwise convolution that alone reads the result, which is the widest tensor of such
// a network. One kernel computes the rows that a window covers, and they never reach memory.

#ifndef WEFT_PASSES_EXPANSION_H
#define WEFT_PASSES_EXPANSION_H

#include "ir/WeftOps.h"

#include "llvm/ADT/SetVector.h"

namespace weft {

/// On a depthwise convolution, optional: whether it computes the product before it, whatever the
/// sizes are.
inline constexpr llvm::StringLiteral kExpandAttr = "weft.expand";

struct Expansion {
  PackedConvOp product;
  llvm::SetVector<Operation *> steps; ///< Element-wise, each behind those that read it.

  bool contains(Operation *op) const { return op == product || steps.contains(op); }
};

/// What of the input of `conv` a kernel can compute by itself; none if something else reads a part
/// of it, or if its form is another: f32, images of known size, one tap and one group.
std::optional<Expansion> expansionOf(DepthwiseConvOp conv);

/// True if `second` is a depthwise convolution that computes the product `first` in its kernel.
bool isExpansion(Operation *first, Operation *second);

/// True where memory is what the expanded tensor costs.
bool isWorthJoining(DepthwiseConvOp conv);

} // namespace weft

#endif // WEFT_PASSES_EXPANSION_H
