// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Declared types against values: dimensions are evaluated, names that a parameter list introduces
// are bound, and what does not fit is reported in the user's names with both parties.
#include "frontend/Elaborate.h"

namespace weft {

using ast::NamedType;

/// Where a library is checked with symbols for its settings, a quotient may come out as anything,
/// and `...S` stands for one dimension `...S` that may be none or many.
static bool isUndecidable(const Dim &a, const Dim &b) {
  std::string text = a.str() + b.str();
  return StringRef(text).contains("...") ||
         (!(a - b).isConstant() && StringRef(text).contains('/'));
}

static bool isOpenSpread(ArrayRef<Dim> dims) {
  return llvm::any_of(dims, [](const Dim &dim) { return StringRef(dim.str()).contains("..."); });
}

/// Whether what is left between the first `before` and the last `after` dimensions has all that are
/// open, so that which dimension is which is known.
static bool holdsOpen(ArrayRef<Dim> dims, size_t before, size_t after) {
  return before + after <= dims.size() && !isOpenSpread(dims.take_front(before)) &&
         !isOpenSpread(dims.take_back(after));
}

bool Elaborator::sameDim(const Dim &a, const Dim &b) const {
  return a == b || (lenient && isUndecidable(a, b));
}

bool Elaborator::sameDims(ArrayRef<Dim> a, ArrayRef<Dim> b) const {
  if (lenient && (isOpenSpread(a) || isOpenSpread(b)))
    return true;
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [&](auto pair) {
           return sameDim(std::get<0>(pair), std::get<1>(pair));
         });
}

bool Elaborator::isCompileTimeType(const ast::Type &type) const {
  auto *named = dyn_cast<NamedType>(&type);
  return named && !named->hasDims &&
         llvm::is_contained({"int", "float", "string", "schedule"}, named->name.text);
}

Item *Elaborator::findDimension(const ScopeRef &scope, StringRef name) {
  for (Scope *at = scope; at; at = at->parent) {
    auto found = at->names.find(name);
    if (found == at->names.end())
      continue;
    Item &item = found->second;
    // Functions and models never stand in a shape: a dimension may share their name.
    if (item.isCallable() || item.kind == Item::Kind::Module)
      continue;
    return &item;
  }
  return nullptr;
}

std::optional<Type> Elaborator::findElement(const NamedType &type, const ScopeRef &scope) {
  if (std::optional<Type> element = elementByName(type.name.text, context))
    return element;
  Item *item = scope->find(type.name.text);
  if (item && item->kind == Item::Kind::Element)
    return item->element;
  return std::nullopt;
}

std::optional<Type> Elaborator::resolveElement(const ast::Type &type, const ScopeRef &scope) {
  if (auto *named = dyn_cast<NamedType>(&type); named && !named->hasDims)
    if (std::optional<Type> element = findElement(*named, scope))
      return element;
  if (!isa<ast::ErrorType>(type))
    report(Diag::UnknownType, type.range, DiagnosticEngine::textOf(type.range),
           suggestion(DiagnosticEngine::textOf(type.range),
                      {"f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "u64", "u32", "u16",
                       "u8", "bool"}));
  return std::nullopt;
}

std::optional<Dim> Elaborator::evaluateDim(const ast::Expr &expr, const ScopeRef &scope) {
  Item item;
  if (auto *name = dyn_cast<ast::NameExpr>(&expr)) {
    Item *found = findDimension(scope, name->name.text);
    item = found ? *found : evaluate(expr, scope);
  } else {
    item = evaluate(expr, scope);
  }
  return toDim(item, expr.range, "a dimension");
}

/// True if every name in the dimension is known, so that evaluating it reports nothing new.
static bool isBareName(const ast::Dimension &dim) {
  return !dim.isSpread() && isa<ast::NameExpr>(*dim.expr);
}

static StringRef bareName(const ast::Dimension &dim) {
  return llvm::cast<ast::NameExpr>(*dim.expr).name.text;
}

std::optional<ValueType> Elaborator::resolveType(const ast::Type &type, const ScopeRef &scope) {
  auto *named = dyn_cast<NamedType>(&type);
  if (!named || isCompileTimeType(type))
    return std::nullopt;
  std::optional<Type> element = findElement(*named, scope);
  if (!element)
    return std::nullopt;
  ValueType resolved{*element, {}};
  for (const ast::Dimension &dim : named->dims) {
    StringRef name = dim.isSpread() ? dim.spread.text : isBareName(dim) ? bareName(dim) : "";
    Item *item = name.empty() ? nullptr : findDimension(scope, name);
    // A `...` whose name is missing has been reported by the parser.
    if ((dim.isSpread() || !name.empty()) && !item)
      return std::nullopt;
    if (dim.isSpread()) {
      std::optional<Dims> spread = toDims(*item, dim.range, "a dimension");
      if (!spread)
        return std::nullopt;
      llvm::append_range(resolved.dims, *spread);
    } else if (std::optional<Dim> size = evaluateDim(*dim.expr, scope)) {
      resolved.dims.push_back(*size);
    } else {
      return std::nullopt;
    }
  }
  return resolved;
}

