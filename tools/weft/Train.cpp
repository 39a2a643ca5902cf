// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft train: compiles a model and calls its training function on data, epoch after epoch.

#include "tools/weft/CommandLine.h"
#include "tools/weft/train/Training.h"
#include "tools/weft/Verbs.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace cl = llvm::cl;

namespace weft {

namespace {
/// The command line of `weft train`.
struct TrainFlags : CompileFlags {
  cl::opt<std::string> function{cl::Positional, cl::desc("<function>"), cl::init("")};
  cl::list<std::string> data{"data",
                             cl::desc("Arrays by the names of inputs: FILE.npz, FILE.csv, a folder "
                                      "of .npy files, or NAME=FILE"),
                             cl::value_desc("FILE"), cl::cat(verbOptions())};
  cl::opt<std::string> validation{
      "validation", cl::desc("Keep the last rows for measuring: a share, as 0.2, or their number"),
      cl::value_desc("ROWS"), cl::cat(verbOptions())};
  cl::list<std::string> validationData{"validation-data", cl::desc("Other data to measure on"),
                                       cl::value_desc("FILE"), cl::cat(verbOptions())};
  cl::opt<std::string> out{"out", cl::desc("Where weights and state go, after each epoch"),
                           cl::value_desc("FILE.safetensors"), cl::cat(verbOptions())};
  cl::list<std::string> weights{"weights",
                                cl::desc("Begin with these, or with these in a submodel"),
                                cl::value_desc("[PART=]FILE"), cl::cat(verbOptions())};
  cl::list<std::string> parts{
      "save-part", cl::desc("At the end, write the parameters of a submodel as a file of its own"),
      cl::value_desc("PART=FILE"), cl::cat(verbOptions())};
  cl::opt<int64_t> epochs{"epochs", cl::desc("How often to go through the data (default: 10)"),
                          cl::init(10), cl::cat(verbOptions())};
  cl::opt<std::string> batch{
      "batch",
      cl::desc("Rows in a step (default: 32), or 'all' to give each step the data as they are"),
      cl::value_desc("ROWS"), cl::cat(verbOptions())};
  cl::opt<uint64_t> seed{"seed",
                         cl::desc("Seed of initial weights, order of the rows, and what is random "
                                  "in the model (default: 0)"),
                         cl::init(0), cl::cat(verbOptions())};
  cl::list<std::string> metrics{
      "metric", cl::desc("Functions to measure with (default: all that give only numbers)"),
      cl::value_desc("NAME"), cl::CommaSeparated, cl::cat(verbOptions())};
  cl::opt<std::string> monitor{
      "monitor",
      cl::desc("Keep the state of the epoch that is best in this: accuracy=max, loss=min"),
      cl::value_desc("NAME=max|min"), cl::cat(verbOptions())};
  cl::opt<int64_t> patience{"patience", cl::desc("Stop after so many epochs without a better one"),
                            cl::value_desc("EPOCHS"), cl::init(0), cl::cat(verbOptions())};
  cl::list<std::string> curves{
      "curve", cl::desc("Write what was measured as a table, .csv, or a picture, .svg"),
      cl::value_desc("FILE"), cl::cat(verbOptions())};
  cl::opt<bool> resume{"resume", cl::desc("Go on with the run whose state is in the file of --out"),
                       cl::cat(verbOptions())};
  cl::opt<bool> overwrite{"overwrite", cl::desc("Begin anew although that file is there"),
                          cl::cat(verbOptions())};
  cl::opt<double> saveEvery{"save-every",
                            cl::desc("Seconds between checkpoints within an epoch (default: 60)"),
                            cl::init(60), cl::cat(verbOptions())};
  cl::opt<int> threads{"threads",
                       cl::desc("Threads of a step (default: every core); results are the same"),
                       cl::init(0), cl::cat(verbOptions())};

  cl::opt<bool> checkFinite{
      "check-finite",
      cl::desc("If a loss is not finite, say which operation made the first NaN or infinity"),
      cl::cat(verbOptions())};

