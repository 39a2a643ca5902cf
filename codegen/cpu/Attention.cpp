// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention in one kernel. A chunk is a block of queries of one head; it goes through the keys in
// blocks whose scores stay near the processor. Queries lie across the lanes of vectors: scores are
// S^T = K Q^T with K as the operand that is spread, so that maximum, exponential and sum of a
// query are steps of one lane, and the weights come out as the left operand of P V.
//
// Source: Dao et al., arXiv:2205.14135 (the running maximum); Milakov & Gimelshein,
// arXiv:1805.02867.

#include "codegen/cpu/StridedView.h"
#include "codegen/cpu/Tiles.h"

#include <cfloat>

namespace weft {

namespace arith = mlir::arith;

/// Keys whose scores are kept: 64 KiB for 32 queries, with their keys and values about a third of
/// a second-level cache. A multiple of the rows of a tile of scores.
static constexpr int64_t mostKeys = 516;
/// Bytes of scores and of copied keys and values, which shorten the blocks of wide heads.
static constexpr int64_t blockBytes = 256 * 1024;
/// Steps of a sum that are written out in the loop's body.
static constexpr int64_t unrolledSteps = 4;

namespace {

/// Rows and columns as a matrix in memory, in elements.
struct Matrix {
  Value buffer, start, rowStride, columnStride;
};

/// The parts of one block of queries that its steps share.
struct QueryBlock {
  SmallVector<Value> head; ///< Indices of the leading dimensions.
  Value first, count;      ///< Queries.
  int64_t vectors, pitch;  ///< Vectors across, and their lanes.
};

/// A block of keys.
struct KeyBlock {
  Value first, count;
};

class AttentionEmitter {
public:
  AttentionEmitter(Kernel &ownerKernel, AttentionOp attention);

  void allocate();
  /// One block of queries whose vectors are `vectors`.
  void emit(ArrayRef<Value> head, Value first, Value count, int64_t vectors);

  /// What chunks are made of.
  Dim queries() { return dimsOf(op.getQuery())[rank - 2]; }
  int64_t lanes() const { return laneCount; }
  int64_t workPerQuery();

private:
  static int64_t widthOf(Value tensor) { return dimsOf(tensor).back().constant().value_or(1); }
  bool copies(const StridedView &view, bool needsContiguous) const;
  Value lastQuery() { return code().sub(elements().size(queries()), code().index(1)); }
  Value query(Value index) { return code().min(index, lastQuery()); }
  SmallVector<Value> at(const QueryBlock &block, ArrayRef<Value> more) const;

  void loadQueries(const QueryBlock &block);
  void transposeQueries(const QueryBlock &block, const StridedView &view);
  Matrix matrixOf(const QueryBlock &block, const StridedView &view, KeyBlock keys, Value copy,
                  int64_t width);
  void scoreTile(const QueryBlock &block, const Matrix &keys, Value row, int64_t height,
                 Value lastRow);
  void scores(const QueryBlock &block, KeyBlock keys);
  Value maskedScore(const QueryBlock &block, Value key, int64_t vector, Value mask, Value score);
  SmallVector<Value> maskOfKey(const QueryBlock &block, Value key);
  SmallVector<SmallVector<Value>> maskOfKeys(const QueryBlock &block, Value key);
  Value isNotZero(Value vector);
  SmallVector<Value> maximumOfRow(const QueryBlock &block, KeyBlock keys, Value row,
                                  ArrayRef<Value> masks, ValueRange highest);
  Value causalLimit(const QueryBlock &block);
  SmallVector<Value> maximum(const QueryBlock &block, KeyBlock keys, ArrayRef<Value> highest);
  SmallVector<Value> exponentials(const QueryBlock &block, KeyBlock keys, ArrayRef<Value> highest,
                                  ArrayRef<Value> sums);
  void values(const QueryBlock &block, KeyBlock keys, bool isOnly);
  void valueTile(const QueryBlock &block, KeyBlock keys, const Matrix &matrix, Value row,
                 int64_t column, int64_t across, bool isOnly);
  void clearOutput(const QueryBlock &block);
  void storeResult(const QueryBlock &block, ArrayRef<Value> sums);

