// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of rules, and what gathers gradients and tangents.

#include "passes/autodiff/Rules.h"

namespace weft::autodiff {

void Reverse::add(Value value, Value contribution) {
  if (!contribution || !wants(value))
    return;
  contribution = b.cast(contribution, GraphBuilder::element(value));
  Value &gradient = gradients[value];
  gradient = gradient ? b.add(gradient, contribution) : contribution;
}

Value Forward::tangentOrZero(Value value) {
  Value tangent = tangents.lookup(value);
  return tangent ? tangent : b.splatLike(value, 0);
}

void Forward::add(Value value, Value contribution) {
  if (!contribution)
    return;
  contribution = b.cast(contribution, GraphBuilder::element(value));
  Value &tangent = tangents[value];
  tangent = tangent ? b.add(tangent, contribution) : contribution;
}

LogicalResult pushLinear(Operation *op, Forward &pass, ArrayRef<unsigned> operands) {
  bool hasTangent = llvm::any_of(
      operands, [&](unsigned operand) { return pass.tangent(op->getOperand(operand)); });
  if (!hasTangent)
    return success();
  SmallVector<Value> tangents;
  for (unsigned operand : operands)
    tangents.push_back(pass.tangentOrZero(op->getOperand(operand)));
  Operation *moved = pass.b.builder.clone(*op);
  for (auto [operand, tangent] : llvm::zip_equal(operands, tangents))
    moved->setOperand(operand, tangent);
  pass.set(op->getResult(0), moved->getResult(0));
  return success();
}

const Rule *ruleOf(Operation *op) {
  static const RuleTable table = [] {
    RuleTable rules;
    addElementwiseRules(rules);
    addMovementRules(rules);
    addIndexingRules(rules);
    addReductionRules(rules);
    addContractionRules(rules);
    addWindowRules(rules);
    addNormalisationRules(rules);
    addControlRules(rules);
    return rules;
  }();
  auto found = table.find(op->getName().getStringRef());
  return found == table.end() ? nullptr : &found->second;
}

} // namespace weft::autodiff
