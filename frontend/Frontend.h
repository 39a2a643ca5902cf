// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The frontend as tools see it: a file becomes a verified module of weft IR, or messages.
#pragma once

#include "frontend/Diagnostics.h"
#include "ir/Mlir.h"

#include <string>
#include <utility>
#include <vector>

namespace llvm {
class SourceMgr;
} // namespace llvm

namespace weft {

struct FrontendOptions {
  /// Folders in which modules are looked for after the importing file's own; the standard library
  /// is built in and comes last.
  std::vector<std::string> moduleFolders;
  /// The model whose exports are wanted; empty for the last one of the file that has any.
  std::string rootModel;
  /// Values for settings of that model, as text: `{"width", "64"}`.
  std::vector<std::pair<std::string, std::string>> settings;
};

/// Reads, checks and emits the model in `path`. Null if anything was reported as an error.
/// `sources` is the SourceMgr that `diagnostics` reads from. The module is verified: if that fails,
/// the fault is ours. It is then null with nothing in `diagnostics`, and the context's handler has
/// the verifier's message.
OwningOpRef<ModuleOp> loadModel(StringRef path, const FrontendOptions &options,
                                MLIRContext &context, llvm::SourceMgr &sources,
                                DiagnosticEngine &diagnostics);

/// Checks the whole file, including what no export reaches; a file without exports is fine.
LogicalResult checkModel(StringRef path, const FrontendOptions &options, MLIRContext &context,
                         llvm::SourceMgr &sources, DiagnosticEngine &diagnostics);

} // namespace weft
