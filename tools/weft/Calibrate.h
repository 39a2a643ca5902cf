// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --quantize int8 --calibrate: runs a model on data to see what the inputs of its products hold,
// writes the ranges for 8 bits into its module, and says what the result is worth.

#ifndef WEFT_TOOLS_WEFT_CALIBRATE_H
#define WEFT_TOOLS_WEFT_CALIBRATE_H

#include "passes/precision/Products.h"
#include "tools/weft/Artifacts.h"
#include "tools/weft/CalibrationData.h"

namespace weft {

/// One calibration, from the data to the comparison. Failures are told to the report of the
/// compilation.
class Calibration {
public:
  /// The artifacts have taken the weights.
  Calibration(Compilation &what, Artifacts &made) : compilation(what), artifacts(made) {}

  /// Runs each export that the data fits in f32, on this machine, and puts ranges on the products
  /// of the module, which is at stage `graph` then. At least one export fits and has a product to
  /// quantize. The command line's options are reset by it: it links.
  LogicalResult run(ArrayRef<std::string> sources);

  /// Calls what the artifacts have compiled on the same data. Where this processor cannot run it,
  /// nothing is compared.
  LogicalResult compare(bool weightsAreEmbedded);

  /// Says on stdout, or in the JSON object, how far results are from those in f32, and which
  /// products stay in f32, with the reason.
  void show();

private:
  /// A product that stays as it is.
  struct Left {
    std::string operation, origin, why;
  };
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
  struct Export {
    CallData data;
    mlir::func::FuncOp function;
    std::vector<WeightedProduct> products;
    SmallVector<Value> inputs;                     ///< Of the products, each once.
    std::vector<std::vector<NamedArray>> expected; ///< Results in f32, one list a call.
    std::vector<Left> left;
    std::vector<Accuracy> accuracies;
    int64_t numQuantized = 0, numBalanced = 0;
  };

  LogicalResult fail(const Twine &message) {
    compilation.report().error(message);
    return failure();
  }
  LogicalResult fail(llvm::Error error) {
    compilation.report().error(std::move(error));
    return failure();
  }
  LogicalResult matchExports(ArrayRef<std::string> sources);
  LogicalResult findProducts();
  FailureOr<std::string> observedModule();
  LogicalResult observe(NativeModel &model, Export &entry);
  static Left leftAlone(Operation *op, const std::string &why);
  static llvm::json::Object jsonOf(const Export &entry);
  static void print(const Export &entry);

  Compilation &compilation;
  Artifacts &artifacts;
  Interface interface;
  std::optional<CalibrationData> data;
  std::vector<Export> exports;
  std::vector<std::pair<std::string, std::string>> misfits; ///< Exports, and why.
  std::string whyNotCompared;
  ScratchFolder scratch;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_CALIBRATE_H
