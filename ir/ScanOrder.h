// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which way a scan goes. One with the unit attribute `weft.reverse` begins at the end: its step t
// takes the slices number n - 1 - t of `xs` and puts what it emits in that place of the stacks.
// That is how a derivative goes back over the steps of a forward scan, without a reversed copy of
// what these have kept.

#ifndef WEFT_IR_SCANORDER_H
#define WEFT_IR_SCANORDER_H

#include "ir/WeftOps.h"

namespace weft {

inline constexpr llvm::StringLiteral kReverseAttr = "weft.reverse"; // unit, on a scan

inline bool goesBackwards(ScanOp scan) { return scan->hasAttr(kReverseAttr); }

inline void setBackwards(ScanOp scan, bool backwards) {
  if (backwards)
    scan->setAttr(kReverseAttr, mlir::UnitAttr::get(scan.getContext()));
  else
    scan->removeAttr(kReverseAttr);
}

} // namespace weft

#endif // WEFT_IR_SCANORDER_H
