// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages that this room makes: one function a stage, in the order of a model's journey.

#ifndef WEFT_CODEGEN_PIPELINES_H
#define WEFT_CODEGEN_PIPELINES_H

#include "codegen/cpu/Target.h"

#include "mlir/Pass/PassManager.h"

namespace weft {

/// `kernels` -> `plan`: distinct kernels are functions, every value has its place in memory.
/// Registered as `weft-plan-pipeline`.
void buildPlanPipeline(mlir::OpPassManager &manager);

/// `plan` -> `loops`: kernels are loops on buffers for these vector registers, entries host code.
/// Registered as `weft-loops-pipeline`, for the host's processor.
void buildLoopsPipeline(mlir::OpPassManager &manager, VectorTarget target);

/// `loops` -> `llvm`: the LLVM dialect alone. Registered as `weft-llvm-pipeline`.
void buildLlvmPipeline(mlir::OpPassManager &manager);

/// Makes every pass and pipeline of this room known to the pass parser of a tool.
void registerWeftCodegenPasses();

} // namespace weft

#endif // WEFT_CODEGEN_PIPELINES_H
