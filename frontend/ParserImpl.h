// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parser's class, shared by Parser.cpp (tokens and recovery) and Parse*.cpp (the grammar).
// One function reads one production, which stands above it as in docs/language.md.
//
// After a mistake the parser is silent until it stands at a safe place again: the next argument,
// statement, member or declaration. So each mistake is reported once.
#pragma once

#include "frontend/Ast.h"
#include "frontend/Diagnostics.h"
#include "frontend/Token.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace weft {

class Parser {
public:
  using Kind = Token::Kind;
  template <typename T> using Ptr = ast::Ptr<T>;

  Parser(std::vector<Token> tokens, DiagnosticEngine &diagnostics)
      : tokens(std::move(tokens)), diagnostics(diagnostics) {}

  void parseFile(ast::File &file);

private:
  /// Functions, models, blocks, expressions and types inside one another: each level costs some
  /// stack here and in every walk over the tree.
  static constexpr unsigned maxDepth = 200;

  //===--- Tokens (Parser.cpp) ---===//
  const Token &token() const { return tokens[position]; }
  const Token &peek(size_t ahead = 1) const {
    return tokens[std::min(position + ahead, tokens.size() - 1)];
  }
  bool at(Kind kind) const { return token().is(kind); }
  bool atWord(llvm::StringRef word) const { return at(Kind::Identifier) && token().text == word; }
  const Token &advance();
  bool accept(Kind kind);
  llvm::SMLoc here() const { return token().begin(); }
  llvm::SMLoc lastEnd() const { return previousEnd; }
  llvm::SMRange rangeFrom(llvm::SMLoc begin) const;

  /// Whether the token belongs to the same line of thought: it is on the same line, or lines do
  /// not matter here (inside parentheses and brackets).
  bool onSameLine() const { return !linesMatter || !token().atLineStart; }
  /// Whether an operator that continues an expression stands here.
  bool continuesExpression() const;
  bool startsItem(size_t ahead = 0) const;
  bool startsFileItem() const;
  bool startsStatement() const;

  //===--- Mistakes and recovery (Parser.cpp) ---===//
  std::string describe(const Token &token) const;
  /// A report, or null if the mistake is a consequence of one that was reported.
  template <typename... Args>
  Diagnostic *report(Diag kind, llvm::SMRange where, const Args &...args) {
    if (!startPanic())
      return nullptr;
    return &diagnostics.report(kind, where, args...);
  }
  /// A report of a mistake that leaves no doubt about what was meant: reading goes on. Null if a
  /// mistake before it is still being skipped.
  template <typename... Args>
  Diagnostic *remark(Diag kind, llvm::SMRange where, const Args &...args) {
    return panic || gaveUp ? nullptr : &diagnostics.report(kind, where, args...);
  }
  bool startPanic();
  Diagnostic *reportExpected(llvm::StringRef what);
  bool expect(Kind kind, llvm::StringRef what = {});
  /// Reads the closing bracket that belongs to `open`. `what` says what else could have followed.
  bool expectClosing(Kind kind, const Token &open, llvm::StringRef what = {});
  void reportOpen(const Token &open, Kind closing);
  void skipUntil(llvm::ArrayRef<Kind> stops, bool stopAtLine);
  /// Ends a statement, member or declaration that began at token `first`: wants a new line, `;` or
  /// a closing brace; after a mistake skips to one. True if nothing had to be skipped.
  bool endOfLine(llvm::StringRef what, size_t first);
  ast::Name parseName(llvm::StringRef what);
  bool tooDeep();
  void giveUp();

  /// Reads `element`s separated by commas up to `closing`; a comma may follow the last. False if
  /// something had to be skipped: then the list says less than was written.
  bool parseList(const Token &open, Kind closing, llvm::StringRef what,
                 llvm::function_ref<void()> element);

  /// Sets a flag of the parser for the time of a scope.
  struct Scoped {
    bool &flag;
    bool before;
    Scoped(bool &target, bool value) : flag(target), before(target) { flag = value; }
    ~Scoped() { flag = before; }
    Scoped(const Scoped &) = delete;
    Scoped &operator=(const Scoped &) = delete;
  };
  struct Deeper {
    unsigned &depth;
    explicit Deeper(unsigned &counter) : depth(counter) { ++depth; }
    ~Deeper() { --depth; }
    Deeper(const Deeper &) = delete;
    Deeper &operator=(const Deeper &) = delete;
  };

