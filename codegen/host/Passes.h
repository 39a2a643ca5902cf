// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes of codegen/host, by their generated constructors.

#ifndef WEFT_CODEGEN_HOST_PASSES_H
#define WEFT_CODEGEN_HOST_PASSES_H

#include "ir/Statistics.h"

#include "mlir/Pass/Pass.h"

namespace mlir::arith {
class ArithDialect;
}
namespace mlir::func {
class FuncDialect;
}
namespace mlir::LLVM {
class LLVMDialect;
}
namespace mlir::scf {
class SCFDialect;
}

namespace weft {

#define GEN_PASS_DECL
#include "codegen/host/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "codegen/host/Passes.h.inc"

} // namespace weft

#endif // WEFT_CODEGEN_HOST_PASSES_H
