// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tree is made from paths, layers are put in, and what is no model is taken out again.
#include "frontend/source/Modules.h"

#include "frontend/source/Spelling.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"

#include <set>

namespace weft::source {

/// Weights of more elements than this are not copied for each model that reads them.
static constexpr int64_t mostCopiedElements = 65536;

Operation *topLevel(Operation *op, mlir::Block &body) { return body.findAncestorOpInBlock(*op); }

//===- One model ----------------------------------------------------------------------------------

Module *Module::child(StringRef wanted) {
  for (auto &one : children)
    if (one->name == wanted)
      return one.get();
  children.push_back(std::make_unique<Module>());
  children.back()->name = wanted.str();
  children.back()->parent = this;
  return children.back().get();
}

SmallVector<Module *> Module::called() const {
  SmallVector<Module *> result;
  for (const auto &one : children) {
    if (!one->isList)
      result.push_back(one.get());
    else
      for (const auto &element : one->children)
        result.push_back(element.get());
  }
  return result;
}

std::string Module::path() const {
  if (!parent)
    return "";
  std::string outer = parent->path();
  return outer.empty() ? name : outer + "." + name;
}

static bool isNumber(StringRef name) { return !name.empty() && llvm::all_of(name, llvm::isDigit); }

//===- Making the tree ----------------------------------------------------------------------------

ModuleTree::ModuleTree(mlir::func::FuncOp theFunction, bool isFlat)
    : function(theFunction), body(theFunction.getBody().front()), useMap(body) {
  assignPaths(isFlat);
  if (!isFlat) {
    llvm::DenseSet<Operation *> taken;
    for (Operation &op : body) {
      std::optional<Layer> layer = matchLayer(&op, useMap);
      if (!layer || llvm::any_of(layer->ops, [&](Operation *o) { return taken.contains(o); }))
        continue;
      bool isShared = llvm::any_of(layer->weights, [&](const Weight &weight) {
        return useMap.usersOf(weight.parameter).size() > 1 &&
               cast<RankedTensorType>(weight.parameter.getType()).getNumElements() >
                   mostCopiedElements;
      });
      if (isShared)
        continue;
      taken.insert(layer->ops.begin(), layer->ops.end());
      placeLayer(std::move(*layer));
    }
  }
  tidy(*top);
  makeLists(*top);
  while (dissolveBroken(*top)) {
  }
  finish();
}

void ModuleTree::place(Operation *op, ArrayRef<std::string> path) {
  Module *module = top.get();
  for (const std::string &name : path)
    module = module->child(name);
  module->ops.push_back(op);
  owners[op] = module;
}

/// A layer is the model of its scope if nothing else is in there, else a field in it.
void ModuleTree::placeLayer(Layer layer) {
  Module *scope = owner(layer.ops.front());
  for (Operation *op : layer.ops)
    llvm::erase(owner(op)->ops, op);
  Module *home = scope;
  if (scope == top.get() || !scope->ops.empty() || !scope->children.empty() || scope->layer) {
    std::string name = layer.kind.str();
    auto isTaken = [&](StringRef wanted) {
      return llvm::any_of(scope->children, [&](auto &one) { return one->name == wanted; });
    };
    for (int number = 2; isTaken(name); ++number)
      name = layer.kind.str() + std::to_string(number);
    home = scope->child(name);
  }
  for (Operation *op : layer.ops)
    owners[op] = home;
  home->ops = layer.ops;
  home->layer = std::move(layer);
}

void ModuleTree::collectOps(const Module &module, SmallVector<Operation *> &ops) const {
  ops.append(module.ops.begin(), module.ops.end());
  for (const auto &one : module.children)
    collectOps(*one, ops);
}

/// True if an operation under the module reads a weight.
static bool readsWeights(const SmallVector<Operation *> &ops) {
  bool found = false;
  for (Operation *op : ops)
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Value base = baseOf(operand))
          found |= isParameter(base);
    });
  return found;
}

