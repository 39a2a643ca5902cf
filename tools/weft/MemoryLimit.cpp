// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Raises the price of memory until the plan fits.

#include "tools/weft/MemoryLimit.h"

#include "codegen/emit/Interface.h"
#include "passes/Functions.h"
#include "passes/recompute/Explanation.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <limits>

namespace weft {

static constexpr std::pair<llvm::StringLiteral, uint64_t> units[] = {
    {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10},
    {"GB", 1000000000},  {"MB", 1000000},     {"KB", 1000}};

FailureOr<uint64_t> readMemoryLimit(StringRef text, Report &report) {
  StringRef number = text;
  uint64_t unit = 1, count = 0;
  for (const auto &[name, bytes] : units)
    if (unit == 1 && number.consume_back(name))
      unit = bytes;
  if (number.trim().getAsInteger(10, count) || count == 0 || count > UINT64_MAX / unit) {
    report.error("--memory-limit " + text +
                 ": a limit is a whole number above 0 of bytes, KiB, MiB, GiB, KB, MB or GB, as in "
                 "2GiB");
    return failure();
  }
  return count * unit;
}

//===-- The search --------------------------------------------------------------------------===//

/// From what costs next to no time to the price at which products are repeated to save their
/// result.
static constexpr double prices[] = {1, 4, 16, 64, 256, 1024, 1e6};
/// With more segments less lives in one, until what passes between them weighs more.
static constexpr int64_t segmentCounts[] = {2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
/// Halvings between a price that was too low and one that was enough.
static constexpr int refinements = 3;

namespace {
/// Tries plans, and keeps of those that fit the one that repeats least.
class Search {
public:
  Search(uint64_t mostBytes, PlanFor planner) : limit(mostBytes), planFor(planner) {}

  /// Fails where no plan can be made.
  LogicalResult run() {
    double low = MemoryPrice().ofByte;
    FailureOr<bool> fits = tryPlan(low, 1);
    if (failed(fits) || *fits)
      return fits;
    return success(succeeded(raisePrice(low)) && succeeded(cutIntoSegments()));
  }

  std::optional<MemoryChoice> best;
  uint64_t least = std::numeric_limits<uint64_t>::max(); ///< Of all that was tried.

private:
  FailureOr<bool> tryPlan(double price, int64_t segments) {
    FailureOr<MemoryChoice> plan = planFor({price, segments});
    if (failed(plan))
      return failure();
    least = std::min(least, plan->bytes);
    bool fits = plan->bytes <= limit;
    if (fits && (!best || plan->addedWork < best->addedWork))
      best = *plan;
    return fits;
  }

  LogicalResult raisePrice(double low) {
    for (double high : prices) {
      FailureOr<bool> fits = tryPlan(high, 1);
      if (failed(fits))
        return failure();
      for (int i = 0; *fits && i < refinements; ++i) {
        double middle = std::sqrt(low * high);
        FailureOr<bool> less = tryPlan(middle, 1);
        if (failed(less))
          return failure();
        (*less ? high : low) = middle;
      }
      if (*fits)
        return success();
      low = high;
    }
    return success();
  }

  LogicalResult cutIntoSegments() {
    for (int64_t segments : segmentCounts) {
      FailureOr<bool> fits = tryPlan(std::end(prices)[-1], segments);
      if (failed(fits) || *fits)
        return fits;
    }
    return success();
  }

  uint64_t limit;
  PlanFor planFor;
};
} // namespace

FailureOr<MemoryChoice> chooseForMemory(uint64_t limit, Report &report, PlanFor planFor) {
  Search search(limit, planFor);
  if (failed(search.run()))
    return failure();
  if (search.best)
    return *search.best;
  report.error("--memory-limit " + bytesText(limit) + ": the least that this model can take is " +
               bytesText(search.least) + " (" + Twine(search.least) + " bytes)");
  return failure();
}

//===-- Plans -------------------------------------------------------------------------------===//

/// Weights and states, what is derived from them, and the largest arena.
static FailureOr<uint64_t> handleBytes(const Interface &interface, Report &report) {
  uint64_t bytes = 0, arena = 0;
  for (const InterfaceParameter &parameter : interface.parameters)
    bytes += parameter.sizeBytes();
  for (const InterfaceParameter &parameter : interface.derived)
    bytes += parameter.sizeBytes();
  auto take = [&](const InterfaceExport &entry, const InterfaceCode &code) {
    for (const Dim &needed : code.arenaBytes) {
      std::optional<int64_t> known = needed.constant();
      if (!known) {
        std::string symbol = needed.symbols().front();
        report.error("--memory-limit: what '" + entry.name + "' takes depends on '" + symbol +
                     "': fix it with --dim " + symbol + "=SIZE");
        return failure();
      }
      arena = std::max(arena, static_cast<uint64_t>(*known));
    }
    return success();
  };
  for (const InterfaceExport &entry : interface.exports) {
    if (entry.versions.empty() && failed(take(entry, entry)))
      return failure();
    for (const InterfaceVersion &version : entry.versions)
      if (failed(take(entry, version)))
        return failure();
  }
  return bytes + arena;
}

LogicalResult describeMemory(ModuleOp planned, MemoryChoice &choice, Report &report) {
  FailureOr<Interface> interface = readInterface(planned);
  if (failed(interface))
    return failure();
  FailureOr<uint64_t> bytes = handleBytes(*interface, report);
  if (failed(bytes))
    return failure();
  choice.bytes = *bytes;
  for (mlir::func::FuncOp function : exportsOf(planned)) {
    for (const ValueExplanation &value : explanationsOf(function))
      ++(value.isKept ? choice.numKept : choice.numAgain);
    if (auto added = function->getAttrOfType<mlir::FloatAttr>(kAddedWorkAttr))
      choice.addedWork = std::max(choice.addedWork, added.getValueAsDouble());
  }
  return success();
}

void reportMemory(const MemoryChoice &choice, uint64_t limit, Report &report) {
  report.set("memory_limit", llvm::json::Object{{"limit", limit},
                                                {"bytes", choice.bytes},
                                                {"kept", choice.numKept},
                                                {"computed_again", choice.numAgain},
                                                {"added_work", choice.addedWork},
                                                {"price", choice.price.ofByte},
                                                {"segments", choice.price.segments}});
  report.finishProgress();
  if (report.isJson())
    return;
  llvm::errs() << "memory: " << bytesText(choice.bytes) << " of " << bytesText(limit)
               << "; the backward pass keeps " << choice.numKept << " values and computes "
               << choice.numAgain << " again: "
               << llvm::formatv("{0:f1} % more operations\n", 100 * choice.addedWork).str();
}

} // namespace weft
