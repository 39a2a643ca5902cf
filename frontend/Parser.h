// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text to syntax tree. Comes in: one buffer of a SourceMgr. Goes out: the tree of the whole file,
// with error nodes where something could not be read, and a report for each independent mistake.
#pragma once

#include "frontend/Ast.h"
#include "frontend/Diagnostics.h"

#include <memory>

namespace llvm {
class SourceMgr;
} // namespace llvm

namespace weft {

/// Reads the file in `buffer`. Never null; whether it was well formed, `diagnostics` tells.
std::unique_ptr<ast::File> parse(unsigned buffer, const llvm::SourceMgr &sources,
                                 DiagnosticEngine &diagnostics);

} // namespace weft
