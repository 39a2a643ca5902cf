// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reference evaluator: runs a function of Weft IR on tensors, one operation after the other,
// slowly and obviously. It takes the stages `model`, `graph`, `kernels` and `plan`; its results
// are what compiled code is compared with, and it computes initial weights.

#ifndef WEFT_IR_REFERENCE_EVALUATOR_H
#define WEFT_IR_REFERENCE_EVALUATOR_H

#include "ir/reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <functional>
#include <memory>

namespace weft::reference {

/// A value; several names may share it.
using TensorRef = std::shared_ptr<const Tensor>;

/// One operation that has just been evaluated; those in its regions were before it.
struct Step {
  mlir::Operation &op;
  /// The value of an operand, or of what a region of the operation reads from outside.
  llvm::function_ref<const Tensor &(mlir::Value)> valueOf;
  /// What goes on: an observer may put another tensor of the same type in the place of one.
  llvm::MutableArrayRef<TensorRef> results;
};

struct EvaluatorOptions {
  /// Most bytes that the evaluator's tensors may take at once (each element takes 8).
  int64_t memoryLimitBytes = int64_t(8) << 30;
  /// Called after each operation, each time it is evaluated; an error ends the evaluation.
  std::function<llvm::Error(const Step &)> observe;
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
