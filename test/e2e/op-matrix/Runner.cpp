// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One module through all stages.

#include "Runner.h"

#include "codegen/Pipelines.h"
#include "ir/reference/Evaluator.h"
#include "ir/WeftDialect.h"
#include "passes/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

namespace weft::opmatrix {

using llvm::Expected;
using reference::Tensor;
using Values = std::vector<Tensor>;

void Outcome::operator+=(const Outcome &other) {
  failures.insert(failures.end(), other.failures.begin(), other.failures.end());
  functions += other.functions;
  comparisons += other.comparisons;
}

namespace {

/// One call of one function.
struct Call {
  const Case *subject;
  int64_t size;
  Values inputs, expected;
};

class ModuleRun {
public:
  ModuleRun(llvm::ArrayRef<Case> subjects, const RunnerOptions &runnerOptions)
      : cases(subjects), options(runnerOptions), context(mlir::MLIRContext::Threading::DISABLED) {
    mlir::DialectRegistry registry;
    registry.insert<WeftDialect, mlir::func::FuncDialect>();
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
      messages += (messages.empty() ? "" : "; ") + diagnostic.str();
    });
  }

  /// False if the module as a whole was refused at some stage.
  bool run();

  Outcome outcome;

private:
  bool parse();
  bool evaluateModel();
  bool runStage(StringRef name, llvm::function_ref<void(mlir::OpPassManager &)> build);
  bool runBound();
  bool runNative();
  void compare(const Call &call, StringRef stage, Expected<Values> actual);
  void fail(const Call &call, StringRef stage, const Twine &message);
  bool refuse(StringRef stage, const Twine &message);
  Expected<Values> evaluate(ModuleOp from, const Call &call);

  llvm::ArrayRef<Case> cases;
  const RunnerOptions &options;
  mlir::MLIRContext context;
  std::string messages;
  OwningOpRef<ModuleOp> module;
  std::vector<Call> calls;
};

bool ModuleRun::refuse(StringRef stage, const Twine &message) {
  std::string name = cases.size() == 1 ? cases[0].function : cases[0].group + " and others";
  outcome.failures.push_back(
      (Twine(name) + ", stage " + stage + ": " + message +
       (messages.empty() ? "" : ": " + messages) +
       (cases.size() == 1 ? "\n" + cases[0].program.text(cases[0].function) : ""))
          .str());
  return false;
}

void ModuleRun::fail(const Call &call, StringRef stage, const Twine &message) {
  outcome.failures.push_back((Twine(call.subject->function) + ", N = " + Twine(call.size) +
                              ", stage " + stage + ", " + message)
                                 .str());
}

bool ModuleRun::parse() {
  std::string text = "module @matrix {\n";
  for (const Case &each : cases)
    text += each.program.text(each.function);
  module = mlir::parseSourceString<ModuleOp>(text + "}\n", &context);
  outcome.functions += static_cast<int64_t>(cases.size());
  return module || refuse("model", "does not parse");
}

Expected<Values> ModuleRun::evaluate(ModuleOp from, const Call &call) {
  auto function = from.lookupSymbol<mlir::func::FuncOp>(call.subject->function);
  if (!function)
    return llvm::createStringError("the function is gone");
  Expected<SmallVector<Tensor>> values = reference::evaluate(function, call.inputs);
  if (!values)
    return values.takeError();
  return Values(values->begin(), values->end());
}

bool ModuleRun::evaluateModel() {
  for (const Case &each : cases)
    for (int64_t size : each.sizes) {
      Call call{&each, size, each.program.fill(context, size, options.seed), {}};
      Expected<Values> values = evaluate(*module, call);
      if (!values)
        return refuse("model", llvm::toString(values.takeError()));
      call.expected = std::move(*values);
      calls.push_back(std::move(call));
    }
  return true;
}

void ModuleRun::compare(const Call &call, StringRef stage, Expected<Values> actual) {
  if (!actual)
    return fail(call, stage, llvm::toString(actual.takeError()));
  for (auto [i, expected] : llvm::enumerate(call.expected)) {
    ++outcome.comparisons;
    std::string found = difference(expected, (*actual)[i], call.subject->tolerance);
    if (!found.empty())
      return fail(call, stage, "result " + Twine(i) + ": " + found);
  }
}

bool ModuleRun::runStage(StringRef name, llvm::function_ref<void(mlir::OpPassManager &)> build) {
  mlir::PassManager manager(&context);
  build(manager);
  if (failed(manager.run(*module)))
    return refuse(name, "the pipeline fails");
  for (const Call &call : calls)
    compare(call, name, evaluate(*module, call));
  return true;
}

/// The dynamic functions once more, with N fixed as by `--dim N=7`.
bool ModuleRun::runBound() {
  constexpr int64_t bound = 7;
  auto takesIt = [](const Call &call) {
    return call.size == bound && call.subject->sizes.size() > 1;
  };
  if (llvm::none_of(calls, takesIt))
    return true;
  OwningOpRef<ModuleOp> clone(module->clone());
  mlir::PassManager manager(&context);
  buildGraphPipeline(manager, {"N=" + std::to_string(bound)});
  if (failed(manager.run(*clone)))
    return refuse("graph with N = 7", "the pipeline fails");
  for (const Call &call : llvm::make_filter_range(calls, takesIt))
    compare(call, "graph with N bound", evaluate(*clone, call));
  return true;
}

bool ModuleRun::runNative() {
  Expected<std::unique_ptr<Native>> native = Native::compile(*module, options.native);
  if (!native)
    return refuse("native", llvm::toString(native.takeError()));
  for (const Call &call : calls)
    compare(call, "native", (*native)->call(call.subject->function, call.inputs, call.expected));
  return true;
}

bool ModuleRun::run() {
  if (!parse() || !evaluateModel() || !runBound() ||
      !runStage("graph", [](mlir::OpPassManager &manager) { buildGraphPipeline(manager); }) ||
      !runStage("kernels", [](mlir::OpPassManager &manager) { buildKernelsPipeline(manager); }))
    return false;
  return !options.runsNative || (runStage("plan", buildPlanPipeline) && runNative());
}

} // namespace

Outcome runCases(llvm::ArrayRef<Case> cases, const RunnerOptions &options) {
  ModuleRun together(cases, options);
  if (together.run() || cases.size() == 1)
    return together.outcome;
  Outcome outcome;
  for (const Case &each : cases)
    outcome += runCases(each, options);
  // The faults of the module as a whole, where no case alone shows any.
  if (outcome.failures.empty())
    outcome += together.outcome;
  return outcome;
}

} // namespace weft::opmatrix
