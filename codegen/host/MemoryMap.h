// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan of a function's memory as data, for people: what `weft inspect --memory` draws.

#ifndef WEFT_CODEGEN_HOST_MEMORYMAP_H
#define WEFT_CODEGEN_HOST_MEMORYMAP_H

#include "codegen/host/ArenaLayout.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <vector>

namespace weft {

/// One value in the arena.
struct MemoryBlock {
  Value value; ///< A result of a launch, an `if`, a `while` or a `scan`.
  Dim bytes, offset;
  Interval kernels;    ///< From the kernel that writes it to the last that needs it, by number.
  bool reuses = false; ///< Its kernel writes where it reads: an update in place.
};

/// The memory of one call. Kernels are numbered in the order of the program.
struct MemoryMap {
  std::vector<MemoryBlock> blocks; ///< In order of the program.
  Dim arenaBytes;
  std::vector<Dim> largestLive; ///< The most bytes that live at one time: the largest of these.
  int64_t numKernels = 0;
  int64_t numOutputs = 0; ///< Values that are written straight to the caller's memory.
  int64_t numAliases = 0; ///< Values that are others in another shape: no memory of their own.
  int64_t numCarried = 0; ///< Values that a loop carries in the memory of its results.
  int64_t numUpdates = 0; ///< Updates in place: of blocks, and of states.

  /// The largest live set where every size is known.
  std::optional<int64_t> largestLiveBytes() const;
};

/// Reads the plan of an exported function at stage `plan`.
MemoryMap memoryMapOf(mlir::func::FuncOp function);

} // namespace weft

#endif // WEFT_CODEGEN_HOST_MEMORYMAP_H
