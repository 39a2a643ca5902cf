// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-merge-contractions: contractions of one input with several weights become one with the
// weights side by side, where the count of cycles says that it takes less time.

#include "passes/Functions.h"
#include "passes/KernelRules.h"
#include "passes/layouts/PackedProduct.h"
#include "passes/Notes.h"
#include "passes/Passes.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

namespace weft {

#define GEN_PASS_DEF_MERGECONTRACTIONSPASS
#include "passes/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

/// A contraction of a computed value with a weight, and the bias that follows.
struct Branch {
  ContractOp op;
  ProductForm form;
  AddOp sum = nullptr; ///< Of the contraction and `bias`; null if there is none.
  BroadcastOp bias = nullptr;

  Value result() { return sum ? sum.getResult() : op.getResult(); }
  PanelProduct panels() { return form.panels(op.getResult().getType().getElementType()); }
  // Weights, and so results, stand side by side along the first letter of the columns.
  int64_t weightAxis() const { return axisIn(form.weightLabels); }
  int64_t axis() const { return axisIn(form.resultLabels); }
  Dim size() { return GraphBuilder::dims(op.getResult())[axis()]; }

private:
  int64_t axisIn(StringRef labels) const {
    return static_cast<int64_t>(labels.find(form.columns.front()));
  }
};

/// Branches of one input that differ in weights and biases alone, in program order.
using Family = SmallVector<Branch>;

/// The bias that the only user of the contraction adds, if it has a number for each place of the
/// axis along which branches stand side by side.
void findBias(Branch &branch) {
  if (!branch.op->hasOneUse())
    return;
  auto sum = dyn_cast<AddOp>(*branch.op->user_begin());
  if (!sum || sum->getBlock() != branch.op->getBlock())
    return;
  Value other = sum->getOperand(sum->getOperand(0) == branch.op.getResult() ? 1 : 0);
  auto spread = other.getDefiningOp<BroadcastOp>();
  if (!spread || !followsFromWeights(spread.getInput()) ||
      spread.getDims() != ArrayRef(branch.axis()) ||
      GraphBuilder::dims(spread.getInput())[0] != branch.size())
    return;
  branch.sum = sum;
  branch.bias = spread;
}

/// True if the two differ in their weights and biases alone.
bool areSiblings(Branch &a, Branch &b) {
  auto rest = [](Branch &branch) {
    SmallVector<Dim> dims = GraphBuilder::dims(branch.form.weight);
    dims.erase(dims.begin() + branch.weightAxis());
    return dims;
  };
  return a.op->getBlock() == b.op->getBlock() && a.form.rows == b.form.rows &&
         a.form.rowLabels == b.form.rowLabels &&
         a.op->getAttrDictionary() == b.op->getAttrDictionary() &&
         GraphBuilder::element(a.form.weight) == GraphBuilder::element(b.form.weight) &&
         GraphBuilder::element(a.op.getResult()) == GraphBuilder::element(b.op.getResult()) &&
         rest(a) == rest(b);
}

void collectParameters(Value value, llvm::SetVector<Attribute> &symbols) {
  if (auto argument = dyn_cast<mlir::BlockArgument>(value)) {
    auto function = cast<FuncOp>(argument.getOwner()->getParentOp());
    symbols.insert(function.getArgAttr(argument.getArgNumber(), kParameterAttr));
    return;
  }
  for (Value operand : value.getDefiningOp()->getOperands())
    collectParameters(operand, symbols);
}

/// The parameters that the weights of `family` follow from, in the order in which they are met.
SmallVector<Attribute> parametersOf(Family &family) {
  llvm::SetVector<Attribute> symbols;
  for (Branch &branch : family)
    collectParameters(branch.form.weight, symbols);
  return symbols.takeVector();
}

//===-- What it costs ------------------------------------------------------------------------===//

/// True if some reader wants a value in one piece, and so would have a slice copied. The others
/// read the slice where it lies.
bool isWantedWhole(Value value) {
  return llvm::any_of(value.getUses(), [&](mlir::OpOperand &use) {
    Operation *user = use.getOwner();
    if (user->getBlock() == value.getParentBlock() && isView(user))
      return isWantedWhole(user->getResult(0));
    return user->getBlock() != value.getParentBlock() || !isRoot(user) ||
           (needsBuffer(use) && !readsThroughViews(use));
  });
}

/// How long branches take, in half cycles of one core.
///
/// A row of sums takes a register for each started 16 columns, say, and in it a product for each
/// element that is summed: two in a cycle, unless there are so few that a register of weights, or
/// the product before, is waited for. A copy takes a cycle an element.
struct Cost {
  int64_t vectorBytes;

