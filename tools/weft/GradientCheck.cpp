// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Goes through the exports of a model.

#include "tools/weft/GradientCheck.h"

#include "tools/weft/ExportCheck.h"
#include "tools/weft/Loaded.h"

namespace weft {

namespace {
/// What all exports share.
struct Given {
  Interface interface;
  Weights weights;
  std::optional<CalibrationData> data;
};
} // namespace

static FailureOr<Given> readGiven(Compilation &compilation, const GradientOptions &options) {
  Report &report = compilation.report();
  FailureOr<Interface> interface = compilation.interface();
  if (failed(interface))
    return failure();
  Given given{std::move(*interface), {}, std::nullopt};
  auto weights = compilation.takeWeights(options.weights, given.interface, options.seed);
  if (!weights) {
    report.error(weights.takeError());
    return failure();
  }
  given.weights = std::move(*weights);
  if (options.data.empty())
    return given;
  auto data = CalibrationData::read(options.data, given.interface, "data");
  if (!data) {
    report.error(data.takeError());
    return failure();
  }
  given.data = std::move(*data);
  return given;
}

/// Checks one export; says in `whyNot` why there is nothing to check.
static LogicalResult checkExport(Compilation &compilation, const Given &given,
                                 const InterfaceExport &entry, uint64_t seed,
                                 llvm::json::Array &results, std::string &whyNot) {
  ExportCheck check(compilation, entry, seed);
  const CalibrationData *data = given.data ? &*given.data : nullptr;
  if (failed(check.prepare(given.interface, given.weights, data, whyNot)))
    return failure();
  if (!whyNot.empty())
    return success();
  if (failed(check.run()))
    return failure();
  results.push_back(check.toJson());
  if (!compilation.report().isJson())
    check.show();
  return check.judge();
}

LogicalResult checkGradients(Compilation &compilation, const GradientOptions &options) {
  Report &report = compilation.report();
  FailureOr<Given> given = readGiven(compilation, options);
  if (failed(given))
    return failure();
  const InterfaceExport *only = nullptr;
  if (!options.function.empty()) {
    only = chooseFunction(given->interface, compilation.options().input, options.function, report);
    if (!only)
      return failure();
  }
  llvm::json::Array results, skipped;
  std::string reasons;
  bool isGood = true;
  for (const InterfaceExport &entry : given->interface.exports) {
    if (only && only != &entry)
      continue;
    std::string whyNot;
    isGood &= succeeded(checkExport(compilation, *given, entry, options.seed, results, whyNot));
    if (whyNot.empty())
      continue;
    reasons += (reasons.empty() ? "" : "; ") + ("'" + entry.name + "': " + whyNot);
    skipped.push_back(llvm::json::Object{{"export", entry.name}, {"why", whyNot}});
    if (!report.isJson() && !only)
      llvm::outs() << entry.name << ": not checked: " << whyNot << "\n";
  }
  if (isGood && results.empty()) {
    report.error("there is no derivative to check: " + reasons);
    return failure();
  }
  report.set("gradients", std::move(results));
  report.set("not_checked", std::move(skipped));
  return success(isGood);
}

} // namespace weft
