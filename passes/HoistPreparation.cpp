// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-hoist-preparation: what an export computes from weights alone (packed filters, factors of a
// normalisation) becomes a derived parameter, which functions of their own compute when a model is
// opened.

#include "ir/WeftOps.h"
#include "passes/Functions.h"
#include "passes/KernelRules.h"
#include "passes/Passes.h"

#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/CSE.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace weft {

#define GEN_PASS_DEF_HOISTPREPARATIONPASS
#include "passes/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

/// Small results are worth their place whatever they come from: factors of a normalisation.
constexpr int64_t smallBytes = 64 << 10;

int64_t bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  int64_t bits = tensor.getElementType().getIntOrFloatBitWidth();
  return tensor.getNumElements() * std::max<int64_t>(bits / 8, 1);
}

bool isArgument(Value value) { return isa<mlir::BlockArgument>(value); }

/// Operations behind `value`, operands before users, up to the arguments.
llvm::SetVector<Operation *> sliceBehind(Value value) {
  llvm::SetVector<Operation *> ordered;
  SmallVector<std::pair<Operation *, unsigned>> path = {{value.getDefiningOp(), 0}};
  while (!path.empty()) {
    auto &[op, next] = path.back();
    if (next == op->getNumOperands()) {
      ordered.insert(op);
      path.pop_back();
      continue;
    }
    Value operand = op->getOperand(next++);
    if (!isArgument(operand) && !ordered.contains(operand.getDefiningOp()))
      path.push_back({operand.getDefiningOp(), 0});
  }
  return ordered;
}

/// What one exported function computes from weights alone.
class WeightsOnly {
public:
  WeightsOnly(FuncOp exported, const llvm::StringSet<> &changing, int64_t growth)
      : function(exported), maxGrowth(growth) {
    for (mlir::BlockArgument argument : exported.getArguments())
      if (auto name = exported.getArgAttrOfType<mlir::FlatSymbolRefAttr>(argument.getArgNumber(),
                                                                         kParameterAttr))
        if (!changing.contains(name.getValue()))
          fromWeights.insert(argument);
    function.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) { classify(op); });
    function.walk<mlir::WalkOrder::PostOrder, mlir::ReverseIterator>([&](Operation *op) {
      if (op->getNumResults() == 1 && isFrontier(op->getResult(0)) && shouldStay(op))
        fromWeights.erase(op->getResult(0));
    });
  }

  /// The values that the rest of the function reads, in program order.
  SmallVector<Value> frontier() {
    SmallVector<Value> values;
    function.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
      if (op->getNumResults() == 1 && isFrontier(op->getResult(0)))
        values.push_back(op->getResult(0));
    });
    return values;
  }

private:
  void classify(Operation *op) {
    bool isMaterial = op->hasTrait<Elementwise>() || op->hasTrait<Indexing>() ||
                      op->hasTrait<Root>() || isa<ReshapeOp, ConstantOp>(op);
    if (!isMaterial || op->getNumResults() != 1 ||
        !cast<RankedTensorType>(op->getResult(0).getType()).hasStaticShape())
      return;
    bool anyWeight = false;
    for (Value operand : op->getOperands()) {
      if (!fromWeights.contains(operand) && !generated.contains(operand))
        return;
      anyWeight |= fromWeights.contains(operand);
    }
    (anyWeight ? fromWeights : generated).insert(op->getResult(0));
  }

  bool isFrontier(Value value) {
    return fromWeights.contains(value) && llvm::any_of(value.getUsers(), [&](Operation *user) {
             return user->getNumResults() != 1 || !fromWeights.contains(user->getResult(0));
           });
  }

  /// Cheaper to do at every use than to keep the result.
  bool shouldStay(Operation *op) {
    if (isa<ReshapeOp, BroadcastOp>(op))
      return true;
    Value value = op->getResult(0);
    if (isView(op) && llvm::none_of(value.getUses(), [&](mlir::OpOperand &use) {
          return needsBuffer(use) || isa<ReshapeOp>(use.getOwner());
        }))
      return true;
    int64_t sources = 0;
    llvm::SetVector<Value> seen;
    for (Operation *behind : sliceBehind(value))
      for (Value operand : behind->getOperands())
        if (isArgument(operand) && seen.insert(operand))
          sources += bytesOf(operand.getType());
    return bytesOf(value.getType()) > std::max(smallBytes, maxGrowth * sources);
  }

  FuncOp function;
  int64_t maxGrowth;
  llvm::DenseSet<Value> fromWeights, generated;
};

