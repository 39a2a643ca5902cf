// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages that this room makes: one function a stage, in the order of a model's journey.

#ifndef WEFT_CODEGEN_PIPELINES_H
#define WEFT_CODEGEN_PIPELINES_H

#include "mlir/Pass/PassManager.h"

namespace weft {

/// `kernels` -> `plan`: distinct kernels are functions, every value has its place in memory.
/// Registered as `weft-plan-pipeline`.
void buildPlanPipeline(mlir::OpPassManager &manager);

/// Makes every pass and pipeline of this room known to the pass parser of a tool.
void registerWeftCodegenPasses();

} // namespace weft

#endif // WEFT_CODEGEN_PIPELINES_H
