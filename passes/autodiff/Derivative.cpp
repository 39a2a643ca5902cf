// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walks of reverse and forward mode over the operations between two sets of values: Griewank &
// Walther, "Evaluating derivatives", SIAM 2008, chapters 3.1 and 3.2.

#include "passes/autodiff/Derivative.h"
#include "passes/autodiff/Checkpoints.h"

#include "llvm/ADT/StringSwitch.h"

namespace weft::autodiff {

//===-- Ways --------------------------------------------------------------------------------===//

// A region that is being filled belongs to no operation yet, so that MLIR's own questions about
// what is around something cannot be asked here.

/// Whether `op` is around what defines `value`.
static bool isAround(Operation *op, Value value) {
  Operation *around = value.getParentBlock()->getParentOp();
  while (around && around != op)
    around = around->getParentOp();
  return around != nullptr;
}

static bool isInside(Operation *op, mlir::Region *region) {
  while (op && op->getParentRegion() != region)
    op = op->getParentOp();
  return op != nullptr;
}

SmallVector<Value> capturedBy(Operation *op) {
  llvm::SetVector<Value> captured;
  for (mlir::Region &region : op->getRegions())
    region.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (!isAround(op, operand))
          captured.insert(operand);
    });
  return captured.takeVector();
}

SmallVector<Value> inputsOf(Operation *op) {
  SmallVector<Value> inputs(op->getOperands());
  llvm::append_range(inputs, capturedBy(op));
  return inputs;
}

/// Notes what the results of `op` depend on; everything before it has been entered.
void Ways::enter(Operation *op) {
  SmallVector<Value> inputs = inputsOf(op);
  bool isActive = llvm::any_of(inputs, [&](Value value) { return active.contains(value); });
  bool isTouched = llvm::any_of(inputs, [&](Value value) { return touched.contains(value); });
  bool hasFloat = false;
  for (Value result : op->getResults()) {
    if (isTouched)
      touched.insert(result);
    if (!isActive || !GraphBuilder::isFloat(result))
      continue;
    active.insert(result);
    hasFloat = true;
  }
  if (hasFloat)
    ops.push_back(op);
  else if (isActive && !broken && isa<ArgOp, ArgSortOp, CastOp>(op))
    broken = op; // A comparison only chooses: what depends on it alone has a derivative of 0.
}

Ways::Ways(ValueRange from, ValueRange to, mlir::Region *within) {
  active.insert(from.begin(), from.end());
  touched.insert(from.begin(), from.end());
  // Depth first, by hand: models may be deeper than the stack.
  llvm::DenseSet<Operation *> seen;
  struct Visit {
    Operation *op;
    SmallVector<Value> inputs;
    size_t next = 0;
  };
  SmallVector<Visit> stack;
  auto open = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || (within && !isInside(op, within)) || !seen.insert(op).second)
      return;
    stack.push_back({op, inputsOf(op)});
  };
  for (Value end : to) {
    open(end);
    while (!stack.empty()) {
      Visit &top = stack.back();
      if (top.next < top.inputs.size()) {
        open(top.inputs[top.next++]); // `top` may move.
        continue;
      }
      enter(top.op);
      stack.pop_back();
    }
  }
  auto isLost = [&](Value end) { return touched.contains(end) && !active.contains(end); };
  if (llvm::none_of(to, isLost))
    broken = nullptr;
}

SmallVector<Operation *> Ways::wayFrom(Operation *op) const {
  SmallVector<Operation *> way = {op};
  llvm::DenseSet<Value> reached(op->getResults().begin(), op->getResults().end());
  for (Operation *next : llvm::drop_begin(llvm::make_range(llvm::find(ops, op), ops.end()))) {
    SmallVector<Value> inputs = inputsOf(next);
    if (llvm::none_of(inputs, [&](Value value) { return reached.contains(value); }))
      continue;
    reached.clear();
    reached.insert(next->getResults().begin(), next->getResults().end());
    way.push_back(next);
  }
  std::reverse(way.begin(), way.end());
  return way;
}

//===-- The walks ---------------------------------------------------------------------------===//

