// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of rules, and what gathers gradients and tangents.

#include "passes/autodiff/Rules.h"

namespace weft::autodiff {

/// The axis along which a tensor is padded with zeros, if there is one and no other.
static std::optional<int64_t> axisOfZeros(PadOp pad) {
  auto zero = pad.getValue().getDefiningOp<ConstantOp>();
  auto element = zero ? dyn_cast<mlir::SplatElementsAttr>(zero.getValue()) : nullptr;
  if (!element || !element.getSplatValue<llvm::APFloat>().isPosZero())
    return std::nullopt;
  std::optional<int64_t> found;
  for (auto [axis, low, high, between] :
       llvm::enumerate(pad.getLow().toDims(), pad.getHigh().toDims(), pad.getInterior())) {
    bool isPadded = !(low == Dim(0) && high == Dim(0));
    if (between != 0 || (isPadded && found))
      return std::nullopt;
    if (isPadded)
      found = axis;
  }
  return found;
}

/// Gradients of the parts of a tensor side by side, if they are all of it and none is two times.
static Value joinParts(GraphBuilder &b, ArrayRef<Value> padded) {
  SmallVector<PadOp> pads;
  std::optional<int64_t> axis;
  for (Value value : padded) {
    auto pad = value.getDefiningOp<PadOp>();
    std::optional<int64_t> padAxis = pad ? axisOfZeros(pad) : std::nullopt;
    if (!padAxis || (axis && axis != padAxis))
      return {};
    axis = padAxis;
    pads.push_back(pad);
  }
  SmallVector<Value> parts;
  Dim place = 0;
  while (parts.size() < pads.size()) {
    auto *next =
        llvm::find_if(pads, [&](PadOp pad) { return pad.getLow().toDims()[*axis] == place; });
    if (next == pads.end())
      return {};
    parts.push_back(next->getInput());
    place = place + b.dims(next->getInput())[*axis];
  }
  return place == b.dims(padded.front())[*axis] ? b.concat(parts, *axis) : Value();
}

void Reverse::add(Value value, Value contribution) {
  if (contribution && wants(value))
    contributions[original(value)].push_back(b.cast(contribution, GraphBuilder::element(value)));
}

Value Reverse::gradient(Value value) {
  auto found = contributions.find(original(value));
  if (found == contributions.end())
    return {};
  SmallVector<Value, 1> &parts = found->second;
  Value sum = parts.size() > 1 ? joinParts(b, parts) : parts.front();
  for (Value part : sum ? ArrayRef<Value>() : ArrayRef<Value>(parts))
    sum = sum ? b.add(sum, part) : part;
  parts = {sum};
  return sum;
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
