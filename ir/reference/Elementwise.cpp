// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element-wise arithmetic, logic, comparison and selection. Operands and result have one shape;
// floats compute in double, integers modulo 2^64, and the caller narrows the result.

#include "ir/reference/Rules.h"
#include "ir/WeftOps.h"

#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

namespace {

Error requireOneShape(const Call &call) {
  for (auto [i, operand] : llvm::enumerate(call.operands))
    if (Error error = requireShape(call, "operand " + Twine(i), operand->shape(), call.resultShape))
      return error;
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// `real` and `integer` give one element; either may be absent by never being reached.
template <typename Real, typename Integer>
Expected<Tensor> mapUnary(const Call &call, Real real, Integer integer) {
  if (Error error = requireOneShape(call))
    return error;
  const Tensor &input = call.operand(0);
  Tensor result = call.emptyResult();
  if (input.isFloat()) {
    for (int64_t i = 0; i < input.size(); ++i)
      result.reals()[i] = real(input.reals()[i]);
  } else {
    IntegerKind kind(input.element());
    for (int64_t i = 0; i < input.size(); ++i)
      result.integers()[i] = integer(input.integers()[i], kind);
  }
  return result;
}

template <typename Real, typename Integer>
Expected<Tensor> mapBinary(const Call &call, Real real, Integer integer) {
  if (Error error = requireOneShape(call))
    return error;
  const Tensor &a = call.operand(0), &b = call.operand(1);
  Tensor result = call.emptyResult();
  if (a.isFloat()) {
    for (int64_t i = 0; i < a.size(); ++i)
      result.reals()[i] = real(a.reals()[i], b.reals()[i]);
  } else {
    IntegerKind kind(a.element());
    for (int64_t i = 0; i < a.size(); ++i)
      result.integers()[i] = integer(a.integers()[i], b.integers()[i], kind);
  }
  return result;
}

/// An operation that the verifier allows for floats only.
template <double (*real)(double)> Expected<Tensor> floatUnary(const Call &call) {
  return mapUnary(call, real, [](int64_t x, IntegerKind) { return x; });
}

template <double (*real)(double, double)> Expected<Tensor> floatBinary(const Call &call) {
  return mapBinary(call, real, [](int64_t a, int64_t, IntegerKind) { return a; });
}

/// An operation that the verifier allows for integers (and perhaps bool) only.
template <int64_t (*integer)(int64_t, int64_t, IntegerKind)>
Expected<Tensor> integerBinary(const Call &call) {
  return mapBinary(call, [](double a, double) { return a; }, integer);
}

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

Expected<Tensor> neg(const Call &call) {
  return mapUnary(
      call, [](double x) { return -x; }, [](int64_t x, IntegerKind) { return wrappingSub(0, x); });
}

Expected<Tensor> abs(const Call &call) {
  return mapUnary(call, [](double x) { return std::fabs(x); }, integerAbs);
}

Expected<Tensor> sign(const Call &call) { return mapUnary(call, signOf, integerSign); }

Expected<Tensor> logicalNot(const Call &call) {
  return mapUnary(call, [](double x) { return x; }, [](int64_t x, IntegerKind) { return ~x; });
}

/// A float operand, a bool result.
template <bool (*holds)(double)> Expected<Tensor> classify(const Call &call) {
  if (Error error = requireOneShape(call))
    return error;
  Tensor result = call.emptyResult();
  for (int64_t i = 0; i < result.size(); ++i)
    result.integers()[i] = holds(call.operand(0).reals()[i]);
  return result;
}

bool isNan(double x) { return std::isnan(x); }
bool isInf(double x) { return std::isinf(x); }

//===----------------------------------------------------------------------===//
// Binary
//===----------------------------------------------------------------------===//

Expected<Tensor> add(const Call &call) {
  return mapBinary(
      call, [](double a, double b) { return a + b; },
      [](int64_t a, int64_t b, IntegerKind) { return wrappingAdd(a, b); });
}

Expected<Tensor> sub(const Call &call) {
  return mapBinary(
      call, [](double a, double b) { return a - b; },
      [](int64_t a, int64_t b, IntegerKind) { return wrappingSub(a, b); });
}

Expected<Tensor> mul(const Call &call) {
  return mapBinary(
      call, [](double a, double b) { return a * b; },
      [](int64_t a, int64_t b, IntegerKind) { return wrappingMul(a, b); });
}

Expected<Tensor> div(const Call &call) {
  return mapBinary(call, [](double a, double b) { return a / b; }, integerDiv);
}

Expected<Tensor> rem(const Call &call) {
  return mapBinary(call, [](double a, double b) { return std::fmod(a, b); }, integerRem);
}

Expected<Tensor> pow(const Call &call) {
  return mapBinary(call, [](double a, double b) { return std::pow(a, b); }, integerPow);
}

Expected<Tensor> max(const Call &call) {
  return mapBinary(call, maximum, [](int64_t a, int64_t b, IntegerKind kind) {
    return integerLess(a, b, kind) ? b : a;
  });
}

Expected<Tensor> min(const Call &call) {
  return mapBinary(call, minimum, [](int64_t a, int64_t b, IntegerKind kind) {
    return integerLess(b, a, kind) ? b : a;
  });
}

int64_t bitAnd(int64_t a, int64_t b, IntegerKind) { return a & b; }
int64_t bitOr(int64_t a, int64_t b, IntegerKind) { return a | b; }
int64_t bitXor(int64_t a, int64_t b, IntegerKind) { return a ^ b; }

//===----------------------------------------------------------------------===//
// Comparison and selection
//===----------------------------------------------------------------------===//

Expected<Tensor> compare(const Call &call) {
  if (Error error = requireOneShape(call))
    return error;
  ComparePredicate predicate = cast<CompareOp>(call.op).getPredicate();
  const Tensor &a = call.operand(0), &b = call.operand(1);
  Tensor result = call.emptyResult();
  for (int64_t i = 0; i < result.size(); ++i) {
    int64_t &to = result.integers()[i];
    if (a.isFloat())
      to = holds(predicate, a.reals()[i], b.reals()[i]);
    else
      to = integerHolds(predicate, a.integers()[i], b.integers()[i], IntegerKind(a.element()));
  }
  return result;
}

Expected<Tensor> select(const Call &call) {
  if (Error error = requireOneShape(call))
    return error;
  const std::vector<int64_t> &condition = call.operand(0).integers();
  Tensor result = *call.operands[2];
  Tensor::visit(result, call.operand(1), [&](auto &to, const auto &onTrue) {
    for (size_t i = 0; i < to.size(); ++i)
      if (condition[i])
        to[i] = onTrue[i];
  });
  return result;
}

} // namespace

static void addUnaryRules(RuleTable &table) {
  table["weft.neg"] = neg;
  table["weft.abs"] = abs;
  table["weft.sign"] = sign;
  table["weft.not"] = logicalNot;
  table["weft.is_nan"] = classify<isNan>;
  table["weft.is_inf"] = classify<isInf>;
  table["weft.floor"] = floatUnary<std::floor>;
  table["weft.ceil"] = floatUnary<std::ceil>;
  // The evaluator runs in the default rounding mode, so nearbyint takes ties to even.
  table["weft.round"] = floatUnary<std::nearbyint>;
  table["weft.trunc"] = floatUnary<std::trunc>;
  table["weft.sqrt"] = floatUnary<std::sqrt>;
  table["weft.rsqrt"] = floatUnary<rsqrt>;
  table["weft.exp"] = floatUnary<std::exp>;
  table["weft.expm1"] = floatUnary<std::expm1>;
  table["weft.log"] = floatUnary<std::log>;
  table["weft.log1p"] = floatUnary<std::log1p>;
  table["weft.sin"] = floatUnary<std::sin>;
  table["weft.cos"] = floatUnary<std::cos>;
  table["weft.tan"] = floatUnary<std::tan>;
  table["weft.asin"] = floatUnary<std::asin>;
  table["weft.acos"] = floatUnary<std::acos>;
  table["weft.atan"] = floatUnary<std::atan>;
  table["weft.sinh"] = floatUnary<std::sinh>;
  table["weft.cosh"] = floatUnary<std::cosh>;
  table["weft.tanh"] = floatUnary<std::tanh>;
  table["weft.asinh"] = floatUnary<std::asinh>;
  table["weft.acosh"] = floatUnary<std::acosh>;
  table["weft.atanh"] = floatUnary<std::atanh>;
  table["weft.erf"] = floatUnary<std::erf>;
  table["weft.sigmoid"] = floatUnary<sigmoid>;
}

void addElementwiseRules(RuleTable &table) {
  addUnaryRules(table);
  table["weft.add"] = add;
  table["weft.sub"] = sub;
  table["weft.mul"] = mul;
  table["weft.div"] = div;
  table["weft.rem"] = rem;
  table["weft.pow"] = pow;
  table["weft.max"] = max;
  table["weft.min"] = min;
  table["weft.atan2"] = floatBinary<std::atan2>;
  table["weft.and"] = integerBinary<bitAnd>;
  table["weft.or"] = integerBinary<bitOr>;
  table["weft.xor"] = integerBinary<bitXor>;
  table["weft.shift_left"] = integerBinary<shiftLeft>;
  table["weft.shift_right"] = integerBinary<shiftRight>;
  table["weft.compare"] = compare;
  table["weft.select"] = select;
}

} // namespace weft::reference
