// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A training run: in, a model, data and what was asked for; out, a file of trained weights that
// opens like any others, and a checkpoint from which the run goes on to the same last byte.

#ifndef WEFT_TOOLS_WEFT_TRAIN_TRAINING_H
#define WEFT_TOOLS_WEFT_TRAIN_TRAINING_H

#include "tools/weft/Loaded.h"
#include "tools/weft/train/Progress.h"
#include "tools/weft/train/Samples.h"

#include <chrono>

namespace weft {

/// What was asked for on the command line.
struct TrainRequest {
  std::string function; // empty: the only one that trains
  std::vector<std::string> data, validationData;
  std::optional<std::string> validation; // a share, or a number of rows
  std::string out;
  std::vector<std::string> weights; // FILE or PART=FILE
  std::vector<std::string> parts;   // PART=FILE, to be written
  std::vector<std::string> metrics, curves;
  std::optional<std::string> monitor; // NAME=min or NAME=max
  int64_t patience = 0;               // 0: never stops early
  std::optional<int64_t> batch;       // 0: all rows in every step
  int64_t epochs = 10;
  std::optional<uint64_t> seed;
  int threads = 0;
  double saveEvery = 60; // seconds
  bool resume = false, overwrite = false;
  bool checkFinite = false; // keeps what each step began with
};

/// One run. Failures are told to the report of the compilation.
class Training {
public:
  Training(Compilation &what, TrainRequest how);

  /// Trains to the end, or until the user interrupts.
  LogicalResult run();
  bool wasInterrupted() const { return interrupted; }

private:
  /// A function that measures: its values go to the columns from `column` on.
  struct Metric {
    Feed feed;
    size_t column;
  };
  /// Calls of one function with one number of rows.
  struct Call {
    std::vector<NamedArray> inputs;
    NativeModel::PreparedCall call;
  };
  using Calls = std::map<int64_t, Call>;

  LogicalResult fail(llvm::Error error) {
    report.error(std::move(error));
    return failure();
  }
  LogicalResult fail(const Twine &message) {
    report.error(message);
    return failure();
  }
  // Before the first step.
  LogicalResult chooseFunctions();
  LogicalResult chooseMetrics();
  LogicalResult checkOut();
  LogicalResult takeUp();
  LogicalResult readData();
  LogicalResult split();
  LogicalResult addMetric(const InterfaceExport &entry, DataSet &data);
  LogicalResult chooseMonitor();
  LogicalResult checkClasses(const Feed &feed);
  LogicalResult openModel();

  // Steps.
  LogicalResult trainEpoch();
  LogicalResult step(ArrayRef<int64_t> rows);
  LogicalResult measure(std::vector<double> &row);
  FailureOr<Call *> prepared(Calls &calls, const Feed &feed, int64_t rows);
  void keepBefore();
  LogicalResult refuseNonFinite(const Call &call, const NamedArray &output, ArrayRef<int64_t> rows);
  LogicalResult endEpoch();

  // Files and words.
  LogicalResult save(bool isBest = false);
  LogicalResult writeParts();
  void showProgress(int64_t steps);
  void showEpoch();
  void conclude();

  bool isOver() const;
  bool isWhole() const { return progress.settings.batch == 0; }
  bool keepsBest() const { return !progress.settings.monitor.empty(); }
  /// Where the state after the best epoch lies, beside the last one's.
  std::string bestPath() const;
  int64_t trainRows() const { return progress.settings.rows; }

  Compilation &compilation;
  Report &report;
  TrainRequest request;
  Interface interface;
  const InterfaceExport *trainer = nullptr;
  std::vector<const InterfaceExport *> measurers; ///< That could be metrics.
  DataSet data, validationData;
  std::optional<Feed> feed;
  std::vector<Metric> metrics;
  Weights stepStart;               ///< With checkFinite: parameters and states before the step.
  std::vector<size_t> lossOutputs; ///< Outputs of the trainer that are recorded, the first columns.
  Progress progress;
  std::vector<int64_t> validationRows;
  LoadedModel loaded;
  Calls trainCalls;
  std::vector<Calls> metricCalls;
  size_t monitored = 0;
  bool goesUp = false, isResumed = false, hasCheckpoint = false, interrupted = false;
  std::chrono::steady_clock::time_point epochStart, lastSave, lastShown;
  int64_t stepsDone = 0; ///< Of this epoch, since epochStart.
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_TRAIN_TRAINING_H
