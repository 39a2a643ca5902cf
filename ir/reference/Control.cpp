// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that run other operations: kernels, launches, calls, if, while, scan.

#include "ir/reference/Interpreter.h"
#include "ir/ScanOrder.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

bool Interpreter::isControl(Operation &op) const {
  return isa<KernelOp, LaunchOp, IfOp, WhileOp, ScanOp, CustomVjpOp, func::CallOp>(op);
}

bool hasRule(StringRef operationName) {
  // Besides what computes there is what runs others (see isControl), ends a block, or declares;
  // derivatives that are asked for have become other operations (`weft-differentiate`).
  static constexpr StringRef structure[] = {
      "weft.kernel", "weft.launch",    "weft.if",         "weft.while", "weft.scan",
      "weft.yield",  "weft.parameter", "weft.custom_vjp", "weft.vjp",   "weft.jvp"};
  return allRules().contains(operationName) || llvm::is_contained(structure, operationName);
}

Interpreter::Results Interpreter::runControl(Operation &op, const TensorList &operands,
                                             Frame &frame) {
  return llvm::TypeSwitch<Operation *, Results>(&op)
      .Case([&](KernelOp kernel) { return runKernel(kernel, operands, frame); })
      .Case([&](LaunchOp launch) { return runLaunch(launch, operands, frame); })
      .Case([&](IfOp branch) { return runIf(branch, operands, frame); })
      .Case([&](WhileOp loop) { return runWhile(loop, operands, frame); })
      .Case([&](ScanOp scan) { return runScan(scan, operands, frame); })
      .Case([&](CustomVjpOp custom) { return runCustomVjp(custom, operands, frame); })
      .Case([&](func::CallOp call) { return runCall(call, operands); })
      .Default([](Operation *) -> Results { return TensorList(); });
}

/// A kernel sees its inputs and the dimension names of the function around it, nothing else.
Interpreter::Results Interpreter::runKernel(KernelOp op, const TensorList &operands, Frame &frame) {
  Frame inside(frame.sizes);
  return runBlock(op.getBody().front(), operands, inside);
}

Interpreter::Results Interpreter::runCustomVjp(CustomVjpOp op, const TensorList &operands,
                                               Frame &frame) {
  Frame inside(frame.sizes);
  return runBlock(op.getBody().front(), operands, inside);
}

Expected<func::FuncOp> Interpreter::lookUp(Operation *from, FlatSymbolRefAttr name) {
  if (auto function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(from, name))
    return function;
  return llvm::createStringError("there is no function '" + name.getValue() + "'");
}

/// The kernel function's dimensions d0, d1, ... stand for the sizes that the launch lists.
Interpreter::Results Interpreter::runLaunch(LaunchOp op, const TensorList &operands, Frame &frame) {
  Expected<func::FuncOp> function = lookUp(op, op.getKernelAttr());
  if (!function)
    return function.takeError();
  SymbolSizes sizes;
  for (auto [i, dim] : llvm::enumerate(op.getSymbols().toDims())) {
    Expected<int64_t> size = sizeOf(dim, frame.sizes);
    if (!size)
      return size.takeError();
    sizes["d" + std::to_string(i)] = *size;
  }
  return runFunction(*function, operands, sizes);
}

Interpreter::Results Interpreter::runCall(func::CallOp op, const TensorList &operands) {
  Expected<func::FuncOp> function = lookUp(op, op.getCalleeAttr());
  if (!function)
    return function.takeError();
  Expected<SymbolSizes> sizes = bindArguments(*function, operands);
  if (!sizes)
    return sizes.takeError();
  return runFunction(*function, operands, *sizes);
}

Interpreter::Results Interpreter::runIf(IfOp op, const TensorList &operands, Frame &frame) {
  bool holds = operands[0]->integers()[0] != 0;
  Region &region = holds ? op.getThenRegion() : op.getElseRegion();
  return runBlock(region.front(), {}, frame);
}

Interpreter::Results Interpreter::runWhile(WhileOp op, const TensorList &operands, Frame &frame) {
  TensorList carries = operands;
  while (true) {
    Results condition = runBlock(op.getConditionRegion().front(), carries, frame);
    if (!condition)
      return condition.takeError();
    if (!condition->front()->integers()[0])
      return carries;
    Results next = runBlock(op.getBodyRegion().front(), std::move(carries), frame);
    if (!next)
      return next.takeError();
    carries = std::move(*next);
  }
}

//===----------------------------------------------------------------------===//
// Scan
//===----------------------------------------------------------------------===//

/// x[step] along the first axis.
static Tensor takeStep(const Tensor &x, int64_t step) {
  Tensor slice(x.element(), x.shape().drop_front());
  Tensor::visit(slice, x, [&](auto &to, const auto &from) {
    std::copy_n(from.begin() + step * slice.size(), slice.size(), to.begin());
  });
  return slice;
}

/// stack[step] = emitted
static void putStep(Tensor &stack, const Tensor &emitted, int64_t step) {
  Tensor::visit(stack, emitted, [&](auto &to, const auto &from) {
    llvm::copy(from, to.begin() + step * emitted.size());
  });
}

Interpreter::Results Interpreter::runScan(ScanOp op, const TensorList &operands, Frame &frame) {
  size_t carryCount = op.getInits().size();
  ArrayRef<TensorRef> xs = ArrayRef<TensorRef>(operands).drop_front(carryCount);
  int64_t steps = xs.front()->dim(0);
  for (const TensorRef &x : xs)
    if (x->dim(0) != steps)
      return llvm::createStringError("'weft.scan': one tensor has " + Twine(steps) +
                                     " steps, another " + Twine(x->dim(0)));

  SmallVector<Tensor> stacks;
  for (Value output : op.getOutputs().drop_front(carryCount)) {
    auto type = cast<RankedTensorType>(output.getType());
    Expected<Index> shape = shapeOf(type, frame.sizes);
    if (!shape)
      return shape.takeError();
    if (Error error = requireMemory(*op, *shape))
      return error;
    stacks.emplace_back(type.getElementType(), *shape);
  }

  TensorList carries(operands.begin(), operands.begin() + carryCount);
  for (int64_t step = 0; step < steps; ++step) {
    int64_t place = goesBackwards(op) ? steps - 1 - step : step;
    TensorList arguments = carries;
    for (const TensorRef &x : xs)
      arguments.push_back(hold(takeStep(*x, place)));
    Results yielded = runBlock(op.getBody().front(), std::move(arguments), frame);
    if (!yielded)
      return yielded.takeError();
    for (auto [stack, emitted] : llvm::zip_equal(stacks, llvm::drop_begin(*yielded, carryCount)))
      putStep(stack, *emitted, place);
    carries.assign(yielded->begin(), yielded->begin() + carryCount);
  }
  for (Tensor &stack : stacks)
    carries.push_back(hold(std::move(stack)));
  return carries;
}

} // namespace weft::reference
