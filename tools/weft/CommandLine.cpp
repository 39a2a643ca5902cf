// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads command lines.

#include "tools/weft/CommandLine.h"
#include "tools/weft/MemoryLimit.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Target/TargetMachine.h"

namespace weft {

namespace cl = llvm::cl;

cl::OptionCategory &verbOptions() {
  static cl::OptionCategory category("Options");
  return category;
}

void parseArguments(StringRef verb, ArrayRef<const char *> arguments, StringRef help,
                    StringRef examples) {
  std::string name = ("weft " + verb).str(), closing = ("\nEXAMPLES:\n" + examples).str();
  SmallVector<const char *> argv{name.c_str()};
  llvm::append_range(argv, arguments);
  cl::extrahelp extra(closing);
  cl::HideUnrelatedOptions(verbOptions());
  cl::ParseCommandLineOptions(static_cast<int>(argv.size()), argv.data(), help);
}

FailureOr<std::pair<std::string, std::string>> splitPair(StringRef option, StringRef text,
                                                         Report &report) {
  auto [name, value] = text.split('=');
  if (!name.empty() && name.size() < text.size())
    return std::make_pair(name.str(), value.str());
  report.error("--" + option + " takes NAME=VALUE, but got '" + text + "'");
  return failure();
}

/// The sizes of one `--dim`: numbers of 0 or more, or `*` for any.
static FailureOr<std::vector<std::optional<int64_t>>> readSizes(StringRef text, StringRef list,
                                                                Report &report) {
  std::vector<std::optional<int64_t>> sizes;
  SmallVector<StringRef> words;
  list.split(words, ',');
  for (StringRef word : words) {
    int64_t number = 0;
    if (word != "*" && (word.getAsInteger(10, number) || number < 0)) {
      report.error("--dim " + text +
                   ": a size is a number of 0 or more, or '*' for any, but this is '" + word + "'");
      return failure();
    }
    std::optional<int64_t> size = word == "*" ? std::nullopt : std::optional<int64_t>(number);
    if (llvm::is_contained(sizes, size)) {
      report.error("--dim " + text + ": '" + word + "' is there twice");
      return failure();
    }
    sizes.push_back(size);
  }
  return sizes;
}

/// One `--dim`: a name and its sizes.
static LogicalResult readDim(StringRef text, Report &report, CompileRequest &result) {
  auto pair = splitPair("dim", text, report);
  if (failed(pair))
    return failure();
  auto sizes = readSizes(text, pair->second, report);
  if (failed(sizes))
    return failure();
  auto isSame = [&](const auto &other) { return other.first == pair->first; };
  if (llvm::any_of(result.dims, isSame) || llvm::any_of(result.versions, isSame)) {
    report.error("--dim fixes '" + pair->first +
                 "' twice: give its sizes with commas, as in N=1,8");
    return failure();
  }
  if (sizes->size() == 1 && sizes->front())
    result.dims.push_back({pair->first, *sizes->front()});
  else
    result.versions.push_back({pair->first, *sizes});
  return success();
}

/// The most versions of a function: each takes as long to compile as the first.
static constexpr size_t maxVersions = 16;

static LogicalResult checkVersions(const CompileRequest &request, Report &report) {
  std::string product;
  size_t count = 1;
  for (const auto &[name, sizes] : request.versions) {
    product += (product.empty() ? "" : " x ") + std::to_string(sizes.size());
    count *= sizes.size();
    if (count > maxVersions) {
      report.error("--dim: " + product + " versions of a function, but at most " +
                   Twine(maxVersions) + " are made");
      return failure();
    }
  }
  return success();
}

/// The processors of `--cpu`, the most demanding first: the first that a machine can run is its
/// best.
static FailureOr<std::vector<std::string>> readProcessors(ArrayRef<std::string> names,
                                                          Report &report) {
  std::vector<std::pair<std::string, std::string>> found; // features, name
  for (const std::string &name : names) {
    llvm::Expected<std::string> features = requiredFeatures(targetNamed(name));
    if (!features) {
      report.error("--cpu " + name + ": " + llvm::toString(features.takeError()));
      return failure();
    }
    for (const auto &[others, other] : found)
      if (others == *features) {
        report.error("--cpu: '" + other + "' and '" + name +
                     "' ask the same of a processor: give one of them");
        return failure();
      }
    found.push_back({std::move(*features), name});
  }
  if (found.empty())
    return std::vector<std::string>{"host"};
  auto demands = [](const auto &entry) { return StringRef(entry.first).count(','); };
  llvm::sort(found, [&](const auto &a, const auto &b) {
    return std::pair(demands(b), a.second) < std::pair(demands(a), b.second);
  });
  std::vector<std::string> result;
  for (auto &[features, name] : found)
    result.push_back(std::move(name));
  return result;
}

/// As many as the runtime starts.
static constexpr int mostTuneThreads = 256;

/// The bits of weights that `--quantize` asks for; 0 for none, or for another kind that the verb
/// sees to.
static FailureOr<int64_t> readWeightBits(const CompileFlags &flags, Report &report) {
  if (flags.quantize.size() > 1) {
    report.error("--quantize " + flags.quantize[0] + " and --quantize " + flags.quantize[1] +
                 " do not go together: give one of them");
    return failure();
  }
  std::string kind = flags.quantization();
  if (kind == "weights-int8")
    return 8;
  if (kind == "weights-int4")
    return 4;
  if (kind.empty() || (kind == "int8" && flags.canCalibrate))
    return 0;
  if (kind == "int8")
    report.error("--quantize int8 needs data to calibrate: it is for weft build");
  else
    report.error("--quantize " + kind + ": the kinds are int8, weights-int8 and weights-int4");
  return failure();
}

FailureOr<CompileRequest> CompileFlags::options(Report &report) const {
  CompileRequest result;
  result.input = input;
  result.rootModel = model;
  for (const std::string &folder : moduleFolders) {
    if (!llvm::sys::fs::is_directory(folder)) {
      report.error("-I '" + folder + "': there is no such folder");
      return failure();
    }
    result.moduleFolders.push_back(folder);
  }
  result.verifyEach = verifyEach;
  result.strict = strict;
  if (precision != "f32" && precision != "bf16") {
    report.error("--precision " + precision + ": products are computed in f32 or bf16");
    return failure();
  }
  result.precision = precision == "bf16" ? Precision::BF16 : Precision::F32;
  FailureOr<int64_t> weightBits = readWeightBits(*this, report);
  if (failed(weightBits))
    return failure();
  result.weightBits = *weightBits;
  if (target != "host") {
    report.error("--target " + target + ": only 'host' is supported so far");
    return failure();
  }
  FailureOr<std::vector<std::string>> processors = readProcessors(cpus, report);
  if (failed(processors))
    return failure();
  result.cpus = std::move(*processors);
  if (tuneThreads < 0 || tuneThreads > mostTuneThreads) {
    report.error("--tune-threads " + Twine(tuneThreads) + ": a number of threads is 1 to " +
                 Twine(mostTuneThreads) + ", or 0 for all");
    return failure();
  }
  result.tuneThreads = tuneThreads;
  if (!memoryLimit.empty()) {
    FailureOr<uint64_t> limit = readMemoryLimit(memoryLimit, report);
    if (failed(limit))
      return failure();
    result.memoryLimit = *limit;
  }
  result.tuneCache = tuneCache;
  for (const std::string &text : settings) {
    auto pair = splitPair("settings", text, report);
    if (failed(pair))
      return failure();
    result.settings.push_back(*pair);
  }
  for (const std::string &text : constants) {
    auto pair = splitPair("constant", text, report);
    if (failed(pair))
      return failure();
    result.constants.push_back(*pair);
  }
  for (const std::string &text : dims)
    if (failed(readDim(text, report, result)))
      return failure();
  if (failed(checkVersions(result, report)))
    return failure();
  return result;
}

} // namespace weft
