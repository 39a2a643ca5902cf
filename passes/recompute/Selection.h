// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values of a block are kept beyond a place in it, and which are computed again behind it: a
// minimum cut, as in Zheng et al., "Min-cut optimal(ish) recomputation", and PyTorch's AOTAutograd.

#ifndef WEFT_PASSES_RECOMPUTE_SELECTION_H
#define WEFT_PASSES_RECOMPUTE_SELECTION_H

#include "ir/WeftOps.h"

#include "llvm/ADT/DenseSet.h"

namespace weft {

/// How dear memory is.
struct MemoryPrice {
  /// Of a byte that is kept, in bytes that go through memory. So little saves only what costs no
  /// time: values that would be written for no other reader.
  double ofByte = 0.125;
  /// Into so many parts the operations before the place are cut; what passes from one to another is
  /// kept. Without that, 1, a high price would leave nothing but the inputs, and the first value
  /// that is computed again would bring all others back.
  int64_t segments = 1;
};

/// One value that is kept or computed again.
struct Decision {
  Value value;
  bool isKept;
  double keeping,
      again; ///< Costs, in bytes that go through memory; again is infinite if forbidden.
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
  template <typename Visit> void forReaders(Value value, Visit visit) const;
  bool isEarly(Value value) const;

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
