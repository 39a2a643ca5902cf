// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls. Arguments are bound to parameters by place and name, the body is elaborated in the scope
// of its declaration, and what it makes is held against the declared result.
#include "frontend/Builtins.h"
#include "frontend/Elaborate.h"

namespace weft {

using Kind = Item::Kind;

/// Calls inside calls. Deeper nesting than this is recursion that the cycle check cannot see.
static constexpr size_t maxCallDepth = 200;

bool Elaborator::enter(const void *callee, const Instance *self, Span span,
                       const std::string &name) {
  for (const Frame &frame : frames)
    if (frame.callee == callee && frame.self == self) {
      report(Diag::Recursion, span, name)
          .note(frame.span, "this use of '{0}' leads back to it", frame.name);
      return false;
    }
  if (frames.size() >= maxCallDepth) {
    report(Diag::Budget, span, maxCallDepth, "calls inside calls");
    return false;
  }
  frames.push_back({callee, self, span, name});
  return true;
}

//===- The syntax of calls ------------------------------------------------------------------------

Item Elaborator::evaluateCall(const ast::CallExpr &expr, const ScopeRef &scope,
                              const ValueType *expected, const CallArgument *piped) {
  Item callee = evaluate(*expr.callee, scope);
  Call call;
  // A piped value comes from lines above: the message stands at the function that refuses it.
  call.span = piped ? expr.callee->range : expr.range;
  call.calleeSpan = expr.callee->range;
  call.scope = scope;
  call.expected = expected;
  call.typeArguments = expr.typeArguments;
  call.trailing = expr.trailing.get();
  if (piped)
    call.arguments.push_back(*piped);
  for (const ast::Argument &argument : expr.arguments)
    call.arguments.push_back({argument.name.text, argument.name.range, argument.value.get(),
                              Item::error(), argument.value->range});
  return callItem(callee, call);
}

Item Elaborator::evaluatePipe(const ast::PipeExpr &expr, const ScopeRef &scope,
                              const ValueType *expected) {
  CallArgument piped;
  piped.item = evaluate(*expr.value, scope);
  if (auto *target = dyn_cast<ast::CallExpr>(expr.target.get())) {
    piped.span = target->callee->range;
    return evaluateCall(*target, scope, expected, &piped);
  }
  Call call;
  call.span = call.calleeSpan = piped.span = expr.target->range;
  call.scope = scope;
  call.expected = expected;
  Item callee = evaluate(*expr.target, scope);
  call.arguments.push_back(std::move(piped));
  return callItem(callee, call);
}

Item Elaborator::callItem(const Item &callee, const Call &call) {
  switch (callee.kind) {
  case Kind::Error:
    // The arguments may hold mistakes of their own.
    for (const CallArgument &argument : call.arguments)
      if (argument.expr && !isa<ast::LambdaExpr>(*argument.expr))
        evaluate(*argument.expr, call.scope);
    return Item::error();
  case Kind::Function:
    return callFunction(callee, call);
  case Kind::Builtin:
    return callBuiltin(*callee.builtin, call);
  case Kind::Model:
    return instantiate(callee, call);
  case Kind::Instance: {
    for (const auto &member : callee.instance->model->members)
      if (auto *function = dyn_cast<ast::FunctionDecl>(member.get());
          function && function->isCall()) {
        Item item = callee;
        item.kind = Kind::Function;
        item.function = function;
        item.scope = callee.instance->scope;
        return callFunction(item, call);
      }
    report(Diag::NotCallable, call.calleeSpan, describe(callee),
           ": the model has no function without a name")
        .note(callee.instance->model->name.range, "'{0}' is declared here",
              callee.instance->model->name.text);
    return Item::error();
  }
  case Kind::Lambda: {
    std::vector<Item> arguments;
    for (const CallArgument &argument : call.arguments) {
      if (!argument.name.empty()) {
        report(Diag::UnknownArgument, argument.nameSpan, "this function", argument.name, "");
        return Item::error();
      }
      arguments.push_back(argument.expr ? evaluate(*argument.expr, call.scope) : argument.item);
    }
    return callLambda(*callee.lambda, callee.scope, std::move(arguments), call.span, call.expected);
  }
  default:
    report(Diag::NotCallable, call.calleeSpan, describe(callee), "");
    return Item::error();
  }
}

Item Elaborator::callLambda(const ast::Lambda &lambda, const ScopeRef &scope,
                            std::vector<Item> arguments, Span span, const ValueType *expected,
                            std::vector<Item> *emitted, std::vector<Item> *carried) {
  if (arguments.size() != lambda.parameters.size()) {
    report(Diag::LambdaArity, lambda.range, lambda.parameters.size(), arguments.size());
    return Item::error();
  }
  auto locals = makeScope(Scope::Kind::Sealed, scope);
  auto inner = makeScope(Scope::Kind::Function, locals);
  for (auto [parameter, argument] : llvm::zip_equal(lambda.parameters, arguments)) {
    Item item = argument;
    if (parameter.type && !item.isError()) {
      MatchContext match{parameter.pattern->range, "this function", "its parameter", nullptr,
                         false};
      item = matchItem(*parameter.type, inner, item, match).value_or(Item::error());
    }
    bindPattern(*parameter.pattern, item, span, inner, /*assigns=*/false);
  }
  if (!lambda.body || !enter(&lambda, nullptr, span, "function"))
    return Item::error();
  auto *outerEmitted = std::exchange(emittedItems, emitted);
  auto *outerCarried = std::exchange(carriedItems, carried);
  Item result = evaluateBlock(*lambda.body, inner, expected);
  emittedItems = outerEmitted;
  carriedItems = outerCarried;
  leave();
  return result;
}

//===- Functions ----------------------------------------------------------------------------------

bool Elaborator::bindArguments(ArrayRef<ast::Parameter> parameters, const Call &call,
                               const std::string &callee, Span declaration,
                               llvm::SmallVectorImpl<const CallArgument *> &bound) {
  bound.assign(parameters.size(), nullptr);
  size_t place = 0;
  bool good = true;
  for (const CallArgument &argument : call.arguments) {
    if (argument.name.empty()) {
      if (place >= parameters.size()) {
        report(Diag::ExtraArgument, argument.span, callee, parameters.size())
            .note(declaration, "'{0}' is declared here", callee);
        return false;
      }
      bound[place++] = &argument;
      continue;
    }
    auto *found = llvm::find_if(
        parameters, [&](const ast::Parameter &p) { return p.name.text == argument.name; });
    if (found == parameters.end()) {
      SmallVector<StringRef> names;
      for (const ast::Parameter &parameter : parameters)
        names.push_back(parameter.name.text);
      report(Diag::UnknownArgument, argument.nameSpan, callee, argument.name,
             suggestion(argument.name, names))
          .note(declaration, "'{0}' is declared here", callee);
      good = false;
      continue;
    }
    size_t index = found - parameters.begin();
    if (bound[index]) {
      report(Diag::RepeatedArgument, argument.span, argument.name)
          .note(bound[index]->span, "the first one is here");
      good = false;
    }
    bound[index] = &argument;
  }
  for (auto [parameter, argument] : llvm::zip_equal(parameters, bound))
    if (!argument && !parameter.defaultValue && good) {
      report(Diag::MissingArgument, call.calleeSpan, callee, parameter.name.text)
          .note(parameter.range, "'{0}' is declared here", parameter.name.text);
      good = false;
    }
  return good;
}

bool Elaborator::bindParameter(const ast::Parameter &parameter, const CallArgument *argument,
                               const Call &call, const std::string &callee, const Instance *self,
                               const ScopeRef &scope) {
  if (!parameter.type)
    return false;
  std::optional<ValueType> wanted = resolveType(*parameter.type, scope);
  const ValueType *hint = wanted ? &*wanted : nullptr;
  Item item = !argument         ? evaluate(*parameter.defaultValue, scope, hint)
              : !argument->expr ? argument->item
                                : evaluate(*argument->expr, call.scope, hint);
  Span span = argument ? argument->span : parameter.defaultValue->range;
  MatchContext match{span, callee, parameter.name.text, self, false};
  std::optional<Item> matched = matchItem(*parameter.type, scope, item, match);
  scope->names[parameter.name.text] = matched.value_or(Item::error());
  return matched.has_value();
}

/// What the context alone decides, `fn orthogonal() -> T[...S]` with no parameter that says T, has
/// the context's type, and the body may use the names. (With a parameter that does, what is
/// expected is no more than a hint: it may be broadcast to.)
void Elaborator::bindContext(const ast::Type &result, const ScopeRef &scope,
                             const ValueType &expected) {
  auto *type = dyn_cast<ast::NamedType>(&result);
  if (!type || type->dims.size() != 1 || !type->dims[0].isSpread() || findElement(*type, scope) ||
      findDimension(scope, type->dims[0].spread.text))
    return;
  std::vector<Item> sizes;
  for (const Dim &dim : expected.dims)
    sizes.push_back(Item::number(dim));
  scope->names[type->name.text] = Item::ofElement(expected.element);
  scope->names[type->dims[0].spread.text] = Item::sequence(Kind::List, std::move(sizes));
}

Item Elaborator::callFunction(const Item &callee, const Call &call) {
  const ast::FunctionDecl &function = *callee.function;
  reached.insert(&function);
  const Instance *self = callee.instance;
  std::string name = function.isCall() ? self->model->name.text.str() : function.name.text.str();
  SmallVector<const CallArgument *> bound;
  if (function.isBroken)
    return Item::error();
  if (!bindArguments(function.parameters, call, name,
                     function.isCall() ? function.wordRange : function.name.range, bound))
    return Item::error();
  auto scope = makeScope(Scope::Kind::Function, callee.scope);
  bool good = true;
  for (auto [parameter, argument] : llvm::zip_equal(function.parameters, bound))
    good &= bindParameter(parameter, argument, call, name, self, scope);
  if (!good || !function.body || !enter(&function, self, call.span, name))
    return Item::error();
  std::optional<ValueType> wanted;
  if (function.result && call.expected)
    bindContext(*function.result, scope, *call.expected);
  if (function.result)
    wanted = resolveType(*function.result, scope);
  // A result type with names of its own takes its shape from the context: `fn kernel() -> T[K, K]`.
  if (!wanted && function.result && call.expected && isa<ast::NamedType>(*function.result))
    wanted = *call.expected;
  auto *emitted = std::exchange(emittedItems, nullptr);
  const ValueType *hint = wanted ? &*wanted : nullptr;
  Item result = function.vjp && hasGraph() ? callWithVjp(function, scope, hint, name)
                                           : evaluateBlock(*function.body, scope, hint);
  emittedItems = emitted;
  result = checkResult(function, result, scope, name);
  leave();
  return result;
}

Item Elaborator::checkResult(const ast::FunctionDecl &function, Item result, const ScopeRef &scope,
                             const std::string &callee) {
  if (result.isError())
    return result;
  Span span = function.body->result ? function.body->result->range : function.name.range;
  if (result.kind == Kind::Unit) {
    report(Diag::NoResult, function.body->result ? span : function.body->range, callee);
    return Item::error();
  }
  if (!function.result)
    return result;
  MatchContext match{span, callee, "the result", nullptr, /*isResult=*/true};
  return matchItem(*function.result, scope, result, match).value_or(Item::error());
}

//===- Builtins -----------------------------------------------------------------------------------

Item Elaborator::callBuiltin(const Builtin &builtin, const Call &call) {
  if (builtin.needsGraph && !hasGraph())
    return unsupported(call.span, "a tensor outside of a function");
  BuiltinCall bound(*this, builtin, call);
  if (builtin.isLazy)
    return builtin.handler(bound);
  bool good = true;
  for (const CallArgument &argument : call.arguments) {
    Item item = argument.expr ? evaluate(*argument.expr, call.scope) : argument.item;
    good &= bound.bind(argument, item);
  }
  if (call.trailing) {
    Item item = Item::unit();
    item.kind = Kind::Lambda;
    item.lambda = call.trailing;
    item.scope = call.scope;
    CallArgument argument{"", {}, nullptr, item, call.trailing->range};
    good &= bound.bind(argument, item);
  }
  if (!good || !bound.complete())
    return Item::error();
  if (hasGraph())
    current->span = call.span;
  return builtin.handler(bound);
}

} // namespace weft
