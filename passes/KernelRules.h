// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What kernels may hold: the properties of operations that decide whether one can be computed
// inside of the loop nest of another. Shared by the pass that forms kernels and the one that
// verifies them.

#ifndef WEFT_PASSES_KERNELRULES_H
#define WEFT_PASSES_KERNELRULES_H

#include "ir/WeftOps.h"

namespace weft {

/// Attribute of a kernel that was asked to explain itself: why its result is not computed where it
/// is read.
inline constexpr llvm::StringLiteral kWhyAttr = "weft.why";

/// True if a loop nest of its own computes the operation: roots by trait, an attention that
/// hasAttentionKernel(), and the gradient for a filter of a convolution without groups.
bool isRoot(Operation *op);

/// True for operations that belong into kernels. The rest stays outside: control flow, reshapes
/// (they name the same memory) and constants too large to be repeated in code.
bool isKernelMaterial(Operation *op);

/// A constant that may be written into the code of every kernel that uses it.
bool isSmallConstant(Operation *op);

/// True if one element costs tens of instructions: transcendental functions, division, random bits.
bool isExpensive(Operation *op);

/// True for a root that element-wise operations on its result may follow in the same loop nest.
bool takesEpilogue(Operation *root);

/// True for a root whose result may also be transposed there: it stores its elements in any order.
bool storesInAnyOrder(Operation *root);

/// True if the operation reads this operand from a buffer, in an order of its own choosing, so
/// that nothing can be computed in its place.
bool needsBuffer(mlir::OpOperand &operand);

/// True if the operation reads such an operand by strides, so that views of the buffer may stand
/// between the two.
bool readsThroughViews(mlir::OpOperand &operand);

/// True if a simple operation on tensors in memory may be computed where such an operand is read, a
/// block of rows at a time: the input of a product in f32 of some rows with a packed weight that a
/// cache holds.
bool takesPrologue(mlir::OpOperand &operand);

/// True if computing each element of the operation once reads elements of this operand more than
/// once: a broadcast, the passes of a softmax, the table of a gather.
bool readsRepeatedly(mlir::OpOperand &operand);

/// True for operations that only name places of their operand, so that computing them in several
/// kernels costs nothing beyond the reading.
bool isView(Operation *op);

/// True for a cast to f32 that changes no value: what is kept in 16 bits is read in as many kernels
/// as want it.
bool isWidening(Operation *op);

/// True for an attention that is computed by one kernel: at least four queries, heads of known and
/// moderate width, sums in f32.
bool hasAttentionKernel(RankedTensorType query, RankedTensorType value);

/// True if a value follows from indices, sizes and small constants alone: no buffer is read.
bool isGenerated(Value value);

} // namespace weft

#endif // WEFT_PASSES_KERNELRULES_H
