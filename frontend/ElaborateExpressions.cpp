// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expressions that are neither calls nor operators: literals, names, fields, lists; and the
// conversions from what an expression denotes to what a place needs.
#include "frontend/Builtins.h"
#include "frontend/Elaborate.h"
#include "frontend/StandardLibrary.h"

namespace weft {

using Kind = Item::Kind;

/// Levels of nested evaluation, over all functions that are being inlined. Set by the stack: one
/// level takes under 8 KiB, elaboration runs with 64 MiB.
static constexpr unsigned maxDepth = 3000;
/// Elements of one list.
static constexpr int64_t maxListLength = 65536;

Item Elaborator::evaluate(const ast::Expr &expr, const ScopeRef &scope, const ValueType *expected) {
  if (depth >= maxDepth) {
    report(Diag::Budget, expr.range, maxDepth, "levels of nested calls and expressions");
    overBudget = true;
  }
  if (overBudget || !withinBudget(expr.range))
    return Item::error();
  ++depth;
  Item item = evaluateInner(expr, scope, expected);
  --depth;
  return item;
}

Item Elaborator::evaluateInner(const ast::Expr &expr, const ScopeRef &scope,
                               const ValueType *expected) {
  using ExprKind = ast::Expr::Kind;
  switch (expr.kind) {
  case ExprKind::Error:
    return Item::error();
  case ExprKind::Int: {
    uint64_t value = llvm::cast<ast::IntExpr>(expr).value;
    Item item = Item::number(Dim(static_cast<int64_t>(value)));
    item.flag = value > static_cast<uint64_t>(INT64_MAX);
    return item;
  }
  case ExprKind::Float:
    return Item::number(llvm::cast<ast::FloatExpr>(expr).value);
  case ExprKind::Bool:
    return Item::boolean(llvm::cast<ast::BoolExpr>(expr).value);
  case ExprKind::String: {
    Item item = Item::unit();
    item.kind = Kind::Text;
    item.text = llvm::cast<ast::StringExpr>(expr).value;
    return item;
  }
  case ExprKind::Name:
    return evaluateName(llvm::cast<ast::NameExpr>(expr).name, scope);
  case ExprKind::Unary:
    return evaluateUnary(llvm::cast<ast::UnaryExpr>(expr), scope, expected);
  case ExprKind::Binary:
    return evaluateBinary(llvm::cast<ast::BinaryExpr>(expr), scope, expected);
  case ExprKind::Pipe:
    return evaluatePipe(llvm::cast<ast::PipeExpr>(expr), scope, expected);
  case ExprKind::Call:
    return evaluateCall(llvm::cast<ast::CallExpr>(expr), scope, expected, nullptr);
  case ExprKind::Field:
    return evaluateField(llvm::cast<ast::FieldExpr>(expr), scope);
  case ExprKind::Index:
    return evaluateIndex(llvm::cast<ast::IndexExpr>(expr), scope);
  case ExprKind::Tuple:
  case ExprKind::List: {
    bool isTuple = expr.kind == ExprKind::Tuple;
    const auto &elements = isTuple ? llvm::cast<ast::TupleExpr>(expr).elements
                                   : llvm::cast<ast::ListExpr>(expr).elements;
    if (isTuple && elements.empty())
      return Item::unit();
    return evaluateElements(elements, isTuple ? Kind::Tuple : Kind::List, scope);
  }
  case ExprKind::Comprehension:
    return evaluateComprehension(llvm::cast<ast::ComprehensionExpr>(expr), scope);
  case ExprKind::Range:
    return evaluateRange(llvm::cast<ast::RangeExpr>(expr), scope);
  case ExprKind::Lambda: {
    Item item = Item::unit();
    item.kind = Kind::Lambda;
    item.lambda = llvm::cast<ast::LambdaExpr>(expr).lambda.get();
    item.scope = scope;
    return item;
  }
  case ExprKind::If:
    return evaluateIf(llvm::cast<ast::IfExpr>(expr), scope, expected);
  case ExprKind::Region:
    return evaluateRegion(llvm::cast<ast::RegionExpr>(expr), scope, expected);
  }
  return Item::error();
}

Item Elaborator::evaluateElements(const ast::List<ast::Expr> &elements, Kind kind,
                                  const ScopeRef &scope) {
  std::vector<Item> items;
  bool anyError = false;
  std::string path = instancePath;
  for (auto [index, element] : llvm::enumerate(elements)) {
    // The place in a list is part of a parameter's name: `blocks.3.weight`.
    if (!path.empty())
      instancePath = path + "." + std::to_string(index);
    items.push_back(evaluate(*element, scope));
    anyError |= items.back().isError();
  }
  instancePath = path;
  return anyError ? Item::error() : Item::sequence(kind, std::move(items));
}

Item Elaborator::evaluateName(const ast::Name &name, const ScopeRef &scope) {
  if (!name)
    return Item::error();
  if (Item *item = scope->find(name.text))
    return *item;
  if (StringRef module = standardModuleWith(name.text); !module.empty()) {
    std::string import = ("'import " + module + ": " + name.text + "'").str();
    report(Diag::UnknownName, name.range, name.text, "; " + import + " brings it here");
    return Item::error();
  }
  std::vector<StringRef> candidates;
  for (Scope *at = scope; at; at = at->parent)
    for (auto &entry : at->names)
      candidates.push_back(entry.first());
  report(Diag::UnknownName, name.range, name.text, suggestion(name.text, candidates));
  return Item::error();
}

Item Elaborator::fieldOfInstance(const ast::FieldExpr &expr, const Item &base) {
  Scope &fields = *base.instance->scope;
  if (auto found = fields.names.find(expr.field.text); found != fields.names.end())
    return found->second;
  std::vector<StringRef> candidates;
  for (auto &entry : fields.names)
    candidates.push_back(entry.first());
  report(Diag::UnknownField, expr.field.range, describe(base), expr.field.text,
         suggestion(expr.field.text, candidates))
      .note(base.instance->model->name.range, "'{0}' is declared here",
            base.instance->model->name.text);
  return Item::error();
}

Item Elaborator::evaluateField(const ast::FieldExpr &expr, const ScopeRef &scope) {
  Item base = evaluate(*expr.base, scope);
  if (base.isError() || !expr.field)
    return Item::error();
  if (base.kind == Kind::Instance)
    return fieldOfInstance(expr, base);
  if (base.kind == Kind::Module) {
    if (auto found = base.scope->names.find(expr.field.text); found != base.scope->names.end())
      return found->second;
    std::vector<StringRef> candidates;
    for (auto &entry : base.scope->names)
      candidates.push_back(entry.first());
    report(Diag::UnknownField, expr.field.range, describe(base), expr.field.text,
           suggestion(expr.field.text, candidates));
    return Item::error();
  }
  if (base.isTensor() && expr.field.text == "T") {
    std::optional<ValueId> tensor = toTensor(base, expr.range);
    if (!tensor)
      return Item::error();
    ValueId value = *tensor;
    if (typeOf(value).rank() < 2) {
      report(Diag::Rank, expr.range, ".T", "at least 2", "the tensor", printType(typeOf(value)));
      return Item::error();
    }
    SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(value).rank()));
    std::swap(permutation.back(), permutation[permutation.size() - 2]);
    current->span = expr.range;
    return Item::tensor(current->transpose(value, permutation));
  }
  report(Diag::UnknownField, expr.field.range, describe(base), expr.field.text, "");
  return Item::error();
}

