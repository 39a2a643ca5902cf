// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks of columns, the tile that they make, and its innermost loop.

#include "codegen/cpu/Panels.h"

namespace weft {

using mlir::arith::CmpIPredicate;

/// Rows whose distance is a multiple of this fall on the same lines of a cache, of which a first
/// level has 8 or more.
static constexpr int64_t aliasBytes = 4096, mostAliases = 8;
/// Rows of a tile of one vector, beyond which its code only grows.
static constexpr int64_t mostRows = 14;
/// Steps of a sum that are written out in its loop; more only makes the code longer.
static constexpr int64_t unrolled = 4;
/// Rows below which a product is bound by loads of the right side.
static constexpr int64_t fewRows = 4;
/// Sums that are written out whole.
static constexpr int64_t mostWithoutLoop = 8;
/// How far ahead of a product its row of a panel is asked for: weights come from far in the first
/// tile that reads them, and the processor looks ahead by fewer steps than that takes.
static constexpr int64_t prefetchedSteps = 16;
/// Panels that leave room for the next one, and for rows, in a second-level cache.
static constexpr int64_t smallPanelBytes = 128 * 1024;
/// Panels that are so small that asking ahead only costs.
static constexpr int64_t fewestPrefetchedBytes = 16 * 1024;

PanelColumns::PanelColumns(int64_t numOutputs, int64_t panelWidth, int64_t numPanelElements,
                           int64_t mostLanes, int64_t together)
    : outputs(numOutputs), width(panelWidth), panelElements(numPanelElements), lanes(mostLanes),
      interleave(together) {
  while (width % lanes != 0)
    lanes /= 2;
}

//===-- Choice ------------------------------------------------------------------------------===//

/// The highest tile of `vectors` that leaves registers for a row of the right side and an element
/// of the left, and two for LLVM where there are many.
static int64_t highestTile(VectorTarget target, int64_t vectors) {
  int64_t spare = target.registers >= 32 ? 2 : 0;
  int64_t rows = (target.registers - spare - vectors - 1) / vectors;
  return std::clamp<int64_t>(rows, 1, mostRows);
}

/// About the cycles of `extent` rows over all columns: two products a cycle, two loads a cycle, at
/// least the latency of a product, and the start and end of a tile.
static double costOf(int64_t extent, int64_t height, int64_t vectors, int64_t depth,
                     int64_t allVectors) {
  constexpr double start = 30, perVector = 2;
  auto tilesOf = static_cast<double>(llvm::divideCeil(extent, height));
  double rows = static_cast<double>(extent) / tilesOf;
  auto cycles = [&](int64_t across) {
    auto wide = static_cast<double>(across);
    double step = std::max({rows * wide / 2, (rows + wide) / 2, 4.0});
    return tilesOf * (static_cast<double>(depth) * step + start + perVector * rows * wide);
  };
  double cost = static_cast<double>(allVectors / vectors) * cycles(vectors);
  return allVectors % vectors ? cost + cycles(allVectors % vectors) : cost;
}

SmallVector<TileCost> PanelColumns::tileCosts(VectorTarget target, int64_t extent, int64_t depth,
                                              int64_t rowBytes, bool lower) const {
  SmallVector<TileCost> costs;
  int64_t most = target.registers >= 32 ? 4 : 3;
  int64_t allVectors = llvm::divideCeil(outputs, lanes);
  // Few rows leave registers for several panels: their sums are chains that must overlap.
  int64_t widest =
      extent < fewRows ? std::max<int64_t>(most, (target.registers - 8) / extent) : most;
  // A block of one panel is read as one stream; of a large one half leaves more room for the next.
  bool isSmall = depth * panelVectors() * target.bytes <= smallPanelBytes;
  for (int64_t across = 1; across <= widest; ++across) {
    if (panelVectors() % across != 0 && across % panelVectors() != 0)
      continue;
    int64_t limit = highestTile(target, across);
    if (rowBytes % aliasBytes == 0)
      limit = std::min(limit, mostAliases);
    // Of limits that cut the rows alike, the first.
    int64_t before = 0;
    int64_t lowest = lower ? (limit + 1) / 2 : limit;
    for (int64_t rows = limit; rows >= lowest; --rows) {
      int64_t height = balancedTile(extent, rows);
      if (std::exchange(before, height) == height)
        continue;
      double streams = across > panelVectors() || (isSmall && across < panelVectors()) ? 1.01 : 1;
      costs.push_back({across, rows, streams * costOf(extent, height, across, depth, allVectors)});
    }
  }
  llvm::sort(costs, [](const TileCost &a, const TileCost &b) {
    return std::tuple(a.cost, a.vectors, b.mostRows) < std::tuple(b.cost, b.vectors, a.mostRows);
  });
  return costs;
}

int64_t PanelColumns::choose(VectorTarget target, int64_t extent, int64_t depth, int64_t rowBytes,
                             const Choice &choice) {
  SmallVector<TileCost> costs = tileCosts(target, extent, depth, rowBytes, /*lower=*/false);
  // A width of which there is no tile cuts panels into no whole parts.
  const auto *chosen =
      llvm::find_if(costs, [&](const TileCost &each) { return each.vectors == choice.vectors; });
  const TileCost &tile = chosen == costs.end() ? costs.front() : *chosen;
  vectors = tile.vectors;
  int64_t height = std::min(tile.mostRows, choice.rows.value_or(tile.mostRows));
  int64_t allVectors = llvm::divideCeil(outputs, lanes);
  count = llvm::divideCeil(allVectors, vectors);
  lastVectors = allVectors - (count - 1) * vectors;
  return height;
}

//===-- Blocks ------------------------------------------------------------------------------===//

SmallVector<int64_t> PanelColumns::offsetsIn(int64_t number, int64_t elementsEach) const {
  SmallVector<int64_t> all;
  for (int64_t j = 0; j < number; ++j)
    all.push_back(j / panelVectors() * elementsEach + j % panelVectors() * lanes * interleave);
  return all;
}

/// A block is a part of a panel or consists of several.
Value PanelColumns::start(Code &code, Value block) const {
  int64_t parts = std::max<int64_t>(1, panelVectors() / vectors);
  int64_t panels = std::max<int64_t>(1, vectors / panelVectors());
  Value panel = code.mul(code.div(block, code.index(parts)), code.index(panels * panelElements));
  return code.add(panel, code.mul(code.rem(block, code.index(parts)),
                                  code.index(vectors * lanes * interleave)));
}

void PanelColumns::forBlock(Code &code, Value block,
                            llvm::function_ref<void(const ColumnRange &)> body) const {
  int64_t wide = vectors * lanes, before = (count - 1) * wide;
  Value first = code.mul(block, code.index(wide));
  ColumnRange full{start(code, block), first, code.index(wide), vectors}, last = full;
  last.vectors = lastVectors;
  last.width = code.index(outputs - before);
  if (count == 1 || outputs - before == wide)
    return body(last);
  if (last.vectors == vectors) { // The same code, with a mask.
    full.width = code.min(code.sub(code.index(outputs), first), code.index(wide));
    return body(full);
  }
  Value isFull = code.compare(CmpIPredicate::slt, block, code.index(count - 1));
  code.branch(isFull, [&] { body(full); }, [&] { body(last); });
}

//===-- Asking ahead ------------------------------------------------------------------------===//

namespace {

/// The vectors of the block that comes next that a tile asks for, in turns of its loop.
class AheadShare {
public:
  /// For a loop of `turnSteps` steps a turn, the first of which reads at `rightStart`.
  AheadShare(Tiles &theTiles, const PanelOperands &theOperands, int64_t turnSteps,
             Value rightStart);

