// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How `checkpoint { }` stands in the IR, and what keeps its repetition apart.

#ifndef WEFT_IR_CHECKPOINT_H
#define WEFT_IR_CHECKPOINT_H

#include "ir/WeftOps.h"

namespace weft {

/// Array of i64, on operations up to `weft-differentiate`: the numbers of the checkpoints around
/// it, the outermost first.
inline constexpr llvm::StringLiteral kCheckpointsAttr = "weft.checkpoints";

/// Integer, on a cast to the own type, up to `weft-form-kernels`: nothing folds it, so that what is
/// computed again from its result is not found equal to what was computed from its operand. The
/// number tells one repetition from another.
inline constexpr llvm::StringLiteral kBarrierAttr = "weft.barrier";

inline bool isBarrier(Operation *op) { return isa<CastOp>(op) && op->hasAttr(kBarrierAttr); }

} // namespace weft

#endif // WEFT_IR_CHECKPOINT_H
