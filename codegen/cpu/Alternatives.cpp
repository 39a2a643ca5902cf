// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans of one packed product near the one that the counts choose.

#include "codegen/cpu/Alternatives.h"

#include "codegen/cpu/PackedConv.h"
#include "codegen/cpu/WinogradPlan.h"

namespace weft {

/// Tiles whose count is within this of the least, and at most so many of them.
static constexpr double within = 1.15;
static constexpr size_t mostTiles = 4;
/// Chunks that a larger one leaves at least: of threads there may be more than one measures with.
static constexpr int64_t enoughChunks = 16;

namespace {
/// What a plan comes to.
struct Division {
  int64_t vectors, rows, chunk, chunks;
  SmallVector<TileCost> tiles;
};
} // namespace

/// None for an operation that has no such plan, or whose sizes are not all known.
static std::optional<Division> divisionOf(Operation *op, VectorTarget target,
                                          const Choice &choice) {
  if (auto packed = dyn_cast<PackedConvOp>(op)) {
    if (groupsTogether(packed, target) > 1)
      return std::nullopt;
    std::optional<PackedPlan> plan = PackedPlan::of(packed, target, choice);
    if (!plan)
      return std::nullopt;
    std::optional<int64_t> chunks = productOf(plan->chunkSizes()).constant();
    if (!chunks)
      return std::nullopt;
    return Division{plan->columns.vectors, plan->phases[0].line.height, plan->rowsPerChunk(),
                    *chunks, plan->tileCosts(target)};
  }
  if (auto winograd = dyn_cast<WinogradConvOp>(op)) {
    WinogradPlan plan(winograd, target, choice);
    std::optional<int64_t> chunks = productOf(plan.chunkSizes()).constant();
    if (!chunks)
      return std::nullopt;
    return Division{plan.columns.vectors, plan.height, plan.tilesPerBlock, *chunks,
                    plan.tileCosts(target)};
  }
  return std::nullopt;
}

SmallVector<Choice> tilesNear(Operation *op, const Choice &chosen, VectorTarget target) {
  SmallVector<Choice> result;
  std::optional<Division> now = divisionOf(op, target, chosen);
  if (!now)
    return result;
  for (const TileCost &tile : now->tiles) {
    if (result.size() == mostTiles || tile.cost > within * now->tiles.front().cost)
      break;
    Choice other = chosen;
    other.vectors = tile.vectors;
    other.rows = tile.mostRows;
    std::optional<Division> there = divisionOf(op, target, other);
    if (there->vectors != now->vectors || there->rows != now->rows)
      result.push_back(other);
  }
  return result;
}

SmallVector<Choice> chunksNear(Operation *op, const Choice &chosen, VectorTarget target) {
  SmallVector<Choice> result;
  std::optional<Division> now = divisionOf(op, target, chosen);
  if (!now)
    return result;
  for (int64_t rows : {now->chunk / 2, now->chunk * 2}) {
    Choice other = chosen;
    other.chunk = rows;
    if (rows < now->rows)
      continue;
    std::optional<Division> there = divisionOf(op, target, other);
    if (there->chunk != now->chunk && there->chunks >= std::min(now->chunks, enoughChunks))
      result.push_back(other);
  }
  return result;
}

} // namespace weft
