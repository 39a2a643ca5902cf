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

FailureOr<KernelBody> KernelBodies::of(LaunchOp launch) {
  StringRef name = launch.getKernel();
  auto found = known.find(name);
  if (found == known.end()) {
    auto kernel = symbols.lookup<FuncOp>(name);
    if (!kernel || !isKernelFunction(kernel))
      return launch.emitOpError() << "runs '" << name << "', which is no kernel";
    FailureOr<KernelBody> body = create(kernel);
    if (failed(body))
      return failure();
    found = known.try_emplace(name, *body).first;
  }
  const KernelInterface &interface = found->second.interface;
  size_t buffers = launch.getInputs().size() + launch->getNumResults();
  if (interface.buffers.size() != buffers ||
      interface.dims.size() != launch.getSymbols().getDims().size())
    return launch.emitOpError() << "passes " << buffers << " buffers and "
                                << launch.getSymbols().getDims().size()
                                << " dimensions to a kernel that takes " << interface.buffers.size()
                                << " and " << interface.dims.size();
  return found->second;
}

FailureOr<KernelBody> KernelBodies::create(FuncOp kernel) {
  FailureOr<KernelInterface> interface = KernelInterface::of(kernel);
  if (failed(interface))
    return failure();
  OpBuilder builder(kernel);
  builder.setInsertionPointAfter(kernel);
  Type pointer = mlir::LLVM::LLVMPointerType::get(builder.getContext());
  Type i64 = builder.getI64Type();
  auto body = FuncOp::create(builder, kernel.getLoc(), (kernel.getName() + "_body").str(),
                             builder.getFunctionType({pointer, i64, i64}, {}));
  body.setPrivate();
  symbols.insert(body);

  HostCode code(OpBuilder::atBlockBegin(body.addEntryBlock()), kernel.getLoc());
  Value words = body.getArgument(0);
  auto toIndex = [&](Value value) -> Value {
    return mlir::arith::IndexCastOp::create(code.builder, code.loc, code.builder.getIndexType(),
                                            value);
  };
  SmallVector<Value> arguments;
  for (mlir::MemRefType type : interface->buffers)
    arguments.push_back(
        bufferAt(code.builder, code.loc, code.loadPointer(words, arguments.size()), type));
  for (size_t i = 0; i < interface->dims.size(); ++i)
    arguments.push_back(toIndex(code.loadWord(words, arguments.size())));
  arguments.push_back(toIndex(body.getArgument(1)));
  arguments.push_back(toIndex(body.getArgument(2)));
  mlir::func::CallOp::create(code.builder, code.loc, kernel, arguments);
  mlir::func::ReturnOp::create(code.builder, code.loc);
  return KernelBody{std::move(*interface), body};
}

} // namespace weft
