// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each value is two nodes, "can be had behind the place" and "is made there": the edge from making
// to having costs what keeping costs, one from the source to making what the operation costs, and
// one without a limit goes from each operand's having to making. What a reader needs goes to the
// sink.

#include "passes/recompute/Selection.h"
#include "passes/KernelRules.h"
#include "passes/recompute/Cost.h"
#include "passes/recompute/FlowNetwork.h"

#include <cmath>
#include <numeric>

namespace weft {

static constexpr double forbidden = HUGE_VAL;

//===-- Places ------------------------------------------------------------------------------===//

/// How many values are read before each operation and again from it on. They become more as long as
/// a forward pass goes on. Gradients are read soon, those that wait for their optimizer once, and
/// results of the function wait for nothing. Bytes would tell less: the largest tensors are made by
/// the first layers and by the last steps backwards.
static SmallVector<int64_t> valuesReadAgain(mlir::Block &block) {
  llvm::DenseMap<Operation *, size_t> numbers;
  for (Operation &op : block)
    numbers[&op] = numbers.size();
  SmallVector<int64_t> counts(numbers.size() + 1, 0);
  for (Operation &op : block)
    for (Value value : op.getResults()) {
      if (!isa<RankedTensorType>(value.getType()) || isGenerated(value) || isView(&op))
        continue;
      size_t first = numbers.size(), last = 0;
      for (Operation *user : value.getUsers()) {
        if (user->hasTrait<mlir::OpTrait::IsTerminator>() && user->getBlock() == &block)
          continue;
        size_t number = numbers.lookup(block.findAncestorOpInBlock(*user));
        first = std::min(first, number);
        last = std::max(last, number);
      }
      if (first >= last)
        continue;
      ++counts[first + 1];
      --counts[last + 1];
    }
  std::partial_sum(counts.begin(), counts.end(), counts.begin());
  return counts;
}

/// A peak counts that is not small beside the highest, and before a fall to less than half or the
/// end: there is one for each step of an optimizer.
SmallVector<size_t> placesIn(mlir::Block &block) {
  SmallVector<int64_t> profile = valuesReadAgain(block);
  int64_t highest = *llvm::max_element(profile), most = 0;
  SmallVector<size_t> places;
  size_t peak = 0; // 0 on the way down from the last one
  auto finish = [&] {
    if (peak > 0 && most >= highest / 2)
      places.push_back(peak);
    peak = 0;
  };
  for (auto [number, count] : llvm::enumerate(profile)) {
    if (count > most) {
      most = count;
      peak = number;
    } else if (peak == 0 || count < most / 2) {
      finish();
      most = count;
    }
  }
  finish();
  return places;
}

//===-- The cut -----------------------------------------------------------------------------===//

Selection::Selection(mlir::Block &owner, size_t firstBehind) : block(owner), place(firstBehind) {
  for (Operation &op : block) {
    numbers[&op] = ops.size();
    ops.push_back(&op);
  }
}

/// The operation of the block that `op` is, or stands in.
Operation *Selection::inBlock(Operation *op) const { return block.findAncestorOpInBlock(*op); }

bool Selection::isReader(Operation *op) const {
  Operation *outer = inBlock(op);
  return outer && numbers.lookup(outer) >= place;
}

void Selection::findCosts(double priceOfByte) {
  costs.clear();
  auto isLate = [&](Operation *op) { return isReader(op); };
  auto isSooner = [&](Operation *op) { return !isReader(op); };
  auto isEnd = [](Operation *op) { return op->hasTrait<mlir::OpTrait::IsTerminator>(); };
  for (Operation *op : ArrayRef<Operation *>(ops).take_front(place))
    for (Value value : op->getResults()) {
      if (!isa<RankedTensorType>(value.getType()) || isa<ConstantOp>(op))
        continue;
      double bytes = bytesOf(value), keep = 0, anew = workOf(op).value_or(forbidden);
      // Without being asked to, nothing is done again that takes time.
      if (priceOfByte <= MemoryPrice().ofByte && isDear(op))
        anew = forbidden;
      // A result of the function has its memory anyway. What nothing else stores is written to be
      // kept; to read it takes the place of reading what it follows from.
      if (llvm::none_of(value.getUsers(), isEnd))
        keep = priceOfByte * bytes + (isStoredFor(value, isSooner) ? 0 : bytes);
      // Stored once more, and read from there.
      if (isRoot(op) || isStoredFor(value, isLate))
        anew += 2 * bytes;
      costs[value] = {keep, anew};
    }
}

void Selection::choose(const MemoryPrice &price) {
  again.clear();
  kept.clear();
  findCosts(price.ofByte);
  if (price.segments > 1)
    keepBetween(price.segments);
  // Costs as integers: a byte in 16 parts, so that small tensors of cheap operations cost
  // something.
  auto capacity = [](double cost) {
    constexpr double most = 0x1p50;
    return cost >= most ? FlowNetwork::infinite : static_cast<int64_t>(16 * cost) + 1;
  };
  llvm::DenseMap<Value, unsigned> nodes;
  for (auto &[value, cost] : costs)
    nodes[value] = 2 + 2 * nodes.size();
  FlowNetwork network(2 + 2 * nodes.size());
  constexpr unsigned source = 0, sink = 1;
  for (auto &[value, cost] : costs) {
    unsigned made = nodes[value], had = made + 1;
    network.addEdge(made, had, cost.keep == 0 ? 0 : capacity(cost.keep));
    if (cost.again > 0)
      network.addEdge(source, made, capacity(cost.again));
    if (cost.again < forbidden)
      for (Value operand : value.getDefiningOp()->getOperands())
        if (auto node = nodes.find(operand); node != nodes.end())
          network.addEdge(node->second + 1, made, FlowNetwork::infinite);
    if (llvm::any_of(value.getUsers(), [&](Operation *user) { return isReader(user); }))
      network.addEdge(had, sink, FlowNetwork::infinite);
  }
  network.cut(source, sink);
  for (auto &[value, cost] : costs)
    if (unsigned made = nodes[value]; network.sinkSide().test(made))
      again.insert(value);
    else if (network.sinkSide().test(made + 1))
      kept.insert(value);
}

SmallVector<Decision> Selection::decisions() const {
  SmallVector<Decision> result;
  for (auto &[value, cost] : costs)
    if (again.contains(value) || kept.contains(value))
      result.push_back({value, kept.contains(value), cost.keep, cost.again});
  return result;
}

//===-- Segments ----------------------------------------------------------------------------===//

/// Forbids to compute again what passes from one segment to another, or is made in the last one.
/// Segments end where least passes, near places that share out the bytes evenly.
void Selection::keepBetween(int64_t segments) {
  SmallVector<double> change(place + 2, 0.0), made(place + 1, 0.0);
  llvm::DenseMap<Value, size_t> lastUse;
  for (auto &[value, cost] : costs) {
    size_t from = numbers.lookup(value.getDefiningOp()), last = from;
    for (Operation *user : value.getUsers())
      if (size_t number = numbers.lookup(inBlock(user)); number < place)
        last = std::max(last, number);
    lastUse[value] = last;
    made[from] += isGenerated(value) ? 0 : bytesOf(value);
    if (isGenerated(value) || isView(value.getDefiningOp()))
      continue;
    change[from + 1] += bytesOf(value);
    change[last + 1] -= bytesOf(value);
  }
  double total = std::accumulate(made.begin(), made.end(), 0.0), seen = 0, passing = 0;
  struct End {
    double passing = forbidden, distance = 0;
    size_t number = 0;
  };
  SmallVector<End> found(segments);
  for (size_t number = 1; number < place; ++number) {
    seen += made[number - 1];
    passing += change[number];
    // Half a segment to both sides of the even place.
    double share = seen / total * static_cast<double>(segments), even = std::floor(share + 0.5);
    auto segment = static_cast<int64_t>(even);
    End end{passing, std::abs(share - even), number};
    if (segment > 0 && segment < segments &&
        std::tie(end.passing, end.distance) <
            std::tie(found[segment].passing, found[segment].distance))
      found[segment] = end;
  }
  SmallVector<size_t> ends; // The first operation behind each segment but the last.
  for (const End &end : found)
    if (end.number > 0)
      ends.push_back(end.number);
  for (auto &[value, cost] : costs) {
    size_t from = numbers.lookup(value.getDefiningOp());
    const size_t *end = llvm::upper_bound(ends, from);
    bool passes = end != ends.end() && lastUse[value] >= *end;
    if ((passes && !isView(value.getDefiningOp()) && !isGenerated(value)) || end == ends.end())
      cost.again = forbidden;
  }
}

} // namespace weft
