// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Choices as attributes.

#include "passes/layouts/Choice.h"

#include "mlir/IR/Builders.h"

namespace weft {

/// The ranges are those of the counts: a panel has at most 4 registers, a tile of one row 24
/// vectors across, and of one vector 14 rows.
const std::array<Choice::Field, 6> Choice::fields = {{
    {"winograd", &Choice::winograd, 0, 4},
    {"patches", &Choice::patches, 0, 1},
    {"panel", &Choice::panel, 1, 4},
    {"vectors", &Choice::vectors, 1, 24},
    {"rows", &Choice::rows, 1, 14},
    {"chunk", &Choice::chunk, 1, 1 << 20},
}};

/// Of tiles there are even sizes alone.
static bool isEven(const Choice::Field &field) { return field.value == &Choice::winograd; }

bool Choice::Field::takes(int64_t number) const {
  return number >= least && number <= most && (!isEven(*this) || number % 2 == 0);
}

std::string Choice::Field::range() const {
  return "an integer from " + std::to_string(least) + " to " + std::to_string(most) +
         (isEven(*this) ? ", and even" : "");
}

Choice Choice::of(Operation *op) {
  Choice choice;
  auto said = op->getAttrOfType<mlir::DictionaryAttr>(kChoiceAttr);
  if (!said)
    return choice;
  for (const Field &field : fields)
    if (auto value = said.getAs<mlir::IntegerAttr>(field.name))
      if (field.takes(value.getInt()))
        choice.*field.value = value.getInt();
  return choice;
}

void Choice::writeTo(Operation *op) const {
  OpBuilder builder(op->getContext());
  SmallVector<mlir::NamedAttribute> said;
  for (const Field &field : fields)
    if (std::optional<int64_t> value = this->*field.value)
      said.push_back(builder.getNamedAttr(field.name, builder.getI64IntegerAttr(*value)));
  if (said.empty())
    op->removeAttr(kChoiceAttr);
  else
    op->setAttr(kChoiceAttr, builder.getDictionaryAttr(said));
}

std::string Choice::text() const {
  std::string text;
  for (const Field &field : fields)
    if (std::optional<int64_t> value = this->*field.value)
      text += (text.empty() ? "" : ", ") + field.name.str() + " " + std::to_string(*value);
  return text.empty() ? "as counted" : text;
}

LogicalResult verifyChoice(Operation *op) {
  Attribute attribute = op->getAttr(kChoiceAttr);
  if (!attribute)
    return success();
  auto said = dyn_cast<mlir::DictionaryAttr>(attribute);
  if (!said)
    return op->emitOpError() << "'" << kChoiceAttr << "' is no dictionary";
  for (mlir::NamedAttribute entry : said) {
    const auto *field = llvm::find_if(
        Choice::fields, [&](const auto &each) { return each.name == entry.getName(); });
    if (field == Choice::fields.end())
      return op->emitOpError() << "'" << kChoiceAttr << "' has no field " << entry.getName();
    auto value = dyn_cast<mlir::IntegerAttr>(entry.getValue());
    if (!value || !field->takes(value.getInt()))
      return op->emitOpError() << "'" << field->name << "' of '" << kChoiceAttr << "' is "
                               << entry.getValue() << ", but is " << field->range();
  }
  return success();
}

} // namespace weft
