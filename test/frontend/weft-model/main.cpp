// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-model FILE: prints the weft IR of a model, or what is wrong with it. With --check nothing is
// printed but messages. For tests only. Exit codes: 0 without errors, 1 with them.
#include "frontend/Frontend.h"

#include "mlir/IR/AsmState.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;

int main(int argc, char **argv) {
  cl::OptionCategory category("weft-model");
  cl::opt<std::string> path(cl::Positional, cl::Required, cl::desc("FILE"), cl::cat(category));
  cl::list<std::string> folders("I", cl::desc("Look for modules in this folder"), cl::Prefix,
                                cl::cat(category));
  cl::opt<std::string> root("root", cl::desc("The model to compile"), cl::cat(category));
  cl::list<std::string> settings("set", cl::desc("NAME=VALUE of a setting"), cl::cat(category));
  cl::opt<bool> check("check", cl::desc("Only check, the whole file"), cl::cat(category));
  cl::opt<bool> places("places", cl::desc("Print where operations come from"), cl::cat(category));
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv);

  weft::FrontendOptions options;
  options.moduleFolders.assign(folders.begin(), folders.end());
  options.rootModel = root;
  for (StringRef setting : settings)
    options.settings.emplace_back(setting.split('=').first.str(), setting.split('=').second.str());

  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  SourceMgr sources;
  weft::DiagnosticEngine diagnostics(sources);
  bool good = false;
  if (check) {
    good = succeeded(weft::checkModel(path, options, context, sources, diagnostics));
  } else if (auto module = weft::loadModel(path, options, context, sources, diagnostics)) {
    mlir::OpPrintingFlags flags;
    if (places)
      flags.enableDebugInfo(true, true);
    module->print(outs(), flags);
    outs() << '\n';
    good = true;
  }
  diagnostics.print(errs());
  return good ? 0 : 1;
}
