// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Searches by measurement, one product after the other.

#include "tools/weft/Tune.h"

#include "codegen/cpu/Alternatives.h"
#include "passes/layouts/Alternatives.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"

#include <chrono>

namespace weft {

/// A choice must be so much faster than the counts' own: less is noise.
static constexpr double leastGain = 0.03;
/// And by so much, in seconds: less is in reading the clock.
static constexpr double leastSeconds = 0.1e-6;
/// To be built upon in the next round, which the last one confirms.
static constexpr double leastGainInRound = 0.01;
/// Seconds of turns in a round, and of those that confirm.
static constexpr double roundSeconds = 0.6;

std::string tuneCacheBeside(StringRef input) {
  llvm::SmallString<128> path(input);
  llvm::sys::path::replace_extension(path, ".tune.json");
  return path.str().str();
}

LogicalResult checkMeasurable(const CompileRequest &request, Report &report) {
  std::string here = targetNamed("host").resolved().cpu;
  if (request.cpus.size() > 1)
    report.error("--tune measures code for one processor: give --cpu one, or none");
  else if (std::string cpu = targetNamed(request.cpus.front()).resolved().cpu; cpu != here)
    report.error("--tune measures on this machine, whose processor is '" + here + "': code for '" +
                 cpu +
                 "' is tuned on such a machine, and --tune-cache reads here what was found there");
  return failure(report.hasErrors());
}

//===-- What is measured --------------------------------------------------------------------===//

Tuner::Tuner(Compilation &what, double timeLimit)
    : compilation(what), report(what.report()), limit(timeLimit),
      setting(what.tuneSetting(what.processor())) {}

LogicalResult Tuner::fail(llvm::Error error) {
  report.error(std::move(error));
  return failure();
}

static uint64_t bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return static_cast<uint64_t>(type.getNumElements()) *
         llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

void Tuner::collect() {
  TunableProducts products = tunableProducts(compilation.module());
  ofUnknownSize = products.ofUnknownSize;
  packedEachCall = products.packedEachCall;
  llvm::MapVector<StringRef, Group> byKey;
  for (const TunableProduct &product : products.all) {
    Group &group = byKey.try_emplace(product.key, Group{product}).first->second;
    ++group.count;
    group.flops += flopsOf(product);
    weightBytes += bytesOf(product.op->getOperand(product.weight));
  }
  for (auto &[key, group] : byKey)
    groups.push_back(std::move(group));
  llvm::sort(groups, [](const Group &a, const Group &b) {
    return std::tie(b.flops, a.product.key) < std::tie(a.flops, b.product.key);
  });
}

//===-- The search --------------------------------------------------------------------------===//

namespace {
/// The search for one product: rounds, each of which begins at the best choice so far.
class Search {
public:
  Search(Contest &where, const TunableProduct &what, Choice counted, int32_t threadCount,
         uint64_t bytes)
      : contest(where), product(what), base(counted), best(counted), threads(threadCount),
        otherBytes(bytes) {}

  /// Measures these beside the counts' own and the best one.
  LogicalResult round(SmallVector<Choice> candidates, Report &report);
  /// The result, measured once more.
  FailureOr<TunedProduct> finish(Report &report);

