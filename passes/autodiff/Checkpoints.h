// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checkpoints of the language: the operations in one are marked with its number, after those of the
// checkpoints around it (`weft.checkpoints`). Chen et al., "Training Deep Nets with Sublinear
// Memory Cost", arXiv:1604.06174.

#ifndef WEFT_PASSES_AUTODIFF_CHECKPOINTS_H
#define WEFT_PASSES_AUTODIFF_CHECKPOINTS_H

#include "ir/Checkpoint.h"
#include "passes/autodiff/Rules.h"

namespace weft::autodiff {

/// The copies of checkpoints that one backward walk makes: all operations of a checkpoint are
/// copied to where the walk first meets one of them, so that before that nothing of it is kept but
/// what it reads. Copies that no rule reads are dead code.
///
/// Copies read through barriers, since they would else be found equal to what they repeat.
/// Parameters are read as they are: what is made of them alone need not be made again.
class Checkpoints {
public:
  explicit Checkpoints(Reverse &walk) : pass(walk) {}

  /// What the rule of `op` is to look at: `op` itself or, where it belongs to a checkpoint, its
  /// copy.
  Operation *repeated(Operation *op);

private:
  ArrayRef<Operation *> membersWith(Operation *op);
  void search(mlir::Block *block);
  void repeat(Operation *op);
  Value apart(Value value, int64_t number);

  Reverse &pass;
  llvm::DenseMap<std::pair<mlir::Block *, int64_t>, SmallVector<Operation *>> members;
  llvm::DenseSet<mlir::Block *> searched;
  llvm::DenseMap<Operation *, Operation *> copies;
};

/// Takes a copy, and what is in its regions, out of the outermost checkpoint.
void leaveCheckpoint(Operation *copy);

} // namespace weft::autodiff

#endif // WEFT_PASSES_AUTODIFF_CHECKPOINTS_H
