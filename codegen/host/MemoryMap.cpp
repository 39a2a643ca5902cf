// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads slots and lifetimes back from a planned function.

#include "codegen/host/MemoryMap.h"

#include "codegen/host/KernelInterface.h"
#include "codegen/host/Lifetimes.h"
#include "ir/WeftDialect.h"

namespace weft {

using mlir::func::FuncOp;

std::optional<int64_t> MemoryMap::largestLiveBytes() const {
  return largestLive.size() == 1 ? largestLive.front().constant() : std::nullopt;
}

/// Keeps of `sums` those that no other is sure to be as large as.
static void addSum(const Dim &sum, std::vector<Dim> &sums) {
  if (llvm::any_of(sums, [&](const Dim &other) { return sum.provablyAtMost(other); }))
    return;
  llvm::erase_if(sums, [&](const Dim &other) { return other.provablyAtMost(sum); });
  sums.push_back(sum);
}

/// The sums of what lives at the times at which something begins to live.
static std::vector<Dim> largestSums(ArrayRef<std::pair<Dim, Interval>> lives) {
  std::vector<Dim> sums;
  for (const auto &[bytes, live] : lives) {
    Dim sum = 0;
    for (const auto &[otherBytes, other] : lives)
      if (other.begin <= live.begin && live.begin <= other.end)
        sum = sum + otherBytes;
    addSum(sum, sums);
  }
  if (sums.empty())
    sums.push_back(0);
  return sums;
}

static std::optional<Dim> arenaOffset(Value storage) {
  SlotAttr slot = slotOf(storage);
  if (!slot || slot.getKind() != SlotKind::Arena)
    return std::nullopt;
  return slot.getPlace().toDims()[0];
}

/// Whether `value` is written into a state.
static bool isState(FuncOp function, Value value) {
  SlotAttr slot = slotOf(value);
  auto number = slot ? slot.getPlace().toDims()[0].constant() : std::nullopt;
  return number && function.getResultAttr(static_cast<unsigned>(*number), kStateAttr);
}

/// Whether the kernel that makes `value` reads the memory that it writes.
static bool writesWhereItReads(Value value) {
  auto launch = value.getDefiningOp<LaunchOp>();
  return launch && llvm::any_of(launch.getInputs(), [&](Value input) {
           std::optional<Dim> place = arenaOffset(storageOf(input));
           return place && place == arenaOffset(value);
         });
}

namespace {
/// Turns places of operations into numbers of kernels.
class KernelNumbers {
public:
  KernelNumbers(FuncOp function, const Lifetimes &lifetimes) {
    function.walk<mlir::WalkOrder::PreOrder>(
        [&](LaunchOp launch) { places.push_back(lifetimes.placeOf(launch)); });
  }

  int64_t count() const { return static_cast<int64_t>(places.size()); }

  /// An `if` or a loop begins with its first kernel; what is needed until the end, with the last.
  Interval of(const Interval &live) const {
    int64_t first = llvm::lower_bound(places, live.begin) - places.begin();
    int64_t last = llvm::upper_bound(places, live.end) - places.begin() - 1;
    first = std::min(first, std::max<int64_t>(count() - 1, 0));
    return {first, std::max(first, last)};
  }

private:
  std::vector<int64_t> places; // sorted: by number
};
} // namespace

static void countAliases(FuncOp function, MemoryMap &map) {
  function.walk([&](Operation *op) {
    map.numAliases += isa<ReshapeOp>(op);
    if (isa<WhileOp>(op))
      map.numCarried += op->getNumResults();
    if (auto scan = dyn_cast<ScanOp>(op))
      map.numCarried += static_cast<int64_t>(scan.getInits().size());
  });
}

MemoryMap memoryMapOf(FuncOp function) {
  Lifetimes lifetimes(function);
  KernelNumbers numbers(function, lifetimes);
  MemoryMap map;
  map.numKernels = numbers.count();
  if (auto arena = function->getAttrOfType<ShapeAttr>(kArenaAttr))
    map.arenaBytes = arena.toDims()[0];
  SmallVector<std::pair<Dim, Interval>> lives;
  for (const auto &[value, live] : lifetimes.intervals) {
    std::optional<Dim> offset = arenaOffset(value);
    if (!offset) {
      ++(isState(function, value) ? map.numUpdates : map.numOutputs);
      continue;
    }
    Dim bytes = bufferBytes(cast<RankedTensorType>(value.getType()));
    bool reuses = writesWhereItReads(value);
    map.numUpdates += reuses;
    map.blocks.push_back({value, bytes, *offset, numbers.of(live), reuses});
    lives.push_back({bytes, live});
  }
  map.largestLive = largestSums(lives);
  countAliases(function, map);
  return map;
}

} // namespace weft