  Contest &contest;
  const TunableProduct &product;
  Choice base, best;

private:
  int32_t threads;
  uint64_t otherBytes;
  SmallVector<Choice> open; ///< The entries of the contest; the first is the base.
  std::vector<ContestTime> times;
  int64_t tried = 1;
};
} // namespace

LogicalResult Search::round(SmallVector<Choice> candidates, Report &report) {
  SmallVector<Choice> entries{base};
  for (const Choice &choice : llvm::concat<const Choice>(ArrayRef(best), candidates))
    if (!llvm::is_contained(entries, choice))
      entries.push_back(choice);
  size_t old = static_cast<size_t>(llvm::find(entries, best) - entries.begin());
  if (candidates.empty() || entries.size() == old + 1)
    return success();
  if (failed(contest.open(entries, threads, otherBytes)))
    return failure();
  open = entries;
  tried += static_cast<int64_t>(entries.size() - old) - 1;
  SmallVector<size_t> all = llvm::to_vector(llvm::seq<size_t>(0, entries.size()));
  auto measured = contest.measure(all, roundSeconds);
  if (!measured) {
    report.error(measured.takeError());
    return failure();
  }
  times = std::move(*measured);
  size_t fastest = old;
  for (size_t i = 0; i < times.size(); ++i)
    if (times[i].ratio < times[fastest].ratio)
      fastest = i;
  if (times[fastest].ratio < times[old].ratio * (1 - leastGainInRound))
    best = entries[fastest];
  return success();
}

FailureOr<TunedProduct> Search::finish(Report &report) {
  auto asNanoseconds = [](const ContestTime &time) {
    return static_cast<int64_t>(time.seconds * 1e9);
  };
  if (times.empty()) // The counts know but one way.
    return TunedProduct{Choice(), 0, 0, tried};
  if (best == base)
    return TunedProduct{Choice(), asNanoseconds(times[0]), asNanoseconds(times[0]), tried};
  size_t place = static_cast<size_t>(llvm::find(open, best) - open.begin());
  auto again = contest.measure({0, place}, roundSeconds);
  if (!again) {
    report.error(again.takeError());
    return failure();
  }
  ContestTime counted = (*again)[0], chosen = (*again)[1];
  bool isFaster = chosen.ratio < 1 - leastGain && times[place].ratio < 1 - leastGain &&
                  counted.seconds - chosen.seconds > leastSeconds;
  return TunedProduct{isFaster ? best : Choice(), asNanoseconds(isFaster ? chosen : counted),
                      asNanoseconds(counted), tried};
}

FailureOr<TunedProduct> Tuner::search(const TunableProduct &product) {
  const CompileRequest &request = compilation.options();
  Operation *op = product.op;
  bool dots = vectors.bfloatDots && !request.strict;
  PanelTarget target{vectors.bytes, vectors.registers, dots, vectors.byteDots, product.isVersion};
  Choice base;
  // Alone it would have other panels.
  if (product.isVersion) {
    auto contract = dyn_cast<ContractOp>(op);
    PanelProduct panels = *(contract ? panelProductOf(contract) : panelProductOf(op));
    base.panel = panelWidth(target, panels, std::nullopt) / target.lanes(panels.sum);
  }
  Contest contest(report, request, product);
  Search search(contest, product, base, static_cast<int32_t>(setting.threads),
                weightBytes - bytesOf(op->getOperand(product.weight)));
  SmallVector<Choice> layouts = panelsNear(op, base, target);
  for (const Choice &form : formsNear(op, base, request.strict)) {
    layouts.push_back(form);
    llvm::append_range(layouts, panelsNear(op, form, target));
  }
  if (failed(search.round(layouts, report)))
    return failure();
  for (auto near : {tilesNear, chunksNear}) {
    FailureOr<Operation *> planned = contest.planned(search.best);
    if (failed(planned))
      return failure();
    if (*planned && failed(search.round(near(*planned, search.best, vectors), report)))
      return failure();
  }
  return search.finish(report);
}

LogicalResult Tuner::run() {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = Clock::now();
  auto since = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  if (failed(compilation.advanceTo(ModelStage::Graph)))
    return failure();
  llvm::Expected<VectorTarget> target = vectorTargetOf(compilation.target());
  if (!target)
    return fail(target.takeError());
  vectors = *target;
  collect();
  compilation.tuneCache().dropOldOf(setting);
  TuneCache::Products &known = compilation.tuneCache().at(setting);
  const std::string &path = compilation.options().tuneCache;
  bool isComplete =
      llvm::all_of(groups, [&](const Group &group) { return known.count(group.product.key); });
  // What is measured must have a place to stay.
  if (!isComplete && limit > 0)
    if (llvm::Error error = compilation.tuneCache().write(path))
      return fail(std::move(error));
  for (auto [number, group] : llvm::enumerate(groups)) {
    const std::string &key = group.product.key;
    if (known.count(key)) {
      group.state = Group::State::Known;
      continue;
    }
    bool isFirst = llvm::none_of(
        groups, [](const Group &each) { return each.state == Group::State::Measured; });
    if (limit == 0 || (!isFirst && since() >= limit))
      continue;
    report.progress("measuring product " + Twine(number + 1) + " of " + Twine(groups.size()) +
                    ", " + Twine(static_cast<int64_t>(since())) + " of " +
                    Twine(static_cast<int64_t>(limit)) + " s");
    FailureOr<TunedProduct> found = search(group.product);
    if (failed(found))
      return failure();
    known[key] = *found;
    group.state = Group::State::Measured;
    // At once: what was measured stays, whatever happens to the rest.
    if (llvm::Error error = compilation.tuneCache().write(path))
      return fail(std::move(error));
  }
  seconds = since();
  return success();
}

//===-- Saying ------------------------------------------------------------------------------===//

llvm::json::Object Tuner::jsonOf(const Group &group) const {
  llvm::json::Object result{{"product", group.product.key}, {"count", group.count}};
  if (group.state == Group::State::Left) {
    result["state"] = "left";
    return result;
  }
  result["state"] = group.state == Group::State::Known ? "known" : "measured";
  const TunedProduct &tuned = compilation.tuneCache().at(setting).at(group.product.key);
  llvm::json::Object choice;
  for (const Choice::Field &field : Choice::fields)
    if (std::optional<int64_t> number = tuned.choice.*field.value)
      choice[field.name] = *number;
  result["choice"] = std::move(choice);
  result["nanoseconds"] = tuned.nanoseconds;
  result["nanoseconds_as_counted"] = tuned.countedNanoseconds;
  result["tried"] = tuned.tried;
  return result;
}

void Tuner::print(const Group &group) const {
  llvm::raw_ostream &os = llvm::outs();
  os << "  " << group.count << " x " << group.product.key << "\n    ";
  if (group.state == Group::State::Left) {
    os << "as counted: left for lack of time\n";
    return;
  }
  const TunedProduct &tuned = compilation.tuneCache().at(setting).at(group.product.key);
  os << tuned.choice.text();
  if (tuned.tried > 1) {
    auto microseconds = [](int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; };
    os << llvm::format(": %.4g us", microseconds(tuned.nanoseconds));
    if (!tuned.choice.isEmpty())
      os << llvm::format(" instead of %.4g us", microseconds(tuned.countedNanoseconds));
    os << ", best of " << tuned.tried;
  } else {
    os << ": nothing else is near";
  }
  os << (group.state == Group::State::Known ? ", known" : "") << "\n";
}

void Tuner::show() {
  auto count = [&](Group::State state) {
    return llvm::count_if(groups, [&](const Group &group) { return group.state == state; });
  };
  llvm::json::Array products;
  for (const Group &group : groups)
    products.push_back(jsonOf(group));
  int64_t known = count(Group::State::Known), measured = count(Group::State::Measured),
          left = count(Group::State::Left);
  const std::string &path = compilation.options().tuneCache;
  report.set("tuning",
             llvm::json::Object{{"cache", path},
                                {"setting", setting.text()},
                                {"known", known},
                                {"measured", measured},
                                {"left", left},
                                {"of_unknown_size", static_cast<int64_t>(ofUnknownSize)},
                                {"packed_each_call", static_cast<int64_t>(packedEachCall)},
                                {"seconds", seconds},
                                {"products", std::move(products)}});
  if (report.isJson())
    return;
  llvm::outs() << "tuned for " << setting.text() << ": " << groups.size()
               << " distinct products with weights, " << known << " known, " << measured
               << " measured in " << llvm::format("%.1f", seconds) << " s, " << left
               << " left for lack of time\n";
  for (const Group &group : groups)
    print(group);
  if (ofUnknownSize)
    llvm::outs() << "  " << ofUnknownSize
                 << " of unknown size, as counted: give --dim to measure them\n";
  if (packedEachCall)
    llvm::outs() << "  " << packedEachCall << " whose weights change in each call, as counted\n";
}

} // namespace weft
