// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of the language as C identifiers.

#ifndef WEFT_CODEGEN_EMIT_NAMES_H
#define WEFT_CODEGEN_EMIT_NAMES_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

#include <string>

namespace weft {

/// A C and C++ identifier for `name`: other characters become `_`, and a keyword, a name that a
/// standard header may define, or a leading digit or `_` is changed so that it can stand anywhere.
std::string cIdentifier(llvm::StringRef name);

/// The same, different from all names in `taken`, to which it is added.
std::string cIdentifier(llvm::StringRef name, llvm::StringSet<> &taken);

/// `<model>_<name>` with other characters as `_`.
std::string joinedIdentifier(llvm::StringRef model, llvm::StringRef name);

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_NAMES_H
