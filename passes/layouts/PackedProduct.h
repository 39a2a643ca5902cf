// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A contraction of a computed value with a weight as a product of matrices, and that product with
// the weight in panels. How the weight comes there is for the caller to say.

#ifndef WEFT_PASSES_LAYOUTS_PACKEDPRODUCT_H
#define WEFT_PASSES_LAYOUTS_PACKEDPRODUCT_H

#include "passes/layouts/Panels.h"

namespace weft {

/// The letters of a contraction by what they do, with the weight on the right.
struct ProductForm {
  Value rows, weight;
  StringRef rowLabels, weightLabels, resultLabels;
  std::string outer;   ///< In `rows` and the result, in the order of the result.
  std::string inner;   ///< In both operands, summed, in the order of `rows`.
  std::string columns; ///< In the weight and the result, in the order of the result.

  /// None for a contraction without such a form: with a letter in both operands and the result, or
  /// with a weight whose size is not known.
  static std::optional<ProductForm> of(ContractOp op);

  /// How many rows the result has.
  Dim numRows() const;
  /// What panels see of the product, whose result is of the type `result`.
  PanelProduct panels(Type result) const;
  /// The weight as [inner, columns].
  Value matrix(GraphBuilder &b) const;
};

/// A matrix in panels: what weft.packed_conv multiplies by.
struct PackedMatrix {
  Value filter;
  int64_t interleave = 1;
  Value scales = {}; ///< Of small integers; may be null.
  bool nibbles = false;
};

/// Puts a weft.packed_conv in the place of `op`, whose form is `form`, with its choice. `pack`
/// brings the weight into panels.
void replaceByPackedProduct(ContractOp op, const ProductForm &form,
                            llvm::function_ref<PackedMatrix(GraphBuilder &)> pack);

} // namespace weft

#endif // WEFT_PASSES_LAYOUTS_PACKEDPRODUCT_H
