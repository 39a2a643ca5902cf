// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files and models: names that files declare and import, instances with their settings, parameters
// by dotted path, and the graph that makes the parameters' initial values.
#include "frontend/Elaborate.h"

#include "llvm/ADT/ScopeExit.h"

namespace weft {

using Kind = Item::Kind;

/// Instances of one program.
static constexpr size_t maxInstances = 100000;

//===- Files --------------------------------------------------------------------------------------

void Elaborator::declare(const ScopeRef &scope, const ast::Name &name, Item item) {
  if (!name)
    return;
  auto [place, isNew] = scope->places.try_emplace(name.text, name.range);
  if (!isNew) {
    report(Diag::Redefinition, name.range, name.text)
        .note(place->second, "'{0}' is first declared here", name.text);
    return;
  }
  scope->names[name.text] = std::move(item);
}

void Elaborator::declareFunction(const ast::FunctionDecl &function, const ScopeRef &scope,
                                 Instance *self) {
  if (function.isCall())
    return;
  Item item = Item::unit();
  item.kind = Kind::Function;
  item.function = &function;
  item.instance = self;
  item.scope = scope;
  declare(scope, function.name, std::move(item));
}

void Elaborator::declareConst(const ast::ConstDecl &decl, const ScopeRef &scope) {
  Item value = decl.value ? evaluate(*decl.value, scope) : Item::error();
  if (decl.type && !value.isError()) {
    MatchContext match{decl.value->range, "", decl.name.text, nullptr, /*isResult=*/true};
    value = matchItem(*decl.type, scope, value, match).value_or(Item::error());
  }
  declare(scope, decl.name, std::move(value));
}

ScopeRef Elaborator::fileScope(const ast::File &file) {
  if (auto known = fileScopes.find(&file); known != fileScopes.end())
    return known->second;
  auto scope = makeScope(Scope::Kind::File, preludeScope);
  fileScopes[&file] = scope;
  declareFile(file, scope);
  return scope;
}

void Elaborator::declareFile(const ast::File &file, const ScopeRef &scope) {
  for (const auto &decl : file.decls) {
    if (auto *function = dyn_cast<ast::FunctionDecl>(decl.get())) {
      declareFunction(*function, scope, nullptr);
    } else if (auto *model = dyn_cast<ast::ModelDecl>(decl.get())) {
      Item item = Item::unit();
      item.kind = Kind::Model;
      item.model = model;
      item.scope = scope;
      declare(scope, model->name, std::move(item));
    }
  }
  bindImports(file, scope);
  for (const auto &decl : file.decls)
    if (auto *constant = dyn_cast<ast::ConstDecl>(decl.get()))
      declareConst(*constant, scope);
}

void Elaborator::bindImports(const ast::File &file, const ScopeRef &scope) {
  for (const ast::Import &import : file.imports) {
    ScopeRef module = import.file ? fileScope(*import.file) : nullptr;
    if (import.items.empty() && !import.path.empty()) {
      Item item = module ? Item::unit() : Item::error();
      item.kind = module ? Kind::Module : Kind::Error;
      item.scope = module;
      declare(scope, import.alias ? import.alias : import.path.back(), std::move(item));
    }
    for (const ast::Import::Item &wanted : import.items) {
      Item *found = nullptr;
      if (module)
        if (auto entry = module->names.find(wanted.name.text); entry != module->names.end())
          found = &entry->second;
      // The standard modules also offer what every file sees without an import.
      if (module && !found && import.path.front().text == "std")
        found = preludeScope->find(wanted.name.text);
      if (module && !found && wanted.name) {
        std::vector<StringRef> candidates;
        for (auto &entry : module->names)
          candidates.push_back(entry.first());
        report(Diag::UnknownImport, wanted.name.range, import.module(), wanted.name.text,
               suggestion(wanted.name.text, candidates));
      }
      declare(scope, wanted.bound(), found ? *found : Item::error());
    }
  }
}

//===- Instances ----------------------------------------------------------------------------------

Item Elaborator::instantiate(const Item &model, const Call &call) {
  if (instancePath.empty()) {
    report(Diag::ModelInFunction, call.span, model.model->name.text)
        .note(model.model->name.range, "'{0}' is declared here", model.model->name.text);
    return Item::error();
  }
  Instance *instance = makeInstance(*model.model, model.scope, call, instancePath);
  if (!instance)
    return Item::error();
  Item item = Item::unit();
  item.kind = Kind::Instance;
  item.instance = instance;
  return item;
}

Instance *Elaborator::makeInstance(const ast::ModelDecl &model, const ScopeRef &file,
                                   const Call &call, StringRef path,
                                   std::optional<ValueId> shapedBy) {
  reached.insert(&model);
  if (llvm::is_contained(instantiating, &model)) {
    report(Diag::Recursion, call.span, model.name.text)
        .note(model.name.range, "'{0}' is declared here", model.name.text);
    return nullptr;
  }
  if (instances.size() >= maxInstances) {
    report(Diag::Budget, call.span, maxInstances, "instances of models");
    overBudget = true;
    return nullptr;
  }
  Instance &instance = instances.emplace_back();
  instance.model = &model;
  instance.path = path.str();
  instance.scope = makeScope(Scope::Kind::Model, file);
  instance.span = call.span;
  instantiating.push_back(&model);
  llvm::scope_exit done([&] { instantiating.pop_back(); });
  if (!bindSettings(instance, call) || (shapedBy && !bindShape(instance, *shapedBy)))
    return nullptr;
  std::string outerPath = std::exchange(instancePath, "");
  CheckedBuilder *outerBuilder = std::exchange(current, nullptr);
  instance.hasMembers = true;
  declareMembers(instance);
  current = outerBuilder;
  instancePath = outerPath;
  return &instance;
}

bool Elaborator::bindSettings(Instance &instance, const Call &call) {
  const ast::ModelDecl &model = *instance.model;
  SmallVector<const CallArgument *> bound;
  if (model.isBroken ||
      !bindArguments(model.settings, call, model.name.text.str(), model.name.range, bound))
    return false;
  bool good = true;
  for (auto [setting, argument] : llvm::zip_equal(model.settings, bound)) {
    good &= bindParameter(setting, argument, call, model.name.text.str(), nullptr, instance.scope);
    instance.scope->places[setting.name.text] = setting.name.range;
    instance.settingSpans[setting.name.text] =
        argument ? argument->span : setting.defaultValue->range;
  }
  return good;
}

/// The first parameter of the model's function says what the names in the types of its fields are:
/// `state m: f32[...S]` beside `fn (p: f32[...S], ...)`.
bool Elaborator::bindShape(Instance &instance, ValueId value) {
  for (const auto &member : instance.model->members)
    if (auto *function = dyn_cast<ast::FunctionDecl>(member.get());
        function && function->isCall() && !function->parameters.empty())
      if (auto *type = llvm::dyn_cast_or_null<ast::NamedType>(function->parameters[0].type.get())) {
        MatchContext match{instance.span, instance.model->name.text.str(),
                           function->parameters[0].name.text, &instance, false};
        return matchType(*type, instance.scope, typeOf(value), value, match);
      }
  report(Diag::OptimizerCall, instance.span, instance.model->name.text)
      .note(instance.model->name.range, "'{0}' is declared here", instance.model->name.text);
  return false;
}

void Elaborator::declareMembers(Instance &instance) {
  for (const auto &member : instance.model->members)
    if (auto *function = dyn_cast<ast::FunctionDecl>(member.get()))
      declareFunction(*function, instance.scope, &instance);
  for (const auto &member : instance.model->members) {
    if (auto *constant = dyn_cast<ast::ConstDecl>(member.get()))
      declareConst(*constant, instance.scope);
    else if (auto *variable = dyn_cast<ast::VariableDecl>(member.get()))
      declareVariable(instance, *variable);
    else if (auto *subModel = dyn_cast<ast::SubModelDecl>(member.get()))
      declareSubModel(instance, *subModel);
  }
}

/// A field of a model holds models: one, none, or lists of them.
static bool holdsModels(const Item &item) {
  if (item.isSequence())
    return llvm::all_of(*item.items, holdsModels);
  return item.kind == Kind::Instance || item.kind == Kind::Unit || item.isError();
}

static std::string pathOf(const Instance &instance, StringRef field) {
  return instance.path.empty() ? field.str() : instance.path + "." + field.str();
}

void Elaborator::declareSubModel(Instance &instance, const ast::SubModelDecl &decl) {
  if (!decl.value)
    return declare(instance.scope, decl.name, Item::error());
  instancePath = pathOf(instance, decl.name.text);
  Item value = evaluate(*decl.value, instance.scope);
  instancePath.clear();
  if (!holdsModels(value)) {
    report(Diag::FieldKind, decl.value->range, decl.name.text, describe(value));
    value = Item::error();
  }
  declare(instance.scope, decl.name, std::move(value));
}

std::optional<ValueType> Elaborator::variableType(const ast::VariableDecl &variable,
                                                  const ScopeRef &scope) {
  auto *type = llvm::dyn_cast_or_null<ast::NamedType>(variable.type.get());
  if (!type) {
    if (variable.type && !isa<ast::ErrorType>(*variable.type))
      report(Diag::UnknownType, variable.type->range,
             DiagnosticEngine::textOf(variable.type->range), "");
    return std::nullopt;
  }
  // What an optimizer is for gives it its type; without one it is checked as far as it goes.
  bool isOpen = lenient && llvm::any_of(type->dims, [&](const ast::Dimension &dim) {
                  return dim.isSpread() && !findDimension(scope, dim.spread.text);
                });
  if (isOpen)
    return std::nullopt;
  std::optional<Type> element = findElement(*type, scope);
  if (!element) {
    report(Diag::UnknownType, type->name.range, type->name.text, "");
    return std::nullopt;
  }
  ValueType result{*element, {}};
  for (const ast::Dimension &dim : type->dims) {
    if (dim.isSpread()) {
      Item *bound = findDimension(scope, dim.spread.text);
      if (!bound)
        report(Diag::UnknownName, dim.range, dim.spread.text, "");
      std::optional<Dims> dims =
          bound ? toDims(*bound, dim.range, "a dimension") : std::optional<Dims>();
      if (!dims)
        return std::nullopt;
      llvm::append_range(result.dims, *dims);
      continue;
    }
    std::optional<Dim> size = evaluateDim(*dim.expr, scope);
    if (!size)
      return std::nullopt;
    if (std::optional<int64_t> known = size->constant(); known && *known < 0) {
      report(Diag::NegativeSize, dim.range, *known);
      return std::nullopt;
    }
    result.dims.push_back(*size);
  }
  return result;
}

void Elaborator::declareVariable(Instance &instance, const ast::VariableDecl &variable) {
  std::optional<ValueType> type = variableType(variable, instance.scope);
  if (!type)
    return declare(instance.scope, variable.name, Item::error());
  std::string path = pathOf(instance, variable.name.text);
  // Only instances made twice at one place can collide: `field = both(Linear(1, 2), Linear(1, 2))`.
  auto [place, isNew] = parameterPaths.try_emplace(path, checked.parameters.size());
  if (lenient) // one model after the other, each from the root
    place->second = checked.parameters.size();
  else if (!isNew)
    report(Diag::ParameterPath, instance.span, path)
        .note(variable.name.range, "'{0}' is declared here", variable.name.text);
  Item item = Item::unit();
  item.kind = Kind::Parameter;
  item.parameter = checked.parameters.size();
  std::optional<unsigned> original = originalOf(path);
  checked.parameters.push_back(
      {path, *type, variable.isState || original.has_value(), variable.doc, variable.name.range});
  parameterOrigins.push_back({&variable, &instance, 0, original});
  declare(instance.scope, variable.name, std::move(item));
}

Item Elaborator::symbolicSetting(const ast::Parameter &setting) {
  auto *type = llvm::dyn_cast_or_null<ast::NamedType>(setting.type.get());
  if (!type || type->hasDims)
    return Item::error();
  if (type->name.text == "int")
    return Item::number(Dim::symbol(setting.name.text));
  if (type->name.text == "float")
    return Item::number(0.5);
  if (type->name.text == "bool")
    return Item::boolean(false);
  return Item::error();
}

std::optional<Item> Elaborator::parseSetting(const ast::ModelDecl &root,
                                             const ast::Parameter &setting, StringRef text) {
  auto *type = llvm::dyn_cast_or_null<ast::NamedType>(setting.type.get());
  StringRef name = type ? type->name.text : "";
  int64_t integer;
  double real;
  if (name == "int" && !text.getAsInteger(10, integer))
    return Item::number(Dim(integer));
  if (name == "float" && !text.getAsDouble(real))
    return Item::number(real);
  if (name == "bool" && (text == "true" || text == "false"))
    return Item::boolean(text == "true");
  if (name == "string") {
    Item item = Item::unit();
    item.kind = Kind::Text;
    item.text = text.str();
    return item;
  }
  report(Diag::SettingValue, setting.range, setting.name.text, root.name.text, name, text);
  return std::nullopt;
}

//===- Initial values -----------------------------------------------------------------------------

/// FNV-1a: the stream of random numbers of a parameter depends on its name alone.
static int64_t streamOf(StringRef path) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char byte : path.bytes())
    hash = (hash ^ byte) * 0x100000001b3u;
  // Room for the draws of one initialiser; positive.
  return static_cast<int64_t>((hash >> 1) & ~uint64_t(0xff));
}

std::optional<ValueId> Elaborator::initialValue(unsigned parameter) {
  const CheckedParameter &declared = checked.parameters[parameter];
  const ParameterOrigin origin = parameterOrigins[parameter];
  if (origin.original)
    return initialValue(*origin.original);
  if (!origin.variable) {
    current->span = declared.span;
    return current->splat(declared.type.element, origin.initial, declared.type.dims);
  }
  const ast::VariableDecl &variable = *origin.variable;
  current->span = variable.name.range;
  if (!variable.initial)
    return current->splat(declared.type.element, 0, declared.type.dims);
  state->stream = streamOf(declared.path);
  Span span = variable.initial->range;
  Item item = evaluate(*variable.initial, origin.self->scope, &declared.type);
  if (item.isNumber()) {
    std::optional<ValueId> scalar = toTensor(item, span, declared.type.element);
    return scalar ? std::optional(current->broadcastTo(*scalar, declared.type.dims)) : std::nullopt;
  }
  std::optional<ValueId> value = toTensor(item, span);
  if (value && !(typeOf(*value) == declared.type)) {
    report(Diag::InitialType, span, declared.path, printType(declared.type),
           printType(typeOf(*value)));
    return std::nullopt;
  }
  return value;
}

} // namespace weft
