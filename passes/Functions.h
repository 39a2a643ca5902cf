// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What several passes ask of exported functions: which there are, what in them follows from
// weights, and what nothing uses any more.

#ifndef WEFT_PASSES_FUNCTIONS_H
#define WEFT_PASSES_FUNCTIONS_H

#include "ir/WeftOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

namespace weft {

/// Unit, on a function from `weft-differentiate` to `weft-recompute`: derivatives were taken in it.
inline constexpr llvm::StringLiteral kDifferentiatedAttr = "weft.differentiated";

/// The exported functions of a module that have a body, in its order.
SmallVector<mlir::func::FuncOp> exportsOf(ModuleOp module);

/// The blocks of the regions of `function`, its own first.
SmallVector<mlir::Block *> blocksOf(mlir::func::FuncOp function);

/// True for a value that follows from parameters and constants alone: it is computed once.
bool followsFromWeights(Value value);

/// The states that some exported function changes: although parameters, they are no weights.
llvm::StringSet<> changingStates(ModuleOp module);

/// True if one of these states is behind `value`, which follows from weights.
bool reachesState(Value value, const llvm::StringSet<> &states);

/// Erases what nothing uses, users before what they use.
void eraseUnused(mlir::func::FuncOp function);

} // namespace weft

#endif // WEFT_PASSES_FUNCTIONS_H