std::optional<ValueType> Elaborator::declareType(const NamedType &type, const ScopeRef &scope,
                                                 bool isExport) {
  std::optional<Type> element = findElement(type, scope);
  if (!element && isExport) {
    report(Diag::GenericExport, type.range, type.name.text);
    return std::nullopt;
  }
  if (!element) {
    // A generic element type is checked as a float, or an integer where its name begins with I.
    element = type.name.text.starts_with("I") ? Type(mlir::IntegerType::get(context, 64))
                                              : Type(mlir::Float32Type::get(context));
    scope->names[type.name.text] = Item::ofElement(*element);
  }
  ValueType declared{*element, {}};
  for (const ast::Dimension &dim : type.dims) {
    if (dim.isSpread()) {
      if (!dim.spread)
        return std::nullopt;
      if (isExport) {
        report(Diag::GenericExport, dim.range, "..." + dim.spread.text);
        return std::nullopt;
      }
      if (!findDimension(scope, dim.spread.text))
        scope->names[dim.spread.text] = Item::sequence(
            Item::Kind::List, {Item::number(Dim::symbol(("..." + dim.spread.text).str()))});
      std::optional<Dims> spread =
          toDims(*findDimension(scope, dim.spread.text), dim.range, "a dimension");
      if (!spread)
        return std::nullopt;
      llvm::append_range(declared.dims, *spread);
      continue;
    }
    if (isBareName(dim) && !findDimension(scope, bareName(dim)))
      scope->names[bareName(dim)] = Item::number(Dim::symbol(bareName(dim)));
    std::optional<Dim> size = evaluateDim(*dim.expr, scope);
    if (!size)
      return std::nullopt;
    declared.dims.push_back(*size);
  }
  return declared;
}

//===- Matching -----------------------------------------------------------------------------------

/// "x: f32[N, 10]" as the source has it.
static StringRef sourceOf(const ast::Type &type) { return DiagnosticEngine::textOf(type.range); }

/// A value that is not what its place declares: the result of a function, or a `let` with a type.
Diagnostic &Elaborator::reportMade(const MatchContext &match, const ast::Type &declared,
                                   const ValueType &actual) {
  if (match.callee.empty())
    return report(Diag::DeclaredType, match.span, sourceOf(declared), printType(actual));
  return report(Diag::ResultType, match.span, match.callee, sourceOf(declared), printType(actual));
}

bool Elaborator::matchElement(const NamedType &declared, const ScopeRef &scope,
                              const ValueType &actual, const MatchContext &match) {
  std::optional<Type> element = findElement(declared, scope);
  if (!element) {
    StringRef name = declared.name.text;
    bool isFloat = isFloatElement(actual.element);
    bool fits = name.starts_with("F")   ? isFloat
                : name.starts_with("I") ? !isFloat && !isBoolElement(actual.element)
                                        : true;
    if (!fits) {
      report(Diag::ElementType, match.span, match.callee,
             name.starts_with("F") ? "floats" : "integers", match.name, elementName(actual.element))
          .note(declared.range, "'{0}' is declared here", sourceOf(declared));
      return false;
    }
    scope->names[name] = Item::ofElement(actual.element);
    return true;
  }
  if (*element == actual.element)
    return true;
  Diagnostic &message =
      match.isResult ? reportMade(match, declared, actual)
                     : report(Diag::ElementType, match.span, match.callee, elementName(*element),
                              match.name, elementName(actual.element));
  message.note(declared.range, "'{0}' is declared here", sourceOf(declared));
  message.note({}, "'cast<{0}>(...)' converts", elementName(*element));
  return false;
}