  //===--- Declarations (ParseDeclarations.cpp) ---===//
  std::optional<ast::Import> parseImport();
  void parseModulePath(ast::Import &import);
  ast::Import::Item parseImportItem();
  Ptr<ast::Decl> parseDeclaration();
  Ptr<ast::ModelDecl> parseModel();
  Ptr<ast::Decl> parseMember();
  Ptr<ast::VariableDecl> parseVariable();
  Ptr<ast::ConstDecl> parseConst();
  Ptr<ast::SubModelDecl> parseSubModel();
  Ptr<ast::FunctionDecl> parseFunction();
  void parseSignature(ast::FunctionDecl &function);
  bool parseParameters(std::vector<ast::Parameter> &parameters);
  ast::Parameter parseParameter();
  Ptr<ast::Decl> parseMisplaced(llvm::StringRef where);

  //===--- Types and patterns (ParseTypes.cpp) ---===//
  Ptr<ast::Type> parseType();
  Ptr<ast::Type> parseNamedType();
  ast::Dimension parseDimension(unsigned &height);
  Ptr<ast::Type> parseTupleType();
  ast::TupleType::Element parseTupleElement();
  Ptr<ast::Type> parseListType();
  Ptr<ast::Type> parseFunctionType();
  Ptr<ast::Pattern> parsePattern();
  void parsePatterns(ast::List<ast::Pattern> &patterns, Kind closing);
  Ptr<ast::Pattern> patternOf(const ast::Expr &expr);

  //===--- Statements (ParseStatements.cpp) ---===//
  Ptr<ast::Block> parseBlock(llvm::StringRef what);
  void parseBlockLine(ast::Block &block);
  Ptr<ast::Stmt> parseLet();
  Ptr<ast::Stmt> parseFor();
  Ptr<ast::Stmt> parseAssignmentOrExpression();
  ast::Emit parseEmit();
  bool reportForeignWord(bool inBlock);

  //===--- Expressions (ParseExpressions.cpp) ---===//
  Ptr<ast::Expr> parseExpr();
  Ptr<ast::Expr> parsePipe();
  Ptr<ast::Expr> parseRange();
  Ptr<ast::Expr> parseBinary(unsigned level);
  Ptr<ast::Expr> parseUnary();
  Ptr<ast::Expr> parsePower();
  Ptr<ast::Expr> parsePostfix();
  Ptr<ast::Expr> parseCall(Ptr<ast::Expr> callee);
  ast::Argument parseArgument(bool &sawNamed);
  bool atTypeArguments() const;
  bool atLambda() const;
  Ptr<ast::Expr> parseIndex(Ptr<ast::Expr> base);
  ast::IndexItem parseIndexItem();
  void parseSlice(ast::IndexItem &item);
  Ptr<ast::Expr> parseField(Ptr<ast::Expr> base);
  Ptr<ast::Expr> parsePrimary();
  Ptr<ast::Expr> parseLiteral();
  Ptr<ast::Expr> parseParenthesised();
  Ptr<ast::Expr> parseListOrComprehension();
  Ptr<ast::ComprehensionExpr> parseComprehension(Ptr<ast::Expr> element);
  Ptr<ast::Lambda> parseLambda();
  ast::Lambda::Parameter parseLambdaParameter();
  Ptr<ast::Expr> parseIf();
  Ptr<ast::Expr> parseRegion();
  Ptr<ast::Expr> parseHeader();

  /// Gives `expr` its height, or replaces it by an error if it is too high or has lost a part: what
  /// is left of `f(a b, axis: 1)` would only make the checker complain once more.
  Ptr<ast::Expr> finish(Ptr<ast::Expr> expr, unsigned childHeight, bool isWhole = true);
  Ptr<ast::Expr> errorExpr() { return std::make_unique<ast::ErrorExpr>(rangeFrom(here())); }

  std::vector<Token> tokens;
  DiagnosticEngine &diagnostics;
  size_t position = 0;
  size_t lineFirst = 0; // where the statement, member or declaration that is being read begins
  llvm::SMLoc previousEnd;
  bool panic = false;
  bool gaveUp = false; // what nests too deep was not written by a person: the rest is not read
  bool linesMatter = true;
  /// Before the braces of `if` and `for`, `training {` is the name `training` and a block.
  bool inHeader = false;
  unsigned depth = 0;
};

} // namespace weft
