// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values of a block are kept beyond a place in it, and which are computed again behind it: a
// minimum cut, as in Zheng et al., "Min-cut optimal(ish) recomputation", and PyTorch's AOTAutograd.

#ifndef WEFT_PASSES_RECOMPUTE_SELECTION_H
#define WEFT_PASSES_RECOMPUTE_SELECTION_H

#include "ir/WeftOps.h"
#include "passes/recompute/Price.h"

#include "llvm/ADT/DenseSet.h"

namespace weft {

/// One value that is kept or computed again.
struct Decision {
  Value value;
  bool isKept;
  /// Costs, in bytes that go through memory; `again` is infinite if forbidden.
  double keeping, again;
};

/// Where the backward passes of a block begin: numbers of the operations that are first behind such
/// a place.
SmallVector<size_t> placesIn(mlir::Block &block);

class Selection {
public:
  Selection(mlir::Block &owner, size_t firstBehind);

  /// Chooses; all else asks about that.
  void choose(const MemoryPrice &price);

  bool isComputedAgain(Value value) const { return again.contains(value); }
  /// Operations behind the place.
  ArrayRef<Operation *> readers() const { return ArrayRef<Operation *>(ops).drop_front(place); }
  bool isReader(Operation *op) const;
  /// What can be had behind the place, in program order.
  SmallVector<Decision> decisions() const;
  /// The place of an operation of the block among its operations.
  size_t numberOf(Operation *op) const { return numbers.lookup(op); }

private:
  void findCosts(double priceOfByte);
  void keepBetween(int64_t segments);
  Operation *inBlock(Operation *op) const;

  mlir::Block &block;
  SmallVector<Operation *> ops;
  llvm::DenseMap<Operation *, size_t> numbers;
  size_t place; ///< The first operation behind it.
  struct Costs {
    double keep, again;
  };
  llvm::MapVector<Value, Costs> costs; ///< Of the values before the place.
  llvm::DenseSet<Value> again, kept;
};

} // namespace weft

#endif // WEFT_PASSES_RECOMPUTE_SELECTION_H
