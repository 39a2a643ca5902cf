// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations with regions. A region is differentiated as a graph of its own, in which what it reads
// from outside counts as given; captured values get gradients like operands.
//
// A scan runs backwards over the carries that the forward scan has kept: Griewank & Walther,
// "Evaluating derivatives", SIAM 2008, chapter 3.2. Of a step's other values those are kept that a
// loop nest of their own makes (contractions, reductions); what is element-wise is computed again.
//
// A rule that needs more results of an operation puts a new one in its place and leaves the old one
// without users: its values are keys of the walk, and go with the next removal of dead code.

#include "ir/ScanOrder.h"
#include "passes/autodiff/Checkpoints.h"
#include "passes/autodiff/Derivative.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/IR/IRMapping.h"

namespace weft::autodiff {

namespace {

using Graph = GraphBuilder;
using Values = GraphBuilder::Values;

mlir::Block &blockOf(mlir::Region &region) { return region.front(); }

/// Copies the operations of `block` to where `b` stands; gives what it yields. That is to compute
/// again what the outermost checkpoints in the block hold.
Values cloneBody(Graph &g, mlir::Block &block, ArrayRef<Value> arguments) {
  mlir::IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
  for (Operation &op : block.without_terminator())
    leaveCheckpoint(g.builder.clone(op, mapping));
  return llvm::map_to_vector(block.getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookupOrDefault(value); });
}

Value orZero(Graph &g, Value value, Value like) { return value ? value : g.splatLike(like, 0); }

mlir::Region *regionAt(Graph &g) { return g.builder.getInsertionBlock()->getParent(); }

//===-- If ----------------------------------------------------------------------------------===//

/// The gradients of `wanted` in one branch.
Values pullBranch(Graph &g, mlir::Region &branch, ValueRange gradients, ArrayRef<Value> wanted,
                  LogicalResult &status) {
  Values yielded = cloneBody(g, blockOf(branch), {}), outputs, known;
  for (auto [output, gradient] : llvm::zip_equal(yielded, gradients))
    if (gradient) {
      outputs.push_back(output);
      known.push_back(gradient);
    }
  FailureOr<SmallVector<Value>> pulled = pull(outputs, known, wanted, g, regionAt(g));
  status = pulled;
  Values results;
  for (auto [number, value] : llvm::enumerate(wanted))
    results.push_back(orZero(g, succeeded(pulled) ? (*pulled)[number] : Value(), value));
  return results;
}

LogicalResult pullIf(Operation *op, Reverse &pass) {
  auto branch = cast<IfOp>(op);
  Values gradients =
      llvm::map_to_vector(op->getResults(), [&](Value result) { return pass.gradient(result); });
  Values wanted;
  for (Value value : capturedBy(op))
    if (pass.wants(value))
      wanted.push_back(value);
  LogicalResult onTrue = success(), onFalse = success();
  Values results = pass.b.ifElse(
      branch.getCondition(),
      [&] { return pullBranch(pass.b, branch.getThenRegion(), gradients, wanted, onTrue); },
      [&] { return pullBranch(pass.b, branch.getElseRegion(), gradients, wanted, onFalse); });
  if (failed(onTrue) || failed(onFalse))
    return failure();
  for (auto [value, gradient] : llvm::zip(wanted, results))
    pass.add(value, gradient);
  return success();
}

Values pushBranch(Graph &g, mlir::Region &branch, ArrayRef<unsigned> floats, ArrayRef<Value> moving,
                  ArrayRef<Value> tangents, LogicalResult &status) {
  Values yielded = cloneBody(g, blockOf(branch), {});
  Values outputs = llvm::map_to_vector(floats, [&](unsigned number) { return yielded[number]; });
  FailureOr<SmallVector<Value>> pushed = push(outputs, moving, tangents, g, regionAt(g));
  status = pushed;
  Values results;
  for (auto [number, output] : llvm::enumerate(outputs))
    results.push_back(orZero(g, succeeded(pushed) ? (*pushed)[number] : Value(), output));
  return results;
}

LogicalResult pushIf(Operation *op, Forward &pass) {
  auto branch = cast<IfOp>(op);
  SmallVector<unsigned> floats;
  for (Value result : op->getResults())
    if (Graph::isFloat(result))
      floats.push_back(cast<mlir::OpResult>(result).getResultNumber());
  Values moving, tangents;
  for (Value value : capturedBy(op))
    if (Value tangent = pass.tangent(value)) {
      moving.push_back(value);
      tangents.push_back(tangent);
    }
  LogicalResult onTrue = success(), onFalse = success();
  Values results = pass.b.ifElse(
      branch.getCondition(),
      [&] { return pushBranch(pass.b, branch.getThenRegion(), floats, moving, tangents, onTrue); },
      [&] {
        return pushBranch(pass.b, branch.getElseRegion(), floats, moving, tangents, onFalse);
      });
  if (failed(onTrue) || failed(onFalse))
    return failure();
  for (auto [number, tangent] : llvm::zip(floats, results))
    pass.add(op->getResult(number), tangent);
  return success();
}

//===-- Scan --------------------------------------------------------------------------------===//

/// A copy of `scan` that also emits values of its body, in its place.
ScanOp emitMore(ScanOp scan, ArrayRef<Value> values) {
  OpBuilder builder(scan);
  Dim steps = dimsOf(cast<RankedTensorType>(scan.getXs().front().getType())).front();
  SmallVector<Type> types(scan.getResultTypes());
  for (Value value : values) {
    SmallVector<Dim> dims = dimsOf(cast<RankedTensorType>(value.getType()));
    dims.insert(dims.begin(), steps);
    types.push_back(tensorType(dims, Graph::element(value)));
  }
  mlir::IRMapping mapping;
  mlir::OperationState state(scan.getLoc(), scan->getName(), scan->getOperands(), types,
                             scan->getAttrs());
  scan.getBody().cloneInto(state.addRegion(), mapping);
  auto wider = cast<ScanOp>(builder.create(state));
  Operation *yield = blockOf(wider.getBody()).getTerminator();
  for (Value value : values)
    yield->insertOperands(yield->getNumOperands(), mapping.lookup(value));
  scan->replaceAllUsesWith(wider->getResults().take_front(scan->getNumResults()));
  return wider;
}

/// The reverse of one scan.
class ScanReversal {
public:
  ScanReversal(ScanOp owner, Reverse &reverse) : scan(owner), pass(reverse), g(reverse.b) {
    for (Value value : capturedBy(scan))
      if (pass.wants(value))
        captured.push_back(value);
    mlir::Block &body = blockOf(scan.getBody());
    numCarries = scan.getInits().size();
    for (unsigned i = 0; i < numCarries; ++i)
      if (Graph::isFloat(body.getArgument(i)))
        carries.push_back(i);
    for (unsigned i = 0; i < scan.getXs().size(); ++i)
      if (pass.wants(scan.getXs()[i]))
        wantedXs.push_back(i);
    for (unsigned i = numCarries; i < scan->getNumResults(); ++i)
      if (pass.gradient(scan->getResult(i)))
        emitted.push_back(i);
  }