  Code &code() { return kernel.code(); }
  Scalar &scalar() const { return kernel.scalar(); }
  Elements &elements() const { return kernel.elements(); }
  Type f32() { return mlir::Float32Type::get(op.getContext()); }
  /// Tiles of sums in f32 over operands in f32, and over those in memory.
  Tiles &tiles() { return *tilesStore; }

  Kernel &kernel;
  AttentionOp op;
  int64_t rank, depth, width, laneCount, outputPitch;
  int64_t scoreRows, valueRows, keysPerBlock;
  StridedView keyView, valueView;
  std::optional<StridedView> maskView; ///< Of a mask whose keys are neighbours in memory.
  bool copiesKeys, copiesValues, maskVaries = false;
  std::optional<Tiles> tilesStore;
  Value queryTile, scoreTileBuffer, output, factors, maskLine, keyCopy, valueCopy;
};

} // namespace

AttentionEmitter::AttentionEmitter(Kernel &ownerKernel, AttentionOp attention)
    : kernel(ownerKernel), op(attention), rank(dimsOf(op.getQuery()).size()),
      depth(widthOf(op.getQuery())), width(widthOf(op.getValue())),
      laneCount(lanesOf(kernel.target, f32())),
      outputPitch(llvm::alignTo(std::max<int64_t>(width, 1), laneCount)),
      keyView(*StridedView::of(op.getKey())), valueView(*StridedView::of(op.getValue())) {
  bool many = kernel.target.registers >= 32;
  scoreRows = many ? 12 : 6;
  valueRows = std::min<int64_t>(many ? 8 : 4, laneCount);
  copiesKeys = copies(keyView, /*needsContiguous=*/false);
  copiesValues = copies(valueView, /*needsContiguous=*/true);
  int64_t perKey = 4 * (2 * laneCount + (copiesKeys ? depth : 0) + (copiesValues ? width : 0));
  int64_t fitting = blockBytes / perKey / scoreRows * scoreRows;
  keysPerBlock = std::max(scoreRows, std::min(mostKeys, fitting));
  maskVaries = op.getMask() && varies(op.getMask(), rank - 2);
  if (maskVaries)
    maskView = StridedView::of(op.getMask());
  if (maskView && !maskView->isContiguous(rank - 1))
    maskView.reset();
}

int64_t AttentionEmitter::workPerQuery() {
  int64_t keys = dimsOf(op.getKey())[rank - 2].constant().value_or(256);
  return keys * (depth + width) / 8;
}

/// Operands that the tiles cannot read in place are copied a block at a time, as f32.
bool AttentionEmitter::copies(const StridedView &view, bool needsContiguous) const {
  return !elementOf(view.argument).isF32() || (needsContiguous && !view.isContiguous(rank - 1));
}

void AttentionEmitter::allocate() {
  tilesStore.emplace(kernel, f32(), f32());
  int64_t pitch = 2 * laneCount;
  queryTile = kernel.scratch(std::max<int64_t>(depth, 1) * pitch, f32());
  scoreTileBuffer = kernel.scratch(keysPerBlock * pitch, f32());
  output = kernel.scratch(pitch * outputPitch, f32());
  factors = kernel.scratch(pitch, f32());
  if (maskVaries)
    maskLine = kernel.scratch(pitch, storageType(Scalar::wideType(elementOf(op.getMask()))));
  if (copiesKeys)
    keyCopy = kernel.scratch(keysPerBlock * std::max<int64_t>(depth, 1), f32());
  if (copiesValues)
    valueCopy = kernel.scratch(keysPerBlock * std::max<int64_t>(width, 1), f32());
}

SmallVector<Value> AttentionEmitter::at(const QueryBlock &block, ArrayRef<Value> more) const {
  SmallVector<Value> indices = block.head;
  llvm::append_range(indices, more);
  return indices;
}

//===-- Queries -----------------------------------------------------------------------------===//

/// Writes scale * Q^T: [depth, pitch]. Lanes beyond the last query repeat it.
void AttentionEmitter::loadQueries(const QueryBlock &block) {
  std::optional<StridedView> view = StridedView::of(op.getQuery());
  if (view && view->isContiguous(rank - 1) && depth >= laneCount)
    return transposeQueries(block, *view);
  double scale = op.getScale().convertToDouble();
  Type element = elementOf(op.getQuery());
  code().loop(code().index(0), code().index(depth), 1, [&](Value d) {
    code().loop(code().index(0), code().index(block.pitch), 1, [&](Value lane) {
      Value place = query(code().add(block.first, lane));
      Value value = scalar().widen(elements().at(op.getQuery(), at(block, {place, d})), element);
      value = scalar().mulf(value, scalar().constant(f32(), scale));
      Value to = code().add(code().mul(d, code().index(block.pitch)), lane);
      scalar().store(value, queryTile, to, f32());
    });
  });
}

void AttentionEmitter::transposeQueries(const QueryBlock &block, const StridedView &view) {
  Tiles source(kernel, elementOf(op.getQuery()), f32());
  Value buffer = elements().flat(view.argument);
  Value start = view.offset(elements(), block.head);
  Value factor = scalar().constant(source.vectorOf(f32()), op.getScale().convertToDouble());
  for (int64_t j = 0; j < block.vectors; ++j) {
    SmallVector<Value> starts;
    for (int64_t lane = 0; lane < laneCount; ++lane) {
      Value place = query(code().add(block.first, code().index(j * laneCount + lane)));
      starts.push_back(code().add(start, code().mul(place, view.stride(elements(), rank - 2))));
    }
    // The last columns that fill no vector are read together with some before them.
    int64_t rest = depth % laneCount;
    auto columns = [&](Value d) {
      SmallVector<Value> rows = llvm::map_to_vector(starts, [&](Value row) {
        Value vector = source.loadVector(buffer, code().add(row, d), {});
        return scalar().mulf(vector, factor);
      });
      for (auto [t, column] : llvm::enumerate(transposed(code(), rows))) {
        Value to = code().mul(code().add(d, code().index(t)), code().index(block.pitch));
        tiles().storeSums(column, queryTile, code().add(to, code().index(j * laneCount)));
      }
    };
    code().loop(code().index(0), code().index(depth - rest), laneCount, columns);
    if (rest)
      columns(code().index(depth - laneCount));
  }
}

//===-- Scores ------------------------------------------------------------------------------===//

/// The block's rows of keys or values, copied as f32 to `copy` if there is one.
Matrix AttentionEmitter::matrixOf(const QueryBlock &block, const StridedView &view, KeyBlock keys,
                                  Value copy, int64_t columns) {
  Value buffer = elements().flat(view.argument);
  Value rowStride = view.stride(elements(), rank - 2);
  Value columnStride = view.stride(elements(), rank - 1);
  Value start = view.offset(elements(), block.head);
  start = code().add(start, code().mul(keys.first, rowStride));
  if (!copy)
    return {buffer, start, rowStride, columnStride};
  Type element = elementOf(view.argument);
  code().loop(code().index(0), keys.count, 1, [&](Value row) {
    code().loop(code().index(0), code().index(columns), 1, [&](Value column) {
      Value place = code().add(code().add(start, code().mul(row, rowStride)),
                               code().mul(column, columnStride));
      Value value = scalar().widen(scalar().load(buffer, place, element), element);
      scalar().store(value, copy, code().add(code().mul(row, code().index(columns)), column),
                     f32());
    });
  });
  return {copy, code().index(0), code().index(columns), code().index(1)};
}

/// Scores of the keys [row, row + height); with `lastRow`, those beyond it repeat it.
void AttentionEmitter::scoreTile(const QueryBlock &block, const Matrix &keys, Value row,
                                 int64_t height, Value lastRow) {
  SmallVector<Value> starts;
  for (int64_t i = 0; i < height; ++i) {
    Value place = code().add(row, code().index(i));
    if (lastRow)
      place = code().min(place, lastRow);
    starts.push_back(code().add(keys.start, code().mul(place, keys.rowStride)));
  }
  SmallVector<Value> sums = tiles().unrolledProducts(
      {height, block.vectors}, code().index(depth), unrolledSteps,
      tiles().zeros(height * block.vectors),
      [&](int64_t i, Value d) {
        return tiles().loadScalar(keys.buffer,
                                  code().add(starts[i], code().mul(d, keys.columnStride)));
      },
      [&](int64_t j, Value d) {
        Value place = code().mul(d, code().index(block.pitch));
        return tiles().loadSums(queryTile, code().add(place, code().index(j * laneCount)));
      });
  for (auto [number, sum] : llvm::enumerate(sums)) {
    int64_t i = number / block.vectors, j = number % block.vectors;
    Value place = code().mul(code().add(row, code().index(i)), code().index(block.pitch));
    tiles().storeSums(sum, scoreTileBuffer, code().add(place, code().index(j * laneCount)));
  }
}

void AttentionEmitter::scores(const QueryBlock &block, KeyBlock keys) {
  Matrix matrix = matrixOf(block, keyView, keys, keyCopy, depth);
  std::optional<int64_t> count = mlir::getConstantIntValue(mlir::getAsOpFoldResult(keys.count));
  int64_t height = balancedTile(count, scoreRows);
  if (count)
    return forTiles(code(), keys.count, count, height,
                    [&](Value row, int64_t high) { scoreTile(block, matrix, row, high, {}); });
  Value rest = code().rem(keys.count, code().index(height));
  Value whole = code().sub(keys.count, rest);
  code().loop(code().index(0), whole, height,
              [&](Value row) { scoreTile(block, matrix, row, height, {}); });
  Value last = code().sub(keys.count, code().index(1));
  code().loop(whole, keys.count, height,
              [&](Value row) { scoreTile(block, matrix, row, height, last); });
}

//===-- Masks -------------------------------------------------------------------------------===//

/// One past the last key that some query of the block may see.
Value AttentionEmitter::causalLimit(const QueryBlock &block) {
  Value keys = elements().size(dimsOf(op.getKey())[rank - 2]);
  if (!op.getCausal())
    return keys;
  Value seen = code().add(code().add(block.first, block.count),
                          code().sub(keys, elements().size(queries())));
  return code().min(keys, code().max(seen, code().index(0)));
}

/// Reads the mask of one key for all queries of the block, one vector of them after the other.
SmallVector<Value> AttentionEmitter::maskOfKey(const QueryBlock &block, Value key) {
  Value mask = op.getMask();
  Type element = elementOf(mask), wide = Scalar::wideType(element);
  if (!maskVaries) {
    Value value = scalar().widen(elements().at(mask, at(block, {block.first, key})), element);
    return SmallVector<Value>(block.vectors, tiles().spread(value));
  }
  code().loop(code().index(0), code().index(block.pitch), 1, [&](Value lane) {
    Value place = query(code().add(block.first, lane));
    Value value = scalar().widen(elements().at(mask, at(block, {place, key})), element);
    scalar().store(value, maskLine, lane, wide);
  });
  SmallVector<Value> line;
  for (int64_t j = 0; j < block.vectors; ++j) {
    Value loaded = mlir::vector::LoadOp::create(code().builder, code().loc,
                                                tiles().vectorOf(storageType(wide)), maskLine,
                                                mlir::ValueRange(code().index(j * laneCount)));
    line.push_back(wide.isInteger(1) ? isNotZero(loaded) : loaded);
  }
  return line;
}

Value AttentionEmitter::isNotZero(Value vector) {
  Value zero = scalar().constant(vector.getType(), 0.0);
  return arith::CmpIOp::create(code().builder, code().loc, arith::CmpIPredicate::ne, vector, zero);
}

/// The same for as many keys as a vector has lanes, where they are neighbours in memory: result
/// [j][t] is that of key `key` + t. Bits of bools and floats alike go through one transpose.
SmallVector<SmallVector<Value>> AttentionEmitter::maskOfKeys(const QueryBlock &block, Value key) {
  OpBuilder &b = code().builder;
  Location loc = code().loc;
  Type element = elementOf(op.getMask());
  bool isBool = element.isInteger(1);
  mlir::VectorType integers = tiles().vectorOf(b.getI32Type()), floats = tiles().vectorOf(f32());
  Value buffer = elements().flat(maskView->argument);
  Value start = maskView->offset(elements(), block.head);
  SmallVector<SmallVector<Value>> result;
  for (int64_t j = 0; j < block.vectors; ++j) {
    SmallVector<Value> rows;
    for (int64_t lane = 0; lane < laneCount; ++lane) {
      Value place = query(code().add(block.first, code().index(j * laneCount + lane)));
      place = code().mul(place, maskView->stride(elements(), rank - 2));
      Value row =
          mlir::vector::LoadOp::create(b, loc, tiles().vectorOf(storageType(element)), buffer,
                                       mlir::ValueRange(code().add(code().add(start, place), key)));
      if (isBool)
        row = arith::BitcastOp::create(b, loc, floats,
                                       arith::ExtUIOp::create(b, loc, integers, row).getResult());
      rows.push_back(isBool ? row : scalar().widen(row, element));
    }
    result.push_back(transposed(code(), rows));
    for (Value &line : result.back())
      if (isBool)
        line = isNotZero(arith::BitcastOp::create(b, loc, integers, line));
  }
  return result;
}

/// A vector of scores with what `mask` and the order of keys exclude at `key`.
Value AttentionEmitter::maskedScore(const QueryBlock &block, Value key, int64_t vector, Value mask,
                                    Value score) {
  OpBuilder &b = code().builder;
  double lowest = -std::numeric_limits<double>::infinity();
  if (mask && elementOf(op.getMask()).isInteger(1))
    score = scalar().select(mask, score, scalar().constant(score.getType(), lowest));
  else if (mask)
    score = scalar().addf(score, mask);
  if (!op.getCausal())
    return score;
  // The lane in which the key is that of the query itself; it and those after it see the key.
  Value offset =
      code().sub(elements().size(dimsOf(op.getKey())[rank - 2]), elements().size(queries()));
  Value lane = code().sub(code().sub(code().sub(key, offset), block.first),
                          code().index(vector * laneCount));
  lane = arith::IndexCastOp::create(b, code().loc, b.getI32Type(), lane);
  mlir::VectorType integers = tiles().vectorOf(b.getI32Type());
  auto order = mlir::DenseIntElementsAttr::get(
      integers, llvm::to_vector(llvm::seq<int32_t>(0, static_cast<int32_t>(laneCount))));
  Value lanesInOrder = arith::ConstantOp::create(b, code().loc, order);
  Value sees = arith::CmpIOp::create(b, code().loc, arith::CmpIPredicate::sge, lanesInOrder,
                                     tiles().spread(lane));
  return scalar().select(sees, score, scalar().constant(score.getType(), lowest));
}

/// The highest scores of the row of a key and of `highest`; what is masked is written back.
SmallVector<Value> AttentionEmitter::maximumOfRow(const QueryBlock &block, KeyBlock keys, Value row,
                                                  ArrayRef<Value> masks, ValueRange highest) {
  SmallVector<Value> next;
  for (int64_t j = 0; j < block.vectors; ++j) {
    Value place =
        code().add(code().mul(row, code().index(block.pitch)), code().index(j * laneCount));
    Value score = tiles().loadSums(scoreTileBuffer, place);
    if (!masks.empty() || op.getCausal()) {
      score = maskedScore(block, code().add(keys.first, row), j, masks.empty() ? Value() : masks[j],
                          score);
      tiles().storeSums(score, scoreTileBuffer, place);
    }
    // A NaN is passed over here and shows in the sum.
    next.push_back(scalar().larger(score, highest[j]));
  }
  return next;
}

/// Masks the scores of a block, and gives the highest of each query so far.
SmallVector<Value> AttentionEmitter::maximum(const QueryBlock &block, KeyBlock keys,
                                             ArrayRef<Value> highest) {
  auto step = [&](Value row, ValueRange current) {
    SmallVector<Value> masks;
    if (op.getMask())
      masks = maskOfKey(block, code().add(keys.first, row));
    return maximumOfRow(block, keys, row, masks, current);
  };
  int64_t steps = maskView ? laneCount : unrolledSteps;
  Value whole = code().sub(keys.count, code().rem(keys.count, code().index(steps)));
  SmallVector<Value> found =
      code().loop(code().index(0), whole, steps, highest, [&](Value row, ValueRange current) {
        SmallVector<SmallVector<Value>> masks;
        if (maskView)
          masks = maskOfKeys(block, code().add(keys.first, row));
        SmallVector<Value> next(current);
        for (int64_t t = 0; t < steps; ++t) {
          Value place = code().add(row, code().index(t));
          if (!maskView) {
            next = step(place, next);
            continue;
          }
          SmallVector<Value> ofKey =
              llvm::map_to_vector(masks, [&](ArrayRef<Value> lines) { return lines[t]; });
          next = maximumOfRow(block, keys, place, ofKey, next);
        }
        return next;
      });
  return code().loop(whole, keys.count, 1, found, step);
}

/// Scores become weights, e^(score - highest); gives their sums, `sums` included.
SmallVector<Value> AttentionEmitter::exponentials(const QueryBlock &block, KeyBlock keys,
                                                  ArrayRef<Value> highest, ArrayRef<Value> sums) {
  return code().loop(code().index(0), keys.count, 1, sums, [&](Value row, ValueRange current) {
    SmallVector<Value> next;
    for (int64_t j = 0; j < block.vectors; ++j) {
      Value place =
          code().add(code().mul(row, code().index(block.pitch)), code().index(j * laneCount));
      Value score = tiles().loadSums(scoreTileBuffer, place);
      Value weight = scalar().expOfNegative(scalar().subf(score, highest[j]));
      tiles().storeSums(weight, scoreTileBuffer, place);
      next.push_back(scalar().addf(current[j], weight));
    }
    return next;
  });
}

//===-- Values ------------------------------------------------------------------------------===//

void AttentionEmitter::clearOutput(const QueryBlock &block) {
  Value nothing = tiles().zeros(1).front();
  code().loop(code().index(0), code().index(block.pitch * outputPitch), laneCount,
              [&](Value place) { tiles().storeSums(nothing, output, place); });
}

/// Adds the weighted values of a block of keys for a tile of queries; what was there is first
/// scaled to the new maximum.
void AttentionEmitter::valueTile(const QueryBlock &block, KeyBlock keys, const Matrix &matrix,
                                 Value row, int64_t column, int64_t across, bool isOnly) {
  auto place = [&](int64_t i, int64_t j) {
    Value start = code().mul(code().add(row, code().index(i)), code().index(outputPitch));
    return code().add(start, code().index(column + j * laneCount));
  };
  SmallVector<Value> totals = tiles().zeros(valueRows * across), masks;
  for (int64_t j = 0; j < across; ++j)
    masks.push_back(
        tiles().maskOf(code().index(std::min(laneCount, width - column - j * laneCount))));
  for (int64_t i = 0; i < valueRows && !isOnly; ++i) {
    Value factor = scalar().load(factors, code().add(row, code().index(i)), f32());
    for (int64_t j = 0; j < across; ++j)
      totals[i * across + j] =
          scalar().mulf(tiles().loadSums(output, place(i, j)), tiles().spread(factor));
  }
  totals = tiles().unrolledProducts(
      {valueRows, across}, keys.count, unrolledSteps, totals,
      [&](int64_t i, Value key) {
        Value line = code().mul(key, code().index(block.pitch));
        return scalar().load(scoreTileBuffer, code().add(code().add(line, row), code().index(i)),
                             f32());
      },
      [&](int64_t j, Value key) {
        Value line = code().add(matrix.start, code().mul(key, matrix.rowStride));
        return tiles().loadVector(matrix.buffer,
                                  code().add(line, code().index(column + j * laneCount)), masks[j]);
      });
  for (auto [number, total] : llvm::enumerate(totals))
    tiles().storeSums(total, output, place(number / across, number % across));
}

void AttentionEmitter::values(const QueryBlock &block, KeyBlock keys, bool isOnly) {
  Matrix matrix = matrixOf(block, valueView, keys, valueCopy, width);
  int64_t vectors = llvm::divideCeil(width, laneCount);
  int64_t widest = kernel.target.registers >= 32 ? 3 : 2;
  int64_t panels = llvm::divideCeil(vectors, widest), done = 0;
  for (int64_t panel = 0; panel < panels; ++panel) {
    int64_t across = llvm::divideCeil(vectors - done, panels - panel);
    code().loop(code().index(0), block.count, valueRows, [&](Value row) {
      valueTile(block, keys, matrix, row, done * laneCount, across, isOnly);
    });
    done += across;
  }
}

//===-- A block of queries ------------------------------------------------------------------===//

/// Divides by the sums and stores. A query without a key left gives 0.
void AttentionEmitter::storeResult(const QueryBlock &block, ArrayRef<Value> sums) {
  OpBuilder &b = code().builder;
  Value zero = tiles().zeros(1).front();
  Value one = scalar().constant(zero.getType(), 1.0);
  for (auto [j, sum] : llvm::enumerate(sums)) {
    Value factor = scalar().divf(one, sum);
    Value isEmpty = arith::CmpFOp::create(b, code().loc, arith::CmpFPredicate::OEQ, sum, zero);
    factor = scalar().select(isEmpty, zero, factor);
    tiles().storeSums(factor, factors, code().index(j * laneCount));
  }
  code().loop(code().index(0), block.count, 1, [&](Value i) {
    Value factor = scalar().load(factors, i, f32());
    code().loop(code().index(0), code().index(width), 1, [&](Value column) {
      Value place = code().add(code().mul(i, code().index(outputPitch)), column);
      Value value = scalar().mulf(scalar().load(output, place, f32()), factor);
      kernel.storeFromRoot(at(block, {code().add(block.first, i), column}), value);
    });
  });
}

void AttentionEmitter::emit(ArrayRef<Value> head, Value first, Value count, int64_t vectors) {
  QueryBlock block{SmallVector<Value>(head), first, count, vectors, vectors * laneCount};
  loadQueries(block);
  clearOutput(block);
  Value limit = causalLimit(block);
  std::optional<int64_t> keys = dimsOf(op.getKey())[rank - 2].constant();
  bool isOnly = keys && *keys <= keysPerBlock;
  mlir::VectorType type = tiles().vectorOf(f32());
  SmallVector<Value> running(vectors, scalar().constant(type, -FLT_MAX));
  llvm::append_range(running, tiles().zeros(vectors));
  running = code().loop(
      code().index(0), limit, keysPerBlock, running, [&](Value start, ValueRange current) {
        Value rest = code().sub(limit, start);
        KeyBlock part{start, isOnly ? rest : code().min(rest, code().index(keysPerBlock))};
        SmallVector<Value> before(current.take_front(vectors)), sums(current.drop_front(vectors));
        scores(block, part);
        SmallVector<Value> highest = maximum(block, part, before);
        for (int64_t j = 0; j < vectors && !isOnly; ++j) {
          Value factor = scalar().expOfNegative(scalar().subf(before[j], highest[j]));
          tiles().storeSums(factor, factors, code().index(j * laneCount));
          sums[j] = scalar().mulf(sums[j], factor);
        }
        sums = exponentials(block, part, highest, sums);
        values(block, part, isOnly);
        llvm::append_range(highest, sums);
        return highest;
      });
  storeResult(block, ArrayRef(running).drop_front(vectors));
}

/// Blocks of two vectors of queries; the last one is of one vector if that is enough.
void lowerAttention(Kernel &kernel, AttentionOp op) {
  AttentionEmitter emitter(kernel, op);
  int64_t pitch = 2 * emitter.lanes();
  Dim queries = emitter.queries();
  SmallVector<Dim> sizes = dimsOf(op.getQuery());
  sizes.pop_back_n(2);
  sizes.push_back(queries.ceilDiv(Dim(pitch)));
  kernel.begin(productOf(sizes), Kernel::grainFor(emitter.workPerQuery() * pitch));
  emitter.allocate();
  Code &code = kernel.code();
  kernel.forChunks([&](Value chunk) {
    SmallVector<Value> place = code.delinearize(chunk, kernel.elements().sizes(sizes));
    Value first = code.mul(place.pop_back_val(), code.index(pitch));
    Value count = code.min(code.sub(kernel.elements().size(queries), first), code.index(pitch));
    Value half = code.index(emitter.lanes());
    auto known = queries.constant();
    if (!known || *known > emitter.lanes())
      code.ifThen(code.compare(arith::CmpIPredicate::sgt, count, half),
                  [&] { emitter.emit(place, first, count, 2); });
    bool neverHalf = known && (*known % pitch == 0 || *known % pitch > emitter.lanes());
    if (!neverHalf)
      code.ifThen(code.compare(arith::CmpIPredicate::sle, count, half),
                  [&] { emitter.emit(place, first, count, 1); });
  });
}

} // namespace weft
