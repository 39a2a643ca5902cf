// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Greedy placement, in sections of proportional sizes and in shared slots.

#include "codegen/host/ArenaLayout.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace weft {

/// From this constant factor on, rounding it up to the alignment wastes at most an eighth.
static constexpr int64_t minSectionFactor = 8 * ArenaLayout::alignment;

/// How often a layout that misses the lower bound is tried again.
static constexpr int maxRounds = 16;

static int64_t alignUp(int64_t bytes) {
  return (bytes + ArenaLayout::alignment - 1) / ArenaLayout::alignment * ArenaLayout::alignment;
}

static Dim alignUp(const Dim &bytes) {
  return bytes.ceilDiv(Dim(ArenaLayout::alignment)) * Dim(ArenaLayout::alignment);
}

/// Takes small prime factors out of `rest`, so that 2 * N and N land in one section.
static void moveFactors(Dim &rest, int64_t &factor) {
  for (int64_t prime : {2, 3, 5, 7})
    while (!rest.isConstant() && rest.isDivisibleBy(Dim(prime))) {
      rest = rest.floorDiv(Dim(prime));
      factor *= prime;
    }
}

size_t ArenaLayout::add(ArrayRef<Dim> dims, int64_t elementBytes, Interval live) {
  int64_t factor = elementBytes;
  Dim rest = 1;
  for (const Dim &dim : dims) {
    if (auto constant = dim.constant())
      factor *= *constant;
    else
      rest = rest * dim;
  }
  if (factor == 0)
    rest = 1;
  moveFactors(rest, factor);
  buffers.push_back({factor, rest, live});
  return buffers.size() - 1;
}

void ArenaLayout::solve() {
  std::vector<std::pair<Dim, SmallVector<size_t>>> sections;
  SmallVector<size_t> shared;
  for (size_t i = 0; i < buffers.size(); ++i) {
    const Buffer &buffer = buffers[i];
    if (!buffer.rest.isConstant() && buffer.factor < minSectionFactor) {
      shared.push_back(i);
      continue;
    }
    auto section = llvm::find_if(sections, [&](auto &s) { return s.first == buffer.rest; });
    if (section == sections.end())
      section = sections.insert(section, {buffer.rest, {}});
    section->second.push_back(i);
  }
  // The constant section first: offsets stay short expressions.
  for (bool constant : {true, false})
    for (auto &[rest, members] : sections)
      if (rest.isConstant() == constant)
        solveSection(members);
  solveSlots(shared);
}

//===-- Halves ------------------------------------------------------------------------------===//

/// Kernels of less run on one thread.
static constexpr int64_t leastShared = 32 * 1024;

int64_t ArenaLayout::Placed::middle() const {
  return end - begin < leastShared ? end : begin + (end - begin) / 2;
}

static int64_t sharedBytes(int64_t begin, int64_t end, int64_t otherBegin, int64_t otherEnd) {
  return std::max<int64_t>(0, std::min(end, otherEnd) - std::max(begin, otherBegin));
}

/// Bytes of `buffer` whose place belongs to the other thread in one of `placed`.
static int64_t movedBytes(const ArenaLayout::Placed &buffer, ArrayRef<ArenaLayout::Placed> placed) {
  int64_t middle = buffer.middle(), moved = 0;
  for (const ArenaLayout::Placed &other : placed)
    moved += sharedBytes(buffer.begin, middle, other.middle(), other.end) +
             sharedBytes(middle, buffer.end, other.begin, other.middle());
  return moved;
}

//===-- Places ------------------------------------------------------------------------------===//

namespace {
struct Gap {
  int64_t begin, end;
};
} // namespace

/// Between those that live at its time, where `size` fits; above all of them if nowhere else.
static SmallVector<Gap> gapsFor(ArrayRef<ArenaLayout::Placed> placed, int64_t size,
                                const Interval &live) {
  SmallVector<Gap> gaps;
  int64_t end = 0, peak = 0;
  for (const ArenaLayout::Placed &other : placed) {
    peak = std::max(peak, other.end);
    if (!other.live.overlaps(live))
      continue;
    if (other.begin - end >= size)
      gaps.push_back({end, other.begin});
    end = std::max(end, other.end);
  }
  if (gaps.empty() || peak - end >= size)
    gaps.push_back({end, std::max(peak, end + size)});
  return gaps;
}

/// The place in a gap, at its ends or around the middle of another buffer, that moves least.
static int64_t placeAroundMiddle(ArrayRef<ArenaLayout::Placed> placed, ArrayRef<Gap> gaps,
                                 int64_t size, const Interval &live) {
  int64_t least = std::numeric_limits<int64_t>::max(), best = gaps.front().begin;
  auto consider = [&](int64_t begin) {
    int64_t moved = movedBytes({begin, begin + size, live}, placed);
    if (moved < least) {
      least = moved;
      best = begin;
    }
  };
  for (const Gap &gap : gaps) {
    int64_t last = gap.end - size;
    consider(gap.begin);
    consider(last);
    for (const ArenaLayout::Placed &other : placed) {
      int64_t begin = (other.middle() - size / 2) / ArenaLayout::alignment * ArenaLayout::alignment;
      consider(std::clamp(begin, gap.begin, last));
    }
  }
  return best;
}

