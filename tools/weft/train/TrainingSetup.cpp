// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a training run settles before its first step: functions, data, where it begins.

#include "tools/weft/data/Convert.h"
#include "tools/weft/train/ClassCount.h"
#include "tools/weft/train/Training.h"
#include "tools/weft/Weights.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace weft {

using llvm::Error;

Training::Training(Compilation &what, TrainRequest how)
    : compilation(what), report(what.report()), request(std::move(how)), loaded(what) {}

static std::string listOf(ArrayRef<const InterfaceExport *> functions) {
  std::vector<std::string> names;
  for (const InterfaceExport *function : functions)
    names.push_back("'" + function->name + "'");
  return names.empty() ? "none" : llvm::join(names, ", ");
}

static bool isNumber(const InterfaceArgument &output) {
  return output.dims.empty() && isFloat(output.dtype);
}

/// The function that trains, and those that only measure.
LogicalResult Training::chooseFunctions() {
  FailureOr<Interface> read = compilation.boundInterface();
  if (failed(read))
    return failure();
  interface = std::move(*read);
  std::vector<const InterfaceExport *> trainers;
  for (const InterfaceExport &entry : interface.exports) {
    if (entry.changesStates)
      trainers.push_back(&entry);
    else if (!entry.outputs.empty() && llvm::all_of(entry.outputs, isNumber))
      measurers.push_back(&entry);
    if (entry.name == request.function)
      trainer = &entry;
  }
  if (!request.function.empty() && !trainer)
    return fail("'" + compilation.options().input + "' has no function '" + request.function +
                "'; those that train are " + listOf(trainers));
  if (trainer && !trainer->changesStates)
    return fail("'" + trainer->name +
                "' changes nothing: a function that trains calls `minimize`; "
                "those that do are " +
                listOf(trainers));
  if (trainers.empty())
    return fail("'" + compilation.options().input +
                "' exports no function that trains: one that calls `minimize`");
  if (!trainer && trainers.size() > 1)
    return fail("name the function to train with: " + listOf(trainers));
  trainer = trainer ? trainer : trainers.front();
  for (auto [index, output] : llvm::enumerate(trainer->outputs))
    if (isNumber(output))
      lossOutputs.push_back(index);
  for (const std::string &name : request.metrics)
    if (llvm::none_of(measurers, [&](const auto *entry) { return entry->name == name; }))
      return fail("--metric " + name + ": the functions that give only numbers are " +
                  listOf(measurers));
  if (!request.metrics.empty())
    llvm::erase_if(measurers, [&](const InterfaceExport *entry) {
      return !llvm::is_contained(request.metrics, entry->name);
    });
  return success();
}

std::string Training::bestPath() const {
  llvm::SmallString<128> path(request.out);
  llvm::sys::path::replace_extension(path, "best.safetensors");
  return path.str().str();
}

/// Whether the run may write its file: it takes the place of none that it does not go on from.
LogicalResult Training::checkOut() {
  if (llvm::sys::path::extension(request.out) != ".safetensors")
    return fail("--out " + request.out + ": trained weights are a .safetensors file");
  if (request.resume && request.overwrite)
    return fail("--resume goes on with a run and --overwrite begins anew: give one of them");
  if (request.resume && !request.weights.empty())
    return fail("--resume goes on with the weights of the run: --weights is for a new one");
  for (const std::string &path : request.curves)
    if (StringRef extension = llvm::sys::path::extension(path);
        extension != ".csv" && extension != ".svg")
      return fail("--curve " + path + ": a curve is a .csv or a .svg file");
  if (!request.resume && !request.overwrite && llvm::sys::fs::exists(request.out))
    return fail("'" + request.out +
                "' is there already: --resume goes on with it, --overwrite takes its place");
  return success();
}

