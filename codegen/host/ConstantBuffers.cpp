// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element data as bytes, and the globals that hold it.

#include "codegen/host/ConstantBuffers.h"

#include "codegen/host/ArenaLayout.h"
#include "codegen/host/KernelInterface.h"

namespace weft {

namespace LLVM = mlir::LLVM;

static void appendBits(std::string &bytes, const llvm::APInt &bits, int64_t size) {
  for (int64_t i = 0; i < size; ++i)
    bytes.push_back(static_cast<char>(
        bits.extractBitsAsZExtValue(std::min<unsigned>(8, bits.getBitWidth() - 8 * i), 8 * i)));
}

FailureOr<std::string> elementBytes(mlir::ElementsAttr elements) {
  Type element = elements.getElementType();
  int64_t size = storageBytes(element);
  std::string bytes;
  bytes.reserve(elements.getNumElements() * size);
  if (isa<mlir::FloatType>(element)) {
    auto values = elements.tryGetValues<llvm::APFloat>();
    if (!values)
      return failure();
    for (const llvm::APFloat &value : *values)
      appendBits(bytes, value.bitcastToAPInt(), size);
    return bytes;
  }
  auto values = elements.tryGetValues<llvm::APInt>();
  if (!values)
    return failure();
  for (const llvm::APInt &value : *values)
    appendBits(bytes, value, size);
  return bytes;
}

Value ConstantBuffers::address(ConstantOp constant, HostCode &code) {
  LLVM::GlobalOp &global = globals[constant.getValue()];
  if (!global) {
    FailureOr<std::string> bytes = elementBytes(constant.getValue());
    if (failed(bytes)) {
      constant.emitOpError("holds elements in a form that cannot be read");
      return nullptr;
    }
    if (bytes->empty())
      bytes->push_back(0); // An address is needed all the same.
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes->size());
    global = LLVM::GlobalOp::create(builder, constant.getLoc(), type, /*isConstant=*/true,
                                    LLVM::Linkage::Internal,
                                    "weft_constant_" + std::to_string(globals.size() - 1),
                                    builder.getStringAttr(*bytes), ArenaLayout::alignment);
  }
  return LLVM::AddressOfOp::create(code.builder, code.loc, global);
}

} // namespace weft
