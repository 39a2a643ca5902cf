// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-bfloat-as-bits: after this a bf16 value is the i16 of its bits. Loads, stores, selections
// and constants of the LLVM dialect go in, the same on integers come out. Intrinsics that take bf16
// get it from these bits.

#include "codegen/cpu/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/AttrTypeSubElements.h"

namespace weft {

#define GEN_PASS_DEF_BFLOATASBITSPASS
#include "codegen/cpu/Passes.h.inc"

static bool isBfloat(Type type) {
  auto vector = dyn_cast<mlir::VectorType>(type);
  return (vector ? vector.getElementType() : type).isBF16();
}

/// Where the intrinsics of `module` have operands of bf16.
static SmallVector<mlir::OpOperand *> bfloatsOfIntrinsics(ModuleOp module) {
  SmallVector<mlir::OpOperand *> found;
  module.walk([&](mlir::LLVM::CallIntrinsicOp call) {
    for (mlir::OpOperand &operand : call->getOpOperands())
      if (isBfloat(operand.get().getType()))
        found.push_back(&operand);
  });
  return found;
}

namespace {

struct BfloatAsBits final : impl::BfloatAsBitsPassBase<BfloatAsBits> {
  void runOnOperation() override {
    Type bits = mlir::IntegerType::get(&getContext(), 16);
    SmallVector<std::pair<mlir::OpOperand *, Type>> wanted;
    for (mlir::OpOperand *operand : bfloatsOfIntrinsics(getOperation()))
      wanted.push_back({operand, operand->get().getType()});
    mlir::AttrTypeReplacer replacer;
    replacer.addReplacement([=](mlir::BFloat16Type) -> Type { return bits; });
    replacer.addReplacement([=](mlir::FloatAttr number) -> std::optional<Attribute> {
      if (!number.getType().isBF16())
        return std::nullopt;
      return mlir::IntegerAttr::get(bits, number.getValue().bitcastToAPInt());
    });
    replacer.addReplacement([=](mlir::DenseElementsAttr numbers) -> std::optional<Attribute> {
      if (!numbers.getElementType().isBF16())
        return std::nullopt;
      return numbers.bitcast(bits);
    });
    // What is no code keeps its types: a parameter of bf16 is one to the user.
    for (Operation &op : getOperation().getOps())
      if (isa<mlir::LLVM::LLVMFuncOp, mlir::LLVM::GlobalOp>(op))
        replacer.recursivelyReplaceElementsIn(&op, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                                              /*replaceTypes=*/true);
    for (auto &[operand, type] : wanted) {
      OpBuilder builder(operand->getOwner());
      operand->set(mlir::LLVM::BitcastOp::create(builder, operand->getOwner()->getLoc(), type,
                                                 operand->get()));
    }
  }
};

} // namespace
} // namespace weft