/// Reads the checkpoint of a run that goes on; what is not said again is as it was.
LogicalResult Training::takeUp() {
  RunSettings &settings = progress.settings;
  settings.function = trainer->name;
  settings.seed = request.seed.value_or(0);
  settings.batch = request.batch.value_or(32);
  settings.validation = request.validation.value_or("");
  settings.monitor = request.monitor.value_or("");
  // Whoever always says --resume may be killed before the first checkpoint.
  if (!request.resume || !llvm::sys::fs::exists(request.out))
    return success();
  llvm::Expected<Progress> read = readProgress(request.out);
  if (!read)
    return fail(read.takeError());
  const RunSettings &before = read->settings;
  settings.seed = request.seed.value_or(before.seed);
  settings.batch = request.batch.value_or(before.batch);
  settings.validation = request.validation.value_or(before.validation);
  settings.monitor = request.monitor.value_or(before.monitor);
  settings.rows = before.rows; // These two are known when the data are.
  settings.data = before.data;
  if (std::string difference = settings.differenceTo(before); !difference.empty())
    return fail("'" + request.out + "' was made with other settings: now " + difference);
  progress = std::move(*read);
  isResumed = true;
  return success();
}

LogicalResult Training::readData() {
  std::vector<const InterfaceExport *> functions = measurers;
  functions.insert(functions.begin(), trainer);
  if (request.data.empty() &&
      llvm::any_of(trainer->inputs, [](const auto &i) { return !isSeed(i); }))
    return fail("--data: '" + trainer->name + "' needs data for " +
                llvm::join(llvm::map_range(trainer->inputs,
                                           [](const InterfaceArgument &input) {
                                             return "'" + input.name + "': " + input.type;
                                           }),
                           ", "));
  report.progress("reading data");
  llvm::Expected<DataSet> read = DataSet::read(request.data, "--data", functions);
  if (!read)
    return fail(read.takeError());
  data = std::move(*read);
  read = DataSet::read(request.validationData, "--validation-data", measurers);
  if (!read)
    return fail(read.takeError());
  validationData = std::move(*read);
  llvm::Expected<Feed> made = Feed::make(data, *trainer, isWhole());
  if (!made)
    return fail(made.takeError());
  feed = std::move(*made);
  return checkClasses(*feed);
}

LogicalResult Training::checkClasses(const Feed &checked) {
  auto body = compilation.module().lookupSymbol<mlir::func::FuncOp>(checked.function().function);
  size_t number = 0;
  for (unsigned index = 0; index < body.getNumArguments(); ++index) {
    if (body.getArgAttr(index, kParameterAttr))
      continue;
    std::optional<int64_t> count = classCount(body.getArgument(index));
    if (Error wrong = count ? checked.checkBelow(number, *count) : Error::success())
      return fail(std::move(wrong));
    ++number;
  }
  return success();
}

/// The number of rows that `text` keeps for validation: a share below 1, or a number.
static std::optional<int64_t> rowsOf(StringRef text, int64_t rows) {
  int64_t number = 0;
  double share = 0;
  if (text.empty())
    return 0;
  if (!text.getAsInteger(10, number))
    return number >= 0 && number < rows ? std::optional(number) : std::nullopt;
  if (text.getAsDouble(share) || !(share >= 0 && share < 1))
    return std::nullopt;
  return static_cast<int64_t>(share * static_cast<double>(rows));
}

/// Which rows are learned from and which are not.
LogicalResult Training::split() {
  RunSettings &settings = progress.settings;
  int64_t rows = feed->rows();
  std::optional<int64_t> kept = rowsOf(settings.validation, rows);
  if (!kept)
    return fail("--validation " + settings.validation +
                ": a share of the rows, as 0.2, or a number of " + "them, below " + Twine(rows));
  if (*kept > 0 && isWhole())
    return fail("--validation: with --batch all every step takes all of the data; give others with "
                "--validation-data");
  if (*kept > 0 && !request.validationData.empty())
    return fail("--validation and --validation-data both say what to measure on: give one of them");
  if (std::optional<int64_t> fixed = feed->fixedBatch(); fixed && settings.batch != *fixed) {
    if (request.batch || *fixed > rows - *kept)
      return fail("'" + trainer->name + "' takes " + Twine(*fixed) + " rows in a step, not " +
                  Twine(std::min(settings.batch, rows - *kept)));
    settings.batch = *fixed;
  }
  if (isResumed && settings.rows != rows - *kept)
    return fail("'" + request.out + "' was made with other data: " + Twine(settings.rows) +
                " rows to learn from, now " + Twine(rows - *kept));
  settings.rows = rows - *kept;
  for (int64_t row = settings.rows; row < rows; ++row)
    validationRows.push_back(row);
  return success();
}

