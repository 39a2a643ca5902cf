// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scattering in the output itself: the input is copied, then the updates are combined into it one
// after another. A thread owns whole places along the axis and passes over the updates of others,
// so the order of the updates that meet in one place is theirs, with any number of threads.

#include "codegen/cpu/Lanes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace weft {

using mlir::arith::CmpIPredicate;

/// Updates whose targets are looked at together: the bits of a word.
static constexpr int64_t glance = 64;
/// Columns of one chunk: more of them than fit a first-level cache gain nothing.
static constexpr int64_t columnBlock = 1024;
/// Sizes that are taken for those that are not known: graphs have many edges.
static constexpr int64_t unknownSize = 256, unknownUpdates = 4096;
/// What it costs to find an update and its place, in operations on elements.
static constexpr int64_t workPerUpdate = 8;

namespace {

/// How the work of a scatter is divided: lines along the axis, each either whole or by its places.
struct ScatterPlan {
  SmallVector<Dim> before;              ///< Dimensions before the axis.
  SmallVector<SmallVector<Dim>> groups; ///< Those behind it that run as one index.
  Dim length, updates;                  ///< Along the axis.
  Dim inner, columnBlocks;              ///< Of the innermost group.
  int64_t lineParts = 1;                ///< Parts of a line.
  int64_t grain = 1;
  int64_t lanes = 1; ///< Of the vectors of an update; 1 if it goes element by element.

  Dim outer() const { return productOf(before) * columnBlocks; }
  Dim chunks() const { return outer() * Dim(lineParts); }
};

} // namespace

/// The widest vectors that a run of columns fills; 1 without code for vectors.
static int64_t lanesFor(ScatterOp op, const ScatterPlan &plan, VectorTarget target) {
  Type element = elementOf(op.getInput());
  size_t running = plan.groups.back().size();
  if ((!element.isF32() && !element.isF64()) || running == 0 ||
      !Lanes::canGive(op.getUpdates(), element, running))
    return 1;
  int64_t lanes = target.bytes * 8 / element.getIntOrFloatBitWidth();
  while (lanes > plan.inner.constant().value_or(lanes) && lanes > 1)
    lanes /= 2;
  return lanes;
}

/// Parts of a line for several threads. Each goes through all updates, which of few columns is soon
/// the greater part of the work.
static int64_t partsFor(int64_t columns) {
  constexpr int64_t most = 16;
  int64_t parts = 1;
  while (parts < most && (parts + 1) * (parts + 1) <= columns)
    ++parts;
  return parts;
}

static ScatterPlan planScatter(ScatterOp op, VectorTarget target) {
  SmallVector<Dim> dims = dimsOf(op.getInput()), indexDims = dimsOf(op.getIndices());
  int64_t axis = op.getAxis(), rank = dims.size();
  int64_t shift = static_cast<int64_t>(indexDims.size()) - 1;
  ScatterPlan plan;
  plan.before.assign(dims.begin(), dims.begin() + axis);
  plan.length = dims[axis];
  plan.updates = productOf(indexDims);
  plan.groups.emplace_back();
  for (int64_t d = axis + 1; d < rank; ++d) {
    bool runsOn = mergeable(op.getInput(), d - 1) && mergeable(op.getUpdates(), d - 1 + shift);
    if (d > axis + 1 && !runsOn)
      plan.groups.emplace_back();
    plan.groups.back().push_back(dims[d]);
  }
  plan.inner = productOf(plan.groups.back());
  bool isShort = plan.inner.constant().value_or(columnBlock + 1) <= columnBlock;
  plan.columnBlocks = isShort ? Dim(1) : plan.inner.ceilDiv(Dim(columnBlock));

  Dim behind = productOf(ArrayRef(dims).drop_front(axis + 1));
  int64_t columns = std::min(behind.constant().value_or(unknownSize), columnBlock);
  int64_t work = (columns + workPerUpdate) * (plan.length.constant().value_or(unknownSize) +
                                              plan.updates.constant().value_or(unknownUpdates));
  bool isOneLine = plan.outer() == Dim(1);
  if (isOneLine && Kernel::grainFor(work / 2) == 1)
    plan.lineParts = partsFor(columns);
  plan.grain = Kernel::grainFor(work / plan.lineParts);
  plan.lanes = lanesFor(op, plan, target);
  return plan;
}

namespace {

/// The updates of one line along the axis.
struct ScatterLine {
  Kernel &kernel;
  ScatterOp op;
  const ScatterPlan &plan;
  SmallVector<Value> before;     ///< Indices before the axis.
  Value firstColumn, lastColumn; ///< Of the innermost group.
  Value first, last;             ///< Places along the axis.

  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  Elements &elements = kernel.elements();
  Type element = elementOf(op.getInput());

  SmallVector<Value> places(ArrayRef<Value> middle, ArrayRef<Value> behind) {
    SmallVector<Value> all(before);
    llvm::append_range(all, middle);
    llvm::append_range(all, behind);
    return all;
  }
  Value linear(ArrayRef<Value> indices) {
    return code.linearize(indices, elements.sizes(op.getResult()));
  }
  /// Which update is number `number`.
  SmallVector<Value> updateOf(Value number) {
    return code.delinearize(number, elements.sizes(op.getIndices()));
  }
  Value targetOf(Value number) {
    Value target = elements.at(op.getIndices(), updateOf(number));
    return scalar.toIndex(target, elementOf(op.getIndices()));
  }

