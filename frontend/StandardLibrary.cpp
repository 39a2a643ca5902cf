// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A table that the build fills from models/std/*.weft.
#include "frontend/StandardLibrary.h"

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

llvm::ArrayRef<llvm::StringRef> preludeModules() {
  static const llvm::StringRef names[] = {"std.activations", "std.init"};
  return names;
}

} // namespace weft
