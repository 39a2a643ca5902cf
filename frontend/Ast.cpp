// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How operators of the syntax tree are written.
#include "frontend/Ast.h"

namespace weft::ast {

StringRef spelling(BinaryOp op) {
  static constexpr StringRef spellings[] = {"+",  "-", "*",  "/",  "%",  "**", "@", "<",
                                            "<=", ">", ">=", "==", "!=", "&&", "||"};
  return spellings[static_cast<unsigned>(op)];
}

StringRef spelling(UnaryOp op) { return op == UnaryOp::Neg ? "-" : "!"; }

} // namespace weft::ast