  LogicalResult run();

private:
  Values backwardStep(ArrayRef<Value> values);
  void keepRoots(ScanOp backward, ScanOp forward);

  ScanOp scan;
  Reverse &pass;
  Graph &g;
  Values captured;                                  ///< Read by the body, and wanted.
  SmallVector<unsigned> carries, wantedXs, emitted; ///< Numbers; of results for `emitted`.
  unsigned numCarries = 0;
  SmallVector<Operation *> clones; ///< Of the forward body, in the backward one.
  LogicalResult status = success();
};

/// values: gradients of carries, sums for captured values; kept carries, xs, gradients of what is
/// emitted. Gives the gradients of the carries before the step, the sums, and the gradients of xs.
Values ScanReversal::backwardStep(ArrayRef<Value> values) {
  mlir::Block &body = blockOf(scan.getBody());
  ArrayRef<Value> later = values.take_front(carries.size());
  ArrayRef<Value> sums = values.drop_front(carries.size()).take_front(captured.size());
  ArrayRef<Value> step = values.drop_front(carries.size() + captured.size());
  ArrayRef<Value> arguments = step.take_front(body.getNumArguments());
  ArrayRef<Value> fromEmitted = step.drop_front(body.getNumArguments());

  mlir::Block *block = g.builder.getInsertionBlock();
  Values yielded = cloneBody(g, body, arguments);
  for (Operation &op : *block)
    clones.push_back(&op);
  Values outputs, gradients, wrt;
  for (auto [number, gradient] : llvm::zip_equal(carries, later)) {
    outputs.push_back(yielded[number]);
    gradients.push_back(gradient);
  }
  for (auto [number, gradient] : llvm::zip_equal(emitted, fromEmitted)) {
    outputs.push_back(yielded[number]);
    gradients.push_back(gradient);
  }
  for (unsigned number : carries)
    wrt.push_back(arguments[number]);
  llvm::append_range(wrt, captured);
  for (unsigned number : wantedXs)
    wrt.push_back(arguments[numCarries + number]);

  FailureOr<SmallVector<Value>> pulled = pull(outputs, gradients, wrt, g, regionAt(g));
  if (failed(pulled)) {
    status = failure();
    pulled = SmallVector<Value>(wrt.size());
  }
  Values next;
  for (auto [number, value] : llvm::enumerate(wrt)) {
    Value gradient = (*pulled)[number];
    bool isSum = number >= carries.size() && number < carries.size() + captured.size();
    if (isSum) {
      Value sum = sums[number - carries.size()];
      next.push_back(gradient ? g.add(sum, gradient) : sum);
    } else {
      next.push_back(orZero(g, gradient, value));
    }
  }
  return next;
}

/// Where the backward steps use what a loop nest of the forward step gave, it is kept from there,
/// unless it belongs to a checkpoint.
/// From the end, so that what one kept value makes needless is gone before it is looked at.
void ScanReversal::keepRoots(ScanOp backward, ScanOp forward) {
  mlir::Block &body = blockOf(backward.getBody());
  llvm::DenseMap<Operation *, Operation *> originals;
  for (auto [original, clone] : llvm::zip(blockOf(forward.getBody()).without_terminator(), clones))
    originals[clone] = &original;
  SmallVector<Value> wanted;
  for (Operation *op = body.getTerminator()->getPrevNode(), *before; op; op = before) {
    before = op->getPrevNode();
    Operation *original = originals.lookup(op);
    if (original && op->hasTrait<Root>() && !op->use_empty() &&
        !original->hasAttr(kCheckpointsAttr)) {
      wanted.push_back(original->getResult(0));
      Value argument = body.addArgument(op->getResultTypes()[0], op->getLoc());
      op->getResult(0).replaceAllUsesWith(argument);
    }
    if (mlir::isOpTriviallyDead(op))
      op->erase();
  }
  if (wanted.empty())
    return;
  ScanOp kept = emitMore(forward, wanted);
  OpBuilder::InsertionGuard guard(g.builder);
  g.builder.setInsertionPoint(backward);
  backward.getXsMutable().append(kept->getResults().take_back(wanted.size()));
}

LogicalResult ScanReversal::run() {
  mlir::Block &body = blockOf(scan.getBody());
  Values inits, xs;
  for (unsigned number : carries)
    inits.push_back(orZero(g, pass.gradient(scan->getResult(number)), scan->getResult(number)));
  for (Value value : captured)
    inits.push_back(g.splatLike(value, 0));
  ScanOp kept = emitMore(scan, SmallVector<Value>(body.getArguments().take_front(numCarries)));
  for (unsigned i = 0; i < numCarries; ++i)
    xs.push_back(kept->getResult(scan->getNumResults() + i));
  llvm::append_range(xs, scan.getXs());
  for (unsigned number : emitted)
    xs.push_back(pass.gradient(scan->getResult(number)));

  Values results = g.scan(inits, xs, [&](ArrayRef<Value> values) { return backwardStep(values); });
  if (failed(status))
    return failure();
  if (!g.isGood())
    return success(); // The walk reports it.
  auto backward = cast<ScanOp>(results.front().getDefiningOp());
  setBackwards(backward, !goesBackwards(scan));
  keepRoots(backward, kept);

  ArrayRef<Value> found = results;
  for (unsigned number : carries) {
    pass.add(scan.getInits()[number], found.front());
    found = found.drop_front();
  }
  for (Value value : captured) {
    pass.add(value, found.front());
    found = found.drop_front();
  }
  for (auto [number, gradient] : llvm::zip(wantedXs, found))
    pass.add(scan.getXs()[number], gradient);
  return success();
}

LogicalResult pullScan(Operation *op, Reverse &pass) {
  return ScanReversal(cast<ScanOp>(op), pass).run();
}

/// A scan of values and tangents together. It stands where the tangents are known, which is behind
/// users of the values: those keep the scan that they have, and the values are computed once more.
LogicalResult pushScan(Operation *op, Forward &pass) {
  auto scan = cast<ScanOp>(op);
  Graph &g = pass.b;
  mlir::Block &body = blockOf(scan.getBody());
  unsigned numCarries = scan.getInits().size();
  SmallVector<unsigned> carries, movingXs, emitted;
  Values inits(scan.getInits()), xs(scan.getXs()), moving, tangents;
  for (unsigned i = 0; i < numCarries; ++i)
    if (Graph::isFloat(body.getArgument(i))) {
      carries.push_back(i);
      inits.push_back(pass.tangentOrZero(scan.getInits()[i]));
    }
  for (unsigned i = 0; i < scan.getXs().size(); ++i)
    if (Value tangent = pass.tangent(scan.getXs()[i])) {
      movingXs.push_back(i);
      xs.push_back(tangent);
    }
  for (unsigned i = numCarries; i < op->getNumResults(); ++i)
    if (Graph::isFloat(op->getResult(i)))
      emitted.push_back(i);
  for (Value value : capturedBy(op))
    if (Value tangent = pass.tangent(value)) {
      moving.push_back(value);
      tangents.push_back(tangent);
    }

  LogicalResult status = success();
  Values results = g.scan(inits, xs, [&](ArrayRef<Value> values) -> Values {
    ArrayRef<Value> before = values.take_front(numCarries);
    ArrayRef<Value> beforeTangents = values.drop_front(numCarries).take_front(carries.size());
    ArrayRef<Value> step = values.drop_front(numCarries + carries.size());
    Values arguments(before);
    llvm::append_range(arguments, step.take_front(scan.getXs().size()));
    Values yielded = cloneBody(g, body, arguments), wrt(moving), along(tangents), outputs;
    for (auto [number, tangent] : llvm::zip_equal(carries, beforeTangents)) {
      wrt.push_back(arguments[number]);
      along.push_back(tangent);
    }
    for (auto [number, tangent] : llvm::zip_equal(movingXs, step.drop_front(scan.getXs().size()))) {
      wrt.push_back(arguments[numCarries + number]);
      along.push_back(tangent);
    }
    for (unsigned number : carries)
      outputs.push_back(yielded[number]);
    for (unsigned number : emitted)
      outputs.push_back(yielded[number]);
    FailureOr<SmallVector<Value>> pushed = push(outputs, wrt, along, g, regionAt(g));
    if (failed(pushed)) {
      status = failure();
      pushed = SmallVector<Value>(outputs.size());
    }
    Values next(ArrayRef<Value>(yielded).take_front(numCarries));
    for (size_t i = 0; i < carries.size(); ++i)
      next.push_back(orZero(g, (*pushed)[i], outputs[i]));
    llvm::append_range(next, ArrayRef<Value>(yielded).drop_front(numCarries));
    for (size_t i = carries.size(); i < outputs.size(); ++i)
      next.push_back(orZero(g, (*pushed)[i], outputs[i]));
    return next;
  });
  if (failed(status) || !g.isGood())
    return status;
  setBackwards(cast<ScanOp>(results.front().getDefiningOp()), goesBackwards(scan));

  // results: carries, their tangents, what is emitted, its tangents.
  size_t numEmitted = op->getNumResults() - numCarries;
  ArrayRef<Value> found = results;
  found = found.drop_front(numCarries);
  for (auto [number, tangent] : llvm::zip(carries, found))
    pass.set(op->getResult(number), tangent);
  found = found.drop_front(carries.size() + numEmitted);
  for (auto [number, tangent] : llvm::zip(emitted, found))
    pass.set(op->getResult(number), tangent);
  return success();
}

//===-- Functions with a derivative of their own ---------------------------------------------===//

LogicalResult pullCustom(Operation *op, Reverse &pass) {
  auto custom = cast<CustomVjpOp>(op);
  Values arguments(custom.getInputs());
  for (Value result : custom.getOutputs())
    arguments.push_back(orZero(pass.b, pass.gradient(result), result));
  Values gradients = cloneBody(pass.b, blockOf(custom.getVjp()), arguments);
  ArrayRef<Value> found = gradients;
  for (Value input : custom.getInputs())
    if (Graph::isFloat(input)) {
      pass.add(input, found.front());
      found = found.drop_front();
    }
  return success();
}

LogicalResult pushCustom(Operation *op, Forward &) {
  return op->emitError(
      "tangents cannot be pushed through a function with a 'vjp' of its own, which "
      "says how gradients go back");
}

} // namespace

void addControlRules(RuleTable &table) {
  table["weft.if"] = {pullIf, pushIf};
  table["weft.scan"] = {pullScan, pushScan};
  table["weft.custom_vjp"] = {pullCustom, pushCustom};
}

} // namespace weft::autodiff