void ModuleTree::dissolve(Module &module) {
  Module *parent = module.parent;
  Module *target = parent->isList ? parent->parent : parent;
  for (Operation *op : module.ops) {
    target->ops.push_back(op);
    owners[op] = target;
  }
  llvm::sort(target->ops, [&](Operation *a, Operation *b) { return order[a] < order[b]; });
  std::string prefix = (parent->isList ? parent->name + "_" : "") + module.name + "_";
  auto isTaken = [&](StringRef wanted) {
    return llvm::any_of(target->children, [&](auto &one) { return one->name == wanted; });
  };
  for (auto &one : module.children) {
    std::string name =
        identifier(isNumber(one->name) || isTaken(one->name) ? prefix + one->name : one->name);
    for (int number = 2; isTaken(name); ++number)
      name = prefix + one->name + "_" + std::to_string(number);
    one->name = name;
    one->parent = target;
    target->children.push_back(std::move(one));
  }
  module.children.clear();
  if (parent->isList) {
    // A list with a gap is none: its other elements become fields.
    parent->isList = false;
    for (auto &one : parent->children)
      if (one.get() != &module)
        one->name = parent->name + one->name;
    auto rest = std::move(parent->children);
    llvm::erase_if(target->children, [&](auto &one) { return one.get() == parent; });
    for (auto &one : rest)
      if (one && one.get() != &module) {
        one->parent = target;
        target->children.push_back(std::move(one));
      }
    return;
  }
  llvm::erase_if(parent->children, [&](auto &one) { return one.get() == &module; });
}

/// Takes away models without weights, and models that only hold another one.
void ModuleTree::tidy(Module &module) {
  for (size_t at = 0; at < module.children.size();) {
    Module &one = *module.children[at];
    SmallVector<Operation *> ops;
    collectOps(one, ops);
    if (!one.layer && !readsWeights(ops)) {
      for (Operation *op : ops)
        owners[op] = &module;
      module.ops.append(ops.begin(), ops.end());
      module.children.erase(module.children.begin() + at);
      continue;
    }
    tidy(one);
    ++at;
  }
  llvm::sort(module.ops, [&](Operation *a, Operation *b) { return order[a] < order[b]; });
  if (module.ops.empty() && module.children.size() == 1 && module.parent &&
      isNumber(module.children[0]->name) && module.children[0]->layer) {
    std::unique_ptr<Module> only = std::move(module.children[0]);
    module.children.clear();
    module.layer = std::move(only->layer);
    module.ops = only->ops;
    for (Operation *op : module.ops)
      owners[op] = &module;
  }
}

/// Children with the names 0, 1, 2, ... are a list if they are models of one kind; otherwise they
/// get names.
void ModuleTree::makeLists(Module &module) {
  for (auto &one : module.children)
    makeLists(*one);
  if (module.children.empty() ||
      !llvm::all_of(module.children, [](auto &one) { return isNumber(one->name); })) {
    for (auto &one : module.children)
      if (isNumber(one->name))
        one->name = (one->layer ? one->layer->kind.str() : std::string("part")) + one->name;
    return;
  }
  llvm::sort(module.children,
             [](auto &a, auto &b) { return std::stoll(a->name) < std::stoll(b->name); });
  bool counts = true, areLayers = true, areBlocks = true;
  for (auto [place, one] : llvm::enumerate(module.children)) {
    counts &= one->name == std::to_string(place);
    areLayers &=
        one->layer &&
        one->layer->model == (module.children[0]->layer ? module.children[0]->layer->model : "");
    areBlocks &= !one->layer;
  }
  module.isList = module.parent && counts && (areLayers || areBlocks);
  if (!module.isList) {
    for (auto &one : module.children)
      one->name = (one->layer ? one->layer->kind.str() : std::string("part")) + one->name;
    return;
  }
  for (Operation *op : module.ops)
    owners[op] = module.parent;
  module.parent->ops.append(module.ops.begin(), module.ops.end());
  module.ops.clear();
  llvm::sort(module.parent->ops, [&](Operation *a, Operation *b) { return order[a] < order[b]; });
}

