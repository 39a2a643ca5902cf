// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Patterns of weft-fold-unit-reshapes for parts of an axis.

#ifndef WEFT_PASSES_FOLDPARTS_H
#define WEFT_PASSES_FOLDPARTS_H

#include "ir/WeftOps.h"

#include "mlir/IR/PatternMatch.h"

namespace weft {

/// What shows the axes of parts; before the patterns that take parts of them.
void addAxisPatterns(mlir::RewritePatternSet &patterns);
void addPartPatterns(mlir::RewritePatternSet &patterns);
void addInterleavingPatterns(mlir::RewritePatternSet &patterns);

//===-- What the patterns share -------------------------------------------------------------===//

inline RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

Value reshaped(mlir::PatternRewriter &rewriter, Value x, ArrayRef<Dim> dims);
Value transposed(mlir::PatternRewriter &rewriter, Value x, ArrayRef<int64_t> order);
/// A transpose, or a reshape where only dimensions of size 1 change places.
Value permuted(mlir::PatternRewriter &rewriter, Value x, ArrayRef<int64_t> order);
SliceOp sliced(mlir::PatternRewriter &rewriter, Location loc, Value x, ArrayRef<Dim> starts,
               ArrayRef<Dim> sizes, ArrayRef<int64_t> strides);
Value concatenated(mlir::PatternRewriter &rewriter, Location loc, ValueRange parts, int64_t axis);

/// The axis of `whole` that `split` has as two, if nothing else differs.
std::optional<int64_t> axisOfTwo(ArrayRef<Dim> whole, ArrayRef<Dim> split);
/// True if the value is read at one place, and computed there: a reshape would part the two.
bool isComputedInPlace(Value value);

} // namespace weft

#endif // WEFT_PASSES_FOLDPARTS_H