Item Elaborator::evaluateRange(const ast::RangeExpr &expr, const ScopeRef &scope) {
  std::optional<int64_t> start =
      toConstant(evaluate(*expr.start, scope), expr.start->range, "the start of a range");
  std::optional<int64_t> stop =
      toConstant(evaluate(*expr.stop, scope), expr.stop->range, "the end of a range");
  if (!start || !stop)
    return Item::error();
  if (*stop > *start &&
      static_cast<uint64_t>(*stop) - static_cast<uint64_t>(*start) > uint64_t(maxListLength)) {
    report(Diag::Budget, expr.range, maxListLength, "elements of one list");
    return Item::error();
  }
  std::vector<Item> items;
  for (int64_t value = *start; value < *stop; ++value)
    items.push_back(Item::number(Dim(value)));
  return Item::sequence(Kind::List, std::move(items));
}

Item Elaborator::evaluateComprehension(const ast::ComprehensionExpr &expr, const ScopeRef &scope) {
  std::optional<std::vector<Item>> elements = iterate(*expr.iterable, scope);
  if (!elements)
    return Item::error();
  std::vector<Item> items;
  std::string path = instancePath;
  for (auto [index, element] : llvm::enumerate(*elements)) {
    auto turn = makeScope(Scope::Kind::Block, scope);
    bindPattern(*expr.variable, element, expr.iterable->range, turn, /*assigns=*/false);
    if (!path.empty())
      instancePath = path + "." + std::to_string(index);
    items.push_back(evaluate(*expr.element, turn));
    if (items.back().isError()) {
      instancePath = path;
      return Item::error();
    }
  }
  instancePath = path;
  return Item::sequence(Kind::List, std::move(items));
}

//===- Conversions --------------------------------------------------------------------------------

std::optional<ValueId> Elaborator::toTensor(const Item &item, Span span, Type element) {
  if (item.isError())
    return std::nullopt;
  if (!hasGraph()) {
    unsupported(span, "a tensor outside of a function");
    return std::nullopt;
  }
  if (item.kind == Kind::Tensor)
    return item.value;
  if (item.kind == Kind::Parameter) {
    if (state->isInitialisation) {
      report(Diag::InitialiserReads, span, checked.parameters[item.parameter].path);
      return std::nullopt;
    }
    auto [place, isNew] = current->graph.parameters.try_emplace(item.parameter, 0);
    if (isNew) {
      current->span = checked.parameters[item.parameter].span;
      place->second = current->argument(checked.parameters[item.parameter].type);
    }
    return currentValue(item.parameter);
  }
  if (item.isNumber()) {
    if (!element)
      element = item.kind == Kind::Float  ? Type(mlir::Float32Type::get(context))
                : item.kind == Kind::Bool ? Type(mlir::IntegerType::get(context, 1))
                                          : Type(mlir::IntegerType::get(context, 64));
    return numberToTensor(item, span, element);
  }
  report(Diag::NotATensor, span, describe(item));
  return std::nullopt;
}

