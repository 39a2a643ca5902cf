// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The products of a module that --tune measures, and by what two of them are the same.

#ifndef WEFT_TOOLS_WEFT_TUNEPRODUCTS_H
#define WEFT_TOOLS_WEFT_TUNEPRODUCTS_H

#include "passes/layouts/Choice.h"

#include <map>
#include <string>

namespace weft {

/// A product of stage `graph` with a weight that is packed when a model is opened.
struct TunableProduct {
  Operation *op;
  unsigned weight; ///< The operand that is the weight.
  bool isVersion;  ///< Panels are shared with other versions of the function.
  /// Operation, attributes and types: "conv {groups = 1 : i64, ...} tensor<1x64x56x56xf32>, weight
  /// tensor<64x64x3x3xf32> -> tensor<1x64x56x56xf32>".
  std::string key;
};

struct TunableProducts {
  SmallVector<TunableProduct> all;
  size_t ofUnknownSize = 0, packedEachCall = 0; ///< Products with weights that are not among them.
};

/// The products in the exports of a module at stage `graph`, in its order.
TunableProducts tunableProducts(ModuleOp module);

/// Twice the products of numbers that a call computes.
double flopsOf(const TunableProduct &product);

/// Choices by the keys of products.
using ChoicesByKey = std::map<std::string, Choice>;

/// How many of the products of a module had a choice, and how many there are.
struct AppliedChoices {
  size_t known = 0, all = 0;
};

/// Writes choices onto the products of a module at stage `graph`.
AppliedChoices applyChoices(ModuleOp module, const ChoicesByKey &choices);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_TUNEPRODUCTS_H
