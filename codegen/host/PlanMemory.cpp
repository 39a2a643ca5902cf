// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-plan-memory: live intervals on the schedule, then a place in the arena for each.

#include "codegen/host/ArenaLayout.h"
#include "codegen/host/KernelInterface.h"
#include "codegen/host/Lifetimes.h"
#include "codegen/host/Passes.h"

namespace weft {

#define GEN_PASS_DEF_PLANMEMORYPASS
#include "codegen/host/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

struct PlanMemory final : impl::PlanMemoryPassBase<PlanMemory> {
  void runOnOperation() override {
    for (FuncOp function : getOperation().getOps<FuncOp>())
      if (function->hasAttr(kExportAttr))
        plan(function);
  }

private:
  /// The result of the function that each storage is written to directly: the first place where a
  /// value made at the top of the function is returned, or a state that is updated in place. Other
  /// new states are copied when all else is done.
  static llvm::DenseMap<Value, int64_t> chooseOutputs(FuncOp function) {
    llvm::DenseMap<Value, int64_t> outputs;
    mlir::Block &body = function.getBody().front();
    for (auto [i, operand] : llvm::enumerate(body.getTerminator()->getOperands())) {
      if (function.getResultAttr(i, kStateAttr) && !function.getResultAttr(i, inPlaceAttrName))
        continue;
      Value storage = storageOf(operand);
      Operation *source = storage.getDefiningOp();
      if (source && hasSlots(source) && source->getBlock() == &body)
        outputs.try_emplace(storage, i);
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
