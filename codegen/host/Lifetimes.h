// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// When each value of a function with outlined kernels needs its memory.

#ifndef WEFT_CODEGEN_HOST_LIFETIMES_H
#define WEFT_CODEGEN_HOST_LIFETIMES_H

#include "codegen/host/ArenaLayout.h"
#include "codegen/host/Storage.h"

#include "llvm/ADT/MapVector.h"

namespace weft {

/// Numbers the operations of a function in program order and finds when each storage lives.
///
/// An operation's number is its place before the operations of its regions.
class Lifetimes {
public:
  explicit Lifetimes(mlir::func::FuncOp function);

  /// Storages with slots, in order of the program, with their intervals.
  llvm::MapVector<Value, Interval> intervals;

  int64_t placeOf(Operation *op) const { return begins.lookup(op); }

private:
  void number(mlir::Region &region);
  void record(Operation *op);
  void recordSteps(Operation *scan);
  void extend(Value storage, int64_t place);
  int64_t lastNeeded(Value storage, Operation *user);

  llvm::DenseMap<Operation *, int64_t> begins, ends; ///< `ends`: the last number inside of it.
  int64_t next = 0;
};

} // namespace weft

#endif // WEFT_CODEGEN_HOST_LIFETIMES_H
