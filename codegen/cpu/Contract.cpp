// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions. The labels of the equation fall into four classes: in both operands and the result
// (batch), of one operand and the result (free), and summed. What is contiguous decides the form:
//   - a free label is contiguous in one operand: vectors run along it, tiles of outer products;
//   - the same summed label is contiguous in both: vectors run along it, tiles of dot products;
//   - otherwise each element by itself (RootElement.cpp).

#include "codegen/cpu/Contract.h"

namespace weft {

//===-- Axes --------------------------------------------------------------------------------===//

/// The place of `letter` in `letters`, from the end; 0 if it is absent.
static size_t placeFromEnd(StringRef letters, char letter) {
  size_t place = letters.find(letter);
  return place == StringRef::npos ? 0 : letters.size() - place;
}

/// True if `second` follows `first` directly wherever one of them stands.
static bool alwaysAdjacent(StringRef letters, char first, char second) {
  size_t a = placeFromEnd(letters, first), b = placeFromEnd(letters, second);
  return (a == 0 && b == 0) || (a != 0 && a == b + 1 && b != 0);
}

static Dim strideOf(StringRef letters, ArrayRef<Dim> dims, char letter) {
  size_t place = letters.find(letter);
  return place == StringRef::npos ? Dim(0) : productOf(dims.drop_front(place + 1));
}

std::unique_ptr<ContractPlan> ContractPlan::of(ContractOp op) {
  // Buffers are read in place: operands are arguments.
  if (!isa<mlir::BlockArgument>(op.getLhs()) || !isa<mlir::BlockArgument>(op.getRhs()) ||
      elementOf(op.getLhs()) != elementOf(op.getRhs()))
    return nullptr;
  auto planStore = std::make_unique<ContractPlan>();
  ContractPlan &plan = *planStore;
  plan.op = op;
  auto labels = op.getLabels();
  SmallVector<Dim> lhs = dimsOf(op.getLhs()), rhs = dimsOf(op.getRhs());
  SmallVector<Dim> out = dimsOf(op.getResult());
  auto addLetters = [&](StringRef letters, ArrayRef<Dim> dims) {
    for (auto [letter, dim] : llvm::zip_equal(letters, dims)) {
      bool known = llvm::any_of(plan.axes, [&](const ContractAxis &axis) {
        return llvm::is_contained(axis.letters, letter);
      });
      if (known)
        continue;
      ContractAxis *last = plan.axes.empty() ? nullptr : &plan.axes.back();
      if (last && alwaysAdjacent(labels.lhs, last->letters.back(), letter) &&
          alwaysAdjacent(labels.rhs, last->letters.back(), letter) &&
          alwaysAdjacent(labels.result, last->letters.back(), letter)) {
        last->letters.push_back(letter);
        last->sizes.push_back(dim);
      } else {
        ContractAxis axis;
        axis.letters.push_back(letter);
        axis.sizes.push_back(dim);
        plan.axes.push_back(std::move(axis));
      }
    }
  };
  addLetters(labels.lhs, lhs);
  addLetters(labels.rhs, rhs);
  for (ContractAxis &axis : plan.axes) {
    char letter = axis.letters.back();
    axis.lhs = strideOf(labels.lhs, lhs, letter);
    axis.rhs = strideOf(labels.rhs, rhs, letter);
    axis.out = strideOf(labels.result, out, letter);
    axis.inLhs = labels.lhs.contains(letter);
    axis.inRhs = labels.rhs.contains(letter);
    axis.inOut = labels.result.contains(letter);
  }
  if (!plan.chooseForm(labels))
    return nullptr;
  return planStore;
}

/// The axis whose last letter is the last of `letters`; null for no letters.
const ContractAxis *ContractPlan::innermost(StringRef letters) const {
  for (const ContractAxis &axis : axes)
    if (!letters.empty() && axis.letters.back() == letters.back())
      return &axis;
  return nullptr;
}

bool ContractPlan::chooseForm(ContractOp::Labels labels) {
  const ContractAxis *left = innermost(labels.lhs), *right = innermost(labels.rhs);
  if (!left || !right)
    return false;
  bool leftFree = left->inOut && !left->inRhs, rightFree = right->inOut && !right->inLhs;
  bool leftIsLast = innermost(labels.result) == left;
  if (leftFree || rightFree) {
    swapped = leftFree && (!rightFree || leftIsLast);
    across = swapped ? left : right;
  } else if (left == right && !left->inOut) {
    along = left;
  } else {
    return false;
  }
  for (ContractAxis &axis : axes) {
    if (swapped) {
      std::swap(axis.lhs, axis.rhs);
      std::swap(axis.inLhs, axis.inRhs);
    }
    if (&axis == along || &axis == across)
      continue;
    if (!axis.inOut)
      summed.push_back(&axis);
    else if (!axis.inRhs)
      rows.push_back(&axis);
    else if (!axis.inLhs && along)
      columns.push_back(&axis);
    else
      outer.push_back(&axis);
  }
  return true;
}

Dim extentOf(ArrayRef<const ContractAxis *> axes) {
  Dim extent(1);
  for (const ContractAxis *axis : axes)
    extent = extent * axis->size();
  return extent;
}

//===-- Places ------------------------------------------------------------------------------===//

ContractEmitter::ContractEmitter(Kernel &ownerKernel, ContractPlan &thePlan)
    : kernel(ownerKernel), plan(thePlan), code(kernel.code()), elements(kernel.elements()),
      tiles(kernel, elementOf(plan.op.getLhs()),
            sumType(elementOf(plan.op.getLhs()), elementOf(plan.op.getResult()))),
      a(elements.flat(plan.swapped ? plan.op.getRhs() : plan.op.getLhs())),
      b(elements.flat(plan.swapped ? plan.op.getLhs() : plan.op.getRhs())) {
  bool isPlain =
      kernel.result == plan.op.getResult() && Scalar::heldType(resultType()) == tiles.sum;
  storesDirectly = isPlain && plan.across && plan.across->out == Dim(1);
}

Type ContractEmitter::resultType() { return elementOf(plan.op.getResult()); }

SmallVector<Value> ContractEmitter::split(Value place, ArrayRef<const ContractAxis *> axes) {
  SmallVector<Value> sizes;
  for (const ContractAxis *axis : axes)
    sizes.push_back(elements.size(axis->size()));
  return code.delinearize(place, sizes);
}

Value ContractEmitter::offset(ArrayRef<const ContractAxis *> axes, ArrayRef<Value> places,
                              Dim ContractAxis::*stride) {
  Value total = code.index(0);
  for (auto [axis, place] : llvm::zip_equal(axes, places))
    total = code.add(total, code.mul(place, elements.size(axis->*stride)));
  return total;
}

/// Adds the index of each letter of `axes` in the result.
void ContractEmitter::addIndices(llvm::SmallDenseMap<char, Value> &indices,
                                 ArrayRef<const ContractAxis *> axes, ArrayRef<Value> places) {
  for (auto [axis, place] : llvm::zip_equal(axes, places)) {
    SmallVector<Value> parts = code.delinearize(place, elements.sizes(axis->sizes));
    for (auto [letter, part] : llvm::zip_equal(axis->letters, parts))
      indices[letter] = part;
  }
}

SmallVector<Value> ContractEmitter::resultIndices(Value outer, Value row, Value column) {
  llvm::SmallDenseMap<char, Value> indices;
  addIndices(indices, plan.outer, split(outer, plan.outer));
  addIndices(indices, plan.rows, split(row, plan.rows));
  if (plan.across)
    addIndices(indices, {plan.across}, {column});
  else
    addIndices(indices, plan.columns, split(column, plan.columns));
  return llvm::map_to_vector(plan.op.getLabels().result,
                             [&](char letter) { return indices.lookup(letter); });
}

SmallVector<Value> ContractEmitter::summedSizes() {
  return llvm::map_to_vector(plan.summed,
                             [&](const ContractAxis *axis) { return elements.size(axis->size()); });
}

/// Stores the elements of the result for sums in `tile`, `pitch` apart.
void ContractEmitter::storeTile(Value tile, int64_t pitch, Value outer, Value row, int64_t height,
                                Value column, Value width) {
  code.loop(code.index(0), code.index(height), 1, [&](Value i) {
    code.loop(code.index(0), width, 1, [&](Value j) {
      Value place = code.add(code.mul(i, code.index(pitch)), j);
      Value total = kernel.scalar().load(tile, place, tiles.sum);
      kernel.storeFromRoot(resultIndices(outer, code.add(row, i), code.add(column, j)), total);
    });
  });
}

//===-- Outer products ----------------------------------------------------------------------===//

/// Rows that one chunk goes through for each panel.
static constexpr int64_t tilesPerChunk = 8;

/// Steps of a sum that are written out in the loop's body.
static constexpr int64_t unrolledSteps = 4;
/// Bytes of a copied panel: a quarter of a second-level cache.
static constexpr int64_t panelBytes = 256 * 1024;

/// Rows that are a multiple of this apart share a set of the first-level cache: with copied panels
/// 1024^3 went from 92 ms to 62, about what 1000^3 takes (59; both beside other work).
static constexpr int64_t aliasingBytes = 4096;

bool copiesPanels(ContractPlan &plan, int64_t tileRows) {
  if (plan.summed.size() != 1)
    return false;
  auto stride = plan.summed.front()->rhs.constant();
  auto rows = extentOf(plan.rows).constant();
  // Of the operand whose rows are read; left and right are of one type.
  int64_t bytes = storageBytes(elementOf(plan.op.getLhs()));
  return stride && *stride > 0 && *stride * bytes % aliasingBytes == 0 &&
         (!rows || *rows > tileRows);
}

/// Bytes of a that a second-level cache holds beside a panel: so much is read in place.
static constexpr int64_t nearBytes = 512 * 1024;
/// Steps that are copied at a time, and rows of tiles that share them: a copy is read for a whole
/// chunk, so that little of the time goes into it.
static constexpr int64_t blockSteps = 256, tilesPerBlock = 32;

bool copiesRows(ContractPlan &plan, int64_t tileRows) {
  if (plan.summed.size() != 1 || plan.rows.size() != 1 || !(plan.rows.front()->lhs == Dim(1)))
    return false;
  auto stride = plan.summed.front()->lhs.constant();
  auto rows = extentOf(plan.rows).constant(), steps = plan.summed.front()->size().constant();
  int64_t bytes = storageBytes(elementOf(plan.op.getLhs()));
  return stride && *stride * bytes * steps.value_or(blockSteps / 2) > nearBytes &&
         (!rows || *rows > tileRows) && steps.value_or(blockSteps) >= blockSteps;
}

SmallVector<Value> ContractEmitter::masksOf(const Tile &tile) {
  SmallVector<Value> masks;
  for (int64_t j = 0; j < tile.vectors; ++j)
    masks.push_back(tiles.maskOf(code.sub(tile.width, code.index(j * tiles.lanes))));
  return masks;
}

Value ContractEmitter::startOfB(const Tile &tile, int64_t vector) {
  Value outer = offset(plan.outer, split(tile.outer, plan.outer), &ContractAxis::rhs);
  return code.add(code.add(outer, tile.column), code.index(vector * tiles.lanes));
}

/// The sums of a tile over all steps, b read in place.
SmallVector<Value> ContractEmitter::tileSums(const Tile &tile) {
  Value outerA = offset(plan.outer, split(tile.outer, plan.outer), &ContractAxis::lhs);
  SmallVector<Value> startA, startB, masks = masksOf(tile);
  for (int64_t i = 0; i < tile.height; ++i) {
    Value place = code.add(tile.row, code.index(i));
    startA.push_back(
        code.add(outerA, offset(plan.rows, split(place, plan.rows), &ContractAxis::lhs)));
  }
  for (int64_t j = 0; j < tile.vectors; ++j)
    startB.push_back(startOfB(tile, j));
  TileShape shape{tile.height, tile.vectors};
  SmallVector<Value> none = tiles.zeros(tile.height * tile.vectors);
  auto fromA = [&](int64_t i, ArrayRef<Value> places) {
    return tiles.loadScalar(a,
                            code.add(startA[i], offset(plan.summed, places, &ContractAxis::lhs)));
  };
  auto fromB = [&](int64_t j, ArrayRef<Value> places) {
    Value place = code.add(startB[j], offset(plan.summed, places, &ContractAxis::rhs));
    return tiles.loadVector(b, place, masks[j]);
  };
  if (plan.summed.size() != 1)
    return tiles.outerProducts(shape, summedSizes(), none, fromA, fromB);
  return tiles.unrolledProducts(
      shape, summedSizes().front(), unrolledSteps, none,
      [&](int64_t i, Value step) { return fromA(i, {step}); },
      [&](int64_t j, Value step) { return fromB(j, {step}); });
}

/// Stores the result of a tile.
void ContractEmitter::finishTile(const Tile &tile, ArrayRef<Value> sums) {
  SmallVector<Value> masks = masksOf(tile);
  int64_t pitch = tile.vectors * tiles.lanes;
  for (int64_t i = 0; i < tile.height; ++i)
    for (int64_t j = 0; j < tile.vectors; ++j) {
      Value total = sums[i * tile.vectors + j];
      if (!storesDirectly) {
        tiles.storeSums(total, scratch, code.index(i * pitch + j * tiles.lanes));
        continue;
      }
      Value place = code.add(tile.row, code.index(i));
      Value start = offset(plan.outer, split(tile.outer, plan.outer), &ContractAxis::out);
      start = code.add(start, offset(plan.rows, split(place, plan.rows), &ContractAxis::out));
      start = code.add(start, code.add(tile.column, code.index(j * tiles.lanes)));
      tiles.storeSums(total, elements.flatOutput(0), start, masks[j]);
    }
  if (!storesDirectly)
    storeTile(scratch, pitch, tile.outer, tile.row, tile.height, tile.column, tile.width);
}

//===-- Copied panels -----------------------------------------------------------------------===//

void ContractEmitter::allocatePanel(int64_t rows, int64_t columns, bool copiesA) {
  blockPitch = copiesA ? static_cast<int64_t>(llvm::alignTo(rows, tiles.lanes)) : 0;
  int64_t bytes = columns * tiles.sum.getIntOrFloatBitWidth() / 8;
  auto steps = plan.summed.front()->size().constant();
  panelSteps = copiesA ? blockSteps : std::max<int64_t>(1, panelBytes / bytes);
  if (steps && *steps <= panelSteps)
    panelSteps = std::max<int64_t>(1, *steps);
  else
    partial = kernel.scratch(rows * columns, tiles.sum);
  panel = kernel.scratch(panelSteps * columns, tiles.sum);
  if (copiesA)
    block = kernel.scratch(panelSteps * blockPitch, tiles.sum);
}

/// Copies the steps of a that `tile` names, for the rows [first, first + count).
void ContractEmitter::copyBlock(const Tile &tile, Value first, Value count) {
  Value stride = elements.size(plan.summed.front()->lhs);
  Value outer = offset(plan.outer, split(tile.outer, plan.outer), &ContractAxis::lhs);
  Value start = code.add(outer, first);
  code.loop(code.index(0), tile.numSteps, 1, [&](Value step) {
    Value from = code.add(start, code.mul(code.add(tile.firstStep, step), stride));
    Value to = code.mul(step, code.index(blockPitch));
    code.loop(code.index(0), count, tiles.lanes, [&](Value row) {
      Value mask = tiles.maskOf(code.sub(count, row));
      Value value = tiles.loadVector(a, code.add(from, row), mask);
      tiles.storeSums(value, block, code.add(to, row));
    });
  });
}

/// Copies the steps of b that `tile` names, for its columns.
void ContractEmitter::copyPanel(const Tile &tile) {
  SmallVector<Value> masks = masksOf(tile);
  Value stride = elements.size(plan.summed.front()->rhs);
  int64_t pitch = tile.vectors * tiles.lanes;
  code.loop(code.index(0), tile.numSteps, 1, [&](Value step) {
    Value row = code.mul(code.add(tile.firstStep, step), stride);
    for (int64_t j = 0; j < tile.vectors; ++j) {
      Value value = tiles.loadVector(b, code.add(startOfB(tile, j), row), masks[j]);
      Value to = code.add(code.mul(step, code.index(pitch)), code.index(j * tiles.lanes));
      tiles.storeSums(value, panel, to);
    }
  });
}

/// Where the sums of a tile wait for the next copy.
Value ContractEmitter::partialPlace(const Tile &tile, int64_t row, int64_t vector) {
  int64_t pitch = tile.vectors * tiles.lanes;
  Value start = code.mul(code.add(tile.rowInChunk, code.index(row)), code.index(pitch));
  return code.add(start, code.index(vector * tiles.lanes));
}

/// The sums of a tile over the steps that are copied, added to those before.
SmallVector<Value> ContractEmitter::panelSums(const Tile &tile) {
  SmallVector<Value> startA, totals = tiles.zeros(tile.height * tile.vectors);
  Value outerA = offset(plan.outer, split(tile.outer, plan.outer), &ContractAxis::lhs);
  outerA = code.add(outerA, offset(plan.summed, {tile.firstStep}, &ContractAxis::lhs));
  for (int64_t i = 0; i < tile.height; ++i) {
    Value place = code.add(tile.row, code.index(i));
    startA.push_back(
        code.add(outerA, offset(plan.rows, split(place, plan.rows), &ContractAxis::lhs)));
    for (int64_t j = 0; j < tile.vectors && partial; ++j)
      totals[i * tile.vectors + j] = tiles.loadSums(partial, partialPlace(tile, i, j));
  }
  return tiles.unrolledProducts(
      {tile.height, tile.vectors}, tile.numSteps, unrolledSteps, totals,
      [&](int64_t i, Value step) {
        if (block) {
          Value row = code.add(tile.rowInChunk, code.index(i));
          Value place = code.add(code.mul(step, code.index(blockPitch)), row);
          return kernel.scalar().load(block, place, tiles.sum);
        }
        return tiles.loadScalar(
            a, code.add(startA[i], offset(plan.summed, {step}, &ContractAxis::lhs)));
      },
      [&](int64_t j, Value step) {
        Value row = code.mul(step, code.index(tile.vectors * tiles.lanes));
        return tiles.loadSums(panel, code.add(row, code.index(j * tiles.lanes)));
      });
}

/// The columns of a panel for `count` rows: its steps are copied a part at a time, and the sums of
/// all rows wait in between.
void ContractEmitter::copiedPanel(Tile tile, Value first, Value count, int64_t tileRows) {
  auto rows = extentOf(plan.rows).constant();
  auto forRows = [&](llvm::function_ref<void()> body) {
    forTiles(code, count, rows, tileRows, [&](Value start, int64_t height) {
      tile.row = code.add(first, start);
      tile.rowInChunk = start;
      tile.height = height;
      body();
    });
  };
  auto forSums = [&](llvm::function_ref<void(int64_t, Value)> body) {
    for (int64_t i = 0; i < tile.height; ++i)
      for (int64_t j = 0; j < tile.vectors; ++j)
        body(i * tile.vectors + j, partialPlace(tile, i, j));
  };
  if (partial)
    forRows([&] {
      forSums(
          [&](int64_t, Value place) { tiles.storeSums(tiles.zeros(1).front(), partial, place); });
    });
  Value steps = summedSizes().front();
  code.loop(code.index(0), steps, panelSteps, [&](Value step) {
    tile.firstStep = step;
    tile.numSteps = code.min(code.sub(steps, step), code.index(panelSteps));
    copyPanel(tile);
    if (block)
      copyBlock(tile, first, count);
    forRows([&] {
      SmallVector<Value> sums = panelSums(tile);
      if (!partial)
        return finishTile(tile, sums);
      forSums([&](int64_t number, Value place) { tiles.storeSums(sums[number], partial, place); });
    });
  });
  if (partial)
    forRows([&] {
      SmallVector<Value> sums(tile.height * tile.vectors);
      forSums([&](int64_t number, Value place) { sums[number] = tiles.loadSums(partial, place); });
      finishTile(tile, sums);
    });
}

//===-- Panels ------------------------------------------------------------------------------===//

/// The columns of one panel, `width` of them, for the rows [first, first + count).
void ContractEmitter::outerProductPanel(Value outer, Value first, Value count, Value column,
                                        Value width, TileShape shape) {
  auto rows = extentOf(plan.rows).constant(), columns = plan.across->size().constant();
  int64_t full = shape.vectors * tiles.lanes;
  auto columnsOf = [&](Value from, int64_t vectors, Value wide) {
    Tile tile{outer, {}, 0, from, vectors, wide, {}, {}, {}};
    if (panel)
      return copiedPanel(tile, first, count, shape.rows);
    forTiles(code, count, rows, shape.rows, [&](Value start, int64_t height) {
      tile.row = code.add(first, start);
      tile.height = height;
      finishTile(tile, tileSums(tile));
    });
  };
  auto rest = [&] {
    if (columns)
      return columnsOf(column, llvm::divideCeil(*columns % full, tiles.lanes),
                       code.index(*columns % full));
    code.loop(code.index(0), width, tiles.lanes, [&](Value start) {
      Value wide = code.min(code.sub(width, start), code.index(tiles.lanes));
      columnsOf(code.add(column, start), 1, wide);
    });
  };
  if (columns && *columns % full == 0)
    return columnsOf(column, shape.vectors, code.index(full));
  if (columns && *columns < full)
    return rest();
  Value isFull = code.compare(mlir::arith::CmpIPredicate::eq, width, code.index(full));
  code.ifThen(isFull, [&] { columnsOf(column, shape.vectors, code.index(full)); });
  Value isPart = code.compare(mlir::arith::CmpIPredicate::ne, width, code.index(full));
  code.ifThen(isPart, rest);
}

static void lowerOuterProducts(Kernel &kernel, ContractPlan &plan) {
  Type element = elementOf(plan.op.getLhs());
  Type sum = sumType(element, elementOf(plan.op.getResult()));
  int64_t lanes = lanesOf(kernel.target, sum);
  Dim rows = extentOf(plan.rows), columns = plan.across->size(), outer = extentOf(plan.outer);
  TileShape shape = tileShapeFor(kernel.target, lanes, rows.constant(), columns.constant());
  bool copiesA = copiesRows(plan, shape.rows);
  int64_t rowBlock = shape.rows * (copiesA ? tilesPerBlock : tilesPerChunk);
  int64_t full = shape.vectors * lanes;
  Dim panels = columns.ceilDiv(Dim(full)), blocks = rows.ceilDiv(Dim(rowBlock));
  int64_t work = extentOf(plan.summed).constant().value_or(256) *
                 std::min(rowBlock, rows.constant().value_or(rowBlock)) * shape.vectors;
  kernel.begin(outer * panels * blocks, Kernel::grainFor(work));
  ContractEmitter emitter(kernel, plan);
  Code &code = kernel.code();
  if (!emitter.storesDirectly)
    emitter.scratch = kernel.scratch(shape.rows * full, sum);
  if (copiesA || copiesPanels(plan, shape.rows))
    emitter.allocatePanel(rowBlock, full, copiesA);
  kernel.forChunks([&](Value chunk) {
    Elements &elements = kernel.elements();
    SmallVector<Value> sizes{elements.size(outer), elements.size(panels), elements.size(blocks)};
    SmallVector<Value> place = code.delinearize(chunk, sizes);
    Value column = code.mul(place[1], code.index(full));
    Value width = code.min(code.sub(elements.size(columns), column), code.index(full));
    Value first = code.mul(place[2], code.index(rowBlock));
    Value count = code.min(code.sub(elements.size(rows), first), code.index(rowBlock));
    emitter.outerProductPanel(place[0], first, count, column, width, shape);
  });
}

//===-- Dot products ------------------------------------------------------------------------===//

/// Columns whose sums are kept until the epilogue runs over them.
static constexpr int64_t dotColumns = 32;

void ContractEmitter::dotTile(Value outer, Value row, int64_t height, Value column, int64_t across,
                              Value tileColumn) {
  Value outerA = offset(plan.outer, split(outer, plan.outer), &ContractAxis::lhs);
  Value outerB = offset(plan.outer, split(outer, plan.outer), &ContractAxis::rhs);
  SmallVector<Value> startA, startB;
  for (int64_t i = 0; i < height; ++i)
    startA.push_back(
        code.add(outerA, offset(plan.rows, split(code.add(row, code.index(i)), plan.rows),
                                &ContractAxis::lhs)));
  for (int64_t j = 0; j < across; ++j)
    startB.push_back(
        code.add(outerB, offset(plan.columns, split(code.add(column, code.index(j)), plan.columns),
                                &ContractAxis::rhs)));
  Value length = elements.size(plan.along->size());
  Value rest = code.rem(length, code.index(tiles.lanes));
  Value whole = code.sub(length, rest);
  auto step = [&](ArrayRef<Value> places, Value k, Value mask, ValueRange current) {
    Value shiftA = code.add(offset(plan.summed, places, &ContractAxis::lhs), k);
    Value shiftB = code.add(offset(plan.summed, places, &ContractAxis::rhs), k);
    SmallVector<Value> right, next;
    for (int64_t j = 0; j < across; ++j)
      right.push_back(tiles.loadVector(b, code.add(startB[j], shiftB), mask));
    for (int64_t i = 0; i < height; ++i) {
      Value left = tiles.loadVector(a, code.add(startA[i], shiftA), mask);
      for (int64_t j = 0; j < across; ++j)
        next.push_back(tiles.multiplyAdd(left, right[j], current[i * across + j]));
    }
    return next;
  };
  auto body = [&](ArrayRef<Value> places, ValueRange start) {
    SmallVector<Value> sums =
        code.loop(code.index(0), whole, tiles.lanes, SmallVector<Value>(start),
                  [&](Value k, ValueRange current) { return step(places, k, Value(), current); });
    auto known = plan.along->size().constant();
    if (known && *known % tiles.lanes == 0)
      return sums;
    // At most one step: the mask makes what lies behind the end 0.
    return code.loop(whole, length, tiles.lanes, sums, [&](Value k, ValueRange current) {
      return step(places, k, tiles.maskOf(rest), current);
    });
  };
  SmallVector<Value> sums = code.nest(summedSizes(), tiles.zeros(height * across), body);
  for (int64_t i = 0; i < height; ++i)
    for (int64_t j = 0; j < across; ++j) {
      Value place = code.add(tileColumn, code.index(i * dotColumns + j));
      kernel.scalar().store(tiles.sumLanes(sums[i * across + j]), scratch, place, tiles.sum);
    }
}

static void lowerDots(Kernel &kernel, ContractPlan &plan) {
  Type element = elementOf(plan.op.getLhs());
  Type sum = sumType(element, elementOf(plan.op.getResult()));
  Dim rows = extentOf(plan.rows), columns = extentOf(plan.columns), outer = extentOf(plan.outer);
  bool many = kernel.target.registers >= 32;
  int64_t height = balancedTile(rows.constant(), many ? 4 : 2);
  int64_t across = std::min<int64_t>(4, columns.constant().value_or(4));
  across = std::max<int64_t>(across, 1);
  int64_t rowBlock = height * tilesPerChunk;
  Dim panels = columns.ceilDiv(Dim(dotColumns)), blocks = rows.ceilDiv(Dim(rowBlock));
  int64_t work = extentOf(plan.summed).constant().value_or(4) *
                 plan.along->size().constant().value_or(256) * dotColumns / 16 *
                 std::min(rowBlock, rows.constant().value_or(rowBlock));
  kernel.begin(outer * panels * blocks, Kernel::grainFor(work));
  ContractEmitter emitter(kernel, plan);
  Code &code = kernel.code();
  emitter.scratch = kernel.scratch(height * dotColumns, sum);
  kernel.forChunks([&](Value chunk) {
    Elements &elements = kernel.elements();
    SmallVector<Value> sizes{elements.size(outer), elements.size(panels), elements.size(blocks)};
    SmallVector<Value> place = code.delinearize(chunk, sizes);
    Value column = code.mul(place[1], code.index(dotColumns));
    Value width = code.min(code.sub(elements.size(columns), column), code.index(dotColumns));
    Value first = code.mul(place[2], code.index(rowBlock));
    Value count = code.min(code.sub(elements.size(rows), first), code.index(rowBlock));
    forTiles(code, count, rows.constant(), height, [&](Value start, int64_t high) {
      Value row = code.add(first, start);
      forTiles(code, width, columns.constant(), across, [&](Value j, int64_t wide) {
        emitter.dotTile(place[0], row, high, code.add(column, j), wide, j);
      });
      emitter.storeTile(emitter.scratch, dotColumns, place[0], row, high, column, width);
    });
  });
}

bool lowerContract(Kernel &kernel, ContractOp op) {
  std::unique_ptr<ContractPlan> plan = ContractPlan::of(op);
  if (!plan)
    return lowerMap(kernel), false;
  if (plan->across)
    lowerOuterProducts(kernel, *plan);
  else
    lowerDots(kernel, *plan);
  return true;
}

} // namespace weft
