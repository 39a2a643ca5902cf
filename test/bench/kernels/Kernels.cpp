// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times single kernels of Weft beside those of other libraries. In: libraries that `weft build`
// made of one source, and the shapes of its functions. Out: a line for each shape, with the medians
// of all that compute it, called in turns in random order by Google Benchmark.

#include "runtime/Abi.h"
#include "test/bench/kernels/Peers.h"

#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

/// Of peak.c: fused products of registers, whose number of operations it gives.
extern "C" double weft_peak_operations(long steps);

namespace weft::bench {

namespace {

[[noreturn]] void fail(const std::string &message) {
  std::fprintf(stderr, "kernels: %s\n", message.c_str());
  std::exit(1);
}

//===-- Weft --------------------------------------------------------------------------------===//

/// One library, opened with one thread.
class Library {
public:
  Library(std::string contenderName, const std::string &file, const std::string &weights)
      : name(std::move(contenderName)), handle(dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (!handle)
      fail(dlerror());
    auto *descriptor = find<const weft_descriptor>("kernels_descriptor");
    weft_options options{weights.c_str(), /*threads=*/1, /*memory_limit=*/0};
    if (find<decltype(weft_open_model)>("weft_open_model")(descriptor, &options, &model) != WEFT_OK)
      fail(find<decltype(weft_message)>("weft_message")());
    described = descriptor;
    invoke = find<decltype(weft_invoke)>("weft_invoke");
    findExport = find<decltype(weft_find_export)>("weft_find_export");
  }

  /// The data of the only parameter that belongs to `function`, as the source has it.
  const float *weightsOf(const std::string &function) const {
    for (int32_t i = 0; i < described->parameter_count; ++i)
      if (described->parameters[i].name == function + "_weights")
        return static_cast<const float *>(
            find<decltype(weft_tensor_data)>("weft_tensor_data")(model, i));
    fail("no weights of '" + function + "'");
  }

  Contender contender(const Shape &shape, const float *input) const {
    auto result = allocate(shape.resultRows() * shape.outputs);
    auto arguments = std::make_shared<std::vector<void *>>();
    *arguments = {const_cast<float *>(input), result.get()};
    int32_t function = findExport(model, shape.function.c_str());
    Contender made;
    made.name = name;
    made.kept = result;
    made.call = [=, call = invoke, handle = model] {
      if (call(handle, function, nullptr, arguments->data()) != WEFT_OK)
        fail("a call failed");
    };
    made.result = [=, count = shape.resultRows() * shape.outputs] {
      return std::vector<float>(result.get(), result.get() + count);
    };
    return made;
  }

  static std::shared_ptr<float> allocate(int64_t count) {
    constexpr size_t page = 4096;
    size_t bytes = (static_cast<size_t>(count) * sizeof(float) + page - 1) / page * page;
    return {static_cast<float *>(std::aligned_alloc(page, bytes)), std::free};
  }

  std::string name;

private:
  template <typename T> T *find(const char *symbol) const {
    void *found = dlsym(handle, symbol);
    if (!found)
      fail(dlerror());
    return reinterpret_cast<T *>(found);
  }

  void *handle;
  weft_model *model = nullptr;
  const weft_descriptor *described = nullptr;
  decltype(weft_invoke) *invoke = nullptr;
  decltype(weft_find_export) *findExport = nullptr;
};

//===-- Measurements ------------------------------------------------------------------------===//

/// Nanoseconds of each repetition, by benchmark.
class Times final : public benchmark::BenchmarkReporter {
public:
  bool ReportContext(const Context &) override { return true; }
  void ReportRuns(const std::vector<Run> &runs) override {
    for (const Run &run : runs)
      if (run.run_type == Run::RT_Iteration)
        all[run.run_name.function_name].push_back(run.GetAdjustedRealTime());
  }

  double median(const std::string &name) const {
    std::vector<double> sorted = all.at(name);
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }

private:
  std::map<std::string, std::vector<double>> all;
};

/// How far each contender is from the first, in the largest magnitude of the result. Winograd has
/// errors of some 1e-6 a term, and sums are ordered in many ways.
void compareResults(const Shape &shape, const std::vector<Contender> &all) {
  constexpr double tolerance = 1e-3;
  std::vector<float> expected;
  for (const Contender &contender : all) {
    contender.call();
    std::vector<float> found = contender.result();
    if (expected.empty())
      expected = found;
    double largest = 0, error = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
      error = std::max(error, std::abs(static_cast<double>(expected[i]) - found[i]));
    }
    if (!(error <= tolerance * largest))
      fail(shape.name + ": " + contender.name + " is " + std::to_string(error / largest) +
           " away from " + all.front().name);
  }
}

/// Medians in nanoseconds by contender, and that of a step of the peak under "peak".
std::map<std::string, double> measure(const std::vector<Contender> &all) {
  benchmark::ClearRegisteredBenchmarks();
  for (const Contender &contender : all)
    benchmark::RegisterBenchmark(contender.name.c_str(), [&](benchmark::State &state) {
      for (auto _ : state)
        contender.call();
    });
  constexpr long steps = 1000;
  benchmark::RegisterBenchmark("peak", [](benchmark::State &state) {
    for (auto _ : state)
      benchmark::DoNotOptimize(weft_peak_operations(steps));
  });
  Times times;
  benchmark::RunSpecifiedBenchmarks(&times);
  std::map<std::string, double> medians;
  for (const Contender &contender : all)
    medians[contender.name] = times.median(contender.name);
  medians["peak"] = times.median("peak") / weft_peak_operations(steps);
  return medians;
}

//===-- Table -------------------------------------------------------------------------------===//

/// Prints lines as they come, and what they have in common at the end.
class Table {
public:
  Table(size_t ownCount, const char *file) : numOwn(ownCount) {
    std::printf("%-34s %10s %8s %6s %7s  %s\n", "kernel", "us", "GFLOP/s", "peak", "ratio",
                "the best peer, and others in us");
    if (file) {
      csv.open(file);
      csv << "kernel,contender,median_us,gflops,peak_share\n";
    }
  }

