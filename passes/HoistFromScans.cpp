// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-hoist-from-scans: what the steps of a scan need not wait for each other for is computed
// before it: what no step changes once, and the products of the scanned inputs for all steps at
// once.

#include "passes/KernelRules.h"
#include "passes/Passes.h"
#include "passes/ScanForm.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weft {

#define GEN_PASS_DEF_HOISTFROMSCANSPASS
#include "passes/Passes.h.inc"

namespace {

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

bool isOutside(Value value, ScanOp scan) {
  return !scan.getBody().isAncestor(value.getParentRegion());
}

/// Moves operations whose operands come from outside in front of the scan. What is generated from
/// indices and small constants stays: it costs nothing where it is, and memory outside.
SmallVector<Operation *> hoistInvariants(ScanOp scan) {
  SmallVector<Operation *> moved;
  for (Operation &op : llvm::make_early_inc_range(scan.getBody().front().without_terminator())) {
    bool isInvariant =
        op.getNumRegions() == 0 && mlir::isMemoryEffectFree(&op) &&
        llvm::all_of(op.getOperands(), [&](Value operand) { return isOutside(operand, scan); });
    if (!isInvariant || isGenerated(op.getResult(0)))
      continue;
    op.moveBefore(scan);
    moved.push_back(&op);
  }
  return moved;
}

/// Brings views back that the steps alone use, in place: there they cost nothing, and outside they
/// are written to memory. Gives the number of those that stay outside.
unsigned returnViews(ScanOp scan, ArrayRef<Operation *> moved) {
  unsigned numOutside = moved.size();
  mlir::Block &body = scan.getBody().front();
  for (Operation *op : llvm::reverse(moved)) {
    bool isUsedInPlace = llvm::all_of(op->getUses(), [&](mlir::OpOperand &use) {
      return use.getOwner()->getBlock() == &body && !isa<YieldOp>(use.getOwner()) &&
             !needsBuffer(use);
    });
    if (!isView(op) || !isUsedInPlace)
      continue;
    op->moveBefore(&body, body.begin());
    --numOutside;
  }
  return numOutside;
}

/// The operations of one scan that read scanned inputs alone, and their form over all steps.
class InputHoisting {
public:
  explicit InputHoisting(ScanOp owner) : scan(owner), builder(owner) {
    ValueRange xs = scan.getXs();
    steps = dimsOf(typeOf(xs.front())).front();
    ValueRange arguments = scan.getBody().getArguments();
    for (auto [argument, stacked] : llvm::zip_equal(arguments.take_back(xs.size()), xs))
      whole[argument] = stacked;
  }

  /// The number of operations that now run before the scan.
  unsigned run();

private:
  llvm::SetVector<Operation *> candidates();
  void choose();
  Value overAllSteps(Operation *op);
  Value contractOverAllSteps(ContractOp op);
  Value stacked(Value operand);
  RankedTensorType stackedType(Value value);

