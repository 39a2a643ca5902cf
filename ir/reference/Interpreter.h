// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of the evaluator that follows control: functions, blocks, regions, and the life of
// values. What single operations compute is in the rules.

#ifndef WEFT_IR_REFERENCE_INTERPRETER_H
#define WEFT_IR_REFERENCE_INTERPRETER_H

#include "ir/reference/Evaluator.h"
#include "ir/reference/Rules.h"
#include "ir/WeftOps.h"

namespace weft::reference {

using TensorList = SmallVector<TensorRef>;

class Interpreter {
public:
  explicit Interpreter(const EvaluatorOptions &evaluatorOptions) : options(evaluatorOptions) {}

  /// Runs a function whose dimension names are bound to `sizes`.
  llvm::Expected<TensorList> runFunction(mlir::func::FuncOp function, TensorList arguments,
                                         const SymbolSizes &sizes);

private:
  /// What names stand for inside one function or kernel.
  struct Frame {
    explicit Frame(const SymbolSizes &symbolSizes) : sizes(symbolSizes) {}
    llvm::DenseMap<Value, TensorRef> values;
    const SymbolSizes &sizes;
  };
  using Results = llvm::Expected<TensorList>;

  /// Runs the operations of `block` and returns the operands of its terminator.
  Results runBlock(mlir::Block &block, TensorList arguments, Frame &frame);
  Results runOperation(Operation &op, Frame &frame);
  Results compute(Operation &op, Frame &frame);
  Results runRule(Operation &op, const TensorList &operands, Frame &frame);

  // Control.cpp
  bool isControl(Operation &op) const;
  Results runControl(Operation &op, const TensorList &operands, Frame &frame);
  Results runCustomVjp(CustomVjpOp op, const TensorList &operands, Frame &frame);
  Results runKernel(KernelOp op, const TensorList &operands, Frame &frame);
  Results runLaunch(LaunchOp op, const TensorList &operands, Frame &frame);
  Results runCall(mlir::func::CallOp op, const TensorList &operands);
  Results runIf(IfOp op, const TensorList &operands, Frame &frame);
  Results runWhile(WhileOp op, const TensorList &operands, Frame &frame);
  Results runScan(ScanOp op, const TensorList &operands, Frame &frame);
  llvm::Expected<mlir::func::FuncOp> lookUp(Operation *from, mlir::FlatSymbolRefAttr name);

  /// Counts the memory of `tensor` until the last name of it is gone.
  TensorRef hold(Tensor tensor);
  llvm::Error requireMemory(Operation &op, ArrayRef<int64_t> shape);

  EvaluatorOptions options;
  int64_t liveBytes = 0;
  int64_t callDepth = 0;
};

/// Binds the dimension names of `function` from the shapes of `arguments` and checks every
/// dimension against its expression.
llvm::Expected<SymbolSizes> bindArguments(mlir::func::FuncOp function,
                                          ArrayRef<TensorRef> arguments);

} // namespace weft::reference

#endif // WEFT_IR_REFERENCE_INTERPRETER_H
