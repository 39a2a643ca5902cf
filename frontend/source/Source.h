// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a module of weft IR at stage `model` back to the language: text that a person would write
// and that elaborates to the same graph, and how the module's parameters are called in it.
#pragma once

#include "ir/Mlir.h"

#include <optional>
#include <string>
#include <vector>

namespace weft {

struct SourceOptions {
  /// The model's name in the text, an identifier.
  std::string modelName;
  /// One model without layers and blocks: every operation where it stands.
  bool flat = false;
};

/// A parameter of the written model and where its values come from.
struct WrittenParameter {
  /// The dotted path in the written model: `layer1.0.conv1.weight`.
  std::string path;
  /// Which `weft.parameter` of the module it holds, in program order. Two may hold the same one.
  unsigned origin = 0;
  /// The order in which its dimensions are taken from those of the origin; empty for as they are.
  SmallVector<int64_t> permutation;
};

struct WrittenSource {
  std::string text;
  std::vector<WrittenParameter> parameters;
};

/// Writes a verified module; it is changed on the way and of no more use. Nothing if an operation
/// cannot be said in the language; `error` then names it.
std::optional<WrittenSource> writeSource(ModuleOp module, const SourceOptions &options,
                                         std::string &error);

} // namespace weft
