// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions, running sums and normalisations: one row at a time, summed in a fixed order that
// depends on the row's length alone.

#include "codegen/cpu/Lanes.h"
#include "codegen/cpu/Tiles.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace weft {

/// Running values of a row: enough for several vectors of any processor, and the same for all, so
/// that sums do not depend on the processor.
static constexpr int64_t lanes = 32;
/// Columns whose running values one chunk keeps.
static constexpr int64_t columnBlock = 256;
/// The longest row whose intermediate values are kept on the stack: 32 KiB of f32.
static constexpr int64_t keptRow = 8192;

namespace {

/// A shape divided into rows: the dimensions outside, and those inside that one row runs over.
struct RowShape {
  Value tensor;
  SmallVector<int64_t> outerAxes, innerAxes;

  RowShape(Value shaped, ArrayRef<int64_t> inner) : tensor(shaped), innerAxes(inner) {
    int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
    for (int64_t axis = 0; axis < rank; ++axis)
      if (!llvm::is_contained(innerAxes, axis))
        outerAxes.push_back(axis);
  }

  SmallVector<Dim> dims(ArrayRef<int64_t> axes) const {
    SmallVector<Dim> all = dimsOf(tensor);
    return llvm::map_to_vector(axes, [&](int64_t axis) { return all[axis]; });
  }
  Dim rows() const { return productOf(dims(outerAxes)); }
  Dim length() const { return productOf(dims(innerAxes)); }

  /// The indices of place `inner` of the row whose outer indices are given.
  SmallVector<Value> indices(Kernel &kernel, ArrayRef<Value> outer, Value inner) const {
    SmallVector<Value> places =
        kernel.code().delinearize(inner, kernel.elements().sizes(dims(innerAxes)));
    SmallVector<Value> all(outer.size() + places.size());
    for (auto [axis, index] : llvm::zip_equal(outerAxes, outer))
      all[axis] = index;
    for (auto [axis, index] : llvm::zip_equal(innerAxes, places))
      all[axis] = index;
    return all;
  }

  SmallVector<Value> outer(Kernel &kernel, Value row) const {
    return kernel.code().delinearize(row, kernel.elements().sizes(dims(outerAxes)));
  }
};

/// About the operations of one row, for the grain.
int64_t workOf(Kernel &kernel, const Dim &length, int64_t passes) {
  return length.constant().value_or(256) * passes * kernel.workPerElement();
}

} // namespace

/// One step of a fold: the running values and the next ones, of the same number. Takes vectors too.
using FoldStep = llvm::function_ref<Value(Value, Value)>;

/// The running values in `parts`, vectors of the processor or all in one, folded in halves: lane i
/// with lane i + 16, then with i + 8, and so on, in whole vectors as long as there are any.
static Value foldVectors(Kernel &kernel, SmallVector<Value> parts, FoldStep step) {
  Code &code = kernel.code();
  OpBuilder &b = code.builder;
  int64_t width = lanes / static_cast<int64_t>(parts.size());
  for (size_t half = parts.size() / 2; half > 0; half /= 2)
    for (size_t i = 0; i < half; ++i)
      parts[i] = step(parts[i], parts[i + half]);
  Value folded = parts.front();
  for (int64_t half = width / 2; half > 0; half /= 2) {
    auto places = [&](int64_t from) {
      SmallVector<int64_t> chosen = llvm::to_vector(llvm::seq(from, from + half));
      return mlir::vector::ShuffleOp::create(b, code.loc, folded, folded, chosen).getResult();
    };
    Value low = places(0), high = places(half);
    folded = step(low, high);
  }
  return mlir::vector::ExtractOp::create(b, code.loc, folded, ArrayRef<int64_t>{0});
}

/// The same for running values in memory.
static Value foldLanes(Kernel &kernel, Value buffer, Type wide, FoldStep step) {
  Code &code = kernel.code();
  int64_t width = std::min(lanes, lanesOf(kernel.target, wide));
  auto type = mlir::VectorType::get({width}, wide);
  SmallVector<Value> parts;
  for (int64_t start = 0; start < lanes; start += width)
    parts.push_back(mlir::vector::LoadOp::create(code.builder, code.loc, type, buffer,
                                                 ValueRange(code.index(start))));
  return foldVectors(kernel, std::move(parts), step);
}

