// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What changes from call to call: assignments to `state`, and `minimize`, which gives the
// parameters of a loss new values by an optimizer. An optimizer is a model; each parameter gets an
// instance of it, whose fields are that parameter's state.
#include "frontend/Builtins.h"
#include "frontend/Elaborate.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/GlobPattern.h"

namespace weft {

using Kind = Item::Kind;

bool Elaborator::inTraining() const { return state && state->isTraining; }

Item Elaborator::evaluateRegion(const ast::RegionExpr &region, const ScopeRef &scope,
                                const ValueType *expected) {
  if (!hasGraph())
    return evaluateBlock(*region.body, scope, expected);
  if (region.region == ast::RegionExpr::Region::Training) {
    bool outer = std::exchange(state->isTraining, true);
    llvm::scope_exit restore([&] { state->isTraining = outer; });
    return evaluateBlock(*region.body, scope, expected);
  }
  CheckedBuilder &graph = *current;
  graph.checkpoints.push_back(++graph.numCheckpoints);
  llvm::scope_exit restore([&] { graph.checkpoints.pop_back(); });
  return evaluateBlock(*region.body, scope, expected);
}

//===- State --------------------------------------------------------------------------------------

bool Elaborator::update(unsigned parameter, ValueId value, Span span) {
  const CheckedParameter &declared = checked.parameters[parameter];
  if (!current->isOutermost()) {
    report(Diag::StateInRegion, span, declared.path);
    return false;
  }
  if (!(typeOf(value) == declared.type)) {
    report(Diag::StateType, span, declared.path, printType(declared.type),
           printType(typeOf(value)));
    return false;
  }
  current->graph.updates[parameter] = value;
  return true;
}

/// `mean = 0.9 * mean + 0.1 * batch_mean`, where `mean` is a state of the model.
void Elaborator::assignState(const Item &target, const Item &value, Span span) {
  const CheckedParameter declared = checked.parameters[target.parameter];
  if (value.isError() || !hasGraph())
    return;
  std::optional<ValueId> before = toTensor(target, span);
  std::optional<ValueId> next = toTensor(value, span, declared.type.element);
  if (!before || !next)
    return;
  if (value.isNumber())
    next = current->broadcastTo(*next, declared.type.dims);
  update(target.parameter, *next, span);
}

//===- Minimize -----------------------------------------------------------------------------------

/// An optimizer as the call names it: a model, with the settings of each of its instances.
struct Elaborator::Optimizer {
  Item model;
  const ast::CallExpr *settings = nullptr; // null if it is named alone
  Span span;
};

/// `adamw(rate: 1e-3)`, or `adamw` where every setting has a default value.
std::optional<Elaborator::Optimizer> Elaborator::readOptimizer(const ast::Expr &expr,
                                                               const ScopeRef &scope) {
  Optimizer optimizer;
  optimizer.span = expr.range;
  optimizer.settings = dyn_cast<ast::CallExpr>(&expr);
  optimizer.model = evaluate(optimizer.settings ? *optimizer.settings->callee : expr, scope);
  if (optimizer.model.isError())
    return std::nullopt;
  if (optimizer.model.kind != Kind::Model) {
    report(Diag::OptimizerForm, expr.range, describe(optimizer.model));
    return std::nullopt;
  }
  return optimizer;
}

/// A compiled pattern refers to its text, which moves with this: it is compiled where it is asked.
bool Elaborator::Pattern::matches(StringRef path) const {
  return llvm::cantFail(llvm::GlobPattern::create(text)).match(path);
}

/// Text, or a list of texts, as patterns in which `*` stands for any characters.
bool Elaborator::readPatterns(const ast::Expr &expr, const ScopeRef &scope,
                              std::vector<Pattern> &patterns) {
  Item item = evaluate(expr, scope);
  if (item.isError())
    return false;
  std::vector<Item> texts = item.isSequence() ? *item.items : std::vector<Item>{item};
  for (const Item &text : texts) {
    llvm::Expected<llvm::GlobPattern> pattern = text.kind == Kind::Text
                                                    ? llvm::GlobPattern::create(text.text)
                                                    : llvm::createStringError("no text");
    if (!pattern) {
      report(Diag::ParameterPattern, expr.range, describe(text),
             llvm::toString(pattern.takeError()));
      return false;
    }
    patterns.push_back({text.text, expr.range});
  }
  return true;
}

/// The float parameters that `loss` was computed from, in the order of their declaration.
SmallVector<unsigned> Elaborator::parametersOf(ValueId loss) {
  llvm::DenseMap<ValueId, const CheckedOp *> made;
  for (const CheckedOp &op : current->graph.body.ops)
    for (ValueId result : op.results)
      made[result] = &op;
  llvm::DenseSet<ValueId> seen = {loss};
  SmallVector<ValueId> work = {loss};
  auto reach = [&](ValueId value) {
    if (seen.insert(value).second)
      work.push_back(value);
  };
  std::function<void(const CheckedOp &)> visit = [&](const CheckedOp &op) {
    llvm::for_each(op.operands, reach);
    for (const CheckedBlock &region : op.regions) {
      llvm::for_each(region.ops, visit);
      llvm::for_each(region.results, reach);
    }
  };
  while (!work.empty())
    if (const CheckedOp *op = made.lookup(work.pop_back_val()))
      visit(*op);
  SmallVector<unsigned> found;
  for (auto &[parameter, value] : current->graph.parameters) {
    const CheckedParameter &declared = checked.parameters[parameter];
    if (!declared.isState && isFloatElement(declared.type.element) &&
        seen.contains(currentValue(parameter)))
      found.push_back(parameter);
  }
  llvm::sort(found);
  return found;
}

ValueId Elaborator::currentValue(unsigned parameter) {
  auto updated = current->graph.updates.find(parameter);
  return updated != current->graph.updates.end() ? updated->second
                                                 : current->graph.parameters[parameter];
}

/// A state that no declaration of the source stands for.
unsigned Elaborator::ownState(const std::string &path, const ValueType &type, Span span,
                              double initial) {
  auto [place, isNew] = ownStates.try_emplace(path, checked.parameters.size());
  if (isNew) {
    checked.parameters.push_back({path, type, /*isState=*/true, "", span});
    parameterOrigins.push_back({nullptr, nullptr, initial});
  }
  return place->second;
}

/// What a state holds here.
ValueId Elaborator::valueOfState(unsigned parameter, Span span) {
  Item item = Item::unit();
  item.kind = Kind::Parameter;
  item.parameter = parameter;
  return *toTensor(item, span);
}

/// Parameters that no pattern of `freeze` names.
bool Elaborator::thaw(SmallVector<unsigned> &parameters, ArrayRef<Pattern> frozen) {
  for (const Pattern &pattern : frozen)
    if (llvm::none_of(parameters, [&](unsigned parameter) {
          return pattern.matches(checked.parameters[parameter].path);
        })) {
      reportUnmatched(pattern, parameters);
      return false;
    }
  llvm::erase_if(parameters, [&](unsigned parameter) {
    return llvm::any_of(frozen, [&](const Pattern &pattern) {
      return pattern.matches(checked.parameters[parameter].path);
    });
  });
  return true;
}

void Elaborator::reportUnmatched(const Pattern &pattern, ArrayRef<unsigned> parameters) {
  std::string some;
  for (unsigned parameter : parameters.take_front(4))
    some += (some.empty() ? "" : ", ") + checked.parameters[parameter].path;
  report(Diag::UnmatchedPattern, pattern.span, pattern.text,
         some + (parameters.size() > 4 ? ", ..." : ""));
}

/// All gradients times min(1, limit / norm), where norm is that of all of them together: Pascanu et
/// al., arXiv:1211.5063.
void Elaborator::clipNorm(SmallVector<ValueId> &gradients, double limit) {
  Type f32 = mlir::Float32Type::get(context);
  std::optional<ValueId> sum;
  for (ValueId gradient : gradients) {
    SmallVector<int64_t> axes =
        llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(typeOf(gradient).rank())));
    ValueId wide = current->cast(gradient, f32);
    ValueId square = current->binary("mul", wide, wide);
    ValueId one = axes.empty() ? square : current->reduce("sum", square, axes);
    sum = sum ? current->binary("add", *sum, one) : one;
  }
  ValueId norm = current->unary("sqrt", *sum);
  // As PyTorch does, so that a norm of 0 divides nothing by 0.
  ValueId divisor = current->binary("add", norm, current->constant(f32, 1e-6));
  ValueId ratio = current->binary("div", current->constant(f32, limit), divisor);
  ValueId factor = current->binary("min", ratio, current->constant(f32, 1));
  for (ValueId &gradient : gradients) {
    ValueId own = current->cast(factor, typeOf(gradient).element);
    gradient =
        current->binary("mul", gradient, current->broadcastTo(own, Dims(typeOf(gradient).dims)));
  }
}

