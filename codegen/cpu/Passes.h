// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes of the CPU back end, and the pipeline from stage `loops` to stage `llvm`.

#ifndef WEFT_CODEGEN_CPU_PASSES_H
#define WEFT_CODEGEN_CPU_PASSES_H

#include "ir/Mlir.h"
#include "ir/Statistics.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace weft {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "codegen/cpu/Passes.h.inc"

/// From functions with scf, arith, math, memref and vector operations to the LLVM dialect alone.
void addLlvmPasses(mlir::OpPassManager &manager);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_PASSES_H
