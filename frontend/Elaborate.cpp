// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole: which functions are elaborated and in which order, what limits the growth of a
// program, and how messages say where the fault was met.
#include "frontend/Elaborate.h"
#include "frontend/Builtins.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/SourceMgr.h"

namespace weft {

using Kind = Item::Kind;

/// Operations of all graphs together.
static constexpr size_t maxOperations = 1000000;
/// Evaluated expressions: ends loops that make no operations.
static constexpr size_t maxSteps = 1000000;

/// Makes a graph the one under construction for a while.
class Elaborator::GraphScope {
public:
  GraphScope(Elaborator &theElaborator, CheckedGraph &graph, bool isInitialisation = false)
      : elaborator(theElaborator), builder(graph, theElaborator.context) {
    own.isInitialisation = isInitialisation;
    outerBuilder = std::exchange(elaborator.current, &builder);
    outerState = std::exchange(elaborator.state, &own);
  }
  ~GraphScope() {
    elaborator.operationCount += builder.numOps();
    elaborator.current = outerBuilder;
    elaborator.state = outerState;
  }

private:
  Elaborator &elaborator;
  CheckedBuilder builder;
  GraphState own;
  CheckedBuilder *outerBuilder;
  GraphState *outerState;
};

Elaborator::Elaborator(const Program &theProgram, ArrayRef<const ast::File *> prelude,
                       DiagnosticEngine &engine, MLIRContext *theContext)
    : context(theContext), diagnostics(engine), program(theProgram) {
  builtinScope = makeScope(Scope::Kind::File, nullptr);
  for (ArrayRef<Builtin> family :
       {elementwiseBuiltins(), numberBuiltins(), shapeBuiltins(), reductionBuiltins(),
        patternBuiltins(), neuralBuiltins(), indexingBuiltins(), creationBuiltins(),
        controlBuiltins(), derivativeBuiltins()})
    for (const Builtin &builtin : family) {
      Item item = Item::unit();
      item.kind = Kind::Builtin;
      item.builtin = &builtin;
      builtinScope->names[builtin.name] = std::move(item);
    }
  preludeScope = makeScope(Scope::Kind::File, builtinScope);
  for (const ast::File *file : prelude) {
    fileScopes[file] = preludeScope;
    declareFile(*file, preludeScope);
  }
}

//===- Reports ------------------------------------------------------------------------------------

/// A fault that shows inside a library function is met through a use in the user's own file.
void Elaborator::noteUse(Diagnostic &message, Span where) {
  const llvm::SourceMgr &sources = diagnostics.sourceMgr();
  unsigned own = program.files.empty() ? 0 : program.main().buffer;
  if (!where.isValid() || sources.FindBufferContainingLoc(where.Start) == own)
    return;
  for (const Frame &frame : llvm::reverse(frames))
    if (frame.span.isValid() && sources.FindBufferContainingLoc(frame.span.Start) == own) {
      message.note(frame.span, "in this use of '{0}'", frame.name);
      return;
    }
}

Item Elaborator::unsupported(Span where, StringRef what) {
  if (!lenient)
    report(Diag::Unsupported, where, what);
  return Item::error();
}

std::string Elaborator::suggestion(StringRef name, ArrayRef<StringRef> candidates) const {
  StringRef best;
  unsigned bestDistance = name.size() < 4 ? 2 : 3;
  for (StringRef candidate : candidates) {
    unsigned distance = name.edit_distance(candidate, /*AllowReplacements=*/true, bestDistance);
    if (distance < bestDistance ||
        (distance == bestDistance && !best.empty() && candidate < best)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best.empty() ? "" : ("; did you mean '" + best + "'?").str();
}

void Elaborator::noteValue(Diagnostic &message, ValueId value) {
  const CheckedValue &made = current->graph.values[value];
  message.note(made.span, "the value is {0}", printType(made.type));
}

bool Elaborator::withinBudget(Span span) {
  size_t count = operationCount + (current ? current->numOps() : 0);
  if (count <= maxOperations && ++stepCount <= maxSteps)
    return true;
  if (count > maxOperations)
    report(Diag::Budget, span, maxOperations, "operations");
  else
    report(Diag::Budget, span, maxSteps, "steps of elaboration");
  overBudget = true;
  return false;
}

ValueId Elaborator::seed() {
  if (!state->seed) {
    Span span = std::exchange(current->span, current->graph.span);
    Type u64 = mlir::IntegerType::get(context, 64, mlir::IntegerType::Unsigned);
    state->seed = current->argument({u64, {}});
    current->graph.inputs.push_back({"seed", *state->seed});
    current->span = span;
  }
  return *state->seed;
}

int64_t Elaborator::nextStream() { return state->stream++; }

//===- Exports ------------------------------------------------------------------------------------

static bool hasExports(const ast::ModelDecl &model) {
  return llvm::any_of(model.members, [](const auto &member) {
    auto *function = dyn_cast<ast::FunctionDecl>(member.get());
    return function && function->isExport;
  });
}

bool Elaborator::hasExports() const {
  return llvm::any_of(program.main().decls, [](const auto &decl) {
    if (auto *model = dyn_cast<ast::ModelDecl>(decl.get()))
      return weft::hasExports(*model);
    auto *function = dyn_cast<ast::FunctionDecl>(decl.get());
    return function && function->isExport;
  });
}

const ast::ModelDecl *Elaborator::findRoot(StringRef name) {
  const ast::ModelDecl *root = nullptr;
  SmallVector<StringRef> names;
  for (const auto &decl : program.main().decls)
    if (auto *model = dyn_cast<ast::ModelDecl>(decl.get())) {
      names.push_back(model->name.text);
      if (name.empty() ? weft::hasExports(*model) : model->name.text == name)
        root = model;
    }
  if (!root && !name.empty())
    report(Diag::UnknownRoot, {}, name, suggestion(name, names));
  return root;
}

/// The values that the caller gives to settings of the root, each wrong one reported once.
bool Elaborator::readSettings(const ast::ModelDecl &root, const SettingValues &settings,
                              Call &call) {
  bool good = true;
  llvm::StringSet<> given;
  SmallVector<StringRef> names;
  for (const ast::Parameter &setting : root.settings)
    names.push_back(setting.name.text);
  for (const auto &[name, text] : settings) {
    auto setting = llvm::find_if(root.settings, [&, &wanted = name](const ast::Parameter &s) {
      return s.name.text == wanted;
    });
    if (!given.insert(name).second) {
      report(Diag::RepeatedArgument, root.name.range, name);
      good = false;
    } else if (setting == root.settings.end()) {
      report(Diag::UnknownSetting, root.name.range, root.name.text, name, suggestion(name, names));
      good = false;
    } else if (std::optional<Item> item = parseSetting(root, *setting, text)) {
      call.arguments.push_back({name, root.name.range, nullptr, *item, root.name.range});
    } else {
      good = false;
    }
  }
  return good;
}

CheckedProgram Elaborator::elaborateExports(StringRef rootModel, const SettingValues &settings) {
  ScopeRef file = fileScope(program.main());
  const ast::ModelDecl *root = findRoot(rootModel);
  Instance *instance = nullptr;
  if (root) {
    checked.name = root->name.text.str();
    checked.doc = root->doc;
    Call call;
    call.span = call.calleeSpan = root->name.range;
    call.scope = file;
    if (!readSettings(*root, settings, call))
      return {};
    instance = makeInstance(*root, file, call, "");
  }
  size_t found = 0;
  auto elaborateAll = [&](const ast::List<ast::Decl> &decls, Instance *self,
                          const ScopeRef &scope) {
    for (const auto &decl : decls)
      if (auto *function = dyn_cast<ast::FunctionDecl>(decl.get());
          function && function->isExport) {
        ++found;
        elaborateExport(*function, self, scope);
      }
  };
  elaborateAll(program.main().decls, nullptr, file);
  if (instance)
    elaborateAll(root->members, instance, instance->scope);
  if (!root && rootModel.empty())
    for (const auto &[name, text] : settings)
      report(Diag::UnknownSetting, {}, program.main().path, name, "");
  if (found == 0 && !root)
    report(Diag::NoExport, {}, program.main().path);
  return withUsedParameters();
}

std::optional<Item> Elaborator::declareInput(const ast::Parameter &parameter, const ScopeRef &scope,
                                             CheckedGraph *graph) {
  auto *type = llvm::dyn_cast_or_null<ast::NamedType>(parameter.type.get());
  bool isExport = graph != nullptr;
  if (!type || isCompileTimeType(*type)) {
    if (isExport && parameter.type && !isa<ast::ErrorType>(*parameter.type)) {
      report(Diag::ExportType, parameter.type->range,
             "takes '" + DiagnosticEngine::textOf(parameter.type->range) + "'");
      return std::nullopt;
    }
    return symbolicSetting(parameter);
  }
  if (!isExport && !type->hasDims && type->name.text == "bool")
    return symbolicSetting(parameter);
  Item *named = scope->find(type->name.text);
  if (named && named->kind == Kind::Model) {
    if (isExport)
      report(Diag::ExportType, type->range, "takes a model '" + type->name.text + "'");
    return std::nullopt;
  }
  std::optional<ValueType> declared = declareType(*type, scope, isExport);
  if (!declared)
    return std::nullopt;
  current->span = parameter.name.range;
  ValueId value = current->argument(*declared);
  current->graph.inputs.push_back({parameter.name.text.str(), value});
  return Item::tensor(value);
}

bool Elaborator::declareInputs(const ast::FunctionDecl &function, const ScopeRef &scope,
                               CheckedGraph *graph) {
  bool good = true;
  for (const ast::Parameter &parameter : function.parameters) {
    std::optional<Item> item = declareInput(parameter, scope, graph);
    good &= item.has_value();
    scope->names[parameter.name.text] = item.value_or(Item::error());
  }
  return good;
}

bool Elaborator::nameResults(const ast::FunctionDecl &function, const Item &result,
                             CheckedGraph &graph) {
  Span span = function.body->result ? function.body->result->range : function.body->range;
  SmallVector<ValueId> values;
  if (!flatten(result, span, values))
    return false;
  auto *tuple = llvm::dyn_cast_or_null<ast::TupleType>(function.result.get());
  for (size_t place = 0; place < values.size(); ++place) {
    std::string name = values.size() == 1 ? "result" : "result" + std::to_string(place);
    if (tuple && tuple->elements.size() == values.size() && tuple->elements[place].name)
      name = tuple->elements[place].name.text.str();
    graph.resultNames.push_back(name);
  }
  graph.body.results.assign(values.begin(), values.end());
  return true;
}

void Elaborator::elaborateExport(const ast::FunctionDecl &function, Instance *self,
                                 const ScopeRef &outer) {
  reached.insert(&function);
  // The parser has reported what is missing.
  if (!function.body || !function.name)
    return;
  for (const CheckedGraph &other : checked.exports)
    if (other.name == function.name.text) {
      report(Diag::Redefinition, function.name.range, function.name.text)
          .note(other.span, "'{0}' is first declared here", function.name.text);
      return;
    }
  CheckedGraph graph;
  graph.name = function.name.text.str();
  graph.doc = function.doc;
  graph.span = function.name.range;
  {
    GraphScope building(*this, graph);
    auto scope = makeScope(Scope::Kind::Function, outer);
    if (!declareInputs(function, scope, &graph) ||
        !enter(&function, self, function.name.range, graph.name))
      return;
    std::optional<ValueType> wanted;
    if (function.result)
      wanted = resolveType(*function.result, scope);
    Item result = evaluateBlock(*function.body, scope, wanted ? &*wanted : nullptr);
    result = checkResult(function, result, scope, graph.name);
    leave();
    if (result.isError() || !nameResults(function, result, graph))
      return;
  }
  checked.exports.push_back(std::move(graph));
}

//===- What no export reaches ---------------------------------------------------------------------

/// The result type with symbols for the names that only the caller would know.
std::optional<ValueType> Elaborator::wantedInLibrary(const ast::NamedType &type,
                                                     const ScopeRef &scope) {
  if (std::optional<ValueType> known = resolveType(type, scope))
    return known;
  bool isKnown = llvm::all_of(type.dims, [&](const ast::Dimension &dim) {
    auto *name = llvm::dyn_cast_or_null<ast::NameExpr>(dim.expr.get());
    return !name || findDimension(scope, name->name.text);
  });
  if (!isKnown)
    return std::nullopt;
  return declareType(type, makeScope(Scope::Kind::Block, scope), /*isExport=*/false);
}

void Elaborator::checkFunction(const ast::FunctionDecl &function, Instance *self,
                               const ScopeRef &outer) {
  if (!function.body || !reached.insert(&function).second)
    return;
  CheckedGraph &graph = scratchGraphs.emplace_back();
  graph.span = function.name.range;
  GraphScope building(*this, graph);
  std::string name = function.isCall() ? self->model->name.text.str() : function.name.text.str();
  auto scope = makeScope(Scope::Kind::Function, outer);
  declareInputs(function, scope, nullptr);
  if (!enter(&function, self, function.wordRange, name))
    return;
  std::optional<ValueType> wanted;
  if (auto *type = llvm::dyn_cast_or_null<ast::NamedType>(function.result.get()))
    if (!isCompileTimeType(*type))
      wanted = wantedInLibrary(*type, scope);
  if (wanted)
    bindContext(*function.result, scope, *wanted);
  Item result = evaluateBlock(*function.body, scope, wanted ? &*wanted : nullptr);
  checkResult(function, result, scope, name);
  leave();
}

void Elaborator::checkModel(const ast::ModelDecl &model, const ScopeRef &scope) {
  Instance *instance = nullptr;
  if (reached.contains(&model)) {
    auto found = llvm::find_if(
        instances, [&](const Instance &i) { return i.model == &model && i.hasMembers; });
    instance = found == instances.end() ? nullptr : &*found;
  } else {
    Call call;
    call.span = call.calleeSpan = model.name.range;
    call.scope = scope;
    for (const ast::Parameter &setting : model.settings)
      if (!setting.defaultValue)
        call.arguments.push_back({setting.name.text, setting.name.range, nullptr,
                                  symbolicSetting(setting), setting.name.range});
    size_t before = parameterOrigins.size();
    instance = makeInstance(model, scope, call, "");
    for (size_t index = before; instance && index < parameterOrigins.size(); ++index) {
      GraphScope building(*this, scratchGraphs.emplace_back(), /*isInitialisation=*/true);
      initialValue(index);
    }
  }
  if (!instance)
    return;
  for (const auto &member : model.members)
    if (auto *function = dyn_cast<ast::FunctionDecl>(member.get()))
      checkFunction(*function, instance, instance->scope);
}

void Elaborator::checkLibrary() {
  lenient = true;
  ScopeRef scope = fileScope(program.main());
  for (const auto &decl : program.main().decls) {
    if (overBudget)
      return;
    if (auto *function = dyn_cast<ast::FunctionDecl>(decl.get()))
      checkFunction(*function, nullptr, scope);
    else if (auto *model = dyn_cast<ast::ModelDecl>(decl.get()))
      checkModel(*model, scope);
  }
}

//===- Parameters ---------------------------------------------------------------------------------

/// The program with the parameters that its exports read. The elaborator's own list stays whole:
/// items refer to it.
CheckedProgram Elaborator::withUsedParameters() {
  CheckedProgram result;
  result.name = checked.name;
  result.doc = checked.doc;
  std::vector<bool> isUsed(checked.parameters.size(), false);
  for (const CheckedGraph &graph : checked.exports)
    for (const auto &[index, value] : graph.parameters)
      isUsed[index] = true;
  std::vector<unsigned> newIndex(isUsed.size(), 0);
  SmallVector<unsigned> used;
  for (unsigned index = 0; index < isUsed.size(); ++index)
    if (isUsed[index]) {
      newIndex[index] = used.size();
      used.push_back(index);
      result.parameters.push_back(checked.parameters[index]);
    }
  result.exports = std::move(checked.exports);
  for (CheckedGraph &graph : result.exports) {
    llvm::MapVector<unsigned, ValueId> renumbered;
    for (const auto &[index, value] : graph.parameters)
      renumbered[newIndex[index]] = value;
    graph.parameters = std::move(renumbered);
    llvm::MapVector<unsigned, ValueId> updates;
    for (const auto &[index, value] : graph.updates)
      updates[newIndex[index]] = value;
    graph.updates = std::move(updates);
  }
  if (!used.empty())
    result.initialisation = elaborateInitialisation(used);
  return result;
}

CheckedGraph Elaborator::elaborateInitialisation(ArrayRef<unsigned> used) {
  CheckedGraph graph;
  graph.name = "weft.init";
  GraphScope building(*this, graph, /*isInitialisation=*/true);
  seed();
  for (unsigned index : used)
    if (std::optional<ValueId> value = initialValue(index)) {
      graph.body.results.push_back(*value);
      graph.resultNames.push_back(checked.parameters[index].path);
    }
  return graph;
}

} // namespace weft
