// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the element-wise operations do to one element, where C++ alone does not say it: total
// integer arithmetic, rounding and wrapping to an element type, conversion, order with NaN.
// Constant folding and the reference evaluator compute with these. An element is held wide:
// floats in a double, integers and bool in an int64_t (ui64 as the same 64 bits).

#ifndef WEFT_IR_SCALARMATH_H
#define WEFT_IR_SCALARMATH_H

#include "ir/WeftDialect.h"

#include <cstdint>

namespace weft {

/// True for ui8..ui64 and for bool, whose values are never negative.
bool isUnsignedElement(Type element);

/// What integer arithmetic needs to know of an element type.
struct IntegerKind {
  explicit IntegerKind(Type element)
      : width(element.getIntOrFloatBitWidth()), isUnsigned(isUnsignedElement(element)) {}
  unsigned width;
  bool isUnsigned;
};

/// Nearest value of a float type with `x` in double: ties to even, overflow to infinity.
double roundToFloat(mlir::FloatType type, double x);
/// The value of the low bits of `x` in an integer type; ui64 keeps all 64 bits in the int64_t.
int64_t wrapToInteger(Type type, int64_t x);

/// Truncates toward zero and saturates; NaN gives 0.
int64_t realToInteger(double x, Type to);
/// The double nearest to `x`, or, for a narrower `to`, one that rounds on to the same value as
/// `x` itself.
double integerToReal(int64_t x, bool isUnsigned, mlir::FloatType to);

/// Greatest and least of two floats: NaN wins, and +0 is above -0.
double maximum(double a, double b);
double minimum(double a, double b);
double rsqrt(double x);
double sigmoid(double x);
/// NaN gives itself, both zeros give +0.
double signOf(double x);

/// Modulo 2^64; the caller wraps to the element type.
inline int64_t wrappingAdd(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
inline int64_t wrappingSub(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
inline int64_t wrappingMul(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

bool integerLess(int64_t a, int64_t b, IntegerKind kind);
int64_t integerAbs(int64_t x, IntegerKind kind);
int64_t integerSign(int64_t x, IntegerKind kind);
/// Truncates toward zero; x / 0 = 0, and the least value divided by -1 wraps to itself.
int64_t integerDiv(int64_t a, int64_t b, IntegerKind kind);
/// Has the sign of the dividend; x rem 0 = 0.
int64_t integerRem(int64_t a, int64_t b, IntegerKind kind);
/// By repeated squaring, wrapping. A negative exponent gives the truncated quotient 1 / a^-b: zero
/// but for the bases 1 and -1.
int64_t integerPow(int64_t base, int64_t exponent, IntegerKind kind);
/// An amount outside [0, width) gives 0.
int64_t shiftLeft(int64_t a, int64_t amount, IntegerKind kind);
/// Copies the sign of a signed value; shifted out, that leaves nothing but the sign.
int64_t shiftRight(int64_t a, int64_t amount, IntegerKind kind);

/// Whether `a predicate b`, in the order of the C++ type.
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
bool integerHolds(ComparePredicate predicate, int64_t a, int64_t b, IntegerKind kind);

} // namespace weft

#endif // WEFT_IR_SCALARMATH_H
