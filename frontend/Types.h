// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types of the Weft language: element types by their names in the source, and the type of a tensor
// value, an element type with one symbolic size for each dimension. Printing uses the user's words.
#pragma once

#include "ir/Shape.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>

namespace weft {

using Dims = llvm::SmallVector<Dim, 4>;

/// The type of a tensor value. A scalar has no dimensions.
struct ValueType {
  mlir::Type element;
  Dims dims;

  size_t rank() const { return dims.size(); }
  bool isScalar() const { return dims.empty(); }
  bool operator==(const ValueType &other) const {
    return element == other.element && dims == other.dims;
  }
};

/// The element type that the source calls `name`; none if no element type has that name.
std::optional<mlir::Type> elementByName(llvm::StringRef name, mlir::MLIRContext *context);

/// `f32`, `u8`, `bool`, ...: the name of an element type in the source.
std::string elementName(mlir::Type element);

bool isFloatElement(mlir::Type element);
/// True for signed and unsigned integers, not for bool.
bool isIntegerElement(mlir::Type element);
bool isBoolElement(mlir::Type element);

/// `[N, 2 * W]`
std::string printDims(llvm::ArrayRef<Dim> dims);
/// `f32[N, 2 * W]`, and `f32` for a scalar.
std::string printType(const ValueType &type);

/// `a / b` if `b` provably divides `a`.
std::optional<Dim> divideExactly(const Dim &a, const Dim &b);

} // namespace weft
