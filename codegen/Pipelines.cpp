// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One short function a stage, and the registration of the room.

#include "codegen/Pipelines.h"

#include "codegen/host/Passes.h"

#include "mlir/Pass/PassRegistry.h"

namespace weft {

using mlir::OpPassManager;

void buildPlanPipeline(OpPassManager &manager) {
  manager.addPass(createOutlineKernelsPass());
  manager.addPass(createPlanMemoryPass());
  manager.addPass(createVerifyPlanPass());
}

void registerWeftCodegenPasses() {
  registerWeftHostPasses();
  mlir::PassPipelineRegistration<>("weft-plan-pipeline", "Stage kernels to stage plan",
                                   buildPlanPipeline);
}

} // namespace weft
