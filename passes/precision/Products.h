// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of computed values with weights, as --quantize sees them: which there are, in one order
// for the pass that observes their inputs, for the tool that chooses ranges, and for the pass that
// makes them products of small integers.

#ifndef WEFT_PASSES_PRECISION_PRODUCTS_H
#define WEFT_PASSES_PRECISION_PRODUCTS_H

#include "ir/GraphBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <vector>

namespace weft {

/// On a product: an f64 array of the lowest and the highest number that its input is to hold,
/// around 0.
inline constexpr llvm::StringLiteral kInputRangeAttr = "weft.input_range";
/// On a product, optional: the f32 numbers that channels of the input are divided by before the
/// range applies, and the weight's are multiplied by, in the order of `inputChannels`.
inline constexpr llvm::StringLiteral kInputBalanceAttr = "weft.input_balance";

/// A weft.conv or weft.contract of a computed value with a value that follows from weights.
struct WeightedProduct {
  Operation *op;
  Value input, weight;
  /// Axes of `input` that are summed and that the window does not slide over, in their order, and
  /// the axes of `weight` with the same dimensions. None where groups part the channels.
  SmallVector<int64_t> inputChannels, weightChannels;
  /// Axes of `weight` that the result keeps, rising, and where each stands in the result.
  SmallVector<int64_t> weightOutputs, resultOutputs;

  /// Axes of `weight` that are summed.
  SmallVector<int64_t> weightInner() const;
};

/// True for an operation that is a product at all: a convolution or a contraction.
bool isProduct(Operation *op);

/// The product, if it pays to compute it in 8 bits; otherwise `whyNot` says what speaks against.
std::optional<WeightedProduct> weightedProduct(Operation *op, std::string &whyNot);

/// Those of a function in stage `graph`, in program order.
std::vector<WeightedProduct> weightedProducts(mlir::func::FuncOp function);

/// `x` over `weightChannels`, in the order of `inputChannels`, spread over the weight.
Value spreadOverWeight(GraphBuilder &b, const WeightedProduct &product, Value x);

} // namespace weft

#endif // WEFT_PASSES_PRECISION_PRODUCTS_H
