// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A hand-written scanner. It never looks behind the end of the text and reports a run of unreadable
// bytes once.
#include "frontend/Lexer.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;

namespace weft {

using Kind = Token::Kind;

namespace {

struct Sign {
  StringRef text;
  Kind kind;
};
constexpr Sign signs[] = {
#define WEFT_SIGN(id, text) {text, Kind::id},
#include "frontend/Tokens.def"
};
constexpr Sign words[] = {
#define WEFT_WORD(id, text) {text, Kind::id},
#include "frontend/Tokens.def"
};

bool isNameStart(char c) { return isAlpha(c) || c == '_'; }
bool isNamePart(char c) { return isAlnum(c) || c == '_'; }
bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

/// What the author of a character that has no meaning probably wanted, as the tail of a message.
StringRef hintFor(uint32_t character) {
  switch (character) {
  case '#':
    return ": comments start with '//'";
  case '\'':
    return ": strings stand between '\"'";
  case '&':
    return ": the logical 'and' is '&&'";
  case '^':
    return ": a power is written with '**'";
  case '~':
    return ": 'not' is written with '!'";
  case 0x2018:
  case 0x2019:
  case 0x201C:
  case 0x201D:
    return ": strings stand between '\"'";
  case 0x2212:
  case 0x2013:
  case 0x2014:
    return ": minus is written with '-'";
  case 0x00D7:
  case 0x00B7:
    return ": a product is written with '*'";
  case 0x2026:
    return ": write three dots, '...'";
  case 0x2192:
    return ": an arrow is written with '->'";
  default:
    return character >= 0x80 ? ": names are made of the letters a to z, digits and '_'" : "";
  }
}

class Lexer {
public:
  Lexer(StringRef text, DiagnosticEngine &diagnostics)
      : text(text), diagnostics(diagnostics), at(text.begin()) {}

  std::vector<Token> run() {
    checkEncoding();
    if (text.starts_with("\xEF\xBB\xBF")) // A byte order mark says nothing in UTF-8.
      at += 3;
    while (skipBlanksAndComments())
      tokens.push_back(next());
    Token end;
    end.text = StringRef(text.end(), 0);
    end.atLineStart = lineStart;
    end.afterSpace = true;
    tokens.push_back(std::move(end));
    return std::move(tokens);
  }

private:
  char peek(size_t ahead = 0) const {
    return static_cast<size_t>(text.end() - at) > ahead ? at[ahead] : '\0';
  }
  StringRef rest() const { return {at, static_cast<size_t>(text.end() - at)}; }
  StringRef since(const char *start) const { return {start, static_cast<size_t>(at - start)}; }
  static SMRange rangeOf(StringRef part) {
    return {SMLoc::getFromPointer(part.begin()), SMLoc::getFromPointer(part.end())};
  }

  void checkEncoding();
  bool skipBlanksAndComments();
  void lineComment();
  void blockComment();
  Token next();
  Token sign();
  Token stray();
  Token name();
  Token number();
  StringRef numberFault(StringRef written) const;
  void setValue(Token &token);
  Token string();
  void escape(std::string &value);
  void unicodeEscape(std::string &value, const char *start);
  Token finish(Kind kind, const char *start);

