// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The words and signs of the language, as the lexer hands them to the parser.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SMLoc.h"

#include <cstdint>
#include <string>

namespace weft {

struct Token {
  enum class Kind : uint8_t {
    Eof,
    Error, // something unreadable, reported by the lexer: the parser stays silent about it
    Identifier,
    Int,
    Float,
    String,
#define WEFT_SIGN(id, text) id,
#define WEFT_WORD(id, text) id,
#include "frontend/Tokens.def"
  };

  Kind kind = Kind::Eof;
  bool atLineStart = false; // nothing but blanks and comments before it on its line
  bool afterSpace = false;  // white space or a comment directly before it
  llvm::StringRef text;     // as written
  uint64_t integer = 0;     // of an Int
  double real = 0;          // of a Float
  std::string string;       // of a String, escapes replaced
  std::string doc;          // text of the `///` lines directly before the token

  bool is(Kind other) const { return kind == other; }
  llvm::SMLoc begin() const { return llvm::SMLoc::getFromPointer(text.begin()); }
  llvm::SMLoc end() const { return llvm::SMLoc::getFromPointer(text.end()); }
  llvm::SMRange range() const { return {begin(), end()}; }
};

/// How a sign or word is written; empty for the other kinds.
llvm::StringRef spelling(Token::Kind kind);
/// Whether the kind is one of the words that cannot be a name.
bool isReservedWord(Token::Kind kind);

} // namespace weft
