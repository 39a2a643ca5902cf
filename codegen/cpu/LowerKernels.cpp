// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-lower-kernels: chooses the loop emitter of each kernel, and what becomes of everything from
// stage `loops` on until it is LLVM dialect.

#include "codegen/cpu/ConvFilterGrad.h"
#include "codegen/cpu/Kernel.h"
#include "codegen/cpu/Passes.h"
#include "codegen/cpu/Transpose.h"
#include "passes/Expansion.h"
#include "passes/KernelRules.h"
#include "passes/LineSums.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weft {

#define GEN_PASS_DEF_LOWERKERNELSPASS
#include "codegen/cpu/Passes.h.inc"

using mlir::func::FuncOp;

/// Every symbol in the sizes of `tensor` is one that the kernel is given.
static LogicalResult checkSymbols(FuncOp kernel, mlir::ArrayAttr given, Value tensor) {
  if (!isa<RankedTensorType>(tensor.getType()))
    return success();
  for (const Dim &dim : dimsOf(tensor))
    for (const std::string &name : dim.symbols()) {
      auto isName = [&](Attribute attr) { return cast<mlir::StringAttr>(attr).getValue() == name; };
      if (!given || !llvm::any_of(given, isName))
        return kernel.emitError() << "kernel '" << kernel.getName() << "' has the size '" << name
                                  << "', which '" << kernelDimsAttrName << "' must list";
    }
  return success();
}

/// Refuses what the loop emitters would not understand.
static LogicalResult checkForm(FuncOp kernel) {
  if (kernel.getBody().empty())
    return kernel.emitError() << "kernel '" << kernel.getName() << "' has no body";
  if (!kernel.getBody().hasOneBlock() || kernel.getNumResults() == 0)
    return kernel.emitError() << "kernel '" << kernel.getName()
                              << "' needs one block and a result, has "
                              << kernel.getBody().getBlocks().size() << " and "
                              << kernel.getNumResults();
  auto symbols = kernel->getAttrOfType<mlir::ArrayAttr>(kernelDimsAttrName);
  if (symbols && !llvm::all_of(symbols, llvm::IsaPred<mlir::StringAttr>))
    return kernel.emitError() << "'" << kernelDimsAttrName << "' of kernel '" << kernel.getName()
                              << "' must be a list of names, is " << symbols;
  for (Value argument : kernel.getArguments())
    if (failed(checkSymbols(kernel, symbols, argument)))
      return failure();
  Operation *root = nullptr, *lineSum = lineSumIn(kernel.getBody().front());
  for (Operation &op : kernel.getBody().front()) {
    if (op.hasTrait<mlir::OpTrait::IsTerminator>() || &op == lineSum)
      continue;
    for (Value result : op.getResults())
      if (failed(checkSymbols(kernel, symbols, result)))
        return failure();
    bool rooted = isRoot(&op);
    if (!rooted && !op.hasTrait<Elementwise>() && !op.hasTrait<Indexing>())
      return op.emitError() << "'" << op.getName() << "' cannot stand in a kernel";
    if (rooted && root && !isExpansion(root, &op))
      return op.emitError() << "kernel '" << kernel.getName() << "' has two roots, '"
                            << root->getName() << "' and '" << op.getName() << "'";
    if (rooted && kernel.getNumResults() > 1 && !lineSum)
      return op.emitError() << "kernel '" << kernel.getName() << "' has the root '" << op.getName()
                            << "' and " << kernel.getNumResults() << " results, must have 1";
    if (rooted)
      root = &op;
  }
  return success();
}

/// Writes the loops of one kernel; false if its root is computed element by element.
static bool lowerRoot(Kernel &kernel) {
  return llvm::TypeSwitch<Operation *, bool>(kernel.root)
      .Case([&](ContractOp op) { return lowerContract(kernel, op); })
      .Case([&](ConvOp op) { return lowerConv(kernel, op); })
      .Case([&](ConvTransposeOp op) { return lowerConvTranspose(kernel, op); })
      .Case([&](ConvFilterGradOp op) { return lowerConvFilterGrad(kernel, op), true; })
      .Case([&](PackedConvOp op) { return lowerPackedConv(kernel, op); })
      .Case([&](DepthwiseConvOp op) { return lowerDepthwiseConv(kernel, op); })
      .Case([&](WinogradConvOp op) { return lowerWinogradConv(kernel, op), true; })
      .Case([&](WinogradPatchesOp op) { return lowerWinogradPatches(kernel, op), true; })
      .Case([&](ReduceOp op) { return lowerReduce(kernel, op), true; })
      .Case([&](CumulativeOp op) { return lowerCumulative(kernel, op), true; })
      .Case([&](AttentionOp op) { return lowerAttention(kernel, op), true; })
      .Case([&](ScatterOp op) { return lowerScatter(kernel, op); })
      .Case([&](PoolOp op) { return lowerPool(kernel, op); })
      .Case([&](ArgSortOp op) { return lowerArgSort(kernel, op), true; })
      .Case([&](SoftmaxOp op) {
        return lowerSoftmax(kernel, op.getInput(), op.getAxis(), /*logarithm=*/false), true;
      })
      .Case([&](LogSoftmaxOp op) {
        return lowerSoftmax(kernel, op.getInput(), op.getAxis(), /*logarithm=*/true), true;
      })
      .Case([&](LayerNormOp op) { return lowerLayerNorm(kernel, op), true; })
      .Case([&](RmsNormOp op) { return lowerRmsNorm(kernel, op), true; })
      .Default([&](Operation *) { return lowerMap(kernel), false; });
}

namespace {

class LowerKernelsPass : public impl::LowerKernelsPassBase<LowerKernelsPass> {
public:
  using LowerKernelsPassBase::LowerKernelsPassBase;

  void runOnOperation() override {
    VectorTarget target{vectorBytes, vectorRegisters, halves, bfloatDots, byteDots, permutes};
    SmallVector<FuncOp> kernels;
    for (auto function : getOperation().getOps<FuncOp>())
      if (isKernelFunction(function))
        kernels.push_back(function);
    for (FuncOp function : kernels)
      if (failed(lower(function, target)))
        return signalPassFailure();
  }

private:
  LogicalResult lower(FuncOp function, VectorTarget target) {
    if (failed(checkForm(function)))
      return failure();
    Kernel kernel(function, target);
    if (kernel.root)
      numStraight += !lowerRoot(kernel);
    else if (!lowerTranspose(kernel))
      lowerMap(kernel);
    ++numLowered;
    return kernel.finish();
  }
};

} // namespace

void addLlvmPasses(mlir::OpPassManager &manager) {
  manager.addPass(mlir::createCanonicalizerPass());
  manager.addPass(mlir::createCSEPass());
  // Not arith-expand: its maximumf takes either zero for the larger one, LLVM's takes +0.
  manager.addPass(mlir::memref::createExpandStridedMetadataPass());
  manager.addPass(mlir::createSCFToControlFlowPass());
  manager.addPass(mlir::createConvertVectorToLLVMPass());
  manager.addPass(mlir::createConvertMathToLLVMPass());
  manager.addPass(mlir::createLowerAffinePass());
  manager.addPass(mlir::createArithToLLVMConversionPass());
  manager.addPass(mlir::createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(mlir::createConvertFuncToLLVMPass());
  manager.addPass(mlir::createConvertControlFlowToLLVMPass());
  manager.addPass(mlir::createReconcileUnrealizedCastsPass());
  manager.addPass(createBfloatAsBitsPass());
}

} // namespace weft