/// The same for bool, which is stored in bytes.
static Value foldBools(Kernel &kernel, Value buffer, FoldStep step) {
  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  Type type = code.builder.getI1Type();
  for (int64_t half = lanes / 2; half > 0; half /= 2)
    code.loop(code.index(0), code.index(half), 1, [&](Value lane) {
      Value other = scalar.load(buffer, code.add(lane, code.index(half)), type);
      scalar.store(step(scalar.load(buffer, lane, type), other), buffer, lane, type);
    });
  return scalar.load(buffer, code.index(0), type);
}

/// Several folds of one row side by side, over `elementsAt(j)` for j below `length`: lane by lane,
/// then the lanes in halves. The order depends on `length` alone, and the loop over lanes is one
/// that LLVM makes vectors of.
static SmallVector<Value> foldRow(Kernel &kernel, Value length, ArrayRef<Value> identities,
                                  llvm::function_ref<SmallVector<Value>(Value)> elementsAt,
                                  FoldStep step) {
  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  Type wide = identities.front().getType();
  Type stored = wide.isInteger(1) ? storageType(wide) : wide;
  SmallVector<Value> buffers;
  for (size_t i = 0; i < identities.size(); ++i)
    buffers.push_back(kernel.scratch(lanes, stored));
  Value zero = code.index(0), count = code.index(lanes);
  code.loop(zero, count, 1, [&](Value lane) {
    for (auto [buffer, identity] : llvm::zip_equal(buffers, identities))
      scalar.store(identity, buffer, lane, wide);
  });
  auto advance = [&](Value base, Value lane) {
    for (auto [buffer, next] : llvm::zip_equal(buffers, elementsAt(code.add(base, lane)))) {
      Value running = scalar.load(buffer, lane, wide);
      scalar.store(step(running, next), buffer, lane, wide);
    }
  };
  Value rest = code.rem(length, count);
  Value whole = code.sub(length, rest);
  code.loop(zero, whole, lanes, [&](Value base) {
    code.loop(zero, count, 1, [&](Value lane) { advance(base, lane); });
  });
  code.loop(zero, rest, 1, [&](Value lane) { advance(whole, lane); });
  return llvm::map_to_vector(buffers, [&](Value buffer) {
    return wide.isInteger(1) ? foldBools(kernel, buffer, step)
                             : foldLanes(kernel, buffer, wide, step);
  });
}

/// Combines `elementAt(j)` for j below `length`.
static Value combineRow(Kernel &kernel, Value length, Combination kind, Type element,
                        llvm::function_ref<Value(Value)> elementAt) {
  Scalar &scalar = kernel.scalar();
  return foldRow(
             kernel, length, identityOf(scalar, kind, element),
             [&](Value j) { return SmallVector<Value>{elementAt(j)}; },
             [&](Value running, Value next) {
               return combine(scalar, kind, running, next, element);
             })
      .front();
}

//===-- Reduction ---------------------------------------------------------------------------===//

/// True if a row is at most one element for each running value, and comes as vectors.
static bool isShortRow(ReduceOp op, const RowShape &shape) {
  Value input = op.getInput();
  Type element = elementOf(input);
  size_t count = shape.innerAxes.size();
  if ((!element.isF32() && !element.isF64()) || elementOf(op.getResult()) != element ||
      shape.length().constant().value_or(lanes + 1) > lanes)
    return false;
  for (auto [number, axis] : llvm::enumerate(shape.innerAxes))
    if (axis != static_cast<int64_t>(shape.outerAxes.size() + number) ||
        (number > 0 && !mergeable(input, axis - 1)))
      return false;
  return Lanes::canGive(input, element, count);
}

