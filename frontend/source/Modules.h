// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations of a function as a tree of models: layers, blocks, the whole. The names that a
// file gives its nodes and weights say what belongs together (`/layer1/layer1.0/conv1/Conv`,
// `layer1.0.conv1.weight`); what cannot be called once, with values in and values out, is no model.
#pragma once

#include "frontend/source/Layers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"

#include <memory>

namespace weft::source {

struct Module;

/// What stands in the body of a model: an operation, or the call of a model in it.
struct BodyItem {
  Operation *op = nullptr;
  Module *child = nullptr;
};

struct Module {
  /// The field that holds it; for an element of a list its place.
  std::string name;
  Module *parent = nullptr;
  std::vector<std::unique_ptr<Module>> children;
  /// Its own operations, without those of its children, in program order.
  SmallVector<Operation *> ops;
  std::optional<Layer> layer;
  /// True if it only holds a list of models, whose calls are its parent's.
  bool isList = false;

  /// Filled at the end.
  std::vector<BodyItem> items;
  SmallVector<Value> inputs, outputs;
  SmallVector<Weight> weights;

  Module *child(StringRef wanted);
  /// The models that the body calls: children, and the elements of lists.
  SmallVector<Module *> called() const;
  /// The model that calls this one.
  Module *caller() const { return parent && parent->isList ? parent->parent : parent; }
  bool isElement() const { return parent && parent->isList; }
  /// `layer1.0.conv1`; empty for the root.
  std::string path() const;
};

class ModuleTree {
public:
  ModuleTree(mlir::func::FuncOp theFunction, bool isFlat);

  Module &root() { return *top; }
  const UseMap &uses() const { return useMap; }
  /// True if an operation of the tree under `module` makes the value.
  bool isInside(Value value, const Module &module) const;
  /// Makes the operations of a model its caller's; its children become the caller's too.
  void dissolve(Module &module);
  /// Orders bodies and finds what goes in and out; to be asked again after `dissolve`.
  void finish();

private:
  void assignPaths(bool isFlat);
  SmallVector<std::string> ownPath(Operation *op) const;
  void place(Operation *op, ArrayRef<std::string> path);
  void placeLayer(Layer layer);
  void tidy(Module &module);
  void makeLists(Module &module);
  bool dissolveBroken(Module &module);
  bool isCallable(const Module &module) const;
  void findShared();
  void finish(Module &module);
  void findInputs(Module &module);
  void orderItems(Module &module);
  Module *owner(Operation *op) const { return owners.lookup(op); }
  bool contains(const Module &module, Operation *op) const;
  void collectOps(const Module &module, SmallVector<Operation *> &ops) const;

  mlir::func::FuncOp function;
  mlir::Block &body;
  UseMap useMap;
  std::unique_ptr<Module> top = std::make_unique<Module>();
  llvm::DenseMap<Operation *, Module *> owners;
  llvm::DenseMap<Operation *, size_t> order;
  /// Weights too large to be copied that several models read: who declares each.
  llvm::DenseMap<Value, Module *> shared;
};

/// What the field that holds the parameter is called in the model at `path`.
std::string weightName(Value parameter, StringRef path);

/// The operation of the function's own block that `op` is, or is inside of.
Operation *topLevel(Operation *op, mlir::Block &body);

} // namespace weft::source
