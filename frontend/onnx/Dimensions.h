// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of dimensions that are formulas of others.

#ifndef WEFT_FRONTEND_ONNX_DIMENSIONS_H
#define WEFT_FRONTEND_ONNX_DIMENSIONS_H

#include "ir/Shape.h"

namespace weft {

/// What a name in a formula stands for; nothing if it is none.
using NamedDim = llvm::function_ref<std::optional<Dim>(StringRef)>;

/// Longer ones are taken for names.
inline constexpr size_t longestDimFormula = 256;

/// Reads sums, differences, products and quotients of names and whole numbers. Nothing where
/// `text` is no formula, or has a name that stands for nothing: it is a name by itself then.
std::optional<Dim> readDimFormula(StringRef text, NamedDim named);

} // namespace weft

#endif // WEFT_FRONTEND_ONNX_DIMENSIONS_H
