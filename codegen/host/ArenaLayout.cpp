// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Greedy placement by size, in sections of proportional sizes and in shared slots.

#include "codegen/host/ArenaLayout.h"

#include <algorithm>
#include <tuple>

namespace weft {

/// From this constant factor on, rounding it up to the alignment wastes at most an eighth.
static constexpr int64_t minSectionFactor = 8 * ArenaLayout::alignment;

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

/// Largest first, each at the lowest offset where it fits between those that live at its time.
void ArenaLayout::solveSection(ArrayRef<size_t> members) {
  SmallVector<size_t> order(members);
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::tuple(-buffers[a].factor, a) < std::tuple(-buffers[b].factor, b);
  });
  struct Placed {
    int64_t begin, end;
    Interval live;
  };
  std::vector<Placed> placed; // sorted by begin
  int64_t peak = 0;
  for (size_t index : order) {
    Buffer &buffer = buffers[index];
    int64_t size = alignUp(buffer.factor);
    int64_t begin = 0;
    for (const Placed &other : placed) {
      if (!other.live.overlaps(buffer.live))
        continue;
      if (begin + size <= other.begin)
        break;
      begin = std::max(begin, other.end);
    }
    Placed place{begin, begin + size, buffer.live};
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), place,
                         [](const Placed &a, const Placed &b) { return a.begin < b.begin; }),
        place);
    peak = std::max(peak, place.end);
    buffer.offset = total + Dim(begin) * buffer.rest;
  }
  if (!members.empty())
    total = total + Dim(peak) * buffers[members[0]].rest;
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
