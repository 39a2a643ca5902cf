// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-quantize-weights: products that wait for their weights read them in 8 or 4 bits.

#include "ir/Versions.h"
#include "passes/Functions.h"
#include "passes/layouts/Choice.h"
#include "passes/Passes.h"
#include "passes/precision/NarrowWeights.h"

namespace weft {

#define GEN_PASS_DEF_QUANTIZEWEIGHTSPASS
#include "passes/Passes.h.inc"

namespace {

struct QuantizeWeights final : impl::QuantizeWeightsPassBase<QuantizeWeights> {
  using QuantizeWeightsPassBase::QuantizeWeightsPassBase;

  void runOnOperation() override {
    if (bits != 8 && bits != 4) {
      getOperation().emitError() << "weights of " << bits.getValue()
                                 << " bits, which must be 8 or 4";
      return signalPassFailure();
    }
    auto leave = [&](Operation *, const std::string &) { ++numKept; };
    for (mlir::func::FuncOp function : exportsOf(getOperation()))
      for (const NarrowProduct &product : narrowWeightProducts(function, leave))
        quantize(product.op, product.form);
  }

private:
  void quantize(ContractOp op, const ProductForm &form) {
    PanelTarget target{vectorBytes, vectorRegisters, /*bfloatDots=*/false, /*byteDots=*/false,
                       isVersion(op->getParentOfType<mlir::func::FuncOp>())};
    int64_t width = panelWidth(target, form.panels(GraphBuilder::element(op.getResult())),
                               Choice::of(op).panel);
    replaceByPackedProduct(op, form, [&](GraphBuilder &b) {
      return NarrowMatrix::of(b, form.matrix(b), bits).packed(b, bits, width);
    });
    ++numQuantized;
  }
};

} // namespace
} // namespace weft
