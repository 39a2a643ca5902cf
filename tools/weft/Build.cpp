// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft build: compiles a model to files.

#include "tools/weft/Artifacts.h"
#include "tools/weft/Calibrate.h"
#include "tools/weft/CommandLine.h"
#include "tools/weft/Tune.h"
#include "tools/weft/Verbs.h"
#include "tools/weft/WeightQuantization.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

namespace cl = llvm::cl;

namespace weft {

namespace {
/// The command line of `weft build`.
struct BuildFlags : CompileFlags {
  BuildFlags() { canCalibrate = true; }

  cl::opt<std::string> output{
      "o", cl::desc("Folder for the files; with --program, the program (default: here)"),
      cl::value_desc("PATH"), cl::cat(verbOptions())};
  cl::list<std::string> emit{"emit",
                             cl::desc("Which files to write, with commas: object, static, shared, "
                                      "header, weights, prepared, manifest (default: all but "
                                      "object and prepared; weights where they are not embedded)"),
                             cl::value_desc("KIND"), cl::CommaSeparated, cl::cat(verbOptions())};
  cl::opt<std::string> weights{"weights", cl::desc("Trained weights, in place of initial ones"),
                               cl::value_desc("FILE.safetensors"), cl::cat(verbOptions())};
  cl::opt<uint64_t> seed{"seed", cl::desc("Seed of the initial weights (default: 0)"), cl::init(0),
                         cl::cat(verbOptions())};
  cl::opt<bool> embedWeights{"embed-weights", cl::desc("Put the weights inside of the library"),
                             cl::cat(verbOptions())};
  cl::opt<bool> program{"program",
                        cl::desc("Make one executable whose verbs are the exported functions"),
                        cl::cat(verbOptions())};
  cl::opt<std::string> stopAfter{
      "stop-after",
      cl::desc("Print the module after a stage: model, graph, kernels, plan, loops, llvm"),
      cl::value_desc("STAGE"), cl::cat(verbOptions())};
  cl::list<std::string> calibrate{
      "calibrate",
      cl::desc("Inputs to see with --quantize what products hold, and how far results are from "
               "f32: a .npz file whose arrays are called as the inputs are, or inputs one by one, "
               "as for weft run --in"),
      cl::value_desc("FILE.npz|NAME=FILE"), cl::cat(verbOptions())};
  cl::opt<bool> tune{
      "tune",
      cl::desc("Measure how products with weights are computed fastest; what was found stays in "
               "MODEL.tune.json beside the model, or in the file of --tune-cache"),
      cl::cat(verbOptions())};
  cl::opt<double> tuneSeconds{
      "tune-seconds",
      cl::desc("How long to measure with --tune, the largest products first (default: 60)"),
      cl::value_desc("S"), cl::init(60), cl::cat(verbOptions())};
};
} // namespace

static constexpr int mostTuneSeconds = 24 * 60 * 60;

static constexpr llvm::StringLiteral examples =
    "  weft build digits.weft -o out/                       libdigits.a, libdigits.so, digits.h, "
    "...\n"
    "  weft build digits.weft --weights digits.safetensors  with trained weights\n"
    "  weft build digits.weft --dim N=1 --embed-weights     one image at a time, nothing beside "
    "the library\n"
    "  weft build digits.weft --dim N=1,8,*                 code for 1, for 8 and for any number\n"
    "  weft build digits.weft --cpu x86-64-v3,x86-64-v4     the better of both, where it runs\n"
    "  weft build digits.weft --program -o digits           one executable: digits predict --help\n"
    "  weft build digits.weft --stop-after=kernels          print a stage\n"
    "  weft build net.onnx --quantize int8 --calibrate data.npz   products in 8 bits, and how far "
    "results are from f32\n"
    "  weft build net.onnx --dim N=1 --tune                 products computed as is fastest here\n"
    "  weft build decode.weft --dim N=1 --quantize weights-int4   weights in 4 bits, for one "
    "token at a time\n";

/// The kinds that `--emit` names, or the usual ones.
static FailureOr<llvm::StringSet<>> kindsToWrite(const BuildFlags &flags, size_t processors,
                                                 Report &report) {
  llvm::StringSet<> kinds;
  for (StringRef kind : flags.emit) {
    if (!llvm::is_contained(artifactKinds, kind)) {
      report.error("--emit " + kind + ": the kinds are " +
                   llvm::join(ArrayRef(artifactKinds), ", "));
      return failure();
    }
    kinds.insert(kind);
  }
  if (kinds.contains("prepared") && processors > 1) {
    report.error("--emit=prepared: weights are prepared for one processor, but --cpu names " +
                 Twine(processors));
    return failure();
  }
  if (!kinds.empty() || flags.program)
    return kinds;
  for (StringRef kind : {"static", "shared", "header", "manifest"})
    kinds.insert(kind);
  if (!flags.embedWeights)
    kinds.insert("weights");
  return kinds;
}

/// Whether `--quantize` and `--calibrate` go together, and with the rest.
static LogicalResult checkQuantization(const BuildFlags &flags, const CompileRequest &request,
                                       Report &report) {
  if (flags.quantize.empty() && flags.calibrate.empty())
    return success();
  if (flags.quantize.empty())
    report.error("--calibrate is for --quantize, which is missing");
  else if (flags.quantization() == "int8" && flags.calibrate.empty())
    report.error("--quantize int8 needs --calibrate with inputs of the model");
  else if (!request.versions.empty() && !flags.calibrate.empty())
    report.error("--calibrate and several sizes of '" + request.versions.front().first +
                 "' do not go together so far: give --dim one size, or none");
  return failure(report.hasErrors());
}

/// Whether `--tune` goes with the rest.
static LogicalResult checkTuning(const BuildFlags &flags, const CompileRequest &request,
                                 Report &report) {
  if (!flags.tune && flags.tuneSeconds.getNumOccurrences())
    report.error("--tune-seconds is for --tune, which is missing");
  else if (!(flags.tuneSeconds >= 0) || flags.tuneSeconds > mostTuneSeconds)
    report.error("--tune-seconds: 0 to " + Twine(mostTuneSeconds) + " seconds");
  else if (!flags.quantize.empty() && !request.tuneCache.empty())
    report.error("--quantize and choices for products do not go together so far: leave out " +
                 Twine(flags.tune ? "--tune" : "--tune-cache"));
  else if (flags.tune)
    return checkMeasurable(request, report);
  return failure(report.hasErrors());
}

/// What `--quantize` does; null without it.
static std::unique_ptr<Quantization>
quantizationOf(const BuildFlags &flags, Compilation &compilation, Artifacts &artifacts) {
  if (flags.quantize.empty())
    return nullptr;
  if (compilation.options().weightBits != 0)
    return std::make_unique<WeightQuantization>(compilation, artifacts);
  return std::make_unique<Calibration>(compilation, artifacts);
}

static std::vector<std::string> sourcesOf(const BuildFlags &flags) {
  return {flags.calibrate.begin(), flags.calibrate.end()};
}

/// `--stop-after`: prints one stage.
static int printStage(const BuildFlags &flags, Compilation &compilation) {
  Report &report = compilation.report();
  std::string name = flags.stopAfter;
  std::optional<ModelStage> stage = stageNamed(name);
  if (!stage)
    return report.error("--stop-after " + name + ": the stages are " + stageNames());
  if (compilation.options().cpus.size() > 1)
    return report.error("--stop-after prints what is made for one processor: give --cpu one");
  if (failed(compilation.load()))
    return report.exitCode();
  Artifacts artifacts(compilation);
  if (flags.quantization() == "int8" && *stage >= ModelStage::Graph)
    if (failed(artifacts.takeWeights(flags.weights, flags.seed)) ||
        failed(Calibration(compilation, artifacts).run(sourcesOf(flags))))
      return report.exitCode();
  if (flags.tune && *stage > ModelStage::Graph &&
      failed(Tuner(compilation, flags.tuneSeconds).run()))
    return report.exitCode();
  if (failed(compilation.advanceTo(*stage)))
    return report.exitCode();
  if (report.isJson())
    report.set("module", compilation.text());
  else
    llvm::outs() << compilation.text();
  return exitGood;
}

/// Where `--program` puts the program.
static std::string programPath(const BuildFlags &flags, StringRef model) {
  if (flags.output.empty())
    return model.str();
  if (!StringRef(flags.output).ends_with("/") && !llvm::sys::fs::is_directory(flags.output))
    return flags.output;
  llvm::SmallString<128> path(flags.output.getValue());
  llvm::sys::path::append(path, model);
  return path.str().str();
}

static void reportFiles(const Artifacts &artifacts, Report &report) {
  llvm::json::Array files;
  for (const std::string &path : artifacts.paths()) {
    uint64_t sizeBytes = 0;
    if (llvm::sys::fs::file_size(path, sizeBytes))
      continue;
    files.push_back(llvm::json::Object{{"path", path}, {"bytes", static_cast<int64_t>(sizeBytes)}});
    if (!report.isJson() && llvm::sys::Process::StandardOutIsDisplayed())
      llvm::outs() << llvm::format("%10llu  ", static_cast<unsigned long long>(sizeBytes)) << path
                   << "\n";
  }
  report.set("files", std::move(files));
}

/// What `--precision` has done.
static void reportPrecision(ProductCounts counts, Report &report) {
  report.set(
      "precision",
      llvm::json::Object{{"type", "bf16"}, {"products", counts.all}, {"lowered", counts.inBf16}});
  if (!report.isJson())
    llvm::outs() << "bf16: " << counts.inBf16 << " of " << counts.all << " products with weights\n";
}

/// What `--tune-cache` has done.
static void reportChoices(Compilation &compilation) {
  Report &report = compilation.report();
  AppliedChoices applied = compilation.appliedChoices();
  const std::string &path = compilation.options().tuneCache;
  report.set("choices", llvm::json::Object{{"cache", path},
                                           {"known", static_cast<int64_t>(applied.known)},
                                           {"products", static_cast<int64_t>(applied.all)}});
  if (!report.isJson())
    llvm::outs() << path << " has choices for " << applied.known << " of " << applied.all
                 << " products with weights\n";
}

/// Bytes of the tensors that are derived from weights: of all, and the most for one version.
static std::pair<uint64_t, uint64_t> derivedBytes(const Interface &interface) {
  uint64_t all = 0, most = 0;
  for (const InterfaceParameter &tensor : interface.derived)
    all += tensor.sizeBytes();
  for (const InterfaceExport &entry : interface.exports)
    for (const InterfaceVersion &version : entry.versions) {
      uint64_t one = 0;
      for (int32_t number : version.parameters)
        if (size_t place = static_cast<size_t>(number); place >= interface.parameters.size())
          one += interface.derived[place - interface.parameters.size()].sizeBytes();
      most = std::max(most, one);
    }
  return {all, most};
}

/// Versions share what they derive from weights, where they want it in the same layout.
static void reportVersions(const Interface &interface, Report &report) {
  auto [all, most] = derivedBytes(interface);
  if (most == 0)
    return;
  report.set("prepared", llvm::json::Object{{"bytes", static_cast<int64_t>(all)},
                                            {"most_of_one_version", static_cast<int64_t>(most)}});
  if (!report.isJson() && llvm::sys::Process::StandardOutIsDisplayed())
    llvm::outs() << "weights as all versions read them: " << all << " bytes; as one does: " << most
                 << "\n";
}

static LogicalResult build(const BuildFlags &flags, Compilation &compilation) {
  FailureOr<llvm::StringSet<>> kinds =
      kindsToWrite(flags, compilation.options().cpus.size(), compilation.report());
  if (failed(kinds) || failed(compilation.load()))
    return failure();
  Artifacts artifacts(compilation);
  std::unique_ptr<Quantization> quantization = quantizationOf(flags, compilation, artifacts);
  Tuner tuner(compilation, flags.tuneSeconds);
  bool programNeedsWeights = flags.program && flags.emit.empty();
  bool embed = flags.embedWeights || programNeedsWeights;
  if (failed(artifacts.takeWeights(flags.weights, flags.seed)))
    return failure();
  // The linker resets the options of the command line: no flag is read after it has run.
  std::string folder =
      flags.program ? llvm::sys::path::parent_path(flags.output).str() : flags.output.getValue();
  std::string program = flags.program ? programPath(flags, artifacts.interface().name) : "";
  std::vector<std::string> calibrate = sourcesOf(flags);
  OutputFiles outputs;
  bool asOneObject = kinds->contains("object"), tune = flags.tune;
  if (quantization && failed(quantization->run(calibrate)))
    return failure();
  if (tune && failed(tuner.run()))
    return failure();
  if (failed(artifacts.compile(embed, asOneObject)))
    return failure();
  if (quantization && failed(quantization->compare(embed)))
    return failure();
  if (!program.empty() && failed(artifacts.addProgram(program, outputs)))
    return failure();
  if (failed(artifacts.addFiles(*kinds, folder, outputs)))
    return failure();
  if (llvm::Error error = outputs.commit()) {
    compilation.report().error(std::move(error));
    return failure();
  }
  compilation.report().finishProgress();
  if (compilation.options().precision == Precision::BF16)
    reportPrecision(artifacts.products(), compilation.report());
  if (quantization)
    quantization->show();
  if (tune)
    tuner.show();
  else if (!compilation.options().tuneCache.empty())
    reportChoices(compilation);
  reportFiles(artifacts, compilation.report());
  reportVersions(artifacts.interface(), compilation.report());
  return success();
}

int buildVerb(VerbArguments arguments) {
  BuildFlags flags;
  parseArguments("build", arguments,
                 "Compiles a model to a library that needs nothing else, or to a program.",
                 examples);
  Report report("build", flags.json);
  FailureOr<CompileRequest> options = flags.options(report);
  if (succeeded(options) && flags.tune) {
    options->tunes = true;
    if (options->tuneCache.empty())
      options->tuneCache = tuneCacheBeside(options->input);
  }
  if (failed(options) || failed(checkTuning(flags, *options, report)) ||
      failed(checkQuantization(flags, *options, report)))
    return report.finish();
  Compilation compilation(report, *options);
  if (!flags.stopAfter.empty())
    printStage(flags, compilation);
  else if (failed(build(flags, compilation)) && !report.hasErrors())
    report.error("the build failed without saying why");
  return report.finish();
}

} // namespace weft
