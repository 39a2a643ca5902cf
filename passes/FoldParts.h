// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Patterns of weft-fold-unit-reshapes for parts of an axis.

#ifndef WEFT_PASSES_FOLDPARTS_H
#define WEFT_PASSES_FOLDPARTS_H

#include "ir/Mlir.h"

#include "mlir/IR/PatternMatch.h"

namespace weft {

void addPartPatterns(mlir::RewritePatternSet &patterns);

} // namespace weft

#endif // WEFT_PASSES_FOLDPARTS_H
