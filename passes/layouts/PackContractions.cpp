// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-pack-contractions: a contraction with a weight becomes a product with a packed matrix.

#include "ir/Versions.h"
#include "passes/Functions.h"
#include "passes/layouts/Choice.h"
#include "passes/layouts/Panels.h"
#include "passes/Passes.h"

#include "mlir/IR/PatternMatch.h"

namespace weft {

#define GEN_PASS_DEF_PACKCONTRACTIONSPASS
#include "passes/Passes.h.inc"

namespace {

/// The letters of a contraction by what they do, with the weight on the right.
struct ProductForm {
  Value rows, weight;
  StringRef rowLabels, weightLabels, resultLabels;
  std::string outer;   ///< In `rows` and the result, in the order of the result.
  std::string inner;   ///< In both operands, summed, in the order of `rows`.
  std::string columns; ///< In the weight and the result, in the order of the result.
};

/// None for a contraction without such a form: with a letter in both operands and the result.
std::optional<ProductForm> formOf(ContractOp op) {
  ContractOp::Labels labels = op.getLabels();
  ProductForm form{op.getLhs(), op.getRhs(), labels.lhs, labels.rhs, labels.result, {}, {}, {}};
  if (!followsFromWeights(form.weight)) {
    std::swap(form.rows, form.weight);
    std::swap(form.rowLabels, form.weightLabels);
  }
  if (!followsFromWeights(form.weight) || followsFromWeights(form.rows))
    return std::nullopt;
  for (char label : form.resultLabels) {
    bool inRows = form.rowLabels.contains(label), inWeight = form.weightLabels.contains(label);
    if (inRows && inWeight)
      return std::nullopt;
    (inRows ? form.outer : form.columns) += label;
  }
  for (char label : form.rowLabels)
    if (!form.resultLabels.contains(label))
      form.inner += label;
  if (form.inner.empty() || form.columns.empty())
    return std::nullopt;
  return form;
}

/// Reorders `x`, whose dimensions have the letters `from`, to `to`.
Value reorder(GraphBuilder &b, Value x, StringRef from, StringRef to) {
  if (from == to)
    return x;
  SmallVector<int64_t> order;
  for (char label : to)
    order.push_back(static_cast<int64_t>(from.find(label)));
  return permute(b, x, order);
}

SmallVector<Dim> dimsFor(Value x, StringRef labels, StringRef wanted) {
  SmallVector<Dim> all = GraphBuilder::dims(x), dims;
  for (char label : wanted)
    dims.push_back(all[labels.find(label)]);
  return dims;
}

} // namespace

bool hasPackedForm(ContractOp op) {
  std::optional<ProductForm> form = formOf(op);
  if (!form)
    return false;
  auto weight = cast<RankedTensorType>(form->weight.getType());
  return weight.hasStaticShape() && weight.getNumElements() > 0;
}

std::optional<PanelProduct> panelProductOf(ContractOp op) {
  if (!hasPackedForm(op))
    return std::nullopt;
  ProductForm form = *formOf(op);
  Type element = GraphBuilder::element(form.rows), result = GraphBuilder::element(op.getResult());
  if (!hasPackedTypes(element, GraphBuilder::element(form.weight), result))
    return std::nullopt;
  Dim rows = productOf(dimsFor(form.rows, form.rowLabels, form.outer));
  Dim outputs = productOf(dimsFor(form.weight, form.weightLabels, form.columns));
  return PanelProduct{sumElement(element, result), rows.constant(), *outputs.constant()};
}

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
        pack(op, *formOf(op), *product);
    }
  }

private:
  void pack(ContractOp op, const ProductForm &form, const PanelProduct &product) {
    OpBuilder ops(op);
    GraphBuilder b(ops, op.getLoc());
    SmallVector<Dim> outer = dimsFor(form.rows, form.rowLabels, form.outer);
    SmallVector<Dim> columns = dimsFor(form.weight, form.weightLabels, form.columns);
    Dim inner = productOf(dimsFor(form.weight, form.weightLabels, form.inner));
    // The dimensions of rows stay, as places of windows of 1: what follows has them too, and a
    // reshape would part it from the product.
    SmallVector<Dim> places = outer;
    if (places.empty())
      places.push_back(Dim(1));
    SmallVector<Dim> shape = places;
    shape.push_back(inner);
    Value left = b.reshape(reorder(b, form.rows, form.rowLabels, form.outer + form.inner), shape);
    Value right = reorder(b, form.weight, form.weightLabels, form.inner + form.columns);
    PanelTarget target{vectorBytes, vectorRegisters, bfloatDots, byteDots,
                       isVersion(getOperation())};
    Choice choice = Choice::of(op);
    int64_t width = panelWidth(target, product, choice.panel);
    int64_t interleave = target.interleave(GraphBuilder::element(form.rows), form.weight);
    right = packMatrix(b, b.reshape(right, {inner, Dim(product.outputs)}), {width, interleave});
    SmallVector<int64_t> ones(places.size() - 1, 1), zeros(places.size() - 1, 0);
    SmallVector<Dim> packed = b.dims(right), filter{packed[0]};
    filter.append(ones.begin(), ones.end());
    filter.append(packed.begin() + 1, packed.end());
    Value result = b.packedConv(left, b.reshape(right, filter), {ones, zeros, zeros, ones},
                                {1, product.outputs, false, {}, interleave},
                                GraphBuilder::element(op.getResult()));
    choice.writeTo(result.getDefiningOp());
    shape = outer;
    shape.append(columns);
    result = reorder(b, b.reshape(result, shape), form.outer + form.columns, form.resultLabels);
    assert(b.isGood() && "a contraction fits the form that was found in it");
    op.replaceAllUsesWith(result);
    op.erase();
    ++numPacked;
  }
};

} // namespace
} // namespace weft
