// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program: one file and everything it imports, each parsed once. Comes in: a path and the
// folders in which modules are looked for. Goes out: the trees, imports linked to files.
#pragma once

#include "frontend/Ast.h"
#include "frontend/Diagnostics.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/SourceMgr.h"

#include <memory>
#include <string>
#include <vector>

namespace weft {

/// The files of a program; the main one is first, then in the order in which imports reach them.
/// The SourceMgr that owns the text must outlive it.
struct Program {
  std::vector<std::unique_ptr<ast::File>> files;
  /// Those of the standard library whose names every file sees.
  std::vector<const ast::File *> prelude;

  const ast::File &main() const { return *files.front(); }
};

/// Loads `path` and, following imports, all it needs. Module `a.b` is the file `a/b.weft` beside
/// the importing file, or else in the first of `moduleFolders` that has it, or else part of the
/// built-in standard library. Files that import each other are fine. Whether all could be read and
/// parsed, `diagnostics` tells; `files` is empty if the main file could not be read.
Program loadProgram(llvm::StringRef path, llvm::ArrayRef<std::string> moduleFolders,
                    llvm::SourceMgr &sources, DiagnosticEngine &diagnostics);

/// The same for a text that is in memory; `name` stands for its path in messages.
Program loadProgramText(llvm::StringRef text, llvm::StringRef name,
                        llvm::ArrayRef<std::string> moduleFolders, llvm::SourceMgr &sources,
                        DiagnosticEngine &diagnostics);

} // namespace weft