void Elaborator::clipValue(SmallVector<ValueId> &gradients, double limit) {
  for (ValueId &gradient : gradients) {
    const ValueType type = typeOf(gradient);
    gradient = current->binary("min", gradient, current->splat(type.element, limit, type.dims));
    gradient = current->binary("max", gradient, current->splat(type.element, -limit, type.dims));
  }
}

/// The instance of an optimizer for one parameter, whose shape the first parameter of the model's
/// function binds: `fn (p: f32[...S], g: f32[...S]) -> f32[...S]`.
Instance *Elaborator::optimizerFor(const Optimizer &optimizer, unsigned parameter,
                                   const std::string &prefix, const ScopeRef &scope) {
  const std::string path = prefix + "." + checked.parameters[parameter].path;
  if (auto known = optimizers.find(path); known != optimizers.end())
    return known->second;
  Call call;
  call.span = call.calleeSpan = optimizer.span;
  call.scope = scope;
  if (optimizer.settings)
    for (const ast::Argument &argument : optimizer.settings->arguments)
      call.arguments.push_back({argument.name.text, argument.name.range, argument.value.get(),
                                Item::error(), argument.value->range});
  ValueId value = currentValue(parameter);
  Instance *instance =
      makeInstance(*optimizer.model.model, optimizer.model.scope, call, path, value);
  optimizers[path] = instance;
  return instance;
}