/// What combineRow gives, without a way through memory.
static Value combineShortRow(Kernel &kernel, ReduceOp op, const RowShape &shape,
                             ArrayRef<Value> outer) {
  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  Type element = elementOf(op.getInput());
  Combination kind = combinationOf(op.getKind());
  int64_t width = std::min(lanes, lanesOf(kernel.target, element));
  int64_t length = *shape.length().constant();
  Lanes vectors(kernel, element, shape.innerAxes.size(), width);
  auto step = [&](Value running, Value next) {
    return combine(scalar, kind, running, next, element);
  };
  mlir::VectorType type = vectors.vectorOf(element), bits = type.clone(code.builder.getI1Type());
  Value identity = mlir::vector::BroadcastOp::create(code.builder, code.loc, type,
                                                     identityOf(scalar, kind, element));
  SmallVector<Value> parts;
  for (int64_t start = 0; start < lanes; start += width) {
    if (start >= length) {
      parts.push_back(identity);
      continue;
    }
    Value mask;
    if (length - start < width)
      mask = mlir::vector::CreateMaskOp::create(code.builder, code.loc, bits,
                                                ValueRange(code.index(length - start)));
    SmallVector<Value> indices = shape.indices(kernel, outer, code.index(start));
    Value next = step(identity, vectors.at(op.getInput(), indices, mask));
    parts.push_back(mask ? scalar.select(mask, next, identity) : next);
  }
  return foldVectors(kernel, std::move(parts), step);
}

/// The last dimension is reduced: a row for each element of the result.
static void reduceRows(Kernel &kernel, ReduceOp op, const RowShape &shape) {
  Type element = elementOf(op.getInput());
  bool isShort = isShortRow(op, shape);
  kernel.begin(shape.rows(), Kernel::grainFor(workOf(kernel, shape.length(), 1)));
  kernel.forChunks([&](Value row) {
    SmallVector<Value> outer = shape.outer(kernel, row);
    if (isShort)
      return kernel.storeFromRoot(outer, combineShortRow(kernel, op, shape, outer));
    Value length = kernel.elements().size(shape.length());
    Value sum = combineRow(kernel, length, combinationOf(op.getKind()), element, [&](Value j) {
      Value value = kernel.elements().at(op.getInput(), shape.indices(kernel, outer, j));
      return kernel.scalar().widen(value, element);
    });
    kernel.storeFromRoot(outer, sum);
  });
}

/// The last dimension is kept: running values for a block of columns.
static void reduceColumns(Kernel &kernel, ReduceOp op, const RowShape &shape) {
  Type element = elementOf(op.getInput());
  Type wide = Scalar::wideType(element);
  Combination kind = combinationOf(op.getKind());
  SmallVector<Dim> kept = shape.dims(shape.outerAxes);
  Dim columns = kept.back();
  kept.pop_back();
  Dim blocks = columns.ceilDiv(Dim(columnBlock));
  kernel.begin(productOf(kept) * blocks,
               Kernel::grainFor(workOf(kernel, shape.length(), 1) *
                                std::min(columnBlock, columns.constant().value_or(columnBlock))));
  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  Elements &elements = kernel.elements();
  Value buffer = kernel.scratch(columnBlock, wide.isInteger(1) ? storageType(wide) : wide);
  kernel.forChunks([&](Value chunk) {
    Value blockCount = elements.size(blocks), zero = code.index(0);
    SmallVector<Value> outer = code.delinearize(code.div(chunk, blockCount), elements.sizes(kept));
    Value first = code.mul(code.rem(chunk, blockCount), code.index(columnBlock));
    Value count = code.min(code.sub(elements.size(columns), first), code.index(columnBlock));
    Value identity = identityOf(scalar, kind, element);
    code.loop(zero, count, 1, [&](Value lane) { scalar.store(identity, buffer, lane, wide); });
    auto place = [&](Value lane) {
      SmallVector<Value> indices = outer;
      indices.push_back(code.add(first, lane));
      return indices;
    };
    code.loop(zero, elements.size(shape.length()), 1, [&](Value inner) {
      code.loop(zero, count, 1, [&](Value lane) {
        Value value = elements.at(op.getInput(), shape.indices(kernel, place(lane), inner));
        Value sum = combine(scalar, kind, scalar.load(buffer, lane, wide),
                            scalar.widen(value, element), element);
        scalar.store(sum, buffer, lane, wide);
      });
    });
    code.loop(zero, count, 1, [&](Value lane) {
      kernel.storeFromRoot(place(lane), scalar.load(buffer, lane, wide));
    });
  });
}

void lowerReduce(Kernel &kernel, ReduceOp op) {
  RowShape shape(op.getInput(), op.getAxes());
  int64_t rank = shape.outerAxes.size() + shape.innerAxes.size();
  if (shape.innerAxes.empty())
    return lowerMap(kernel);
  if (shape.innerAxes.back() == rank - 1)
    return reduceRows(kernel, op, shape);
  reduceColumns(kernel, op, shape);
}

