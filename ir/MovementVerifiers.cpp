// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the movement operations.

#include "ir/WeftOps.h"

namespace weft {

LogicalResult ConstantOp::verify() { return success(); }
LogicalResult IotaOp::verify() { return success(); }
LogicalResult SizeOp::verify() { return success(); }
LogicalResult BroadcastOp::verify() { return success(); }
LogicalResult ReshapeOp::verify() { return success(); }
LogicalResult TransposeOp::verify() { return success(); }
LogicalResult SliceOp::verify() { return success(); }
LogicalResult DynamicSliceOp::verify() { return success(); }
LogicalResult UpdateSliceOp::verify() { return success(); }
LogicalResult PadOp::verify() { return success(); }
LogicalResult ConcatOp::verify() { return success(); }
LogicalResult GatherOp::verify() { return success(); }
LogicalResult ScatterOp::verify() { return success(); }
} // namespace weft