static const ast::FunctionDecl *callOf(const Instance &instance) {
  for (const auto &member : instance.model->members)
    if (auto *function = dyn_cast<ast::FunctionDecl>(member.get()); function && function->isCall())
      return function;
  return nullptr;
}

/// The new value of a parameter.
std::optional<ValueId> Elaborator::stepOf(Instance &instance, unsigned parameter, ValueId gradient,
                                          const std::string &prefix, Span span) {
  const ast::FunctionDecl *function = callOf(instance);
  if (!function || function->parameters.size() < 2 || function->parameters.size() > 3) {
    report(Diag::OptimizerCall, span, instance.model->name.text)
        .note(instance.model->name.range, "'{0}' is declared here", instance.model->name.text);
    return std::nullopt;
  }
  Item callee = Item::unit();
  callee.kind = Kind::Function;
  callee.function = function;
  callee.instance = &instance;
  callee.scope = instance.scope;
  Call call;
  call.span = call.calleeSpan = span;
  call.scope = instance.scope;
  auto pass = [&](ValueId value) {
    call.arguments.push_back({"", {}, nullptr, Item::tensor(value), span});
  };
  pass(currentValue(parameter));
  pass(gradient);
  if (function->parameters.size() == 3)
    pass(stepNumber(prefix, span));
  Item result = callFunction(callee, call);
  return result.isError() ? std::nullopt
                          : toTensor(result, span, checked.parameters[parameter].type.element);
}

/// The number of this step, from 1 on, f32; counted once a `minimize`.
ValueId Elaborator::stepNumber(const std::string &prefix, Span span) {
  Type i64 = mlir::IntegerType::get(context, 64), f32 = mlir::Float32Type::get(context);
  unsigned counter = ownState(prefix + ".step", {i64, {}}, span);
  if (!countedSteps.insert({&current->graph, counter}).second)
    return current->cast(currentValue(counter), f32);
  ValueId before = valueOfState(counter, span);
  current->span = span;
  ValueId next = current->binary("add", before, current->constantInteger(i64, 1));
  update(counter, next, span);
  return current->cast(next, f32);
}

