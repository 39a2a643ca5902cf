// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shared library and the program: lld in this process, `cc` where the C library's start-up
// files are not where we look.

#ifndef WEFT_CODEGEN_EMIT_LINK_H
#define WEFT_CODEGEN_EMIT_LINK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace weft {

/// No link of `inputs` is larger than this many bytes.
uint64_t mostLinkedBytes(llvm::ArrayRef<std::string> inputs);

/// Links `inputs` (objects and archives, taken whole) to a shared library at `output`. Only symbols
/// of default visibility are exported; a symbol found neither in `inputs` nor in the C and
/// mathematics libraries is an error that names it.
llvm::Error linkSharedLibrary(llvm::ArrayRef<std::string> inputs, llvm::StringRef soname,
                              llvm::StringRef output);

/// Links `inputs` to an executable at `output`.
llvm::Error linkProgram(llvm::ArrayRef<std::string> inputs, llvm::StringRef output);

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_LINK_H