  /// Everything by value: the linker, which runs in this process, resets the flags.
  FailureOr<TrainRequest> request(Report &report) const;
};
} // namespace

static constexpr llvm::StringLiteral examples =
    "  weft train models/digits --epochs 60 --batch 48 --validation 360 --out "
    "digits-run.safetensors\n"
    "  weft train net.weft --data measured.csv --validation 0.2 --out net.safetensors --curve "
    "net.svg\n"
    "  weft train net.weft --data x=a.npy --data y=b.npy --monitor loss=min --patience 20 --out "
    "net.safetensors\n"
    "  weft train net.weft --data d.npz --out net.safetensors --resume --epochs 100   goes on\n";

FailureOr<TrainRequest> TrainFlags::request(Report &report) const {
  TrainRequest result;
  result.function = function;
  llvm::append_range(result.data, data);
  llvm::append_range(result.validationData, validationData);
  llvm::append_range(result.weights, weights);
  llvm::append_range(result.parts, parts);
  llvm::append_range(result.metrics, metrics);
  llvm::append_range(result.curves, curves);
  result.out = out;
  result.epochs = epochs;
  result.patience = patience;
  result.threads = threads;
  result.saveEvery = saveEvery;
  result.resume = resume;
  result.overwrite = overwrite;
  result.checkFinite = checkFinite;
  if (validation.getNumOccurrences() > 0)
    result.validation = validation;
  if (monitor.getNumOccurrences() > 0)
    result.monitor = monitor;
  if (seed.getNumOccurrences() > 0)
    result.seed = seed;
  if (batch.getNumOccurrences() > 0) {
    int64_t rows = 0;
    if (batch != "all" && (StringRef(batch).getAsInteger(10, rows) || rows < 1))
      report.error("--batch " + batch + ": a number of rows, 1 or more, or 'all'");
    result.batch = rows;
  }
  if (result.out.empty())
    report.error("--out says where the trained weights go: FILE.safetensors");
  if (result.epochs < 1)
    report.error("--epochs " + Twine(result.epochs) + ": a number of epochs is 1 or more");
  if (result.patience < 0)
    report.error("--patience " + Twine(result.patience) + ": a number of epochs is 0 or more");
  if (result.threads < 0)
    report.error("--threads " + Twine(result.threads) + ": a number of threads is 0 or more");
  if (!(result.saveEvery >= 0))
    report.error("--save-every takes seconds, 0 or more");
  if (report.hasErrors())
    return failure();
  return result;
}

/// A folder stands for the model in it that learns, and for its data.
static void resolveFolder(TrainFlags &flags) {
  if (!llvm::sys::fs::is_directory(flags.input))
    return;
  StringRef folder = StringRef(flags.input).rtrim('/');
  llvm::SmallString<128> model(folder), data(folder);
  llvm::sys::path::append(model, "learn.weft");
  if (!llvm::sys::fs::exists(model)) {
    model = folder;
    llvm::sys::path::append(model, llvm::sys::path::filename(folder) + ".weft");
  }
  llvm::sys::path::append(data, "data");
  auto inData = [&](StringRef name) {
    llvm::SmallString<128> path(data);
    llvm::sys::path::append(path, name);
    return path.str().str();
  };
  if (flags.data.empty() && llvm::sys::fs::exists(inData("train.npz"))) {
    flags.data.push_back(inData("train.npz"));
    if (flags.validation.getNumOccurrences() == 0 && flags.validationData.empty() &&
        llvm::sys::fs::exists(inData("test.npz")))
      flags.validationData.push_back(inData("test.npz"));
  } else if (flags.data.empty() && llvm::sys::fs::is_directory(data)) {
    flags.data.push_back(data.str().str());
  }
  flags.input = model.str().str();
}

int trainVerb(VerbArguments arguments) {
  TrainFlags flags;
  parseArguments(
      "train", arguments,
      "Fits the parameters of a model to data by its exported training function. The same "
      "command gives the same bytes, with any number of threads, also when it is "
      "interrupted and resumed. A folder stands for its learn.weft and its data/.",
      examples);
  Report report("train", flags.json);
  resolveFolder(flags);
  FailureOr<CompileRequest> options = flags.options(report);
  FailureOr<TrainRequest> request = flags.request(report);
  if (failed(options) || failed(request))
    return report.finish();
  Compilation compilation(report, *options);
  Training training(compilation, std::move(*request));
  if ((failed(compilation.load()) || failed(training.run())) && !report.hasErrors())
    report.error("training failed without saying why");
  constexpr int exitInterrupted = 130; // As shells say it: 128 and the number of the signal.
  int code = report.finish();
  return code == exitGood && training.wasInterrupted() ? exitInterrupted : code;
}

} // namespace weft
