// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folders of the operations that move elements.

#include "ir/WeftOps.h"

#include "mlir/IR/PatternMatch.h"

namespace weft {

mlir::OpFoldResult ConstantOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult SizeOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult BroadcastOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult ReshapeOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult TransposeOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult SliceOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult PadOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult ConcatOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult ReduceOp::fold(FoldAdaptor) { return {}; }
void TransposeOp::getCanonicalizationPatterns(mlir::RewritePatternSet &, MLIRContext *) {}
void SliceOp::getCanonicalizationPatterns(mlir::RewritePatternSet &, MLIRContext *) {}
void ContractOp::getCanonicalizationPatterns(mlir::RewritePatternSet &, MLIRContext *) {}
} // namespace weft
