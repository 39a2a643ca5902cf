// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grammar of types and patterns.
#include "frontend/ParserImpl.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace llvm;

namespace weft {

/// type = named-type | tuple-type | list-type | function-type
ast::Ptr<ast::Type> Parser::parseType() {
  Deeper level(depth);
  if (tooDeep())
    return std::make_unique<ast::ErrorType>(token().range());
  switch (token().kind) {
  case Kind::LeftParen:
    return parseTupleType();
  case Kind::LeftBracket:
    return parseListType();
  case Kind::Fn:
    return parseFunctionType();
  default:
    return parseNamedType();
  }
}

/// named-type = name [ "." name ] [ "[" [ dimension { "," dimension } [ "," ] ] "]" ]
ast::Ptr<ast::Type> Parser::parseNamedType() {
  SMLoc begin = here();
  ast::Name name = parseName("a type");
  if (!name)
    return std::make_unique<ast::ErrorType>(rangeFrom(begin));
  auto type = std::make_unique<ast::NamedType>(name, name.range);
  if (onSameLine() && accept(Kind::Dot)) {
    type->module = name;
    type->name = parseName("the name of a model of this module");
  }
  if (!panic && onSameLine() && at(Kind::LeftBracket)) {
    type->hasDims = true;
    const Token &open = advance();
    bool isWhole = parseList(open, Kind::RightBracket, "a dimension",
                             [&] { type->dims.push_back(parseDimension(type->height)); });
    if (!isWhole)
      return std::make_unique<ast::ErrorType>(rangeFrom(begin));
  }
  type->range = rangeFrom(begin);
  return type;
}

/// dimension = expression | "..." name
ast::Dimension Parser::parseDimension(unsigned &height) {
  SMLoc begin = here();
  ast::Dimension dimension;
  if (accept(Kind::Ellipsis)) {
    dimension.spread = parseName("a name for these dimensions, as in '...S'");
  } else {
    dimension.expr = parseExpr();
    height = std::max(height, dimension.expr->height + 1);
  }
  dimension.range = rangeFrom(begin);
  return dimension;
}

/// tuple-type = "(" [ tuple-element { "," tuple-element } [ "," ] ] ")"
ast::Ptr<ast::Type> Parser::parseTupleType() {
  SMLoc begin = here();
  const Token &open = advance();
  auto tuple = std::make_unique<ast::TupleType>(token().range());
  bool isWhole = parseList(open, Kind::RightParen, "a type", [&] {
    tuple->elements.push_back(parseTupleElement());
    tuple->height = std::max(tuple->height, tuple->elements.back().type->height + 1);
  });
  tuple->range = rangeFrom(begin);
  if (!isWhole)
    return std::make_unique<ast::ErrorType>(tuple->range);
  bool isPlain = tuple->elements.size() == 1 && !tuple->elements.front().name;
  if (isPlain)
    return std::move(tuple->elements.front().type);
  return tuple;
}

/// tuple-element = [ name ":" ] type
ast::TupleType::Element Parser::parseTupleElement() {
  ast::TupleType::Element element;
  if (at(Kind::Identifier) && peek().is(Kind::Colon)) {
    element.name = parseName("a name");
    advance();
  }
  element.type = parseType();
  return element;
}

/// list-type = "[" type "]"
ast::Ptr<ast::Type> Parser::parseListType() {
  SMLoc begin = here();
  const Token &open = advance();
  Scoped lines(linesMatter, false);
  ast::Ptr<ast::Type> element = parseType();
  expectClosing(Kind::RightBracket, open);
  unsigned height = element->height + 1;
  auto list = std::make_unique<ast::ListType>(std::move(element), rangeFrom(begin));
  list->height = height;
  return list;
}

/// function-type = "fn" "(" [ type { "," type } [ "," ] ] ")" [ "->" type ]
ast::Ptr<ast::Type> Parser::parseFunctionType() {
  SMLoc begin = advance().begin();
  auto function = std::make_unique<ast::FunctionType>(token().range());
  const Token &open = token();
  if (expect(Kind::LeftParen))
    parseList(open, Kind::RightParen, "a type", [&] {
      function->parameters.push_back(parseType());
      function->height = std::max(function->height, function->parameters.back()->height + 1);
    });
  if (!panic && onSameLine() && accept(Kind::Arrow)) {
    function->result = parseType();
    function->height = std::max(function->height, function->result->height + 1);
  }
  function->range = rangeFrom(begin);
  return function;
}

/// pattern = name | "(" [ patterns ] ")" | "[" [ patterns ] "]"
ast::Ptr<ast::Pattern> Parser::parsePattern() {
  Deeper level(depth);
  SMLoc begin = here();
  if (tooDeep())
    return std::make_unique<ast::NamePattern>(ast::Name{StringRef(), token().range()});
  if (at(Kind::LeftParen)) {
    auto tuple = std::make_unique<ast::TuplePattern>(token().range());
    parsePatterns(tuple->elements, Kind::RightParen);
    tuple->range = rangeFrom(begin);
    return tuple;
  }
  if (at(Kind::LeftBracket)) {
    auto list = std::make_unique<ast::ListPattern>(token().range());
    parsePatterns(list->elements, Kind::RightBracket);
    list->range = rangeFrom(begin);
    return list;
  }
  return std::make_unique<ast::NamePattern>(parseName("a name"));
}

/// patterns = pattern { "," pattern } [ "," ]
void Parser::parsePatterns(ast::List<ast::Pattern> &patterns, Kind closing) {
  const Token &open = advance();
  parseList(open, closing, "a name", [&] { patterns.push_back(parsePattern()); });
}

/// The pattern that is written like `expr`; null, and reported, where there is none.
ast::Ptr<ast::Pattern> Parser::patternOf(const ast::Expr &expr) {
  auto addAll = [&](auto pattern, const ast::List<ast::Expr> &elements) -> Ptr<ast::Pattern> {
    for (const Ptr<ast::Expr> &element : elements) {
      pattern->elements.push_back(patternOf(*element));
      if (!pattern->elements.back())
        return nullptr;
    }
    return pattern;
  };
  if (const auto *name = dyn_cast<ast::NameExpr>(&expr))
    return std::make_unique<ast::NamePattern>(name->name);
  if (const auto *tuple = dyn_cast<ast::TupleExpr>(&expr))
    return addAll(std::make_unique<ast::TuplePattern>(expr.range), tuple->elements);
  if (const auto *list = dyn_cast<ast::ListExpr>(&expr))
    return addAll(std::make_unique<ast::ListPattern>(expr.range), list->elements);
  if (!isa<ast::ErrorExpr>(expr))
    report(Diag::AssignmentTarget, expr.range,
           isa<ast::BinaryExpr>(expr) ? "; to compare, write '=='"
           : isa<ast::IndexExpr>(expr)
               ? "; a tensor with other entries is a new value, as 'update_slice' gives it"
               : "");
  panic = true;
  return nullptr;
}

} // namespace weft
