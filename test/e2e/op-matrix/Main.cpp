// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every operation of the dialect, on every element type that it takes, with static and dynamic
// shapes and uneven sizes: the evaluator against itself after each stage, and against compiled
// code. An operation without a case fails the test.
//
//   op-matrix [--long] [--only softmax] [--share 2] [--seed 7] [--random 200] [--no-native]
//             [--cpu x86-64-v3]

#include "Runner.h"

#include "ir/WeftDialect.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/xxhash.h"

#include <atomic>
#include <mutex>
#include <thread>

using namespace weft::opmatrix;
namespace cl = llvm::cl;

static cl::opt<bool> runLong("long", cl::desc("all static sizes, and more random programs"));
static cl::opt<std::string> only("only", cl::desc("cases whose name contains this"));
static cl::opt<uint64_t> share("share", cl::init(1),
                               cl::desc("one of so many cases, chosen by name"));
static cl::opt<uint64_t> seed("seed", cl::init(1), cl::desc("of inputs and random programs"));
static cl::opt<int64_t> randomCount("random", cl::init(-1), cl::desc("number of random programs"));
static cl::opt<bool> noNative("no-native", cl::desc("only the evaluator, at each stage"));
static cl::opt<std::string> cpu("cpu", cl::desc("processor to compile for; the host's if empty"));
static cl::opt<int> jobs("jobs", cl::init(0), cl::desc("modules at once; all cores if 0"));
static cl::opt<int> perModule("per-module", cl::init(16), cl::desc("functions in one module"));

/// What others make of the operations, declarations, and what the stage `graph` has no more
/// (derivatives have test/e2e/gradients.py): these have no cases of their own.
static const std::set<std::string> withoutCase = {
    "weft.kernel", "weft.launch", "weft.yield",         "weft.parameter",
    "weft.vjp",    "weft.jvp",    "weft.stop_gradient", "weft.custom_vjp"};

/// Names of registered operations that no case covers.
static std::vector<std::string> uncovered(const Suite &suite) {
  mlir::DialectRegistry registry;
  registry.insert<weft::WeftDialect>();
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  std::vector<std::string> missing;
  for (mlir::RegisteredOperationName name : context.getRegisteredOperations()) {
    std::string text = name.getStringRef().str();
    if (name.getDialectNamespace() == "weft" && !suite.operations().count(text) &&
        !withoutCase.count(text))
      missing.push_back(text);
  }
  return missing;
}

/// Runs modules of some functions each on several threads; outcomes keep their order.
static Outcome runAll(const std::vector<Case> &cases, const RunnerOptions &options) {
  size_t each = static_cast<size_t>(perModule), count = (cases.size() + each - 1) / each;
  std::vector<Outcome> outcomes(count);
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i = next++; i < count; i = next++) {
      size_t first = i * each;
      llvm::ArrayRef<Case> part(cases);
      outcomes[i] = runCases(part.slice(first, std::min(each, cases.size() - first)), options);
    }
  };
  unsigned cores = jobs > 0 ? jobs : std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::thread> threads;
  threads.reserve(cores);
  for (unsigned i = 0; i < cores; ++i)
    threads.emplace_back(work);
  for (std::thread &thread : threads)
    thread.join();
  Outcome all;
  for (const Outcome &outcome : outcomes)
    all += outcome;
  return all;
}

static std::vector<Case> chosen(const Suite &suite) {
  std::vector<Case> cases;
  for (const Case &each : suite.cases())
    if (llvm::StringRef name(each.function);
        name.contains(only.getValue()) &&
        llvm::xxh3_64bits(name) % std::max<uint64_t>(1, share) == 0)
      cases.push_back(each);
  return cases;
}

static void addAllCases(Suite &suite) {
  addElementwiseCases(suite);
  addMovementCases(suite);
  addIndexingCases(suite);
  addReductionCases(suite);
  addContractionCases(suite);
  addChannelsLastCases(suite);
  addNormalisationCases(suite);
  addStructureCases(suite);
  addFusionCases(suite);
  addCompositionCases(suite);
  addShuffleCases(suite);
  int64_t usualCount = runLong ? 400 : 60;
  addRandomCases(suite, seed, randomCount >= 0 ? randomCount : usualCount);
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "Compares compiled code with the reference evaluator\n");
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  Suite suite(runLong);
  addAllCases(suite);
  // The linker resets the options of the command line: nothing of them is read after it has run.
  bool runsBatches = !noNative && only.empty();
  RunnerOptions options{.native = {.runtimeArchive = WEFT_RUNTIME_ARCHIVE, .cpu = cpu},
                        .runsNative = !noNative,
                        .seed = seed};

  Outcome outcome = runAll(chosen(suite), options);
  for (const std::string &operation : uncovered(suite))
    outcome.failures.push_back(operation + " has no case");
  if (runsBatches)
    outcome += runBatchInvariance(options);

  for (const std::string &failure : outcome.failures)
    llvm::errs() << "FAILED " << failure << "\n";
  llvm::outs() << outcome.functions << " functions, " << outcome.comparisons << " comparisons, "
               << outcome.failures.size() << " failures\n";
  return outcome.failures.empty() ? 0 : 1;
}
