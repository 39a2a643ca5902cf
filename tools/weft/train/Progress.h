// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where a training run stands: what its checkpoints hold beside weights and states, so that it can
// go on to the same last byte.

#ifndef WEFT_TOOLS_WEFT_TRAIN_PROGRESS_H
#define WEFT_TOOLS_WEFT_TRAIN_PROGRESS_H

#include "codegen/emit/Output.h"
#include "codegen/emit/Weights.h"

namespace weft {

/// What decides the steps of a run: it cannot go on with another.
struct RunSettings {
  std::string function;
  uint64_t seed = 0;
  int64_t batch = 0;               ///< 0: every step takes all of the data.
  int64_t rows = 0;                ///< To learn from.
  uint64_t data = 0;               ///< Digest of the arrays.
  std::string validation, monitor; ///< As on the command line.

  /// What differs in `other`, as the user says it; empty if nothing does.
  std::string differenceTo(const RunSettings &other) const;
};

/// A run between two steps. Holds no times: equal runs have equal bytes.
struct Progress {
  RunSettings settings;
  std::vector<std::string> columns;         ///< What is recorded of each epoch.
  std::vector<std::vector<double>> history; ///< A row each epoch that is over.
  int64_t step = 0;                         ///< Steps done in the epoch that is not.
  std::vector<double> sums;                 ///< Of what these gave, times their rows.
  int64_t bestEpoch = 0;                    ///< From 1 on; 0 if none was best yet.
  double best = 0;

  int64_t epoch() const { return static_cast<int64_t>(history.size()); }
  std::string toJson() const;
  static llvm::Expected<Progress> fromJson(StringRef text);
};

/// Adds a file of tensors with the progress to `files`.
llvm::Error writeCheckpoint(StringRef path, ArrayRef<NamedTensor> tensors, const Progress &progress,
                            OutputFiles &files);

/// The progress in the checkpoint at `path`.
llvm::Expected<Progress> readProgress(StringRef path);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_TRAIN_PROGRESS_H