  int64_t ofProduct(const PanelProduct &product, int64_t inner) const {
    auto registers = static_cast<int64_t>(
        llvm::divideCeil(product.outputs, PanelTarget{vectorBytes}.lanes(product.sum)));
    return inner * std::max({rowsOf(product) * registers, 2 * registers, int64_t(8)}) + aKernel;
  }
  static int64_t ofCopy(const PanelProduct &product) {
    return 2 * rowsOf(product) * product.outputs + aKernel;
  }

  /// What a family takes side by side, as a part of what it takes apart.
  double ratio(Family &family) const {
    PanelProduct all = family.front().panels();
    int64_t inner =
        cast<RankedTensorType>(family.front().form.weight.getType()).getNumElements() / all.outputs;
    int64_t apart = 0, copies = 0;
    all.outputs = 0;
    for (Branch &branch : family) {
      PanelProduct product = branch.panels();
      all.outputs += product.outputs;
      apart += ofProduct(product, inner);
      copies += isWantedWhole(branch.result()) ? ofCopy(product) : 0;
    }
    return static_cast<double>(ofProduct(all, inner) + copies) / static_cast<double>(apart);
  }

private:
  static constexpr int64_t aKernel = 1000;
  static int64_t rowsOf(const PanelProduct &product) { return product.rows.value_or(1 << 12); }
};

//===-- Which belong together ---------------------------------------------------------------===//

void note(Family &family, const Twine &why) {
  for (Branch &branch : family)
    branch.op->setLoc(noted(branch.op->getContext(), {branch.op->getLoc()},
                            ("apart from contractions of the same input, since " + why).str()));
}

/// Finds what is to be merged in a module.
class Families {
public:
  Families(ModuleOp module, Cost count) : cost(count), changing(changingStates(module)) {
    for (FuncOp function : exportsOf(module)) {
      countUses(function);
      function.walk([&](ContractOp op) { add(op); });
    }
    llvm::erase_if(all, [&](Family &family) { return family.size() < 2 || !pays(family); });
    for (Family &family : all)
      ++numFamilies[keyOf(family)];
    llvm::erase_if(all, [&](Family &family) { return isReadElsewhere(family); });
  }

  std::vector<Family> all;

private:
  void countUses(FuncOp function) {
    for (mlir::BlockArgument argument : function.getArguments())
      if (Attribute symbol = function.getArgAttr(argument.getArgNumber(), kParameterAttr))
        numUses[symbol] += static_cast<unsigned>(llvm::range_size(argument.getUses()));
  }

  void add(ContractOp op) {
    std::optional<ProductForm> form = ProductForm::of(op);
    if (!form || reachesState(form->weight, changing))
      return;
    Branch branch{op, *form};
    findBias(branch);
    auto place = llvm::find_if(all, [&](Family &f) { return areSiblings(f[0], branch); });
    if (place == all.end())
      all.push_back({branch});
    else
      place->push_back(branch);
  }

  /// True if it takes a twentieth less time, if need be without those that would be copied.
  bool pays(Family &family) const {
    constexpr double most = 0.95;
    double together = cost.ratio(family);
    if (together <= most)
      return true;
    std::string why = llvm::formatv("together they would take {0:F2} of the time", together).str();
    Family rest, copied;
    for (Branch &branch : family)
      (isWantedWhole(branch.result()) ? copied : rest).push_back(branch);
    bool restPays = rest.size() > 1 && cost.ratio(rest) <= most;
    note(restPays ? copied : family, why);
    family = std::move(rest);
    return restPays;
  }