/// Collects the computations of all exports in one function, where equal ones become one.
class Preparation {
public:
  explicit Preparation(ModuleOp owner)
      : module(owner), builder(owner.getContext()),
        all(FuncOp::create(owner.getLoc(), "all", builder.getFunctionType({}, {}))),
        body(all.addEntryBlock()) {}
  ~Preparation() { all->erase(); }

  void add(FuncOp function, Value value) {
    builder.setInsertionPointToEnd(body);
    llvm::SetVector<Operation *> behind = sliceBehind(value);
    mlir::IRMapping mapping;
    for (Operation *op : behind) {
      for (Value operand : op->getOperands())
        if (auto argument = dyn_cast<mlir::BlockArgument>(operand))
          mapping.map(operand, weight(function, argument));
      builder.clone(*op, mapping);
    }
    wanted.push_back({function, value});
    made.push_back(mapping.lookup(value));
  }

  /// Makes equal computations one, then writes functions and derived parameters, and has the
  /// exports read these.
  LogicalResult finish(uint64_t groupBytes);

  unsigned numDerived = 0, numHoisted = 0;

private:
  Value weight(FuncOp function, mlir::BlockArgument argument) {
    auto name =
        function.getArgAttrOfType<mlir::FlatSymbolRefAttr>(argument.getArgNumber(), kParameterAttr);
    Value &place = weights[name];
    if (!place)
      place = body->addArgument(argument.getType(), argument.getLoc());
    return place;
  }

  void mergeEqual();
  std::string nameFor(Value derived);
  void addParameter(Value derived, StringRef name);
  void writeFunction(ArrayRef<Value> derived);
  LogicalResult replace(FuncOp function, Value value, Value derived);

  ModuleOp module;
  OpBuilder builder;
  FuncOp all;
  mlir::Block *body;
  llvm::MapVector<Attribute, Value> weights; ///< By their symbols: arguments of `all`.
  SmallVector<std::pair<FuncOp, Value>> wanted;
  SmallVector<Value> made; ///< For each wanted value, the one in `all`.
  llvm::MapVector<Value, std::string> names;
  unsigned numFunctions = 0;
};

void Preparation::mergeEqual() {
  builder.setInsertionPointToEnd(body);
  auto end = mlir::func::ReturnOp::create(builder, all.getLoc(), made);
  mlir::IRRewriter rewriter(all.getContext());
  mlir::DominanceInfo dominance(all);
  mlir::eliminateCommonSubExpressions(rewriter, dominance, all);
  made = SmallVector<Value>(end.getOperands());
}

/// `<weight>.prepared`, after the largest weight behind it.
std::string Preparation::nameFor(Value derived) {
  Value largest;
  for (Operation *op : sliceBehind(derived))
    for (Value operand : op->getOperands())
      if (isArgument(operand) &&
          (!largest || bytesOf(operand.getType()) > bytesOf(largest.getType())))
        largest = operand;
  std::string base = "weight";
  for (auto &[symbol, value] : weights)
    if (value == largest)
      base = cast<mlir::FlatSymbolRefAttr>(symbol).getValue().str();
  base += ".prepared";
  std::string name = base;
  mlir::SymbolTable symbols(module);
  for (unsigned number = 2; symbols.lookup(name); ++number)
    name = base + "." + std::to_string(number);
  return name;
}

void Preparation::addParameter(Value derived, StringRef name) {
  // Behind the parameters that are there.
  Operation *last = nullptr;
  for (auto parameter : module.getOps<ParameterOp>())
    last = parameter;
  builder.setInsertionPointAfter(last);
  ParameterOp::create(builder, derived.getLoc(), builder.getStringAttr(name),
                      mlir::TypeAttr::get(derived.getType()),
                      ParameterKindAttr::get(builder.getContext(), ParameterKind::Derived),
                      /*doc=*/StringAttr(), /*sym_visibility=*/StringAttr());
}

