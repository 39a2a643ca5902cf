// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-lower-kernel-signatures: buffers travel as bare pointers; what else a descriptor holds
// follows from the type of the buffer and the dimensions of the kernel.

#include "codegen/host/KernelInterface.h"
#include "codegen/host/Passes.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/SymbolTable.h"

namespace weft {

#define GEN_PASS_DEF_LOWERKERNELSIGNATURESPASS
#include "codegen/host/Passes.h.inc"

namespace LLVM = mlir::LLVM;
using mlir::func::FuncOp;

namespace {

/// Private functions of the func dialect would become symbols that the linker sees.
void setInternal(FuncOp function) {
  function->setAttr("llvm.linkage",
                    LLVM::LinkageAttr::get(function.getContext(), LLVM::Linkage::Internal));
}

/// Rewrites one kernel and its calls.
class SignatureLowering {
public:
  SignatureLowering(FuncOp function, const KernelInterface &given,
                    const mlir::LLVMTypeConverter &typeConverter)
      : kernel(function), interface(given), converter(typeConverter),
        builder(function.getContext()), loc(function.getLoc()) {}

  void rewriteKernel();
  void rewriteCall(mlir::func::CallOp call);

private:
  void rewriteArgument(unsigned number, Type type, llvm::function_ref<Value(Value)> oldFromNew);
  Value descriptor(unsigned buffer, Value pointer);
  Value toWord(Value index);

  FuncOp kernel;
  const KernelInterface &interface;
  const mlir::LLVMTypeConverter &converter;
  OpBuilder builder;
  Location loc;
};

void SignatureLowering::rewriteKernel() {
  Type pointer = LLVM::LLVMPointerType::get(kernel.getContext());
  builder.setInsertionPointToStart(&kernel.getBody().front());
  unsigned numBuffers = interface.buffers.size();
  // Dimensions first: sizes of buffers are made of them.
  for (unsigned i = numBuffers; i < kernel.getNumArguments(); ++i)
    rewriteArgument(i, builder.getI64Type(), [&](Value word) -> Value {
      return mlir::arith::IndexCastOp::create(builder, loc, builder.getIndexType(), word);
    });
  for (unsigned i = 0; i < numBuffers; ++i)
    rewriteArgument(i, pointer, [&](Value address) { return descriptor(i, address); });

  auto types = llvm::to_vector(kernel.getBody().getArgumentTypes());
  kernel.setFunctionType(builder.getFunctionType(types, {}));
  for (unsigned i = 0; i < numBuffers; ++i) {
    kernel.removeArgAttr(i, bufferShapeAttrName);
    kernel.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
  }
  // What described the buffers describes nothing any more.
  for (StringRef name :
       {kernelDimsAttrName, kernelOutputsAttrName, kernelChunksAttrName, kernelGrainAttrName})
    kernel->removeAttr(name);
  setInternal(kernel);
}

void SignatureLowering::rewriteArgument(unsigned number, Type type,
                                        llvm::function_ref<Value(Value)> oldFromNew) {
  mlir::BlockArgument argument = kernel.getArgument(number);
  mlir::BlockArgument replaced = kernel.getBody().front().insertArgument(number, type, loc);
  argument.replaceAllUsesWith(oldFromNew(replaced));
  kernel.getBody().front().eraseArgument(number + 1);
}

Value SignatureLowering::toWord(Value index) {
  return mlir::arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index);
}

/// The descriptor of a dense row-major buffer, as the memref that the kernel's code uses.
Value SignatureLowering::descriptor(unsigned buffer, Value pointer) {
  mlir::MemRefType type = interface.buffers[buffer];
  ArrayRef<Dim> shape = interface.shapes[buffer];
  // The argument that is being replaced still stands after its replacement.
  unsigned firstDim = interface.buffers.size() + 1;
  auto valueOf = [&](StringRef name) -> Value {
    for (auto [i, dim] : llvm::enumerate(interface.dims))
      if (dim.getValue() == name)
        return kernel.getArgument(firstDim + i);
    return nullptr;
  };
  Value stored;
  if (type.hasStaticShape()) {
    stored = mlir::MemRefDescriptor::fromStaticShape(builder, loc, converter, type, pointer);
  } else {
    auto memref = mlir::MemRefDescriptor::poison(builder, loc, converter.convertType(type));
    memref.setAllocatedPtr(builder, loc, pointer);
    memref.setAlignedPtr(builder, loc, pointer);
    memref.setConstantOffset(builder, loc, 0);
    Dim stride = 1;
    for (int64_t axis = type.getRank() - 1; axis >= 0; --axis) {
      Type i64 = builder.getI64Type();
      memref.setSize(builder, loc, axis, emitDim(builder, loc, shape[axis], i64, valueOf));
      memref.setStride(builder, loc, axis, emitDim(builder, loc, stride, i64, valueOf));
      stride = stride * shape[axis];
    }
    stored = memref;
  }
  return mlir::UnrealizedConversionCastOp::create(builder, loc, type, stored).getResult(0);
}

/// Passes the address behind each buffer, and each index as a word.
void SignatureLowering::rewriteCall(mlir::func::CallOp call) {
  builder.setInsertionPoint(call);
  for (mlir::OpOperand &operand : call->getOpOperands()) {
    Value value = operand.get();
    if (isa<mlir::MemRefType>(value.getType())) {
      auto made = value.getDefiningOp<mlir::UnrealizedConversionCastOp>();
      assert(made && "weft-lower-entries makes buffers from addresses");
      operand.set(made.getOperand(0));
      if (made->use_empty())
        made->erase();
    } else {
      operand.set(toWord(value));
    }
  }
}

struct LowerKernelSignatures final : impl::LowerKernelSignaturesPassBase<LowerKernelSignatures> {
  void runOnOperation() override {
    mlir::LLVMTypeConverter converter(&getContext());
    mlir::SymbolTable symbols(getOperation());
    llvm::DenseMap<FuncOp, KernelInterface> interfaces;
    for (FuncOp function : getOperation().getOps<FuncOp>()) {
      if (!isKernelFunction(function))
        continue;
      FailureOr<KernelInterface> interface = KernelInterface::of(function);
      if (failed(interface))
        return signalPassFailure();
      SignatureLowering(function, *interface, converter).rewriteKernel();
      interfaces[function] = *interface;
    }
    getOperation().walk([&](mlir::func::CallOp call) {
      auto callee = symbols.lookup<FuncOp>(call.getCallee());
      auto found = callee ? interfaces.find(callee) : interfaces.end();
      if (found == interfaces.end())
        return;
      SignatureLowering(callee, found->second, converter).rewriteCall(call);
      setInternal(call->getParentOfType<FuncOp>());
    });
  }
};

} // namespace
} // namespace weft