  /// Families of several functions with the same parameters share what is packed for them.
  static Attribute keyOf(Family &family) {
    return mlir::ArrayAttr::get(family[0].op->getContext(), parametersOf(family));
  }

  /// True if something else reads one of its weights, which would be kept twice.
  bool isReadElsewhere(Family &family) {
    unsigned number = numFamilies.lookup(keyOf(family));
    bool isRead = llvm::any_of(parametersOf(family),
                               [&](Attribute symbol) { return numUses.lookup(symbol) != number; });
    if (isRead)
      note(family, "one of their weights is read elsewhere, and would be kept twice");
    return isRead;
  }

  Cost cost;
  llvm::StringSet<> changing;
  llvm::DenseMap<Attribute, unsigned> numUses;     ///< By parameter, in all exports.
  llvm::DenseMap<Attribute, unsigned> numFamilies; ///< With equal keys.
};

//===-- Rewriting ---------------------------------------------------------------------------===//

/// Moves what `value` follows from in its block before `place`.
void moveBefore(Value value, Operation *place) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != place->getBlock() || op->isBeforeInBlock(place))
    return;
  for (Value operand : op->getOperands())
    moveBefore(operand, place);
  op->moveBefore(place);
}

/// The weights side by side.
Value weightsOf(GraphBuilder &b, Family &family) {
  SmallVector<Value> parts;
  for (Branch &branch : family) {
    moveBefore(branch.form.weight, family.front().op);
    parts.push_back(branch.form.weight);
  }
  return b.concat(parts, family.front().weightAxis());
}

/// The biases in a row. Who has none adds -0.0, which leaves every number as it is.
Value biasesOf(GraphBuilder &b, Family &family) {
  SmallVector<Value> parts;
  for (Branch &branch : family) {
    if (branch.bias)
      moveBefore(branch.bias.getInput(), family.front().op);
    parts.push_back(
        branch.bias ? branch.bias.getInput()
                    : b.splat(GraphBuilder::element(branch.op.getResult()), -0.0, {branch.size()}));
  }
  return b.concat(parts, 0);
}

void merge(Family &family) {
  Branch &first = family.front();
  SmallVector<Location> locations;
  for (Branch &branch : family)
    locations.push_back(branch.op->getLoc());
  OpBuilder ops(first.op);
  GraphBuilder b(ops, ops.getFusedLoc(locations));
  Value weights = weightsOf(b, family), rows = first.form.rows;
  bool isOnRight = first.op.getLhs() == rows;
  Value all = b.contract(first.op.getEquation(), isOnRight ? rows : weights,
                         isOnRight ? weights : rows, GraphBuilder::element(first.op.getResult()));
  all.getDefiningOp()->setAttrs(first.op->getAttrDictionary());
  all.getDefiningOp()->setLoc(noted(ops.getContext(), locations,
                                    std::to_string(family.size()) +
                                        " contractions of one input, their weights side by side"));
  if (llvm::any_of(family, [](Branch &branch) { return branch.sum; }))
    all = b.add(all, b.broadcast(biasesOf(b, family), {first.axis()}, b.dims(all)));
  Dim start(0);
  for (Branch &branch : family) {
    Dim end = start + branch.size();
    branch.result().replaceAllUsesWith(b.sliceAxis(all, first.axis(), start, end));
    start = end;
  }
  assert(b.isGood() && "siblings have one form");
  for (Branch &branch : family) {
    if (branch.sum)
      branch.sum->erase();
    branch.op->erase();
  }
}

struct MergeContractions final : impl::MergeContractionsPassBase<MergeContractions> {
  using MergeContractionsPassBase::MergeContractionsPassBase;

  void runOnOperation() override {
    for (Family &family : Families(getOperation(), {vectorBytes}).all) {
      merge(family);
      ++numMerged;
      numContractions += family.size();
    }
  }
};

} // namespace
} // namespace weft
