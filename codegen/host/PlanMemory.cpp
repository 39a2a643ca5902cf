// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-plan-memory: live intervals on the schedule, then a place in the arena for each.

#include "codegen/host/ArenaLayout.h"
#include "codegen/host/KernelInterface.h"
#include "codegen/host/Passes.h"
#include "codegen/host/Storage.h"

#include "llvm/ADT/MapVector.h"

namespace weft {

#define GEN_PASS_DEF_PLANMEMORYPASS
#include "codegen/host/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

/// Numbers the operations of a function in program order and finds when each storage lives.
///
/// An operation's number is its place before the operations of its regions; `ends` is the last
/// number inside of it.
class Lifetimes {
public:
  explicit Lifetimes(FuncOp function) {
    number(function.getBody());
    function.getBody().walk([&](Operation *op) { record(op); });
  }

  /// Storages with slots, in order of the program, with their intervals.
  llvm::MapVector<Value, Interval> intervals;

private:
  void number(mlir::Region &region) {
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

  void record(Operation *op) {
    for (Value operand : op->getOperands())
      extend(storageOf(operand), lastNeeded(storageOf(operand), op));
    // Regions write their results when they end, loops keep carries there throughout.
    if (hasSlots(op))
      for (Value result : op->getResults())
        extend(result, ends[op]);
  }

  void extend(Value storage, int64_t place) {
    auto found = intervals.find(storage);
    if (found != intervals.end())
      found->second.end = std::max(found->second.end, place);
  }

  /// A use inside of a loop of a value from before it is repeated until the loop ends.
  int64_t lastNeeded(Value storage, Operation *user) {
    int64_t place = begins[user];
    mlir::Block *home = storage.getParentBlock();
    for (Operation *op = user; op && op->getBlock() != home; op = op->getParentOp()) {
      Operation *parent = op->getParentOp();
      if (isa_and_nonnull<WhileOp, ScanOp>(parent))
        place = std::max(place, ends[parent]);
    }
    return place;
  }

  llvm::DenseMap<Operation *, int64_t> begins, ends;
  int64_t next = 0;
};

struct PlanMemory final : impl::PlanMemoryPassBase<PlanMemory> {
  void runOnOperation() override {
    for (FuncOp function : getOperation().getOps<FuncOp>())
      if (function->hasAttr(kExportAttr))
        plan(function);
  }

private:
  /// The output that each storage is written to directly: the first place where a value made at
  /// the top of the function is returned. New states are copied when all else is done.
  static llvm::DenseMap<Value, int64_t> chooseOutputs(FuncOp function) {
    llvm::DenseMap<Value, int64_t> outputs;
    mlir::Block &body = function.getBody().front();
    int64_t output = 0;
    for (auto [i, operand] : llvm::enumerate(body.getTerminator()->getOperands())) {
      if (function.getResultAttr(i, kStateAttr))
        continue;
      Value storage = storageOf(operand);
      Operation *source = storage.getDefiningOp();
      if (source && hasSlots(source) && source->getBlock() == &body)
        outputs.try_emplace(storage, output);
      ++output;
    }
    return outputs;
  }

  void plan(FuncOp function) {
    Lifetimes lifetimes(function);
    llvm::DenseMap<Value, int64_t> outputs = chooseOutputs(function);
    ArenaLayout layout;
    llvm::DenseMap<Value, size_t> places;
    for (const auto &[storage, interval] : lifetimes.intervals) {
      if (outputs.contains(storage))
        continue;
      auto type = cast<RankedTensorType>(storage.getType());
      places[storage] = layout.add(dimsOf(type), storageBytes(type.getElementType()), interval);
    }
    layout.solve();
    numBuffers += places.size();
    numOutputs += outputs.size();
    annotate(function, layout, places, outputs);
  }

  void annotate(FuncOp function, const ArenaLayout &layout,
                const llvm::DenseMap<Value, size_t> &places,
                const llvm::DenseMap<Value, int64_t> &outputs) {
    MLIRContext *context = &getContext();
    auto slotOfResult = [&](Value result) -> Attribute {
      auto output = outputs.find(result);
      if (output != outputs.end())
        return SlotAttr::get(context, SlotKind::Output,
                             ShapeAttr::get(context, {Dim(output->second)}));
      return SlotAttr::get(context, SlotKind::Arena,
                           ShapeAttr::get(context, {layout.offset(places.lookup(result))}));
    };
    function.getBody().walk([&](Operation *op) {
      if (hasSlots(op))
        setSlots(op, llvm::map_to_vector(op->getResults(), slotOfResult));
    });
    function->setAttr(kArenaAttr, ShapeAttr::get(context, {layout.totalBytes()}));
  }
};

} // namespace
} // namespace weft
