// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-update-states: which new states are written over the old ones by what makes them, and when.

#include "codegen/host/KernelInterface.h"
#include "codegen/host/Passes.h"
#include "codegen/host/Storage.h"

#include "llvm/ADT/SetVector.h"

namespace weft {

#define GEN_PASS_DEF_UPDATESTATESPASS
#include "codegen/host/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

/// A new state that is made at the top of the function, and the old one.
struct Update {
  unsigned number; ///< Of the function's result.
  mlir::BlockArgument old;
  mlir::OpResult value;
};

/// The states of one exported function.
class StateUpdates {
public:
  explicit StateUpdates(FuncOp exported)
      : function(exported), body(exported.getBody().front()), end(body.getTerminator()) {}

  /// Copies first what would be lost: the old value of a state that becomes the new one of another.
  void separate();
  void placeInMemory();

  unsigned numCopies = 0, numMoved = 0, numInPlace = 0;

private:
  std::optional<mlir::BlockArgument> argumentOf(Attribute state);
  bool isUpdated(mlir::BlockArgument state);
  void collect();
  SmallVector<mlir::OpOperand *> readersOf(Value state);
  bool canReplace(const Update &update);
  bool isLastReader(const Update &update);
  bool mayMove(Operation *op);
  void findBefore(Operation *op, Operation *&latest, llvm::SetVector<Operation *> &along);
  void moveUp(const Update &update);
  void mark(const Update &update);

  FuncOp function;
  mlir::Block &body;
  Operation *end;
  SmallVector<Update> updates;
  llvm::DenseSet<Operation *> makers; ///< Of new states.
};

} // namespace

//===-- Old and new -------------------------------------------------------------------------===//

std::optional<mlir::BlockArgument> StateUpdates::argumentOf(Attribute state) {
  for (mlir::BlockArgument argument : function.getArguments())
    if (function.getArgAttr(argument.getArgNumber(), kParameterAttr) == state)
      return argument;
  return std::nullopt;
}

bool StateUpdates::isUpdated(mlir::BlockArgument state) {
  Attribute name = function.getArgAttr(state.getArgNumber(), kParameterAttr);
  return name && llvm::any_of(llvm::seq(0U, function.getNumResults()), [&](unsigned i) {
           return function.getResultAttr(i, kStateAttr) == name;
         });
}

void StateUpdates::separate() {
  for (mlir::OpOperand &operand : end->getOpOperands()) {
    Attribute state = function.getResultAttr(operand.getOperandNumber(), kStateAttr);
    auto source = dyn_cast<mlir::BlockArgument>(withoutReshapes(operand.get()));
    if (!state || !source || source == argumentOf(state) || !isUpdated(source))
      continue;
    insertCopy(operand);
    ++numCopies;
  }
}

/// The updates whose makers could write the state, in program order. A value that is returned as
/// well, or is the new value of another state, is written there.
void StateUpdates::collect() {
  llvm::DenseSet<Value> taken;
  for (auto [i, operand] : llvm::enumerate(end->getOperands()))
    if (!function.getResultAttr(i, kStateAttr))
      taken.insert(withoutReshapes(operand));
  for (auto [i, operand] : llvm::enumerate(end->getOperands())) {
    Attribute state = function.getResultAttr(i, kStateAttr);
    auto old = state ? argumentOf(state) : std::nullopt;
    auto value = dyn_cast<mlir::OpResult>(withoutReshapes(operand));
    if (!old || !value || !isa<KernelOp, IfOp, WhileOp, ScanOp>(value.getOwner()) ||
        value.getOwner()->getBlock() != &body || !taken.insert(value).second)
      continue;
    updates.push_back({static_cast<unsigned>(i), *old, value});
    makers.insert(value.getOwner());
  }
  llvm::sort(updates, [](const Update &a, const Update &b) {
    Operation *first = a.value.getOwner(), *second = b.value.getOwner();
    return first == second ? a.number < b.number : first->isBeforeInBlock(second);
  });
}

/// All that reads a state, under its own shape or another.
SmallVector<mlir::OpOperand *> StateUpdates::readersOf(Value state) {
  SmallVector<mlir::OpOperand *> readers;
  for (mlir::OpOperand &use : state.getUses()) {
    if (auto reshape = dyn_cast<ReshapeOp>(use.getOwner()))
      llvm::append_range(readers, readersOf(reshape.getResult()));
    else
      readers.push_back(&use);
  }
  return readers;
}

//===-- What may write over what it reads ----------------------------------------------------===//

/// True if a kernel reads an element of the input only for the same element of its results: what it
/// follows is element-wise, down to the end of the kernel.
static bool isReadInPlace(KernelOp kernel, unsigned input) {
  SmallVector<Value> work{kernel.getBody().getArgument(input)};
  llvm::DenseSet<Value> seen;
  while (!work.empty()) {
    Value value = work.pop_back_val();
    if (!seen.insert(value).second)
      continue;
    for (Operation *user : value.getUsers()) {
      if (isa<YieldOp>(user))
        continue;
      if (!user->hasTrait<Elementwise>())
        return false;
      llvm::append_range(work, user->getResults());
    }
  }
  return true;
}

