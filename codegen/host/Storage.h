// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values of a planned function share memory, and where that memory is.

#ifndef WEFT_CODEGEN_HOST_STORAGE_H
#define WEFT_CODEGEN_HOST_STORAGE_H

#include "ir/WeftOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace weft {

/// Slots of an `if`, `while` or `scan`, as an attribute; a launch has them as its own.
inline constexpr StringRef slotsAttrName = "weft.slots";

/// The value whose elements `value` reads in another shape.
Value withoutReshapes(Value value);

/// On a kernel: for each input, which result is written over it, or -1. On the input of a kernel
/// function: the number of that output. On a result of an exported function that is a new state:
/// what makes it writes it into the state itself.
inline constexpr StringRef inPlaceAttrName = "weft.in_place";

/// Puts a kernel in front of the use that copies the value, and lets the use have the copy.
void insertCopy(mlir::OpOperand &operand);

/// The value that owns the memory of `value`: through reshapes; from the carried argument of a loop
/// to the loop's result, in whose memory it stays; from a step of a scan to the tensor stepped
/// over. An argument of the function, a constant, or a result of an operation with slots.
Value storageOf(Value value);

/// True for operations whose results get slots.
bool hasSlots(Operation *op);

/// The slots of such an operation, none before weft-plan-memory.
mlir::ArrayAttr slotsOf(Operation *op);
void setSlots(Operation *op, ArrayRef<Attribute> slots);

/// The slot of a result; null if it has none.
SlotAttr slotOf(Value storage);

/// The dimension names of an exported function in the order of weft_export.symbols: by first
/// appearance in its inputs. A version has them all, also those that it fixes.
SmallVector<std::string> symbolsInOrder(mlir::func::FuncOp function);

} // namespace weft

#endif // WEFT_CODEGEN_HOST_STORAGE_H
