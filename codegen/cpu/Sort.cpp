// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sorting by places: a heap sort in the output itself, which needs no other memory and takes
// n log n steps for any input. Ties are broken by place, so the order is that of a stable sort.

#include "codegen/cpu/Kernel.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace weft {

namespace arith = mlir::arith;
namespace scf = mlir::scf;
using arith::CmpIPredicate;

namespace {

/// One row: the places of its elements, kept in the output.
class RowSort {
public:
  RowSort(Kernel &owner, ArgSortOp sort, ArrayRef<Value> outerIndices)
      : kernel(owner), op(sort), outer(outerIndices), code(owner.code()), scalar(owner.scalar()),
        length(owner.elements().sizes(sort.getInput())[sort.getAxis()]) {}

  void run();

private:
  /// Where entry `index` of the row lies in the output.
  Value entry(Value index) {
    SmallVector<Value> places(outer);
    places.insert(places.begin() + op.getAxis(), index);
    return code.linearize(places, kernel.elements().sizes(op.getResult()));
  }
  Value load(Value index) {
    Type type = elementOf(op.getResult());
    return scalar.toIndex(scalar.load(kernel.elements().flatOutput(0), entry(index), type), type);
  }
  void store(Value index, Value place) {
    Type type = elementOf(op.getResult());
    scalar.store(scalar.fromIndex(place, type), kernel.elements().flatOutput(0), entry(index),
                 type);
  }
  Value key(Value place) {
    SmallVector<Value> places(outer);
    places.insert(places.begin() + op.getAxis(), place);
    Type element = elementOf(op.getInput());
    return scalar.widen(kernel.elements().at(op.getInput(), places), element);
  }
  Value either(Value a, Value b) { return arith::OrIOp::create(code.builder, code.loc, a, b); }
  Value isLess(Value a, Value b);
  Value comesFirst(Value placeA, Value placeB);
  void siftDown(Value start, Value end);

  Kernel &kernel;
  ArgSortOp op;
  ArrayRef<Value> outer;
  Code &code;
  Scalar &scalar;
  Value length;
};

} // namespace

/// NaN counts as greater than every number.
Value RowSort::isLess(Value a, Value b) {
  Type element = elementOf(op.getInput());
  if (!isa<mlir::FloatType>(element))
    return scalar.compare(ComparePredicate::Lt, a, b, element);
  Type type = a.getType();
  Value aHolds = scalar.compare(ComparePredicate::Eq, a, a, type);
  Value bIsNan = scalar.compare(ComparePredicate::Ne, b, b, type);
  return either(scalar.compare(ComparePredicate::Lt, a, b, type), code.both(aHolds, bIsNan));
}

/// Whether the element at one place stands before that at another once all are sorted.
Value RowSort::comesFirst(Value placeA, Value placeB) {
  Value a = key(placeA), b = key(placeB);
  Value before = op.getDescending() ? isLess(b, a) : isLess(a, b);
  Value after = op.getDescending() ? isLess(a, b) : isLess(b, a);
  Value isFirst = code.compare(CmpIPredicate::slt, placeA, placeB);
  Value no = scalar.integer(code.builder.getI1Type(), 0);
  return either(before, scalar.select(after, no, isFirst));
}

/// Moves the entry at `start` down until no child comes after it, in a heap of `end` entries.
void RowSort::siftDown(Value start, Value end) {
  OpBuilder &b = code.builder;
  Value moved = load(start);
  Type index = b.getIndexType();
  // The child to go on with; `end` where there is none, or it comes first.
  auto nextOf = [&](Value hole) {
    Value left = code.add(code.mul(hole, code.index(2)), code.index(1));
    auto pick = [&]() -> Value {
      Value right = code.add(left, code.index(1));
      Value child = code.ifElse(
          code.compare(CmpIPredicate::slt, right, end), index,
          [&] { return scalar.select(comesFirst(load(left), load(right)), right, left); },
          [&] { return left; });
      return scalar.select(comesFirst(moved, load(child)), child, end);
    };
    return code.ifElse(code.compare(CmpIPredicate::slt, left, end), index, pick,
                       [&] { return end; });
  };
  auto loop = scf::WhileOp::create(
      b, code.loc, {index, index}, {start},
      [&](OpBuilder &, Location loc, mlir::ValueRange hole) {
        Code::Scope scope(code);
        Value next = nextOf(hole[0]);
        Value goesOn = code.compare(CmpIPredicate::slt, next, end);
        scf::ConditionOp::create(b, loc, goesOn, {hole[0], next});
      },
      [&](OpBuilder &, Location loc, mlir::ValueRange step) {
        Code::Scope scope(code);
        store(step[0], load(step[1]));
        scf::YieldOp::create(b, loc, Value(step[1]));
      });
  store(loop.getResult(0), moved);
}

void RowSort::run() {
  code.loop(code.index(0), length, 1, [&](Value i) { store(i, i); });
  Value half = code.div(length, code.index(2));
  code.loop(code.index(0), half, 1,
            [&](Value i) { siftDown(code.sub(code.sub(half, i), code.index(1)), length); });
  // The greatest goes to the end, where the heap then stops.
  code.loop(code.index(1), length, 1, [&](Value i) {
    Value last = code.sub(length, i);
    Value greatest = load(code.index(0)), moved = load(last);
    store(last, greatest);
    store(code.index(0), moved);
    siftDown(code.index(0), last);
  });
}

void lowerArgSort(Kernel &kernel, ArgSortOp op) {
  SmallVector<Dim> rest = dimsOf(op.getInput());
  Dim length = rest[op.getAxis()];
  rest.erase(rest.begin() + op.getAxis());
  int64_t work = length.constant().value_or(256) * 32;
  kernel.begin(productOf(rest), Kernel::grainFor(work));
  // The output holds the order while it is made.
  if (kernel.result != op.getResult()) {
    op.emitOpError() << "must be the result of its kernel";
    kernel.elements().hasFailed = true;
    return;
  }
  kernel.forChunks([&](Value row) {
    SmallVector<Value> outer =
        kernel.code().delinearize(row, kernel.elements().sizes(ArrayRef<Dim>(rest)));
    RowSort(kernel, op, outer).run();
  });
}

} // namespace weft
