// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What weft-recompute notes in a function that is asked to explain itself.

#ifndef WEFT_PASSES_RECOMPUTE_EXPLANATION_H
#define WEFT_PASSES_RECOMPUTE_EXPLANATION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "ir/Mlir.h"

namespace weft {

/// Array of one dictionary for each value that the backward pass reads.
inline constexpr llvm::StringLiteral kKeptAttr = "weft.kept";
/// The operations of products and loops that are repeated, as a share of all: a float.
inline constexpr llvm::StringLiteral kAddedWorkAttr = "weft.added_work";

/// One entry of kKeptAttr.
struct ValueExplanation {
  std::string operation; ///< conv
  Type type;
  Location location;
  bool isKept;
  double bytes;
  std::string why;
};

/// Bytes as people read them: "512 bytes", "1.50 KiB".
std::string bytesText(double bytes);

mlir::DictionaryAttr toAttribute(const ValueExplanation &value);
/// All of a function; empty if it was not asked.
SmallVector<ValueExplanation> explanationsOf(mlir::func::FuncOp function);

} // namespace weft

#endif // WEFT_PASSES_RECOMPUTE_EXPLANATION_H
