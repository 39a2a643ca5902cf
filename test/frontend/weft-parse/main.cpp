// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-parse FILE: prints the syntax tree of a file, or what is wrong with it. For tests only.
// Exit codes: 0 if the file is well formed, 1 if not.
#include "frontend/AstPrinter.h"
#include "frontend/Parser.h"
#include "frontend/Program.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

/// Reads one file and leaves its imports alone.
static weft::Program parseAlone(StringRef path, SourceMgr &sources,
                                weft::DiagnosticEngine &diagnostics) {
  weft::Program program;
  if (auto text = MemoryBuffer::getFile(path))
    program.files.push_back(
        weft::parse(sources.AddNewSourceBuffer(std::move(*text), SMLoc()), sources, diagnostics));
  else
    diagnostics.report(weft::Diag::UnreadableFile, {}, path, text.getError().message());
  return program;
}

int main(int argc, char **argv) {
  cl::OptionCategory category("weft-parse");
  cl::opt<std::string> path(cl::Positional, cl::Required, cl::desc("FILE"), cl::cat(category));
  cl::list<std::string> folders("I", cl::desc("Look for modules in this folder"), cl::Prefix,
                                cl::cat(category));
  cl::opt<bool> asJson("json", cl::desc("Print the messages as JSON"), cl::cat(category));
  cl::opt<bool> inColor("colored", cl::desc("Print the messages in colour"), cl::cat(category));
  cl::opt<bool> alone("alone", cl::desc("Do not follow imports"), cl::cat(category));
  cl::opt<bool> quiet("quiet", cl::desc("Do not print the tree"), cl::cat(category));
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv);

  SourceMgr sources;
  weft::DiagnosticEngine diagnostics(sources);
  std::vector<std::string> moduleFolders(folders.begin(), folders.end());
  weft::Program program = alone ? parseAlone(path, sources, diagnostics)
                                : weft::loadProgram(path, moduleFolders, sources, diagnostics);
  if (!quiet && !program.files.empty())
    weft::printAst(program.main(), outs());
  if (asJson)
    outs() << formatv("{0:2}", json::Value(diagnostics.toJson())) << '\n';
  else
    diagnostics.print(errs(), inColor);
  return diagnostics.hasErrors() ? 1 : 0;
}
