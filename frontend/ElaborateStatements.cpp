// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks and what stands in them: names are bound, values taken apart, loops unrolled, choices on
// settings decided.
#include "frontend/Elaborate.h"

namespace weft {

using Kind = Item::Kind;

Item Elaborator::evaluateBlock(const ast::Block &block, const ScopeRef &parent,
                               const ValueType *expected) {
  auto scope = makeScope(Scope::Kind::Block, parent);
  for (const auto &stmt : block.statements) {
    if (overBudget)
      return Item::error();
    evaluateStatement(*stmt, scope);
  }
  if (block.emit) {
    if (!emittedItems) {
      report(Diag::StrayEmit, block.emit->range);
      return Item::error();
    }
    auto *emitted = std::exchange(emittedItems, nullptr);
    auto *carried = std::exchange(carriedItems, nullptr);
    for (const auto &expr : block.emit->emitted)
      emitted->push_back(evaluate(*expr, scope));
    for (const auto &expr : block.emit->carried)
      carried->push_back(evaluate(*expr, scope));
    emittedItems = emitted;
    carriedItems = carried;
    return Item::unit();
  }
  return block.result ? evaluate(*block.result, scope, expected) : Item::unit();
}

void Elaborator::evaluateStatement(const ast::Stmt &stmt, const ScopeRef &scope) {
  // `emit` belongs to the end of the lambda's own block only.
  auto *emitted = std::exchange(emittedItems, nullptr);
  if (auto *let = dyn_cast<ast::LetStmt>(&stmt)) {
    evaluateLet(*let, scope);
  } else if (auto *assign = dyn_cast<ast::AssignStmt>(&stmt)) {
    Item value = evaluate(*assign->value, scope);
    bindPattern(*assign->pattern, value, assign->value->range, scope, /*assigns=*/true);
  } else if (auto *loop = dyn_cast<ast::ForStmt>(&stmt)) {
    evaluateFor(*loop, scope);
  } else if (auto *expr = dyn_cast<ast::ExprStmt>(&stmt)) {
    Item value = evaluate(*expr->expr, scope);
    if (!value.isError() && value.kind != Kind::Unit && !isa<ast::IfExpr>(*expr->expr))
      report(Diag::UnusedValue, expr->range);
  }
  emittedItems = emitted;
}

void Elaborator::evaluateLet(const ast::LetStmt &stmt, const ScopeRef &scope) {
  std::optional<ValueType> wanted;
  if (stmt.type)
    wanted = resolveType(*stmt.type, scope);
  Item value = evaluate(*stmt.value, scope, wanted ? &*wanted : nullptr);
  if (stmt.type && !value.isError()) {
    MatchContext match{stmt.value->range, "", "the value", nullptr, /*isResult=*/true};
    value = matchItem(*stmt.type, scope, value, match).value_or(Item::error());
  }
  bindPattern(*stmt.pattern, value, stmt.value->range, scope, /*assigns=*/false);
}

std::optional<std::vector<Item>> Elaborator::iterate(const ast::Expr &iterable,
                                                     const ScopeRef &scope) {
  Item item = evaluate(iterable, scope);
  if (item.isSequence())
    return *item.items;
  if (!item.isError())
    report(Diag::NotIterable, iterable.range, describe(item));
  return std::nullopt;
}

void Elaborator::evaluateFor(const ast::ForStmt &stmt, const ScopeRef &scope) {
  std::optional<std::vector<Item>> elements = iterate(*stmt.iterable, scope);
  if (!elements || !stmt.body)
    return;
  for (const Item &element : *elements) {
    if (overBudget)
      return;
    auto turn = makeScope(Scope::Kind::Block, scope);
    bindPattern(*stmt.variable, element, stmt.iterable->range, turn, /*assigns=*/false);
    Item value = evaluateBlock(*stmt.body, turn, nullptr);
    if (!value.isError() && value.kind != Kind::Unit)
      report(Diag::UnusedValue, stmt.body->result->range);
  }
}

//===- Patterns -----------------------------------------------------------------------------------

void Elaborator::bindName(const ast::NamePattern &pattern, const Item &item, const ScopeRef &scope,
                          bool assigns) {
  StringRef name = pattern.name.text;
  if (name.empty() || pattern.name.isWildcard())
    return;
  if (!assigns) {
    // A name stands for the value that a parameter or state has here, whatever it becomes later.
    std::optional<ValueId> value;
    if (item.kind == Kind::Parameter && hasGraph() && !state->isInitialisation)
      value = toTensor(item, pattern.range);
    scope->names[name] = value ? Item::tensor(*value) : item;
    return;
  }
  for (Scope *at = scope; at; at = at->parent) {
    auto found = at->names.find(name);
    bool isLocal = at->kind == Scope::Kind::Block || at->kind == Scope::Kind::Function;
    if (found != at->names.end() && isLocal) {
      found->second = item;
      return;
    }
    if (at->kind == Scope::Kind::Sealed && scope->find(name)) {
      report(Diag::SealedAssignment, pattern.range, name);
      return;
    }
    if (found != at->names.end()) {
      bool isState = found->second.kind == Kind::Parameter &&
                     checked.parameters[found->second.parameter].isState;
      if (isState)
        return assignState(Item(found->second), item, pattern.range);
      // What could not be declared, or has no type before an optimizer is used, says no more.
      if (found->second.isError())
        return;
      break;
    }
  }
  if (scope->find(name)) {
    report(Diag::AssignedField, pattern.range, name);
    return;
  }
  report(Diag::UnknownName, pattern.range, name, "; 'let' introduces a name");
  scope->names[name] = item; // what follows is read as if 'let' stood there
}

std::optional<std::vector<Item>> Elaborator::takeApart(const ast::Pattern &pattern, size_t count,
                                                       const Item &item, Span span) {
  if (item.isSequence()) {
    if (item.items->size() == count)
      return *item.items;
    report(Diag::PatternCount, pattern.range, count, describe(item), item.items->size());
    return std::nullopt;
  }
  if (!item.isTensor() || isa<ast::TuplePattern>(pattern)) {
    report(Diag::PatternKind, pattern.range, describe(item));
    return std::nullopt;
  }
  std::optional<ValueId> tensor = toTensor(item, span);
  if (!tensor)
    return std::nullopt;
  ValueId value = *tensor;
  ValueType type = typeOf(value);
  if (type.isScalar() || !sameDim(type.dims[0], Dim(count))) {
    Diagnostic &message = report(Diag::PatternCount, pattern.range, count, printType(type),
                                 type.isScalar() ? "no dimension" : type.dims[0].str());
    noteValue(message, value);
    return std::nullopt;
  }
  std::vector<Item> parts;
  Dims sizes = type.dims, rest(type.dims.begin() + 1, type.dims.end());
  sizes[0] = Dim(1);
  current->span = pattern.range;
  for (size_t place = 0; place < count; ++place) {
    Dims starts(type.rank(), Dim(0));
    starts[0] = Dim(place);
    ValueId part = current->slice(value, starts, SmallVector<int64_t>(type.rank(), 1), sizes);
    parts.push_back(Item::tensor(current->reshape(part, rest)));
  }
  return parts;
}

void Elaborator::bindPattern(const ast::Pattern &pattern, const Item &item, Span span,
                             const ScopeRef &scope, bool assigns) {
  if (auto *name = dyn_cast<ast::NamePattern>(&pattern)) {
    bindName(*name, item, scope, assigns);
    return;
  }
  const auto &elements = isa<ast::TuplePattern>(pattern)
                             ? llvm::cast<ast::TuplePattern>(pattern).elements
                             : llvm::cast<ast::ListPattern>(pattern).elements;
  std::optional<std::vector<Item>> parts;
  if (!item.isError())
    parts = takeApart(pattern, elements.size(), item, span);
  for (auto [place, element] : llvm::enumerate(elements))
    bindPattern(*element, parts ? (*parts)[place] : Item::error(), span, scope, assigns);
}

//===- Choices ------------------------------------------------------------------------------------

Item Elaborator::evaluateIf(const ast::IfExpr &expr, const ScopeRef &scope,
                            const ValueType *expected) {
  Item condition = evaluate(*expr.condition, scope);
  if (condition.kind == Kind::Bool) {
    const ast::Block *chosen = condition.flag ? expr.then.get() : expr.otherwise.get();
    return chosen ? evaluateBlock(*chosen, scope, expected) : Item::unit();
  }
  if (condition.isError())
    return condition;
  if (condition.isTensor()) {
    std::optional<ValueId> value = toTensor(condition, expr.condition->range);
    if (!value)
      return Item::error();
    if (typeOf(*value).isScalar() && isBoolElement(typeOf(*value).element))
      return evaluateBranches(expr, *value, scope, expected);
    report(Diag::Condition, expr.condition->range, describe(condition))
        .note({}, "'select(condition, a, b)' chooses for each element");
    return Item::error();
  }
  report(Diag::Condition, expr.condition->range, describe(condition));
  return Item::error();
}

} // namespace weft
