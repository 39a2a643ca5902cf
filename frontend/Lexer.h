// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text to tokens. Comes in: one buffer of a SourceMgr, holding any bytes. Goes out: all its tokens,
// the last one Eof. What cannot be read is reported and becomes an Error token.
#pragma once

#include "frontend/Diagnostics.h"
#include "frontend/Token.h"

#include <vector>

namespace weft {

/// Splits `text` (which lies in a buffer of the engine's SourceMgr) into tokens.
std::vector<Token> lex(llvm::StringRef text, DiagnosticEngine &diagnostics);

} // namespace weft
