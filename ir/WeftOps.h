// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations of the weft dialect and the traits that group them.

#ifndef WEFT_IR_WEFTOPS_H
#define WEFT_IR_WEFTOPS_H

#include "ir/WeftDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/IR/SymbolTable.h"

namespace weft {

/// Fails unless all operands and results of `op` have equal dimension expressions.
LogicalResult verifySameDims(Operation *op);

template <typename ConcreteType>
class SameDims : public mlir::OpTrait::TraitBase<ConcreteType, SameDims> {
public:
  static LogicalResult verifyTrait(Operation *op) { return verifySameDims(op); }
};

template <typename ConcreteType>
class Elementwise : public mlir::OpTrait::TraitBase<ConcreteType, Elementwise> {};
template <typename ConcreteType>
class Indexing : public mlir::OpTrait::TraitBase<ConcreteType, Indexing> {};
template <typename ConcreteType>
class Root : public mlir::OpTrait::TraitBase<ConcreteType, Root> {};
template <typename ConcreteType>
class Composite : public mlir::OpTrait::TraitBase<ConcreteType, Composite> {};

/// The bool tensor with the dimensions of `type`; `type` itself if it is no ranked tensor.
Type boolTensor(Type type);
/// The rank-0 tensor with the element type of `type`.
Type scalarTensor(Type type);

} // namespace weft

#define GET_OP_CLASSES
#include "ir/WeftOps.h.inc"

#endif // WEFT_IR_WEFTOPS_H
