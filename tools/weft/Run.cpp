// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft run: compiles a model, or takes it from the cache, and calls one of its exported functions
// on arrays from files.

#include "tools/weft/CommandLine.h"
#include "tools/weft/data/Convert.h"
#include "tools/weft/data/DataFile.h"
#include "tools/weft/data/JsonArray.h"
#include "tools/weft/Evaluate.h"
#include "tools/weft/Inputs.h"
#include "tools/weft/Loaded.h"
#include "tools/weft/NonFinite.h"
#include "tools/weft/Verbs.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

namespace cl = llvm::cl;

namespace weft {

namespace {
/// The command line of `weft run`.
struct RunFlags : CompileFlags {
  cl::opt<std::string> function{cl::Positional, cl::desc("<function>"), cl::init("")};
  cl::list<std::string> in{"in",
                           cl::desc("An input: a .npy, .npz, .safetensors, .json or .csv file "
                                    "(FILE.npz:MEMBER, FILE.csv:COLUMNS), or JSON"),
                           cl::value_desc("NAME=FILE"), cl::cat(verbOptions())};
  cl::list<std::string> out{
      "out", cl::desc("Where to write a result; without any, results go to stdout as JSON"),
      cl::value_desc("NAME=FILE"), cl::cat(verbOptions())};
  cl::opt<std::string> weights{"weights", cl::desc("Trained weights, in place of initial ones"),
                               cl::value_desc("FILE.safetensors"), cl::cat(verbOptions())};
  cl::opt<uint64_t> seed{"seed", cl::desc("Seed of the initial weights (default: 0)"), cl::init(0),
                         cl::cat(verbOptions())};
  cl::opt<int> threads{"threads", cl::desc("Threads of the call (default: every core)"),
                       cl::init(0), cl::cat(verbOptions())};
  cl::opt<bool> checkFinite{
      "check-finite",
      cl::desc("Fail if a result holds NaN or an infinity, and name the operation that made it"),
      cl::cat(verbOptions())};
  cl::opt<bool> reference{"reference",
                          cl::desc("Use the slow reference evaluator in place of compiled code"),
                          cl::cat(verbOptions())};
};

/// One call, from the command line to the results.
class Run {
public:
  Run(const RunFlags &given, Compilation &what)
      : flags(given), weightsPath(given.weights), seed(given.seed), checksFinite(given.checkFinite),
        compilation(what), report(what.report()) {}
  LogicalResult go();

private:
  LogicalResult fail(llvm::Error error) {
    report.error(std::move(error));
    return failure();
  }
  LogicalResult fail(const Twine &message) {
    report.error(message);
    return failure();
  }
  LogicalResult findFunction();
  LogicalResult readInputs();
  LogicalResult checkOutputs();
  LogicalResult evaluate();
  LogicalResult callCompiled();
  LogicalResult checkFinite();
  LogicalResult writeFiles();
  void showResults();

