// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Statements of a body, and names for its values. As a person would, a name is used again for the
// next value once the last one is not needed any more.
#pragma once

#include "frontend/source/Text.h"
#include "ir/Mlir.h"

#include <set>

namespace weft::source {

/// A value with a name.
struct Variable {
  /// The name that the file suggests; empty for any.
  std::string hint;
  /// True if the name is given from outside, as that of an input.
  bool isFixed = false;
  Type element;
  std::string name;
};

struct Statement {
  /// What it binds, and the pattern with their marks; none for a loop, whose text is all of it.
  SmallVector<unsigned> defines;
  std::string pattern, text;
};

/// The body of a function, of a lambda, or of a branch.
struct TextBlock {
  /// `|h, x| ` with marks; empty for a branch.
  std::string head;
  SmallVector<unsigned> parameters;
  std::vector<Statement> statements;
  /// The last line: the result.
  std::string end;
};

struct BodyText {
  std::vector<Variable> variables;
  std::vector<TextBlock> blocks;

  /// Names all variables of block 0 and of those in it; `taken` are names of fields.
  void chooseNames(const std::set<std::string> &taken);
  /// The lines of a block, each ended and indented.
  std::string render(unsigned block, size_t indent) const;
  std::string withNames(llvm::StringRef text, size_t indent) const;

private:
  void chooseNames(unsigned block, std::set<std::string> taken);
  void collectUses(llvm::StringRef text, std::set<unsigned> &used) const;
  void collectBlock(unsigned block, std::set<unsigned> &used) const;
  void collectBlockWords(unsigned block, std::set<std::string> &words) const;
  std::string freeName(const Variable &variable, const std::set<std::string> &taken) const;
};

} // namespace weft::source