/// What a call of `minimize` says.
struct Elaborator::Minimization {
  const CallArgument *loss = nullptr, *by = nullptr, *freeze = nullptr, *groups = nullptr;
  std::optional<double> normLimit, valueLimit, lossScale;
  int64_t every = 1;
};

/// `clip_norm: 1.0`: a number that is greater than 0.
std::optional<double> Elaborator::readPositive(const CallArgument &argument, const Call &call) {
  std::optional<double> value =
      argument.expr ? toReal(evaluate(*argument.expr, call.scope), argument.span, argument.name)
                    : std::nullopt;
  if (value && !(*value > 0)) {
    report(Diag::ClipLimit, argument.span, argument.name, std::to_string(*value));
    return std::nullopt;
  }
  return value;
}

/// One argument by its name, or by its place if it has none.
bool Elaborator::readMinimizeArgument(const CallArgument &argument, const Call &call,
                                      Minimization &asked) {
  StringRef name = argument.name;
  auto limit = [&](std::optional<double> &place) {
    place = readPositive(argument, call);
    return place.has_value();
  };
  if ((name.empty() && !asked.loss) || name == "loss")
    return asked.loss = &argument, true;
  if (name == "by" || (name.empty() && !asked.by))
    return asked.by = &argument, true;
  if (name == "freeze")
    return asked.freeze = &argument, true;
  if (name == "groups")
    return asked.groups = &argument, true;
  if (name == "clip_norm")
    return limit(asked.normLimit);
  if (name == "clip_value")
    return limit(asked.valueLimit);
  if (name == "loss_scale")
    return limit(asked.lossScale);
  if (name == "every") {
    std::optional<int64_t> count =
        argument.expr ? toConstant(evaluate(*argument.expr, call.scope), argument.span, name)
                      : std::nullopt;
    if (count && *count < 1)
      report(Diag::TooSmall, argument.span, name, 1, *count);
    asked.every = count.value_or(0);
    return asked.every >= 1;
  }
  report(Diag::UnknownArgument, argument.span, "minimize", name.empty() ? "a third value" : name,
         suggestion(name, {"loss", "by", "freeze", "groups", "clip_norm", "clip_value", "every",
                           "loss_scale"}));
  return false;
}

bool Elaborator::readMinimization(const Call &call, Minimization &asked) {
  for (const CallArgument &argument : call.arguments)
    if (!readMinimizeArgument(argument, call, asked))
      return false;
  if (!asked.loss || !asked.by || !asked.by->expr) {
    report(Diag::MissingArgument, call.calleeSpan, "minimize", asked.loss ? "by" : "loss");
    return false;
  }
  if (!current->isOutermost()) {
    report(Diag::MinimizePlace, call.span);
    return false;
  }
  return true;
}

/// The loss, computed as in training.
std::optional<ValueId> Elaborator::lossOf(const CallArgument &argument, const ScopeRef &scope) {
  bool outer = std::exchange(state->isTraining, true);
  Item item = argument.expr ? evaluate(*argument.expr, scope) : argument.item;
  state->isTraining = outer;
  std::optional<ValueId> loss = toTensor(item, argument.span);
  if (loss && (!typeOf(*loss).isScalar() || !isFloatElement(typeOf(*loss).element))) {
    report(Diag::GradientOf, argument.span, "minimize", printType(typeOf(*loss)));
    return std::nullopt;
  }
  return loss;
}

