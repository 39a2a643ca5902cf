// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Notes each operation the first time that it gives a NaN or an infinity, with which of its
// operands held one then; and goes back along them.

#include "tools/weft/NonFinite.h"

#include "ir/WeftOps.h"
#include "passes/autodiff/Derivative.h"
#include "tools/weft/Evaluate.h"

#include <cmath>

namespace weft {

using mlir::func::FuncOp;
using reference::Tensor;

namespace {

struct Kinds {
  bool nan = false, infinity = false;
  bool any() const { return nan || infinity; }
};

/// What made the first one, and what of.
struct Origin {
  Value value;
  bool nan = false, fromInfinity = false;
};

class Trace {
public:
  llvm::Error observe(const reference::Step &step);
  void addArgument(Value argument, const Tensor &tensor);
  /// Where a NaN, or an infinity, of `value` began.
  Origin follow(Value value, bool nan);

private:
  /// The first time that a value held one, and the operands that held some before.
  struct Event {
    SmallVector<std::pair<Value, Kinds>> inputs;
  };
  using Events = llvm::DenseMap<Value, Event>;

  const Events &eventsOf(bool nan) const { return nan ? nans : infinities; }
  bool holds(Value value, bool nan) const { return eventsOf(nan).count(value) != 0; }
  /// Where the value of a region's argument, or of the result of an operation with regions, comes
  /// from; null where it is made.
  Value passedFrom(Value value, bool nan) const;
  /// The first of them that held one and has not been gone through.
  Value firstThat(ArrayRef<Value> candidates, bool nan) const;