  void forRuns(Value tensor, ArrayRef<Value> middle,
               llvm::function_ref<void(ArrayRef<Value>)> body);
  SmallVector<Value> behind(ArrayRef<Value> between, Value column);
  void forColumns(Value tensor, ArrayRef<Value> middle,
                  llvm::function_ref<void(ArrayRef<Value>)> body);
  void copy();
  void update(Value number, Value target);
  void updateVectors(ArrayRef<Value> which, Value target);
  void updateAll();
  void updateOwn();
};

} // namespace

/// Calls `body` for each run of columns with the indices between the axis and it. What the elements
/// of `tensor` there have in common is computed before.
void ScatterLine::forRuns(Value tensor, ArrayRef<Value> middle,
                          llvm::function_ref<void(ArrayRef<Value>)> body) {
  size_t numBehind = 0;
  for (ArrayRef<Dim> group : plan.groups)
    numBehind += group.size();
  ArrayRef<SmallVector<Dim>> groups = ArrayRef(plan.groups).drop_back();
  SmallVector<Value> sizes = llvm::map_to_vector(
      groups, [&](ArrayRef<Dim> group) { return elements.size(productOf(group)); });
  elements.prepare(tensor, places(middle, SmallVector<Value>(numBehind)));
  code.nest(sizes, {}, [&](ArrayRef<Value> outer, ValueRange) {
    SmallVector<Value> between;
    for (auto [index, group] : llvm::zip_equal(outer, groups))
      llvm::append_range(between, code.delinearize(index, elements.sizes(group)));
    SmallVector<Value> known = between;
    known.resize(numBehind);
    elements.prepare(tensor, places(middle, known));
    body(between);
    return SmallVector<Value>();
  });
}

/// All indices behind the axis.
SmallVector<Value> ScatterLine::behind(ArrayRef<Value> between, Value column) {
  SmallVector<Value> all(between);
  if (!plan.groups.back().empty())
    llvm::append_range(all, code.delinearize(column, elements.sizes(plan.groups.back())));
  return all;
}

void ScatterLine::forColumns(Value tensor, ArrayRef<Value> middle,
                             llvm::function_ref<void(ArrayRef<Value>)> body) {
  forRuns(tensor, middle, [&](ArrayRef<Value> between) {
    code.loop(firstColumn, lastColumn, 1, [&](Value column) { body(behind(between, column)); });
  });
}

void ScatterLine::copy() {
  code.loop(first, last, 1, [&](Value place) {
    forColumns(op.getInput(), place, [&](ArrayRef<Value> column) {
      SmallVector<Value> indices = places(place, column);
      scalar.store(elements.at(op.getInput(), indices), elements.flatOutput(0), linear(indices),
                   element);
    });
  });
}

/// Each operation rounds to the element type, as documented.
void ScatterLine::update(Value number, Value target) {
  SmallVector<Value> which = updateOf(number);
  if (plan.lanes > 1)
    return updateVectors(which, target);
  forColumns(op.getUpdates(), which, [&](ArrayRef<Value> column) {
    Value place = linear(places(target, column)), output = elements.flatOutput(0);
    Value old = scalar.load(output, place, element);
    Value next = elements.at(op.getUpdates(), places(which, column));
    scalar.store(scatterInto(scalar, op.getKind(), old, next, element), output, place, element);
  });
}

/// Columns that do not fill a vector take shorter ones, if their number is known: a load behind a
/// store with a mask, of the next run, would wait until that store is done.
void ScatterLine::updateVectors(ArrayRef<Value> which, Value target) {
  Value output = elements.flatOutput(0);
  Value rest = code.rem(code.sub(lastColumn, firstColumn), code.index(plan.lanes));
  Value whole = code.sub(lastColumn, rest);
  std::optional<int64_t> known = mlir::getConstantIntValue(mlir::getAsOpFoldResult(rest));
  auto step = [&](ArrayRef<Value> between, Value column, int64_t count, Value mask) {
    Lanes lanes(kernel, element, plan.groups.back().size(), count);
    SmallVector<Value> columns = behind(between, column);
    Value place = linear(places(target, columns));
    Value old = lanes.load(output, place, mask);
    Value next = lanes.at(op.getUpdates(), places(which, columns), mask);
    lanes.store(scatterInto(scalar, op.getKind(), old, next, element), output, place, mask);
  };
  auto finish = [&](ArrayRef<Value> between) {
    Value column = whole;
    for (int64_t count = plan.lanes / 2; known && count > 0; count /= 2)
      if (*known & count) {
        step(between, column, count, {});
        column = code.add(column, code.index(count));
      }
    if (!known)
      code.ifThen(code.compare(CmpIPredicate::sgt, rest, code.index(0)), [&] {
        auto type = mlir::VectorType::get({plan.lanes}, code.builder.getI1Type());
        step(between, whole, plan.lanes,
             mlir::vector::CreateMaskOp::create(code.builder, code.loc, type, ValueRange(rest)));
      });
  };
  forRuns(op.getUpdates(), which, [&](ArrayRef<Value> between) {
    code.loop(firstColumn, whole, plan.lanes,
              [&](Value column) { step(between, column, plan.lanes, {}); });
    finish(between);
  });
}

