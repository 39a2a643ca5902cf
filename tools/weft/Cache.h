// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled models that `weft run` keeps under $XDG_CACHE_HOME/weft, named by the hash of everything
// that went into them. Several processes may use it at once: files come whole, by renaming.

#ifndef WEFT_TOOLS_WEFT_CACHE_H
#define WEFT_TOOLS_WEFT_CACHE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace weft {

/// $XDG_CACHE_HOME/weft, or ~/.cache/weft; empty where neither can be used.
std::string cacheFolder();

/// A name for what these parts determine, together with the compiler itself.
std::string cacheKey(llvm::ArrayRef<llvm::StringRef> parts);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_CACHE_H