/// What the language calls the operation.
static StringRef nameOf(Operation *op) {
  StringRef name = op->getName().getStringRef();
  name.consume_front("weft.");
  return llvm::StringSwitch<StringRef>(name)
      .Case("while", "loop")
      .Case("arg", "argmax or argmin")
      .Case("arg_sort", "argsort")
      .Default(name);
}

/// Says which operation has no derivative, and on which way it was met.
static LogicalResult refuse(Operation *op, const Ways &ways) {
  mlir::InFlightDiagnostic message = op->emitError() << "'" << nameOf(op) << "' has no derivative";
  if (isa<WhileOp>(op))
    message << ": how many steps it takes is known only when it runs; a loop over a known number "
               "of steps is a 'scan'";
  // One note for each place of the source, at most so many.
  constexpr size_t mostNotes = 8;
  Location last = op->getLoc();
  size_t notes = 0;
  for (Operation *step : ways.wayFrom(op)) {
    if (step == op || step->getLoc() == last || ++notes > mostNotes)
      continue;
    message.attachNote(step->getLoc())
        << "the derivative came through this '" << nameOf(step) << "'";
    last = step->getLoc();
  }
  return failure();
}

static LogicalResult checkRules(const Ways &ways, bool isReverse) {
  if (Operation *op = ways.brokenAt())
    return op->emitError() << "nothing can be differentiated through '" << nameOf(op)
                           << "', whose result is no float; the value depends on what the "
                              "derivative is for in no other way";
  for (Operation *op : ways.operations()) {
    const Rule *rule = ruleOf(op);
    bool hasRule = rule && (isReverse ? rule->reverse != nullptr : rule->forward != nullptr);
    if (!hasRule)
      return refuse(op, ways);
  }
  return success();
}

/// A rule that made something invalid is a fault of ours; it is reported, not compiled.
static LogicalResult checkGood(GraphBuilder &b, Operation *op) {
  if (b.isGood())
    return success();
  return op->emitError() << "the derivative of '" << nameOf(op) << "' cannot be built: " << b.why();
}

FailureOr<SmallVector<Value>> pull(ValueRange outputs, ValueRange gradients, ValueRange wrt,
                                   GraphBuilder &b, mlir::Region *within) {
  Ways ways(wrt, outputs, within);
  if (failed(checkRules(ways, /*isReverse=*/true)))
    return failure();
  Reverse pass(b, ways.values());
  for (auto [output, gradient] : llvm::zip_equal(outputs, gradients))
    pass.add(output, gradient);
  mlir::Location place = b.loc;
  Checkpoints checkpoints(pass);
  for (Operation *op : llvm::reverse(ways.operations())) {
    if (llvm::none_of(op->getResults(), [&](Value result) { return pass.gradient(result); }))
      continue;
    b.loc = op->getLoc();
    if (failed(ruleOf(op)->reverse(checkpoints.repeated(op), pass)) || failed(checkGood(b, op)))
      return failure();
  }
  b.loc = place;
  return llvm::map_to_vector(wrt, [&](Value value) { return pass.gradient(value); });
}

FailureOr<SmallVector<Value>> push(ValueRange outputs, ValueRange wrt, ValueRange tangents,
                                   GraphBuilder &b, mlir::Region *within) {
  Ways ways(wrt, outputs, within);
  if (failed(checkRules(ways, /*isReverse=*/false)))
    return failure();
  Forward pass(b);
  for (auto [value, tangent] : llvm::zip_equal(wrt, tangents))
    if (tangent)
      pass.set(value, tangent);
  mlir::Location place = b.loc;
  for (Operation *op : ways.operations()) {
    if (llvm::none_of(inputsOf(op), [&](Value input) { return pass.tangent(input); }))
      continue;
    b.loc = op->getLoc();
    if (failed(ruleOf(op)->forward(op, pass)) || failed(checkGood(b, op)))
      return failure();
  }
  b.loc = place;
  return llvm::map_to_vector(outputs, [&](Value value) { return pass.tangent(value); });
}

} // namespace weft::autodiff
