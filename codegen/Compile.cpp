// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages one after the other, each by its pipeline.

#include "codegen/Compile.h"

#include "codegen/Pipelines.h"
#include "passes/Pipelines.h"

namespace weft {

/// Runs one stage by a pass manager of its own, so that a stage's printout is what it left.
static LogicalResult runStage(ModuleOp module, const CompileOptions &options,
                              llvm::function_ref<void(mlir::OpPassManager &)> build) {
  mlir::PassManager manager(module.getContext());
  manager.enableVerifier(options.verifyEach);
  build(manager);
  return manager.run(module);
}

LogicalResult lowerTo(ModuleOp module, Stage last, const CompileOptions &options) {
  llvm::Expected<VectorTarget> vectors = vectorTargetOf(options.target);
  if (!vectors)
    return module.emitError() << llvm::toString(vectors.takeError());
  for (Stage stage : {Stage::Graph, Stage::Kernels, Stage::Plan, Stage::Loops, Stage::Llvm}) {
    if (stage > last)
      break;
    LogicalResult done = runStage(module, options, [&](mlir::OpPassManager &manager) {
      switch (stage) {
      case Stage::Graph:
        return buildGraphPipeline(manager, options.dims);
      case Stage::Kernels:
        return buildKernelsPipeline(
            manager, {vectors->bytes, vectors->registers, vectors->bfloatDots, vectors->byteDots});
      case Stage::Plan:
        return buildPlanPipeline(manager);
      case Stage::Loops:
        return buildLoopsPipeline(manager, *vectors);
      case Stage::Llvm:
        return buildLlvmPipeline(manager);
      }
    });
    if (failed(done))
      return failure();
  }
  return success();
}

llvm::Expected<SmallVector<char, 0>> compileToObject(ModuleOp module, const CompileOptions &options,
                                                     const EmissionText &text) {
  if (failed(lowerTo(module, Stage::Llvm, options)))
    return llvm::createStringError("the module could not be compiled");
  return emitObject(module, options.target, text);
}

} // namespace weft
