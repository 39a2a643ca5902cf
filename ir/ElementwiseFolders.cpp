// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folders of the element-wise operations.

#include "ir/WeftOps.h"

namespace weft {

mlir::OpFoldResult NegOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult AbsOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult SignOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult FloorOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult CeilOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult RoundOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult TruncOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult SqrtOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult RsqrtOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult ExpOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult Expm1Op::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult LogOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult Log1pOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult SinOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult CosOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult TanOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult AsinOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult AcosOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult AtanOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult SinhOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult CoshOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult TanhOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult AsinhOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult AcoshOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult AtanhOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult ErfOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult SigmoidOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult NotOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult AddOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult SubOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult MulOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult DivOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult RemOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult PowOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult MaxOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult MinOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult Atan2Op::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult AndOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult OrOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult XorOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult ShiftLeftOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult ShiftRightOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult IsNanOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult IsInfOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult CompareOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult SelectOp::fold(FoldAdaptor) { return {}; }
mlir::OpFoldResult CastOp::fold(FoldAdaptor) { return {}; }
} // namespace weft