/// Places buffers one after the other, each in a gap between those that live at its time.
ArenaLayout::Attempt ArenaLayout::placeAll(ArrayRef<size_t> order, Fit fit) const {
  Attempt attempt;
  std::vector<Placed> placed; // sorted by begin
  for (size_t index : order) {
    const Buffer &buffer = buffers[index];
    int64_t size = alignUp(buffer.factor);
    SmallVector<Gap> gaps = gapsFor(placed, size, buffer.live);
    auto smaller = [](const Gap &a, const Gap &b) { return a.end - a.begin < b.end - b.begin; };
    int64_t begin = fit == Fit::Lowest     ? gaps.front().begin
                    : fit == Fit::Smallest ? llvm::min_element(gaps, smaller)->begin
                                           : placeAroundMiddle(placed, gaps, size, buffer.live);
    Placed taken{begin, begin + size, buffer.live};
    attempt.moved += movedBytes(taken, placed);
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), taken,
                         [](const Placed &a, const Placed &b) { return a.begin < b.begin; }),
        taken);
    if (taken.end > attempt.peak) {
      attempt.peak = taken.end;
      attempt.highest = index;
    }
    attempt.begins[index] = begin;
  }
  return attempt;
}

/// The most that lives at one time: no layout needs less.
int64_t ArenaLayout::largestLive(ArrayRef<size_t> members) const {
  int64_t largest = 0;
  for (size_t at : members) {
    int64_t time = buffers[at].live.begin, live = 0;
    for (size_t index : members)
      if (buffers[index].live.overlaps({time, time}))
        live += alignUp(buffers[index].factor);
    largest = std::max(largest, live);
  }
  return largest;
}

/// Largest first. What then lies highest was placed too late: it is placed first, and all is tried
/// again. The least of the attempts is taken, and of those the one that moves least.
void ArenaLayout::solveSection(ArrayRef<size_t> members) {
  if (members.empty())
    return;
  int64_t bound = largestLive(members);
  Attempt best;
  for (Fit fit : {Fit::Lowest, Fit::Smallest, Fit::Middle}) {
    SmallVector<size_t> order(members);
    llvm::sort(order, [&](size_t a, size_t b) {
      return std::tuple(-buffers[a].factor, a) < std::tuple(-buffers[b].factor, b);
    });
    bool isFirst = true;
    for (int round = 0; round < maxRounds && (isFirst || best.peak > bound); ++round) {
      Attempt attempt = placeAll(order, fit);
      isFirst = false;
      auto *highest = llvm::find(order, attempt.highest);
      std::rotate(order.begin(), highest, highest + 1);
      if (best.begins.empty() ||
          std::tie(attempt.peak, attempt.moved) < std::tie(best.peak, best.moved))
        best = std::move(attempt);
    }
  }
  const Dim rest = buffers[members[0]].rest;
  for (size_t index : members)
    buffers[index].offset = total + Dim(best.begins.lookup(index)) * rest;
  total = total + Dim(best.peak) * rest;
}

bool ArenaLayout::Slot::isFree(const Interval &live) const {
  return llvm::none_of(lives, [&](const Interval &other) { return other.overlaps(live); });
}

/// A free slot that is large enough, or that may grow because it is surely not larger; else a new
/// one.
ArenaLayout::Slot &ArenaLayout::slotFor(const Dim &bytes, const Interval &live,
                                        std::vector<Slot> &slots) {
  for (Slot &slot : slots)
    if (slot.isFree(live) && bytes.provablyAtMost(slot.bytes))
      return slot;
  for (Slot &slot : slots)
    if (slot.isFree(live) && slot.bytes.provablyAtMost(bytes)) {
      slot.bytes = bytes;
      return slot;
    }
  slots.push_back({bytes, {}, {}});
  return slots.back();
}

void ArenaLayout::solveSlots(ArrayRef<size_t> members) {
  std::vector<Slot> slots;
  for (size_t index : members) {
    const Buffer &buffer = buffers[index];
    Slot &slot = slotFor(Dim(buffer.factor) * buffer.rest, buffer.live, slots);
    slot.lives.push_back(buffer.live);
    slot.users.push_back(index);
  }
  for (const Slot &slot : slots) {
    for (size_t user : slot.users)
      buffers[user].offset = total;
    total = total + alignUp(slot.bytes);
  }
}

} // namespace weft