void Elaborator::reportDim(const ast::Dimension &declared, const Dim &expected, const Dim &actual,
                           size_t axis, const NamedType &type, ValueId value,
                           const MatchContext &match) {
  StringRef text = DiagnosticEngine::textOf(declared.range);
  std::string wanted = expected.str() == text ? "'" + expected.str() + "'"
                                              : expected.str() + " ('" + text.str() + "')";
  Diagnostic &message =
      match.isResult ? reportMade(match, type, typeOf(value))
      : match.self && isBareName(declared) && match.self->settingSpans.contains(text)
          ? report(Diag::LayerDimension, match.span, match.self->model->name.text, expected.str(),
                   text, actual.str())
          : report(Diag::Dimension, match.span, match.callee, wanted, match.name, axis,
                   actual.str());
  if (match.self && match.self->settingSpans.contains(text)) {
    Span place = match.self->settingSpans.lookup(text);
    StringRef written = DiagnosticEngine::textOf(place);
    message.note(place, "'{0}' = {1}{2} is set here", text,
                 written == expected.str() ? "" : written.str() + " = ", expected.str());
  } else {
    message.note(type.range, "'{0}' is declared here{1}", sourceOf(type),
                 expected.str() == text ? "" : ", with '" + text.str() + "' = " + expected.str());
  }
  noteValue(message, value);
}

bool Elaborator::matchDim(const ast::Dimension &declared, const ScopeRef &scope, const Dim &actual,
                          size_t axis, const NamedType &type, ValueId value,
                          const MatchContext &match) {
  if (isBareName(declared) && !match.isResult && !findDimension(scope, bareName(declared))) {
    scope->names[bareName(declared)] = Item::number(actual);
    return true;
  }
  std::optional<Dim> expected = evaluateDim(*declared.expr, scope);
  if (!expected)
    return false;
  if (sameDim(*expected, actual))
    return true;
  reportDim(declared, *expected, actual, axis, type, value, match);
  return false;
}

bool Elaborator::matchSpread(const ast::Dimension &declared, const ScopeRef &scope,
                             ArrayRef<Dim> actual, const NamedType &type, ValueId value,
                             const MatchContext &match) {
  if (!declared.spread)
    return false;
  Item *bound = findDimension(scope, declared.spread.text);
  if (!bound) {
    std::vector<Item> items;
    for (const Dim &dim : actual)
      items.push_back(Item::number(dim));
    scope->names[declared.spread.text] = Item::sequence(Item::Kind::List, std::move(items));
    return true;
  }
  std::optional<Dims> expected = toDims(*bound, declared.range, "a dimension");
  if (!expected)
    return false;
  if (sameDims(*expected, actual))
    return true;
  std::string spread = ("..." + declared.spread.text).str();
  Diagnostic &message = match.isResult ? reportMade(match, type, typeOf(value))
                                       : report(Diag::Dimension, match.span, match.callee,
                                                "'" + spread + "' = " + printDims(*expected),
                                                match.name, "...", printDims(actual));
  message.note(type.range, "'{0}' is declared here, with '{1}' = {2}", sourceOf(type), spread,
               printDims(*expected));
  noteValue(message, value);
  return false;
}

bool Elaborator::matchType(const NamedType &declared, const ScopeRef &scope,
                           const ValueType &actual, ValueId value, const MatchContext &match) {
  if (!matchElement(declared, scope, actual, match))
    return false;
  ArrayRef<ast::Dimension> dims = declared.dims;
  size_t spread = dims.size();
  for (auto [place, dim] : llvm::enumerate(dims)) {
    if (dim.isSpread() && spread < dims.size()) {
      report(Diag::SeveralSpreads, dim.range, dims[spread].spread.text);
      return false;
    }
    if (dim.isSpread())
      spread = place;
  }
  bool hasSpread = spread < dims.size();
  size_t fixed = dims.size() - hasSpread;
  if (lenient && isOpenSpread(actual.dims) &&
      (hasSpread ? !holdsOpen(actual.dims, spread, fixed - spread) : actual.rank() != fixed))
    return true;
  if (hasSpread ? actual.rank() < fixed : actual.rank() != fixed) {
    Diagnostic &message = match.isResult
                              ? reportMade(match, declared, actual)
                              : report(Diag::Rank, match.span, match.callee,
                                       (hasSpread ? "at least " : "") + std::to_string(fixed),
                                       match.name, printType(actual));
    message.note(declared.range, "'{0}' is declared here", sourceOf(declared));
    noteValue(message, value);
    return false;
  }
  size_t spreadCount = actual.rank() - fixed;
  bool fits = true;
  size_t axis = 0;
  for (const ast::Dimension &dim : dims) {
    if (dim.isSpread()) {
      fits &= matchSpread(dim, scope, ArrayRef<Dim>(actual.dims).slice(axis, spreadCount), declared,
                          value, match);
      axis += spreadCount;
    } else {
      fits = fits && matchDim(dim, scope, actual.dims[axis], axis, declared, value, match);
      ++axis;
    }
  }
  return fits;
}

