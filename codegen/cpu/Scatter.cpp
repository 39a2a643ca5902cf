// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scattering in the output itself: the input is copied, then the updates are combined into it one
// after another. A chunk owns whole columns along the axis, so the order of the updates that meet
// in one place is theirs, with any number of threads.

#include "codegen/cpu/Kernel.h"

namespace weft {

using mlir::arith::CmpIPredicate;

/// Columns of one chunk: a few cache lines, so that rows still divide among threads.
static constexpr int64_t columnBlock = 64;

namespace {

/// The columns of one chunk.
struct ScatterColumns {
  Kernel &kernel;
  ScatterOp op;
  SmallVector<Value> before, after; ///< Indices before the axis; sizes behind it.
  Value first, end;                 ///< Of the columns, as one index.

  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  Elements &elements = kernel.elements();
  Type element = elementOf(op.getInput());

  /// Calls `body` for each column with the indices behind the axis.
  void forColumns(llvm::function_ref<void(ArrayRef<Value>)> body) {
    code.loop(first, end, 1, [&](Value column) { body(code.delinearize(column, after)); });
  }
  SmallVector<Value> places(ArrayRef<Value> middle, ArrayRef<Value> last) {
    SmallVector<Value> all(before);
    llvm::append_range(all, middle);
    llvm::append_range(all, last);
    return all;
  }
  Value linear(ArrayRef<Value> indices) {
    return code.linearize(indices, elements.sizes(op.getResult()));
  }

  void copy(Value length);
  void update(Value length);
};

} // namespace

void ScatterColumns::copy(Value length) {
  code.loop(code.index(0), length, 1, [&](Value place) {
    forColumns([&](ArrayRef<Value> column) {
      SmallVector<Value> indices = places(place, column);
      scalar.store(elements.at(op.getInput(), indices), elements.flatOutput(0), linear(indices),
                   element);
    });
  });
}

/// Each operation rounds to the element type, as documented.
void ScatterColumns::update(Value length) {
  Type indexElement = elementOf(op.getIndices());
  code.nest(elements.sizes(op.getIndices()), {}, [&](ArrayRef<Value> which, ValueRange) {
    Value target = scalar.toIndex(elements.at(op.getIndices(), which), indexElement);
    // A negative target is beyond the end when seen as unsigned.
    code.ifThen(code.compare(CmpIPredicate::ult, target, length), [&] {
      elements.prepare(op.getUpdates(), places(which, SmallVector<Value>(after.size())));
      forColumns([&](ArrayRef<Value> column) {
        Value place = linear(places(target, column)), output = elements.flatOutput(0);
        Value old = scalar.load(output, place, element);
        Value next = elements.at(op.getUpdates(), places(which, column));
        scalar.store(scatterInto(scalar, op.getKind(), old, next, element), output, place, element);
      });
    });
    return SmallVector<Value>();
  });
}

bool lowerScatter(Kernel &kernel, ScatterOp op) {
  // An epilogue would read what later updates still change.
  if (kernel.result != op.getResult())
    return lowerMap(kernel), false;
  SmallVector<Dim> dims = dimsOf(op.getInput());
  ArrayRef<Dim> before = ArrayRef(dims).take_front(op.getAxis()),
                after = ArrayRef(dims).drop_front(op.getAxis() + 1);
  Dim columns = productOf(after), blocks = columns.ceilDiv(Dim(columnBlock));
  int64_t steps = dims[op.getAxis()].constant().value_or(256) +
                  productOf(dimsOf(op.getIndices())).constant().value_or(256);
  kernel.begin(
      productOf(before) * blocks,
      Kernel::grainFor(steps * std::min(columnBlock, columns.constant().value_or(columnBlock))));
  Code &code = kernel.code();
  Elements &elements = kernel.elements();
  kernel.forChunks([&](Value chunk) {
    Value blockCount = elements.size(blocks), length = elements.size(dims[op.getAxis()]);
    SmallVector<Value> outer =
        code.delinearize(code.div(chunk, blockCount), elements.sizes(before));
    Value first = code.mul(code.rem(chunk, blockCount), code.index(columnBlock));
    Value end = code.min(elements.size(columns), code.add(first, code.index(columnBlock)));
    ScatterColumns work{kernel, op, outer, elements.sizes(after), first, end};
    work.copy(length);
    work.update(length);
  });
  return true;
}

} // namespace weft
