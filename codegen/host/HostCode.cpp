// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The few kinds of instructions that host code consists of.

#include "codegen/host/HostCode.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/SymbolTable.h"

namespace weft {

namespace arith = mlir::arith;
namespace LLVM = mlir::LLVM;
using mlir::func::FuncOp;

static constexpr StringRef parallelForName = "weft_parallel_for";

std::string entryName(StringRef exportName) { return ("weft_entry_" + exportName).str(); }

static Type pointerType(OpBuilder &builder) {
  return LLVM::LLVMPointerType::get(builder.getContext());
}

Value HostCode::word(int64_t value) {
  return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
}

Value HostCode::multiply(Value a, Value b) { return arith::MulIOp::create(builder, loc, a, b); }

Value HostCode::stackWords(int64_t count) {
  return LLVM::AllocaOp::create(builder, loc, pointerType(builder), builder.getI64Type(),
                                word(count));
}

Value HostCode::element(Value table, size_t index) {
  if (index == 0)
    return table;
  return LLVM::GEPOp::create(builder, loc, pointerType(builder), builder.getI64Type(), table,
                             ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
}

Value HostCode::loadWord(Value table, size_t index) {
  return LLVM::LoadOp::create(builder, loc, builder.getI64Type(), element(table, index));
}

Value HostCode::loadPointer(Value table, size_t index) {
  return LLVM::LoadOp::create(builder, loc, pointerType(builder), element(table, index));
}

void HostCode::storeWords(Value table, ValueRange words) {
  for (auto [i, value] : llvm::enumerate(words))
    LLVM::StoreOp::create(builder, loc, value, element(table, i));
}

Value HostCode::loadBool(Value address) {
  Value byte = LLVM::LoadOp::create(builder, loc, builder.getI8Type(), address);
  Value zero = arith::ConstantOp::create(builder, loc, builder.getI8IntegerAttr(0));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, byte, zero);
}

Value HostCode::offset(Value address, Value bytes) {
  return LLVM::GEPOp::create(builder, loc, pointerType(builder), builder.getI8Type(), address,
                             ValueRange(bytes));
}

void HostCode::copyBytes(Value to, Value from, Value bytes) {
  LLVM::MemcpyOp::create(builder, loc, to, from, bytes, /*isVolatile=*/false);
}

/// The declaration of weft_parallel_for in the module around `op`.
static FuncOp parallelForIn(Operation *op, OpBuilder builder) {
  auto module = op->getParentOfType<ModuleOp>();
  if (auto known = mlir::SymbolTable(module).lookup<FuncOp>(parallelForName))
    return known;
  Type pointer = pointerType(builder), i64 = builder.getI64Type();
  builder.setInsertionPointToStart(module.getBody());
  auto function =
      FuncOp::create(builder, module.getLoc(), parallelForName,
                     builder.getFunctionType({pointer, pointer, pointer, i64, i64}, {}));
  function.setPrivate();
  return function;
}

void HostCode::parallelFor(Value context, FuncOp body, Value arguments, Value n, int64_t grain) {
  FuncOp callee = parallelForIn(body, builder);
  Value function = mlir::func::ConstantOp::create(builder, loc, body.getFunctionType(),
                                                  mlir::FlatSymbolRefAttr::get(body));
  Value address =
      mlir::UnrealizedConversionCastOp::create(builder, loc, pointerType(builder), function)
          .getResult(0);
  mlir::func::CallOp::create(builder, loc, callee,
                             ValueRange{context, address, arguments, n, word(grain)});
}

} // namespace weft
