// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the structure operations.

#include "ir/WeftOps.h"

namespace weft {

LogicalResult ParameterOp::verify() { return success(); }
LogicalResult KernelOp::verify() { return success(); }
LogicalResult LaunchOp::verify() { return success(); }
LogicalResult IfOp::verify() { return success(); }
LogicalResult WhileOp::verify() { return success(); }
LogicalResult ScanOp::verify() { return success(); }

LogicalResult LaunchOp::verifySymbolUses(mlir::SymbolTableCollection &) { return success(); }
} // namespace weft
