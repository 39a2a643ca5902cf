// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft inspect: prints a model at one stage or at all of them, or the manifest of an artifact.

#include "codegen/emit/Manifest.h"
#include "tools/weft/CommandLine.h"
#include "tools/weft/Verbs.h"

#include "llvm/Support/Path.h"

namespace cl = llvm::cl;

namespace weft {

namespace {
/// The command line of `weft inspect`.
struct InspectFlags : CompileFlags {
  cl::list<std::string> stages{
      "stage",
      cl::desc(
          "Stages to print, with commas: model, graph, kernels, plan, loops, llvm (default: all)"),
      cl::value_desc("STAGE"), cl::CommaSeparated, cl::cat(verbOptions())};
};
} // namespace

static constexpr llvm::StringLiteral examples =
    "  weft inspect digits.weft                     every stage, in order\n"
    "  weft inspect digits.weft --stage=kernels     what is fused with what\n"
    "  weft inspect resnet18.onnx --stage=model     an ONNX file as it is understood\n"
    "  weft inspect out/libdigits.so                what it offers and how it was made\n";

/// The stages to print, in order.
static FailureOr<SmallVector<ModelStage>> stagesToPrint(const InspectFlags &flags, Report &report) {
  SmallVector<ModelStage> result;
  for (StringRef name : flags.stages) {
    std::optional<ModelStage> stage = stageNamed(name);
    if (!stage) {
      report.error("--stage " + name + ": the stages are " + stageNames());
      return failure();
    }
    result.push_back(*stage);
  }
  if (result.empty())
    result.append(allStages.begin(), allStages.end());
  llvm::sort(result);
  return result;
}

static LogicalResult inspectModel(const InspectFlags &flags, Compilation &compilation) {
  Report &report = compilation.report();
  FailureOr<SmallVector<ModelStage>> stages = stagesToPrint(flags, report);
  if (failed(stages) || failed(compilation.load()))
    return failure();
  llvm::json::Object texts;
  for (ModelStage stage : *stages) {
    if (failed(compilation.advanceTo(stage)))
      return failure();
    report.finishProgress();
    if (report.isJson())
      texts[nameOf(stage)] = compilation.text();
    else if (stages->size() == 1)
      llvm::outs() << compilation.text();
    else
      llvm::outs() << "// ===== " << nameOf(stage) << " =====\n" << compilation.text() << "\n";
  }
  report.set("stages", std::move(texts));
  return success();
}

static void inspectArtifact(StringRef path, Report &report) {
  llvm::Expected<std::string> manifest = readManifest(path);
  llvm::Expected<std::string> text = manifest ? manifestAsJson(*manifest) : manifest.takeError();
  if (!text)
    report.error(text.takeError());
  else if (report.isJson())
    report.setRaw("manifest", *text);
  else
    llvm::outs() << *text;
}

static bool isArtifact(StringRef path) {
  StringRef extension = llvm::sys::path::extension(path);
  return extension != ".weft" && extension != ".mlir" && extension != ".onnx";
}

int inspectVerb(VerbArguments arguments) {
  InspectFlags flags;
  parseArguments("inspect", arguments,
                 "Prints a model at its stages, or the manifest of an object, library or program "
                 "made by weft.",
                 examples);
  Report report("inspect", flags.json);
  if (isArtifact(flags.input)) {
    inspectArtifact(flags.input, report);
    return report.finish();
  }
  FailureOr<CompileRequest> options = flags.options(report);
  if (failed(options))
    return report.finish();
  Compilation compilation(report, *options);
  if (failed(inspectModel(flags, compilation)) && !report.hasErrors())
    report.error("the inspection failed without saying why");
  return report.finish();
}

} // namespace weft
