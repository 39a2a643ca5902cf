// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places buffers in one arena. Sizes may be expressions in the dimensions; what holds, holds for
// all their values.

#ifndef WEFT_CODEGEN_HOST_ARENALAYOUT_H
#define WEFT_CODEGEN_HOST_ARENALAYOUT_H

#include "ir/Shape.h"

#include "llvm/ADT/DenseMap.h"

#include <vector>

namespace weft {

/// The steps of a schedule during which a buffer must keep its contents, both ends included.
struct Interval {
  int64_t begin = 0, end = 0;

  bool overlaps(const Interval &other) const { return begin <= other.end && other.begin <= end; }
};

/// Add all buffers, solve once, then ask for offsets.
///
/// Of layouts that need the same memory the one is taken where buffers that follow each other in
/// one place have their middles near each other: of two threads the first writes the lower half of
/// most, and to take lines out of another core's cache costs ten times as much as to write one's
/// own.
///
/// A size is taken apart into a constant factor and an expression: 2560 * N is 2560 times N.
/// Buffers with the same expression form a section of the arena, in which offsets are constants
/// times the expression, found greedily as for constant sizes (the section of the expression 1);
/// the best of several attempts.
/// Buffers whose constant factor is small would be rounded up too much; they share whole slots
/// instead.
class ArenaLayout {
public:
  /// Alignment of each buffer in bytes: a cache line, and an AVX-512 register.
  static constexpr int64_t alignment = 64;

  /// Returns the number of the buffer.
  size_t add(ArrayRef<Dim> dims, int64_t elementBytes, Interval live);
  void solve();

  /// In bytes, divisible by the alignment.
  Dim offset(size_t buffer) const { return buffers[buffer].offset; }
  Dim totalBytes() const { return total; }

  /// A buffer that has its place.
  struct Placed {
    int64_t begin, end;
    Interval live;

    /// Where the part of the first of two threads ends.
    int64_t middle() const;
  };

private:
  struct Buffer {
    int64_t factor; ///< Constant part of the size in bytes.
    Dim rest;       ///< The size is factor * rest.
    Interval live;
    Dim offset = 0;
  };
  struct Slot {
    Dim bytes;
    std::vector<Interval> lives;
    std::vector<size_t> users;

    bool isFree(const Interval &live) const;
  };
  /// One layout of a section, as if its expression were 1.
  struct Attempt {
    llvm::DenseMap<size_t, int64_t> begins;
    int64_t peak = 0;
    int64_t moved = 0;  ///< Bytes that one thread writes after the other, over all buffers.
    size_t highest = 0; ///< The buffer that ends at the peak.
  };
  enum class Fit { Lowest, Smallest, Middle };

  Attempt placeAll(ArrayRef<size_t> order, Fit fit) const;
  int64_t largestLive(ArrayRef<size_t> members) const;
  void solveSection(ArrayRef<size_t> members);
  void solveSlots(ArrayRef<size_t> members);
  Slot &slotFor(const Dim &bytes, const Interval &live, std::vector<Slot> &slots);

  std::vector<Buffer> buffers;
  Dim total = 0;
};

} // namespace weft

#endif // WEFT_CODEGEN_HOST_ARENALAYOUT_H