void Preparation::writeFunction(ArrayRef<Value> derived) {
  llvm::SetVector<Operation *> behind;
  for (Value value : derived)
    behind.insert_range(sliceBehind(value));
  builder.setInsertionPointToEnd(module.getBody());
  std::string name = kPreparePrefix.str() + std::to_string(numFunctions++);
  SmallVector<Type> results =
      llvm::map_to_vector(derived, [](Value value) { return value.getType(); });
  auto function =
      FuncOp::create(builder, module.getLoc(), name, builder.getFunctionType({}, results));
  function->setAttr(kExportAttr, builder.getUnitAttr());
  mlir::Block *block = function.addEntryBlock();
  SmallVector<Type> arguments;
  SmallVector<Attribute> symbols;
  mlir::IRMapping mapping;
  for (auto &[symbol, value] : weights) {
    bool isRead =
        llvm::any_of(value.getUsers(), [&](Operation *op) { return behind.contains(op); });
    if (!isRead)
      continue;
    mapping.map(value, block->addArgument(value.getType(), value.getLoc()));
    arguments.push_back(value.getType());
    symbols.push_back(symbol);
  }
  function.setFunctionType(builder.getFunctionType(arguments, results));
  for (auto [i, symbol] : llvm::enumerate(symbols))
    function.setArgAttr(static_cast<unsigned>(i), kParameterAttr, symbol);
  for (auto [i, value] : llvm::enumerate(derived))
    function.setResultAttr(static_cast<unsigned>(i), kNameAttr,
                           builder.getStringAttr(names[value]));
  builder.setInsertionPointToEnd(block);
  for (Operation *op : behind)
    builder.clone(*op, mapping);
  numHoisted += behind.size();
  mlir::func::ReturnOp::create(
      builder, function.getLoc(),
      llvm::map_to_vector(derived, [&](Value value) { return mapping.lookup(value); }));
}

/// Users that are themselves only of use to derived values die with the next simplification.
LogicalResult Preparation::replace(FuncOp function, Value value, Value derived) {
  auto symbol = mlir::FlatSymbolRefAttr::get(module.getContext(), names[derived]);
  for (mlir::BlockArgument argument : function.getArguments())
    if (function.getArgAttr(argument.getArgNumber(), kParameterAttr) == symbol) {
      value.replaceAllUsesWith(argument);
      return success();
    }
  unsigned place = function.getNumArguments();
  auto attributes = builder.getDictionaryAttr(builder.getNamedAttr(kParameterAttr, symbol));
  if (failed(function.insertArgument(place, value.getType(), attributes, value.getLoc())))
    return failure();
  value.replaceAllUsesWith(function.getArgument(place));
  return success();
}

LogicalResult Preparation::finish(uint64_t groupBytes) {
  if (wanted.empty())
    return success();
  mergeEqual();
  SmallVector<Value> group;
  uint64_t bytes = 0;
  auto flush = [&] {
    if (!group.empty())
      writeFunction(group);
    group.clear();
    bytes = 0;
  };
  for (Value derived : made) {
    if (names.contains(derived))
      continue;
    std::string name = nameFor(derived);
    names[derived] = name;
    addParameter(derived, name);
    ++numDerived;
    group.push_back(derived);
    bytes += static_cast<uint64_t>(bytesOf(derived.getType()));
    if (bytes >= groupBytes)
      flush();
  }
  flush();
  for (auto [place, derived] : llvm::zip_equal(wanted, made))
    if (failed(replace(place.first, place.second, derived)))
      return failure();
  return success();
}

struct HoistPreparation final : impl::HoistPreparationPassBase<HoistPreparation> {
  using HoistPreparationPassBase::HoistPreparationPassBase;

  void runOnOperation() override {
    SmallVector<FuncOp> exports = exportsOf(getOperation());
    llvm::StringSet<> changing = changingStates(getOperation());
    Preparation preparation(getOperation());
    for (FuncOp function : exports)
      for (Value value : WeightsOnly(function, changing, maxGrowth).frontier())
        preparation.add(function, value);
    if (failed(preparation.finish(groupBytes)))
      return signalPassFailure();
    for (FuncOp function : exports)
      eraseUnused(function);
    numDerived += preparation.numDerived;
    numHoisted += preparation.numHoisted;
  }
};

} // namespace
} // namespace weft