  /// Asks for the part of step `u` of turn number `turn`.
  void ask(Value turn, int64_t u);

private:
  Tiles &tiles;
  const PanelOperands &operands;
  int64_t steps, perTurn;
  Value first; ///< Number of the first vector in the block.
};

} // namespace

/// Where vector number `number` of a block stands, in the order of its memory.
Value PanelAhead::placeOf(Code &code, Value number) const {
  auto parted = [&](int64_t size, int64_t distance, int64_t lanes) {
    Value part = code.div(number, code.index(size)), rest = code.rem(number, code.index(size));
    return code.add(code.mul(part, code.index(distance)), code.mul(rest, code.index(lanes)));
  };
  int64_t wide = columns->vectors * columns->lanes;
  if (wide < columns->width)
    return parted(columns->vectors, columns->width, columns->lanes);
  if (wide > columns->width && rows * columns->width < columns->panelElements)
    return parted(rows * columns->width / columns->lanes, columns->panelElements, columns->lanes);
  return code.mul(number, code.index(columns->lanes));
}

AheadShare::AheadShare(Tiles &theTiles, const PanelOperands &theOperands, int64_t turnSteps,
                       Value rightStart)
    : tiles(theTiles), operands(theOperands), steps(turnSteps) {
  Code &code = tiles.code;
  const PanelAhead &ahead = operands.ahead;
  // Where there are more tiles than vectors in a turn, neighbours ask for the same ones.
  int64_t all = steps * ahead.columns->vectors, alike = std::max<int64_t>(1, ahead.numTiles / all);
  perTurn = llvm::divideCeil(all, llvm::divideCeil(ahead.numTiles, alike));
  Value row = code.div(code.sub(rightStart, ahead.current), code.index(operands.width));
  Value turns = code.mul(code.div(ahead.tile, code.index(alike)),
                         code.index(llvm::divideCeil(ahead.rows, steps)));
  first = code.mul(code.add(turns, code.div(row, code.index(steps))), code.index(perTurn));
}

void AheadShare::ask(Value turn, int64_t u) {
  Code &code = tiles.code;
  Value start = code.add(first, code.mul(turn, code.index(perTurn)));
  for (int64_t j = u * perTurn / steps; j < (u + 1) * perTurn / steps; ++j) {
    Value place = operands.ahead.placeOf(code, code.add(start, code.index(j)));
    tiles.prefetch(operands.right, code.add(operands.ahead.next, place));
  }
}

//===-- Sums --------------------------------------------------------------------------------===//

/// The right side's vectors of the step at `row`.
static SmallVector<Value> rightVectors(Tiles &tiles, const PanelOperands &operands, Value row,
                                       bool asksAhead) {
  Code &code = tiles.code;
  SmallVector<Value> across;
  for (int64_t offset : operands.offsets) {
    Value place = code.add(row, code.index(offset));
    across.push_back(operands.interleave == 1
                         ? tiles.loadVector(operands.right, place, {}, operands.rightElement)
                         : tiles.loadPacks(operands.right, place, operands.rightElement));
    if (asksAhead)
      tiles.prefetch(operands.right, code.add(place, code.index(prefetchedSteps * operands.width)));
  }
  return across;
}

/// One step with a right side of small integers, of `terms` terms. A vector at a time is brought to
/// floats, so that few are alive.
static void convertedStep(Tiles &tiles, const PanelOperands &operands, int64_t rows, Value left,
                          Value right, int64_t terms, llvm::MutableArrayRef<Value> sums) {
  Code &code = tiles.code;
  SmallVector<Value> down;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t term = 0; term < terms; ++term) {
      Value place = code.add(left, code.index(i * operands.rowDistance + term));
      down.push_back(tiles.spread(tiles.loadScalar(operands.left, place, operands.leftElement)));
    }
  size_t across = operands.offsets.size();
  for (size_t j = 0; j < across; ++j)
    for (int64_t term = 0; term < terms; ++term) {
      Value place = code.add(right, code.index(operands.offsets[j]));
      Value weights = operands.nibbles
                          ? tiles.loadNibbles(operands.right, place, term)
                          : tiles.loadVector(operands.right, place, {}, operands.rightElement);
      for (int64_t i = 0; i < rows; ++i) {
        Value &sum = sums[i * across + j];
        sum = tiles.multiplyAdd(down[i * terms + term], weights, sum);
      }
    }
}

