// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weft dialect, its attributes and enumerations.

#ifndef WEFT_IR_WEFTDIALECT_H
#define WEFT_IR_WEFTDIALECT_H

#include "ir/Mlir.h"
#include "ir/Shape.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/TensorEncoding.h"

#include "ir/WeftDialect.h.inc"
#include "ir/WeftEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "ir/WeftAttrs.h.inc"

namespace weft {

/// Attribute names that functions and their arguments carry; see docs of the stages.
inline constexpr llvm::StringLiteral kExportAttr = "weft.export"; // unit, on a function
inline constexpr llvm::StringLiteral kDocAttr = "weft.doc";       // string
inline constexpr llvm::StringLiteral kNameAttr = "weft.name";     // string, argument or result
inline constexpr llvm::StringLiteral kParameterAttr = "weft.parameter"; // symbol, argument
inline constexpr llvm::StringLiteral kStateAttr = "weft.state";         // symbol, result
inline constexpr llvm::StringLiteral kKernelAttr = "weft.kernel";       // unit, outlined kernel
inline constexpr llvm::StringLiteral kArenaAttr = "weft.arena";         // shape of one: peak bytes
/// Unit, on operations whose results the backward pass computes again instead of keeping them.
inline constexpr llvm::StringLiteral kRecomputeAttr = "weft.recompute";
inline constexpr llvm::StringLiteral kInitFunction = "weft.init";
/// Functions `weft.prepare.0`, `weft.prepare.1`, ...: exports of parameters alone, whose results,
/// one function after the other, are the `derived` parameters in their order.
inline constexpr llvm::StringLiteral kPreparePrefix = "weft.prepare.";

} // namespace weft

#endif // WEFT_IR_WEFTDIALECT_H
