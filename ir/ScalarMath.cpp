// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on one element, total for every input.

#include "ir/ScalarMath.h"

#include "llvm/ADT/APFloat.h"

#include <algorithm>
#include <cmath>

namespace weft {

static uint64_t bits(int64_t x) { return static_cast<uint64_t>(x); }
static int64_t fromBits(uint64_t x) { return static_cast<int64_t>(x); }

//===-- Element types -----------------------------------------------------------------------===//

bool isUnsignedElement(Type element) {
  return element.isUnsignedInteger() || element.isSignlessInteger(1);
}

double roundToFloat(mlir::FloatType type, double x) {
  if (type.isF64() || !std::isfinite(x) || x == 0)
    return x;
  if (type.isF32())
    return static_cast<float>(x);
  // `ulp` is a power of two, so the division and the product are exact and the only rounding is
  // the one of nearbyint, to even. Below the least normal exponent ulp stays: subnormals.
  const llvm::fltSemantics &semantics = type.getFloatSemantics();
  int precision = static_cast<int>(llvm::APFloat::semanticsPrecision(semantics));
  int exponent = std::max(std::ilogb(x), llvm::APFloat::semanticsMinExponent(semantics));
  double ulp = std::ldexp(1.0, exponent - precision + 1);
  double rounded = std::nearbyint(x / ulp) * ulp;
  if (std::ilogb(rounded) > llvm::APFloat::semanticsMaxExponent(semantics) && rounded != 0)
    return std::copysign(HUGE_VAL, x);
  return rounded;
}

int64_t wrapToInteger(Type type, int64_t x) {
  unsigned width = type.getIntOrFloatBitWidth();
  if (width == 64)
    return x;
  unsigned unused = 64 - width;
  uint64_t high = bits(x) << unused;
  return isUnsignedElement(type) ? fromBits(high >> unused) : fromBits(high) >> unused;
}

//===-- Conversion --------------------------------------------------------------------------===//

// The bounds are powers of two, which double holds exactly, so a comparison with them decides
// before any conversion could overflow.
int64_t realToInteger(double x, Type to) {
  if (std::isnan(x))
    return 0;
  unsigned width = to.getIntOrFloatBitWidth();
  if (isUnsignedElement(to)) {
    if (x <= 0)
      return 0;
    if (x >= std::ldexp(1.0, static_cast<int>(width)))
      return fromBits(~uint64_t(0) >> (64 - width));
    return fromBits(static_cast<uint64_t>(x));
  }
  double bound = std::ldexp(1.0, static_cast<int>(width) - 1);
  int64_t greatest = fromBits(~uint64_t(0) >> (65 - width));
  if (x >= bound)
    return greatest;
  if (x < -bound)
    return -greatest - 1;
  return static_cast<int64_t>(x);
}

/// Bits too low for a double are kept as one sticky bit, so that a second rounding is the first.
static double unsignedToReal(uint64_t magnitude, mlir::FloatType to) {
  constexpr unsigned excess = 11;
  if (to.isF64() || magnitude < (uint64_t(1) << 53))
    return static_cast<double>(magnitude);
  uint64_t sticky = (magnitude & ((1 << excess) - 1)) != 0;
  return std::ldexp(static_cast<double>((magnitude >> excess) | sticky), excess);
}

double integerToReal(int64_t x, bool isUnsigned, mlir::FloatType to) {
  if (isUnsigned || x >= 0)
    return unsignedToReal(bits(x), to);
  return -unsignedToReal(0 - bits(x), to);
}

//===-- Floats ------------------------------------------------------------------------------===//

double maximum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return NAN;
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

double minimum(double a, double b) { return -maximum(-a, -b); }
double rsqrt(double x) { return 1 / std::sqrt(x); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double signOf(double x) { return std::isnan(x) ? x : (x > 0) - (x < 0); }

//===-- Integers ----------------------------------------------------------------------------===//

bool integerLess(int64_t a, int64_t b, IntegerKind kind) {
  return kind.isUnsigned ? bits(a) < bits(b) : a < b;
}

int64_t integerAbs(int64_t x, IntegerKind kind) {
  return x < 0 && !kind.isUnsigned ? wrappingSub(0, x) : x;
}

int64_t integerSign(int64_t x, IntegerKind kind) {
  if (kind.isUnsigned)
    return x != 0;
  return (x > 0) - (x < 0);
}

int64_t integerDiv(int64_t a, int64_t b, IntegerKind kind) {
  if (b == 0)
    return 0;
  if (kind.isUnsigned)
    return fromBits(bits(a) / bits(b));
  return b == -1 ? wrappingSub(0, a) : a / b;
}

int64_t integerRem(int64_t a, int64_t b, IntegerKind kind) {
  if (b == 0)
    return 0;
  if (kind.isUnsigned)
    return fromBits(bits(a) % bits(b));
  return b == -1 ? 0 : a % b;
}

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

/// True for an amount that is negative or not below the width. A ui64 above 2^63 looks negative.
static bool shiftsOut(int64_t amount, IntegerKind kind) { return bits(amount) >= kind.width; }

int64_t shiftLeft(int64_t a, int64_t amount, IntegerKind kind) {
  return shiftsOut(amount, kind) ? 0 : fromBits(bits(a) << amount);
}

int64_t shiftRight(int64_t a, int64_t amount, IntegerKind kind) {
  if (kind.isUnsigned)
    return shiftsOut(amount, kind) ? 0 : fromBits(bits(a) >> amount);
  return a >> (shiftsOut(amount, kind) ? 63 : amount);
}

bool integerHolds(ComparePredicate predicate, int64_t a, int64_t b, IntegerKind kind) {
  return kind.isUnsigned ? holds(predicate, bits(a), bits(b)) : holds(predicate, a, b);
}

} // namespace weft