//===- What is a model ----------------------------------------------------------------------------

bool ModuleTree::contains(const Module &module, Operation *op) const {
  for (Module *at = owner(op); at; at = at->parent)
    if (at == &module)
      return true;
  return false;
}

bool ModuleTree::isInside(Value value, const Module &module) const {
  if (auto argument = dyn_cast<mlir::BlockArgument>(value);
      argument && argument.getOwner() == &body) {
    Module *declarer = shared.lookup(value);
    for (Module *at = declarer; at; at = at->parent)
      if (at == &module)
        return true;
    return isParameter(value) && !declarer;
  }
  Operation *op = isa<mlir::BlockArgument>(value)
                      ? cast<mlir::BlockArgument>(value).getOwner()->getParentOp()
                      : value.getDefiningOp();
  op = topLevel(op, body);
  return op && contains(module, op);
}

/// False if a value leaves the model and something made of it comes back: it cannot be called.
bool ModuleTree::isCallable(const Module &module) const {
  llvm::DenseSet<Operation *> after;
  SmallVector<Operation *> own;
  collectOps(module, own);
  llvm::DenseSet<Operation *> inside(own.begin(), own.end());
  for (Operation &op : body.without_terminator()) {
    // A number or a stretched value is written where it is used: it is not outside.
    if (isTransparent(&op))
      continue;
    bool isInner = inside.contains(&op), dependsOnInner = false, dependsOnAfter = false;
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands()) {
        Value base = baseOf(operand);
        Operation *maker = base ? base.getDefiningOp() : nullptr;
        maker = maker ? topLevel(maker, body) : nullptr;
        dependsOnInner |= maker && inside.contains(maker);
        dependsOnAfter |= maker && after.contains(maker);
      }
    });
    if (isInner && dependsOnAfter)
      return false;
    if (!isInner && (dependsOnAfter || dependsOnInner))
      after.insert(&op);
  }
  return true;
}

bool ModuleTree::dissolveBroken(Module &module) {
  for (auto &one : module.children) {
    if (dissolveBroken(*one))
      return true;
    if (!one->isList && !one->layer && !isCallable(*one)) {
      dissolve(*one);
      return true;
    }
  }
  // A list whose element went is empty or none.
  for (auto &one : module.children)
    if (!one->layer && one->ops.empty() && one->children.empty()) {
      llvm::erase_if(module.children, [&](auto &other) { return other.get() == one.get(); });
      return true;
    }
  return false;
}

//===- Bodies -------------------------------------------------------------------------------------

/// Weights that several models read: small ones are copied, large ones belong to the model round
/// all of them and are handed down.
void ModuleTree::findShared() {
  shared.clear();
  for (Value argument : function.getArguments()) {
    if (!isParameter(argument))
      continue;
    llvm::SetVector<Module *> readers;
    for (Operation *user : useMap.usersOf(argument))
      if (Operation *op = topLevel(user, body); op && owner(op))
        readers.insert(owner(op));
      else
        readers.insert(top.get());
    if (readers.size() < 2 ||
        cast<RankedTensorType>(argument.getType()).getNumElements() <= mostCopiedElements)
      continue;
    Module *common = readers.front();
    auto isUnder = [](Module *module, Module *outer) {
      for (; module; module = module->parent)
        if (module == outer)
          return true;
      return false;
    };
    for (Module *reader : readers)
      while (!isUnder(reader, common) || common->isList)
        common = common->parent;
    shared[argument] = common;
  }
}

void ModuleTree::finish() {
  findShared();
  finish(*top);
}

void ModuleTree::finish(Module &module) {
  for (auto &one : module.children)
    finish(*one);
  if (module.isList)
    return;
  findInputs(module);
  orderItems(module);
}

