// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One short function a stage, and the registration of the room.

#include "codegen/Pipelines.h"

#include "codegen/cpu/Passes.h"
#include "codegen/host/Passes.h"

#include "mlir/Pass/PassRegistry.h"

namespace weft {

using mlir::OpPassManager;

void buildPlanPipeline(OpPassManager &manager) {
  manager.addPass(createUpdateStatesPass());
  manager.addPass(createOutlineKernelsPass());
  manager.addPass(createPlanMemoryPass());
  manager.addPass(createVerifyPlanPass());
}

void buildLoopsPipeline(OpPassManager &manager, VectorTarget target) {
  LowerKernelsPassOptions options;
  options.vectorBytes = target.bytes;
  options.vectorRegisters = target.registers;
  options.halves = target.halves;
  options.bfloatDots = target.bfloatDots;
  options.byteDots = target.byteDots;
  options.permutes = target.permutes;
  manager.addPass(createLowerKernelsPass(options));
  manager.addPass(createLowerEntriesPass());
  manager.addPass(createVerifyLoopsPass());
}

void buildLlvmPipeline(OpPassManager &manager) {
  manager.addPass(createLowerKernelSignaturesPass());
  addLlvmPasses(manager);
}

/// The vector registers of the host; those of the pass's defaults where it is not known.
static VectorTarget hostVectors() {
  llvm::Expected<VectorTarget> vectors = vectorTargetOf({});
  if (vectors)
    return *vectors;
  llvm::consumeError(vectors.takeError());
  return {};
}

void registerWeftCodegenPasses() {
  registerWeftHostPasses();
  registerWeftCpuPasses();
  mlir::PassPipelineRegistration<>("weft-plan-pipeline", "Stage kernels to stage plan",
                                   buildPlanPipeline);
  mlir::PassPipelineRegistration<>(
      "weft-loops-pipeline", "Stage plan to stage loops, for the host's processor",
      [](OpPassManager &manager) { buildLoopsPipeline(manager, hostVectors()); });
  mlir::PassPipelineRegistration<>("weft-llvm-pipeline", "Stage loops to stage llvm",
                                   buildLlvmPipeline);
}

} // namespace weft
