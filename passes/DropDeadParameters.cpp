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
    // A state that gets a new value is where it goes, read or not.
    llvm::SmallPtrSet<Attribute, 8> written;
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (Attribute state = function.getResultAttr(i, kStateAttr))
        written.insert(state);
    llvm::BitVector dead(function.getNumArguments());
    for (mlir::BlockArgument argument : function.getArguments()) {
      Attribute parameter = function.getArgAttr(argument.getArgNumber(), kParameterAttr);
      if (argument.use_empty() && parameter && !written.contains(parameter))
        dead.set(argument.getArgNumber());
    }
    numDropped += dead.count();
    if (failed(function.eraseArguments(dead))) {
      function.emitError("unused parameters could not be removed");
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace weft
