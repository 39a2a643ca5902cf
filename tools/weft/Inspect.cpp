// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft inspect: prints a model at one stage or at all of them, or the manifest of an artifact.

#include "codegen/emit/Manifest.h"
#include "ir/GraphBuilder.h"
#include "passes/Functions.h"
#include "passes/KernelRules.h"
#include "passes/Notes.h"
#include "passes/recompute/Explanation.h"
#include "tools/weft/CommandLine.h"
#include "tools/weft/Memory.h"
#include "tools/weft/Origins.h"
#include "tools/weft/Verbs.h"

#include "llvm/ADT/StringExtras.h"
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
  cl::opt<bool> whyFused{
      "why-fused", cl::desc("Print the kernels: what is in each, and why it ends where it does"),
      cl::cat(verbOptions())};
  cl::opt<bool> whyKept{
      "why-kept", cl::desc("Print what a backward pass keeps and what it computes again, and why"),
      cl::cat(verbOptions())};
  cl::opt<bool> memory{
      "memory", cl::desc("Draw the arena of each function: what lies where, and from when to when"),
      cl::cat(verbOptions())};
};
} // namespace

static constexpr llvm::StringLiteral examples =
    "  weft inspect digits.weft                     every stage, in order\n"
    "  weft inspect digits.weft --stage=kernels     what is fused with what\n"
    "  weft inspect digits.weft --why-fused         why a kernel ends where it does\n"
    "  weft inspect learn.weft --why-kept           what training keeps, what it computes again\n"
    "  weft inspect digits.weft --memory --dim N=1  where intermediate results lie\n"
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

/// Calls `show` for each export of the model at `stage`.
static LogicalResult forExports(Compilation &compilation, ModelStage stage,
                                llvm::function_ref<void(mlir::func::FuncOp)> show) {
  if (failed(compilation.load()) || failed(compilation.advanceTo(stage)))
    return failure();
  compilation.report().finishProgress();
  llvm::for_each(exportsOf(compilation.module()), show);
  return success();
}

/// One entry a kernel, in the order in which they run.
static LogicalResult inspectKernels(Compilation &compilation) {
  Report &report = compilation.report();
  llvm::json::Array list;
  auto show = [&](mlir::func::FuncOp function) {
    if (!report.isJson())
      llvm::outs() << function.getName() << "\n";
    int64_t number = 0;
    function.walk([&](KernelOp kernel) {
      SmallVector<std::string> operations;
      for (Operation &op : kernel.getBody().front().without_terminator())
        if (!isa<ConstantOp, BroadcastOp>(op))
          operations.push_back(op.getName().stripDialect().str());
      std::string inside = llvm::join(operations, ", "), origins = originsOf(kernel);
      SmallVector<StringRef> notes = notesOf(kernel.getLoc());
      StringRef why = kernel->getAttrOfType<mlir::StringAttr>(kWhyAttr).getValue();
      if (report.isJson())
        list.push_back(
            llvm::json::Object{{"function", function.getName()},
                               {"number", number},
                               {"operations", inside},
                               {"type", languageName(GraphBuilder::typeOf(kernel.getResult(0)))},
                               {"origins", origins},
                               {"notes", llvm::json::Array(notes)},
                               {"why", why}});
      else
        llvm::outs() << llvm::format("%5lld  ", static_cast<long long>(number)) << inside << " -> "
                     << languageName(GraphBuilder::typeOf(kernel.getResult(0)))
                     << (origins.empty() ? "" : "\n       from " + origins)
                     << (notes.empty() ? "" : "\n       " + llvm::join(notes, "\n       "))
                     << "\n       ends, since " << why << "\n";
      ++number;
    });
  };
  if (failed(forExports(compilation, ModelStage::Kernels, show)))
    return failure();
  report.set("kernels", std::move(list));
  return success();
}

/// One entry a value that a backward pass reads, in the order in which they are made.
static LogicalResult inspectKept(Compilation &compilation) {
  Report &report = compilation.report();
  llvm::json::Array list;
  auto show = [&](mlir::func::FuncOp function) {
    SmallVector<ValueExplanation> values = explanationsOf(function);
    if (!report.isJson() && !values.empty())
      llvm::outs() << function.getName() << "\n";
    for (const ValueExplanation &value : values) {
      std::string type = languageName(cast<RankedTensorType>(value.type));
      std::string origins = originsOf(value.location);
      if (report.isJson())
        list.push_back(llvm::json::Object{{"function", function.getName()},
                                          {"operation", value.operation},
                                          {"type", type},
                                          {"bytes", value.bytes},
                                          {"kept", value.isKept},
                                          {"origins", origins},
                                          {"why", value.why}});
      else
        llvm::outs() << (value.isKept ? "   kept  " : "  again  ") << value.operation << " -> "
                     << type << (origins.empty() ? "" : "\n         from " + origins)
                     << "\n         since " << value.why << "\n";
    }
  };
  if (failed(forExports(compilation, ModelStage::Kernels, show)))
    return failure();
  report.set("values", std::move(list));
  return success();
}

static LogicalResult inspectMemory(Compilation &compilation) {
  Report &report = compilation.report();
  llvm::json::Array list;
  auto show = [&](mlir::func::FuncOp function) {
    if (report.isJson())
      list.push_back(memoryAsJson(function));
    else
      drawMemory(function, llvm::outs());
  };
  if (failed(forExports(compilation, ModelStage::Plan, show)))
    return failure();
  report.set("memory", std::move(list));
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
  const std::pair<StringRef, bool> asked[] = {
      {"--why-fused", flags.whyFused}, {"--why-kept", flags.whyKept}, {"--memory", flags.memory}};
  SmallVector<StringRef> views;
  for (auto [name, isGiven] : asked)
    if (isGiven)
      views.push_back(name);
  if (views.size() > 1)
    report.error(llvm::join(views, " and ") + ": give one of them");
  if (!views.empty() && !flags.stages.empty())
    report.error(views.front() + " prints no stages: leave out --stage");
  if (options->cpus.size() > 1)
    report.error("weft inspect shows what is made for one processor: give --cpu one");
  if (report.hasErrors())
    return report.finish();
  options->explain = flags.whyFused;
  options->explainMemory = flags.whyKept;
  Compilation compilation(report, *options);
  LogicalResult inspected = flags.whyFused  ? inspectKernels(compilation)
                            : flags.whyKept ? inspectKept(compilation)
                            : flags.memory  ? inspectMemory(compilation)
                                            : inspectModel(flags, compilation);
  if (failed(inspected) && !report.hasErrors())
    report.error("the inspection failed without saying why");
  return report.finish();
}

} // namespace weft
