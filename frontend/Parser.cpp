// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the parse functions stand on: moving over tokens, saying what was expected, and finding
// the next safe place after a mistake.
#include "frontend/Parser.h"
#include "frontend/Lexer.h"
#include "frontend/ParserImpl.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;

namespace weft {

//===-------------------------------------------------------------------------------------------===//
// Tokens
//===-------------------------------------------------------------------------------------------===//

const Token &Parser::advance() {
  const Token &read = token();
  previousEnd = read.end();
  if (!read.is(Kind::Eof))
    ++position;
  return read;
}

bool Parser::accept(Kind kind) {
  if (!at(kind))
    return false;
  advance();
  return true;
}

/// From `begin` to the end of the last token read; empty at `begin` if none was read since.
SMRange Parser::rangeFrom(SMLoc begin) const {
  bool isEmpty = !previousEnd.isValid() || previousEnd.getPointer() < begin.getPointer();
  return {begin, isEmpty ? begin : previousEnd};
}

/// A line that begins with an operator goes on with the line before it. `-` and `|` could also
/// begin an expression: `- b` continues, `-b` and `|x| {...}` do not.
bool Parser::continuesExpression() const {
  if (onSameLine())
    return true;
  switch (token().kind) {
  case Kind::PipeArrow:
  case Kind::DotDot:
  case Kind::Dot:
  case Kind::Plus:
  case Kind::Star:
  case Kind::StarStar:
  case Kind::Slash:
  case Kind::Percent:
  case Kind::At:
  case Kind::EqualEqual:
  case Kind::BangEqual:
  case Kind::Less:
  case Kind::LessEqual:
  case Kind::Greater:
  case Kind::GreaterEqual:
  case Kind::AmpAmp:
  case Kind::BarBar:
    return true;
  case Kind::Minus:
    return peek().afterSpace;
  default:
    return false;
  }
}

/// Whether a declaration of a file or of a model begins at the token `ahead`: a safe place, even
/// when brackets are still open.
bool Parser::startsItem(size_t ahead) const {
  const Token &word = peek(ahead), &next = peek(ahead + 1);
  switch (word.kind) {
  case Kind::Export:
  case Kind::Import:
    return true;
  case Kind::Fn:
    return word.atLineStart;
  case Kind::Identifier:
    return word.atLineStart && next.is(Kind::Identifier) && !next.atLineStart &&
           (word.text == "model" || word.text == "param" || word.text == "state");
  default:
    return false;
  }
}

/// Whether a model or import begins in the first column: the model before it was not closed.
bool Parser::startsFileItem() const {
  bool isFirstColumn = position != 0 && token().text.data()[-1] == '\n';
  return isFirstColumn && startsItem() && (atWord("model") || at(Kind::Import));
}

bool Parser::startsStatement() const {
  if (startsItem())
    return true;
  // In brackets, `for` belongs to a comprehension that is written over several lines.
  return token().atLineStart && (at(Kind::Let) || at(Kind::Const) || at(Kind::Emit) ||
                                 at(Kind::Carry) || (at(Kind::For) && linesMatter));
}

//===-------------------------------------------------------------------------------------------===//
// Mistakes
//===-------------------------------------------------------------------------------------------===//

std::string Parser::describe(const Token &found) const {
  switch (found.kind) {
  case Kind::Eof:
    return "the end of the file";
  case Kind::String:
    return "a string";
  case Kind::Error:
    return "something unreadable";
  default:
    return ("'" + found.text + "'").str();
  }
}

/// Whether a mistake here is worth a report: not after another, nor at what the lexer reported.
bool Parser::startPanic() {
  bool isNew = !panic && !gaveUp && !at(Kind::Error);
  panic = true;
  return isNew;
}

Diagnostic *Parser::reportExpected(StringRef what) {
  // What is missing at the end of a line is missing there, not where the next line begins.
  if (previousEnd.isValid() && !at(Kind::Eof) && !onSameLine() && position != lineFirst)
    return report(Diag::Expected, {previousEnd, previousEnd}, what, "the end of the line");
  if (at(Kind::Eof) && previousEnd.isValid())
    return report(Diag::Expected, {previousEnd, previousEnd}, what, describe(token()));
  return report(Diag::Expected, token().range(), what, describe(token()));
}

bool Parser::expect(Kind kind, StringRef what) {
  if (accept(kind))
    return true;
  std::string sign = ("'" + spelling(kind) + "'").str();
  reportExpected(what.empty() ? sign : what);
  return false;
}

void Parser::reportOpen(const Token &open, Kind closing) {
  Diagnostic *diagnostic = report(Diag::OpenBracket, open.range(), open.text);
  if (diagnostic && !at(Kind::Eof))
    diagnostic->note({token().begin(), token().end()}, "'{0}' is missing before this",
                     spelling(closing));
}

bool Parser::expectClosing(Kind kind, const Token &open, StringRef what) {
  if (accept(kind))
    return true;
  bool isCrossed = at(Kind::RightBrace); // a brace closes what is open inside of it
  if (at(Kind::Eof) || isCrossed || startsStatement()) {
    reportOpen(open, kind);
    return false;
  }
  std::string wanted =
      ((what.empty() ? Twine() : what + " or ") + "'" + spelling(kind) + "'").str();
  if (Diagnostic *diagnostic = reportExpected(wanted))
    diagnostic->note(open.range(), "to match this '{0}'", open.text);
  return false;
}

ast::Name Parser::parseName(StringRef what) {
  if (at(Kind::Identifier)) {
    const Token &name = advance();
    return {name.text, name.range()};
  }
  if (isReservedWord(token().kind) && onSameLine()) {
    remark(Diag::ReservedName, token().range(), token().text);
    SMRange range = advance().range();
    return {StringRef(), range};
  }
  SMRange range = {here(), here()};
  reportExpected(what);
  return {StringRef(), range};
}

bool Parser::tooDeep() {
  if (depth <= maxDepth)
    return false;
  report(Diag::TooDeep, token().range(), maxDepth);
  giveUp();
  return true;
}

void Parser::giveUp() {
  gaveUp = true;
  position = tokens.size() - 1;
}

//===-------------------------------------------------------------------------------------------===//
// Recovery
//===-------------------------------------------------------------------------------------------===//

namespace {
bool isOpening(Token::Kind kind) {
  return kind == Token::Kind::LeftParen || kind == Token::Kind::LeftBracket ||
         kind == Token::Kind::LeftBrace;
}

bool isClosing(Token::Kind kind) {
  return kind == Token::Kind::RightParen || kind == Token::Kind::RightBracket ||
         kind == Token::Kind::RightBrace;
}

/// Brackets that were opened while skipping. A brace closes what was left open inside it.
class OpenBrackets {
public:
  bool empty() const { return open.empty(); }
  void dropUpToBrace() {
    while (!open.empty() && open.back() != Token::Kind::LeftBrace)
      open.pop_back();
  }
  void see(Token::Kind kind) {
    if (isOpening(kind)) {
      open.push_back(kind);
    } else if (kind == Token::Kind::RightBrace) {
      dropUpToBrace();
      if (!open.empty())
        open.pop_back();
    } else if (isClosing(kind) && !open.empty() && open.back() != Token::Kind::LeftBrace) {
      open.pop_back();
    }
  }

private:
  SmallVector<Token::Kind> open;
};
} // namespace

/// Skips to one of `stops`, to the bracket that closes what surrounds us, to where a statement or
/// declaration begins and, with `stopAtLine`, to the next line. Brackets are skipped as a whole.
void Parser::skipUntil(ArrayRef<Kind> stops, bool stopAtLine) {
  OpenBrackets open;
  for (; !at(Kind::Eof); advance()) {
    if (startsItem())
      return;
    if (startsStatement())
      open.dropUpToBrace();
    if (open.empty()) {
      // Between lines, only a brace can close what surrounds us; other brackets are strays.
      bool closes = stopAtLine ? at(Kind::RightBrace) : isClosing(token().kind);
      if (closes || is_contained(stops, token().kind) || startsStatement())
        return;
      if (stopAtLine && token().atLineStart && !continuesExpression())
        return;
    }
    open.see(token().kind);
  }
}

bool Parser::endOfLine(StringRef what, size_t first) {
  bool isClosed = position != first && tokens[position - 1].is(Kind::RightBrace);
  if (!panic) {
    if (accept(Kind::Semicolon) || at(Kind::RightBrace) || at(Kind::Eof) || isClosed ||
        token().atLineStart)
      return true;
    report(Diag::MissingSeparator, token().range(), what, describe(token()));
  }
  // A mistake that consumed nothing would be met again for ever.
  if (position == first && !at(Kind::RightBrace) && !startsItem())
    advance();
  skipUntil(Kind::Semicolon, /*stopAtLine=*/true);
  accept(Kind::Semicolon);
  panic = false;
  return false;
}

bool Parser::parseList(const Token &open, Kind closing, StringRef what,
                       function_ref<void()> element) {
  Scoped lines(linesMatter, false), header(inHeader, false);
  bool isWhole = true;
  while (!at(closing) && !at(Kind::Eof) && !startsStatement()) {
    size_t first = position;
    element();
    if (!panic && !at(Kind::Comma) && !at(closing))
      expectClosing(closing, open, "','");
    if (panic) {
      isWhole = false;
      skipUntil({Kind::Comma, closing}, /*stopAtLine=*/false);
      if (!at(Kind::Comma) && !at(closing))
        return false;
      panic = false;
    }
    accept(Kind::Comma);
    if (position == first)
      advance();
  }
  return expectClosing(closing, open, what) && isWhole;
}

std::unique_ptr<ast::File> parse(unsigned buffer, const SourceMgr &sources,
                                 DiagnosticEngine &diagnostics) {
  auto file = std::make_unique<ast::File>();
  const MemoryBuffer *text = sources.getMemoryBuffer(buffer);
  file->buffer = buffer;
  file->path = text->getBufferIdentifier().str();
  Parser(lex(text->getBuffer(), diagnostics), diagnostics).parseFile(*file);
  return file;
}

} // namespace weft
