// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes `<kernel>_body`.

#include "codegen/host/KernelBody.h"

#include "codegen/host/HostCode.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace weft {

using mlir::func::FuncOp;

Value bufferAt(OpBuilder &builder, Location loc, Value address, mlir::MemRefType type) {
  return mlir::UnrealizedConversionCastOp::create(builder, loc, type, address).getResult(0);
}

FailureOr<FuncOp> KernelBodies::kernelOf(LaunchOp launch) {
  auto kernel = symbols.lookup<FuncOp>(launch.getKernel());
  if (!kernel || !isKernelFunction(kernel))
    return launch.emitOpError() << "runs '" << launch.getKernel() << "', which is no kernel";
  return kernel;
}

FailureOr<KernelInterface> KernelBodies::interfaceOf(LaunchOp launch) {
  FailureOr<FuncOp> kernel = kernelOf(launch);
  if (failed(kernel))
    return failure();
  FailureOr<KernelInterface> interface = KernelInterface::of(*kernel);
  if (failed(interface))
    return failure();
  size_t buffers = launch.getInputs().size() + launch->getNumResults();
  if (interface->buffers.size() != buffers ||
      interface->dims.size() != launch.getSymbols().getDims().size())
    return launch.emitOpError() << "passes " << buffers << " buffers and "
                                << launch.getSymbols().getDims().size()
                                << " dimensions to a kernel that takes "
                                << interface->buffers.size() << " and " << interface->dims.size();
  return interface;
}

FailureOr<KernelBody> KernelBodies::of(LaunchOp launch) {
  FailureOr<KernelInterface> interface = interfaceOf(launch);
  if (failed(interface))
    return failure();
  auto found = known.find(launch.getKernel());
  if (found == known.end())
    found = known.try_emplace(launch.getKernel(), create(*kernelOf(launch), std::move(*interface)))
                .first;
  return found->second;
}

FuncOp KernelBodies::createFunction(LaunchOp launch, StringRef suffix) {
  return createFunction(*kernelOf(launch), suffix);
}

FuncOp KernelBodies::createFunction(FuncOp kernel, StringRef suffix) {
  OpBuilder builder(kernel);
  builder.setInsertionPointAfter(kernel);
  Type pointer = mlir::LLVM::LLVMPointerType::get(builder.getContext());
  Type i64 = builder.getI64Type();
  auto function = FuncOp::create(builder, kernel.getLoc(), (kernel.getName() + suffix).str(),
                                 builder.getFunctionType({pointer, i64, i64}, {}));
  function.setPrivate();
  function.addEntryBlock();
  symbols.insert(function);
  return function;
}

KernelBody KernelBodies::create(FuncOp kernel, KernelInterface interface) {
  FuncOp body = createFunction(kernel, "_body");
  HostCode code(OpBuilder::atBlockBegin(&body.getBody().front()), kernel.getLoc());
  Value words = body.getArgument(0);
  auto toIndex = [&](Value value) -> Value {
    return mlir::arith::IndexCastOp::create(code.builder, code.loc, code.builder.getIndexType(),
                                            value);
  };
  SmallVector<Value> arguments;
  for (mlir::MemRefType type : interface.buffers)
    arguments.push_back(
        bufferAt(code.builder, code.loc, code.loadPointer(words, arguments.size()), type));
  for (size_t i = 0; i < interface.dims.size(); ++i)
    arguments.push_back(toIndex(code.loadWord(words, arguments.size())));
  arguments.push_back(toIndex(body.getArgument(1)));
  arguments.push_back(toIndex(body.getArgument(2)));
  mlir::func::CallOp::create(code.builder, code.loc, kernel, arguments);
  mlir::func::ReturnOp::create(code.builder, code.loc);
  return KernelBody{std::move(interface), body};
}

} // namespace weft
