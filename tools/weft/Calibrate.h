// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --quantize int8 --calibrate: runs a model on data to see what the inputs of its products hold,
// writes the ranges for 8 bits into its module, and says what the result is worth.

#ifndef WEFT_TOOLS_WEFT_CALIBRATE_H
#define WEFT_TOOLS_WEFT_CALIBRATE_H

#include "passes/precision/Products.h"
#include "tools/weft/Comparison.h"
#include "tools/weft/Quantization.h"

namespace weft {

/// One calibration, from the data to the comparison. Failures are told to the report of the
/// compilation.
class Calibration final : public Quantization {
public:
  /// The artifacts have taken the weights.
  Calibration(Compilation &what, Artifacts &made)
      : compilation(what), artifacts(made), comparison(what, made) {}

  /// Runs each export that the data fits in f32, on this machine, and puts ranges on the products
  /// of the module, which is at stage `graph` then. At least one export fits and has a product to
  /// quantize.
  LogicalResult run(ArrayRef<std::string> sources) override;

  LogicalResult compare(bool weightsAreEmbedded) override {
    return comparison.compare(weightsAreEmbedded);
  }

  /// Also says which products stay in f32, with the reason.
  void show() override;

private:
  struct Export {
    Comparison::Entry &compared;
    mlir::func::FuncOp function;
    std::vector<WeightedProduct> products = {};
    SmallVector<Value> inputs = {}; ///< Of the products, each once.
    std::vector<ProductLeft> left = {};
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
  LogicalResult findProducts();
  FailureOr<OwningOpRef<ModuleOp>> observedModule();
  LogicalResult observe(NativeModel &model, Export &entry);
  static ProductLeft leftAlone(Operation *op, const std::string &why);
  static llvm::json::Object jsonOf(const Export &entry);
  static void print(const Export &entry);

  Compilation &compilation;
  Artifacts &artifacts;
  Comparison comparison;
  std::vector<Export> exports;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_CALIBRATE_H
