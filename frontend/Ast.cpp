// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How operators of the syntax tree are written, and what needs complete types.
#include "frontend/Ast.h"

namespace weft::ast {

StringRef spelling(BinaryOp op) {
  static constexpr StringRef spellings[] = {"+",  "-", "*",  "/",  "%",  "**", "@", "<",
                                            "<=", ">", ">=", "==", "!=", "&&", "||"};
  return spellings[static_cast<unsigned>(op)];
}

StringRef spelling(UnaryOp op) { return op == UnaryOp::Neg ? "-" : "!"; }

LambdaExpr::LambdaExpr(Ptr<Lambda> lambda)
    : Expr(Kind::Lambda, lambda->range), lambda(std::move(lambda)) {}
IfExpr::IfExpr(Ptr<Expr> condition, Ptr<Block> then, Ptr<Block> otherwise, SMRange range)
    : Expr(Kind::If, range), condition(std::move(condition)), then(std::move(then)),
      otherwise(std::move(otherwise)) {}
RegionExpr::RegionExpr(Region region, SMRange wordRange, Ptr<Block> body)
    : Expr(Kind::Region, {wordRange.Start, body->range.End}), region(region), wordRange(wordRange),
      body(std::move(body)) {}

} // namespace weft::ast
