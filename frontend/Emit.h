// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checked program as weft IR: one function for each export, parameters first, every operation
// with the place in the user's source that asked for it.
#pragma once

#include "frontend/Checked.h"
#include "ir/Mlir.h"

namespace llvm {
class SourceMgr;
} // namespace llvm

namespace weft {

/// Gives the module in the form that the stage `model` guarantees; not yet verified. The context
/// has the weft and func dialects loaded.
OwningOpRef<ModuleOp> emitProgram(const CheckedProgram &program, const llvm::SourceMgr &sources,
                                  MLIRContext &context);

} // namespace weft