//===-- Running values ----------------------------------------------------------------------===//

void lowerCumulative(Kernel &kernel, CumulativeOp op) {
  Type element = elementOf(op.getInput());
  Combination kind = combinationOf(op.getKind());
  RowShape shape(op.getInput(), {static_cast<int64_t>(op.getAxis())});
  kernel.begin(shape.rows(), Kernel::grainFor(workOf(kernel, shape.length(), 4)));
  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  kernel.forChunks([&](Value row) {
    SmallVector<Value> outer = shape.outer(kernel, row);
    Value length = kernel.elements().size(shape.length());
    Value identity = identityOf(scalar, kind, element);
    code.loop(code.index(0), length, 1, {identity}, [&](Value step, ValueRange sum) {
      Value place = op.getReverse() ? code.sub(code.sub(length, code.index(1)), step) : step;
      SmallVector<Value> indices = shape.indices(kernel, outer, place);
      Value value = scalar.widen(kernel.elements().at(op.getInput(), indices), element);
      Value next = combine(scalar, kind, sum[0], value, element);
      kernel.storeFromRoot(indices, op.getExclusive() ? Value(sum[0]) : next);
      return SmallVector<Value>{next};
    });
  });
}

//===-- Softmax -----------------------------------------------------------------------------===//

void lowerSoftmax(Kernel &kernel, Value input, int64_t axis, bool logarithm) {
  Type element = elementOf(input);
  Type wide = Scalar::wideType(element);
  RowShape shape(input, {axis});
  kernel.begin(shape.rows(), Kernel::grainFor(workOf(kernel, shape.length(), 24)));
  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  auto staticLength = shape.length().constant();
  bool keeps = !logarithm && staticLength && *staticLength > 0 && *staticLength <= keptRow;
  Value kept = keeps ? kernel.scratch(*staticLength, wide) : Value();
  kernel.forChunks([&](Value row) {
    SmallVector<Value> outer = shape.outer(kernel, row);
    Value length = kernel.elements().size(shape.length());
    auto read = [&](Value j) {
      Value value = kernel.elements().at(input, shape.indices(kernel, outer, j));
      return scalar.widen(value, element);
    };
    // A NaN is passed over by the maximum and shows in the sum.
    Value highest = foldRow(
                        kernel, length, identityOf(scalar, Combination::Max, element),
                        [&](Value j) { return SmallVector<Value>{read(j)}; },
                        [&](Value running, Value next) { return scalar.larger(next, running); })
                        .front();
    auto power = [&](Value j) { return scalar.expOfNegative(scalar.subf(read(j), highest)); };
    Value sum = combineRow(kernel, length, Combination::Sum, element, [&](Value j) {
      Value value = power(j);
      if (kept)
        scalar.store(value, kept, j, wide);
      return value;
    });
    Value logSum = logarithm ? scalar.log(sum) : Value();
    Value factor = logarithm ? Value() : scalar.divf(scalar.constant(wide, 1.0), sum);
    code.loop(code.index(0), length, 1, [&](Value j) {
      SmallVector<Value> indices = shape.indices(kernel, outer, j);
      Value result;
      if (logarithm)
        result = scalar.subf(scalar.subf(read(j), highest), logSum);
      else
        result = scalar.mulf(kept ? scalar.load(kept, j, wide) : power(j), factor);
      kernel.storeFromRoot(indices, result);
    });
  });
}

//===-- Normalisation -----------------------------------------------------------------------===//

static SmallVector<int64_t> axesFrom(Value tensor, int64_t axis) {
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  return llvm::to_vector(llvm::seq<int64_t>(axis, rank));
}

/// Sums of squares around the mean, which is taken from `shift`: exact enough at any offset, at
/// the price of a second pass over the row.
static Value squaresAround(Kernel &kernel, Value length, Value mean, Type element,
                           llvm::function_ref<Value(Value)> read) {
  return combineRow(kernel, length, Combination::Sum, element, [&](Value j) {
    Value value = kernel.scalar().subf(read(j), mean);
    return kernel.scalar().mulf(value, value);
  });
}

namespace {
struct Moments {
  Value mean, squares; ///< The sum of squares around the mean.
};
} // namespace

