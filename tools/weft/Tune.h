// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --tune: products are computed in the ways that the counts rank near the best, each is timed, and
// the fastest is kept.

#ifndef WEFT_TOOLS_WEFT_TUNE_H
#define WEFT_TOOLS_WEFT_TUNE_H

#include "tools/weft/Compile.h"
#include "tools/weft/TuneContest.h"

namespace weft {

/// Beside the source: resnet50.onnx has resnet50.tune.json.
std::string tuneCacheBeside(StringRef input);

/// Fails, with an error in the report, unless code for the request can be measured here.
LogicalResult checkMeasurable(const CompileRequest &request, Report &report);

/// Measures what the cache of a compilation does not know. Failures are told to its report.
class Tuner {
public:
  /// Begins no second product once `timeLimit` seconds are over, and none without a limit above 0.
  Tuner(Compilation &what, double timeLimit);

  /// The choices are in the compilation and in its cache file from here on.
  LogicalResult run();
  /// What was tried, chosen and left.
  void show();

private:
  /// Equal products of the model.
  struct Group {
    TunableProduct product;
    int64_t count = 0;
    double flops = 0; ///< Of all.
    enum class State { Known, Measured, Left } state = State::Left;
  };

  void collect();
  FailureOr<TunedProduct> search(const TunableProduct &product);
  llvm::json::Object jsonOf(const Group &group) const;
  void print(const Group &group) const;
  LogicalResult fail(llvm::Error error);

  Compilation &compilation;
  Report &report;
  double limit;
  TuneSetting setting;
  VectorTarget vectors;
  std::vector<Group> groups; ///< The most expensive first.
  size_t ofUnknownSize = 0, packedEachCall = 0;
  uint64_t weightBytes = 0; ///< Of all products.
  double seconds = 0;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_TUNE_H
