// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Building and reading kernel functions of the stages `plan` and `loops`.

#include "codegen/host/KernelInterface.h"

#include "codegen/host/Storage.h"

#include "ir/WeftDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace weft {

using mlir::func::FuncOp;

//===-- Buffers -----------------------------------------------------------------------------===//

Type storageType(Type element) {
  auto integer = dyn_cast<mlir::IntegerType>(element);
  if (!integer)
    return element;
  unsigned bits = integer.getWidth() == 1 ? 8 : integer.getWidth();
  return mlir::IntegerType::get(element.getContext(), bits);
}

int64_t storageBytes(Type element) { return storageType(element).getIntOrFloatBitWidth() / 8; }

mlir::MemRefType bufferType(RankedTensorType tensor) {
  return mlir::MemRefType::get(tensor.getShape(), storageType(tensor.getElementType()));
}

Dim bufferBytes(RankedTensorType tensor) {
  return productOf(dimsOf(tensor)) * Dim(storageBytes(tensor.getElementType()));
}

//===-- Dimensions as code ------------------------------------------------------------------===//

namespace {
/// Walks the affine form of a Dim, whose depth the frontend bounds.
struct DimEmitter {
  OpBuilder &builder;
  Location loc;
  Type type;
  ArrayRef<StringAttr> symbols;
  llvm::function_ref<Value(StringRef)> valueOf;

  Value emit(mlir::AffineExpr expression) {
    if (auto constant = dyn_cast<mlir::AffineConstantExpr>(expression))
      return mlir::arith::ConstantOp::create(builder, loc,
                                             builder.getIntegerAttr(type, constant.getValue()));
    if (auto symbol = dyn_cast<mlir::AffineSymbolExpr>(expression)) {
      Value value = valueOf(symbols[symbol.getPosition()].getValue());
      assert(value && "every symbol has a value");
      return value;
    }
    auto binary = cast<mlir::AffineBinaryOpExpr>(expression);
    Value lhs = emit(binary.getLHS());
    Value rhs = emit(binary.getRHS());
    switch (binary.getKind()) {
    case mlir::AffineExprKind::Add:
      return mlir::arith::AddIOp::create(builder, loc, lhs, rhs);
    case mlir::AffineExprKind::Mul:
      return mlir::arith::MulIOp::create(builder, loc, lhs, rhs);
    case mlir::AffineExprKind::FloorDiv:
      return corrected(lhs, rhs, mlir::arith::CmpIPredicate::slt, -1);
    case mlir::AffineExprKind::CeilDiv:
      return corrected(lhs, rhs, mlir::arith::CmpIPredicate::sgt, 1);
    default:
      return emitMod(lhs, rhs);
    }
  }

  Value number(int64_t value) {
    return mlir::arith::ConstantOp::create(builder, loc, builder.getIntegerAttr(type, value));
  }

  /// The truncated quotient plus `step` where the remainder compares so with 0. Divisors are
  /// positive: with (slt, -1) this is the floor, with (sgt, 1) the ceiling.
  Value corrected(Value lhs, Value rhs, mlir::arith::CmpIPredicate predicate, int64_t step) {
    Value quotient = mlir::arith::DivSIOp::create(builder, loc, lhs, rhs);
    Value rest = mlir::arith::RemSIOp::create(builder, loc, lhs, rhs);
    Value isOff = mlir::arith::CmpIOp::create(builder, loc, predicate, rest, number(0));
    Value next = mlir::arith::AddIOp::create(builder, loc, quotient, number(step));
    return mlir::arith::SelectOp::create(builder, loc, isOff, next, quotient);
  }

  /// The non-negative remainder.
  Value emitMod(Value lhs, Value rhs) {
    Value rest = mlir::arith::RemSIOp::create(builder, loc, lhs, rhs);
    Value isNegative =
        mlir::arith::CmpIOp::create(builder, loc, mlir::arith::CmpIPredicate::slt, rest, number(0));
    Value above = mlir::arith::AddIOp::create(builder, loc, rest, rhs);
    return mlir::arith::SelectOp::create(builder, loc, isNegative, above, rest);
  }
};
} // namespace

Value emitDim(OpBuilder &builder, Location loc, const Dim &dim, Type type,
              llvm::function_ref<Value(StringRef)> valueOf) {
  SmallVector<StringAttr> symbols = llvm::map_to_vector(
      dim.symbols(), [&](const std::string &name) { return builder.getStringAttr(name); });
  DimEmitter emitter{builder, loc, type, symbols, valueOf};
  return emitter.emit(dim.toAffine(symbols, builder.getContext()));
}

//===-- Building ----------------------------------------------------------------------------===//

Value LoopKernel::emit(OpBuilder &builder, Location loc, const Dim &dim) const {
  return emitDim(builder, loc, dim, builder.getIndexType(),
                 [&](StringRef name) { return dims.lookup(name); });
}

static SmallVector<StringAttr> dimNames(FuncOp kernel) {
  SmallVector<StringAttr> names;
  if (auto list = kernel->getAttrOfType<mlir::ArrayAttr>(kernelDimsAttrName))
    for (Attribute name : list)
      if (auto text = dyn_cast<StringAttr>(name))
        names.push_back(text);
  return names;
}

