// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the verifiers of all families share: results held to inference, dimensions compared by
// their expressions, element types compared.

#ifndef WEFT_IR_VERIFY_H
#define WEFT_IR_VERIFY_H

#include "ir/Infer.h"
#include "ir/WeftOps.h"

namespace weft {

/// Emits `why` if nothing was inferred, else holds the dimensions of `result` to it.
LogicalResult verifyResult(Operation *op, Value result, const Inferred &inferred, StringRef why);

/// Fails unless `value`, called `name` in the message, has the dimensions `expected`.
LogicalResult verifyDims(Operation *op, StringRef name, Value value, ArrayRef<Dim> expected);

/// Fails unless the values have one element type; absent values are passed over.
LogicalResult verifyOneElementType(Operation *op, ArrayRef<Value> values);

/// Fails unless `axis` is below the rank of `value`.
LogicalResult verifyAxis(Operation *op, uint64_t axis, Value value);

/// Fails unless the two lists of types are equal; `what` and `like` name them in the message.
LogicalResult verifyTypes(Operation *op, mlir::TypeRange actual, mlir::TypeRange expected,
                          StringRef what, StringRef like);

/// The yield that ends the block of `region`, or nothing after an error.
YieldOp yieldOf(Operation *op, mlir::Region &region);

/// An attribute that its constraint keeps in the range of int64_t, though its accessor is unsigned.
inline int64_t number(uint64_t attribute) { return static_cast<int64_t>(attribute); }

/// The ranked tensor type of a value whose type constraint says that it is one.
inline RankedTensorType tensorOf(Value value) { return cast<RankedTensorType>(value.getType()); }

} // namespace weft

#endif // WEFT_IR_VERIFY_H