void ModuleTree::findInputs(Module &module) {
  module.inputs.clear();
  module.outputs.clear();
  module.weights.clear();
  SmallVector<Operation *> ops;
  collectOps(module, ops);
  llvm::sort(ops, [&](Operation *a, Operation *b) { return order[a] < order[b]; });
  llvm::DenseSet<Operation *> inside(ops.begin(), ops.end());
  llvm::SetVector<Value> inputs, weights;
  for (Value argument : function.getArguments())
    if (shared.lookup(argument) == &module)
      weights.insert(argument);
  for (Operation *op : ops)
    op->walk([&](Operation *inner) {
      if (isTransparent(inner))
        return;
      for (Value operand : inner->getOperands()) {
        Value base = baseOf(operand);
        if (!base)
          continue;
        if (!isInside(base, module))
          inputs.insert(base);
        else if (isParameter(base) && !shared.contains(base) && owner(op) == &module)
          weights.insert(base);
      }
    });
  for (Value result : body.getTerminator()->getOperands())
    if (Value base = baseOf(result); base && isParameter(base) && !module.parent)
      weights.insert(base);
  module.inputs.assign(inputs.begin(), inputs.end());
  for (Operation *op : ops)
    for (Value result : op->getResults())
      if (llvm::any_of(useMap.usersOf(result), [&](Operation *user) {
            Operation *outer = topLevel(user, body);
            return !inside.contains(outer);
          }))
        module.outputs.push_back(result);
  if (module.layer) {
    module.inputs = {baseOf(module.layer->input) ? module.layer->input : Value()};
    module.weights = module.layer->weights;
    return;
  }
  std::string path = module.path();
  for (Value weight : weights) {
    std::string wanted = weightName(weight, path), name = wanted;
    auto isTaken = [&](StringRef other) {
      return llvm::any_of(module.weights, [&](const Weight &one) { return one.name == other; }) ||
             llvm::any_of(module.children, [&](auto &one) { return one->name == other; });
    };
    for (int number = 2; isTaken(name); ++number)
      name = wanted + std::to_string(number);
    module.weights.push_back({name, weight, {}});
  }
}

/// Operations and calls in an order in which each has what it needs; otherwise that of the program.
void ModuleTree::orderItems(Module &module) {
  struct Node {
    BodyItem item;
    size_t first;
    SmallVector<Operation *> ops;
  };
  std::vector<Node> nodes;
  for (Operation *op : module.ops)
    nodes.push_back({{op, nullptr}, order[op], {op}});
  for (Module *child : module.called()) {
    Node node{{nullptr, child}, SIZE_MAX, {}};
    collectOps(*child, node.ops);
    for (Operation *op : node.ops)
      node.first = std::min(node.first, order[op]);
    nodes.push_back(std::move(node));
  }
  llvm::DenseMap<Operation *, size_t> nodeOf;
  for (auto [number, node] : llvm::enumerate(nodes))
    for (Operation *op : node.ops)
      nodeOf[op] = number;
  std::vector<std::set<size_t>> users(nodes.size());
  std::vector<size_t> waitsFor(nodes.size(), 0);
  for (auto [number, node] : llvm::enumerate(nodes)) {
    std::set<size_t> makers;
    for (Operation *op : node.ops)
      op->walk([&](Operation *inner) {
        for (Value operand : inner->getOperands()) {
          Value base = baseOf(operand);
          Operation *maker = base ? base.getDefiningOp() : nullptr;
          maker = maker ? topLevel(maker, body) : nullptr;
          if (auto found = nodeOf.find(maker);
              maker && found != nodeOf.end() && found->second != number)
            makers.insert(found->second);
        }
      });
    waitsFor[number] = makers.size();
    for (size_t maker : makers)
      users[maker].insert(number);
  }
  std::set<std::pair<size_t, size_t>> ready;
  for (size_t number = 0; number < nodes.size(); ++number)
    if (waitsFor[number] == 0)
      ready.insert({nodes[number].first, number});
  module.items.clear();
  while (!ready.empty()) {
    size_t number = ready.begin()->second;
    ready.erase(ready.begin());
    module.items.push_back(nodes[number].item);
    for (size_t user : users[number])
      if (--waitsFor[user] == 0)
        ready.insert({nodes[user].first, user});
  }
}

} // namespace weft::source
