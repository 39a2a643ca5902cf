// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shows the syntax tree, for tests and for whoever wants to see what the parser understood.
#pragma once

#include "frontend/Ast.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace weft {

/// Prints `file` as source with every operator in parentheses, one statement a line. What is
/// printed for a file without errors parses again, to the same tree.
void printAst(const ast::File &file, llvm::raw_ostream &os);
void printAst(const ast::Expr &expr, llvm::raw_ostream &os);
void printAst(const ast::Type &type, llvm::raw_ostream &os);
void printAst(const ast::Pattern &pattern, llvm::raw_ostream &os);

} // namespace weft
