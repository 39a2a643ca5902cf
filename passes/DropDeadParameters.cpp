// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-drop-dead-parameters: what simplification left without a use need not be passed.

#include "ir/WeftDialect.h"
#include "passes/Passes.h"

#include "llvm/ADT/BitVector.h"

namespace weft {

#define GEN_PASS_DEF_DROPDEADPARAMETERSPASS
#include "passes/Passes.h.inc"

namespace {

struct DropDeadParameters final : impl::DropDeadParametersPassBase<DropDeadParameters> {
  void runOnOperation() override {
    mlir::func::FuncOp function = getOperation();
    if (function.isExternal() || !function->hasAttr(kExportAttr))
      return;
    llvm::BitVector dead(function.getNumArguments());
    for (mlir::BlockArgument argument : function.getArguments())
      if (argument.use_empty() && function.getArgAttr(argument.getArgNumber(), kParameterAttr))
        dead.set(argument.getArgNumber());
    numDropped += dead.count();
    if (failed(function.eraseArguments(dead))) {
      function.emitError("unused parameters could not be removed");
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace weft
