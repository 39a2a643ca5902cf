// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the normalisation operations.

#include "ir/WeftOps.h"

namespace weft {

LogicalResult SoftmaxOp::verify() { return success(); }
LogicalResult LogSoftmaxOp::verify() { return success(); }
LogicalResult LayerNormOp::verify() { return success(); }
LogicalResult RmsNormOp::verify() { return success(); }
LogicalResult BatchNormOp::verify() { return success(); }
LogicalResult GroupNormOp::verify() { return success(); }
LogicalResult AttentionOp::verify() { return success(); }
} // namespace weft
