// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft check: reads a model and brings it to stage `graph`, where every type and dimension is known
// to be right, and says what it offers.

#include "tools/weft/CommandLine.h"
#include "tools/weft/Verbs.h"

namespace weft {

static constexpr llvm::StringLiteral examples =
    "  weft check digits.weft\n"
    "  weft check digits.weft --settings width=64 --dim N=1\n"
    "  weft check digits.weft --json     errors with places, for editors\n";

/// fn predict(image: f32[N, 1, 8, 8]) -> (probability: f32[N, 10])
static std::string signatureOf(const InterfaceExport &entry) {
  auto list = [](ArrayRef<InterfaceArgument> arguments) {
    std::string text;
    for (const InterfaceArgument &argument : arguments)
      text += (text.empty() ? "" : ", ") + argument.name + ": " + argument.type;
    return text;
  };
  std::string text =
      "fn " + entry.name + "(" + list(entry.inputs) + ") -> (" + list(entry.outputs) + ")";
  for (auto [index, requirement] : llvm::enumerate(entry.requirements))
    text += (index == 0 ? " where " : ", ") + requirement.text;
  return text;
}

/// Says what a model offers once it is at stage `graph`.
static LogicalResult describe(Compilation &compilation) {
  if (failed(compilation.load()) || failed(compilation.advanceTo(ModelStage::Graph)))
    return failure();
  FailureOr<Interface> interface = compilation.interface();
  if (failed(interface))
    return failure();
  Report &report = compilation.report();
  report.finishProgress();
  llvm::json::Array exports;
  for (const InterfaceExport &entry : interface->exports) {
    exports.push_back(signatureOf(entry));
    if (!report.isJson())
      llvm::outs() << signatureOf(entry) << "\n";
  }
  uint64_t sizeBytes = 0;
  for (const InterfaceParameter &parameter : interface->parameters)
    sizeBytes += parameter.sizeBytes();
  if (!report.isJson())
    llvm::outs() << interface->name << ": good; " << interface->parameters.size()
                 << " parameters of " << sizeBytes << " bytes\n";
  report.set("model", interface->name);
  report.set("exports", std::move(exports));
  report.set("parameters", static_cast<int64_t>(interface->parameters.size()));
  report.set("parameter_bytes", static_cast<int64_t>(sizeBytes));
  return success();
}

static LogicalResult check(Compilation &compilation) {
  FailureOr<bool> exports = compilation.checkFile();
  if (failed(exports))
    return failure();
  if (*exports)
    return describe(compilation);
  compilation.report().finishProgress();
  if (!compilation.report().isJson())
    llvm::outs() << compilation.options().input << ": good; exports nothing\n";
  return success();
}

int checkVerb(VerbArguments arguments) {
  CompileFlags flags;
  parseArguments("check", arguments,
                 "Checks a model: names, types, dimensions. Nothing is written.", examples);
  Report report("check", flags.json);
  FailureOr<CompileRequest> options = flags.options(report);
  if (failed(options))
    return report.finish();
  Compilation compilation(report, *options);
  if (failed(check(compilation)) && !report.hasErrors())
    report.error("the check failed without saying why");
  return report.finish();
}

} // namespace weft
