// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops as functions.
#include "frontend/Builtins.h"

namespace weft {

using Kind = Item::Kind;

static Item scan(BuiltinCall &call) {
  return call.elaborator.scan(call.call, call.item("xs"), call.span("xs"),
                              call.has("from") ? call.item("from") : Item::unit(),
                              call.has("from") ? call.span("from") : call.span(), call.item("body"),
                              call.span("body"));
}

static Item loop(BuiltinCall &call) {
  return call.elaborator.loop(call.call, call.item("from"), call.span("from"), call.item("while"),
                              call.span("while"), call.item("body"), call.span("body"));
}

/// The list of what a function gives for each element of a list.
static Item map(BuiltinCall &call) {
  const Item &list = call.item("list");
  if (!list.isSequence())
    return call.fail(Diag::NotIterable, call.span("list"), call.elaborator.describe(list));
  std::vector<Item> results;
  for (const Item &element : *list.items) {
    Call inner;
    inner.span = inner.calleeSpan = call.span("body");
    inner.scope = call.call.scope;
    inner.arguments.push_back({"", {}, nullptr, element, call.span("body")});
    results.push_back(call.elaborator.callItem(call.item("body"), inner));
    if (results.back().isError())
      return Item::error();
  }
  return Item::sequence(Kind::List, std::move(results));
}

ArrayRef<Builtin> controlBuiltins() {
  static const Builtin rows[] = {
      {"scan", "xs, from?, body", scan, /*needsGraph=*/true},
      {"loop", "from, while, body", loop, /*needsGraph=*/true},
      {"map", "list, body", map},
  };
  return rows;
}

} // namespace weft
