// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-turn-scans: a scan of reversed inputs becomes one that goes over them backwards.

#include "ir/GraphBuilder.h"
#include "ir/ScanOrder.h"
#include "passes/KernelRules.h"
#include "passes/Passes.h"

namespace weft {

#define GEN_PASS_DEF_TURNSCANSPASS
#include "passes/Passes.h.inc"

namespace {

/// What `value` is with its first dimension reversed, if it is a slice that says so.
Value reversedBy(Value value) {
  auto slice = value.getDefiningOp<SliceOp>();
  if (!slice || slice.getType() != slice.getInput().getType())
    return {};
  // One of all elements can begin at one place only.
  return slice.getStrides().front() == -1 &&
                 llvm::all_of(slice.getStrides().drop_front(), [](int64_t s) { return s == 1; })
             ? slice.getInput()
             : Value();
}

/// The readers of a stack by what they would do with it in the other order.
struct Readers {
  SmallVector<SliceOp> reversing;      ///< Take it as it is.
  SmallVector<mlir::OpOperand *> rest; ///< Need it reversed.
  bool copies = false;                 ///< For some of them that is a copy: they are no views.

  explicit Readers(Value stack) {
    for (mlir::OpOperand &use : stack.getUses()) {
      auto slice = dyn_cast<SliceOp>(use.getOwner());
      if (slice && reversedBy(slice.getResult())) {
        reversing.push_back(slice);
        continue;
      }
      rest.push_back(&use);
      copies |= !isView(use.getOwner());
    }
  }
};

void reverseReaders(Value stack, const Readers &readers) {
  if (!readers.rest.empty()) {
    OpBuilder builder(stack.getContext());
    builder.setInsertionPointAfterValue(stack);
    Value back = GraphBuilder(builder, stack.getLoc()).reverse(stack, 0);
    for (mlir::OpOperand *use : readers.rest)
      use->set(back);
  }
  for (SliceOp slice : readers.reversing) {
    slice.replaceAllUsesWith(stack);
    slice.erase();
  }
}

/// Turns the scan if all inputs are reversed and fewer of its stacks would be copied than inputs
/// are now.
bool turn(ScanOp scan) {
  SmallVector<Value> xs = llvm::map_to_vector(scan.getXs(), reversedBy);
  ValueRange stacks = scan->getResults().drop_front(scan.getInits().size());
  SmallVector<Readers> readers(stacks.begin(), stacks.end());
  auto numCopies = llvm::count_if(readers, [](const Readers &each) { return each.copies; });
  if (llvm::is_contained(xs, Value()) || numCopies >= static_cast<int64_t>(xs.size()))
    return false;
  scan.getXsMutable().assign(xs);
  setBackwards(scan, !goesBackwards(scan));
  for (auto [stack, each] : llvm::zip_equal(stacks, readers))
    reverseReaders(stack, each);
  return true;
}

struct TurnScans final : impl::TurnScansPassBase<TurnScans> {
  void runOnOperation() override {
    SmallVector<ScanOp> scans;
    getOperation().walk([&](ScanOp scan) { scans.push_back(scan); });
    for (ScanOp scan : scans)
      numTurned += turn(scan) ? 1 : 0;
  }
};

} // namespace
} // namespace weft
