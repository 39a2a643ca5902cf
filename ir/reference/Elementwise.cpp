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

/// What integer arithmetic needs to know of an element type.
struct IntegerKind {
  explicit IntegerKind(Type element)
      : width(element.getIntOrFloatBitWidth()), isUnsigned(isUnsignedElement(element)) {}
  unsigned width;
  bool isUnsigned;
};

uint64_t bits(int64_t x) { return static_cast<uint64_t>(x); }
int64_t fromBits(uint64_t x) { return static_cast<int64_t>(x); }

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
      call, [](double x) { return -x; },
      [](int64_t x, IntegerKind) { return fromBits(0 - bits(x)); });
}

Expected<Tensor> abs(const Call &call) {
  return mapUnary(
      call, [](double x) { return std::fabs(x); },
      [](int64_t x, IntegerKind kind) {
        return x < 0 && !kind.isUnsigned ? fromBits(0 - bits(x)) : x;
      });
}

/// NaN gives itself, both zeros give +0.
Expected<Tensor> sign(const Call &call) {
  return mapUnary(
      call, [](double x) { return std::isnan(x) ? x : (x > 0) - (x < 0); },
      [](int64_t x, IntegerKind kind) -> int64_t {
        if (kind.isUnsigned)
          return x != 0;
        return (x > 0) - (x < 0);
      });
}

Expected<Tensor> logicalNot(const Call &call) {
  return mapUnary(call, [](double x) { return x; }, [](int64_t x, IntegerKind) { return ~x; });
}

double rsqrt(double x) { return 1 / std::sqrt(x); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

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
      [](int64_t a, int64_t b, IntegerKind) { return fromBits(bits(a) + bits(b)); });
}

Expected<Tensor> sub(const Call &call) {
  return mapBinary(
      call, [](double a, double b) { return a - b; },
      [](int64_t a, int64_t b, IntegerKind) { return fromBits(bits(a) - bits(b)); });
}

Expected<Tensor> mul(const Call &call) {
  return mapBinary(
      call, [](double a, double b) { return a * b; },
      [](int64_t a, int64_t b, IntegerKind) { return fromBits(bits(a) * bits(b)); });
}

/// Truncates toward zero; x / 0 = 0, and the least value divided by -1 wraps to itself.
int64_t integerDiv(int64_t a, int64_t b, IntegerKind kind) {
  if (b == 0)
    return 0;
  if (kind.isUnsigned)
    return fromBits(bits(a) / bits(b));
  return b == -1 ? fromBits(0 - bits(a)) : a / b;
}

/// Has the sign of the dividend; x rem 0 = 0.
int64_t integerRem(int64_t a, int64_t b, IntegerKind kind) {
  if (b == 0)
    return 0;
  if (kind.isUnsigned)
    return fromBits(bits(a) % bits(b));
  return b == -1 ? 0 : a % b;
}

Expected<Tensor> div(const Call &call) {
  return mapBinary(call, [](double a, double b) { return a / b; }, integerDiv);
}

Expected<Tensor> rem(const Call &call) {
  return mapBinary(call, [](double a, double b) { return std::fmod(a, b); }, integerRem);
}

/// By repeated squaring, wrapping. A negative exponent gives the truncated quotient 1 / a^-b: zero
/// but for the bases 1 and -1.
int64_t integerPow(int64_t base, int64_t exponent, IntegerKind kind) {
  if (!kind.isUnsigned && exponent < 0) {
    if (base == -1)
      return exponent % 2 == 0 ? 1 : -1;
    return base == 1;
  }
  uint64_t result = 1, power = bits(base);
  for (uint64_t left = bits(exponent); left != 0; left >>= 1) {
    if (left & 1)
      result *= power;
    power *= power;
  }
  return fromBits(result);
}

Expected<Tensor> pow(const Call &call) {
  return mapBinary(call, [](double a, double b) { return std::pow(a, b); }, integerPow);
}

bool less(int64_t a, int64_t b, IntegerKind kind) {
  return kind.isUnsigned ? bits(a) < bits(b) : a < b;
}

Expected<Tensor> max(const Call &call) {
  return mapBinary(call, maximum,
                   [](int64_t a, int64_t b, IntegerKind kind) { return less(a, b, kind) ? b : a; });
}

Expected<Tensor> min(const Call &call) {
  return mapBinary(call, minimum,
                   [](int64_t a, int64_t b, IntegerKind kind) { return less(b, a, kind) ? b : a; });
}

int64_t bitAnd(int64_t a, int64_t b, IntegerKind) { return a & b; }
int64_t bitOr(int64_t a, int64_t b, IntegerKind) { return a | b; }
int64_t bitXor(int64_t a, int64_t b, IntegerKind) { return a ^ b; }

/// True for an amount that is negative or not below the width. A ui64 above 2^63 looks negative.
bool shiftsOut(int64_t amount, IntegerKind kind) { return bits(amount) >= kind.width; }

int64_t shiftLeft(int64_t a, int64_t amount, IntegerKind kind) {
  return shiftsOut(amount, kind) ? 0 : fromBits(bits(a) << amount);
}

/// Copies the sign of a signed value; shifted out, that leaves nothing but the sign.
int64_t shiftRight(int64_t a, int64_t amount, IntegerKind kind) {
  if (kind.isUnsigned)
    return shiftsOut(amount, kind) ? 0 : fromBits(bits(a) >> amount);
  return a >> (shiftsOut(amount, kind) ? 63 : amount);
}

//===----------------------------------------------------------------------===//
// Comparison and selection
//===----------------------------------------------------------------------===//

template <typename T> bool holds(ComparePredicate predicate, T a, T b) {
  switch (predicate) {
  case ComparePredicate::Lt:
    return a < b;
  case ComparePredicate::Le:
    return a <= b;
  case ComparePredicate::Gt:
    return a > b;
  case ComparePredicate::Ge:
    return a >= b;
  case ComparePredicate::Eq:
    return a == b;
  case ComparePredicate::Ne:
    return a != b;
  }
  return false;
}

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
    else if (isUnsignedElement(a.element()))
      to = holds(predicate, bits(a.integers()[i]), bits(b.integers()[i]));
    else
      to = holds(predicate, a.integers()[i], b.integers()[i]);
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
