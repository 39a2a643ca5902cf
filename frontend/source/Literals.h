// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants as the language writes them.
#pragma once

#include "frontend/source/Expr.h"
#include "ir/WeftOps.h"

namespace weft::source {

/// A number that is read back as the same float, in as few digits as that takes.
std::string realText(double value, Type element);
/// A setting such as an epsilon: in the digits of f32 where it is one.
std::string settingText(double value);
std::string integerText(const llvm::APInt &value, Type element);
/// Element `index` of a constant.
std::string elementText(mlir::DenseElementsAttr value, int64_t index);
/// The number that all elements are; nothing if they differ.
std::optional<std::string> splatText(mlir::DenseElementsAttr value);
/// The constant with its type and shape: `tensor<i64>([1, 2])`, `full<f32>(0.5, [2, 3])`.
Expr constantExpr(mlir::DenseElementsAttr value);
/// One number in every place of a shape, which may have names in it.
Expr filledExpr(StringRef number, Type element, StringRef shape);

} // namespace weft::source