  /// `all` begins with Weft's; the ratio is that of the best peer's time to the first of Weft's.
  void add(const Shape &shape, const std::vector<Contender> &all,
           const std::map<std::string, double> &medians) {
    double operations = shape.operations(), peak = 1 / medians.at("peak");
    for (const Contender &contender : all)
      csv << shape.name << ',' << contender.name << ',' << medians.at(contender.name) * 1e-3 << ','
          << operations / medians.at(contender.name) << ','
          << operations / medians.at(contender.name) / peak << '\n';
    std::vector<Contender> others(all.begin() + 1, all.end());
    std::sort(others.begin(), others.end(), [&](const Contender &a, const Contender &b) {
      return medians.at(a.name) < medians.at(b.name);
    });
    auto isPeer = [&](const Contender &contender) {
      return std::none_of(all.begin(), all.begin() + static_cast<ptrdiff_t>(numOwn),
                          [&](const Contender &own) { return own.name == contender.name; });
    };
    double own = medians.at(all.front().name);
    auto best = std::find_if(others.begin(), others.end(), isPeer);
    double ratio = best == others.end() ? NAN : medians.at(best->name) / own;
    std::printf("%-34s %10.2f %8.1f %5.1f%% %7.3f ", shape.name.c_str(), own * 1e-3,
                operations / own, 100 * operations / own / peak, ratio);
    for (const Contender &contender : others)
      std::printf(" %s %.2f", contender.name.c_str(), medians.at(contender.name) * 1e-3);
    std::printf("\n");
    std::fflush(stdout);
    if (best != others.end())
      ratios.push_back(ratio);
    if (numOwn > 1)
      baselines.push_back(medians.at(all[1].name) / own);
  }

  void finish() const {
    summarize("best peer", ratios);
    summarize("baseline", baselines);
  }

private:
  static void summarize(const char *what, const std::vector<double> &all) {
    double logs = 0;
    for (double ratio : all)
      logs += std::log(ratio);
    if (!all.empty())
      std::printf("against the %s: geometric mean %.3f of %zu, least %.3f\n", what,
                  std::exp(logs / static_cast<double>(all.size())), all.size(),
                  *std::min_element(all.begin(), all.end()));
  }

  size_t numOwn;
  std::ofstream csv;
  std::vector<double> ratios, baselines;
};

//===-- All of it ---------------------------------------------------------------------------===//

std::vector<Shape> shapesIn(const char *file) {
  std::ifstream lines(file);
  std::vector<Shape> shapes;
  Shape shape;
  while (std::getline(lines >> std::ws, shape.name, ',') &&
         lines >> shape.function >> shape.rows >> shape.inputs >> shape.outputs >> shape.size >>
             shape.taps >> shape.stride >> shape.pad >> shape.groups)
    shapes.push_back(shape);
  return shapes;
}

/// Numbers between -1 and 1 without a pattern.
std::shared_ptr<float> numbers(int64_t count) {
  auto made = Library::allocate(count);
  uint32_t state = 1;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    made.get()[i] = static_cast<float>(state >> 8U) * 0x1p-23F - 1;
  }
  return made;
}

void run(const std::vector<Shape> &shapes, const std::vector<Library> &libraries, const char *csv) {
  Table table(libraries.size(), csv);
  for (const Shape &shape : shapes) {
    auto input = numbers(shape.isProduct() ? shape.rows * shape.inputs
                                           : shape.size * shape.size * shape.inputs);
    std::vector<Contender> all;
    for (const Library &library : libraries)
      all.push_back(library.contender(shape, input.get()));
    for (Contender &peer :
         peersFor(shape, {input.get(), libraries.front().weightsOf(shape.function)}))
      all.push_back(std::move(peer));
    compareResults(shape, all);
    table.add(shape, all, measure(all));
  }
  table.finish();
}

} // namespace

} // namespace weft::bench

/// kernels SHAPES CSV|- NAME=LIBRARY,WEIGHTS... [-- flags of Google Benchmark]
int main(int count, char **words) {
  using namespace weft::bench;
  int first = static_cast<int>(std::find(words, words + count, std::string("--")) - words);
  int rest = count - first;
  benchmark::Initialize(&rest, words + first);
  std::vector<Library> libraries;
  for (int i = 3; i < first; ++i) {
    std::string word = words[i];
    size_t name = word.find('='), file = word.find(',');
    libraries.emplace_back(word.substr(0, name), word.substr(name + 1, file - name - 1),
                           word.substr(file + 1));
  }
  if (libraries.empty())
    fail("no library given; kernels.py calls this program");
  std::printf("peers: %s\n", describePeers().c_str());
  run(shapesIn(words[1]), libraries, words[2] == std::string("-") ? nullptr : words[2]);
  return 0;
}
