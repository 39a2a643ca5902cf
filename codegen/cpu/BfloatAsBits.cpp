// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-bfloat-as-bits: after this a bf16 value is the i16 of its bits. Loads, stores, selections
// and constants of the LLVM dialect go in, the same on integers come out.

#include "codegen/cpu/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/AttrTypeSubElements.h"

namespace weft {

#define GEN_PASS_DEF_BFLOATASBITSPASS
#include "codegen/cpu/Passes.h.inc"

namespace {

struct BfloatAsBits final : impl::BfloatAsBitsPassBase<BfloatAsBits> {
  void runOnOperation() override {
    Type bits = mlir::IntegerType::get(&getContext(), 16);
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
  }
};

} // namespace
} // namespace weft
