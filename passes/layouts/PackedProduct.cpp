// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the product of matrices in a contraction, and writes it.

#include "passes/layouts/PackedProduct.h"

#include "passes/Functions.h"
#include "passes/layouts/Choice.h"

#include "mlir/IR/PatternMatch.h"

namespace weft {

std::optional<ProductForm> ProductForm::of(ContractOp op) {
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
  auto type = cast<RankedTensorType>(form.weight.getType());
  if (form.inner.empty() || form.columns.empty() || !type.hasStaticShape() ||
      type.getNumElements() == 0)
    return std::nullopt;
  return form;
}

bool hasPackedForm(ContractOp op) { return ProductForm::of(op).has_value(); }

std::optional<PanelProduct> panelProductOf(ContractOp op) {
  std::optional<ProductForm> form = ProductForm::of(op);
  Type result = GraphBuilder::element(op.getResult());
  if (!form || !hasPackedTypes(GraphBuilder::element(form->rows),
                               GraphBuilder::element(form->weight), result))
    return std::nullopt;
  return form->panels(result);
}

/// Reorders `x`, whose dimensions have the letters `from`, to `to`.
static Value reorder(GraphBuilder &b, Value x, StringRef from, StringRef to) {
  if (from == to)
    return x;
  SmallVector<int64_t> order;
  for (char label : to)
    order.push_back(static_cast<int64_t>(from.find(label)));
  return permute(b, x, order);
}

static SmallVector<Dim> dimsFor(Value x, StringRef labels, StringRef wanted) {
  SmallVector<Dim> all = GraphBuilder::dims(x), dims;
  for (char label : wanted)
    dims.push_back(all[labels.find(label)]);
  return dims;
}

Dim ProductForm::numRows() const { return productOf(dimsFor(rows, rowLabels, outer)); }

PanelProduct ProductForm::panels(Type result) const {
  Dim outputs = productOf(dimsFor(weight, weightLabels, columns));
  return {sumElement(GraphBuilder::element(rows), result), numRows().constant(),
          *outputs.constant()};
}

Value ProductForm::matrix(GraphBuilder &b) const {
  Value ordered = reorder(b, weight, weightLabels, inner + columns);
  return b.reshape(ordered, {productOf(dimsFor(weight, weightLabels, inner)),
                             productOf(dimsFor(weight, weightLabels, columns))});
}

void replaceByPackedProduct(ContractOp op, const ProductForm &form,
                            llvm::function_ref<PackedMatrix(GraphBuilder &)> pack) {
  Type resultElement = GraphBuilder::element(op.getResult());
  OpBuilder ops(op);
  GraphBuilder b(ops, op.getLoc());
  SmallVector<Dim> outer = dimsFor(form.rows, form.rowLabels, form.outer);
  SmallVector<Dim> columns = dimsFor(form.weight, form.weightLabels, form.columns);
  int64_t outputs = *productOf(columns).constant();
  // The dimensions of rows stay, as places of windows of 1: what follows has them too, and a
  // reshape would part it from the product.
  SmallVector<Dim> places = outer;
  if (places.empty())
    places.push_back(Dim(1));
  SmallVector<Dim> shape = places;
  shape.push_back(productOf(dimsFor(form.weight, form.weightLabels, form.inner)));
  Value left = b.reshape(reorder(b, form.rows, form.rowLabels, form.outer + form.inner), shape);
  PackedMatrix matrix = pack(b);
  SmallVector<int64_t> ones(places.size() - 1, 1), zeros(places.size() - 1, 0);
  SmallVector<Dim> packed = b.dims(matrix.filter), filter{packed[0]};
  filter.append(ones.begin(), ones.end());
  filter.append(packed.begin() + 1, packed.end());
  PackedChannels channels{1, outputs, false, {}, matrix.interleave};
  channels.nibbles = matrix.nibbles;
  Value result = b.packedConv(left, b.reshape(matrix.filter, filter), {ones, zeros, zeros, ones},
                              channels, resultElement, matrix.scales);
  Choice::of(op).writeTo(result.getDefiningOp());
  shape = outer;
  shape.append(columns);
  result = reorder(b, b.reshape(result, shape), form.outer + form.columns, form.resultLabels);
  assert(b.isGood() && "a contraction fits the form that was found in it");
  op.replaceAllUsesWith(result);
  op.erase();
}

} // namespace weft