std::optional<Dim> Elaborator::toDim(const Item &item, Span span, const llvm::Twine &what) {
  if (item.kind == Kind::Int && !item.flag)
    return item.integer;
  if (!item.isError())
    report(Diag::NotAnInt, span, what, describe(item));
  return std::nullopt;
}

std::optional<int64_t> Elaborator::toConstant(const Item &item, Span span,
                                              const llvm::Twine &what) {
  std::optional<Dim> dim = toDim(item, span, what);
  if (!dim)
    return std::nullopt;
  if (std::optional<int64_t> known = dim->constant())
    return known;
  if (!lenient)
    report(Diag::NotConstant, span, what).note({}, "it is {0}", dim->str());
  return std::nullopt;
}

std::optional<double> Elaborator::toReal(const Item &item, Span span, const llvm::Twine &what) {
  if (item.kind == Kind::Float)
    return item.real;
  if (std::optional<int64_t> known = toConstant(item, span, what))
    return static_cast<double>(*known);
  return std::nullopt;
}

std::optional<Dims> Elaborator::toDims(const Item &item, Span span, const llvm::Twine &what) {
  if (item.kind == Kind::Unit)
    return Dims();
  Dims dims;
  std::vector<Item> single{item};
  for (const Item &part : item.isSequence() ? *item.items : single) {
    std::optional<Dim> dim = toDim(part, span, what);
    if (!dim)
      return std::nullopt;
    dims.push_back(*dim);
  }
  return dims;
}

std::optional<SmallVector<int64_t>> Elaborator::toConstants(const Item &item, Span span,
                                                            const llvm::Twine &what) {
  SmallVector<int64_t> values;
  std::vector<Item> single{item};
  for (const Item &part : item.isSequence() ? *item.items : single) {
    std::optional<int64_t> value = toConstant(part, span, what);
    if (!value)
      return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

std::optional<int64_t> Elaborator::toAxis(const Item &item, Span span, const ValueType &type) {
  std::optional<int64_t> axis = toConstant(item, span, "an axis");
  if (!axis)
    return std::nullopt;
  int64_t rank = type.rank();
  if (*axis >= rank || *axis < -rank) {
    report(Diag::AxisRange, span, *axis, printType(type), rank);
    return std::nullopt;
  }
  return *axis < 0 ? *axis + rank : *axis;
}

std::optional<SmallVector<int64_t>> Elaborator::toAxes(const Item &item, Span span,
                                                       const ValueType &type) {
  SmallVector<int64_t> axes;
  std::vector<Item> single{item};
  for (const Item &part : item.isSequence() ? *item.items : single) {
    std::optional<int64_t> axis = toAxis(part, span, type);
    if (!axis)
      return std::nullopt;
    if (llvm::is_contained(axes, *axis)) {
      report(Diag::RepeatedAxis, span, *axis);
      return std::nullopt;
    }
    axes.push_back(*axis);
  }
  llvm::sort(axes);
  return axes;
}

std::string Elaborator::describe(const Item &item) {
  switch (item.kind) {
  case Kind::Error:
    return "nothing";
  case Kind::Unit:
    return "no value";
  case Kind::Tensor:
    return printType(typeOf(item.value));
  case Kind::Parameter:
    return printType(checked.parameters[item.parameter].type);
  case Kind::Int:
    return "the number " + (item.flag
                                ? std::to_string(static_cast<uint64_t>(*item.integer.constant()))
                                : item.integer.str());
  case Kind::Float: {
    std::string text;
    llvm::raw_string_ostream(text) << llvm::format("the number %g", item.real);
    return text;
  }
  case Kind::Bool:
    return item.flag ? "true" : "false";
  case Kind::Text:
    return "the text \"" + item.text + "\"";
  case Kind::Element:
    return "the element type " + elementName(item.element);
  case Kind::Tuple:
    return "a tuple of " + std::to_string(item.items->size());
  case Kind::List:
    return "a list of " + std::to_string(item.items->size());
  case Kind::Instance:
    return "a " + item.instance->model->name.text.str();
  case Kind::Function:
    return "the function '" + item.function->name.text.str() + "'";
  case Kind::Lambda:
    return "a function";
  case Kind::Builtin:
    return "the function '" + item.builtin->name.str() + "'";
  case Kind::Model:
    return "the model '" + item.model->name.text.str() + "'";
  case Kind::Module:
    return "a module";
  }
  return "";
}

} // namespace weft
