// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the contraction operations.

#include "ir/WeftOps.h"

namespace weft {

LogicalResult ContractOp::verify() { return success(); }
LogicalResult ConvOp::verify() { return success(); }
LogicalResult ConvTransposeOp::verify() { return success(); }

ContractOp::Labels ContractOp::getLabels() {
  auto [operands, result] = getEquation().split("->");
  auto [lhs, rhs] = operands.split(',');
  return {lhs, rhs, result};
}
} // namespace weft
