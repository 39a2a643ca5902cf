// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a scan is left with after its steps have changed.

#include "passes/ScanForm.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace weft {

void dropDeadSteps(mlir::Block &body) {
  for (Operation *op = body.getTerminator()->getPrevNode(), *before; op; op = before) {
    before = op->getPrevNode();
    if (mlir::isOpTriviallyDead(op))
      op->erase();
  }
}

/// Steps may go in either order: slice and stack have the same place.
static void forwardStackedInputs(ScanOp scan) {
  unsigned numCarries = scan.getInits().size();
  mlir::Block &body = scan.getBody().front();
  ValueRange yielded = body.getTerminator()->getOperands();
  for (unsigned number = numCarries; number < yielded.size(); ++number) {
    auto argument = dyn_cast<mlir::BlockArgument>(yielded[number]);
    if (!argument || argument.getOwner() != &body || argument.getArgNumber() < numCarries)
      continue;
    Value x = scan.getXs()[argument.getArgNumber() - numCarries];
    if (x.getType() == scan->getResult(number).getType())
      scan->getResult(number).replaceAllUsesWith(x);
  }
}

static ScanOp withoutUnusedStacks(ScanOp scan) {
  unsigned numCarries = scan.getInits().size();
  Operation *yield = scan.getBody().front().getTerminator();
  SmallVector<Value> yielded, kept;
  for (auto [number, value] : llvm::enumerate(yield->getOperands()))
    if (number < numCarries || !scan->getResult(number).use_empty()) {
      kept.push_back(scan->getResult(number));
      yielded.push_back(value);
    }
  if (kept.size() == scan->getNumResults())
    return scan;
  yield->setOperands(yielded);
  OpBuilder builder(scan);
  mlir::OperationState state(scan.getLoc(), scan->getName(), scan->getOperands(),
                             mlir::TypeRange(ValueRange(kept)), scan->getAttrs());
  state.addRegion()->takeBody(scan.getBody());
  Operation *narrower = builder.create(state);
  for (auto [from, to] : llvm::zip_equal(kept, narrower->getResults()))
    from.replaceAllUsesWith(to);
  scan.erase();
  return cast<ScanOp>(narrower);
}

static void dropUnusedInputs(ScanOp scan) {
  unsigned numInits = scan.getInits().size();
  for (unsigned number = scan.getXs().size(); number-- > 0 && scan.getXs().size() > 1;) {
    if (!scan.getBody().getArgument(numInits + number).use_empty())
      continue;
    scan.getXsMutable().erase(number);
    scan.getBody().eraseArgument(numInits + number);
  }
}

ScanOp dropUnused(ScanOp scan) {
  forwardStackedInputs(scan);
  ScanOp narrower = withoutUnusedStacks(scan);
  dropDeadSteps(narrower.getBody().front());
  dropUnusedInputs(narrower);
  return narrower;
}

} // namespace weft
