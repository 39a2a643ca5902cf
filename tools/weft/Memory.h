// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan of a function's memory for people: a table, and a drawing in text.

#ifndef WEFT_TOOLS_WEFT_MEMORY_H
#define WEFT_TOOLS_WEFT_MEMORY_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace weft {

/// Writes table and drawing of an exported function at stage `plan`, in lines of at most 100
/// characters. Of many blocks the largest are listed. Only sizes that are numbers can be drawn; of
/// a function that prepares weights there is a summary.
void drawMemory(mlir::func::FuncOp function, llvm::raw_ostream &os);

/// The same with every block, as data. A number of bytes that depends on dimensions is a string.
llvm::json::Object memoryAsJson(mlir::func::FuncOp function);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_MEMORY_H
