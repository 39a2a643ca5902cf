// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the command carries so that it needs nothing else: the runtime's archives and its header.

#ifndef WEFT_TOOLS_WEFT_EMBEDDED_H
#define WEFT_TOOLS_WEFT_EMBEDDED_H

#include "llvm/ADT/StringRef.h"

namespace weft {

/// libweft_runtime.a, which goes into every library.
llvm::StringRef runtimeArchive();
/// libweft_program.a, the command line of programs.
llvm::StringRef programArchive();
/// runtime/weft.h, which goes into every header.
llvm::StringRef runtimeHeader();

} // namespace weft

#endif // WEFT_TOOLS_WEFT_EMBEDDED_H
