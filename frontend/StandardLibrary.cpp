// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A table that the build fills from models/std/*.weft.
#include "frontend/StandardLibrary.h"

#include "llvm/ADT/StringExtras.h"

#include <utility>

namespace weft {

static constexpr std::pair<llvm::StringLiteral, llvm::StringLiteral> modules[] = {
#include "frontend/StandardLibrary.inc"
};

std::optional<llvm::StringRef> standardModule(llvm::StringRef name) {
  for (const auto &[module, text] : modules)
    if (module == name)
      return text;
  return std::nullopt;
}

/// Declarations of a file stand at the beginning of a line: `model Linear(`, `fn max_pool(`.
static bool declares(llvm::StringRef text, llvm::StringRef name) {
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    text = rest;
    bool isDeclaration =
        line.consume_front("model ") || line.consume_front("fn ") || line.consume_front("const ");
    if (isDeclaration && line.consume_front(name) &&
        (line.empty() || !(llvm::isAlnum(line.front()) || line.front() == '_')))
      return true;
  }
  return false;
}

llvm::StringRef standardModuleWith(llvm::StringRef name) {
  for (const auto &[module, text] : modules)
    if (declares(text, name))
      return module;
  return {};
}

llvm::ArrayRef<llvm::StringRef> preludeModules() {
  static const llvm::StringRef names[] = {"std.activations", "std.init"};
  return names;
}

} // namespace weft
