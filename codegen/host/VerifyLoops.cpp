// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-verify-loops: what the stage `loops` guarantees.

#include "codegen/host/KernelInterface.h"
#include "codegen/host/Passes.h"
#include "ir/WeftOps.h"

namespace weft {

#define GEN_PASS_DEF_VERIFYLOOPSPASS
#include "codegen/host/Passes.h.inc"

namespace {

struct VerifyLoops final : impl::VerifyLoopsPassBase<VerifyLoops> {
  void runOnOperation() override {
    mlir::WalkResult result = getOperation().walk([](Operation *op) -> mlir::WalkResult {
      if (isa_and_nonnull<WeftDialect>(op->getDialect())) // L1
        return op->emitOpError("is left after lowering to loops");
      auto function = dyn_cast<mlir::func::FuncOp>(op);
      if (function && isKernelFunction(function)) // L2
        return LogicalResult(KernelInterface::of(function));
      return success();
    });
    if (result.wasInterrupted())
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace
} // namespace weft
