// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs cases: evaluates them at stage `model`, then after each later stage and as compiled code,
// and compares.

#ifndef WEFT_TEST_E2E_OPMATRIX_RUNNER_H
#define WEFT_TEST_E2E_OPMATRIX_RUNNER_H

#include "Native.h"
#include "Suite.h"

namespace weft::opmatrix {

struct RunnerOptions {
  NativeOptions native;
  bool runsNative = true;
  uint64_t seed = 1;
};

/// What came of some cases.
struct Outcome {
  /// "softmax_f32_dynamic, N = 7, stage graph, result 0: element 3 of [7x5] is ..."
  std::vector<std::string> failures;
  int64_t functions = 0, comparisons = 0;

  void operator+=(const Outcome &other);
};

/// Runs cases in one module. When a stage refuses the module, each case runs in a module of its
/// own, so that the failure names it.
Outcome runCases(llvm::ArrayRef<Case> cases, const RunnerOptions &options);

/// Programs on a batch of N rows give the same bytes for each row, whatever N and the threads.
Outcome runBatchInvariance(const RunnerOptions &options);

} // namespace weft::opmatrix

#endif // WEFT_TEST_E2E_OPMATRIX_RUNNER_H
