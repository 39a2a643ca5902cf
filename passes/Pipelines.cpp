// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One short function a stage, and the registration of the room.

#include "passes/Pipelines.h"

#include "ir/Mlir.h"
#include "passes/Passes.h"

#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

namespace weft {

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

using mlir::OpPassManager;
using mlir::func::FuncOp;

void buildGraphPipeline(OpPassManager &manager, llvm::ArrayRef<std::string> dims) {
  if (!dims.empty()) {
    BindDimsPassOptions options;
    options.dims.assign(dims.begin(), dims.end());
    manager.addPass(createBindDimsPass(options));
  }
  OpPassManager &functions = manager.nest<FuncOp>();
  functions.addPass(createDifferentiatePass());
  functions.addPass(mlir::createCanonicalizerPass());
  functions.addPass(createDecomposePass());
  functions.addPass(createTurnScansPass());
  functions.addPass(createHoistFromScansPass());
  functions.addPass(createFoldTransposesPass());
  functions.addPass(createSinkFromScansPass());
  functions.addPass(createFoldTransposesPass());
  functions.addPass(createFoldUnitReshapesPass());
  functions.addPass(createFormAttentionPass());
  functions.addPass(mlir::createCanonicalizerPass());
  functions.addPass(mlir::createCSEPass());
  functions.addPass(createDropDeadParametersPass());
  manager.addPass(createVerifyGraphPass());
}

void buildKernelsPipeline(OpPassManager &manager, const KernelsOptions &options) {
  if (!options.strict)
    manager.addPass(createFoldScalesPass());
  manager.addPass(createMergeContractionsPass({options.vectorBytes}));
  manager.addNestedPass<FuncOp>(createQuantizePass());
  if (options.weightBits != 0)
    manager.addPass(createQuantizeWeightsPass(
        {options.weightBits, options.vectorBytes, options.vectorRegisters}));
  OpPassManager &functions = manager.nest<FuncOp>();
  if (options.precision == Precision::BF16)
    functions.addPass(createLowerPrecisionPass({.strict = options.strict}));
  bool bfloatDots = options.bfloatDots && !options.strict, byteDots = options.byteDots;
  functions.addPass(createChannelsLastPass(
      {options.vectorBytes, options.vectorRegisters, bfloatDots, byteDots, options.strict}));
  functions.addPass(createPackContractionsPass(
      {options.vectorBytes, options.vectorRegisters, bfloatDots, byteDots}));
  functions.addPass(mlir::createCanonicalizerPass());
  functions.addPass(mlir::createCSEPass());
  if (!options.strict)
    functions.addPass(createScaleFiltersPass());
  // Weights that training changes are packed in each call, but not in each step.
  functions.addPass(createHoistFromScansPass());
  manager.addPass(createHoistPreparationPass());
  manager.addNestedPass<FuncOp>(createDropDeadParametersPass());
  RecomputePassOptions keeping;
  keeping.memoryPrice = options.memory.ofByte;
  keeping.segments = options.memory.segments;
  keeping.explain = options.explainMemory;
  manager.addNestedPass<FuncOp>(createRecomputePass(keeping));
  FormKernelsPassOptions forming;
  forming.explain = options.explain;
  manager.addNestedPass<FuncOp>(createFormKernelsPass(forming));
  manager.addPass(createVerifyKernelsPass());
}

namespace {
struct GraphOptions : mlir::PassPipelineOptions<GraphOptions> {
  ListOption<std::string> dims{*this, "dims", llvm::cl::desc("Bindings such as N=1")};
};
} // namespace

void registerWeftPasses() {
  registerGeneratedPasses();
  mlir::PassPipelineRegistration<GraphOptions>(
      "weft-graph-pipeline", "Stage model to stage graph",
      [](OpPassManager &manager, const GraphOptions &options) {
        SmallVector<std::string> dims(options.dims.begin(), options.dims.end());
        buildGraphPipeline(manager, dims);
      });
  mlir::PassPipelineRegistration<>("weft-kernels-pipeline", "Stage graph to stage kernels",
                                   [](OpPassManager &manager) { buildKernelsPipeline(manager); });
}

} // namespace weft