/// True if the maker may read the old state through `use` and write `value` over it.
static bool mayOverwrite(mlir::OpOperand &use, mlir::OpResult value) {
  unsigned number = use.getOperandNumber();
  if (auto kernel = dyn_cast<KernelOp>(use.getOwner()))
    return isReadInPlace(kernel, number);
  // A carry of a while stays in the memory of the result that it becomes; those of a scan may take
  // turns, and its first step reads where they come from.
  auto loop = dyn_cast<WhileOp>(use.getOwner());
  if (!loop)
    return false;
  mlir::OperandRange carries = loop.getInits();
  return value.getResultNumber() < carries.size() &&
         carries.getBeginOperandIndex() + value.getResultNumber() == number;
}

/// True if nothing but the order of the program can keep the new state from replacing the old one.
bool StateUpdates::canReplace(const Update &update) {
  return llvm::all_of(readersOf(update.old), [&](mlir::OpOperand *use) {
    Operation *reader = body.findAncestorOpInBlock(*use->getOwner());
    if (reader != update.value.getOwner())
      return reader != end;
    return reader == use->getOwner() && mayOverwrite(*use, update.value);
  });
}

bool StateUpdates::isLastReader(const Update &update) {
  Operation *maker = update.value.getOwner();
  return canReplace(update) && llvm::all_of(readersOf(update.old), [&](mlir::OpOperand *use) {
           Operation *reader = body.findAncestorOpInBlock(*use->getOwner());
           return reader == maker || reader->isBeforeInBlock(maker);
         });
}

//===-- When ---------------------------------------------------------------------------------===//

/// True if moving the operation up with an update takes no memory: it is small, or only updates
/// read it and it stands for what it reads (a gradient with its decay).
bool StateUpdates::mayMove(Operation *op) {
  if (isa<ReshapeOp, ConstantOp>(op))
    return true;
  if (!isa<KernelOp>(op))
    return false;
  bool isSmall = llvm::all_of(op->getResultTypes(), [](Type type) {
    return productOf(dimsOf(cast<RankedTensorType>(type))) == Dim(1);
  });
  bool isMap = llvm::none_of(op->getRegion(0).getOps(), [](Operation &member) {
    return member.hasTrait<Root>() || member.hasTrait<Composite>();
  });
  return isSmall || (isMap && llvm::all_of(op->getUsers(),
                                           [&](Operation *user) { return makers.contains(user); }));
}

/// Finds the last operation that must stand before `op`, and what goes up `along` with it, operands
/// first.
void StateUpdates::findBefore(Operation *op, Operation *&latest,
                              llvm::SetVector<Operation *> &along) {
  for (Value operand : op->getOperands()) {
    Operation *source = operand.getDefiningOp();
    if (!source || along.contains(source))
      continue;
    if (mayMove(source))
      findBefore(source, latest, along);
    else if (!latest || latest->isBeforeInBlock(source))
      latest = source;
  }
  along.insert(op);
}

/// Moves the maker up to where its operands are known and the old state was read for the last time:
/// gradients, and what they are made of, end there.
void StateUpdates::moveUp(const Update &update) {
  Operation *maker = update.value.getOwner(), *latest = nullptr;
  if (!isa<KernelOp>(maker))
    return;
  for (const Update &other : updates) // A kernel may make several states.
    if (other.value.getOwner() == maker) {
      if (!canReplace(other))
        return;
      for (mlir::OpOperand *use : readersOf(other.old)) {
        Operation *reader = body.findAncestorOpInBlock(*use->getOwner());
        if (reader != maker && (!latest || latest->isBeforeInBlock(reader)))
          latest = reader;
      }
    }
  llvm::SetVector<Operation *> along;
  findBefore(maker, latest, along);
  if (latest && !latest->isBeforeInBlock(maker))
    return;
  for (Operation *op : along) {
    if (latest && op->isBeforeInBlock(latest))
      continue;
    if (latest)
      op->moveAfter(latest);
    else if (op != &body.front())
      op->moveBefore(&body.front());
    latest = op;
  }
  ++numMoved;
}

void StateUpdates::mark(const Update &update) {
  OpBuilder builder(function.getContext());
  function.setResultAttr(update.number, inPlaceAttrName, builder.getUnitAttr());
  auto kernel = dyn_cast<KernelOp>(update.value.getOwner());
  if (!kernel)
    return;
  SmallVector<int64_t> results(kernel.getInputs().size(), -1);
  if (auto known = kernel->getAttrOfType<mlir::DenseI64ArrayAttr>(inPlaceAttrName))
    results.assign(known.asArrayRef().begin(), known.asArrayRef().end());
  for (auto [i, input] : llvm::enumerate(kernel.getInputs()))
    if (withoutReshapes(input) == update.old)
      results[i] = update.value.getResultNumber();
  kernel->setAttr(inPlaceAttrName, builder.getDenseI64ArrayAttr(results));
}

void StateUpdates::placeInMemory() {
  collect();
  for (const Update &update : updates)
    if (canReplace(update))
      moveUp(update);
  // Nothing moves any more.
  for (const Update &update : updates)
    if (isLastReader(update)) {
      mark(update);
      ++numInPlace;
    }
}

namespace {

struct UpdateStates final : impl::UpdateStatesPassBase<UpdateStates> {
  void runOnOperation() override {
    for (FuncOp function : getOperation().getOps<FuncOp>()) {
      if (!function->hasAttr(kExportAttr))
        continue;
      StateUpdates states(function);
      states.separate();
      states.placeInMemory();
      numCopies += states.numCopies;
      numMoved += states.numMoved;
      numInPlace += states.numInPlace;
    }
  }
};

} // namespace
} // namespace weft
