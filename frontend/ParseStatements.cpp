// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grammar of blocks and what stands in them line by line.
#include "frontend/ParserImpl.h"

#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

namespace weft {

namespace {
unsigned heightOf(const ast::Stmt &stmt) {
  if (const auto *let = dyn_cast<ast::LetStmt>(&stmt))
    return std::max(let->value->height, let->type ? let->type->height : 0);
  if (const auto *assign = dyn_cast<ast::AssignStmt>(&stmt))
    return assign->value->height;
  if (const auto *loop = dyn_cast<ast::ForStmt>(&stmt))
    return std::max(loop->iterable->height, loop->body->height);
  return cast<ast::ExprStmt>(stmt).expr->height;
}

unsigned heightOf(const ast::Emit &emit) {
  unsigned height = 0;
  for (const ast::List<ast::Expr> *list : {&emit.emitted, &emit.carried})
    for (const ast::Ptr<ast::Expr> &expr : *list)
      height = std::max(height, expr->height);
  return height;
}
} // namespace

/// block = "{" { statement } [ expression | emit ] "}"
ast::Ptr<ast::Block> Parser::parseBlock(StringRef what) {
  auto block = std::make_unique<ast::Block>();
  SMLoc begin = here();
  block->range = {begin, begin};
  Deeper level(depth);
  if (tooDeep())
    return block;
  if (!at(Kind::LeftBrace)) {
    if (at(Kind::Equal))
      report(Diag::AssignmentTarget, token().range(), "; to compare, write '=='");
    else
      reportExpected(what);
    return block;
  }
  bool isWhole = true;
  const Token &open = advance();
  Scoped lines(linesMatter, true), header(inHeader, false);
  while (!at(Kind::RightBrace) && !at(Kind::Eof) && !startsItem()) {
    size_t first = lineFirst = position;
    parseBlockLine(*block);
    isWhole &= endOfLine("statement", first);
  }
  isWhole &= expectClosing(Kind::RightBrace, open);
  block->range = rangeFrom(begin);
  // What was lost may have been the result: that there is none is not another mistake.
  if (!isWhole && !block->emit && !block->result)
    block->result = std::make_unique<ast::ErrorExpr>(block->range);
  return block;
}

/// statement = let | assignment | for | expression
void Parser::parseBlockLine(ast::Block &block) {
  if (block.emit) {
    remark(Diag::EmitNotLast, block.emit->range,
           spelling(block.emit->emitted.empty() ? Kind::Carry : Kind::Emit));
    block.emit.reset();
  }
  if (block.result)
    block.statements.push_back(std::make_unique<ast::ExprStmt>(std::move(block.result)));
  if (at(Kind::Const)) {
    report(Diag::MisplacedDeclaration, token().range(), "a constant", "inside of a function");
    return;
  }
  if (reportForeignWord(/*inBlock=*/true))
    return;
  ast::Ptr<ast::Stmt> stmt;
  if (at(Kind::Emit) || at(Kind::Carry)) {
    block.emit = parseEmit();
    block.height = std::max(block.height, heightOf(*block.emit) + 1);
    return;
  }
  if (at(Kind::Let))
    stmt = parseLet();
  else if (at(Kind::For))
    stmt = parseFor();
  else
    stmt = parseAssignmentOrExpression();
  if (!stmt)
    return;
  block.height = std::max(block.height, heightOf(*stmt) + 1);
  if (auto *expr = dyn_cast<ast::ExprStmt>(stmt.get()))
    block.result = std::move(expr->expr);
  else
    block.statements.push_back(std::move(stmt));
}

/// let = "let" pattern [ ":" type ] "=" expression
ast::Ptr<ast::Stmt> Parser::parseLet() {
  SMLoc begin = advance().begin();
  auto let = std::make_unique<ast::LetStmt>(token().range());
  let->pattern = parsePattern();
  if (!panic && onSameLine() && accept(Kind::Colon))
    let->type = parseType();
  if (!panic && expect(Kind::Equal, "'=' and a value"))
    let->value = parseExpr();
  if (!let->value)
    let->value = errorExpr();
  let->range = rangeFrom(begin);
  return let;
}

/// for = "for" pattern "in" expression block
ast::Ptr<ast::Stmt> Parser::parseFor() {
  SMLoc begin = advance().begin();
  auto loop = std::make_unique<ast::ForStmt>(token().range());
  loop->variable = parsePattern();
  if (!panic)
    expect(Kind::In);
  loop->iterable = panic ? errorExpr() : parseHeader();
  if (panic)
    skipUntil(Kind::LeftBrace, /*stopAtLine=*/true);
  if (at(Kind::LeftBrace))
    panic = false;
  loop->body = parseBlock("'{' before the body of the 'for'");
  loop->range = rangeFrom(begin);
  return loop;
}

/// assignment = pattern "=" expression
ast::Ptr<ast::Stmt> Parser::parseAssignmentOrExpression() {
  ast::Ptr<ast::Expr> expr = parseExpr();
  bool isCompound =
      at(Kind::PlusEqual) || at(Kind::MinusEqual) || at(Kind::StarEqual) || at(Kind::SlashEqual);
  if (isCompound && onSameLine()) {
    StringRef sign = token().text.drop_back();
    std::string target = DiagnosticEngine::textOf(expr->range).str();
    report(Diag::ForeignWord, token().range(), token().text,
           "write '" + target + " = " + target + " " + sign + " ...'");
    return nullptr;
  }
  if (panic || !onSameLine() || !at(Kind::Equal))
    return std::make_unique<ast::ExprStmt>(std::move(expr));
  ast::Ptr<ast::Pattern> pattern = patternOf(*expr);
  if (!pattern)
    return nullptr;
  advance();
  ast::Ptr<ast::Expr> value = parseExpr();
  return std::make_unique<ast::AssignStmt>(std::move(pattern), std::move(value));
}

/// emit = "emit" expression { "," expression } [ "," carry ] | carry
/// carry = "carry" expression { "," expression }
ast::Emit Parser::parseEmit() {
  SMLoc begin = here();
  ast::Emit emit;
  if (accept(Kind::Emit)) {
    do {
      emit.emitted.push_back(parseExpr());
    } while (!panic && accept(Kind::Comma) && !at(Kind::Carry));
  }
  if (!panic && accept(Kind::Carry)) {
    do {
      emit.carried.push_back(parseExpr());
    } while (!panic && accept(Kind::Comma));
  }
  emit.range = rangeFrom(begin);
  return emit;
}

namespace {
/// What to write instead of a word that other languages start a statement or declaration with.
StringRef adviceFor(StringRef word) {
  return StringSwitch<StringRef>(word)
      .Case("return", "the last expression of a block is its result")
      .Cases({"var", "val", "mut"}, "'let' binds a value")
      .Cases({"def", "func", "function"}, "a function starts with 'fn'")
      .Cases({"class", "struct", "module"}, "layers and networks are written as 'model'")
      .Case("while", "repeat with 'scan', or 'loop(while: ...)'")
      .Case("elif", "write 'else if' after the closing '}'")
      .Default("");
}

bool startsValue(const Token &token) {
  using Kind = Token::Kind;
  bool isBracket = token.is(Kind::LeftParen) || token.is(Kind::LeftBracket);
  return token.is(Kind::Identifier) || token.is(Kind::Int) || token.is(Kind::Float) ||
         token.is(Kind::True) || token.is(Kind::False) || token.is(Kind::If) ||
         token.is(Kind::Minus) || (isBracket && token.afterSpace);
}
} // namespace

/// A foreign word is one only where a name could not stand: before another word, and for `return`
/// before any value. In a block, `return` is read over and `var` read as `let`, so that the rest of
/// the line is still looked at; true if the line is lost.
bool Parser::reportForeignWord(bool inBlock) {
  StringRef advice = at(Kind::Identifier) ? adviceFor(token().text) : "";
  if (advice.empty())
    return false;
  const Token &next = peek();
  bool isReturn = token().text == "return";
  bool endsLine = next.atLineStart || next.is(Kind::RightBrace) || next.is(Kind::Semicolon);
  if (isReturn ? !endsLine && !startsValue(next) : endsLine || !next.is(Kind::Identifier))
    return false;
  Diagnostic *diagnostic = report(Diag::ForeignWord, token().range(), token().text, advice);
  bool isLet = advice.starts_with("'let'");
  if (diagnostic && isLet)
    diagnostic->fix(token().range(), "let");
  panic = !inBlock || !(isLet || (isReturn && !endsLine));
  if (isLet)
    tokens[position].kind = Kind::Let;
  else
    advance();
  return panic;
}

} // namespace weft
