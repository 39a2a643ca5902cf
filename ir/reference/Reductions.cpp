// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that combine elements along axes: reductions, places of extremes, running values.

#include "ir/reference/Rules.h"
#include "ir/reference/Walk.h"
#include "ir/WeftOps.h"

#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

#include <algorithm>
#include <numeric>

namespace weft::reference {

namespace {

//===----------------------------------------------------------------------===//
// Combination of two values
//===----------------------------------------------------------------------===//

double combine(ReduceKind kind, double a, double b) {
  switch (kind) {
  case ReduceKind::Sum:
    return a + b;
  case ReduceKind::Prod:
    return a * b;
  case ReduceKind::Max:
    return maximum(a, b);
  case ReduceKind::Min:
    return minimum(a, b);
  default: // And, Or: bool only.
    return a;
  }
}

bool less(int64_t a, int64_t b, bool isUnsigned) {
  return isUnsigned ? static_cast<uint64_t>(a) < static_cast<uint64_t>(b) : a < b;
}

/// Sums and products wrap modulo 2^64 here, and to the element type at the end.
int64_t combine(ReduceKind kind, int64_t a, int64_t b, bool isUnsigned) {
  switch (kind) {
  case ReduceKind::Sum:
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  case ReduceKind::Prod:
    return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  case ReduceKind::Max:
    return less(a, b, isUnsigned) ? b : a;
  case ReduceKind::Min:
    return less(a, b, isUnsigned) ? a : b;
  case ReduceKind::And:
    return a & b;
  case ReduceKind::Or:
    return a | b;
  }
  return a;
}

/// What combining no elements gives.
double realIdentity(ReduceKind kind) {
  switch (kind) {
  case ReduceKind::Prod:
    return 1;
  case ReduceKind::Max:
    return -HUGE_VAL;
  case ReduceKind::Min:
    return HUGE_VAL;
  default:
    return 0;
  }
}

int64_t integerIdentity(ReduceKind kind, Type element) {
  unsigned width = element.getIntOrFloatBitWidth();
  bool isUnsigned = isUnsignedElement(element);
  auto greatest = static_cast<int64_t>(~uint64_t(0) >> (isUnsigned ? 64 - width : 65 - width));
  switch (kind) {
  case ReduceKind::Sum:
  case ReduceKind::Or:
    return 0;
  case ReduceKind::Prod:
  case ReduceKind::And:
    return 1;
  case ReduceKind::Max:
    return isUnsigned ? 0 : -greatest - 1;
  case ReduceKind::Min:
    return greatest;
  }
  return 0;
}

void fillIdentity(ReduceKind kind, Tensor &tensor) {
  if (tensor.isFloat())
    llvm::fill(tensor.reals(), realIdentity(kind));
  else
    llvm::fill(tensor.integers(), integerIdentity(kind, tensor.element()));
}

//===----------------------------------------------------------------------===//
// Reduce
//===----------------------------------------------------------------------===//

/// The result itself accumulates, in double or int64_t: its view stands still along `axes`.
Expected<Tensor> reduce(const Call &call) {
  auto op = cast<ReduceOp>(call.op);
  const Tensor &input = call.operand(0);
  Index kept;
  for (int64_t d = 0; d < input.rank(); ++d)
    if (!llvm::is_contained(op.getAxes(), d))
      kept.push_back(input.dim(d));
  if (Error error = requireShape(call, "result", call.resultShape, kept))
    return error;

  Tensor result = call.emptyResult();
  fillIdentity(op.getKind(), result);
  Index resultStrides = rowMajorStrides(result.shape());
  View to;
  for (int64_t d = 0, next = 0; d < input.rank(); ++d)
    to.strides.push_back(llvm::is_contained(op.getAxes(), d) ? 0 : resultStrides[next++]);

  View from{0, rowMajorStrides(input.shape())};
  ReduceKind kind = op.getKind();
  if (input.isFloat()) {
    auto step = [&](int64_t t, int64_t f) {
      result.reals()[t] = combine(kind, result.reals()[t], input.reals()[f]);
    };
    walk(input.shape(), step, to, from);
  } else {
    bool isUnsigned = isUnsignedElement(input.element());
    auto step = [&](int64_t t, int64_t f) {
      result.integers()[t] = combine(kind, result.integers()[t], input.integers()[f], isUnsigned);
    };
    walk(input.shape(), step, to, from);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Lanes: one axis, all others fixed
//===----------------------------------------------------------------------===//

/// Calls `body(start, stride, lane)` for each line of elements along `axis`, lanes in row-major
/// order of the remaining dimensions.
template <typename Body> void forEachLane(const Tensor &tensor, int64_t axis, Body body) {
  Index rest(tensor.shape());
  rest.erase(rest.begin() + axis);
  View starts{0, rowMajorStrides(tensor.shape())};
  int64_t stride = starts.strides[axis];
  starts.strides.erase(starts.strides.begin() + axis);
  int64_t lane = 0;
  walk(rest, [&](int64_t start) { body(start, stride, lane++); }, starts);
}

/// True if `candidate` takes the place of `best`: strictly beyond it, or the first NaN.
bool isMoreExtreme(ArgKind kind, double candidate, double best) {
  if (std::isnan(best))
    return false;
  return std::isnan(candidate) || (kind == ArgKind::Max ? candidate > best : candidate < best);
}

bool isMoreExtreme(ArgKind kind, int64_t candidate, int64_t best, bool isUnsigned) {
  return kind == ArgKind::Max ? less(best, candidate, isUnsigned)
                              : less(candidate, best, isUnsigned);
}

Expected<Tensor> arg(const Call &call) {
  auto op = cast<ArgOp>(call.op);
  const Tensor &input = call.operand(0);
  auto axis = static_cast<int64_t>(op.getAxis());
  Index rest(input.shape());
  rest.erase(rest.begin() + axis);
  if (Error error = requireShape(call, "result", call.resultShape, rest))
    return error;

  Tensor result = call.emptyResult();
  bool isUnsigned = isUnsignedElement(input.element());
  forEachLane(input, axis, [&](int64_t start, int64_t stride, int64_t lane) {
    int64_t best = 0;
    for (int64_t k = 1; k < input.dim(axis); ++k) {
      int64_t candidate = start + k * stride, holder = start + best * stride;
      bool wins = input.isFloat()
                      ? isMoreExtreme(op.getKind(), input.reals()[candidate], input.reals()[holder])
                      : isMoreExtreme(op.getKind(), input.integers()[candidate],
                                      input.integers()[holder], isUnsigned);
      if (wins)
        best = k;
    }
    result.integers()[lane] = best;
  });
  return result;
}

/// Numbers in their order, NaN behind them.
bool isLess(double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); }

Expected<Tensor> argSort(const Call &call) {
  auto op = cast<ArgSortOp>(call.op);
  const Tensor &input = call.operand(0);
  if (Error error = requireShape(call, "result", call.resultShape, input.shape()))
    return error;
  Tensor result = call.emptyResult();
  auto axis = static_cast<int64_t>(op.getAxis());
  bool isUnsigned = isUnsignedElement(input.element());
  forEachLane(input, axis, [&](int64_t start, int64_t stride, int64_t) {
    auto isLessAt = [&](int64_t a, int64_t b) {
      return input.isFloat() ? isLess(input.reals()[a], input.reals()[b])
                             : less(input.integers()[a], input.integers()[b], isUnsigned);
    };
    auto comesFirst = [&](int64_t a, int64_t b) {
      int64_t left = start + a * stride, right = start + b * stride;
      if (op.getDescending())
        std::swap(left, right);
      if (isLessAt(left, right) || isLessAt(right, left))
        return isLessAt(left, right);
      return a < b;
    };
    std::vector<int64_t> order(input.dim(axis));
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), comesFirst);
    for (auto [k, place] : llvm::enumerate(order))
      result.integers()[start + static_cast<int64_t>(k) * stride] = place;
  });
  return result;
}

ReduceKind toReduceKind(CumulativeKind kind) {
  switch (kind) {
  case CumulativeKind::Sum:
    return ReduceKind::Sum;
  case CumulativeKind::Prod:
    return ReduceKind::Prod;
  case CumulativeKind::Max:
    return ReduceKind::Max;
  case CumulativeKind::Min:
    return ReduceKind::Min;
  }
  return ReduceKind::Sum;
}

/// Runs over `size` places, from the end if `reverse`; an exclusive run leaves out its own place.
template <typename Value, typename Combine>
void runAlong(const std::vector<Value> &from, std::vector<Value> &to, int64_t start, int64_t stride,
              int64_t size, CumulativeOp op, Value running, Combine step) {
  for (int64_t k = 0; k < size; ++k) {
    int64_t place = start + (op.getReverse() ? size - 1 - k : k) * stride;
    Value next = step(running, from[place]);
    to[place] = op.getExclusive() ? running : next;
    running = next;
  }
}

Expected<Tensor> cumulative(const Call &call) {
  auto op = cast<CumulativeOp>(call.op);
  const Tensor &input = call.operand(0);
  if (Error error = requireShape(call, "input", input.shape(), call.resultShape))
    return error;
  Tensor result = call.emptyResult();
  auto axis = static_cast<int64_t>(op.getAxis());
  int64_t size = input.dim(axis);
  ReduceKind kind = toReduceKind(op.getKind());
  bool isUnsigned = isUnsignedElement(input.element());
  forEachLane(input, axis, [&](int64_t start, int64_t stride, int64_t) {
    if (input.isFloat())
      runAlong(input.reals(), result.reals(), start, stride, size, op, realIdentity(kind),
               [&](double a, double b) { return combine(kind, a, b); });
    else
      runAlong(input.integers(), result.integers(), start, stride, size, op,
               integerIdentity(kind, input.element()),
               [&](int64_t a, int64_t b) { return combine(kind, a, b, isUnsigned); });
  });
  return result;
}

} // namespace

void addReductionRules(RuleTable &table) {
  table["weft.reduce"] = reduce;
  table["weft.arg"] = arg;
  table["weft.arg_sort"] = argSort;
  table["weft.cumulative"] = cumulative;
}

} // namespace weft::reference
