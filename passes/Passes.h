// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes of this room, by their generated constructors, and their registration.

#ifndef WEFT_PASSES_PASSES_H
#define WEFT_PASSES_PASSES_H

#include "ir/Statistics.h"
#include "passes/recompute/Price.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace weft {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

/// Makes every pass and pipeline of this room known to the pass parser of a tool.
void registerWeftPasses();

} // namespace weft

#endif // WEFT_PASSES_PASSES_H