/// The parameters that the loss depends on and no pattern freezes; each pattern names one of them.
std::optional<SmallVector<unsigned>>
Elaborator::trainedBy(ValueId loss, const Minimization &asked,
                      ArrayRef<std::pair<Pattern, Optimizer>> special, const ScopeRef &scope) {
  std::vector<Pattern> frozen;
  if (asked.freeze && (!asked.freeze->expr || !readPatterns(*asked.freeze->expr, scope, frozen)))
    return std::nullopt;
  SmallVector<unsigned> parameters = parametersOf(loss);
  if (!parameters.empty() && !thaw(parameters, frozen))
    return std::nullopt;
  if (parameters.empty()) {
    if (!lenient)
      report(Diag::NothingToMinimize, asked.loss->span,
             frozen.empty() ? "" : " that is not frozen");
    return std::nullopt;
  }
  for (const auto &group : special)
    if (llvm::none_of(parameters, [&](unsigned parameter) {
          return group.first.matches(checked.parameters[parameter].path);
        })) {
      reportUnmatched(group.first, parameters);
      return std::nullopt;
    }
  return parameters;
}

Item Elaborator::minimize(const Call &call) {
  Minimization asked;
  if (!readMinimization(call, asked))
    return Item::error();
  std::optional<ValueId> loss = lossOf(*asked.loss, call.scope);
  std::optional<Optimizer> optimizer = readOptimizer(*asked.by->expr, call.scope);
  std::vector<std::pair<Pattern, Optimizer>> special;
  if (!loss || !optimizer)
    return Item::error();
  if (asked.groups &&
      (!asked.groups->expr || !readGroups(*asked.groups->expr, call.scope, special)))
    return Item::error();
  std::optional<SmallVector<unsigned>> parameters = trainedBy(*loss, asked, special, call.scope);
  if (!parameters)
    return Item::error();

  current->span = call.span;
  auto [site, isNew] = minimizeSites.try_emplace(asked.by->expr, minimizeSites.size() + 1);
  std::string prefix = site->second == 1 ? "optimizer" : "optimizer" + std::to_string(site->second);
  StepPlan plan{prefix, call.span, asked.every, asked.lossScale};
  SmallVector<ValueId> gradients = gradientsFor(*loss, *parameters, plan);
  if (asked.valueLimit)
    clipValue(gradients, *asked.valueLimit);
  if (asked.normLimit)
    clipNorm(gradients, *asked.normLimit);

  auto before = current->graph.updates;
  // All steps are taken from the values before them.
  SmallVector<std::pair<unsigned, ValueId>> next;
  for (auto [parameter, gradient] : llvm::zip_equal(*parameters, gradients)) {
    const Optimizer *own = &*optimizer;
    for (const auto &[pattern, other] : special)
      if (pattern.matches(checked.parameters[parameter].path)) {
        own = &other;
        break;
      }
    Instance *instance = optimizerFor(*own, parameter, prefix, call.scope);
    if (!instance)
      return Item::error();
    std::optional<ValueId> value = stepOf(*instance, parameter, gradient, prefix, own->span);
    if (!value)
      return Item::error();
    next.emplace_back(parameter, *value);
  }
  for (auto [parameter, value] : next)
    if (!update(parameter, value, asked.by->span))
      return Item::error();
  if (plan.applies)
    keepUnless(*plan.applies, before);
  return Item::tensor(*loss);
}

/// `groups: [("head.*", adamw(rate: 1e-2)), ...]`: the first pattern that a parameter matches says
/// which optimizer it gets.
bool Elaborator::readGroups(const ast::Expr &expr, const ScopeRef &scope,
                            std::vector<std::pair<Pattern, Optimizer>> &groups) {
  auto *list = dyn_cast<ast::ListExpr>(&expr);
  if (!list) {
    report(Diag::GroupForm, expr.range);
    return false;
  }
  for (const auto &element : list->elements) {
    auto *pair = dyn_cast<ast::TupleExpr>(element.get());
    std::vector<Pattern> patterns;
    if (!pair || pair->elements.size() != 2) {
      report(Diag::GroupForm, element->range);
      return false;
    }
    std::optional<Optimizer> optimizer = readOptimizer(*pair->elements[1], scope);
    if (!optimizer || !readPatterns(*pair->elements[0], scope, patterns))
      return false;
    for (Pattern &pattern : patterns)
      groups.emplace_back(std::move(pattern), *optimizer);
  }
  return true;
}

} // namespace weft
