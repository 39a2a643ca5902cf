// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sources of models/std/, built into the compiler so that it works wherever it is copied.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace weft {

/// The text of a module of the standard library, such as `std.nn`.
std::optional<llvm::StringRef> standardModule(llvm::StringRef name);

/// The modules whose names every file sees without an import.
llvm::ArrayRef<llvm::StringRef> preludeModules();

/// The module that declares `name`, a model, function or constant; empty if none does.
llvm::StringRef standardModuleWith(llvm::StringRef name);

} // namespace weft
