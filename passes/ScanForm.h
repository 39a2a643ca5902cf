// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a scan is left with after its steps have changed.

#ifndef WEFT_PASSES_SCANFORM_H
#define WEFT_PASSES_SCANFORM_H

#include "ir/WeftOps.h"

namespace weft {

/// Erases the operations of a body whose results nobody reads.
void dropDeadSteps(mlir::Block &body);

/// Drops the stacks that nobody reads, and the inputs that no step reads; one of these stays, since
/// it says how many steps there are. A stack of the slices of an input is that input. The scan that
/// has fewer results takes the place of the one given.
ScanOp dropUnused(ScanOp scan);

} // namespace weft

#endif // WEFT_PASSES_SCANFORM_H
