// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes nested constants as `llvm.mlir.global` operations.

#include "codegen/emit/ConstantData.h"

namespace weft {

namespace LLVM = mlir::LLVM;

ConstantData::ConstantData(ModuleOp target, StringRef namePrefix)
    : module(target), prefix(namePrefix), builder(target.getContext()), loc(target.getLoc()) {
  builder.setInsertionPointToEnd(target.getBody());
}

std::string ConstantData::nextName() { return prefix + ".data" + std::to_string(count++); }

Constant ConstantData::int32(int64_t value) const {
  return {mlir::IntegerType::get(builder.getContext(), 32), value, {}, {}};
}

Constant ConstantData::int64(int64_t value) const {
  return {mlir::IntegerType::get(builder.getContext(), 64), value, {}, {}};
}

Constant ConstantData::address(StringRef symbol) const {
  return {LLVM::LLVMPointerType::get(builder.getContext()), 0, symbol.str(), {}};
}

Constant ConstantData::structure(std::vector<Constant> fields) const {
  SmallVector<Type> types;
  for (const Constant &field : fields)
    types.push_back(field.type);
  Type type = LLVM::LLVMStructType::getLiteral(builder.getContext(), types);
  return {type, 0, {}, std::move(fields)};
}

Constant ConstantData::string(StringRef text) {
  std::string &name = strings[text];
  if (name.empty()) {
    name = nextName();
    Type type = LLVM::LLVMArrayType::get(builder.getI8Type(), text.size() + 1);
    LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                           builder.getStringAttr(text.str() + '\0'));
  }
  return address(name);
}

Constant ConstantData::array(std::vector<Constant> elements) {
  if (elements.empty())
    return null();
  Type type = LLVM::LLVMArrayType::get(elements.front().type, elements.size());
  std::string name = nextName();
  global(name, {type, 0, {}, std::move(elements)}, LLVM::Linkage::Internal);
  return address(name);
}

Constant ConstantData::words(ArrayRef<int64_t> values) {
  if (values.empty())
    return null();
  std::string name = nextName();
  Type type = LLVM::LLVMArrayType::get(builder.getI64Type(), values.size());
  LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                         builder.getI64TensorAttr(values));
  return address(name);
}

LLVM::GlobalOp ConstantData::global(StringRef name, const Constant &value, LLVM::Linkage linkage) {
  auto result = LLVM::GlobalOp::create(builder, loc, value.type, /*isConstant=*/true, linkage, name,
                                       Attribute());
  OpBuilder body = OpBuilder::atBlockBegin(builder.createBlock(&result.getInitializerRegion()));
  LLVM::ReturnOp::create(body, loc, materialize(body, value));
  builder.setInsertionPointToEnd(module.getBody());
  return result;
}

Value ConstantData::materialize(OpBuilder &at, const Constant &value) const {
  if (isa<mlir::IntegerType>(value.type))
    return LLVM::ConstantOp::create(at, loc, value.type,
                                    at.getIntegerAttr(value.type, value.integer));
  if (isa<LLVM::LLVMPointerType>(value.type)) {
    if (value.symbol.empty())
      return LLVM::ZeroOp::create(at, loc, value.type);
    return LLVM::AddressOfOp::create(at, loc, value.type, value.symbol);
  }
  Value result = LLVM::UndefOp::create(at, loc, value.type);
  for (auto [index, element] : llvm::enumerate(value.elements))
    result = LLVM::InsertValueOp::create(at, loc, result, materialize(at, element),
                                         static_cast<int64_t>(index));
  return result;
}

} // namespace weft
