// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Versions of an exported function: the same function for different sizes of its dimensions, side
// by side in one module from stage `graph` on. To the world they are one function.

#ifndef WEFT_IR_VERSIONS_H
#define WEFT_IR_VERSIONS_H

#include "ir/Shape.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace weft {

/// On a version: the name that it is exported under, the sizes that it is for (`{N = 1 : i64}`; a
/// name that is missing may have any), and the type of the exported function.
inline constexpr llvm::StringLiteral kVersionOfAttr = "weft.version_of";
inline constexpr llvm::StringLiteral kVersionSizesAttr = "weft.version_sizes";
inline constexpr llvm::StringLiteral kSignatureAttr = "weft.signature";

bool isVersion(mlir::func::FuncOp function);

/// The name under which a caller knows the function.
StringRef exportedName(mlir::func::FuncOp function);

/// The types of inputs (parameters are none) and results as a caller knows them: before sizes were
/// bound in a version.
mlir::FunctionType signatureOf(mlir::func::FuncOp function);

/// The size that a version fixes; none if it may be any.
std::optional<int64_t> versionSize(mlir::func::FuncOp function, StringRef dimension);

/// Makes `function` a version of the export `name` with this signature.
void markVersion(mlir::func::FuncOp function, StringRef name,
                 ArrayRef<std::pair<StringRef, int64_t>> sizes, mlir::FunctionType signature);

} // namespace weft

#endif // WEFT_IR_VERSIONS_H
