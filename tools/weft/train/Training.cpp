// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The steps of a training run, and what is kept and shown of them.

#include "tools/weft/train/Training.h"

#include "tools/weft/data/Convert.h"
#include "tools/weft/NonFinite.h"
#include "tools/weft/train/Curve.h"
#include "tools/weft/Weights.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"

#include <cmath>
#include <csignal>

namespace weft {

using llvm::Error;
using Clock = std::chrono::steady_clock;

//===-- Interrupts --------------------------------------------------------------------------===//

static volatile std::sig_atomic_t stopAsked = 0;

namespace {
/// The first interrupt asks for a stop after the step; a second one ends the process at once.
class StopOnInterrupt {
public:
  StopOnInterrupt() {
    struct sigaction action = {};
    action.sa_handler = [](int) { stopAsked = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
    for (auto [number, before] : {std::pair(SIGINT, &interrupt), std::pair(SIGTERM, &terminate)})
      sigaction(number, &action, before);
  }
  StopOnInterrupt(const StopOnInterrupt &) = delete;
  StopOnInterrupt &operator=(const StopOnInterrupt &) = delete;
  ~StopOnInterrupt() {
    sigaction(SIGINT, &interrupt, nullptr);
    sigaction(SIGTERM, &terminate, nullptr);
  }

private:
  struct sigaction interrupt = {}, terminate = {};
};
} // namespace

static double secondsSince(Clock::time_point time) {
  return std::chrono::duration<double>(Clock::now() - time).count();
}

//===-- Steps -------------------------------------------------------------------------------===//

FailureOr<Training::Call *> Training::prepared(Calls &calls, const Feed &from, int64_t rows) {
  auto [place, isNew] = calls.try_emplace(rows);
  Call &call = place->second;
  if (!isNew)
    return &call;
  call.inputs = from.inputs(rows);
  auto made =
      loaded.native().prepare(from.function().name, call.inputs, from.function().outputs.size());
  if (!made)
    return fail(made.takeError());
  call.call = std::move(*made);
  return &call;
}

/// A loss that is no number: nothing after this step is worth keeping.
LogicalResult Training::refuseNonFinite(const Call &call, const NamedArray &output,
                                        ArrayRef<int64_t> rows) {
  std::string message = llvm::formatv(
      "step {0} of epoch {1}: '{2}' is {3}", progress.step + 1, progress.epoch() + 1,
      output.name == "result" ? "loss" : output.name, nameOfNonFinite(realAt(output.array, 0)));
  if (std::string input = feed->nonFiniteAmong(rows); !input.empty())
    message += "; " + input;
  message += hasCheckpoint ? "; '" + request.out +
                                 "' holds the state before it went wrong, at the last checkpoint"
                           : "; nothing was written";
  report.error(message);
  if (request.checkFinite)
    sayNonFinite(compilation, *trainer, interface, call.inputs, output.name,
                 [&](Compilation &) { return std::move(stepStart); });
  return failure();
}

/// Copies parameters and states, in the order of the description.
void Training::keepBefore() {
  llvm::StringMap<StringRef> bytes;
  for (const NamedTensor &tensor : loaded.native().parameters())
    bytes[tensor.name] = tensor.bytes;
  stepStart.clear();
  for (const InterfaceParameter &parameter : interface.parameters) {
    StringRef from = bytes.lookup(parameter.name);
    stepStart.push_back({parameter.dtype, parameter.dims, {from.begin(), from.end()}});
  }
}

LogicalResult Training::step(ArrayRef<int64_t> rows) {
  FailureOr<Call *> call = prepared(trainCalls, *feed, static_cast<int64_t>(rows.size()));
  if (failed(call))
    return failure();
  feed->fill((*call)->inputs, rows,
             stepSeed(progress.settings.seed, static_cast<uint64_t>(progress.epoch()),
                      static_cast<uint64_t>(progress.step)));
  if (request.checkFinite)
    keepBefore();
  if (Error error = loaded.native().repeat((*call)->call))
    return fail(std::move(error));
  for (auto [column, index] : llvm::enumerate(lossOutputs)) {
    const NamedArray &output = (*call)->call.outputs[index];
    double value = realAt(output.array, 0);
    if (!std::isfinite(value))
      return refuseNonFinite(**call, output, rows);
    progress.sums[column] += value * static_cast<double>(rows.size());
  }
  ++progress.step;
  ++stepsDone;
  return success();
}

LogicalResult Training::trainEpoch() {
  int64_t rows = trainRows(), batch = isWhole() ? 1 : progress.settings.batch;
  // A fixed number of rows leaves those over that do not fill a step: other ones in each epoch.
  int64_t steps = feed->fixedBatch() ? rows / batch : (rows + batch - 1) / batch;
  std::vector<int64_t> order =
      epochOrder(rows, progress.settings.seed, static_cast<uint64_t>(progress.epoch()));
  if (progress.step == 0)
    progress.sums.assign(lossOutputs.size(), 0);
  epochStart = Clock::now();
  stepsDone = 0;
  while (progress.step < steps && !stopAsked) {
    int64_t first = progress.step * batch;
    if (failed(step(ArrayRef(order).slice(static_cast<size_t>(first),
                                          static_cast<size_t>(std::min(batch, rows - first))))))
      return failure();
    showProgress(steps);
    if (progress.step < steps && secondsSince(lastSave) >= request.saveEvery && failed(save()))
      return failure();
  }
  interrupted = stopAsked;
  if (progress.step < steps)
    return success();
  int64_t seen = std::min(rows, steps * batch);
  std::vector<double> row;
  for (double sum : progress.sums)
    row.push_back(sum / static_cast<double>(seen));
  return measure(row);
}

/// Adds the values of the metrics to what training gave, and ends the epoch.
LogicalResult Training::measure(std::vector<double> &row) {
  for (auto [number, metric] : llvm::enumerate(metrics)) {
    bool isOwn = !request.validationData.empty();
    int64_t first = validationRows.empty() || isOwn ? 0 : trainRows();
    int64_t count = metric.feed.rows() - first;
    int64_t batch = isWhole() ? 1 : metric.feed.fixedBatch().value_or(progress.settings.batch);
    int64_t calls = metric.feed.fixedBatch() ? count / batch : (count + batch - 1) / batch;
    if (calls == 0)
      return fail("'" + metric.feed.function().name + "' takes " + Twine(batch) +
                  " rows, but there are " + Twine(count) + " to measure on");
    std::vector<double> sums(metric.feed.function().outputs.size());
    int64_t seen = 0;
    for (int64_t index = 0; index < calls; ++index) {
      std::vector<int64_t> rows;
      for (int64_t at = index * batch; at < std::min(count, (index + 1) * batch); ++at)
        rows.push_back(first + at);
      auto size = static_cast<int64_t>(rows.size());
      FailureOr<Call *> call = prepared(metricCalls[number], metric.feed, size);
      if (failed(call))
        return failure();
      metric.feed.fill((*call)->inputs, rows,
                       stepSeed(progress.settings.seed, 0, static_cast<uint64_t>(index)));
      if (Error error = loaded.native().repeat((*call)->call))
        return fail(std::move(error));
      for (auto [sum, output] : llvm::zip(sums, (*call)->call.outputs))
        sum += realAt(output.array, 0) * static_cast<double>(size);
      seen += size;
    }
    for (double sum : sums)
      row.push_back(sum / static_cast<double>(seen));
  }
  progress.history.push_back(row);
  progress.step = 0;
  progress.sums.clear();
  return endEpoch();
}

LogicalResult Training::endEpoch() {
  showEpoch();
  double value = keepsBest() ? progress.history.back()[monitored] : 0;
  bool isBetter = keepsBest() && (progress.bestEpoch == 0 ||
                                  (goesUp ? value > progress.best : value < progress.best));
  if (isBetter) {
    progress.best = value;
    progress.bestEpoch = progress.epoch();
  }
  return save(isBetter);
}

bool Training::isOver() const {
  return progress.epoch() >= request.epochs ||
         (request.patience > 0 && progress.bestEpoch > 0 &&
          progress.epoch() - progress.bestEpoch >= request.patience);
}

LogicalResult Training::run() {
  if (failed(chooseFunctions()) || failed(checkOut()) || failed(takeUp()) || failed(readData()) ||
      failed(split()) || failed(chooseMetrics()) || failed(chooseMonitor()) || failed(openModel()))
    return failure();
  hasCheckpoint = isResumed;
  removeLeftovers(request.out);
  removeLeftovers(bestPath());
  if (isResumed)
    report.say("going on after epoch " + Twine(progress.epoch()) + ", step " +
               Twine(progress.step));
  stopAsked = 0;
  StopOnInterrupt guard;
  lastSave = Clock::now();
  if (progress.epoch() == 0 && progress.step == 0 && failed(save()))
    return failure(); // Nobody trains for an hour to learn that the disk is full.
  while (!isOver() && !interrupted)
    if (failed(trainEpoch()))
      return failure();
  if (interrupted && progress.step > 0 && failed(save()))
    return failure();
  if (!interrupted && failed(writeParts()))
    return failure();
  conclude();
  return success();
}

//===-- Files -------------------------------------------------------------------------------===//

/// Writes the checkpoint, the state of the best epoch if this is it, and the curves.
LogicalResult Training::save(bool isBest) {
  OutputFiles files;
  SmallVector<NamedTensor> tensors = loaded.native().parameters();
  Error error = Error::success();
  if (isBest)
    error = writeCheckpoint(bestPath(), tensors, progress, files);
  error =
      llvm::joinErrors(std::move(error), writeCheckpoint(request.out, tensors, progress, files));
  for (const std::string &path : request.curves) {
    bool isTable = llvm::sys::path::extension(path) == ".csv";
    error = llvm::joinErrors(std::move(error), files.add(path, [&](llvm::raw_ostream &os) {
      (isTable ? writeCsv : writeSvg)(progress, os);
    }));
  }
  if (!error)
    error = files.commit(/*toDisk=*/true);
  if (error)
    return fail(std::move(error));
  lastSave = Clock::now();
  hasCheckpoint = true;
  return success();
}

/// Submodels as files of their own, that open as their weights: without what only training reads.
LogicalResult Training::writeParts() {
  if (request.parts.empty())
    return success();
  std::string source = keepsBest() ? bestPath() : request.out;
  Weights weights(interface.parameters.size());
  if (Error error = readWeightsOver(source, "", interface, weights))
    return fail(std::move(error));
  OutputFiles files;
  for (StringRef given : request.parts) {
    auto [part, path] = given.split('=');
    SmallVector<NamedTensor> tensors;
    SmallVector<NamedTensor> all = namedTensors(interface, weights);
    for (auto [parameter, tensor] : llvm::zip(interface.parameters, all)) {
      StringRef name = parameter.name;
      if (interface.mayLack(parameter) || !name.consume_front(part) || !name.consume_front("."))
        continue;
      tensors.push_back(tensor);
      tensors.back().name = name.str();
    }
    if (Error error =
            files.add(path, [&](llvm::raw_ostream &os) { writeSafetensors(tensors, os); }))
      return fail(std::move(error));
  }
  if (Error error = files.commit(/*toDisk=*/true))
    return fail(std::move(error));
  return success();
}

//===-- Words -------------------------------------------------------------------------------===//

static std::string clock(double seconds) {
  auto whole = static_cast<int64_t>(seconds);
  std::string text;
  llvm::raw_string_ostream os(text);
  if (whole >= 3600)
    os << whole / 3600 << ":" << llvm::format("%02d", static_cast<int>(whole / 60 % 60));
  else
    os << whole / 60;
  os << ":" << llvm::format("%02d", static_cast<int>(whole % 60));
  return text;
}

void Training::showProgress(int64_t steps) {
  if (secondsSince(lastShown) < 0.1)
    return;
  lastShown = Clock::now();
  std::string text;
  llvm::raw_string_ostream os(text);
  constexpr int64_t cells = 24;
  int64_t full = progress.step * cells / steps;
  os << "epoch " << progress.epoch() + 1 << "/" << request.epochs << " [" << std::string(full, '=')
     << std::string(cells - full, ' ') << "] " << progress.step << "/" << steps;
  double rate = static_cast<double>(stepsDone) / std::max(secondsSince(epochStart), 1e-9);
  int64_t batch = isWhole() ? 1 : progress.settings.batch;
  if (!progress.sums.empty())
    os << "  loss "
       << llvm::format("%.4g", progress.sums[0] / static_cast<double>(std::min(
                                                      progress.step * batch, trainRows())));
  int64_t left = (request.epochs - progress.epoch()) * steps - progress.step;
  os << llvm::format("  %.3g steps/s  ", rate) << clock(static_cast<double>(left) / rate)
     << " left";
  report.progress(text);
}

void Training::showEpoch() {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "epoch " << llvm::right_justify(std::to_string(progress.epoch()), 4) << "/"
     << request.epochs;
  for (auto [name, value] : llvm::zip(progress.columns, progress.history.back()))
    os << "  " << name << llvm::format(" %.5g", value);
  report.say(text);
}

void Training::conclude() {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "'" << request.out << "' has the state after epoch " << progress.epoch();
  if (progress.step > 0)
    os << " and " << progress.step << " steps";
  if (progress.bestEpoch > 0)
    os << ", '" << bestPath() << "' that of the best one, " << progress.bestEpoch << ": "
       << progress.columns[monitored] << llvm::format(" %.5g", progress.best);
  report.say(interrupted ? "interrupted; --resume goes on: " + text : text);
  report.set("function", trainer->name);
  report.set("epochs", progress.epoch());
  report.set("interrupted", interrupted);
  report.set("out", request.out);
  report.setRaw("run", progress.toJson());
}

} // namespace weft
