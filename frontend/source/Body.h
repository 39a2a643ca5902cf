// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of one model: its members, its signature, and statements: which values get a name and
// which are written where they are used.
#pragma once

#include "frontend/source/Modules.h"
#include "frontend/source/Spelling.h"

#include <set>

namespace weft::source {

/// A model's text with slots, before it is known which models are one.
struct ModelText {
  SlotTable slots;
  std::vector<std::string> members;
  /// `x: f32[N, 64], mask: bool[N]`, the type of the result, and the statements, line by line.
  std::string parameters, result, body;
  /// What it needs of std.nn.
  std::set<std::string> standards;
};

/// How a parent declares a child: `Linear(64, 128)`, with slots of the parent.
using DeclareChild = llvm::function_ref<std::string(Module &child, SlotTable &slots,
                                                    std::set<std::string> &standards)>;

/// Writes a model. Nothing if an operation has no spelling; `error` then names it.
std::optional<ModelText> writeModel(Module &module, mlir::func::FuncOp function,
                                    DeclareChild declare, std::string &error);

} // namespace weft::source