  ScanOp scan;
  OpBuilder builder;
  Dim steps;
  llvm::DenseMap<Value, Value> whole; ///< What a value of the body is for all steps.
  llvm::SetVector<Operation *> chosen;
};

unsigned InputHoisting::run() {
  choose();
  for (Operation *op : chosen)
    whole[op->getResult(0)] = overAllSteps(op);
  // Users go before what they use, so that only values that the steps still read become inputs.
  for (Operation *op : llvm::reverse(chosen)) {
    Value value = op->getResult(0);
    if (!value.use_empty()) {
      scan.getXsMutable().append(whole.lookup(value));
      value.replaceAllUsesWith(scan.getBody().addArgument(value.getType(), value.getLoc()));
    }
    op->erase();
  }
  return chosen.size();
}

//===-- Choice ------------------------------------------------------------------------------===//

/// Operations with a form over all steps whose operands are inputs of the step, or follow from
/// them, or come from outside; one operand at least is of the first two kinds.
llvm::SetVector<Operation *> InputHoisting::candidates() {
  llvm::SetVector<Operation *> found;
  auto follows = [&](Value operand) {
    return whole.contains(operand) || found.contains(operand.getDefiningOp());
  };
  for (Operation &op : scan.getBody().front().without_terminator()) {
    bool hasForm =
        op.hasTrait<Elementwise>() || isa<ContractOp, TransposeOp, ReshapeOp, BroadcastOp>(op);
    if (hasForm && llvm::any_of(op.getOperands(), follows) &&
        llvm::all_of(op.getOperands(),
                     [&](Value operand) { return follows(operand) || isOutside(operand, scan); }))
      found.insert(&op);
  }
  return found;
}

/// Contractions, what they need, and the element-wise operations that follow them. Anything else
/// is as well computed in its step, where it goes through no memory.
void InputHoisting::choose() {
  llvm::SetVector<Operation *> possible = candidates();
  llvm::DenseSet<Operation *> wanted;
  auto isWanted = [&](Value operand) { return wanted.contains(operand.getDefiningOp()); };
  for (Operation *op : possible)
    if (isa<ContractOp>(op) ||
        (op->hasTrait<Elementwise>() && llvm::any_of(op->getOperands(), isWanted)))
      wanted.insert(op);
  for (Operation *op : llvm::reverse(possible))
    if (wanted.contains(op))
      for (Value operand : op->getOperands())
        if (Operation *source = operand.getDefiningOp(); source && possible.contains(source))
          wanted.insert(source);
  for (Operation *op : possible)
    if (wanted.contains(op))
      chosen.insert(op);
}

//===-- All steps at once -------------------------------------------------------------------===//

RankedTensorType InputHoisting::stackedType(Value value) {
  SmallVector<Dim> dims = dimsOf(typeOf(value));
  dims.insert(dims.begin(), steps);
  return tensorType(dims, typeOf(value).getElementType());
}

/// The operand for all steps; one from outside is repeated.
Value InputHoisting::stacked(Value operand) {
  if (Value known = whole.lookup(operand))
    return known;
  SmallVector<int64_t> along =
      llvm::to_vector(llvm::seq<int64_t>(1, typeOf(operand).getRank() + 1));
  return BroadcastOp::create(builder, operand.getLoc(), stackedType(operand), operand, along);
}

/// The steps get a letter of their own, in front.
Value InputHoisting::contractOverAllSteps(ContractOp op) {
  char letter = 'A';
  while (op.getEquation().contains(letter))
    ++letter;
  ContractOp::Labels labels = op.getLabels();
  auto with = [&](Value operand, StringRef letters) {
    return (whole.contains(operand) ? std::string(1, letter) : std::string()) + letters.str();
  };
  auto value = [&](Value operand) {
    return whole.contains(operand) ? whole.lookup(operand) : operand;
  };
  std::string equation = with(op.getLhs(), labels.lhs) + "," + with(op.getRhs(), labels.rhs) +
                         "->" + letter + labels.result.str();
  return ContractOp::create(builder, op.getLoc(), stackedType(op.getResult()), equation,
                            value(op.getLhs()), value(op.getRhs()));
}

Value InputHoisting::overAllSteps(Operation *op) {
  RankedTensorType type = stackedType(op->getResult(0));
  auto behindSteps = [](ArrayRef<int64_t> dims) {
    SmallVector<int64_t> moved = {0};
    for (int64_t dim : dims)
      moved.push_back(dim + 1);
    return moved;
  };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](ContractOp contract) { return contractOverAllSteps(contract); })
      .Case([&](TransposeOp transpose) {
        return TransposeOp::create(builder, op->getLoc(), type, stacked(transpose.getInput()),
                                   behindSteps(transpose.getPermutation()));
      })
      .Case([&](BroadcastOp broadcast) {
        return BroadcastOp::create(builder, op->getLoc(), type, stacked(broadcast.getInput()),
                                   behindSteps(broadcast.getDims()));
      })
      .Case([&](ReshapeOp reshape) {
        return ReshapeOp::create(builder, op->getLoc(), type, stacked(reshape.getInput()));
      })
      .Default([&](Operation *elementwise) {
        SmallVector<Value> operands = llvm::map_to_vector(
            elementwise->getOperands(), [&](Value operand) { return stacked(operand); });
        mlir::OperationState state(op->getLoc(), op->getName(), operands, type, op->getAttrs());
        return builder.create(state)->getResult(0);
      });
}

//===-- The pass ----------------------------------------------------------------------------===//

struct HoistFromScans final : impl::HoistFromScansPassBase<HoistFromScans> {
  void runOnOperation() override {
    // Inner scans first: what leaves one may leave the next one too.
    getOperation().walk([&](ScanOp scan) {
      SmallVector<Operation *> moved = hoistInvariants(scan);
      numStacked += InputHoisting(scan).run();
      numInvariant += returnViews(scan, moved);
      dropUnused(scan);
    });
  }
};

} // namespace
} // namespace weft
