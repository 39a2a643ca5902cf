// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What exporters take apart and people write as one word: `gelu`, `silu`, a layer normalisation.
#pragma once

#include "ir/Mlir.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace weft::source {

/// Replaces idioms by the operation of the dialect, or by a call of the function of the standard
/// library that stands for them, and erases what nobody reads. Results differ by rounding at most.
/// The function is not verified afterwards: what is called is declared nowhere.
void gatherIdioms(mlir::func::FuncOp function);

} // namespace weft::source
