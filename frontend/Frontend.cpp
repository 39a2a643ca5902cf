// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The phases in order: text, trees, checked program, IR.
#include "frontend/Frontend.h"

#include "frontend/Elaborate.h"
#include "frontend/Emit.h"
#include "ir/WeftOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/thread.h"

namespace weft {

/// Bytes of stack for elaboration, whose nesting follows the program's; see maxDepth in
/// ElaborateExpressions.cpp.
static constexpr unsigned stackBytes = 256 << 20;

/// The file's name as a C identifier: the name of library, header and functions.
static std::string moduleName(StringRef path) {
  std::string name;
  for (char c : llvm::sys::path::stem(path))
    name += llvm::isAlnum(c) ? c : '_';
  if (name.empty() || llvm::isDigit(name.front()))
    name.insert(0, "m");
  return name;
}

static CheckedProgram elaborate(const Program &program, const FrontendOptions &options,
                                bool isCheck, MLIRContext &context, DiagnosticEngine &diagnostics) {
  CheckedProgram checked;
  llvm::thread worker(std::optional<unsigned>(stackBytes), [&] {
    Elaborator elaborator(program, program.prelude, diagnostics, &context);
    if (!isCheck || elaborator.hasExports())
      checked = elaborator.elaborateExports(options.rootModel, options.settings);
    elaborator.checkLibrary();
  });
  worker.join();
  return checked;
}

static void loadDialects(MLIRContext &context) {
  context.loadDialect<WeftDialect, mlir::func::FuncDialect>();
}

OwningOpRef<ModuleOp> loadModel(StringRef path, const FrontendOptions &options,
                                MLIRContext &context, llvm::SourceMgr &sources,
                                DiagnosticEngine &diagnostics) {
  loadDialects(context);
  Program program = loadProgram(path, options.moduleFolders, sources, diagnostics);
  if (program.files.empty())
    return nullptr;
  CheckedProgram checked = elaborate(program, options, /*isCheck=*/false, context, diagnostics);
  if (diagnostics.hasErrors())
    return nullptr;
  checked.name = moduleName(path);
  OwningOpRef<ModuleOp> module = emitProgram(checked, sources, context);
  if (failed(mlir::verify(*module)))
    return nullptr;
  return module;
}

LogicalResult checkModel(StringRef path, const FrontendOptions &options, MLIRContext &context,
                         llvm::SourceMgr &sources, DiagnosticEngine &diagnostics) {
  loadDialects(context);
  Program program = loadProgram(path, options.moduleFolders, sources, diagnostics);
  if (!program.files.empty())
    elaborate(program, options, /*isCheck=*/true, context, diagnostics);
  return diagnostics.hasErrors() ? failure() : success();
}

} // namespace weft
