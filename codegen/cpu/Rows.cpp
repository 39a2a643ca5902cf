// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions, running sums and normalisations: one row at a time, summed in a fixed order that
// depends on the row's length alone.

#include "codegen/cpu/Kernel.h"

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

/// Combines `element(j)` for j below `length`: lane by lane, then the lanes in halves. The order
/// depends on `length` alone, and the loop over lanes is one that LLVM makes vectors of.
static Value combineRow(Kernel &kernel, Value length, Combination kind, Type element,
                        llvm::function_ref<Value(Value)> elementAt) {
  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  Type wide = Scalar::wideType(element);
  bool isBool = wide.isInteger(1);
  Type stored = isBool ? storageType(wide) : wide;
  Value buffer = kernel.scratch(lanes, stored);
  auto read = [&](Value lane) { return scalar.load(buffer, lane, wide); };
  auto write = [&](Value lane, Value value) { scalar.store(value, buffer, lane, wide); };
  Value zero = code.index(0), count = code.index(lanes);
  Value identity = identityOf(scalar, kind, element);
  code.loop(zero, count, 1, [&](Value lane) { write(lane, identity); });
  auto step = [&](Value base, Value lane) {
    Value next = elementAt(code.add(base, lane));
    write(lane, combine(scalar, kind, read(lane), next, element));
  };
  Value rest = code.rem(length, count);
  Value whole = code.sub(length, rest);
  code.loop(zero, whole, lanes,
            [&](Value base) { code.loop(zero, count, 1, [&](Value lane) { step(base, lane); }); });
  code.loop(zero, rest, 1, [&](Value lane) { step(whole, lane); });
  for (int64_t half = lanes / 2; half > 0; half /= 2)
    code.loop(zero, code.index(half), 1, [&](Value lane) {
      Value other = read(code.add(lane, code.index(half)));
      write(lane, combine(scalar, kind, read(lane), other, element));
    });
  return read(zero);
}

//===-- Reduction ---------------------------------------------------------------------------===//

/// The last dimension is reduced: a row for each element of the result.
static void reduceRows(Kernel &kernel, ReduceOp op, const RowShape &shape) {
  Type element = elementOf(op.getInput());
  kernel.begin(shape.rows(), Kernel::grainFor(workOf(kernel, shape.length(), 1)));
  kernel.forChunks([&](Value row) {
    SmallVector<Value> outer = shape.outer(kernel, row);
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
    Value highest = combineRow(kernel, length, Combination::Max, element, read);
    auto power = [&](Value j) { return scalar.exp(scalar.subf(read(j), highest)); };
    Value sum = combineRow(kernel, length, Combination::Sum, element, [&](Value j) {
      Value value = power(j);
      if (kept)
        scalar.store(value, kept, j, wide);
      return value;
    });
    Value logSum = logarithm ? scalar.log(sum) : Value();
    code.loop(code.index(0), length, 1, [&](Value j) {
      SmallVector<Value> indices = shape.indices(kernel, outer, j);
      Value result;
      if (logarithm)
        result = scalar.subf(scalar.subf(read(j), highest), logSum);
      else
        result = scalar.divf(kept ? scalar.load(kept, j, wide) : power(j), sum);
      kernel.storeFromRoot(indices, result);
    });
  });
}

//===-- Normalisation -----------------------------------------------------------------------===//

static SmallVector<int64_t> axesFrom(Value tensor, int64_t axis) {
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  return llvm::to_vector(llvm::seq<int64_t>(axis, rank));
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
    Value mean;
    if (center) {
      mean = combineRow(kernel, length, Combination::Sum, element,
                        [&](Value j) { return read(input, shape.indices(kernel, outer, j)); });
      mean = scalar.divf(mean, count);
    }
    auto centered = [&](ArrayRef<Value> indices) {
      Value value = read(input, indices);
      return mean ? scalar.subf(value, mean) : value;
    };
    Value squares = combineRow(kernel, length, Combination::Sum, element, [&](Value j) {
      Value value = centered(shape.indices(kernel, outer, j));
      return scalar.mulf(value, value);
    });
    Value variance = scalar.addf(scalar.divf(squares, count), scalar.constant(wide, epsilon));
    Value factor = scalar.divf(scalar.constant(wide, 1.0), scalar.sqrt(variance));
    code.loop(code.index(0), length, 1, [&](Value j) {
      SmallVector<Value> indices = shape.indices(kernel, outer, j);
      ArrayRef<Value> inner = ArrayRef(indices).drop_front(axis);
      Value value = scalar.mulf(centered(indices), factor);
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
