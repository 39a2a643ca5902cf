// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies of checkpoints for the backward pass.

#include "passes/autodiff/Checkpoints.h"
#include "passes/autodiff/Derivative.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace weft::autodiff {

static ArrayRef<int64_t> numbersOf(Operation *op) {
  auto numbers = op->getAttrOfType<mlir::DenseI64ArrayAttr>(kCheckpointsAttr);
  return numbers ? numbers.asArrayRef() : ArrayRef<int64_t>();
}

void leaveCheckpoint(Operation *copy) {
  copy->walk([](Operation *op) {
    ArrayRef<int64_t> numbers = numbersOf(op);
    if (numbers.size() > 1)
      op->setAttr(kCheckpointsAttr,
                  mlir::DenseI64ArrayAttr::get(op->getContext(), numbers.drop_front()));
    else
      op->removeAttr(kCheckpointsAttr);
  });
}

/// A number that no barrier around `block` has.
static int64_t freeNumber(mlir::Block *block) {
  mlir::Region *region = block->getParent();
  while (Operation *around = region->getParentOp()) {
    if (isa<mlir::func::FuncOp>(around) || !around->getParentRegion())
      break;
    region = around->getParentRegion();
  }
  int64_t number = 0;
  region->walk([&](CastOp cast) {
    if (auto taken = cast->getAttrOfType<mlir::IntegerAttr>(kBarrierAttr))
      number = std::max(number, taken.getInt() + 1);
  });
  return number;
}

static bool isParameter(Value value) {
  auto argument = dyn_cast<mlir::BlockArgument>(value);
  auto function = argument
                      ? dyn_cast_or_null<mlir::func::FuncOp>(argument.getOwner()->getParentOp())
                      : mlir::func::FuncOp();
  return function && function.getArgAttr(argument.getArgNumber(), kParameterAttr);
}

/// The operations of the outermost checkpoint that `op` belongs to, in their order.
ArrayRef<Operation *> Checkpoints::membersWith(Operation *op) {
  return members[{op->getBlock(), numbersOf(op).front()}];
}

/// Notes the checkpoints of a block before copies come into it.
void Checkpoints::search(mlir::Block *block) {
  if (!searched.insert(block).second)
    return;
  for (Operation &op : *block)
    if (ArrayRef<int64_t> numbers = numbersOf(&op); !numbers.empty())
      members[{block, numbers.front()}].push_back(&op);
}

Operation *Checkpoints::repeated(Operation *op) {
  while (!numbersOf(op).empty()) {
    if (!copies.contains(op))
      repeat(op);
    op = copies.lookup(op);
  }
  return op;
}

Value Checkpoints::apart(Value value, int64_t number) {
  if (isParameter(value) || mlir::matchPattern(value, mlir::m_Constant()))
    return value;
  OpBuilder &builder = pass.b.builder;
  auto barrier = CastOp::create(builder, pass.b.loc, value.getType(), value);
  barrier->setAttr(kBarrierAttr, builder.getI64IntegerAttr(number));
  pass.repeats(barrier, value);
  return barrier;
}

/// Copies the checkpoint of `op`.
void Checkpoints::repeat(Operation *op) {
  OpBuilder &builder = pass.b.builder;
  mlir::Block *here = builder.getInsertionBlock();
  search(op->getBlock());
  search(here);
  SmallVector<Operation *> inside(membersWith(op)); // The map may grow.
  llvm::DenseSet<Operation *> isInside(inside.begin(), inside.end());
  int64_t number = freeNumber(here);
  mlir::IRMapping mapping;
  for (Operation *member : inside)
    for (Value input : inputsOf(member))
      if (!mapping.contains(input) && !isInside.contains(input.getDefiningOp()))
        mapping.map(input, apart(input, number));
  for (Operation *member : inside) {
    Operation *copy = builder.clone(*member, mapping);
    leaveCheckpoint(copy);
    copies[member] = copy;
    if (ArrayRef<int64_t> numbers = numbersOf(copy); !numbers.empty())
      members[{here, numbers.front()}].push_back(copy);
    for (auto [repeated, value] : llvm::zip_equal(copy->getResults(), member->getResults()))
      pass.repeats(repeated, value);
  }
}

} // namespace weft::autodiff