LogicalResult Training::addMetric(const InterfaceExport &entry, DataSet &from) {
  llvm::Expected<Feed> made = Feed::make(from, entry, isWhole());
  if (!made)
    return fail(made.takeError());
  if (failed(checkClasses(*made)))
    return failure();
  if (&from == &data && made->rows() != feed->rows())
    return fail("'" + entry.name + "' goes through " + Twine(made->rows()) +
                " rows of the data and '" + trainer->name + "' through " + Twine(feed->rows()));
  metrics.push_back({std::move(*made), progress.columns.size()});
  for (const InterfaceArgument &output : entry.outputs)
    progress.columns.push_back(entry.outputs.size() == 1 ? entry.name
                                                         : entry.name + "." + output.name);
  return success();
}

/// Without rows to measure on, only metrics that are asked for are measured: on those of training.
LogicalResult Training::chooseMetrics() {
  DataSet &from = request.validationData.empty() ? data : validationData;
  bool hasOwnRows = !validationRows.empty() || !request.validationData.empty() || isWhole();
  std::vector<std::string> before = std::move(progress.columns);
  progress.columns.clear();
  for (size_t index : lossOutputs) {
    const std::string &name = trainer->outputs[index].name;
    progress.columns.push_back("train." + (name == "result" ? "loss" : name));
  }
  for (const InterfaceExport *entry : measurers) {
    bool isAsked = llvm::is_contained(request.metrics, entry->name);
    if (isAsked || (hasOwnRows && from.feeds(*entry)))
      if (failed(addMetric(*entry, from)))
        return failure();
  }
  if (isResumed && before != progress.columns)
    return fail("'" + request.out + "' records " + llvm::join(before, ", ") +
                ", but now it would be " + llvm::join(progress.columns, ", "));
  uint64_t digest = feed->digest();
  for (const Metric &metric : metrics)
    digest += metric.feed.digest();
  if (isResumed && progress.settings.data != digest)
    return fail("'" + request.out + "' was made with other data");
  progress.settings.data = digest;
  metricCalls.resize(metrics.size());
  return success();
}

LogicalResult Training::chooseMonitor() {
  if (!keepsBest() && request.patience > 0)
    return fail("--patience needs --monitor: what shall get better");
  if (!keepsBest())
    return success();
  auto [name, way] = StringRef(progress.settings.monitor).split('=');
  auto found = llvm::find(progress.columns, name);
  if (way != "min" && way != "max")
    return fail("--monitor " + progress.settings.monitor + ": NAME=min or NAME=max");
  if (found == progress.columns.end())
    return fail("--monitor " + progress.settings.monitor + ": what is recorded is " +
                (progress.columns.empty() ? "nothing" : llvm::join(progress.columns, ", ")));
  monitored = static_cast<size_t>(found - progress.columns.begin());
  goesUp = way == "max";
  return success();
}

/// Where training begins: initial weights, those of files written over them, or the checkpoint's.
LogicalResult Training::openModel() {
  uint64_t seed = progress.settings.seed;
  llvm::Expected<Weights> weights =
      compilation.takeWeights(isResumed ? request.out : "", interface, seed);
  if (!weights)
    return fail(weights.takeError());
  for (StringRef given : request.weights) {
    auto [part, path] = given.contains('=') ? given.split('=') : std::pair(StringRef(), given);
    if (Error error = readWeightsOver(path, part, interface, *weights))
      return fail(std::move(error));
  }
  for (const std::string &given : request.parts) {
    StringRef part = StringRef(given).split('=').first;
    bool isPart = llvm::any_of(interface.parameters, [&](const InterfaceParameter &parameter) {
      return StringRef(parameter.name).starts_with((part + ".").str());
    });
    if (!isPart || !StringRef(given).contains('='))
      return fail("--save-part " + given +
                  ": PART=FILE.safetensors, where the model has parameters of "
                  "that part");
  }
  return loaded.open(interface, *weights, request.threads);
}

} // namespace weft
