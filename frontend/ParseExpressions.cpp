// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grammar of expressions, from the loosest operator to the tightest.
#include "frontend/ParserImpl.h"

using namespace llvm;

namespace weft {

namespace {
using Kind = Token::Kind;

struct Operator {
  Kind sign;
  ast::BinaryOp op;
  unsigned level;
};
constexpr unsigned comparisonLevel = 2, tightestLevel = 4;
constexpr Operator operators[] = {
    {Kind::BarBar, ast::BinaryOp::Or, 0},     {Kind::AmpAmp, ast::BinaryOp::And, 1},
    {Kind::EqualEqual, ast::BinaryOp::Eq, 2}, {Kind::BangEqual, ast::BinaryOp::Ne, 2},
    {Kind::Less, ast::BinaryOp::Lt, 2},       {Kind::LessEqual, ast::BinaryOp::Le, 2},
    {Kind::Greater, ast::BinaryOp::Gt, 2},    {Kind::GreaterEqual, ast::BinaryOp::Ge, 2},
    {Kind::Plus, ast::BinaryOp::Add, 3},      {Kind::Minus, ast::BinaryOp::Sub, 3},
    {Kind::Star, ast::BinaryOp::Mul, 4},      {Kind::Slash, ast::BinaryOp::Div, 4},
    {Kind::Percent, ast::BinaryOp::Rem, 4},   {Kind::At, ast::BinaryOp::MatMul, 4},
};

const Operator *operatorOf(const Token &token) {
  for (const Operator &candidate : operators)
    if (token.is(candidate.sign))
      return &candidate;
  // What Python calls the same.
  if (token.is(Kind::Identifier) && token.text == "or")
    return &operators[0];
  if (token.is(Kind::Identifier) && token.text == "and")
    return &operators[1];
  return nullptr;
}

unsigned heightOf(const ast::Ptr<ast::Block> &block) { return block ? block->height : 0; }
unsigned heightOf(const ast::Ptr<ast::Expr> &expr) { return expr ? expr->height : 0; }

unsigned heightOf(const ast::Lambda &lambda) {
  unsigned height = lambda.body->height;
  for (const ast::Lambda::Parameter &parameter : lambda.parameters)
    height = std::max(height, parameter.type ? parameter.type->height : 0);
  return height;
}
} // namespace

ast::Ptr<ast::Expr> Parser::finish(ast::Ptr<ast::Expr> expr, unsigned childHeight, bool isWhole) {
  expr->height = childHeight + 1;
  if (panic || !isWhole)
    return std::make_unique<ast::ErrorExpr>(expr->range);
  if (expr->height <= ast::Expr::maxHeight)
    return expr;
  report(Diag::TooDeep, expr->range, ast::Expr::maxHeight);
  giveUp();
  return std::make_unique<ast::ErrorExpr>(expr->range);
}

/// expression = pipe
ast::Ptr<ast::Expr> Parser::parseExpr() {
  Deeper level(depth);
  return tooDeep() ? errorExpr() : parsePipe();
}

/// pipe = range { "|>" postfix }
ast::Ptr<ast::Expr> Parser::parsePipe() {
  ast::Ptr<ast::Expr> value = parseRange();
  while (!panic && at(Kind::PipeArrow) && continuesExpression()) {
    SMRange sign = advance().range();
    Ptr<ast::Expr> target = parsePostfix();
    unsigned height = std::max(value->height, target->height);
    value =
        finish(std::make_unique<ast::PipeExpr>(sign, std::move(value), std::move(target)), height);
    bool isOperator = operatorOf(token()) || at(Kind::StarStar) || at(Kind::DotDot);
    if (!panic && isOperator && continuesExpression())
      if (Diagnostic *diagnostic = report(Diag::PipeTarget, token().range(), token().text))
        diagnostic->underline(value->range);
  }
  return value;
}

/// range = or [ ".." or ]
ast::Ptr<ast::Expr> Parser::parseRange() {
  ast::Ptr<ast::Expr> start = parseBinary(0);
  if (panic || !at(Kind::DotDot) || !continuesExpression())
    return start;
  advance();
  ast::Ptr<ast::Expr> stop = parseBinary(0);
  unsigned height = std::max(start->height, stop->height);
  return finish(std::make_unique<ast::RangeExpr>(std::move(start), std::move(stop)), height);
}

/// or = and { "||" and }
/// and = comparison { "&&" comparison }
/// comparison = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum ]
/// sum = product { ( "+" | "-" ) product }
/// product = unary { ( "*" | "/" | "%" | "@" ) unary }
ast::Ptr<ast::Expr> Parser::parseBinary(unsigned level) {
  ast::Ptr<ast::Expr> lhs = parseUnary();
  const Operator *previous = nullptr;
  for (;;) {
    const Operator *found = operatorOf(token());
    if (panic || !found || found->level < level || !continuesExpression())
      return lhs;
    if (at(Kind::Identifier)) {
      if (Diagnostic *diagnostic = remark(Diag::ForeignWord, token().range(), token().text,
                                          "the operator is '" + spelling(found->sign) + "'"))
        diagnostic->fix(token().range(), spelling(found->sign));
    }
    if (previous && previous->level == comparisonLevel && found->level == comparisonLevel)
      report(Diag::ChainedComparison, token().range());
    SMRange sign = advance().range();
    Ptr<ast::Expr> rhs =
        found->level == tightestLevel ? parseUnary() : parseBinary(found->level + 1);
    unsigned height = std::max(lhs->height, rhs->height);
    lhs = finish(std::make_unique<ast::BinaryExpr>(found->op, sign, std::move(lhs), std::move(rhs)),
                 height);
    previous = found;
  }
}

/// unary = ( "-" | "!" ) unary | power
ast::Ptr<ast::Expr> Parser::parseUnary() {
  bool isPythonNot = atWord("not") && !peek().atLineStart && peek().is(Kind::Identifier);
  if (!at(Kind::Minus) && !at(Kind::Bang) && !isPythonNot)
    return parsePower();
  Deeper level(depth);
  if (tooDeep())
    return errorExpr();
  if (isPythonNot) {
    if (Diagnostic *diagnostic =
            remark(Diag::ForeignWord, token().range(), token().text, "the operator is '!'"))
      diagnostic->fix({here(), peek().begin()}, "!");
  }
  ast::UnaryOp op = at(Kind::Minus) ? ast::UnaryOp::Neg : ast::UnaryOp::Not;
  SMRange sign = advance().range();
  ast::Ptr<ast::Expr> operand = parseUnary();
  unsigned height = operand->height;
  return finish(std::make_unique<ast::UnaryExpr>(op, sign, std::move(operand)), height);
}

/// power = postfix [ "**" unary ]
ast::Ptr<ast::Expr> Parser::parsePower() {
  ast::Ptr<ast::Expr> base = parsePostfix();
  if (panic || !at(Kind::StarStar) || !continuesExpression())
    return base;
  Deeper level(depth);
  if (tooDeep())
    return base;
  SMRange sign = advance().range();
  ast::Ptr<ast::Expr> exponent = parseUnary();
  unsigned height = std::max(base->height, exponent->height);
  return finish(std::make_unique<ast::BinaryExpr>(ast::BinaryOp::Pow, sign, std::move(base),
                                                  std::move(exponent)),
                height);
}

/// postfix = primary { call | index | field }
ast::Ptr<ast::Expr> Parser::parsePostfix() {
  ast::Ptr<ast::Expr> expr = parsePrimary();
  while (!panic) {
    if ((at(Kind::LeftParen) && onSameLine()) || atTypeArguments())
      expr = parseCall(std::move(expr));
    else if (at(Kind::LeftBracket) && onSameLine())
      expr = parseIndex(std::move(expr));
    else if (at(Kind::Dot) && continuesExpression())
      expr = parseField(std::move(expr));
    else
      break;
  }
  return expr;
}

/// Whether `<` opens type arguments: it stands directly after a name, and only what a type is made
/// of lies between it and a `>` that `(` follows directly.
bool Parser::atTypeArguments() const {
  if (!at(Kind::Less) || token().afterSpace || token().atLineStart)
    return false;
  int nesting = 0;
  for (size_t ahead = 1;; ++ahead) {
    switch (peek(ahead).kind) {
    case Kind::LeftBracket:
    case Kind::LeftParen:
      ++nesting;
      break;
    case Kind::RightBracket:
    case Kind::RightParen:
      --nesting;
      break;
    case Kind::Identifier:
    case Kind::Int:
    case Kind::Comma:
    case Kind::Dot:
    case Kind::Ellipsis:
    case Kind::Fn:
    case Kind::Arrow:
      break;
    case Kind::Plus:
    case Kind::Minus:
    case Kind::Star:
    case Kind::Slash:
    case Kind::Percent:
      if (nesting == 0)
        return false;
      break;
    case Kind::Greater:
      return nesting == 0 && peek(ahead + 1).is(Kind::LeftParen) && !peek(ahead + 1).afterSpace;
    default:
      return false;
    }
    if (nesting < 0)
      return false;
  }
}

/// call = [ type-arguments ] "(" [ argument { "," argument } [ "," ] ] ")" [ lambda ]
/// type-arguments = "<" type { "," type } [ "," ] ">"
ast::Ptr<ast::Expr> Parser::parseCall(ast::Ptr<ast::Expr> callee) {
  SMLoc begin = callee->range.Start;
  unsigned height = callee->height;
  auto call = std::make_unique<ast::CallExpr>(std::move(callee), SMRange());
  bool isWhole = true;
  if (at(Kind::Less)) {
    const Token &open = advance();
    isWhole = parseList(open, Kind::Greater, "a type", [&] {
      call->typeArguments.push_back(parseType());
      height = std::max(height, call->typeArguments.back()->height);
    });
  }
  const Token &open = token();
  bool sawNamed = false;
  if (!panic && expect(Kind::LeftParen))
    isWhole &= parseList(open, Kind::RightParen, "an argument", [&] {
      call->arguments.push_back(parseArgument(sawNamed));
      height = std::max(height, call->arguments.back().value->height);
    });
  if (!panic && atLambda()) {
    call->trailing = parseLambda();
    height = std::max(height, heightOf(*call->trailing));
  }
  call->range = rangeFrom(begin);
  return finish(std::move(call), height, isWhole);
}

/// argument = [ name ":" ] expression
ast::Argument Parser::parseArgument(bool &sawNamed) {
  SMLoc begin = here();
  ast::Argument argument;
  bool isNamed = peek().is(Kind::Colon) && (at(Kind::Identifier) || isReservedWord(token().kind));
  if (isNamed) {
    argument.name = parseName("a name");
    advance();
  }
  argument.value = parseExpr();
  argument.range = rangeFrom(begin);
  if (sawNamed && !isNamed)
    remark(Diag::ArgumentOrder, argument.range);
  sawNamed |= isNamed;
  return argument;
}

/// index = "[" index-item { "," index-item } [ "," ] "]"
ast::Ptr<ast::Expr> Parser::parseIndex(ast::Ptr<ast::Expr> base) {
  SMLoc begin = base->range.Start;
  unsigned height = base->height;
  auto index = std::make_unique<ast::IndexExpr>(std::move(base), SMRange());
  const Token &open = advance();
  if (at(Kind::RightBracket))
    reportExpected("an index");
  bool isWhole = parseList(open, Kind::RightBracket, "an index", [&] {
    index->items.push_back(parseIndexItem());
    const ast::IndexItem &item = index->items.back();
    height = std::max({height, heightOf(item.start), heightOf(item.stop), heightOf(item.stride)});
  });
  index->range = rangeFrom(begin);
  return finish(std::move(index), height, isWhole);
}

/// index-item = expression | slice | "..." | "new"
ast::IndexItem Parser::parseIndexItem() {
  SMLoc begin = here();
  ast::IndexItem item{ast::IndexItem::Kind::At, {}, nullptr, nullptr, nullptr};
  if (accept(Kind::Ellipsis)) {
    item.kind = ast::IndexItem::Kind::Ellipsis;
  } else if (accept(Kind::New)) {
    item.kind = ast::IndexItem::Kind::New;
  } else {
    if (!at(Kind::Colon))
      item.start = parseExpr();
    if (!panic && at(Kind::Colon))
      parseSlice(item);
  }
  item.range = rangeFrom(begin);
  return item;
}

/// slice = [ expression ] ":" [ expression ] [ ":" [ expression ] ]
void Parser::parseSlice(ast::IndexItem &item) {
  auto endsPart = [&] { return at(Kind::Colon) || at(Kind::Comma) || at(Kind::RightBracket); };
  advance();
  item.kind = ast::IndexItem::Kind::Slice;
  if (!endsPart())
    item.stop = parseExpr();
  if (!panic && accept(Kind::Colon) && !endsPart())
    item.stride = parseExpr();
}

/// field = "." name
ast::Ptr<ast::Expr> Parser::parseField(ast::Ptr<ast::Expr> base) {
  advance();
  unsigned height = base->height;
  ast::Name name = parseName("the name of a field");
  return finish(std::make_unique<ast::FieldExpr>(std::move(base), name), height);
}

/// primary = literal | name | parenthesised | list | lambda | if | region
ast::Ptr<ast::Expr> Parser::parsePrimary() {
  switch (token().kind) {
  case Kind::Int:
  case Kind::Float:
  case Kind::String:
  case Kind::True:
  case Kind::False:
    return parseLiteral();
  case Kind::Identifier: {
    bool isRegion = (atWord("training") || atWord("checkpoint")) && !inHeader &&
                    peek().is(Kind::LeftBrace) && !peek().atLineStart;
    return isRegion ? parseRegion() : std::make_unique<ast::NameExpr>(parseName("a name"));
  }
  case Kind::LeftParen:
    return parseParenthesised();
  case Kind::LeftBracket:
    return parseListOrComprehension();
  case Kind::Bar:
  case Kind::BarBar: {
    Ptr<ast::Lambda> lambda = parseLambda();
    unsigned height = heightOf(*lambda);
    return finish(std::make_unique<ast::LambdaExpr>(std::move(lambda)), height);
  }
  case Kind::If:
    return parseIf();
  default:
    break;
  }
  ast::Ptr<ast::Expr> error = errorExpr();
  reportExpected("an expression");
  if (at(Kind::Error))
    advance();
  return error;
}

/// literal = integer | float | string | "true" | "false"
ast::Ptr<ast::Expr> Parser::parseLiteral() {
  const Token &literal = advance();
  SMRange range = literal.range();
  switch (literal.kind) {
  case Kind::Int:
    return std::make_unique<ast::IntExpr>(literal.integer, range);
  case Kind::Float:
    return std::make_unique<ast::FloatExpr>(literal.real, range);
  case Kind::String:
    return std::make_unique<ast::StringExpr>(literal.string, range);
  default:
    return std::make_unique<ast::BoolExpr>(literal.is(Kind::True), range);
  }
}

/// parenthesised = "(" [ expression { "," expression } [ "," ] ] ")"
ast::Ptr<ast::Expr> Parser::parseParenthesised() {
  SMLoc begin = here();
  const Token &open = advance();
  auto tuple = std::make_unique<ast::TupleExpr>(SMRange());
  unsigned height = 0;
  bool hasComma = false;
  bool isWhole = parseList(open, Kind::RightParen, "an expression", [&] {
    tuple->elements.push_back(parseExpr());
    height = std::max(height, tuple->elements.back()->height);
    hasComma |= at(Kind::Comma);
  });
  tuple->range = rangeFrom(begin);
  if (tuple->elements.size() != 1 || hasComma || !isWhole)
    return finish(std::move(tuple), height, isWhole);
  tuple->elements.front()->range = tuple->range;
  return std::move(tuple->elements.front());
}

/// list = "[" [ expression { "," expression } [ "," ] ] "]" | "[" comprehension "]"
ast::Ptr<ast::Expr> Parser::parseListOrComprehension() {
  SMLoc begin = here();
  const Token &open = advance();
  auto list = std::make_unique<ast::ListExpr>(SMRange());
  unsigned height = 0;
  ast::Ptr<ast::ComprehensionExpr> comprehension;
  bool isWhole = parseList(open, Kind::RightBracket, "an expression", [&] {
    if (comprehension) {
      reportExpected("']' after the list that 'for' makes");
      return;
    }
    list->elements.push_back(parseExpr());
    height = std::max(height, list->elements.back()->height);
    if (panic || list->elements.size() != 1 || !at(Kind::For))
      return;
    comprehension = parseComprehension(std::move(list->elements.front()));
    height = std::max(height, comprehension->iterable->height);
  });
  list->range = rangeFrom(begin);
  if (!comprehension)
    return finish(std::move(list), height, isWhole);
  comprehension->range = list->range;
  return finish(std::move(comprehension), height, isWhole);
}

/// comprehension = expression "for" pattern "in" expression
ast::Ptr<ast::ComprehensionExpr> Parser::parseComprehension(ast::Ptr<ast::Expr> element) {
  advance();
  ast::Ptr<ast::Pattern> variable = parsePattern();
  if (!panic)
    expect(Kind::In);
  ast::Ptr<ast::Expr> iterable = panic ? errorExpr() : parseExpr();
  return std::make_unique<ast::ComprehensionExpr>(std::move(element), std::move(variable),
                                                  std::move(iterable), SMRange());
}

/// A lambda after a call, on the same line. `||` is one with no parameters if a block follows.
bool Parser::atLambda() const {
  return onSameLine() && (at(Kind::Bar) || (at(Kind::BarBar) && peek().is(Kind::LeftBrace)));
}

/// lambda = "|" [ lambda-parameter { "," lambda-parameter } [ "," ] ] "|" block
ast::Ptr<ast::Lambda> Parser::parseLambda() {
  SMLoc begin = here();
  auto lambda = std::make_unique<ast::Lambda>();
  const Token &open = advance();
  if (open.is(Kind::Bar))
    parseList(open, Kind::Bar, "a name",
              [&] { lambda->parameters.push_back(parseLambdaParameter()); });
  if (panic) {
    lambda->body = std::make_unique<ast::Block>();
    lambda->body->range = rangeFrom(here());
  } else {
    lambda->body = parseBlock("'{' before the body of the lambda");
  }
  lambda->range = rangeFrom(begin);
  return lambda;
}

/// lambda-parameter = pattern [ ":" type ]
ast::Lambda::Parameter Parser::parseLambdaParameter() {
  ast::Lambda::Parameter parameter;
  parameter.pattern = parsePattern();
  if (!panic && accept(Kind::Colon))
    parameter.type = parseType();
  return parameter;
}

/// The expression between `if` or `in` and the block that belongs to them.
ast::Ptr<ast::Expr> Parser::parseHeader() {
  Scoped header(inHeader, true);
  return parseExpr();
}

/// if = "if" expression block [ "else" ( if | block ) ]
ast::Ptr<ast::Expr> Parser::parseIf() {
  SMLoc begin = advance().begin();
  Deeper level(depth);
  if (tooDeep())
    return errorExpr();
  ast::Ptr<ast::Expr> condition = parseHeader();
  if (panic)
    skipUntil(Kind::LeftBrace, /*stopAtLine=*/true);
  if (at(Kind::LeftBrace))
    panic = false;
  ast::Ptr<ast::Block> then = parseBlock("'{' before what the 'if' decides"), otherwise;
  if (!panic && accept(Kind::Else)) {
    if (at(Kind::If)) {
      otherwise = std::make_unique<ast::Block>();
      otherwise->result = parseIf();
      otherwise->range = otherwise->result->range;
      otherwise->height = otherwise->result->height + 1;
    } else {
      otherwise = parseBlock("'{' or 'if' after 'else'");
    }
  }
  unsigned height = std::max({condition->height, heightOf(then), heightOf(otherwise)});
  return finish(std::make_unique<ast::IfExpr>(std::move(condition), std::move(then),
                                              std::move(otherwise), rangeFrom(begin)),
                height);
}

/// region = ( "training" | "checkpoint" ) block
ast::Ptr<ast::Expr> Parser::parseRegion() {
  auto region =
      atWord("training") ? ast::RegionExpr::Region::Training : ast::RegionExpr::Region::Checkpoint;
  SMRange word = advance().range();
  ast::Ptr<ast::Block> body = parseBlock("'{'");
  unsigned height = body->height;
  return finish(std::make_unique<ast::RegionExpr>(region, word, std::move(body)), height);
}

} // namespace weft
