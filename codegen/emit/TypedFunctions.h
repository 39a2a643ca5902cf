// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions that a C program calls, `<model>_open`, `<model>_close`, `<model>_save` where there
// is state, and one for each export: thin calls of the runtime.

#ifndef WEFT_CODEGEN_EMIT_TYPEDFUNCTIONS_H
#define WEFT_CODEGEN_EMIT_TYPEDFUNCTIONS_H

#include "codegen/emit/Interface.h"

namespace weft {

/// Adds the typed functions to a module in the LLVM dialect that has the descriptor.
void addTypedFunctions(ModuleOp module, const Interface &interface);

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_TYPEDFUNCTIONS_H