/// The function type and the argument attributes of the buffer form of `kernel`.
static FuncOp createLoopFunction(OpBuilder &builder, FuncOp kernel, size_t numDims) {
  SmallVector<Type> types;
  SmallVector<mlir::DictionaryAttr> attributes;
  auto addBuffer = [&](Type tensor) {
    auto ranked = cast<RankedTensorType>(tensor);
    types.push_back(bufferType(ranked));
    SmallVector<mlir::NamedAttribute> named;
    named.push_back(
        builder.getNamedAttr(mlir::LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr()));
    if (!ranked.hasStaticShape())
      named.push_back(builder.getNamedAttr(bufferShapeAttrName,
                                           ShapeAttr::get(builder.getContext(), dimsOf(ranked))));
    attributes.push_back(builder.getDictionaryAttr(named));
  };
  for (Type type : kernel.getArgumentTypes())
    addBuffer(type);
  for (Type type : kernel.getResultTypes())
    addBuffer(type);
  for (size_t i = 0; i < numDims + 2; ++i) {
    types.push_back(builder.getIndexType());
    attributes.push_back(builder.getDictionaryAttr({}));
  }
  auto function = FuncOp::create(builder, kernel.getLoc(), kernel.getName(),
                                 builder.getFunctionType(types, {}));
  function.setPrivate();
  function.setAllArgAttrs(attributes);
  return function;
}

LoopKernel beginLoopKernel(OpBuilder &builder, FuncOp kernel, const Dim &chunks, int64_t grain) {
  SmallVector<StringAttr> names = dimNames(kernel);
  builder.setInsertionPointAfter(kernel);
  FuncOp function = createLoopFunction(builder, kernel, names.size());
  function->setAttr(kernelAttrName, builder.getUnitAttr());
  function->setAttr(kernelDimsAttrName,
                    builder.getArrayAttr(SmallVector<Attribute>(names.begin(), names.end())));
  function->setAttr(kernelOutputsAttrName, builder.getI64IntegerAttr(kernel.getNumResults()));
  function->setAttr(kernelChunksAttrName, ShapeAttr::get(builder.getContext(), {chunks}));
  function->setAttr(kernelGrainAttrName, builder.getI64IntegerAttr(grain));

  mlir::Block *entry = function.addEntryBlock();
  LoopKernel loop;
  loop.function = function;
  auto arguments = entry->getArguments();
  llvm::append_range(loop.inputs, arguments.take_front(kernel.getNumArguments()));
  arguments = arguments.drop_front(kernel.getNumArguments());
  llvm::append_range(loop.outputs, arguments.take_front(kernel.getNumResults()));
  for (unsigned i = 0; i < kernel.getNumArguments(); ++i)
    if (auto output = kernel.getArgAttrOfType<mlir::IntegerAttr>(i, inPlaceAttrName))
      loop.inputs[i] = loop.outputs[output.getInt()];
  arguments = arguments.drop_front(kernel.getNumResults());
  for (auto [name, value] : llvm::zip(names, arguments))
    loop.dims[name.getValue()] = value;
  loop.begin = arguments[names.size()];
  loop.end = arguments[names.size() + 1];
  builder.setInsertionPointToStart(entry);
  return loop;
}

//===-- Reading -----------------------------------------------------------------------------===//

bool isKernelFunction(FuncOp function) { return function->hasAttr(kernelAttrName); }

/// The shape of buffer argument `index`: from its type, or from its attribute if dynamic.
static FailureOr<SmallVector<Dim>> shapeOfBuffer(FuncOp function, unsigned index) {
  auto type = cast<mlir::MemRefType>(function.getArgument(index).getType());
  if (type.hasStaticShape())
    return llvm::map_to_vector(type.getShape(), [](int64_t size) { return Dim(size); });
  auto shape = function.getArgAttrOfType<ShapeAttr>(index, bufferShapeAttrName);
  if (!shape || static_cast<int64_t>(shape.getDims().size()) != type.getRank())
    return function.emitError() << "buffer " << index << " of kernel '" << function.getName()
                                << "' is dynamic, so it needs '" << bufferShapeAttrName
                                << "' with one entry for each dimension";
  return SmallVector<Dim>(shape.toDims());
}

FailureOr<KernelInterface> KernelInterface::of(FuncOp function) {
  KernelInterface interface;
  interface.dims = dimNames(function);
  auto chunks = function->getAttrOfType<ShapeAttr>(kernelChunksAttrName);
  auto grain = function->getAttrOfType<mlir::IntegerAttr>(kernelGrainAttrName);
  auto outputs = function->getAttrOfType<mlir::IntegerAttr>(kernelOutputsAttrName);
  if (!chunks || chunks.getDims().size() != 1 || !grain || !outputs)
    return function.emitError() << "kernel '" << function.getName() << "' needs '"
                                << kernelChunksAttrName << "' with one entry, '"
                                << kernelGrainAttrName << "' and '" << kernelOutputsAttrName << "'";
  interface.chunks = chunks.toDims()[0];
  interface.grain = std::max<int64_t>(1, grain.getInt());
  interface.outputs = outputs.getInt();

  unsigned trailing = interface.dims.size() + 2;
  if (function.getNumArguments() < trailing + interface.outputs)
    return function.emitError() << "kernel '" << function.getName() << "' needs "
                                << trailing + interface.outputs << " arguments at least, has "
                                << function.getNumArguments();
  for (unsigned i = 0; i + trailing < function.getNumArguments(); ++i) {
    auto type = dyn_cast<mlir::MemRefType>(function.getArgumentTypes()[i]);
    if (!type || !type.getLayout().isIdentity())
      return function.emitError() << "argument " << i << " of kernel '" << function.getName()
                                  << "' must be a dense buffer";
    FailureOr<SmallVector<Dim>> shape = shapeOfBuffer(function, i);
    if (failed(shape))
      return failure();
    interface.buffers.push_back(type);
    interface.shapes.push_back(std::move(*shape));
  }
  return interface;
}

} // namespace weft