std::optional<Item> Elaborator::convertSetting(const NamedType &type, const Item &item,
                                               const MatchContext &match) {
  StringRef name = type.name.text;
  if (name == "int" && item.kind == Item::Kind::Int && !item.flag)
    return item;
  if (name == "float" && item.kind == Item::Kind::Float)
    return item;
  if (name == "float" && item.kind == Item::Kind::Int) {
    if (std::optional<int64_t> known = item.integer.constant())
      return Item::number(static_cast<double>(*known));
    if (lenient)
      return std::nullopt;
  }
  if (name == "string" && item.kind == Item::Kind::Text)
    return item;
  // A number, or a function of the step.
  if (name == "schedule" && (item.kind == Item::Kind::Float || item.isCallable()))
    return item;
  if (name == "schedule" && item.kind == Item::Kind::Int && item.integer.isConstant())
    return Item::number(static_cast<double>(*item.integer.constant()));
  if (!item.isError() && match.callee.empty())
    report(Diag::DeclaredType, match.span, name, describe(item));
  else if (!item.isError())
    report(Diag::SettingType, match.span, match.name, match.callee, name, describe(item))
        .note(type.range, "'{0}' is declared {1} here", match.name, name);
  return std::nullopt;
}

Diagnostic &Elaborator::reportKind(const MatchContext &match, const std::string &wanted,
                                   const Item &item) {
  if (match.callee.empty())
    return report(Diag::DeclaredType, match.span, wanted, describe(item));
  return report(match.isResult ? Diag::ResultKind : Diag::ArgumentKind, match.span, match.name,
                match.callee, wanted, describe(item));
}

std::optional<Item> Elaborator::matchNamed(const NamedType &type, const ScopeRef &scope,
                                           const Item &item, const MatchContext &match) {
  if (isCompileTimeType(type))
    return convertSetting(type, item, match);
  // `bool` is a choice at compile time where the value is known, else a scalar tensor.
  if (type.name.text == "bool" && !type.hasDims && item.kind == Item::Kind::Bool)
    return item;
  Item *named = type.module ? nullptr : scope->find(type.name.text);
  if (!type.hasDims && named && named->kind == Item::Kind::Model) {
    if (item.kind == Item::Kind::Instance && item.instance->model == named->model)
      return item;
    reportKind(match, ("a model '" + type.name.text + "'").str(), item)
        .note(type.range, "'{0}' is declared here", match.name);
    return std::nullopt;
  }
  std::optional<Type> element = findElement(type, scope);
  if (!item.isNumber() && !item.isTensor()) {
    reportKind(match, ("a tensor '" + sourceOf(type) + "'").str(), item)
        .note(type.range, "'{0}' is declared here", match.name);
    return std::nullopt;
  }
  if (!hasGraph())
    return unsupported(match.span, "a tensor outside of a function");
  std::optional<ValueId> value = toTensor(item, match.span, element.value_or(Type()));
  if (!value)
    return std::nullopt;
  ValueType actual = typeOf(*value);
  if (!matchType(type, scope, actual, *value, match))
    return std::nullopt;
  return Item::tensor(*value);
}

std::optional<Item> Elaborator::matchItem(const ast::Type &type, const ScopeRef &scope,
                                          const Item &item, const MatchContext &match) {
  if (item.isError() || isa<ast::ErrorType>(type))
    return std::nullopt;
  if (auto *named = dyn_cast<NamedType>(&type))
    return matchNamed(*named, scope, item, match);
  auto mismatch = [&](const llvm::Twine &wanted) -> std::optional<Item> {
    reportKind(match, wanted.str(), item).note(type.range, "it is declared here");
    return std::nullopt;
  };
  if (isa<ast::FunctionType>(type))
    return item.isCallable() ? std::optional<Item>(item) : mismatch("a function");
  std::vector<Item> matched;
  if (auto *tuple = dyn_cast<ast::TupleType>(&type)) {
    // `(score: f32[N])` only names one value.
    if (tuple->elements.size() == 1 && !item.isSequence())
      return matchItem(*tuple->elements.front().type, scope, item, match);
    if (!item.isSequence() || item.items->size() != tuple->elements.size())
      return mismatch("a tuple of " + llvm::Twine(tuple->elements.size()));
    for (auto [element, part] : llvm::zip_equal(tuple->elements, *item.items)) {
      std::optional<Item> fitting = matchItem(*element.type, scope, part, match);
      if (!fitting)
        return std::nullopt;
      matched.push_back(*fitting);
    }
    return Item::sequence(Item::Kind::Tuple, std::move(matched));
  }
  auto &list = llvm::cast<ast::ListType>(type);
  if (!item.isSequence())
    return mismatch("a list");
  for (const Item &part : *item.items) {
    std::optional<Item> fitting = matchItem(*list.element, scope, part, match);
    if (!fitting)
      return std::nullopt;
    matched.push_back(*fitting);
  }
  return Item::sequence(Item::Kind::List, std::move(matched));
}

} // namespace weft
