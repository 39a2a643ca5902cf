// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What names and expressions stand for while a program is elaborated: tensors of the graph under
// construction, numbers known at compile time, instances of models, functions. Scopes map names to
// these items.
#pragma once

#include "frontend/Ast.h"
#include "frontend/Checked.h"

#include "llvm/ADT/StringMap.h"

#include <memory>
#include <string>
#include <vector>

namespace weft {

struct Scope;
struct Instance;
struct Builtin;
struct Module;
/// Scopes live as long as the elaboration: functions and lambdas refer to those around them.
using ScopeRef = Scope *;

/// What an expression denotes. `Error` is a value that could not be had; whoever made it has
/// reported why, or has a reason to be silent, so it flows on without another message.
struct Item {
  enum class Kind {
    Error,
    Unit,
    Tensor,
    Parameter,
    Int,
    Float,
    Bool,
    Text,
    Element,
    Tuple,
    List,
    Instance,
    Function,
    Lambda,
    Builtin,
    Model,
    Module,
  };
  Kind kind = Kind::Error;

  bool flag = false;      // Bool; for Int: a literal beyond i64, kept as its bit pattern
  ValueId value = 0;      // Tensor
  unsigned parameter = 0; // Parameter: index into the program's parameters
  double real = 0;        // Float
  Dim integer;            // Int; holds symbols where it is a dynamic dimension
  std::string text;       // Text
  Type element;           // Element
  std::shared_ptr<const std::vector<Item>> items; // Tuple, List
  Instance *instance = nullptr;                   // Instance; Function: the model it belongs to
  const ast::FunctionDecl *function = nullptr;
  const ast::Lambda *lambda = nullptr;
  const ast::ModelDecl *model = nullptr;
  const Builtin *builtin = nullptr;
  ScopeRef scope = nullptr; // Lambda: what it sees. Function, Model, Module: the scope of its file

  bool isError() const { return kind == Kind::Error; }
  bool isNumber() const { return kind == Kind::Int || kind == Kind::Float || kind == Kind::Bool; }
  bool isTensor() const { return kind == Kind::Tensor || kind == Kind::Parameter; }
  bool isSequence() const { return kind == Kind::Tuple || kind == Kind::List; }
  bool isCallable() const {
    return kind == Kind::Function || kind == Kind::Lambda || kind == Kind::Builtin ||
           kind == Kind::Instance || kind == Kind::Model;
  }

  static Item error() { return {}; }
  static Item unit() { return of(Kind::Unit); }
  static Item tensor(ValueId value);
  static Item number(Dim value);
  static Item number(double value);
  static Item boolean(bool value);
  static Item ofElement(Type element);
  static Item sequence(Kind kind, std::vector<Item> items);

private:
  static Item of(Kind kind);
};

/// Names and what they stand for, inside the scope around it.
struct Scope {
  /// What the scope belongs to; assignment stops at a model or a file, and must not leave a
  /// lambda or a branch that is chosen at run time.
  enum class Kind { File, Model, Function, Block, Sealed };
  Kind kind = Kind::Block;
  ScopeRef parent;
  llvm::StringMap<Item> names;
  /// Where the declarations among `names` stand.
  llvm::StringMap<Span> places;

  Scope(Kind kind, ScopeRef parent) : kind(kind), parent(parent) {}

  /// The item that `name` stands for here or further out; null if there is none.
  Item *find(StringRef name);
};

/// One model with its settings decided: its fields are in `scope`.
struct Instance {
  const ast::ModelDecl *model = nullptr;
  /// `blocks.0.attention`; empty for the root.
  std::string path;
  ScopeRef scope = nullptr;
  /// Where the model was instantiated, and the value of each setting was written.
  Span span;
  llvm::StringMap<Span> settingSpans;
  /// False while the settings are bound, and for good where they did not fit.
  bool hasMembers = false;
  /// Made by `copy`: what are parameters of its original are states of it.
  bool isCopy = false;
};

} // namespace weft
