// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Models whose texts are equal up to numbers are one model: numbers that differ become its
// settings, or names of dimensions that its function binds.
#pragma once

#include "frontend/source/Body.h"

namespace weft::source {

struct Setting {
  std::string name, role;
  /// One for each instance.
  std::vector<Dim> values;
};

/// A model of the written file and where it is used.
struct ModelClass {
  std::string name;
  std::vector<Module *> instances;
  std::vector<ModelText> texts;
  std::vector<Setting> settings;
  /// The words that stand for the slots of the first text, by the slot's number.
  std::vector<std::string> words;
  /// False if the result's type cannot be said with the names that there are.
  bool hasResult = true;

  /// Finds settings and words; false if a size in the body has no name.
  bool resolve();
  /// The whole model, or for the root the export `function` with the lines of documentation.
  std::string render(llvm::StringRef function, llvm::StringRef doc,
                     llvm::function_ref<std::string(unsigned)> modelName) const;
};

/// All text of a model whose slots count, in order.
std::string wholeText(const ModelText &text);
/// What equal models have in common.
std::string classKey(const ModelText &text);

} // namespace weft::source
