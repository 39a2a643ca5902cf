// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the reduction operations.

#include "ir/WeftOps.h"

namespace weft {

LogicalResult ReduceOp::verify() { return success(); }
LogicalResult ArgOp::verify() { return success(); }
LogicalResult CumulativeOp::verify() { return success(); }
LogicalResult PoolOp::verify() { return success(); }
} // namespace weft
