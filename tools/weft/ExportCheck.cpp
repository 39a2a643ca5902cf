// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes a function of an export that can be differentiated in f64, and compares it piece by piece.

#include "tools/weft/ExportCheck.h"

#include "passes/autodiff/Derivative.h"
#include "passes/Functions.h"
#include "passes/Passes.h"
#include "tools/weft/Evaluate.h"
#include "tools/weft/Origins.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

namespace weft {

using mlir::func::FuncOp;
using reference::Tensor;
using Comparison = Differences::Comparison;
using Verdict = Differences::Verdict;

/// Directions that a whole function is compared along.
static constexpr int numDirections = 3;

//===-- Inputs ------------------------------------------------------------------------------===//

/// The sizes of dimension names: those of --dim and of the data, or else the smallest that the
/// function allows of a few.
static llvm::StringMap<int64_t> sizesFor(const InterfaceExport &entry, ArrayRef<NamedArray> given,
                                         const CompileRequest &asked) {
  llvm::StringMap<int64_t> sizes;
  for (const auto &[name, size] : asked.dims)
    if (llvm::is_contained(entry.symbols, name))
      sizes[name] = size;
  for (auto [input, array] : llvm::zip(entry.inputs, given))
    for (auto [dim, size] : llvm::zip(input.dims, array.array.dims))
      if (std::optional<StringRef> name = dim.bareSymbol())
        sizes.try_emplace(*name, size);
  for (int64_t size : {3, 2, 4, 1, 8, 16, 32}) {
    llvm::StringMap<int64_t> all = sizes;
    for (const std::string &name : entry.symbols)
      all.try_emplace(name, size);
    auto isMet = [&](const InterfaceRequirement &requirement) {
      return requirement.value
                 .evaluate(
                     [&](StringRef name) -> std::optional<int64_t> { return all.lookup(name); })
                 .value_or(0) >= 0;
    };
    if (llvm::all_of(entry.requirements, isMet))
      return all;
  }
  return sizes;
}

/// Floats around 0; 0 or 1 for integers, which are numbers of classes and rows.
static Tensor randomTensor(RankedTensorType type, Differences::Random &random) {
  Tensor values(type.getElementType(), type.getShape());
  std::normal_distribution<double> real;
  std::uniform_int_distribution<int64_t> integer(0, 1);
  for (double &value : values.reals())
    value = real(random);
  for (int64_t &value : values.integers())
    value = integer(random);
  values.roundToElement();
  return values;
}

llvm::Expected<std::vector<NamedArray>> ExportCheck::inputsFrom(const CalibrationData *data) {
  if (!data)
    return std::vector<NamedArray>();
  llvm::Expected<CallData> calls = data->callsOf(entry);
  if (!calls)
    return calls.takeError();
  return calls->inputsOf(0);
}

//===-- The function ------------------------------------------------------------------------===//

/// The export alone in a module, its dimensions bound.
LogicalResult ExportCheck::isolate(ArrayRef<NamedArray> given) {
  module = compilation.module().clone();
  for (FuncOp other : llvm::make_early_inc_range(module->getOps<FuncOp>()))
    if (other.getName() != entry.name)
      other.erase();
  std::vector<std::string> dims;
  for (const auto &size : sizesFor(entry, given, compilation.options()))
    dims.push_back((size.getKey() + "=" + Twine(size.getValue())).str());
  llvm::sort(dims);
  if (failed(bindDims(*module, dims)))
    return failure();
  function = module->lookupSymbol<FuncOp>(entry.name);
  return success();
}

/// States after the call and integers are results that nothing is differentiated of.
LogicalResult ExportCheck::keepFloatResults() {
  Operation *end = function.getBody().front().getTerminator();
  SmallVector<Value> kept;
  llvm::BitVector dropped(function.getNumResults());
  for (auto [number, value] : llvm::enumerate(end->getOperands()))
    if (GraphBuilder::isFloat(value) && !function.getResultAttr(number, kStateAttr))
      kept.push_back(value);
    else
      dropped.set(number);
  end->setOperands(kept);
  eraseUnused(function);
  return function.eraseResults(dropped);
}

/// Operations that a derivative of the results for the arguments goes through, with those inside of
/// them. A function with a derivative of its own is one operation.
void ExportCheck::chooseOperations() {
  SmallVector<Value> from;
  for (Value argument : function.getArguments())
    if (GraphBuilder::isFloat(argument))
      from.push_back(argument);
  auto consider = [&](Operation *op) {
    bool hasRule = autodiff::ruleOf(op) || op->hasTrait<Composite>();
    if (hasRule && !isa<StopGradientOp>(op) &&
        llvm::any_of(autodiff::inputsOf(op), GraphBuilder::isFloat) &&
        llvm::any_of(op->getResults(), GraphBuilder::isFloat))
      findings.insert({op, Finding()});
  };
  autodiff::Ways ways(from, function.getBody().front().getTerminator()->getOperands());
  for (Operation *op : ways.operations()) {
    if (isa<CustomVjpOp>(op)) {
      consider(op);
      continue;
    }
    op->walk<mlir::WalkOrder::PreOrder>([&](Operation *inner) {
      consider(inner);
      return isa<CustomVjpOp>(inner) ? mlir::WalkResult::skip() : mlir::WalkResult::advance();
    });
  }
}

/// Runs `body` and gives the first error message that it makes, which nobody else hears.
static std::string quietly(MLIRContext *context, llvm::function_ref<LogicalResult()> body) {
  std::string message;
  mlir::ScopedDiagnosticHandler handler(context, [&](mlir::Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
    return success();
  });
  if (succeeded(body()))
    return "";
  return message.empty() ? "it has no derivative" : message;
}

LogicalResult ExportCheck::prepare(const Interface &interface, const Weights &weights,
                                   const CalibrationData *data, std::string &whyNot) {
  auto given = inputsFrom(data);
  if (!given) {
    whyNot = llvm::toString(given.takeError());
    return success();
  }
  if (failed(isolate(*given)))
    return failure();
  std::vector<NamedArray> inputs = std::move(*given);
  if (inputs.empty())
    for (mlir::BlockArgument argument : function.getArguments())
      if (!function.getArgAttr(argument.getArgNumber(), kParameterAttr)) {
        const InterfaceArgument &input = entry.inputs[inputs.size()];
        Tensor values = randomTensor(GraphBuilder::typeOf(argument), random);
        inputs.push_back(
            {input.name, {input.dtype, SmallVector<int64_t>(values.shape()), values.toBytes()}});
      }
  auto narrow = evaluatorArguments(function, interface, weights, inputs);
  if (!narrow)
    return fail(narrow.takeError());
  for (const Tensor &argument : *narrow)
    arguments.push_back(widened(argument));
  widenFloats(function);
  if (failed(keepFloatResults()))
    return failure();
  whyNot = quietly(module->getContext(), [&] { return autodiff::expandDerivatives(function); });
  if (!whyNot.empty())
    return success();
  chooseOperations();
  if (findings.empty())
    whyNot = "none of its results is a float that depends on a float";
  else
    whyNot = quietly(module->getContext(), [&] { return whole.open(function, random); });
  return success();
}

//===-- Comparison --------------------------------------------------------------------------===//

/// True if `a` says worse things than `b`.
static bool isWorse(const Comparison &a, const Comparison &b) {
  auto rank = [](const Comparison &c) {
    return std::pair(c.verdict == Verdict::Departs ? 2 : c.verdict != Verdict::Agrees, c.error);
  };
  return rank(b) < rank(a);
}

LogicalResult ExportCheck::compareWhole() {
  if (llvm::Error error = whole.moveTo(arguments))
    return fail(std::move(error));
  for (int i = 0; i < numDirections; ++i) {
    llvm::Expected<Comparison> found = whole.compare(whole.floatArguments(), random);
    if (!found)
      return fail(found.takeError());
    if (i == 0 || isWorse(*found, worst))
      worst = *found;
  }
  return success();
}

/// A function of `inputs` that consists of `op`.
FuncOp ExportCheck::functionOf(Operation &op, ArrayRef<Value> inputs, ModuleOp program) {
  OpBuilder builder = OpBuilder::atBlockEnd(program.getBody());
  SmallVector<Value> results;
  llvm::copy_if(op.getResults(), std::back_inserter(results), GraphBuilder::isFloat);
  auto alone = FuncOp::create(
      builder, op.getLoc(), "alone",
      builder.getFunctionType(ValueRange(inputs).getTypes(), ValueRange(results).getTypes()));
  mlir::Block *block = alone.addEntryBlock();
  builder.setInsertionPointToEnd(block);
  mlir::IRMapping mapping;
  mapping.map(inputs, block->getArguments());
  builder.clone(op, mapping);
  mlir::func::ReturnOp::create(builder, op.getLoc(), llvm::map_to_vector(results, [&](Value value) {
                                 return mapping.lookup(value);
                               }));
  return alone;
}

/// Each float operand by itself, so that it can be named. What does not agree at the point itself
/// is looked at beside it: there is no derivative at a kink, but one near it.
llvm::Error ExportCheck::compareAlone(Operation &op, TensorList point, Finding &finding) {
  llvm::SetVector<Value> inputs;
  for (Value input : autodiff::inputsOf(&op))
    inputs.insert(input);
  OwningOpRef<ModuleOp> program(ModuleOp::create(op.getLoc()));
  Differences alone;
  std::string whyNot = quietly(op.getContext(), [&] {
    return alone.open(functionOf(op, inputs.getArrayRef(), *program), random);
  });
  if (!whyNot.empty())
    return llvm::createStringError(whyNot);
  ++finding.timesChecked;
  if (llvm::Error error = alone.moveTo(std::move(point)))
    return error;
  bool isBeside = false;
  for (size_t i = 0; i < alone.floatArguments().size(); ++i) {
    unsigned number = alone.floatArguments()[i];
    llvm::Expected<Comparison> found = alone.compare(number, random);
    if (!found)
      return found.takeError();
    if (found->verdict != Verdict::Agrees && !isBeside) {
      isBeside = true;
      if (llvm::Error error = alone.moveTo(alone.beside(random)))
        return error;
      --i; // Once more.
      finding.timesAtKink += found->verdict == Verdict::Kink;
      continue;
    }
    if (found->verdict == Verdict::Departs && isWorse(*found, finding.comparison)) {
      finding.departs = true;
      finding.comparison = *found;
      finding.operand = number;
    }
    if (found->verdict == Verdict::Agrees || found->verdict == Verdict::Departs)
      finding.worst = std::max(finding.worst, found->error);
  }
  return llvm::Error::success();
}

/// What runs often, in a loop, is compared the 1st, 2nd, 4th, 8th, ... time.
llvm::Error ExportCheck::visit(const reference::Step &step) {
  auto *found = findings.find(&step.op);
  if (found == findings.end() || !llvm::isPowerOf2_64(++found->second.timesRun))
    return llvm::Error::success();
  // An operation around one that departs departs with it.
  for (const auto &[inner, finding] : findings)
    if (finding.departs && step.op.isProperAncestor(inner))
      return llvm::Error::success();
  llvm::SetVector<Value> inputs;
  TensorList point;
  for (Value input : autodiff::inputsOf(&step.op))
    if (inputs.insert(input))
      point.push_back(step.valueOf(input));
  return compareAlone(step.op, std::move(point), found->second);
}

LogicalResult ExportCheck::compareOperations() {
  reference::EvaluatorOptions options;
  options.observe = [this](const reference::Step &step) { return visit(step); };
  auto results = reference::evaluate(function, arguments, options);
  return results ? success() : fail(results.takeError());
}

//===-- What is said ------------------------------------------------------------------------===//

static std::string percent(double error) { return llvm::formatv("{0:P1}", error).str(); }

/// The place of an operation; that of a user's derivative is where the derivative stands.
static Location placeOf(Operation *op) {
  auto custom = dyn_cast<CustomVjpOp>(op);
  if (!custom)
    return op->getLoc();
  mlir::Block &rule = custom.getVjp().front();
  return rule.empty() ? op->getLoc() : rule.front().getLoc();
}

static std::string numbersOf(const Comparison &comparison) {
  std::string text;
  llvm::raw_string_ostream(text) << "in a random direction it is "
                                 << llvm::format("%.6g", comparison.derivative)
                                 << ", and central differences are "
                                 << llvm::format("%.6g", comparison.difference);
  return text;
}

LogicalResult ExportCheck::judge() {
  bool anyKink = false, anyDeparts = false;
  for (const auto &[op, finding] : findings) {
    anyKink |= finding.timesAtKink > 0;
    if (!finding.departs)
      continue;
    anyDeparts = true;
    bool isUsers = isa<CustomVjpOp>(op);
    mlir::InFlightDiagnostic error =
        mlir::emitError(placeOf(op))
        << (isUsers ? "this 'vjp'"
                    : "the derivative of '" + op->getName().stripDialect().str() + "'")
        << " departs from central differences by " << percent(finding.comparison.error) << " for "
        << (isUsers ? "parameter " : "operand ") << finding.operand + 1 << ": "
        << numbersOf(finding.comparison);
    if (isUsers)
      error.attachNote(op->getLoc()) << "of the function that is called here";
  }
  if (anyDeparts)
    return failure();
  if (worst.verdict == Verdict::NotFinite) {
    report.error("'" + entry.name +
                 "' or its derivative is no finite number at these inputs: "
                 "'weft run --check-finite' names what made it");
    return failure();
  }
  if (worst.verdict == Verdict::Departs && !anyKink) {
    report.error("the derivative of '" + entry.name + "' departs from central differences by " +
                 percent(worst.error) + ", though that of no operation does: " + numbersOf(worst));
    return failure();
  }
  return success();
}

LogicalResult ExportCheck::run() {
  report.progress("comparing the derivative of " + entry.name);
  if (failed(compareWhole()) || failed(compareOperations()))
    return failure();
  report.finishProgress();
  return success();
}

llvm::MapVector<StringRef, ExportCheck::Row> ExportCheck::rows() const {
  llvm::MapVector<StringRef, Row> result;
  for (const auto &[op, finding] : findings) {
    if (finding.timesChecked == 0)
      continue;
    Row &row = result[op->getName().stripDialect()];
    ++row.operations;
    row.atKink += finding.timesAtKink > 0;
    if (!row.worst || std::pair(row.worst->departs, row.worst->worst) <
                          std::pair(finding.departs, finding.worst)) {
      row.worst = &finding;
      row.where = op;
    }
  }
  return result;
}

/// How the whole function compares, in words.
static std::string describe(const Comparison &comparison) {
  switch (comparison.verdict) {
  case Verdict::Agrees:
    return llvm::formatv("agrees with central differences within {0:e1}", comparison.error);
  case Verdict::Departs:
    return "departs from central differences by " + percent(comparison.error);
  case Verdict::Kink:
    return "lies on a kink: differences to both sides disagree";
  case Verdict::NotFinite:
    break;
  }
  return "is no finite number";
}

void ExportCheck::show() const {
  llvm::raw_ostream &os = llvm::outs();
  os << entry.name << ": the derivative " << describe(worst) << "\n";
  os << llvm::formatv("  {0,-18}{1,10}{2,10}  {3}\n", "operation", "count", "worst", "where");
  for (const auto &[name, row] : rows()) {
    os << llvm::formatv("  {0,-18}{1,10}{2,10:e1}  {3}", name, row.operations, row.worst->worst,
                        originsOf(row.where, 1));
    if (row.worst->departs)
      os << "  departs";
    if (row.atKink > 0)
      os << "  " << row.atKink << " on a kink, compared beside it";
    os << "\n";
  }
  os.flush(); // Before the errors.
}

llvm::json::Object ExportCheck::toJson() const {
  llvm::json::Array operations;
  for (const auto &[name, row] : rows())
    operations.push_back(llvm::json::Object{{"operation", name},
                                            {"count", row.operations},
                                            {"worst", row.worst->worst},
                                            {"where", originsOf(row.where, 1)},
                                            {"on_kinks", row.atKink},
                                            {"departs", row.worst->departs}});
  return llvm::json::Object{{"export", entry.name},
                            {"error", worst.error},
                            {"agrees", worst.verdict == Verdict::Agrees},
                            {"on_kink", worst.verdict == Verdict::Kink},
                            {"operations", std::move(operations)}};
}

} // namespace weft
