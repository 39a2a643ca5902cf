// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-sink-from-scans: what no later step of a scan waits for is computed after it, for all steps
// at once. A sum over steps, as the gradient of weights is, becomes one contraction over steps too;
// a product that is only emitted becomes one product.

#include "ir/GraphBuilder.h"
#include "passes/Passes.h"
#include "passes/ScanForm.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weft {

#define GEN_PASS_DEF_SINKFROMSCANSPASS
#include "passes/Passes.h.inc"

namespace {

bool isOutside(Value value, ScanOp scan) {
  return !scan.getBody().isAncestor(value.getParentRegion());
}

/// A letter that the equation has no use for.
char freeLetter(StringRef equation) {
  char letter = 'A';
  while (equation.contains(letter))
    ++letter;
  return letter;
}

/// One scan and the one that takes its place.
class Sinking {
public:
  explicit Sinking(ScanOp owner)
      : scan(owner), builder(owner), g(builder, owner.getLoc()),
        yield(owner.getBody().front().getTerminator()), numCarries(owner.getInits().size()) {
    builder.setInsertionPointAfter(scan);
  }

  /// The number of values that are now computed after the scan.
  unsigned run();

private:
  Value summand(unsigned carry);
  bool canSum(Value value);
  bool canStack(Value value);
  Value stackOf(Value value);
  Value sumOf(Value value);
  Value allSteps(Value value);
  void rebuild();

  ScanOp scan;
  OpBuilder builder;
  GraphBuilder g;
  Operation *yield;
  unsigned numCarries;
  llvm::MapVector<unsigned, Value> sums;     ///< By carry: what each step adds to it.
  llvm::MapVector<unsigned, Value> products; ///< By result: what is emitted there.
  llvm::MapVector<Value, unsigned> emitted;  ///< Values that are stacked, by their result's number.
  ScanOp next;
};

/// What each step adds to a carry that nothing else looks at, or null.
Value Sinking::summand(unsigned carry) {
  Value argument = scan.getBody().getArgument(carry);
  auto add = yield->getOperand(carry).getDefiningOp<AddOp>();
  if (!add || !argument.hasOneUse() || *argument.getUsers().begin() != add ||
      !add.getResult().hasOneUse() || !GraphBuilder::isFloat(argument))
    return {};
  return add.getLhs() == argument ? add.getRhs() : add.getLhs();
}

/// Sums over steps of these are one operation on stacks; of others the stack would be as large as
/// all summands together.
bool Sinking::canSum(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || isOutside(value, scan))
    return false;
  if (isa<ReshapeOp, TransposeOp>(op))
    return canSum(op->getOperand(0));
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return reduce.getKind() == ReduceKind::Sum && !isOutside(reduce.getInput(), scan);
  auto contract = dyn_cast<ContractOp>(op);
  return contract && !(isOutside(contract.getLhs(), scan) && isOutside(contract.getRhs(), scan));
}

/// A product with something from outside, of which only the stack is wanted.
bool Sinking::canStack(Value value) {
  auto contract = value.getDefiningOp<ContractOp>();
  return contract && !isOutside(value, scan) && value.hasOneUse() &&
         isOutside(contract.getLhs(), scan) != isOutside(contract.getRhs(), scan);
}

//===-- After the scan ----------------------------------------------------------------------===//

/// The stack of a value of the body over all steps, from the new scan.
Value Sinking::stackOf(Value value) {
  if (auto argument = dyn_cast<mlir::BlockArgument>(value);
      argument && argument.getOwner() == &scan.getBody().front() &&
      argument.getArgNumber() >= numCarries)
    return scan.getXs()[argument.getArgNumber() - numCarries];
  return next->getResult(emitted.lookup(value));
}

Value Sinking::sumOf(Value value) {
  Operation *op = value.getDefiningOp();
  g.loc = op->getLoc();
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](ReshapeOp reshape) { return g.reshape(sumOf(reshape.getInput()), g.dims(value)); })
      .Case([&](TransposeOp transpose) {
        return g.transpose(sumOf(transpose.getInput()), transpose.getPermutation());
      })
      .Case([&](ReduceOp reduce) {
        SmallVector<int64_t> axes = {0};
        for (int64_t axis : reduce.getAxes())
          axes.push_back(axis + 1);
        return g.reduce(ReduceKind::Sum, stackOf(reduce.getInput()), axes);
      })
      .Case([&](ContractOp contract) {
        auto [lhs, rhs, result] = contract.getLabels();
        Type type = g.element(value);
        // What no step changes is multiplied with the sum of the other operand.
        for (Value inside : {contract.getLhs(), contract.getRhs()}) {
          Value other = inside == contract.getLhs() ? contract.getRhs() : contract.getLhs();
          if (!isOutside(other, scan))
            continue;
          Value sum = g.reduce(ReduceKind::Sum, stackOf(inside), int64_t{0});
          bool isLeft = inside == contract.getLhs();
          return g.contract(contract.getEquation(), isLeft ? sum : other, isLeft ? other : sum,
                            type);
        }
        std::string step(1, freeLetter(contract.getEquation()));
        return g.contract(step + lhs.str() + "," + step + rhs.str() + "->" + result.str(),
                          stackOf(contract.getLhs()), stackOf(contract.getRhs()), type);
      })
      .Default([](Operation *) { return Value(); });
}

