// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-recompute: what the backward pass reads of the forward pass is kept, or computed again where
// it is first read. Behind all passes that change or merge operations, so that what is repeated is
// what was decided for the first time, to the last bit.

#include "passes/Functions.h"
#include "passes/KernelRules.h"
#include "passes/Passes.h"
#include "passes/recompute/Cost.h"
#include "passes/recompute/Explanation.h"
#include "passes/recompute/Selection.h"

#include "mlir/IR/IRMapping.h"

#include <cmath>

namespace weft {

#define GEN_PASS_DEF_RECOMPUTEPASS
#include "passes/Passes.h.inc"

namespace {

/// Copies for the readers of one selection.
class Repetition {
public:
  explicit Repetition(const Selection &choice) : selection(choice) {}

  void run() {
    for (Operation *reader : selection.readers())
      reader->walk([&](Operation *op) {
        for (mlir::OpOperand &operand : op->getOpOperands())
          if (selection.isComputedAgain(operand.get()))
            operand.set(copyBefore(reader, operand.get()));
      });
  }

private:
  Value copyBefore(Operation *reader, Value value);

  const Selection &selection;
  mlir::IRMapping copies;
};

} // namespace

Value Repetition::copyBefore(Operation *reader, Value value) {
  // Not by recursion: what has to be computed again may be long.
  SmallVector<Value> wanted = {value};
  llvm::SetVector<Operation *> missing;
  while (!wanted.empty()) {
    Value next = wanted.pop_back_val();
    if (!selection.isComputedAgain(next) || copies.contains(next) ||
        !missing.insert(next.getDefiningOp()))
      continue;
    llvm::append_range(wanted, next.getDefiningOp()->getOperands());
  }
  SmallVector<Operation *> ordered = missing.takeVector();
  llvm::sort(ordered, [&](Operation *a, Operation *b) {
    return selection.numberOf(a) < selection.numberOf(b);
  });
  OpBuilder builder(reader);
  for (Operation *op : ordered) {
    Operation *copy = builder.clone(*op, copies);
    if (!isRoot(op) && !isExpensive(op))
      copy->setAttr(kRecomputeAttr, builder.getUnitAttr());
  }
  return copies.lookup(value);
}

static std::string whyOf(const Decision &decision) {
  if (!decision.isKept)
    return "its operation takes the time of " + bytesText(decision.again) +
           " through memory, keeping it would cost " + bytesText(decision.keeping);
  if (decision.keeping == 0)
    return "it is a result, and in memory anyway";
  if (std::isinf(decision.again))
    return isDear(decision.value.getDefiningOp())
               ? "it is a product or as dear, which only --memory-limit has computed again"
               : "a segment of the forward pass ends with it, or a loop or branch makes it";
  if (decision.again > decision.keeping)
    return "keeping it costs " + bytesText(decision.keeping) +
           " through memory, its operation takes the time of " + bytesText(decision.again);
  return "what it follows from would have to be kept in its place";
}

namespace {
struct Recompute final : impl::RecomputePassBase<Recompute> {
  using RecomputePassBase::RecomputePassBase;

  void runOnOperation() override {
    mlir::func::FuncOp function = getOperation();
    bool isAsked = function->removeAttr(kDifferentiatedAttr) ||
                   memoryPrice > MemoryPrice().ofByte || segments > 1;
    if (function.isExternal() || !function->hasAttr(kExportAttr) || !isAsked)
      return;
    double work = workIn(function);
    SmallVector<Attribute> explanations;
    // From the last one on, so that the others stay where they are.
    mlir::Block &block = function.getBody().front();
    SmallVector<size_t> places = placesIn(block);
    for (size_t place : llvm::reverse(places)) {
      Selection selection(block, place);
      selection.choose({memoryPrice, segments});
      SmallVector<Decision> decisions = selection.decisions();
      for (const Decision &decision : decisions)
        ++(decision.isKept ? numKept : numRepeated);
      if (explain)
        explanations.append(explained(decisions));
      Repetition(selection).run();
    }
    eraseUnused(function);
    if (!explain)
      return;
    function->setAttr(kKeptAttr, mlir::ArrayAttr::get(&getContext(), explanations));
    function->setAttr(kAddedWorkAttr, mlir::Builder(function).getF64FloatAttr(
                                          work > 0 ? workIn(function) / work - 1 : 0));
  }

private:
  static double workIn(mlir::func::FuncOp function) {
    double work = 0;
    function.walk([&](Operation *op) { work += flopsOf(op); });
    return work;
  }

  static SmallVector<Attribute> explained(ArrayRef<Decision> decisions) {
    return llvm::map_to_vector(decisions, [](const Decision &decision) -> Attribute {
      Operation *op = decision.value.getDefiningOp();
      return toAttribute({op->getName().stripDialect().str(), decision.value.getType(),
                          op->getLoc(), decision.isKept, bytesOf(decision.value), whyOf(decision)});
    });
  }
};
} // namespace
} // namespace weft
