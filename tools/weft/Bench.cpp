// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft bench: calls one function of a compiled model again and again and says how long it takes.

#include "tools/weft/CommandLine.h"
#include "tools/weft/Inputs.h"
#include "tools/weft/Loaded.h"
#include "tools/weft/Verbs.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"

#include <chrono>

namespace cl = llvm::cl;

namespace weft {

namespace {
/// The command line of `weft bench`.
struct BenchFlags : CompileFlags {
  cl::opt<std::string> function{cl::Positional, cl::desc("<function>"), cl::init("")};
  cl::list<std::string> in{"in", cl::desc("An input, as for weft run (default: random numbers)"),
                           cl::value_desc("NAME=FILE"), cl::cat(verbOptions())};
  cl::opt<std::string> weights{"weights", cl::desc("Trained weights, in place of initial ones"),
                               cl::value_desc("FILE.safetensors"), cl::cat(verbOptions())};
  cl::opt<int> threads{"threads", cl::desc("Threads of a call (default: every core)"), cl::init(0),
                       cl::cat(verbOptions())};
  cl::opt<double> seconds{"secs", cl::desc("How long to measure (default: 2)"), cl::init(2),
                          cl::cat(verbOptions())};
};

/// What was measured, in milliseconds a call.
struct Timing {
  double shortest = 0, median = 0, mean = 0;
  size_t calls = 0;
};
} // namespace

static constexpr llvm::StringLiteral examples =
    "  weft bench digits.weft read --dim N=64            on random numbers\n"
    "  weft bench digits.weft read --dim N=1,64          each version of one library\n"
    "  weft bench resnet18.onnx --threads 1 --secs 5     one thread, five seconds\n"
    "  weft bench bert.onnx --in input_ids=ids.npy --json\n";

/// The inputs of the call: from files, or random where every dimension is known.
static FailureOr<std::vector<NamedArray>>
makeInputs(const BenchFlags &flags, const InterfaceExport &function, Report &report) {
  auto files = filesByName(flags.in, "in", function, "input", function.inputs, report);
  if (failed(files))
    return failure();
  std::vector<NamedArray> inputs;
  for (const InterfaceArgument &input : function.inputs) {
    auto file = files->find(input.name);
    bool isOpen = llvm::any_of(input.dims, [](const Dim &dim) { return !dim.isConstant(); });
    if (file == files->end() && isOpen) {
      report.error("the input '" + input.name + "' is " + input.type +
                   ": fix its dimensions with --dim, or give it with --in");
      return failure();
    }
    SmallVector<int64_t> sizes;
    for (const Dim &dim : input.dims)
      sizes.push_back(dim.constant().value_or(0));
    llvm::Expected<Array> array = file == files->end()
                                      ? llvm::Expected<Array>(randomArray(input.dtype, sizes))
                                      : readInput(input, file->second);
    if (!array) {
      report.error(array.takeError());
      return failure();
    }
    inputs.push_back({input.name, std::move(*array)});
  }
  return inputs;
}

/// Calls for `seconds`, after a tenth of that to warm up.
static llvm::Expected<Timing> measure(NativeModel &model, StringRef function,
                                      ArrayRef<NamedArray> inputs, size_t outputs, double seconds) {
  using Clock = std::chrono::steady_clock;
  llvm::Expected<NativeModel::PreparedCall> call = model.prepare(function, inputs, outputs);
  if (!call)
    return call.takeError();
  auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  std::vector<double> times;
  for (double share : {0.1, 1.0}) {
    times.clear();
    Clock::time_point start = Clock::now();
    do {
      Clock::time_point before = Clock::now();
      if (llvm::Error error = model.repeat(*call))
        return std::move(error);
      times.push_back(since(before) * 1e3);
    } while (since(start) < seconds * share);
  }
  Timing timing;
  timing.calls = times.size();
  for (double time : times)
    timing.mean += time / static_cast<double>(times.size());
  llvm::sort(times);
  timing.shortest = times.front();
  timing.median = times[times.size() / 2];
  return timing;
}

/// Sizes of dimensions to measure with, by name.
using Sizes = std::vector<std::pair<std::string, int64_t>>;

/// The combinations of sizes that versions are for; where a version is for any size, the inputs say
/// with which it is called.
static std::vector<Sizes> sizesToMeasure(const BenchFlags &flags, const CompileRequest &request,
                                         const InterfaceExport &function) {
  std::vector<Sizes> result(1, request.dims);
  for (const auto &[name, sizes] : request.versions) {
    if (!flags.in.empty() || !llvm::is_contained(function.symbols, name))
      continue;
    std::vector<Sizes> longer;
    for (const Sizes &shorter : result)
      for (std::optional<int64_t> size : sizes)
        if (size) {
          longer.push_back(shorter);
          longer.back().push_back({name, *size});
        }
    if (!longer.empty())
      result = std::move(longer);
  }
  return result;
}

/// The function with these sizes in the types of its inputs.
static InterfaceExport withSizes(InterfaceExport function, const Sizes &sizes) {
  for (InterfaceArgument &input : function.inputs)
    for (Dim &dim : input.dims)
      dim = dim.substitute([&](StringRef name) -> std::optional<Dim> {
        for (const auto &[bound, size] : sizes)
          if (name == bound)
            return Dim(size);
        return std::nullopt;
      });
  return function;
}

/// "predict", or with several versions "predict, N = 8".
static std::string titleOf(const InterfaceExport &function, const Sizes &sizes, size_t fixed) {
  std::string title = function.name;
  for (const auto &[name, size] : ArrayRef(sizes).drop_front(fixed))
    title += ", " + name + " = " + std::to_string(size);
  return title;
}

static llvm::json::Object asJson(const Timing &timing) {
  return llvm::json::Object{{"min_ms", timing.shortest},
                            {"median_ms", timing.median},
                            {"mean_ms", timing.mean},
                            {"calls", static_cast<int64_t>(timing.calls)}};
}

static LogicalResult bench(const BenchFlags &flags, Compilation &compilation) {
  Report &report = compilation.report();
  double seconds = flags.seconds;
  if (failed(compilation.load()))
    return failure();
  // Dimensions of a text model are bound at the next stage; the interface is wanted with them.
  FailureOr<Interface> interface = compilation.interface();
  if (failed(interface))
    return failure();
  const InterfaceExport *function = chooseFunction(*interface, flags.input, flags.function, report);
  if (!function)
    return failure();
  std::vector<Sizes> all = sizesToMeasure(flags, compilation.options(), *function);
  std::vector<std::vector<NamedArray>> calls;
  for (const Sizes &sizes : all) {
    auto inputs = makeInputs(flags, withSizes(*function, sizes), report);
    if (failed(inputs))
      return failure();
    calls.push_back(std::move(*inputs));
  }
  LoadedModel loaded(compilation);
  if (failed(loaded.open(*interface, flags.weights, 0, flags.threads)))
    return failure();
  report.set("function", function->name);
  llvm::json::Array versions;
  for (auto [sizes, inputs] : llvm::zip(all, calls)) {
    std::string title = titleOf(*function, sizes, compilation.options().dims.size());
    report.progress("timing " + title);
    auto timing =
        measure(loaded.native(), function->name, inputs, function->outputs.size(), seconds);
    if (!timing) {
      report.error(timing.takeError());
      return failure();
    }
    report.finishProgress();
    llvm::json::Object figures = asJson(*timing);
    if (all.size() == 1)
      for (auto &[key, value] : figures)
        report.set(StringRef(key), value);
    figures["call"] = title;
    versions.push_back(std::move(figures));
    if (!report.isJson())
      llvm::outs() << title << ": "
                   << llvm::format("%.4g ms at best, %.4g ms median, %.4g ms mean of %zu calls\n",
                                   timing->shortest, timing->median, timing->mean, timing->calls);
  }
  if (all.size() > 1)
    report.set("versions", std::move(versions));
  return success();
}

int benchVerb(VerbArguments arguments) {
  BenchFlags flags;
  parseArguments("bench", arguments,
                 "Times a function of a model, compiled as weft run compiles it.", examples);
  Report report("bench", flags.json);
  if (flags.threads < 0)
    report.error("--threads " + Twine(flags.threads) + ": a number of threads is 0 or more");
  if (!(flags.seconds > 0) || flags.seconds > 3600)
    report.error("--secs: between 0 and 3600 seconds");
  FailureOr<CompileRequest> options = flags.options(report);
  if (failed(options) || report.hasErrors())
    return report.finish();
  Compilation compilation(report, *options);
  if (failed(bench(flags, compilation)) && !report.hasErrors())
    report.error("the benchmark failed without saying why");
  return report.finish();
}

} // namespace weft