/// Mean and squares in one pass over the differences from the row's first element, which are small
/// where the mean is large. If that element lies far outside of the others, digits cancel: the
/// squares are then summed again around the mean.
///
/// With d the differences, squares = sum(d^2) - sum(d)^2 / n: four bits are lost where the result
/// is a sixteenth of the first term, which means a first element four deviations from the mean.
static Moments momentsOf(Kernel &kernel, Value length, Value count, Type element,
                         llvm::function_ref<Value(Value)> read) {
  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  Type wide = Scalar::wideType(element);
  Value zero = scalar.constant(wide, 0.0);
  Value isEmpty = code.compare(mlir::arith::CmpIPredicate::eq, length, code.index(0));
  Value first =
      code.ifElse(isEmpty, wide, [&] { return zero; }, [&] { return read(code.index(0)); });
  SmallVector<Value> sums = foldRow(
      kernel, length, {zero, zero},
      [&](Value j) {
        Value difference = scalar.subf(read(j), first);
        return SmallVector<Value>{difference, scalar.mulf(difference, difference)};
      },
      [&](Value running, Value next) { return scalar.addf(running, next); });
  Value shift = scalar.divf(sums[0], count);
  Value mean = scalar.addf(first, shift);
  Value squares = scalar.subf(sums[1], scalar.mulf(sums[0], shift));
  Value enough = scalar.mulf(sums[1], scalar.constant(wide, 0x1p-4));
  // False for NaN too, which comes out either way.
  Value isExact = mlir::arith::CmpFOp::create(code.builder, code.loc,
                                              mlir::arith::CmpFPredicate::OGE, squares, enough);
  squares = code.ifElse(
      isExact, wide, [&] { return squares; },
      [&] { return squaresAround(kernel, length, mean, element, read); });
  return {mean, squares};
}

/// The rows of both normalisations: `center` tells whether the mean is taken away.
static void lowerNorm(Kernel &kernel, Value input, Value scale, Value shift, int64_t axis,
                      double epsilon, bool center) {
  Type element = elementOf(input);
  Type wide = Scalar::wideType(element);
  RowShape shape(input, axesFrom(input, axis));
  kernel.begin(shape.rows(), Kernel::grainFor(workOf(kernel, shape.length(), 4)));
  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  Elements &elements = kernel.elements();
  kernel.forChunks([&](Value row) {
    SmallVector<Value> outer = shape.outer(kernel, row);
    Value length = elements.size(shape.length());
    Value count = scalar.fromIndex(length, wide);
    auto read = [&](Value tensor, ArrayRef<Value> indices) {
      return scalar.widen(elements.at(tensor, indices), element);
    };
    auto readRow = [&](Value j) { return read(input, shape.indices(kernel, outer, j)); };
    Moments moments;
    if (center)
      moments = momentsOf(kernel, length, count, element, readRow);
    else
      moments.squares = combineRow(kernel, length, Combination::Sum, element, [&](Value j) {
        Value value = readRow(j);
        return scalar.mulf(value, value);
      });
    Value variance =
        scalar.addf(scalar.divf(moments.squares, count), scalar.constant(wide, epsilon));
    Value factor = scalar.divf(scalar.constant(wide, 1.0), scalar.sqrt(variance));
    code.loop(code.index(0), length, 1, [&](Value j) {
      SmallVector<Value> indices = shape.indices(kernel, outer, j);
      ArrayRef<Value> inner = ArrayRef(indices).drop_front(axis);
      Value value = read(input, indices);
      value = scalar.mulf(center ? scalar.subf(value, moments.mean) : value, factor);
      if (scale)
        value = scalar.mulf(value, read(scale, inner));
      if (shift)
        value = scalar.addf(value, read(shift, inner));
      kernel.storeFromRoot(indices, value);
    });
  });
}

void lowerLayerNorm(Kernel &kernel, LayerNormOp op) {
  lowerNorm(kernel, op.getInput(), op.getScale(), op.getShift(), op.getAxis(),
            op.getEpsilon().convertToDouble(), /*center=*/true);
}

void lowerRmsNorm(Kernel &kernel, RmsNormOp op) {
  lowerNorm(kernel, op.getInput(), op.getScale(), Value(), op.getAxis(),
            op.getEpsilon().convertToDouble(), /*center=*/false);
}

} // namespace weft
