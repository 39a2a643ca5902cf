// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a quantized model is worth: its results on data beside those in f32.

#ifndef WEFT_TOOLS_WEFT_COMPARISON_H
#define WEFT_TOOLS_WEFT_COMPARISON_H

#include "tools/weft/Artifacts.h"
#include "tools/weft/CalibrationData.h"
#include "tools/weft/NativeModel.h"

namespace weft {

/// Failures are told to the report of the compilation.
class Comparison {
public:
  /// The artifacts have taken the weights.
  Comparison(Compilation &what, Artifacts &made) : compilation(what), artifacts(made) {}

  /// How far a result is from that in f32.
  struct Accuracy {
    std::string name;
    double difference = 0, size = 0;   ///< Sums of squares.
    int64_t equal = 0, entries = 0;    ///< Entries of a result of integers.
    int64_t sameHighest = 0, rows = 0; ///< Rows of scores.

    void add(const Array &expected, const Array &result);
    /// The root of the mean square of the difference, over that of the result in f32.
    double relativeError() const;
  };
  /// An export that the data fits.
  struct Entry {
    CallData data;
    std::vector<std::vector<NamedArray>> expected = {}; ///< Results in f32, one list a call.
    std::vector<Accuracy> accuracies = {};

    const InterfaceExport &function() const { return data.function(); }
    /// What there is to say of each result.
    llvm::json::Array outputs() const;
    void print() const;
  };

  /// Finds the exports that the data fits: at least one. The compilation is at stage `graph`.
  LogicalResult match(ArrayRef<std::string> sources);
  /// Calls a model that computes in f32 and keeps its results.
  LogicalResult expect(NativeModel &model);
  /// Calls what the artifacts have compiled on the same data. Where this processor cannot run it,
  /// nothing is compared.
  LogicalResult compare(bool weightsAreEmbedded);

  std::vector<Entry> entries;
  std::vector<std::pair<std::string, std::string>> misfits; ///< Other exports, and why.
  std::string whyNotCompared;

private:
  LogicalResult fail(llvm::Error error) {
    compilation.report().error(std::move(error));
    return failure();
  }

  Compilation &compilation;
  Artifacts &artifacts;
  Interface interface;
  std::optional<CalibrationData> data;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_COMPARISON_H
