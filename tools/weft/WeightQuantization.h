// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --quantize weights-int8 and weights-int4: which products read their weights in few bits, what
// the weights lose, and with data, what results lose.

#ifndef WEFT_TOOLS_WEFT_WEIGHTQUANTIZATION_H
#define WEFT_TOOLS_WEFT_WEIGHTQUANTIZATION_H

#include "passes/precision/NarrowWeights.h"
#include "tools/weft/Comparison.h"
#include "tools/weft/Quantization.h"

namespace weft {

class WeightQuantization final : public Quantization {
public:
  /// The artifacts have taken the weights.
  WeightQuantization(Compilation &what, Artifacts &made)
      : compilation(what), artifacts(made), comparison(what, made) {}

  LogicalResult run(ArrayRef<std::string> sources) override;
  LogicalResult compare(bool weightsAreEmbedded) override;
  void show() override;

private:
  struct Narrow {
    std::string operation, origin;
    int64_t weights;
    double lost = 0, held = 0; ///< Sums of squares.
  };
  /// One export, or one version of it.
  struct Function {
    std::string symbol, name;
    std::vector<Narrow> products;
    std::vector<ProductLeft> left;
  };

  void findProducts();
  LogicalResult measure();
  std::string kind() const;
  llvm::json::Object jsonOf(const Function &function) const;
  void print(const Function &function) const;

  Compilation &compilation;
  Artifacts &artifacts;
  Comparison comparison;
  std::vector<Function> functions;
  bool hasData = false;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_WEIGHTQUANTIZATION_H
