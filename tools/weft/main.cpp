// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft: the command line of the compiler. Finds the verb and hands it the rest.

#include "tools/weft/Verbs.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/raw_ostream.h"

namespace {
struct Verb {
  llvm::StringLiteral name, summary;
  int (*run)(weft::VerbArguments);
};
} // namespace

static constexpr Verb verbs[] = {
    {"build", "compile a model to a library, or to a program", weft::buildVerb},
    {"run", "compile a model and call one of its functions", weft::runVerb},
    {"train", "fit the parameters of a model to data", weft::trainVerb},
    {"check", "check a model without compiling it", weft::checkVerb},
    {"inspect", "show a model at its stages, or what an artifact is", weft::inspectVerb},
    {"import", "write a model as source, with its weights beside it", weft::importVerb},
    {"explain", "draw what a model looks at", weft::explainVerb},
    {"bench", "time a function of a compiled model", weft::benchVerb},
};

static int help(llvm::raw_ostream &os, int exitCode) {
  os << "weft compiles models to native code.\n\nusage: weft VERB ...    weft VERB --help    weft "
        "--version\n\n";
  for (const Verb &verb : verbs)
    os << llvm::formatv("  {0,-9}{1}\n", verb.name, verb.summary);
  return exitCode;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::setBugReportMsg(
      "This is a fault of weft. Please report it with the input that shows it.\n");
  llvm::cl::ResetCommandLineParser(); // What LLVM's libraries registered for themselves.
  llvm::StringRef name = argc > 1 ? argv[1] : "";
  if (name == "help" || name == "--help" || name == "-h")
    return help(llvm::outs(), 0);
  if (name == "version" || name == "--version") {
    llvm::outs() << "weft " WEFT_VERSION "\n";
    return 0;
  }
  const Verb *verb = llvm::find_if(verbs, [&](const Verb &v) { return v.name == name; });
  if (verb != std::end(verbs))
    return verb->run(llvm::ArrayRef(const_cast<const char *const *>(argv), argc).drop_front(2));
  if (name.empty())
    return help(llvm::errs(), 1);
  llvm::errs() << "weft: error: there is no verb '" << name << "'\n";
  const Verb *nearest = llvm::min_element(verbs, [&](const Verb &a, const Verb &b) {
    return name.edit_distance(a.name) < name.edit_distance(b.name);
  });
  if (name.edit_distance(nearest->name) <= 2)
    llvm::errs() << "weft: did you mean '" << nearest->name << "'?\n";
  return help(llvm::errs(), 1);
}
