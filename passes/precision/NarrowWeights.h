// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights of 8 or 4 bits beside inputs in f32: which products they pay for, and what becomes of a
// weight. For the pass that writes such products and for the one that measures what they lose.

#ifndef WEFT_PASSES_PRECISION_NARROWWEIGHTS_H
#define WEFT_PASSES_PRECISION_NARROWWEIGHTS_H

#include "passes/layouts/PackedProduct.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <vector>

namespace weft {

/// A product that takes less time if it reads its weight in fewer bits.
struct NarrowProduct {
  ContractOp op;
  ProductForm form;
};
/// Those of a function of a module in stage `graph`, in program order. `leave` is told of the
/// products that stay in f32, and why.
std::vector<NarrowProduct>
narrowWeightProducts(mlir::func::FuncOp function,
                     llvm::function_ref<void(Operation *, const std::string &)> leave = {});

/// A matrix [K, O] as integers times scales: `values` [n, K', O], in f32, n * K' being K or more,
/// and `scales` [n, O]. In 8 bits there is one scale a column, in 4 one for each 32 rows.
struct NarrowMatrix {
  Value values, scales;

  static NarrowMatrix of(GraphBuilder &b, Value matrix, int64_t bits);

  /// In panels of `width`.
  PackedMatrix packed(GraphBuilder &b, int64_t bits, int64_t width) const;
  /// What `matrix` loses, and what it holds: sums of squares.
  std::pair<Value, Value> squares(GraphBuilder &b, Value matrix) const;
};

} // namespace weft

#endif // WEFT_PASSES_PRECISION_NARROWWEIGHTS_H
