// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layouts near the best, by the counts that choose them.

#include "passes/layouts/Alternatives.h"

#include "passes/Functions.h"
#include "passes/layouts/WindowCost.h"

namespace weft {

/// Of two forms the counts know rates of one core alone; of panels they count cycles.
static constexpr double formsWithin = 2.5, panelsWithin = 1.3;

static std::optional<PanelProduct> productOfAny(Operation *op) {
  auto contract = dyn_cast<ContractOp>(op);
  return contract ? panelProductOf(contract) : panelProductOf(op);
}

bool hasAlternatives(Operation *op) {
  if (!isa<ConvOp, ConvTransposeOp, ContractOp>(op) || !productOfAny(op))
    return false;
  auto isKnown = [](Value value) {
    return cast<RankedTensorType>(value.getType()).hasStaticShape();
  };
  bool fromWeights = llvm::any_of(op->getOperands(), followsFromWeights);
  return fromWeights && llvm::all_of(op->getOperands(), isKnown) && isKnown(op->getResult(0));
}

SmallVector<Choice> formsNear(Operation *op, const Choice &chosen, bool strict) {
  SmallVector<Choice> result;
  auto conv = dyn_cast<ConvOp>(op);
  if (!conv || strict)
    return result;
  SmallVector<WindowForm> forms = windowForms(conv);
  double least = std::numeric_limits<double>::infinity();
  for (const WindowForm &form : forms)
    least = std::min(least, form.cost);
  // `conv` may have a choice already, and then the forms are those that it leaves.
  WindowForm now = windowForm(conv);
  for (const WindowForm &form : forms) {
    if (form.cost > formsWithin * least ||
        (form.tile == now.tile && form.hasPatches == now.hasPatches))
      continue;
    Choice other = chosen;
    other.winograd = form.tile;
    if (form.tile)
      other.patches = form.hasPatches;
    result.push_back(other);
  }
  return result;
}

SmallVector<Choice> panelsNear(Operation *op, const Choice &chosen, const PanelTarget &target) {
  SmallVector<Choice> result;
  PanelProduct product = *productOfAny(op);
  if (target.shares)
    return result;
  SmallVector<PanelCost> costs = panelCosts(target, product);
  int64_t now = panelWidth(target, product, chosen.panel) / target.lanes(product.sum);
  for (const PanelCost &each : costs) {
    Choice other = chosen;
    other.panel = each.vectors;
    if (static_cast<double>(each.cost) <= panelsWithin * static_cast<double>(costs.front().cost) &&
        each.vectors != now)
      result.push_back(other);
  }
  return result;
}

} // namespace weft