  StringRef text;
  DiagnosticEngine &diagnostics;
  const char *at;
  bool lineStart = true, space = false;
  std::string doc;
  std::vector<Token> tokens;
};

/// Reports each run of bytes that is no UTF-8, wherever it stands.
void Lexer::checkEncoding() {
  const auto *byte = reinterpret_cast<const UTF8 *>(text.begin());
  const auto *end = reinterpret_cast<const UTF8 *>(text.end());
  auto isGood = [&](const UTF8 *from) { return *from < 0x80 || isLegalUTF8Sequence(from, end); };
  while (byte != end) {
    if (isGood(byte)) {
      byte += std::min<ptrdiff_t>(getNumBytesForUTF8(*byte), end - byte);
      continue;
    }
    const auto *first = byte;
    while (byte != end && !isGood(byte))
      ++byte;
    const char *start = reinterpret_cast<const char *>(first);
    diagnostics.report(Diag::BadEncoding, rangeOf({start, static_cast<size_t>(byte - first)}),
                       formatv("0x{0:X-2}", static_cast<unsigned>(*first)).str());
  }
}

/// Leaves `at` at the next token; false at the end of the text.
bool Lexer::skipBlanksAndComments() {
  lineStart = tokens.empty();
  space = false;
  while (at != text.end()) {
    if (*at == '\n')
      lineStart = true, ++at;
    else if (isBlank(*at))
      ++at;
    else if (rest().starts_with("//"))
      lineComment();
    else if (rest().starts_with("/*"))
      blockComment();
    else
      return true;
    space = true;
  }
  return false;
}

/// `// ...`, or `/// ...` which documents what follows.
void Lexer::lineComment() {
  StringRef line = rest().take_until([](char c) { return c == '\n'; });
  at += line.size();
  if (!line.consume_front("///") || line.starts_with("/"))
    return;
  line.consume_front(" ");
  if (!doc.empty())
    doc += '\n';
  doc += line.rtrim();
}

/// `/* ... */`, which may hold further ones.
void Lexer::blockComment() {
  const char *start = at;
  unsigned depth = 0;
  do {
    if (at == text.end()) {
      diagnostics.report(Diag::OpenComment, rangeOf({start, 2}));
      return;
    }
    bool opens = rest().starts_with("/*"), closes = rest().starts_with("*/");
    depth += opens;
    depth -= closes;
    lineStart |= *at == '\n';
    at += opens || closes ? 2 : 1;
  } while (depth);
}

Token Lexer::finish(Kind kind, const char *start) {
  Token token;
  token.kind = kind;
  token.atLineStart = lineStart;
  token.afterSpace = space;
  token.text = since(start);
  token.doc = std::move(doc);
  doc.clear();
  return token;
}

Token Lexer::next() {
  if (isNameStart(*at))
    return name();
  if (isDigit(*at) || (*at == '.' && isDigit(peek(1))))
    return number();
  if (*at == '"')
    return string();
  return sign();
}

Token Lexer::sign() {
  const char *start = at;
  for (const Sign &candidate : signs)
    if (rest().starts_with(candidate.text)) {
      at += candidate.text.size();
      return finish(candidate.kind, start);
    }
  return stray();
}

/// A character that no token starts with. A run of the same is one mistake; after `#` the line
/// was meant as a comment, after `'` everything up to the next `'` as a string.
Token Lexer::stray() {
  const char *start = at;
  const auto *source = reinterpret_cast<const UTF8 *>(at);
  UTF32 character = 0;
  bool isText = convertUTF8Sequence(&source, reinterpret_cast<const UTF8 *>(text.end()), &character,
                                    strictConversion) == conversionOK;
  size_t bytes = isText ? reinterpret_cast<const char *>(source) - at : 1;
  StringRef shown(at, bytes);
  at += bytes;
  while (rest().starts_with(shown))
    at += bytes;
  if (character == '#' || character == '\'') {
    StringRef line = rest().take_until([](char c) { return c == '\n'; });
    size_t close = character == '#' ? line.size() : line.find('\'');
    at += close == StringRef::npos ? 0 : std::min(close + 1, line.size());
  }
  if (isText) // Otherwise checkEncoding has reported it.
    diagnostics.report(Diag::StrayCharacter, rangeOf({start, bytes}),
                       character < 0x20 || character == 0x7F
                           ? formatv("byte 0x{0:X-2}", character).str()
                           : ("'" + shown + "'").str(),
                       hintFor(character));
  return finish(Kind::Error, start);
}

Token Lexer::name() {
  const char *start = at;
  at += rest().take_while(isNamePart).size();
  for (const Sign &word : words)
    if (since(start) == word.text)
      return finish(word.kind, start);
  return finish(Kind::Identifier, start);
}

/// `42`, `1_000`, `0xFF`, `0b101`, `0.5`, `1e-3`, `2.5e+10`.
Token Lexer::number() {
  const char *start = at;
  bool isReal = *at == '.';
  bool hasBase = rest().starts_with_insensitive("0x") || rest().starts_with_insensitive("0b");
  // Letters are taken too: `12px` is one wrong number, not a number and a name.
  at += rest().take_while(isNamePart).size();
  auto exponentSign = [&] {
    return !hasBase && toLower(at[-1]) == 'e' && (peek() == '+' || peek() == '-') &&
           isDigit(peek(1));
  };
  if (!hasBase && peek() == '.' && isDigit(peek(1))) {
    isReal = true;
    ++at;
    at += rest().take_while(isNamePart).size();
  }
  if (exponentSign()) {
    ++at;
    at += rest().take_while(isNamePart).size();
  }
  isReal |= !hasBase && since(start).contains_insensitive('e');
  Token token = finish(isReal ? Kind::Float : Kind::Int, start);
  setValue(token);
  return token;
}

/// Why the number cannot be one; empty if it can.
StringRef Lexer::numberFault(StringRef written) const {
  if (written.starts_with("."))
    return "a digit stands before the point";
  if (written.ends_with("_") || written.contains("__") || written.contains("_.") ||
      written.contains("._"))
    return "'_' stands between two digits";
  StringRef digits = written;
  if (digits.consume_front_insensitive("0x"))
    return !digits.empty() && all_of(digits, [](char c) { return isHexDigit(c) || c == '_'; })
               ? ""
               : "hexadecimal digits follow '0x'";
  if (digits.consume_front_insensitive("0b"))
    return !digits.empty() && digits.find_first_not_of("01_") == StringRef::npos
               ? ""
               : "digits 0 and 1 follow '0b'";
  digits = digits.ltrim("0123456789_.");
  if (digits.consume_front_insensitive("e")) {
    digits = digits.ltrim("+-");
    if (digits.empty() || digits.find_first_not_of("0123456789_") != StringRef::npos)
      return "an exponent is made of digits";
    return "";
  }
  return digits.empty() ? "" : "letters follow the digits";
}

/// Reads the value, or reports why there is none and makes the token an Error.
void Lexer::setValue(Token &token) {
  std::string digits;
  for (char c : token.text)
    if (c != '_')
      digits += c;
  StringRef fault = numberFault(token.text), digitsLeft = digits;
  if (!fault.empty()) {
    diagnostics.report(Diag::MalformedNumber, token.range(), token.text, fault);
    token.kind = Kind::Error;
    return;
  }
  if (token.is(Kind::Float)) {
    if (!digitsLeft.getAsDouble(token.real) && std::isfinite(token.real))
      return;
    diagnostics.report(Diag::NumberTooLarge, token.range(), token.text, "f64");
  } else {
    unsigned radix = digitsLeft.consume_front_insensitive("0x")   ? 16
                     : digitsLeft.consume_front_insensitive("0b") ? 2
                                                                  : 10;
    if (!digitsLeft.getAsInteger(radix, token.integer))
      return;
    diagnostics.report(Diag::NumberTooLarge, token.range(), token.text, "an integer of 64 bits");
  }
  token.kind = Kind::Error;
}

Token Lexer::string() {
  const char *start = at++;
  std::string value;
  while (at != text.end() && *at != '"' && *at != '\n') {
    if (*at == '\\')
      escape(value);
    else
      value += *at++;
  }
  bool isClosed = peek() == '"' && at != text.end();
  if (isClosed)
    ++at;
  else
    diagnostics.report(Diag::OpenString, rangeOf(since(start).rtrim()));
  Token token = finish(Kind::String, start);
  token.string = std::move(value);
  return token;
}

void Lexer::escape(std::string &value) {
  const char *start = at++;
  if (at == text.end() || *at == '\n')
    return; // The missing quote is the mistake to report.
  char c = *at;
  size_t bytes = std::min<size_t>(getNumBytesForUTF8(static_cast<UTF8>(c)), rest().size());
  if (c == 'u' && peek(1) == '{')
    return unicodeEscape(value, start);
  at += bytes;
  switch (c) {
  case 'n':
    value += '\n';
    return;
  case 't':
    value += '\t';
    return;
  case '"':
  case '\\':
    value += c;
    return;
  default:
    diagnostics.report(Diag::UnknownEscape, rangeOf(since(start)), since(start).drop_front());
  }
}

/// `\u{3BC}`: at most six hexadecimal digits of a Unicode scalar value.
void Lexer::unicodeEscape(std::string &value, const char *start) {
  at += 2;
  StringRef digits = rest().take_while(isHexDigit);
  at += digits.size();
  unsigned character = 0;
  char encoded[UNI_MAX_UTF8_BYTES_PER_CODE_POINT];
  char *end = encoded;
  bool isGood = peek() == '}' && at != text.end() && digits.size() <= 6 &&
                !digits.getAsInteger(16, character) && ConvertCodePointToUTF8(character, end);
  if (peek() == '}' && at != text.end())
    ++at;
  if (isGood)
    value.append(encoded, end);
  else
    diagnostics.report(Diag::UnknownEscape, rangeOf(since(start)), since(start).drop_front());
}

} // namespace

std::vector<Token> lex(StringRef text, DiagnosticEngine &diagnostics) {
  return Lexer(text, diagnostics).run();
}

StringRef spelling(Kind kind) {
  for (const Sign &sign : signs)
    if (sign.kind == kind)
      return sign.text;
  for (const Sign &word : words)
    if (word.kind == kind)
      return word.text;
  return {};
}

bool isReservedWord(Kind kind) {
  return llvm::any_of(words, [&](const Sign &word) { return word.kind == kind; });
}

} // namespace weft
