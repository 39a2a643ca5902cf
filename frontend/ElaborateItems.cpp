// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frontend/ElaborateItems.h"

namespace weft {

Item Item::of(Kind kind) {
  Item item;
  item.kind = kind;
  return item;
}

Item Item::tensor(ValueId value) {
  Item item = of(Kind::Tensor);
  item.value = value;
  return item;
}

Item Item::number(Dim value) {
  Item item = of(Kind::Int);
  item.integer = std::move(value);
  return item;
}

Item Item::number(double value) {
  Item item = of(Kind::Float);
  item.real = value;
  return item;
}

Item Item::boolean(bool value) {
  Item item = of(Kind::Bool);
  item.flag = value;
  return item;
}

Item Item::ofElement(Type element) {
  Item item = of(Kind::Element);
  item.element = element;
  return item;
}

Item Item::sequence(Kind kind, std::vector<Item> items) {
  Item item = of(kind);
  item.items = std::make_shared<const std::vector<Item>>(std::move(items));
  return item;
}

Item *Scope::find(StringRef name) {
  for (Scope *scope = this; scope; scope = scope->parent)
    if (auto found = scope->names.find(name); found != scope->names.end())
      return &found->second;
  return nullptr;
}

} // namespace weft
