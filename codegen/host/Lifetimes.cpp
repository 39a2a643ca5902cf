// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Live intervals on the schedule, which is the order of the program.

#include "codegen/host/Lifetimes.h"

#include "codegen/host/StepLoops.h"

namespace weft {

Lifetimes::Lifetimes(mlir::func::FuncOp function) {
  number(function.getBody());
  function.getBody().walk([&](Operation *op) { record(op); });
}

void Lifetimes::number(mlir::Region &region) {
  for (mlir::Block &block : region)
    for (Operation &op : block) {
      int64_t place = next++;
      begins[&op] = place;
      if (hasSlots(&op))
        for (Value result : op.getResults())
          intervals[result] = {place, place};
      for (mlir::Region &inner : op.getRegions())
        number(inner);
      ends[&op] = next - 1;
    }
}

void Lifetimes::record(Operation *op) {
  for (Value operand : op->getOperands())
    extend(storageOf(operand), lastNeeded(storageOf(operand), op));
  // Regions write their results when they end, loops keep carries there throughout.
  if (hasSlots(op))
    for (Value result : op->getResults())
      extend(result, ends[op]);
  if (isa<ScanOp>(op))
    recordSteps(op);
}

/// Where steps run as one loop, the first one reads where the carries come from, and a value that
/// takes turns with a carry is read in the next step.
void Lifetimes::recordSteps(Operation *scan) {
  std::optional<StepLoops> loops = StepLoops::of(cast<ScanOp>(scan));
  if (!loops)
    return;
  for (Value init : loops->scan.getInits())
    extend(storageOf(init), lastNeeded(storageOf(init), &scan->getRegion(0).front().back()));
  for (Value value : loops->yielded)
    if (loops->takesTurns(value))
      intervals[value] = {begins[scan] + 1, ends[scan]};
}

void Lifetimes::extend(Value storage, int64_t place) {
  auto found = intervals.find(storage);
  if (found != intervals.end())
    found->second.end = std::max(found->second.end, place);
}

/// A use inside of a loop of a value from before it is repeated until the loop ends.
int64_t Lifetimes::lastNeeded(Value storage, Operation *user) {
  int64_t place = begins[user];
  mlir::Block *home = storage.getParentBlock();
  for (Operation *op = user; op && op->getBlock() != home; op = op->getParentOp()) {
    Operation *parent = op->getParentOp();
    if (isa_and_nonnull<WhileOp, ScanOp>(parent))
      place = std::max(place, ends[parent]);
  }
  return place;
}

} // namespace weft
