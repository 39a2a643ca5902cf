// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that are what a layer of std.nn elaborates to, with weights of their own.
#pragma once

#include "frontend/source/Text.h"
#include "ir/WeftOps.h"

#include <functional>

namespace weft::source {

/// A weight of a model, and which parameter of the function it is.
struct Weight {
  std::string name;
  Value parameter;
  /// How its dimensions lie in the parameter; empty for as they are.
  SmallVector<int64_t> permutation;
};

struct Layer {
  /// The model of std.nn, and what a field that holds one is called: `Conv2d`, `conv`.
  StringRef model, kind;
  SmallVector<Operation *> ops;
  Value input, output;
  SmallVector<Weight> weights;
  /// Writes the settings: `64, 128, kernel: 3`.
  std::function<std::string(SlotTable &)> settings;
};

/// Who uses a value, looking through what is written where it is used.
class UseMap {
public:
  explicit UseMap(mlir::Block &body);
  /// Operations and the terminator, as often as each reads the value.
  ArrayRef<Operation *> usersOf(Value value) const;
  /// The only operation of the same block that uses the value, once; null if there are others.
  Operation *soleUser(Value value) const;

private:
  llvm::DenseMap<Value, SmallVector<Operation *, 2>> users;
};

/// True if the value is a parameter.
bool isParameter(Value value);

/// The layer that begins with `op`.
std::optional<Layer> matchLayer(Operation *op, const UseMap &uses);

} // namespace weft::source
