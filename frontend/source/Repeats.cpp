// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tandem repeats: first by what each operation is, period by period, then by how it is wired.
#include "frontend/source/Repeats.h"

#include "frontend/source/Spelling.h"

#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/Hashing.h"

namespace weft::source {

using mlir::OperationEquivalence;

/// A loop has to save as many operations as this.
static constexpr size_t fewestSaved = 6;
/// Blocks of more operations are not looked for: the search is quadratic.
static constexpr size_t longestPeriod = 2048;

namespace {

class RepeatFinder {
public:
  explicit RepeatFinder(ArrayRef<Operation *> theOps);
  void find(size_t begin, size_t end, SmallVector<Repeat> &found);

private:
  std::optional<Repeat> bestOf(size_t begin, size_t end) const;
  Repeat bestStart(size_t begin, size_t end, size_t period) const;
  size_t countAt(size_t start, size_t end, size_t period) const;
  bool sameBlock(size_t first, size_t second, size_t period) const;
  bool sameOperands(size_t first, size_t second, size_t period, size_t at,
                    llvm::DenseMap<Value, Value> &outside) const;
  bool readsWeight(size_t first, size_t period) const;

  ArrayRef<Operation *> ops;
  llvm::DenseMap<Operation *, size_t> places;
  SmallVector<llvm::hash_code> kinds;
  /// How many values are made before the place and read at it or later.
  SmallVector<int64_t> crossing;
};

/// The values that an operation reads, those of its regions included, without what is written where
/// it is used.
SmallVector<Value> operandsOf(Operation *op) {
  SmallVector<Value> result;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      result.push_back(baseOf(operand));
  });
  return result;
}

llvm::hash_code kindOf(Operation *op) {
  return OperationEquivalence::computeHash(op, OperationEquivalence::ignoreHashValue,
                                           OperationEquivalence::ignoreHashValue,
                                           OperationEquivalence::IgnoreLocations);
}

bool sameKind(Operation *a, Operation *b) {
  return OperationEquivalence::isEquivalentTo(
      a, b, [](Value, Value) { return mlir::success(); }, nullptr,
      OperationEquivalence::IgnoreLocations);
}

RepeatFinder::RepeatFinder(ArrayRef<Operation *> theOps)
    : ops(theOps), crossing(theOps.size() + 1, 0) {
  for (auto [place, op] : llvm::enumerate(ops)) {
    places[op] = place;
    kinds.push_back(kindOf(op));
  }
  llvm::DenseMap<Value, size_t> lastReads;
  for (auto [place, op] : llvm::enumerate(ops))
    for (Value base : operandsOf(op))
      if (base && base.getDefiningOp())
        lastReads[base] = place;
  for (auto [value, last] : lastReads)
    if (auto made = places.find(value.getDefiningOp()); made != places.end())
      for (size_t place = made->second + 1; place <= last; ++place)
        ++crossing[place];
}

bool RepeatFinder::readsWeight(size_t first, size_t period) const {
  return llvm::any_of(ops.slice(first, period), [](Operation *op) {
    return llvm::any_of(operandsOf(op), [](Value base) { return base && isParameter(base); });
  });
}

/// Values made in the blocks correspond by their places; those from outside one to one.
bool RepeatFinder::sameOperands(size_t first, size_t second, size_t period, size_t at,
                                llvm::DenseMap<Value, Value> &outside) const {
  SmallVector<Value> left = operandsOf(ops[first + at]), right = operandsOf(ops[second + at]);
  if (left.size() != right.size())
    return false;
  auto placeIn = [&](Value value, size_t block) -> std::optional<size_t> {
    auto found = places.find(value.getDefiningOp());
    if (found == places.end() || found->second < block || found->second >= block + period)
      return std::nullopt;
    return found->second - block;
  };
  for (auto [a, b] : llvm::zip_equal(left, right)) {
    if (!a || !b) {
      if (a || b)
        return false;
      continue;
    }
    auto inLeft = placeIn(a, first), inRight = placeIn(b, second);
    if (inLeft != inRight || a.getType() != b.getType() || isParameter(a) != isParameter(b))
      return false;
    if (!inLeft && outside.try_emplace(a, b).first->second != b)
      return false;
  }
  return true;
}

bool RepeatFinder::sameBlock(size_t first, size_t second, size_t period) const {
  llvm::DenseMap<Value, Value> outside;
  for (size_t at = 0; at < period; ++at)
    if (!sameKind(ops[first + at], ops[second + at]) ||
        !sameOperands(first, second, period, at, outside))
      return false;
  return true;
}

size_t RepeatFinder::countAt(size_t start, size_t end, size_t period) const {
  size_t count = 1;
  while (start + (count + 1) * period <= end &&
         sameBlock(start + (count - 1) * period, start + count * period, period))
    ++count;
  return count;
}

/// Where in a stretch that repeats the blocks begin: at the fewest crossings among those that give
/// as many blocks as can be, or one less.
Repeat RepeatFinder::bestStart(size_t begin, size_t end, size_t period) const {
  SmallVector<Repeat> starts;
  size_t most = 0;
  for (size_t start = begin; start < begin + period && start + 2 * period <= end; ++start) {
    starts.push_back({start, period, countAt(start, end, period)});
    most = std::max(most, starts.back().count);
  }
  Repeat best{begin, period, 1};
  for (const Repeat &one : starts)
    if (one.count >= 2 && one.count + 1 >= most &&
        (best.count == 1 || crossing[one.first] < crossing[best.first]))
      best = one;
  return best;
}

std::optional<Repeat> RepeatFinder::bestOf(size_t begin, size_t end) const {
  auto saved = [](const Repeat &one) { return one.period * (one.count - 1); };
  std::optional<Repeat> best;
  for (size_t period = 1; 2 * period <= end - begin && period <= longestPeriod; ++period)
    for (size_t at = begin; at + period < end; ++at) {
      size_t first = at;
      while (at + period < end && kinds[at] == kinds[at + period])
        ++at;
      // What a stretch could save at most, before its wiring is looked at.
      if (at - first < std::max(period, best ? saved(*best) + 1 : fewestSaved))
        continue;
      Repeat one = bestStart(first, at + period, period);
      if (saved(one) >= fewestSaved && (!best || saved(one) > saved(*best)) &&
          readsWeight(one.first, period))
        best = one;
    }
  return best;
}

void RepeatFinder::find(size_t begin, size_t end, SmallVector<Repeat> &found) {
  std::optional<Repeat> best = bestOf(begin, end);
  if (!best)
    return;
  find(begin, best->first, found);
  found.push_back(*best);
  find(best->first + best->period * best->count, end, found);
}

} // namespace

SmallVector<Repeat> findRepeats(ArrayRef<Operation *> ops) {
  SmallVector<Repeat> found;
  RepeatFinder(ops).find(0, ops.size(), found);
  return found;
}

} // namespace weft::source
