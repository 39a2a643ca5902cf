// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parentheses and chains.
#include "frontend/source/Expr.h"

#include "llvm/ADT/StringExtras.h"

namespace weft::source {

Expr Expr::literal(std::string text) {
  bool isNegative = StringRef(text).starts_with("-");
  return {std::move(text), isNegative ? Level::Unary : Level::Primary, {}, true, {}};
}

Expr Expr::calledBy(std::string callee, std::string arguments) const {
  Expr result = index.empty() ? *this : postfix(nested());
  result.isLiteral = false;
  result.steps.push_back({std::move(callee), std::move(arguments)});
  return result;
}

Expr Expr::indexedBy(std::vector<std::string> items) const {
  Expr result = index.empty() ? *this : postfix(nested());
  if (result.steps.empty() && result.level < Level::Postfix)
    result = postfix("(" + result.head + ")");
  result.isLiteral = false;
  result.index = std::move(items);
  return result;
}

std::string Expr::nested() const {
  std::string text = head;
  for (const Step &step : steps)
    text = step.callee + "(" + text + (step.arguments.empty() ? "" : ", " + step.arguments) + ")";
  ArrayRef<std::string> items = index;
  while (items.size() > 1 && items.back() == ":")
    items = items.drop_back();
  return items.empty() ? text : text + "[" + llvm::join(items, ", ") + "]";
}

std::string Expr::operand(Level least) const {
  if (!steps.empty() || !index.empty() || level >= least)
    return nested();
  return "(" + head + ")";
}

std::string Expr::statement() const {
  // `a + b |> f |> g` reads worse than `g(f(a + b))`.
  bool isPlain = level >= Level::Postfix;
  if (steps.size() < (isPlain ? 2 : 3) || !index.empty())
    return nested();
  std::string text = head;
  for (const Step &step : steps) {
    // `cast<f32>` alone would compare.
    bool needsCall = !step.arguments.empty() || StringRef(step.callee).ends_with(">");
    text += softBreak + ("|> " + step.callee) + (needsCall ? "(" + step.arguments + ")" : "");
  }
  return text;
}

Expr infix(const Expr &left, StringRef op, const Expr &right, Level level) {
  // Comparisons do not chain, and `**` groups from the right.
  bool tightLeft = level == Level::Compare || level == Level::Power;
  Level next = static_cast<Level>(static_cast<int>(level) + 1);
  Level rightLevel = level == Level::Power ? Level::Unary : next;
  Expr result;
  result.level = level;
  result.head =
      left.operand(tightLeft ? next : level) + " " + op.str() + " " + right.operand(rightLevel);
  return result;
}

} // namespace weft::source
