// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions about exported functions.

#include "passes/Functions.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/IR/Iterators.h"

namespace weft {

using mlir::func::FuncOp;

SmallVector<FuncOp> exportsOf(ModuleOp module) {
  SmallVector<FuncOp> exports;
  for (auto function : module.getOps<FuncOp>())
    if (function->hasAttr(kExportAttr) && !function.isExternal())
      exports.push_back(function);
  return exports;
}

SmallVector<mlir::Block *> blocksOf(FuncOp function) {
  SmallVector<mlir::Block *> blocks;
  function.walk<mlir::WalkOrder::PreOrder>([&](mlir::Block *block) { blocks.push_back(block); });
  return blocks;
}

/// Operations looked at: weights are a few steps from their parameters.
static constexpr int deepest = 16;

static bool followsFromWeights(Value value, int depth) {
  if (auto argument = dyn_cast<mlir::BlockArgument>(value)) {
    auto function = dyn_cast<mlir::func::FuncOp>(argument.getOwner()->getParentOp());
    return function && function.getArgAttr(argument.getArgNumber(), kParameterAttr);
  }
  Operation *op = value.getDefiningOp();
  if (depth == 0 || !(op->hasTrait<Elementwise>() || op->hasTrait<Indexing>() ||
                      op->hasTrait<Root>() || isa<ReshapeOp, ConstantOp>(op)))
    return false;
  return llvm::all_of(op->getOperands(),
                      [&](Value operand) { return followsFromWeights(operand, depth - 1); });
}

bool followsFromWeights(Value value) { return followsFromWeights(value, deepest); }

llvm::StringSet<> changingStates(ModuleOp module) {
  llvm::StringSet<> changing;
  for (FuncOp function : exportsOf(module))
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (auto state = function.getResultAttrOfType<mlir::FlatSymbolRefAttr>(i, kStateAttr))
        changing.insert(state.getValue());
  return changing;
}

bool reachesState(Value value, const llvm::StringSet<> &states) {
  if (auto argument = dyn_cast<mlir::BlockArgument>(value)) {
    auto owner = cast<FuncOp>(argument.getOwner()->getParentOp());
    auto symbol =
        owner.getArgAttrOfType<mlir::FlatSymbolRefAttr>(argument.getArgNumber(), kParameterAttr);
    return symbol && states.contains(symbol.getValue());
  }
  return llvm::any_of(value.getDefiningOp()->getOperands(),
                      [&](Value operand) { return reachesState(operand, states); });
}

void eraseUnused(FuncOp function) {
  function.walk<mlir::WalkOrder::PostOrder, mlir::ReverseIterator>([](Operation *op) {
    if (mlir::isOpTriviallyDead(op))
      op->erase();
  });
}

} // namespace weft
