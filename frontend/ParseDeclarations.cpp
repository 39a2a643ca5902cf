// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grammar of files: imports, models and their members, functions, constants.
#include "frontend/ParserImpl.h"

using namespace llvm;

namespace weft {

namespace {
/// `fn (...)`, and not a function whose name could not be read.
bool isUnnamed(const ast::FunctionDecl &function) { return !function.name.range.isValid(); }

/// Whether a name had to stand there and did not: nothing can refer to such a declaration.
bool lacksName(const ast::Decl *decl) {
  const auto *function = dyn_cast_or_null<ast::FunctionDecl>(decl);
  return decl && !decl->name && !(function && isUnnamed(*function));
}
} // namespace

/// file = { import | declaration }
void Parser::parseFile(ast::File &file) {
  while (!at(Kind::Eof)) {
    size_t first = lineFirst = position;
    if (at(Kind::Import)) {
      if (std::optional<ast::Import> import = parseImport())
        file.imports.push_back(std::move(*import));
      endOfLine("import", first);
    } else if (at(Kind::RightBrace)) {
      reportExpected("a declaration");
      advance();
      panic = false;
    } else if (ast::Ptr<ast::Decl> declaration = parseDeclaration()) {
      file.decls.push_back(std::move(declaration));
      endOfLine("declaration", first);
    } else {
      endOfLine("declaration", first);
    }
  }
}

/// import = "import" module [ "as" name | ":" import-item { "," import-item } ]
std::optional<ast::Import> Parser::parseImport() {
  SMLoc begin = advance().begin();
  ast::Import import;
  parseModulePath(import);
  if (!panic && onSameLine() && atWord("as")) {
    advance();
    import.alias = parseName("another name for the module");
  } else if (!panic && accept(Kind::Colon)) {
    do {
      // After a comma too many stands the next declaration, whose word would pass for a name.
      if (startsItem())
        reportExpected("the name of what to import");
      else
        import.items.push_back(parseImportItem());
    } while (!panic && accept(Kind::Comma));
  }
  import.range = rangeFrom(begin);
  if (import.path.empty() || !import.path.back())
    return std::nullopt;
  return import;
}

/// module = name { "." name }
void Parser::parseModulePath(ast::Import &import) {
  SMLoc begin = here();
  do {
    import.path.push_back(parseName("the name of a module, as in 'std.nn'"));
  } while (!panic && accept(Kind::Dot));
  import.pathRange = rangeFrom(begin);
}

/// import-item = name [ "as" name ]
ast::Import::Item Parser::parseImportItem() {
  ast::Import::Item item{parseName("the name of what to import"), {}};
  if (!panic && onSameLine() && atWord("as")) {
    advance();
    item.alias = parseName("another name for it");
  }
  return item;
}

/// declaration = model | function | constant
ast::Ptr<ast::Decl> Parser::parseDeclaration() {
  std::string doc = token().doc;
  ast::Ptr<ast::Decl> declaration;
  if (atWord("model") && peek().is(Kind::Identifier)) {
    declaration = parseModel();
  } else if (at(Kind::Fn) || at(Kind::Export)) {
    Ptr<ast::FunctionDecl> function = parseFunction();
    if (function && isUnnamed(*function) && function->body)
      remark(Diag::UnnamedFunction, function->wordRange, "outside of a model");
    if (function && function->name)
      declaration = std::move(function);
  } else if (at(Kind::Const)) {
    declaration = parseConst();
  } else {
    declaration = parseMisplaced("outside of a model");
  }
  if (declaration)
    declaration->doc = std::move(doc);
  return lacksName(declaration.get()) ? nullptr : std::move(declaration);
}

/// Reads what is a declaration elsewhere, so that only its place is reported.
ast::Ptr<ast::Decl> Parser::parseMisplaced(StringRef where) {
  if (reportForeignWord(/*inBlock=*/false))
    return nullptr;
  ast::Ptr<ast::Decl> declaration;
  SMRange word = token().range();
  StringRef what;
  if (startsItem() && atWord("model")) {
    what = "a model";
    declaration = parseModel();
  } else if (startsItem() && !at(Kind::Export) && !at(Kind::Import) && !at(Kind::Fn)) {
    what = atWord("param") ? "a parameter" : "state";
    declaration = parseVariable();
  } else if (at(Kind::Identifier) && peek().is(Kind::Equal)) {
    what = "a sub-model";
    declaration = parseSubModel();
  } else if (at(Kind::Import)) {
    what = "an import";
    parseImport();
  } else {
    reportExpected(where == "outside of a model"
                       ? "'model', 'fn', 'export fn', 'const' or 'import'"
                       : "'param', 'state', 'const', 'fn', 'export fn' or a sub-model");
    return nullptr;
  }
  remark(Diag::MisplacedDeclaration, word, what, where);
  return nullptr;
}

/// model = "model" name [ parameters ] "{" { member } "}"
ast::Ptr<ast::ModelDecl> Parser::parseModel() {
  SMLoc begin = advance().begin();
  auto model = std::make_unique<ast::ModelDecl>(parseName("the name of the model"));
  if (at(Kind::LeftParen) && onSameLine())
    model->isBroken = !parseParameters(model->settings);
  const Token &open = token();
  if (!at(Kind::LeftBrace)) {
    // With its brace on a later place the model can still be read.
    reportExpected("'{' before the members of the model");
    skipUntil(Kind::LeftBrace, /*stopAtLine=*/true);
  }
  model->range = rangeFrom(begin);
  if (at(Kind::LeftBrace)) {
    panic = false;
    advance();
    Scoped lines(linesMatter, true), header(inHeader, false);
    while (!at(Kind::RightBrace) && !at(Kind::Eof) && !startsFileItem()) {
      size_t first = lineFirst = position;
      if (ast::Ptr<ast::Decl> member = parseMember())
        model->members.push_back(std::move(member));
      endOfLine("member", first);
    }
    expectClosing(Kind::RightBrace, open);
  }
  model->range = rangeFrom(begin);
  return model;
}

/// member = variable | constant | sub-model | function
ast::Ptr<ast::Decl> Parser::parseMember() {
  Deeper level(depth);
  std::string doc = token().doc;
  ast::Ptr<ast::Decl> member;
  bool isVariable = (atWord("param") || atWord("state")) && peek().is(Kind::Identifier);
  if (tooDeep())
    return nullptr;
  if (isVariable)
    member = parseVariable();
  else if (at(Kind::Const))
    member = parseConst();
  else if (at(Kind::Fn) || at(Kind::Export))
    member = parseFunction();
  else if (at(Kind::Identifier) && peek().is(Kind::Equal))
    member = parseSubModel();
  else
    member = parseMisplaced("inside of a model");
  if (member)
    member->doc = std::move(doc);
  return lacksName(member.get()) ? nullptr : std::move(member);
}

/// variable = ( "param" | "state" ) name ":" type [ "=" expression ]
ast::Ptr<ast::VariableDecl> Parser::parseVariable() {
  bool isState = atWord("state");
  SMLoc begin = advance().begin();
  auto variable = std::make_unique<ast::VariableDecl>(parseName("a name"), isState);
  if (at(Kind::Colon))
    advance(), variable->type = parseType();
  else
    report(Diag::MissingType, variable->name.range, variable->name.text, "f32[8, 8]");
  if (!panic && onSameLine() && accept(Kind::Equal))
    variable->initial = parseExpr();
  if (!variable->type)
    variable->type = std::make_unique<ast::ErrorType>(variable->name.range);
  variable->range = rangeFrom(begin);
  return variable;
}

/// constant = "const" name [ ":" type ] "=" expression
ast::Ptr<ast::ConstDecl> Parser::parseConst() {
  SMLoc begin = advance().begin();
  auto constant = std::make_unique<ast::ConstDecl>(parseName("the name of the constant"));
  if (!panic && accept(Kind::Colon))
    constant->type = parseType();
  if (!panic && expect(Kind::Equal, "'=' and a value"))
    constant->value = parseExpr();
  if (!constant->value)
    constant->value = errorExpr();
  constant->range = rangeFrom(begin);
  return constant;
}

/// sub-model = name "=" expression
ast::Ptr<ast::SubModelDecl> Parser::parseSubModel() {
  SMLoc begin = here();
  auto model = std::make_unique<ast::SubModelDecl>(parseName("a name"));
  expect(Kind::Equal);
  model->value = parseExpr();
  model->range = rangeFrom(begin);
  return model;
}

/// function = [ "export" ] "fn" [ name ] parameters [ "->" type ] block [ "vjp" lambda ]
ast::Ptr<ast::FunctionDecl> Parser::parseFunction() {
  SMLoc begin = here();
  bool isExport = accept(Kind::Export);
  SMRange word = token().range();
  if (!expect(Kind::Fn, "'fn': functions are what is exported"))
    return nullptr;
  bool isNamed = !at(Kind::LeftParen);
  auto function = std::make_unique<ast::FunctionDecl>(
      isNamed ? parseName("the name of the function or '('") : ast::Name());
  function->isExport = isExport;
  function->wordRange = word;
  if (isExport && !isNamed)
    remark(Diag::UnnamedFunction, word, "that is exported");
  parseSignature(*function);
  if (!panic || at(Kind::LeftBrace))
    function->body = parseBlock("'{' before the body of the function");
  if (!panic && atWord("vjp") && (peek().is(Kind::Bar) || peek().is(Kind::BarBar))) {
    advance();
    function->vjp = parseLambda();
  }
  function->range = rangeFrom(begin);
  return function;
}

void Parser::parseSignature(ast::FunctionDecl &function) {
  SMLoc begin = here();
  function.isBroken = panic || !at(Kind::LeftParen);
  if (function.isBroken)
    reportExpected("'(' before the parameters of the function");
  else
    function.isBroken = !parseParameters(function.parameters);
  function.parametersRange = rangeFrom(begin);
  if (!panic && accept(Kind::Arrow))
    function.result = parseType();
  // A body after a broken signature is still worth reading.
  if (panic)
    skipUntil(Kind::LeftBrace, /*stopAtLine=*/true);
}

/// parameters = "(" [ parameter { "," parameter } [ "," ] ] ")"
bool Parser::parseParameters(std::vector<ast::Parameter> &parameters) {
  const Token &open = advance();
  return parseList(open, Kind::RightParen, "a parameter",
                   [&] { parameters.push_back(parseParameter()); });
}

/// parameter = name ":" type [ "=" expression ]
ast::Parameter Parser::parseParameter() {
  ast::Parameter parameter;
  SMLoc begin = here();
  parameter.doc = token().doc;
  parameter.name = parseName("the name of a parameter");
  if (!panic && at(Kind::Colon))
    advance(), parameter.type = parseType();
  else if (parameter.name)
    report(Diag::MissingType, parameter.name.range, parameter.name.text, "f32[N]");
  if (!panic && accept(Kind::Equal))
    parameter.defaultValue = parseExpr();
  if (!parameter.type)
    parameter.type = std::make_unique<ast::ErrorType>(parameter.name.range);
  parameter.range = rangeFrom(begin);
  return parameter;
}

} // namespace weft
