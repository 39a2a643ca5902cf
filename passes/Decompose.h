// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Composite operations in terms of simpler ones, for passes that need one of them decomposed.

#ifndef WEFT_PASSES_DECOMPOSE_H
#define WEFT_PASSES_DECOMPOSE_H

#include "ir/WeftOps.h"

namespace weft {

/// Puts simpler operations in the place of `op`, which has the trait Composite, and erases it.
LogicalResult decomposeComposite(Operation *op);

} // namespace weft

#endif // WEFT_PASSES_DECOMPOSE_H
