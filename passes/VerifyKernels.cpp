// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-verify-kernels: what the stage `kernels` guarantees, rule by rule.

#include "ir/WeftOps.h"
#include "passes/Expansion.h"
#include "passes/KernelRules.h"
#include "passes/LineSums.h"
#include "passes/Passes.h"

namespace weft {

#define GEN_PASS_DEF_VERIFYKERNELSPASS
#include "passes/Passes.h.inc"

namespace {

LogicalResult checkOutside(Operation *op) { // K1
  if (isa<KernelOp, ReshapeOp, ConstantOp, IfOp, WhileOp, ScanOp, YieldOp, mlir::func::ReturnOp>(
          op))
    return success();
  return op->emitOpError("stands outside of a kernel");
}

/// K3: each use of the root's value, directly or through others, is element-wise, or a transpose
/// where the root takes any order. The sums of the result's lines are no more than a second result.
LogicalResult checkEpilogue(Operation *root) {
  SmallVector<Operation *> work(root->getUsers());
  llvm::DenseSet<Operation *> seen;
  while (!work.empty()) {
    Operation *user = work.pop_back_val();
    if (isa<YieldOp>(user) || user == lineSumIn(*user->getBlock()) || !seen.insert(user).second)
      continue;
    bool mayFollow =
        user->hasTrait<Elementwise>() || (isa<TransposeOp>(user) && storesInAnyOrder(root));
    if (!mayFollow || !takesEpilogue(root)) {
      mlir::InFlightDiagnostic error =
          user->emitOpError("follows a root in its kernel but is not element-wise");
      error.attachNote(root->getLoc()) << "the root is '" << root->getName() << "'";
      return error;
    }
    llvm::append_range(work, user->getUsers());
  }
  return success();
}

/// What the operand is, or what it is a view of.
Value bufferOf(mlir::OpOperand &operand) {
  Value buffer = operand.get();
  while (readsThroughViews(operand) && buffer.getDefiningOp() && isView(buffer.getDefiningOp()))
    buffer = buffer.getDefiningOp()->getOperand(0);
  return buffer;
}

/// True if the kernel computes what `operand`, the input of a depthwise convolution, reads.
bool isExpanded(mlir::OpOperand &operand) {
  auto conv = dyn_cast<DepthwiseConvOp>(operand.getOwner());
  return conv && operand.getOperandNumber() == 0 && expansionOf(conv);
}

LogicalResult checkMember(Operation &op) {
  if (isa<ReshapeOp>(op)) // K5
    return op.emitOpError("stands inside of a kernel: it belongs between them");
  for (mlir::OpOperand &operand : op.getOpOperands()) // K4
    if (needsBuffer(operand) && !isa<mlir::BlockArgument>(bufferOf(operand)) &&
        !takesPrologue(operand) && !isExpanded(operand))
      return op.emitOpError() << "reads operand " << operand.getOperandNumber()
                              << " as a buffer, so it must be an argument of the kernel";
  return success();
}

LogicalResult checkKernel(KernelOp kernel) {
  if (kernel->getNumResults() == 0) // K2
    return kernel.emitOpError() << "has no result";
  Operation *root = nullptr, *lineSum = lineSumIn(kernel.getBody().front());
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (failed(checkMember(op)))
      return failure();
    if (!isRoot(&op) || &op == lineSum)
      continue;
    if (root && !isExpansion(root, &op)) // K2
      return op.emitOpError() << "is a second root beside '" << root->getName() << "'";
    if (kernel->getNumResults() > 1 && !lineSum) // K2
      return op.emitOpError() << "is a root in a kernel with " << kernel->getNumResults()
                              << " results, must have 1";
    root = &op;
  }
  return root ? checkEpilogue(root) : success();
}

struct VerifyKernels final : impl::VerifyKernelsPassBase<VerifyKernels> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<mlir::func::FuncOp>())
      if (function->hasAttr(kExportAttr) && failed(checkFunction(function)))
        signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  static LogicalResult checkFunction(mlir::func::FuncOp function) {
    mlir::WalkResult result =
        function.getBody().walk<mlir::WalkOrder::PreOrder>([](Operation *op) -> mlir::WalkResult {
          if (failed(checkOutside(op)))
            return mlir::WalkResult::interrupt();
          auto kernel = dyn_cast<KernelOp>(op);
          if (!kernel)
            return mlir::WalkResult::advance();
          return failed(checkKernel(kernel)) ? mlir::WalkResult::interrupt()
                                             : mlir::WalkResult::skip();
        });
    return failure(result.wasInterrupted());
  }
};

} // namespace
} // namespace weft
