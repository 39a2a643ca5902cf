// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C header of a model: complete in itself, in C and in C++.

#ifndef WEFT_CODEGEN_EMIT_HEADER_H
#define WEFT_CODEGEN_EMIT_HEADER_H

#include "codegen/emit/Interface.h"
#include "llvm/Support/raw_ostream.h"

namespace weft {

/// Writes the header of `interface`. `runtimeHeader` is the text of runtime/weft.h, which the
/// header carries so that it and the library are all that a program needs. `processors` are those
/// that there is code for, the most demanding first; one alone is not mentioned.
void writeHeader(const Interface &interface, StringRef runtimeHeader,
                 ArrayRef<std::string> processors, llvm::raw_ostream &os);

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_HEADER_H