  Events nans, infinities;
  llvm::DenseSet<Value> visitedNans, visitedInfinities;
};

} // namespace

static Kinds kindsOf(const Tensor &tensor) {
  Kinds kinds;
  for (double number : tensor.reals()) {
    kinds.nan |= std::isnan(number);
    kinds.infinity |= std::isinf(number);
  }
  return kinds;
}

//===-- Noting ------------------------------------------------------------------------------===//

llvm::Error Trace::observe(const reference::Step &step) {
  for (auto [value, tensor] : llvm::zip_equal(step.op.getResults(), step.results)) {
    Kinds kinds = kindsOf(*tensor);
    if (!kinds.any())
      continue;
    Event event;
    for (Value input : autodiff::inputsOf(&step.op))
      if (Kinds had = kindsOf(step.valueOf(input)); had.any())
        event.inputs.push_back({input, had});
    if (kinds.nan)
      nans.try_emplace(value, event);
    if (kinds.infinity)
      infinities.try_emplace(value, event);
  }
  return llvm::Error::success();
}

void Trace::addArgument(Value argument, const Tensor &tensor) {
  Kinds kinds = kindsOf(tensor);
  if (kinds.nan)
    nans.try_emplace(argument);
  if (kinds.infinity)
    infinities.try_emplace(argument);
}

//===-- Going back --------------------------------------------------------------------------===//

Value Trace::firstThat(ArrayRef<Value> candidates, bool nan) const {
  const auto *found = llvm::find_if(candidates, [&](Value value) {
    return (holds(value, nan) || isa<mlir::BlockArgument>(value)) &&
           !(nan ? visitedNans : visitedInfinities).contains(value);
  });
  return found == candidates.end() ? Value() : *found;
}

static Value yielded(mlir::Region &region, unsigned number) {
  return region.front().getTerminator()->getOperand(number);
}

Value Trace::passedFrom(Value value, bool nan) const {
  if (auto argument = dyn_cast<mlir::BlockArgument>(value)) {
    unsigned number = argument.getArgNumber();
    Operation *parent = argument.getOwner()->getParentOp();
    if (isa<FuncOp>(parent))
      return Value();
    // A carry comes from before the loop, or else from an earlier step.
    SmallVector<Value> candidates = {parent->getOperand(number)};
    if (auto scan = dyn_cast<ScanOp>(parent); scan && number < scan.getInits().size())
      candidates.push_back(yielded(scan.getBody(), number));
    if (auto loop = dyn_cast<WhileOp>(parent))
      candidates.push_back(yielded(loop.getBodyRegion(), number));
    return firstThat(candidates, nan);
  }
  Operation *op = value.getDefiningOp();
  unsigned number = cast<mlir::OpResult>(value).getResultNumber();
  SmallVector<Value> candidates;
  for (mlir::Region &region : op->getRegions())
    if (region.front().getTerminator()->getNumOperands() == op->getNumResults())
      candidates.push_back(yielded(region, number));
  if (op->getNumRegions() > 0 && !isa<IfOp>(op) && number < op->getNumOperands())
    candidates.push_back(op->getOperand(number)); // A loop of no steps.
  return firstThat(candidates, nan);
}

/// Ends, since nothing is gone through twice.
Origin Trace::follow(Value value, bool nan) {
  while (true) {
    (nan ? visitedNans : visitedInfinities).insert(value);
    if (Value from = passedFrom(value, nan)) {
      value = from;
      continue;
    }
    SmallVector<Value> withNan, withInfinity;
    if (auto event = eventsOf(nan).find(value); event != eventsOf(nan).end())
      for (const auto &[input, kinds] : event->second.inputs) {
        if (kinds.nan)
          withNan.push_back(input);
        if (kinds.infinity)
          withInfinity.push_back(input);
      }
    if (Value input = nan ? firstThat(withNan, true) : firstThat(withInfinity, false)) {
      value = input;
      continue;
    }
    Value infinity = nan ? firstThat(withInfinity, false) : Value();
    if (!infinity)
      return {value, nan, false};
    // One that a computation made is where it began; one that the model writes or takes, as a mask
    // does, is as it should be, and became NaN here.
    Origin origin = follow(infinity, /*nan=*/false);
    Operation *maker = origin.value.getDefiningOp();
    return maker && !isa<ConstantOp>(maker) ? origin : Origin{value, true, true};
  }
}

//===-- What is said ------------------------------------------------------------------------===//

std::string NonFinite::text() const {
  std::string made = isNan ? "NaN" : "an infinity", reached = reachedAsNan ? "NaN" : "an infinity";
  std::string text =
      maker + (isArgument
                   ? " holds " + made + " before the call"
                   : " makes " + made + " of " +
                         (fromInfinity ? "an infinity that is written in the model or given to it"
                                       : "finite numbers"));
  return text + "; " + result + " holds " + (isNan == reachedAsNan ? "it" : reached);
}

/// "the input 'x'", "the parameter 'w'"
static std::string argumentName(FuncOp function, unsigned number) {
  if (auto name = function.getArgAttrOfType<mlir::FlatSymbolRefAttr>(number, kParameterAttr))
    return "the parameter '" + name.getValue().str() + "'";
  auto name = function.getArgAttrOfType<StringAttr>(number, kNameAttr);
  return "the input '" + (name ? name.getValue().str() : std::to_string(number)) + "'";
}

static std::string resultName(FuncOp function, unsigned number) {
  if (auto name = function.getResultAttrOfType<mlir::FlatSymbolRefAttr>(number, kStateAttr))
    return "the new value of '" + name.getValue().str() + "'";
  auto name = function.getResultAttrOfType<StringAttr>(number, kNameAttr);
  return "the result '" + (name ? name.getValue().str() : std::to_string(number)) + "'";
}

static NonFinite describe(FuncOp function, const Origin &origin, unsigned result, bool isNan) {
  NonFinite found;
  found.isNan = origin.nan;
  found.fromInfinity = origin.fromInfinity;
  found.result = resultName(function, result);
  found.reachedAsNan = isNan;
  auto argument = dyn_cast<mlir::BlockArgument>(origin.value);
  Operation *op = argument ? argument.getOwner()->getParentOp() : origin.value.getDefiningOp();
  if (!isa<FuncOp>(op)) {
    found.location = op->getLoc();
    found.maker = "'" + op->getName().stripDialect().str() + "'";
  } else {
    found.location = mlir::UnknownLoc::get(function.getContext());
    found.maker = argumentName(function, argument.getArgNumber());
    found.isArgument = true;
  }
  return found;
}

//===-- Finding -----------------------------------------------------------------------------===//

llvm::Expected<std::optional<NonFinite>> findNonFinite(FuncOp function, const Interface &interface,
                                                       const Weights &weights,
                                                       ArrayRef<NamedArray> inputs) {
  auto arguments = evaluatorArguments(function, interface, weights, inputs);
  if (!arguments)
    return arguments.takeError();
  Trace trace;
  for (auto [value, tensor] : llvm::zip_equal(function.getArguments(), *arguments))
    trace.addArgument(value, tensor);
  reference::EvaluatorOptions options;
  options.observe = [&](const reference::Step &step) { return trace.observe(step); };
  auto results = reference::evaluate(function, *arguments, options);
  if (!results)
    return results.takeError();
  Operation *end = function.getBody().front().getTerminator();
  for (bool states : {false, true})
    for (auto [number, result] : llvm::enumerate(*results)) {
      Kinds kinds = kindsOf(result);
      if (!kinds.any() || (function.getResultAttr(number, kStateAttr) != nullptr) != states)
        continue;
      Origin origin = trace.follow(end->getOperand(number), kinds.nan);
      return describe(function, origin, number, kinds.nan);
    }
  return std::nullopt;
}

void sayNonFinite(const Compilation &compilation, const InterfaceExport &function,
                  const Interface &interface, ArrayRef<NamedArray> inputs, StringRef wrong,
                  llvm::function_ref<llvm::Expected<Weights>(Compilation &)> weights) {
  Report &report = compilation.report();
  report.progress("looking for what is not finite");
  CompileRequest anySize = compilation.options();
  anySize.versions.clear();
  Compilation again(report, anySize);
  if (failed(again.load()) || failed(again.advanceTo(ModelStage::Graph)))
    return;
  llvm::Expected<Weights> before = weights(again);
  if (!before) {
    report.error(before.takeError());
    return;
  }
  auto body = again.module().lookupSymbol<mlir::func::FuncOp>(function.name);
  auto found = findNonFinite(body, interface, *before, inputs);
  if (!found)
    report.error(found.takeError());
  else if (*found && (*found)->isArgument)
    report.error((*found)->text());
  else if (*found)
    mlir::emitError(Location((*found)->location)) << (*found)->text();
  else
    report.error("the result '" + wrong +
                 "' holds NaN or an infinity, but the evaluator's does not: the numbers that are "
                 "summed are near the limit of their type");
}

} // namespace weft