SmallVector<Value> panelProducts(Tiles &tiles, const PanelOperands &operands, int64_t rows,
                                 int64_t depth, Value leftStart, Value rightStart,
                                 SmallVector<Value> sums) {
  Code &code = tiles.code;
  int64_t together = operands.nibbles ? 2 : operands.interleave;
  bool isPacked = operands.interleave > 1;
  bool isConverted = operands.leftElement.isF32() && operands.rightElement.isInteger();
  int64_t rowBytes = operands.width * storageBytes(operands.rightElement);
  bool hasTime = rows >= fewRows, asksFar = hasTime && operands.ahead.next;
  bool asksNear = hasTime && !asksFar && depth / together * rowBytes >= fewestPrefetchedBytes;
  /// One step, which has `terms` terms: all but the last one as many as stand together.
  auto step = [&](Value left, Value right, int64_t terms, llvm::MutableArrayRef<Value> now) {
    if (isConverted)
      return convertedStep(tiles, operands, rows, left, right, terms, now);
    SmallVector<Value> across = rightVectors(tiles, operands, right, asksNear);
    auto sum = now.begin();
    for (int64_t i = 0; i < rows; ++i) {
      Value place = code.add(left, code.index(i * operands.rowDistance));
      Value down =
          tiles.spread(isPacked ? tiles.loadPack(operands.left, place, operands.leftElement, terms)
                                : tiles.loadScalar(operands.left, place, operands.leftElement));
      for (Value vector : across) {
        *sum = isPacked ? tiles.multiplyAddPacks(down, vector, *sum, operands.rightElement)
                        : tiles.multiplyAdd(down, vector, *sum);
        ++sum;
      }
    }
  };
  auto steps = [&](Value k, int64_t count, ValueRange current, int64_t terms,
                   AheadShare *share = nullptr) {
    SmallVector<Value> now(current);
    Value left = code.add(leftStart, code.mul(k, code.index(together)));
    Value right = code.add(rightStart, code.mul(k, code.index(operands.width)));
    for (int64_t u = 0; u < count; ++u) {
      if (share)
        share->ask(code.div(k, code.index(count)), u);
      step(code.add(left, code.index(u * together)),
           code.add(right, code.index(u * operands.width)), terms, now);
    }
    return now;
  };
  int64_t full = depth / together, size = unrolled;
  if (full <= mostWithoutLoop)
    size = std::max<int64_t>(1, full);
  else if (full % unrolled != 0 && full % 3 == 0)
    size = 3;
  int64_t whole = full / size * size;
  std::optional<AheadShare> share;
  if (asksFar)
    share.emplace(tiles, operands, size, rightStart);
  sums = code.loop(code.index(0), code.index(whole), size, sums, [&](Value k, ValueRange current) {
    return steps(k, size, current, together, share ? &*share : nullptr);
  });
  if (whole != full)
    sums = steps(code.index(whole), full - whole, sums, together);
  return depth % together ? steps(code.index(full), 1, sums, depth % together) : sums;
}

