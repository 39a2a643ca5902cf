// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the dimensions of a call must fulfil so that no size in the function is negative and no
// access lies outside: what could be proven at compile time needs no check, the rest is checked
// once at the call.

#ifndef WEFT_CODEGEN_EMIT_REQUIREMENTS_H
#define WEFT_CODEGEN_EMIT_REQUIREMENTS_H

#include "codegen/emit/Interface.h"

namespace weft {

/// The requirements of an exported function at stage `model` or `graph`, without those that follow
/// from others, in the order of the operations that need them.
std::vector<InterfaceRequirement> requirementsOf(mlir::func::FuncOp function);

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_REQUIREMENTS_H
