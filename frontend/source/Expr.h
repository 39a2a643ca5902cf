// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An expression on its way to text: how tightly it binds, and the calls that take it as their first
// argument, which become `f(g(x))` or `x |> g |> f`.
#pragma once

#include "frontend/source/Text.h"

namespace weft::source {

/// The levels of the grammar, loosest first.
enum class Level { Or = 1, And, Compare, Sum, Product, Unary, Power, Postfix, Primary };

struct Expr {
  /// `callee(head, arguments)`; no arguments are an empty text.
  struct Step {
    std::string callee, arguments;
  };

  std::string head;
  Level level = Level::Primary;
  std::vector<Step> steps;
  /// A number, which takes its type from what it meets.
  bool isLiteral = false;
  /// An index of all that stands before; a later one may drop dimensions of it.
  std::vector<std::string> index = {};

  static Expr atom(std::string text) { return {std::move(text), Level::Primary, {}, false, {}}; }
  static Expr postfix(std::string text) { return {std::move(text), Level::Postfix, {}, false, {}}; }
  static Expr literal(std::string text);

  /// `callee(this, arguments)`.
  Expr calledBy(std::string callee, std::string arguments = "") const;
  /// `this[items]`.
  Expr indexedBy(std::vector<std::string> items) const;
  /// As an argument or a whole statement that is no chain: calls in calls.
  std::string nested() const;
  /// As an operand of an operator that takes `least` and tighter.
  std::string operand(Level least) const;
  /// As a statement: a chain where there are several calls.
  std::string statement() const;
};

/// `left op right`, where the right side of an equal level needs parentheses.
Expr infix(const Expr &left, llvm::StringRef op, const Expr &right, Level level);

} // namespace weft::source