SmallVector<Value> scaledProducts(Tiles &tiles, const PanelOperands &operands,
                                  const PanelScales &scales, int64_t rows, int64_t depth,
                                  Value leftStart, Value rightStart, SmallVector<Value> sums) {
  Code &code = tiles.code;
  size_t across = operands.offsets.size();
  int64_t partRows = scales.terms / (operands.nibbles ? 2 : 1);
  auto part = [&](Value number, int64_t terms, ValueRange current) {
    SmallVector<Value> now(current);
    Value left = code.add(leftStart, code.mul(number, code.index(scales.terms)));
    Value right = code.add(rightStart, code.mul(number, code.index(partRows * operands.width)));
    SmallVector<Value> products =
        panelProducts(tiles, operands, rows, terms, left, right, tiles.zeros(now.size()));
    Value row = code.add(scales.start, code.mul(number, code.index(scales.width)));
    for (auto [j, offset] : llvm::enumerate(scales.offsets)) {
      Value scale = tiles.loadVector(scales.buffer, code.add(row, code.index(offset)), {});
      for (size_t sum = j; sum < now.size(); sum += across)
        now[sum] = tiles.multiplyAdd(products[sum], scale, now[sum]);
    }
    return now;
  };
  int64_t whole = depth / scales.terms;
  sums = code.loop(code.index(0), code.index(whole), 1, sums,
                   [&](Value number, ValueRange now) { return part(number, scales.terms, now); });
  return depth % scales.terms ? part(code.index(whole), depth % scales.terms, sums) : sums;
}

} // namespace weft
