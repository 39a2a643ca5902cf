// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft check: reads a model and brings it to stage `graph`, where every type and dimension is known
// to be right, and says what it offers.

#include "tools/weft/CommandLine.h"
#include "tools/weft/GradientCheck.h"
#include "tools/weft/Verbs.h"

namespace cl = llvm::cl;

namespace weft {

namespace {
/// The command line of `weft check`.
struct CheckFlags : CompileFlags {
  cl::opt<bool> gradients{
      "gradients",
      cl::desc("Compare derivatives with central differences, as a whole and of each operation"),
      cl::cat(verbOptions())};
  cl::opt<std::string> function{"export", cl::desc("With --gradients: the function (default: all)"),
                                cl::value_desc("NAME"), cl::cat(verbOptions())};
  cl::opt<std::string> weights{"weights",
                               cl::desc("With --gradients: trained weights, not initial ones"),
                               cl::value_desc("FILE.safetensors"), cl::cat(verbOptions())};
  cl::list<std::string> data{
      "data", cl::desc("With --gradients: inputs, FILE.npz or NAME=FILE (default: random ones)"),
      cl::value_desc("FILE"), cl::cat(verbOptions())};
  cl::opt<uint64_t> seed{
      "seed", cl::desc("With --gradients: seed of weights, inputs and directions (default: 0)"),
      cl::init(0), cl::cat(verbOptions())};

  GradientOptions gradientOptions() const {
    return {function, weights, {data.begin(), data.end()}, seed};
  }
  /// The first option that was given and means something with --gradients alone.
  StringRef needsGradients() const {
    const cl::Option *options[] = {std::addressof(function), std::addressof(weights),
                                   std::addressof(data), std::addressof(seed)};
    for (const cl::Option *option : options)
      if (!gradients && option->getNumOccurrences() > 0)
        return option->ArgStr;
    return "";
  }
};
} // namespace

static constexpr llvm::StringLiteral examples =
    "  weft check digits.weft\n"
    "  weft check digits.weft --settings width=64 --dim N=1\n"
    "  weft check digits.weft --json     errors with places, for editors\n"
    "  weft check learn.weft --gradients --export train     its derivative, operation by "
    "operation\n";

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
  // Whether a limit can be kept only a plan tells.
  if (compilation.options().memoryLimit && failed(compilation.advanceTo(ModelStage::Kernels)))
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

/// Of the model as it was written: stage `graph` has other operations.
static LogicalResult compareDerivatives(Compilation &compilation, const GradientOptions &options) {
  return success(succeeded(compilation.load()) && succeeded(checkGradients(compilation, options)));
}

int checkVerb(VerbArguments arguments) {
  CheckFlags flags;
  parseArguments("check", arguments,
                 "Checks a model: names, types, dimensions. Nothing is written.", examples);
  Report report("check", flags.json);
  FailureOr<CompileRequest> options = flags.options(report);
  if (StringRef option = flags.needsGradients(); !option.empty())
    report.error("--" + option + " goes with --gradients");
  if (failed(options) || report.hasErrors())
    return report.finish();
  if (flags.gradients)
    options->versions.clear();
  Compilation compilation(report, *options);
  LogicalResult good = flags.gradients ? compareDerivatives(compilation, flags.gradientOptions())
                                       : check(compilation);
  if (failed(good) && !report.hasErrors())
    report.error("the check failed without saying why");
  return report.finish();
}

} // namespace weft
