// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cache keeps a library for each module and processor, and a file for each set of weights.

#include "tools/weft/Loaded.h"

#include "tools/weft/Artifacts.h"
#include "tools/weft/Cache.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace weft {

const InterfaceExport *chooseFunction(const Interface &interface, StringRef input, StringRef name,
                                      Report &report) {
  for (const InterfaceExport &entry : interface.exports)
    if (entry.name == name || (name.empty() && interface.exports.size() == 1))
      return &entry;
  std::string list =
      llvm::join(llvm::map_range(interface.exports,
                                 [](const InterfaceExport &e) { return "'" + e.name + "'"; }),
                 ", ");
  if (interface.exports.empty())
    report.error("'" + input + "' exports no function");
  else if (name.empty())
    report.error("name the function to call: " + list);
  else
    report.error("'" + input + "' has no function '" + name + "': it exports " + list);
  return nullptr;
}

/// A file of that name in the cache; made if it is not there. Without a usable cache it is made for
/// this run alone.
FailureOr<std::string>
LoadedModel::madeOnce(StringRef name,
                      llvm::function_ref<LogicalResult(StringRef, OutputFiles &)> make) {
  llvm::SmallString<128> path(cacheFolder());
  if (path.empty()) {
    llvm::Expected<std::string> own = scratch.path(name);
    if (!own)
      return fail(own.takeError());
    path = *own;
  } else {
    llvm::sys::path::append(path, name);
    if (llvm::sys::fs::exists(path))
      return path.str().str();
  }
  OutputFiles files;
  if (failed(make(path, files)))
    return failure();
  if (llvm::Error error = files.commit())
    return fail(std::move(error));
  return path.str().str();
}

FailureOr<std::string> LoadedModel::writeWeights(const Interface &interface,
                                                 const Weights &weights) {
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  writeSafetensors(namedTensors(interface, weights), os);
  llvm::Expected<std::string> path = scratch.write("weights.safetensors", bytes);
  if (!path)
    return fail(path.takeError());
  return *path;
}

FailureOr<std::string> LoadedModel::weightsFile(const Interface &interface, StringRef given,
                                                uint64_t seed) {
  if (interface.parameters.empty())
    return std::string();
  if (!given.empty()) {
    llvm::Expected<Weights> read = compilation.takeWeights(given, interface, seed);
    if (!read)
      return fail(read.takeError());
    return lacksStates(given, interface) ? writeWeights(interface, *read) : given.str();
  }
  return madeOnce(
      cacheKey({"weights", moduleText, std::to_string(seed), compilation.weightsKey()}) +
          ".safetensors",
      [&](StringRef path, OutputFiles &files) {
        Artifacts artifacts(compilation);
        return success(succeeded(artifacts.takeWeights("", seed)) &&
                       succeeded(artifacts.addWeights(path, files)));
      });
}

FailureOr<std::string> LoadedModel::library() {
  std::string dims = llvm::join(compilation.dimTexts(), ",");
  std::string targets;
  for (const std::string &cpu : compilation.options().cpus) {
    TargetOptions target = targetNamed(cpu).resolved();
    targets += target.triple + " " + target.cpu + " " + target.features + "\n";
  }
  const CompileRequest &request = compilation.options();
  // Empty where products are computed as counted.
  std::string tuning = request.tuneCache.empty() ? ""
                                                 : std::to_string(request.tuneThreads) + "\n" +
                                                       compilation.tuneCache().text();
  return madeOnce(cacheKey({"library", moduleText, dims, targets, request.strict ? "strict" : "",
                            request.precision == Precision::BF16 ? "bf16" : "",
                            std::to_string(request.weightBits),
                            std::to_string(request.memoryLimit.value_or(0)), tuning}) +
                      ".so",
                  [&](StringRef path, OutputFiles &files) {
                    Artifacts artifacts(compilation);
                    return success(succeeded(artifacts.compile(/*embedWeights=*/false)) &&
                                   succeeded(artifacts.addShared(path, files)));
                  });
}

LogicalResult LoadedModel::open(const Interface &interface, StringRef weights, uint64_t seed,
                                int threads) {
  moduleText = compilation.text();
  return open(interface, weightsFile(interface, weights, seed), threads);
}

LogicalResult LoadedModel::open(const Interface &interface, const Weights &weights, int threads) {
  moduleText = compilation.text();
  return open(interface,
              interface.parameters.empty() ? std::string() : writeWeights(interface, weights),
              threads);
}

LogicalResult LoadedModel::open(const Interface &interface, FailureOr<std::string> weightsPath,
                                int threads) {
  std::string name = interface.name;
  if (failed(weightsPath))
    return failure();
  FailureOr<std::string> libraryPath = library();
  if (failed(libraryPath))
    return failure();
  if (llvm::Error error = model.open(*libraryPath, name, *weightsPath, threads))
    return fail(std::move(error));
  return success();
}

FailureOr<std::vector<NamedArray>> callOnce(Compilation &compilation, const Interface &interface,
                                            const InterfaceExport &function,
                                            ArrayRef<NamedArray> inputs, StringRef weights,
                                            uint64_t seed, int threads) {
  Report &report = compilation.report();
  LoadedModel loaded(compilation);
  if (failed(loaded.open(interface, weights, seed, threads)))
    return failure();
  report.progress("calling " + function.name);
  auto results = loaded.native().call(function.name, inputs, function.outputs.size());
  if (results)
    return std::move(*results);
  report.error(results.takeError());
  return failure();
}

} // namespace weft