  const RunFlags &flags;
  // The linker resets options of the command line; what is needed after a call is kept.
  const std::string weightsPath;
  const uint64_t seed;
  const bool checksFinite;
  Compilation &compilation;
  Report &report;
  Interface interface;
  const InterfaceExport *function = nullptr;
  llvm::StringMap<std::string> outputFiles;
  std::vector<NamedArray> inputs, outputs;
};
} // namespace

static constexpr llvm::StringLiteral examples =
    "  weft run digits.weft predict --in image=x.npy --out probability=y.npy\n"
    "  weft run digits.weft predict --in image=digits.npz:image --weights digits.safetensors\n"
    "  weft run add.weft add --in 'a=[1, 2]' --in 'b=[3, 4]'       prints {\"result\": [4,6]}\n"
    "  weft run digits.weft predict --in image=x.npy --reference   by the evaluator, to compare\n"
    "  weft run learn.weft loss --in x=x.npy --check-finite        says what made a NaN\n";

LogicalResult Run::findFunction() {
  FailureOr<Interface> read = compilation.interface();
  if (failed(read))
    return failure();
  interface = std::move(*read);
  function = chooseFunction(interface, flags.input, flags.function, report);
  return success(function != nullptr);
}

LogicalResult Run::readInputs() {
  auto files = filesByName(flags.in, "in", *function, "input", function->inputs, report);
  if (failed(files))
    return failure();
  for (const InterfaceArgument &input : function->inputs) {
    auto file = files->find(input.name);
    if (file == files->end())
      return fail(missingInput(*function, input));
    llvm::Expected<Array> array = readInput(input, file->second);
    if (!array)
      return fail(array.takeError());
    if (llvm::Error wrong = checkInput(*function, input, *array))
      return fail(std::move(wrong));
    inputs.push_back({input.name, std::move(*array)});
  }
  return success();
}

LogicalResult Run::checkOutputs() {
  auto files = filesByName(flags.out, "out", *function, "result", function->outputs, report);
  if (failed(files))
    return failure();
  outputFiles = std::move(*files);
  for (const InterfaceArgument &output : function->outputs)
    if (auto file = outputFiles.find(output.name); file != outputFiles.end())
      if (llvm::Error wrong = checkWritable(output.dtype, file->second))
        return fail(std::move(wrong));
  return success();
}

/// Whether the program asks for derivatives, which stage `graph` expands.
static bool asksForDerivatives(mlir::ModuleOp module) {
  return module
      ->walk([](mlir::Operation *op) {
        return isa<VjpOp, JvpOp>(op) ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
      })
      .wasInterrupted();
}

/// The result of the reference evaluator, at stage `model` or, with --dim or derivatives, at stage
/// `graph`.
LogicalResult Run::evaluate() {
  llvm::Expected<Weights> weights = compilation.takeWeights(flags.weights, interface, flags.seed);
  if (!weights)
    return fail(weights.takeError());
  bool needsGraph = !compilation.options().dims.empty() || asksForDerivatives(compilation.module());
  if (needsGraph && failed(compilation.advanceTo(ModelStage::Graph)))
    return failure();
  auto body = compilation.module().lookupSymbol<mlir::func::FuncOp>(function->name);
  auto arguments = evaluatorArguments(body, interface, *weights, inputs);
  if (!arguments)
    return fail(arguments.takeError());
  report.progress("evaluating " + function->name);
  auto results = reference::evaluate(body, *arguments);
  if (!results)
    return fail(results.takeError());
  for (auto [output, value] : llvm::zip(function->outputs, *results))
    outputs.push_back(
        {output.name, {output.dtype, SmallVector<int64_t>(value.shape()), value.toBytes()}});
  return success();
}

LogicalResult Run::callCompiled() {
  auto results =
      callOnce(compilation, interface, *function, inputs, flags.weights, flags.seed, flags.threads);
  if (failed(results))
    return failure();
  outputs = std::move(*results);
  return success();
}

/// Does the call again, by the evaluator, if a result is not finite: what was compiled has fused
/// the operations.
LogicalResult Run::checkFinite() {
  auto wrong = llvm::find_if(
      outputs, [](const NamedArray &output) { return firstNonFinite(output.array).has_value(); });
  if (wrong == outputs.end())
    return success();
  sayNonFinite(compilation, *function, interface, inputs, wrong->name,
               [&](Compilation &again) { return again.takeWeights(weightsPath, interface, seed); });
  return failure();
}

/// The results as one JSON object.
static std::string jsonOf(ArrayRef<NamedArray> results) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os);
  json.object([&] {
    for (const NamedArray &result : results) {
      json.attributeBegin(result.name);
      writeJsonArray(result.array, json);
      json.attributeEnd();
    }
  });
  return text;
}

LogicalResult Run::writeFiles() {
  OutputFiles files;
  for (const NamedArray &output : outputs)
    if (auto file = outputFiles.find(output.name); file != outputFiles.end())
      if (llvm::Error error = writeArray(output.array, output.name, file->second, files))
        return fail(std::move(error));
  if (llvm::Error error = files.commit())
    return fail(std::move(error));
  return success();
}

/// Without any file, the results go to stdout or into the JSON object.
void Run::showResults() {
  report.finishProgress();
  std::string results = outputFiles.empty() ? jsonOf(outputs) : std::string();
  if (!report.isJson() && !results.empty())
    llvm::outs() << results << "\n";
  llvm::json::Object types;
  for (const NamedArray &output : outputs)
    types[output.name] = output.array.type();
  report.set("function", function->name);
  report.set("types", std::move(types));
  if (!results.empty())
    report.setRaw("results", results);
}

LogicalResult Run::go() {
  if (failed(compilation.load()) || failed(findFunction()) || failed(readInputs()) ||
      failed(checkOutputs()))
    return failure();
  if (failed(flags.reference ? evaluate() : callCompiled()))
    return failure();
  if ((checksFinite && failed(checkFinite())) || failed(writeFiles()))
    return failure();
  showResults();
  return success();
}

int runVerb(VerbArguments arguments) {
  RunFlags flags;
  parseArguments("run", arguments,
                 "Compiles a model (once: it is kept in a cache) and calls one of its functions.",
                 examples);
  Report report("run", flags.json);
  if (flags.threads < 0)
    report.error("--threads " + Twine(flags.threads) + ": a number of threads is 0 or more");
  FailureOr<CompileRequest> options = flags.options(report);
  if (failed(options) || report.hasErrors())
    return report.finish();
  // The evaluator computes any size in the same way.
  if (flags.reference)
    options->versions.clear();
  Compilation compilation(report, *options);
  if (failed(Run(flags, compilation).go()) && !report.hasErrors())
    report.error("the run failed without saying why");
  return report.finish();
}

} // namespace weft
