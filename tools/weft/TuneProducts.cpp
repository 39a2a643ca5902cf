// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds products and names them.

#include "tools/weft/TuneProducts.h"

#include "ir/Versions.h"
#include "passes/Functions.h"
#include "passes/layouts/Alternatives.h"

#include "llvm/ADT/StringExtras.h"

namespace weft {

/// The operand that is a weight of a product with a computed value; none if there is no such.
static std::optional<unsigned> weightOf(Operation *op) {
  if (!isa<ConvOp, ConvTransposeOp, ContractOp>(op))
    return std::nullopt;
  bool left = followsFromWeights(op->getOperand(0)), right = followsFromWeights(op->getOperand(1));
  if (left == right || (left && !isa<ContractOp>(op)))
    return std::nullopt;
  return right ? 1 : 0;
}

static std::string keyOf(Operation *op, unsigned weight, bool isVersion) {
  std::string text = op->getName().stripDialect().str() + " ";
  llvm::raw_string_ostream os(text);
  SmallVector<mlir::NamedAttribute> own;
  for (mlir::NamedAttribute attribute : op->getAttrDictionary())
    if (!attribute.getName().strref().starts_with("weft."))
      own.push_back(attribute);
  os << mlir::DictionaryAttr::get(op->getContext(), own) << " ";
  for (auto [number, operand] : llvm::enumerate(op->getOperands()))
    os << (number ? ", " : "") << (number == weight ? "weight " : "") << operand.getType();
  os << " -> " << op->getResult(0).getType() << (isVersion ? " in a version" : "");
  return text;
}

TunableProducts tunableProducts(ModuleOp module) {
  TunableProducts result;
  llvm::StringSet<> changing = changingStates(module);
  for (mlir::func::FuncOp function : exportsOf(module))
    function.walk([&](Operation *op) {
      std::optional<unsigned> weight = weightOf(op);
      if (!weight)
        return;
      if (reachesState(op->getOperand(*weight), changing))
        ++result.packedEachCall;
      else if (hasAlternatives(op))
        result.all.push_back(
            {op, *weight, isVersion(function), keyOf(op, *weight, isVersion(function))});
      else if (!cast<RankedTensorType>(op->getResult(0).getType()).hasStaticShape())
        ++result.ofUnknownSize;
    });
  return result;
}

double flopsOf(const TunableProduct &product) {
  auto elements = [](Value value) {
    return static_cast<double>(cast<RankedTensorType>(value.getType()).getNumElements());
  };
  Operation *op = product.op;
  Value weight = op->getOperand(product.weight);
  auto contract = dyn_cast<ContractOp>(op);
  PanelProduct panels = *(contract ? panelProductOf(contract) : panelProductOf(op));
  return 2 * static_cast<double>(panels.rows.value_or(1)) * elements(weight);
}

AppliedChoices applyChoices(ModuleOp module, const ChoicesByKey &choices) {
  AppliedChoices applied;
  for (const TunableProduct &product : tunableProducts(module).all) {
    ++applied.all;
    auto found = choices.find(product.key);
    if (found == choices.end())
      continue;
    found->second.writeTo(product.op);
    ++applied.known;
  }
  return applied;
}

} // namespace weft
