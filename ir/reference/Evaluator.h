// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reference evaluator: runs a function of Weft IR on tensors, one operation after the other,
// slowly and obviously. It takes the stages `model`, `graph`, `kernels` and `plan`; its results
// are what compiled code is compared with, and it computes initial weights.

#ifndef WEFT_IR_REFERENCE_EVALUATOR_H
#define WEFT_IR_REFERENCE_EVALUATOR_H

#include "ir/reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace weft::reference {

struct EvaluatorOptions {
  /// Most bytes that the evaluator's tensors may take at once (each element takes 8).
  int64_t memoryLimitBytes = int64_t(8) << 30;
};

/// Runs `function` on `arguments`, in the order of its parameters.
///
/// Types:  the arguments' element types are those of the function.
/// Shapes: names of dimensions are bound where they stand alone in an argument's type; then each
///         dimension of each argument is checked against its expression.
/// Errors: wrong number, type or shape of arguments, an operation without a rule, a size that
///         comes out negative, an operation whose operands do not fit, and too little memory.
llvm::Expected<llvm::SmallVector<Tensor>> evaluate(mlir::func::FuncOp function,
                                                   llvm::ArrayRef<Tensor> arguments,
                                                   const EvaluatorOptions &options = {});

/// True if the evaluator knows the operation of this name ("weft.add").
bool hasRule(llvm::StringRef operationName);

} // namespace weft::reference

#endif // WEFT_IR_REFERENCE_EVALUATOR_H
