// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The few kinds of instructions that host code consists of.

#ifndef WEFT_CODEGEN_HOST_HOSTCODE_H
#define WEFT_CODEGEN_HOST_HOSTCODE_H

#include "ir/Mlir.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace weft {

/// On the function that `weft_entry` of an export points at: the export's name.
inline constexpr StringRef entryAttrName = "weft.entry";

/// The symbol of that function.
std::string entryName(StringRef exportName);

/// Writes host code at `builder`, under the location `loc`. A word is an i64.
struct HostCode {
  HostCode(OpBuilder place, Location where) : builder(place), loc(where) {}

  Value word(int64_t value);
  Value multiply(Value a, Value b);
  Value add(Value a, Value b);
  Value subtract(Value a, Value b);
  /// `yes` where the words `a` and `b` are equal, else `no`.
  Value selectIfEqual(Value a, Value b, Value yes, Value no);
  /// Room for `count` words, at the start of the function.
  Value stackWords(int64_t count);
  Value loadWord(Value table, size_t index);
  Value loadPointer(Value table, size_t index);
  /// Stores pointers and words one after the other, 8 bytes each.
  void storeWords(Value table, ValueRange words);
  /// The byte at `address` as a truth value.
  Value loadBool(Value address);
  Value offset(Value address, Value bytes);
  void copyBytes(Value to, Value from, Value bytes);
  /// weft_parallel_for(context, body, arguments, n, grain)
  void parallelFor(Value context, mlir::func::FuncOp body, Value arguments, Value n, int64_t grain);
  /// A weft_loop.
  struct Loop {
    mlir::func::FuncOp body;
    Value n;
    int64_t grain;
  };
  /// weft_parallel_steps(context, loops, count, arguments, steps)
  void parallelSteps(Value context, ArrayRef<Loop> loops, Value arguments, Value steps);

  OpBuilder builder;
  Location loc;

private:
  Value element(Value table, size_t index);
  Value addressOf(mlir::func::FuncOp function);
};

} // namespace weft

#endif // WEFT_CODEGEN_HOST_HOSTCODE_H
