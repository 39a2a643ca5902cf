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

std::string entryName(StringRef exportName) { return ("weft_entry_" + exportName).str(); }

static Type pointerType(OpBuilder &builder) {
  return LLVM::LLVMPointerType::get(builder.getContext());
}

Value HostCode::word(int64_t value) {
  return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
}

Value HostCode::multiply(Value a, Value b) { return arith::MulIOp::create(builder, loc, a, b); }

Value HostCode::add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }

Value HostCode::subtract(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }

Value HostCode::selectIfEqual(Value a, Value b, Value yes, Value no) {
  Value isEqual = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, b);
  return arith::SelectOp::create(builder, loc, isEqual, yes, no);
}

Value HostCode::stackWords(int64_t count) {
  OpBuilder::InsertionGuard guard(builder);
  // In a loop it would take more of the stack in each turn.
  auto function = builder.getBlock()->getParentOp()->getParentOfType<FuncOp>();
  if (auto self = dyn_cast<FuncOp>(builder.getBlock()->getParentOp()))
    function = self;
  builder.setInsertionPointToStart(&function.getBody().front());
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

/// The declaration of a function of the runtime in the module around `op`; `p` is a pointer, `w` a
/// word.
static FuncOp runtimeFunction(Operation *op, OpBuilder builder, StringRef name, StringRef types) {
  auto module = op->getParentOfType<ModuleOp>();
  if (auto known = mlir::SymbolTable(module).lookup<FuncOp>(name))
    return known;
  SmallVector<Type> arguments = llvm::map_to_vector(types, [&](char kind) -> Type {
    return kind == 'p' ? pointerType(builder) : Type(builder.getI64Type());
  });
  builder.setInsertionPointToStart(module.getBody());
  auto function =
      FuncOp::create(builder, module.getLoc(), name, builder.getFunctionType(arguments, {}));
  function.setPrivate();
  return function;
}

Value HostCode::addressOf(FuncOp function) {
  Value value = mlir::func::ConstantOp::create(builder, loc, function.getFunctionType(),
                                               mlir::FlatSymbolRefAttr::get(function));
  return mlir::UnrealizedConversionCastOp::create(builder, loc, pointerType(builder), value)
      .getResult(0);
}

void HostCode::parallelFor(Value context, FuncOp body, Value arguments, Value n, int64_t grain) {
  FuncOp callee = runtimeFunction(body, builder, "weft_parallel_for", "pppww");
  Value address = addressOf(body);
  mlir::func::CallOp::create(builder, loc, callee,
                             ValueRange{context, address, arguments, n, word(grain)});
}

void HostCode::parallelSteps(Value context, ArrayRef<Loop> loops, Value arguments, Value steps) {
  FuncOp callee = runtimeFunction(loops.front().body, builder, "weft_parallel_steps", "ppwpw");
  SmallVector<Value> words;
  for (const Loop &loop : loops)
    words.append({addressOf(loop.body), loop.n, word(loop.grain)});
  Value table = stackWords(static_cast<int64_t>(words.size()));
  storeWords(table, words);
  Value count = word(static_cast<int64_t>(loops.size()));
  mlir::func::CallOp::create(builder, loc, callee,
                             ValueRange{context, table, count, arguments, steps});
}

} // namespace weft
