// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of rules and what all rules share: shapes under bound sizes, and errors.

#include "ir/reference/Rules.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

const RuleTable &allRules() {
  static const RuleTable table = [] {
    RuleTable rules;
    addElementwiseRules(rules);
    addConversionRules(rules);
    addMovementRules(rules);
    addIndexingRules(rules);
    addReductionRules(rules);
    addContractionRules(rules);
    addWindowRules(rules);
    addChannelsLastRules(rules);
    addCompositeRules(rules);
    addRandomRules(rules);
    return rules;
  }();
  return table;
}

Expected<int64_t> valueOf(const Dim &dim, const SymbolSizes &sizes) {
  std::string unbound;
  std::optional<int64_t> size = dim.evaluate([&](StringRef name) -> std::optional<int64_t> {
    auto found = sizes.find(name);
    if (found != sizes.end())
      return found->second;
    unbound = name.str();
    return std::nullopt;
  });
  if (size)
    return *size;
  if (unbound.empty())
    return llvm::createStringError("the size '" + dim.str() + "' divides by zero");
  return llvm::createStringError("the size '" + dim.str() + "' needs '" + unbound +
                                 "', which no argument gives");
}

Expected<int64_t> sizeOf(const Dim &dim, const SymbolSizes &sizes) {
  Expected<int64_t> value = valueOf(dim, sizes);
  if (value && *value < 0)
    return llvm::createStringError("the size '" + dim.str() + "' is " + Twine(*value));
  return value;
}

Expected<Index> shapeOf(RankedTensorType type, const SymbolSizes &sizes) {
  Index shape;
  for (const Dim &dim : dimsOf(type)) {
    Expected<int64_t> size = sizeOf(dim, sizes);
    if (!size)
      return size.takeError();
    shape.push_back(*size);
  }
  return shape;
}

Tensor Call::emptyResult() const {
  return Tensor(cast<RankedTensorType>(op->getResult(0).getType()).getElementType(), resultShape);
}

Error fault(const Call &call, const Twine &message) {
  return llvm::createStringError("'" + call.op->getName().getStringRef() + "': " + message);
}

Error requireShape(const Call &call, const Twine &what, ArrayRef<int64_t> actual,
                   ArrayRef<int64_t> expected) {
  if (actual == expected)
    return Error::success();
  return fault(call,
               what + " has shape " + printShape(actual) + ", expected " + printShape(expected));
}

std::string printShape(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (auto [i, dim] : llvm::enumerate(shape))
    text += (i == 0 ? "" : ", ") + std::to_string(dim);
  return text + "]";
}

} // namespace weft::reference
