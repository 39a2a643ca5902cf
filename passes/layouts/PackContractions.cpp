// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-pack-contractions: a contraction with a weight becomes a product with a packed matrix.

#include "ir/Versions.h"
#include "passes/layouts/Choice.h"
#include "passes/layouts/PackedProduct.h"
#include "passes/Passes.h"

namespace weft {

#define GEN_PASS_DEF_PACKCONTRACTIONSPASS
#include "passes/Passes.h.inc"

namespace {

struct PackContractions final : impl::PackContractionsPassBase<PackContractions> {
  using PackContractionsPassBase::PackContractionsPassBase;

  void runOnOperation() override {
    mlir::func::FuncOp function = getOperation();
    if (function.isExternal() || !function->hasAttr(kExportAttr))
      return;
    SmallVector<ContractOp> contractions;
    function.walk([&](ContractOp op) { contractions.push_back(op); });
    for (ContractOp op : contractions) {
      if (failed(verifyChoice(op)))
        return signalPassFailure();
      if (std::optional<PanelProduct> product = panelProductOf(op))
        pack(op, *ProductForm::of(op), *product);
    }
  }

private:
  void pack(ContractOp op, const ProductForm &form, const PanelProduct &product) {
    PanelTarget target{vectorBytes, vectorRegisters, bfloatDots, byteDots,
                       isVersion(getOperation())};
    PanelForm panels{panelWidth(target, product, Choice::of(op).panel),
                     target.interleave(GraphBuilder::element(form.rows), form.weight)};
    replaceByPackedProduct(op, form, [&](GraphBuilder &b) {
      return PackedMatrix{packMatrix(b, form.matrix(b), panels), panels.interleave};
    });
    ++numPacked;
  }
};

} // namespace
} // namespace weft
