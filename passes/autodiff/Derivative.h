// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of values with regard to values they were computed from: which operations lie on the
// way, and the walk over them.

#ifndef WEFT_PASSES_AUTODIFF_DERIVATIVE_H
#define WEFT_PASSES_AUTODIFF_DERIVATIVE_H

#include "passes/autodiff/Rules.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace weft::autodiff {

/// All ways from some values to others along which floats depend on each other.
class Ways {
public:
  /// What is defined outside of `within` counts as given, where that is not null.
  Ways(ValueRange from, ValueRange to, mlir::Region *within = nullptr);

  /// Values on a way, and all of `from`.
  const llvm::DenseSet<Value> &values() const { return active; }
  /// Operations on a way, each after those whose results it uses.
  ArrayRef<Operation *> operations() const { return ops; }
  /// Where a way to `to` is broken, since results of the operation are no floats; or null.
  Operation *brokenAt() const { return broken; }
  /// Operations on one way from `op` to its end, the last one first.
  SmallVector<Operation *> wayFrom(Operation *op) const;

private:
  void enter(Operation *op);

  llvm::DenseSet<Value> active;
  llvm::DenseSet<Value> touched; ///< Depends on `from` in any type.
  SmallVector<Operation *> ops;
  Operation *broken = nullptr;
};

/// What the regions of `op` read from outside.
SmallVector<Value> capturedBy(Operation *op);

/// Operands of `op`, and what its regions read from outside.
SmallVector<Value> inputsOf(Operation *op);

/// Pulls gradients of `outputs` back: the gradients of `wrt`, null where there is none. Operations
/// are made where `b` stands; what belongs to a checkpoint is computed again there.
FailureOr<SmallVector<Value>> pull(ValueRange outputs, ValueRange gradients, ValueRange wrt,
                                   GraphBuilder &b, mlir::Region *within = nullptr);

/// Pushes tangents of `wrt` forward: the tangents of `outputs`, null where there is none.
FailureOr<SmallVector<Value>> push(ValueRange outputs, ValueRange wrt, ValueRange tangents,
                                   GraphBuilder &b, mlir::Region *within = nullptr);

/// Puts ordinary operations in the place of the derivatives that `function` asks for, in program
/// order.
LogicalResult expandDerivatives(mlir::func::FuncOp function);

/// Then, of what only derivatives look at: a function with a derivative of its own becomes what it
/// computes, and a value that stops gradients what it is.
void dropDerivativeForms(mlir::func::FuncOp function);

} // namespace weft::autodiff

#endif // WEFT_PASSES_AUTODIFF_DERIVATIVE_H