/// All places are ours: hardly an update is none of them.
void ScatterLine::updateAll() {
  code.loop(code.index(0), elements.size(plan.updates), 1, [&](Value number) {
    Value target = targetOf(number);
    // A negative target is beyond the end when seen as unsigned.
    code.ifThen(code.compare(CmpIPredicate::ult, target, last), [&] { update(number, target); });
  });
}

/// Goes through the updates whose targets are in [first, last). A branch for each would be guessed
/// wrong every other time; so the targets of many are compared at once, and the loop over those
/// that are ours has no branch.
void ScatterLine::updateOwn() {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type word = b.getI64Type();
  auto wide = mlir::VectorType::get({glance}, word);
  Value targets = kernel.scratch(glance, word), zero = code.index(0);
  auto asWord = [&](Value index) {
    return mlir::arith::IndexCastOp::create(b, loc, word, index).getResult();
  };
  auto spread = [&](Value index) {
    return mlir::vector::BroadcastOp::create(b, loc, wide, asWord(index)).getResult();
  };
  Value updates = elements.size(plan.updates), none = scalar.integer(word, -1);
  Value low = spread(first), count = spread(code.sub(last, first));
  code.loop(zero, updates, glance, [&](Value base) {
    Value seen = code.min(code.sub(updates, base), code.index(glance));
    code.loop(zero, seen, 1, [&](Value lane) {
      scalar.store(asWord(targetOf(code.add(base, lane))), targets, lane, word);
    });
    code.loop(seen, code.index(glance), 1,
              [&](Value lane) { scalar.store(none, targets, lane, word); });
    Value all = mlir::vector::LoadOp::create(b, loc, wide, targets, ValueRange(zero));
    // What lies before the first place is far beyond the last when seen as unsigned.
    Value offsets = mlir::arith::SubIOp::create(b, loc, all, low);
    Value isOurs = mlir::arith::CmpIOp::create(b, loc, CmpIPredicate::ult, offsets, count);
    Value packed =
        mlir::vector::BitCastOp::create(b, loc, mlir::VectorType::get({1}, word), isOurs);
    Value ours = mlir::vector::ExtractOp::create(b, loc, packed, ArrayRef<int64_t>{0});
    Value numOurs = scalar.toIndex(mlir::math::CtPopOp::create(b, loc, ours), word);
    code.loop(zero, numOurs, 1, {ours}, [&](Value, ValueRange left) {
      Value lane =
          scalar.toIndex(mlir::math::CountTrailingZerosOp::create(b, loc, left.front()), word);
      Value target = scalar.toIndex(scalar.load(targets, lane, word), word);
      update(code.add(base, lane), target);
      Value less = mlir::arith::AddIOp::create(b, loc, left.front(), none);
      Value rest = mlir::arith::AndIOp::create(b, loc, left.front(), less);
      return SmallVector<Value>{rest};
    });
  });
}

bool lowerScatter(Kernel &kernel, ScatterOp op) {
  // An epilogue would read what later updates still change.
  if (kernel.result != op.getResult())
    return lowerMap(kernel), false;
  ScatterPlan plan = planScatter(op, kernel.target);
  kernel.begin(plan.chunks(), plan.grain);
  Code &code = kernel.code();
  Elements &elements = kernel.elements();
  Value length = elements.size(plan.length), inner = elements.size(plan.inner);
  if (plan.lineParts > 1) {
    // All chunks that a thread takes at once are one range of places.
    Value size = elements.size(plan.length.ceilDiv(Dim(plan.lineParts)));
    auto [begin, end] = kernel.chunkRange();
    Value first = code.min(code.mul(begin, size), length);
    Value last = code.min(code.mul(end, size), length);
    ScatterLine line{kernel, op, plan, {}, code.index(0), inner, first, last};
    line.before.assign(plan.before.size(), code.index(0));
    line.copy();
    Value isAll = code.compare(CmpIPredicate::eq, code.sub(last, first), length);
    code.branch(isAll, [&] { line.updateAll(); }, [&] { line.updateOwn(); });
    return true;
  }
  kernel.forChunks([&](Value chunk) {
    Value blocks = elements.size(plan.columnBlocks), block = code.index(columnBlock);
    SmallVector<Value> before =
        code.delinearize(code.div(chunk, blocks), elements.sizes(plan.before));
    Value first = code.index(0), last = inner;
    if (plan.columnBlocks != Dim(1)) {
      first = code.mul(code.rem(chunk, blocks), block);
      last = code.min(inner, code.add(first, block));
    }
    ScatterLine line{kernel, op, plan, before, first, last, code.index(0), length};
    line.copy();
    line.updateAll();
  });
  return true;
}

} // namespace weft
