// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the typed C functions in the LLVM dialect. Their C prototypes are written by Header.cpp.

#include "codegen/emit/TypedFunctions.h"

#include "codegen/emit/Descriptor.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace weft {

namespace LLVM = mlir::LLVM;

namespace {
/// Creates functions at the end of a module.
class FunctionBuilder {
public:
  explicit FunctionBuilder(ModuleOp target)
      : module(target), loc(target.getLoc()), builder(target.getContext()),
        pointer(LLVM::LLVMPointerType::get(target.getContext())), i32(builder.getI32Type()),
        i64(builder.getI64Type()), nothing(LLVM::LLVMVoidType::get(target.getContext())) {}

  void addOpen(const Interface &interface);
  void addClose(const Interface &interface);
  void addSave(const Interface &interface);
  void addExport(const InterfaceExport &entry, int64_t number);
  void addMain(const Interface &interface);

private:
  /// A function to call, declared once.
  LLVM::LLVMFuncOp declare(StringRef name, Type result, ArrayRef<Type> arguments) {
    if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
      return known;
    builder.setInsertionPointToEnd(module.getBody());
    return LLVM::LLVMFuncOp::create(builder, loc, name,
                                    LLVM::LLVMFunctionType::get(result, arguments));
  }

  /// A function with an empty body, in which the builder is left.
  LLVM::LLVMFuncOp define(StringRef name, Type result, ArrayRef<Type> arguments) {
    LLVM::LLVMFuncOp function = declare(name, result, arguments);
    builder.setInsertionPointToStart(function.addEntryBlock(builder));
    return function;
  }

  void returnCall(LLVM::LLVMFuncOp callee, ValueRange arguments) {
    LLVM::ReturnOp::create(builder, loc,
                           LLVM::CallOp::create(builder, loc, callee, arguments).getResults());
  }

  Type scalarOf(weft_dtype dtype);

  Value constant(Type type, int64_t value) {
    return LLVM::ConstantOp::create(builder, loc, type, builder.getIntegerAttr(type, value));
  }

  /// The address of an array on the stack that holds `values`; null if there are none.
  Value onStack(Type element, ValueRange values) {
    if (values.empty())
      return LLVM::ZeroOp::create(builder, loc, pointer);
    Value array = LLVM::AllocaOp::create(builder, loc, pointer, element,
                                         constant(i64, static_cast<int64_t>(values.size())));
    for (auto [index, value] : llvm::enumerate(values)) {
      Value slot = LLVM::GEPOp::create(builder, loc, pointer, element, array,
                                       ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
      LLVM::StoreOp::create(builder, loc, value, slot);
    }
    return array;
  }

  ModuleOp module;
  Location loc;
  OpBuilder builder;
  Type pointer, i32, i64, nothing;
};
} // namespace

/// weft_status digits_open(digits **out, const weft_options *options)
void FunctionBuilder::addOpen(const Interface &interface) {
  auto callee = declare("weft_open_model", i32, {pointer, pointer, pointer});
  auto function = define(interface.name + "_open", i32, {pointer, pointer});
  Value descriptor =
      LLVM::AddressOfOp::create(builder, loc, pointer, interface.name + "_descriptor");
  returnCall(callee, {descriptor, function.getArgument(1), function.getArgument(0)});
}

/// void digits_close(digits *model)
void FunctionBuilder::addClose(const Interface &interface) {
  auto callee = declare("weft_close", nothing, {pointer});
  auto function = define(interface.name + "_close", nothing, {pointer});
  returnCall(callee, function.getArguments());
}

/// weft_status digits_save(const digits *model, const char *path)
void FunctionBuilder::addSave(const Interface &interface) {
  auto callee = declare("weft_save", i32, {pointer, pointer});
  auto function = define(interface.name + "_save", i32, {pointer, pointer});
  returnCall(callee, function.getArguments());
}

/// How C passes an element by value: halves as their bits.
Type FunctionBuilder::scalarOf(weft_dtype dtype) {
  switch (dtype) {
  case WEFT_F64:
    return builder.getF64Type();
  case WEFT_F32:
    return builder.getF32Type();
  default:
    return builder.getIntegerType(static_cast<unsigned>(sizeBytesOf(dtype)) * 8);
  }
}

/// weft_status digits_predict(digits *model, int64_t N, const float *image, float *result)
///
/// Inputs without dimensions are passed by value.
void FunctionBuilder::addExport(const InterfaceExport &entry, int64_t number) {
  SmallVector<Type> types{pointer};
  types.append(entry.symbols.size(), i64);
  for (const InterfaceArgument &input : entry.inputs)
    types.push_back(input.dims.empty() ? scalarOf(input.dtype) : pointer);
  types.append(entry.outputs.size(), pointer);
  auto callee = declare("weft_invoke", i32, {pointer, i32, pointer, pointer});
  auto function = define(entry.cName, i32, types);
  auto arguments = ValueRange(function.getArguments());
  Value symbols = onStack(i64, arguments.slice(1, entry.symbols.size()));
  SmallVector<Value> buffers(arguments.drop_front(1 + entry.symbols.size()));
  for (Value &buffer : buffers)
    if (buffer.getType() != pointer)
      buffer = onStack(buffer.getType(), buffer);
  returnCall(callee, {arguments[0], constant(i32, number), symbols, onStack(pointer, buffers)});
}

/// int main(int argc, char **argv)
void FunctionBuilder::addMain(const Interface &interface) {
  auto callee = declare("weft_main", i32, {pointer, i32, pointer});
  auto function = define("main", i32, {i32, pointer});
  Value descriptor =
      LLVM::AddressOfOp::create(builder, loc, pointer, interface.name + "_descriptor");
  returnCall(callee, {descriptor, function.getArgument(0), function.getArgument(1)});
}

void addTypedFunctions(ModuleOp module, const Interface &interface) {
  FunctionBuilder builder(module);
  builder.addOpen(interface);
  builder.addClose(interface);
  if (interface.hasStates())
    builder.addSave(interface);
  for (auto [index, entry] : llvm::enumerate(interface.exports))
    builder.addExport(entry, static_cast<int64_t>(index));
}

OwningOpRef<ModuleOp> makeMainModule(MLIRContext *context, const Interface &interface) {
  context->loadDialect<LLVM::LLVMDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(mlir::UnknownLoc::get(context));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  LLVM::GlobalOp::create(builder, module->getLoc(), builder.getI8Type(), /*isConstant=*/true,
                         LLVM::Linkage::External, interface.name + "_descriptor", Attribute());
  FunctionBuilder(*module).addMain(interface);
  return module;
}

} // namespace weft
