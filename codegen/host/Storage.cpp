// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values of a planned function share memory, and where that memory is.

#include "codegen/host/Storage.h"

#include "ir/Versions.h"

namespace weft {

Value withoutReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return value;
}

void insertCopy(mlir::OpOperand &operand) {
  OpBuilder builder(operand.getOwner());
  Location loc = operand.getOwner()->getLoc();
  Value value = operand.get();
  auto kernel = KernelOp::create(builder, loc, mlir::TypeRange(value.getType()), ValueRange(value));
  mlir::Block *body = builder.createBlock(&kernel.getBody());
  YieldOp::create(builder, loc, ValueRange(body->addArgument(value.getType(), loc)));
  operand.set(kernel.getResult(0));
}

/// The value in whose memory the argument of a region lives; null for a function's own argument.
static Value storageBehind(mlir::BlockArgument argument) {
  Operation *parent = argument.getOwner()->getParentOp();
  unsigned number = argument.getArgNumber();
  if (auto loop = dyn_cast<WhileOp>(parent))
    return loop.getResult(number);
  if (auto scan = dyn_cast<ScanOp>(parent)) {
    unsigned carries = scan.getInits().size();
    return number < carries ? Value(scan.getResult(number)) : scan.getXs()[number - carries];
  }
  return nullptr;
}

Value storageOf(Value value) {
  while (true) {
    value = withoutReshapes(value);
    auto argument = dyn_cast<mlir::BlockArgument>(value);
    Value behind = argument ? storageBehind(argument) : nullptr;
    if (!behind)
      return value;
    value = behind;
  }
}

bool hasSlots(Operation *op) { return isa<LaunchOp, IfOp, WhileOp, ScanOp>(op); }

mlir::ArrayAttr slotsOf(Operation *op) {
  if (auto launch = dyn_cast<LaunchOp>(op))
    return launch.getSlots();
  auto slots = op->getAttrOfType<mlir::ArrayAttr>(slotsAttrName);
  return slots ? slots : mlir::ArrayAttr::get(op->getContext(), {});
}

void setSlots(Operation *op, ArrayRef<Attribute> slots) {
  auto list = mlir::ArrayAttr::get(op->getContext(), slots);
  if (auto launch = dyn_cast<LaunchOp>(op))
    launch.setSlotsAttr(list);
  else
    op->setAttr(slotsAttrName, list);
}

SlotAttr slotOf(Value storage) {
  auto result = dyn_cast<mlir::OpResult>(storage);
  if (!result || !hasSlots(result.getOwner()))
    return nullptr;
  mlir::ArrayAttr slots = slotsOf(result.getOwner());
  if (result.getResultNumber() >= slots.size())
    return nullptr;
  auto slot = dyn_cast<SlotAttr>(slots[result.getResultNumber()]);
  return slot && slot.getPlace().getDims().size() == 1 ? slot : nullptr;
}

SmallVector<std::string> symbolsInOrder(mlir::func::FuncOp function) {
  SmallVector<std::string> names;
  for (Type type : signatureOf(function).getInputs()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      continue;
    for (const Dim &dim : dimsOf(tensor))
      for (const std::string &name : dim.symbols())
        if (!llvm::is_contained(names, name))
          names.push_back(name);
  }
  return names;
}

} // namespace weft