/// A product with something from outside, for all steps.
Value Sinking::allSteps(Value value) {
  auto contract = value.getDefiningOp<ContractOp>();
  auto [lhs, rhs, result] = contract.getLabels();
  g.loc = contract.getLoc();
  std::string step(1, freeLetter(contract.getEquation()));
  bool isLeft = isOutside(contract.getRhs(), scan);
  std::string equation = (isLeft ? step : "") + lhs.str() + "," + (isLeft ? "" : step) + rhs.str() +
                         "->" + step + result.str();
  Value left = isLeft ? stackOf(contract.getLhs()) : contract.getLhs();
  Value right = isLeft ? contract.getRhs() : stackOf(contract.getRhs());
  return g.contract(equation, left, right, g.element(value));
}

//===-- The scan ----------------------------------------------------------------------------===//

/// The scan without what is computed behind it, with the stacks that this needs.
void Sinking::rebuild() {
  SmallVector<Value> stacks;
  auto need = [&](Value value) {
    auto argument = dyn_cast<mlir::BlockArgument>(value);
    bool isInput = argument && argument.getOwner() == &scan.getBody().front() &&
                   argument.getArgNumber() >= numCarries;
    if (!isInput && !isOutside(value, scan) && emitted.insert({value, 0}).second)
      stacks.push_back(value);
  };
  std::function<void(Value)> needForSum = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (isa<ReshapeOp, TransposeOp>(op))
      return needForSum(op->getOperand(0));
    llvm::for_each(op->getOperands(), need);
  };
  for (auto [carry, value] : sums)
    needForSum(value);
  for (auto [result, value] : products)
    llvm::for_each(value.getDefiningOp()->getOperands(), need);

  // What stays: carries that are no sums, and what is emitted and not sunk.
  SmallVector<Value> inits, yielded;
  SmallVector<Type> types;
  SmallVector<unsigned> kept;
  for (unsigned number = 0; number < scan->getNumResults(); ++number) {
    if (sums.count(number) || products.count(number))
      continue;
    if (number < numCarries)
      inits.push_back(scan.getInits()[number]);
    kept.push_back(number);
    yielded.push_back(yield->getOperand(number));
    types.push_back(scan.getResultTypes()[number]);
  }
  Dim steps = dimsOf(cast<RankedTensorType>(scan.getXs().front().getType())).front();
  for (Value value : stacks) {
    emitted[value] = static_cast<unsigned>(yielded.size());
    SmallVector<Dim> dims = g.dims(value);
    dims.insert(dims.begin(), steps);
    yielded.push_back(value);
    types.push_back(tensorType(dims, g.element(value)));
  }

  mlir::OperationState state(scan.getLoc(), scan->getName());
  llvm::append_range(state.operands, inits);
  llvm::append_range(state.operands, scan.getXs());
  state.addTypes(types);
  state.addRegion();
  next = cast<ScanOp>(builder.create(state));
  next.getProperties().operandSegmentSizes = {static_cast<int32_t>(inits.size()),
                                              static_cast<int32_t>(scan.getXs().size())};
  next->setDiscardableAttrs(scan->getDiscardableAttrDictionary());
  // The results that stay come first; the body moves when nothing looks into it any more.
  for (auto [place, number] : llvm::enumerate(kept))
    scan->getResult(number).replaceAllUsesWith(next->getResult(place));
  yield->setOperands(yielded);
}

unsigned Sinking::run() {
  for (unsigned carry = 0; carry < numCarries; ++carry)
    if (Value value = summand(carry); value && canSum(value))
      sums[carry] = value;
  for (unsigned number = numCarries; number < scan->getNumResults(); ++number)
    if (Value value = yield->getOperand(number); canStack(value))
      products[number] = value;
  if (sums.empty() && products.empty())
    return 0;

  SmallVector<Value> sunk;
  SmallVector<unsigned> numbers;
  for (auto [carry, value] : sums)
    numbers.push_back(carry);
  for (auto [number, value] : products)
    numbers.push_back(number);
  SmallVector<Value> inits(scan.getInits());
  rebuild();
  for (auto [carry, value] : sums) {
    Value total = sumOf(value);
    mlir::DenseElementsAttr start;
    bool isZero = false;
    Value from = inits[carry];
    if (auto broadcast = from.getDefiningOp<BroadcastOp>())
      from = broadcast.getInput();
    if (auto constant = from.getDefiningOp<ConstantOp>()) {
      start = dyn_cast<mlir::DenseElementsAttr>(constant.getValue());
      isZero = start && start.isSplat() && start.getSplatValue<llvm::APFloat>().isPosZero();
    }
    sunk.push_back(isZero ? total : g.add(inits[carry], total));
  }
  for (auto [number, value] : products)
    sunk.push_back(allSteps(value));
  for (auto [number, value] : llvm::zip_equal(numbers, sunk))
    scan->getResult(number).replaceAllUsesWith(value);

  // Additions to sums read arguments that go, and what only they needed goes with them.
  next.getBody().takeBody(scan.getBody());
  mlir::Block &body = next.getBody().front();
  dropDeadSteps(body);
  for (unsigned carry = numCarries; carry-- > 0;)
    if (sums.count(carry))
      body.eraseArgument(carry);
  scan.erase();
  dropUnused(next);
  return numbers.size();
}

struct SinkFromScans final : impl::SinkFromScansPassBase<SinkFromScans> {
  void runOnOperation() override {
    SmallVector<ScanOp> scans;
    getOperation().walk([&](ScanOp scan) { scans.push_back(scan); });
    for (ScanOp scan : scans)
      numSunk += Sinking(scan).run();
  }
};

} // namespace
} // namespace weft
