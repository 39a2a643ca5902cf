// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// exp, expm1, log, log1p, sin, cos, tanh, erf and silu in single precision: straight-line code that
// a loop vectoriser takes whole, with the limits of C's functions (infinities, zeros, subnormals,
// NaN). test/codegen/math-accuracy.py holds their errors against double precision.

#include "codegen/cpu/PowerTable.h"
#include "codegen/cpu/Scalar.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace weft {

namespace arith = mlir::arith;

/// c[0] x^(n-1) + ... + c[n-1], by Horner's rule with fused steps.
Value Scalar::polynomial(Value x, ArrayRef<double> coefficients) {
  Value sum = constant(x.getType(), coefficients.front());
  for (double coefficient : coefficients.drop_front())
    sum = fma(sum, x, constant(x.getType(), coefficient));
  return sum;
}

static Type integersLike(Type floats) {
  Type i32 = mlir::IntegerType::get(floats.getContext(), 32);
  if (auto vector = dyn_cast<mlir::VectorType>(floats))
    return vector.clone(i32);
  return i32;
}

/// `x` within [least, most]; NaN as it is.
static Value clamped(Scalar &scalar, Value x, double least, double most) {
  OpBuilder &b = scalar.code.builder;
  Location loc = scalar.code.loc;
  // Comparisons that are false for NaN leave it in place.
  Value high = scalar.constant(x.getType(), most), low = scalar.constant(x.getType(), least);
  Value over = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, high);
  Value under = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, low);
  return scalar.select(under, low, scalar.select(over, high, x));
}

namespace {

/// x = n log(2) + rest, |rest| <= log(2)/2; `power` is n as an integer.
struct ByLog2 {
  Value power, rest;
};

} // namespace

static ByLog2 byLog2(Scalar &scalar, Value x) {
  OpBuilder &b = scalar.code.builder;
  Location loc = scalar.code.loc;
  Type type = x.getType(), integers = integersLike(type);
  auto bits = [&](Value v) { return arith::BitcastOp::create(b, loc, integers, v).getResult(); };
  // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
  Value magic = scalar.constant(type, 12582912.0);
  Value shifted = scalar.fma(x, scalar.constant(type, 0x1.715476p+0), magic);
  Value n = scalar.subf(shifted, magic);
  Value power = arith::SubIOp::create(b, loc, bits(shifted), bits(magic));
  Value rest = scalar.fma(n, scalar.constant(type, -0x1.62e400p-1), x);
  return {power, scalar.fma(n, scalar.constant(type, -0x1.7f7d1cp-20), rest)};
}

/// e^x = 2^n e^r, |r| <= ln(2)/2; the power is applied in two steps, so that results pass through
/// the subnormals to 0 and reach infinity. At most 1 ulp.
///
/// Source: Cephes, expf, with Taylor's coefficients.
Value Scalar::exp32(Value x) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = x.getType();
  Type integers = integersLike(type);
  auto floats = [&](Value v) { return arith::BitcastOp::create(b, loc, type, v).getResult(); };
  auto whole = [&](int64_t v) { return integer(integers, v); };
  auto [power, r] = byLog2(*this, clamped(*this, x, -104, 89));

  // Taylor's series: the first term left out is below 0.1 ulp on this interval.
  Value p = polynomial(r, {1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0});
  Value half = arith::ShRSIOp::create(b, loc, power, whole(1));
  Value rest = arith::SubIOp::create(b, loc, power, half);
  auto powerOfTwo = [&](Value exponent) {
    Value biased = arith::AddIOp::create(b, loc, exponent, whole(127));
    return floats(arith::ShLIOp::create(b, loc, biased, whole(23)));
  };
  return mulf(mulf(p, powerOfTwo(half)), powerOfTwo(rest));
}

/// The entries of the table at the low bits of `numbers`, in as many registers as they fill.
Value Scalar::powerEntries(Value numbers) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  auto vector = dyn_cast<mlir::VectorType>(numbers.getType());
  if (!vector)
    return call(powerEntryName, b.getF32Type(), numbers);
  auto whole = mlir::VectorType::get({powerTableSize}, b.getF32Type());
  Value table = arith::ConstantOp::create(
      b, loc, mlir::DenseElementsAttr::get(whole, ArrayRef(powerTable())));
  auto pick = [&](Value lanes) {
    StringAttr name = b.getStringAttr("llvm.x86.avx512.permvar.sf.512");
    return mlir::LLVM::CallIntrinsicOp::create(b, loc, whole, name, ValueRange{table, lanes})
        .getResult(0);
  };
  auto shuffled = [&](Value lanes, int64_t from, int64_t count, int64_t width) -> Value {
    SmallVector<int64_t> places;
    for (int64_t lane = 0; lane < width; ++lane)
      places.push_back(from + lane % count);
    return mlir::vector::ShuffleOp::create(b, loc, lanes, lanes, places);
  };
  int64_t count = vector.getNumElements();
  if (count == powerTableSize)
    return pick(numbers);
  Value all = constant(vector.clone(b.getF32Type()), 0.0);
  for (int64_t from = 0; from < count; from += powerTableSize) {
    int64_t width = std::min<int64_t>(powerTableSize, count - from);
    Value part = shuffled(pick(shuffled(numbers, from, width, powerTableSize)), 0, width, width);
    all = mlir::vector::InsertStridedSliceOp::create(b, loc, part, all, from, 1);
  }
  return all;
}

/// e^(sign x), and `addend` in the same step if it is given. By 2^(n + f), |f| <= 1/2, a polynomial
/// that is exact at 0 and an addition to the exponent; or, where registers hold a table, with n a
/// multiple of 1/16 and half of the polynomial. Both have a relative error of 2.4e-9 before they
/// are rounded. At most 1.2 ulp while the result is a normal number, anything else beyond.
Value Scalar::expInRange32(Value x, double sign, Value addend) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = x.getType(), integers = integersLike(type);
  auto bits = [&](Value v) { return arith::BitcastOp::create(b, loc, integers, v).getResult(); };
  // `value` times two to the power whose exponent stands in `shifted` from bit `position` down.
  auto scaled = [&](Value value, Value shifted, int position) -> Value {
    Value exponent = arith::ShLIOp::create(b, loc, bits(shifted), integer(integers, position));
    return arith::BitcastOp::create(b, loc, type,
                                    arith::AddIOp::create(b, loc, bits(value), exponent));
  };
  Value magic = constant(type, hasPermutes ? 12582912.0 / powerTableSize : 12582912.0);
  Value log2e = constant(type, sign * 0x1.715476p+0);
  Value shifted = fma(x, log2e, magic);
  Value whole = subf(shifted, magic);
  Value rest = fma(x, log2e, arith::NegFOp::create(b, loc, whole));
  rest = fma(x, constant(type, sign * 0x1.4ae0cp-26), rest); // what log2e lacks of log2(e)
  if (hasPermutes) {
    Value entry = powerEntries(bits(shifted));
    Value scale = scaled(entry, shifted, powerTablePosition);
    Value power =
        polynomial(rest, {0x1.b3b290p-5, 0x1.d7774cp-3, 0x1.541470p-1, powerTableDivisor});
    return addend ? fma(scale, power, addend) : mulf(scale, power);
  }
  Value power = polynomial(rest, {0x1.41fbbcp-13, 0x1.5f3e54p-10, 0x1.3b2d4cp-7, 0x1.c6aee8p-5,
                                  0x1.ebfbdcp-3, 0x1.62e430p-1, 1.0});
  power = scaled(power, shifted, 23);
  return addend ? addf(addend, power) : power;
}

/// Results below the normal numbers are 0: they are weights beside 1, and the time that subnormals
/// take would be wasted. At most 1.2 ulp.
Value Scalar::expOfNegative32(Value x) {
  Value inRange = arith::CmpFOp::create(code.builder, code.loc, arith::CmpFPredicate::OGE, x,
                                        constant(x.getType(), -87.0));
  return select(inRange, expInRange32(x, 1), larger(constant(x.getType(), 0.0), x)); // NaN stays
}

/// 1 / (1 + e^-x), where e^-x cannot overflow; 0 below. At most 2.4 ulp.
Value Scalar::sigmoid32(Value x) {
  Type type = x.getType();
  Value one = constant(type, 1.0), zero = constant(type, 0.0);
  Value sum = expInRange32(smaller(constant(type, 87.0), x), -1, one);
  Value inRange = arith::CmpFOp::create(code.builder, code.loc, arith::CmpFPredicate::OGE, x,
                                        constant(type, -87.0));
  return select(inRange, divf(one, sum), larger(zero, x)); // NaN stays
}

/// x / (1 + e^-x), which saves a product and a rounding of x * sigmoid(x); beyond the range of
/// e^-x it divides by infinity: -0 below, NaN for -inf, as the product gives. At most 2.2 ulp.
Value Scalar::silu32(Value x) {
  Type type = x.getType();
  Value sum = expInRange32(smaller(constant(type, 87.0), x), -1, constant(type, 1.0));
  Value inRange = arith::CmpFOp::create(code.builder, code.loc, arith::CmpFPredicate::OGE, x,
                                        constant(type, -87.0));
  Value infinity = constant(type, std::numeric_limits<double>::infinity());
  return divf(x, select(inRange, sum, infinity)); // NaN stays
}

/// e^x - 1 = 2^n (e^r - 1) + 2^n - 1, |r| <= ln(2)/2; half of it is computed, so that 2^n stays
/// finite. Below -25 it is -1. At most 1.4 ulp.
Value Scalar::expm132(Value x) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = x.getType();
  Type integers = integersLike(type);
  auto [power, r] = byLog2(*this, clamped(*this, x, -25, 89));

  // Taylor's series behind the term r, which is added last.
  Value p = polynomial(r, {1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5});
  p = fma(mulf(r, r), p, r);
  Value biased = arith::AddIOp::create(b, loc, power, integer(integers, 126));
  Value half = arith::BitcastOp::create(
      b, loc, type, arith::ShLIOp::create(b, loc, biased, integer(integers, 23)));
  Value y = fma(half, p, subf(half, constant(type, 0.5)));
  return mlir::math::CopySignOp::create(b, loc, addf(y, y), x); // -0 stays
}

/// log(x) = n log(2) + log(m), m in [sqrt(1/2), sqrt(2)). At most 1 ulp; subnormals are scaled.
///
/// Source: Cephes, logf.
Value Scalar::log32(Value x) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = x.getType();
  Type integers = integersLike(type);
  auto cmp = [&](arith::CmpFPredicate predicate, Value lhs, double rhs) {
    return arith::CmpFOp::create(b, loc, predicate, lhs, constant(type, rhs)).getResult();
  };
  Value tiny = cmp(arith::CmpFPredicate::OLT, x, 0x1p-126);
  Value scaled = select(tiny, mulf(x, constant(type, 0x1p23)), x);
  Value bits = arith::BitcastOp::create(b, loc, integers, scaled);

  // Subtracting the bits of sqrt(1/2) makes the exponent field that of m in the wanted interval.
  Value offset = integer(integers, 0x3f3504f3);
  Value moved = arith::SubIOp::create(b, loc, bits, offset);
  Value exponent = arith::ShRSIOp::create(b, loc, moved, integer(integers, 23));
  Value fraction = arith::AndIOp::create(b, loc, moved, integer(integers, 0x007fffff));
  fraction = arith::AddIOp::create(b, loc, fraction, offset);
  Value m = subf(arith::BitcastOp::create(b, loc, type, fraction), constant(type, 1.0));
  Value n = arith::SIToFPOp::create(b, loc, type, exponent);
  n = select(tiny, subf(n, constant(type, 23.0)), n);

  Value z = mulf(m, m);
  Value p = polynomial(m, {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1,
                           1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
                           3.3333331174e-1});
  Value y = mulf(mulf(m, z), p);
  y = fma(n, constant(type, -2.12194440e-4), y);
  y = fma(z, constant(type, -0.5), y);
  y = addf(m, y);
  y = fma(n, constant(type, 0.693359375), y);

  double infinity = std::numeric_limits<double>::infinity();
  double nan = std::numeric_limits<double>::quiet_NaN();
  y = select(cmp(arith::CmpFPredicate::OEQ, x, infinity), x, y);
  y = select(cmp(arith::CmpFPredicate::OEQ, x, 0.0), constant(type, -infinity), y);
  y = select(cmp(arith::CmpFPredicate::OLT, x, 0.0), constant(type, nan), y);
  return select(cmp(arith::CmpFPredicate::UNO, x, 0.0), x, y);
}

/// log(1 + x) = n log(2) + log(1 + m), m = (1 + x) / 2^n - 1 in [-1/4, 1/2), which is exact but for
/// one rounding: x and 1 are scaled before they are added. log(1 + m) = m - m^2/2 + m^3 q(m), with
/// q of least relative error (5e-9). At most 1 ulp.
Value Scalar::log1p32(Value x) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = x.getType();
  Type integers = integersLike(type);
  auto bits = [&](Value v) { return arith::BitcastOp::create(b, loc, integers, v).getResult(); };
  auto floats = [&](Value v) { return arith::BitcastOp::create(b, loc, type, v).getResult(); };
  auto cmp = [&](arith::CmpFPredicate predicate, double rhs) {
    return arith::CmpFOp::create(b, loc, predicate, x, constant(type, rhs)).getResult();
  };
  Value one = constant(type, 1.0);
  // The exponent field of 1 + x, where 0.75 has none.
  Value offset = arith::SubIOp::create(b, loc, bits(addf(x, one)), integer(integers, 0x3f400000));
  Value exponent = arith::AndIOp::create(b, loc, offset, integer(integers, -0x00800000));
  auto scaled = [&](Value v) { // By 2^-n.
    return floats(arith::SubIOp::create(b, loc, bits(v), exponent));
  };
  Value rest = fma(constant(type, 0.25), scaled(constant(type, 4.0)), constant(type, -1.0));
  Value m = addf(scaled(x), rest);
  Value n = arith::SIToFPOp::create(
      b, loc, type, arith::ShRSIOp::create(b, loc, exponent, integer(integers, 23)));

  Value p = polynomial(m, {-0x1.714a98p-5, 0x1.ac9e1cp-4, -0x1.0d8f32p-3, 0x1.288518p-3,
                           -0x1.54ef82p-3, 0x1.99699ap-3, -0x1.000042p-2, 0x1.5555a4p-2, -0.5});
  Value y = fma(p, mulf(m, m), m);
  y = fma(n, constant(type, 0x1.62e430p-1), y);
  y = mlir::math::CopySignOp::create(b, loc, y, x); // -0 stays

  double infinity = std::numeric_limits<double>::infinity();
  double nan = std::numeric_limits<double>::quiet_NaN();
  y = select(cmp(arith::CmpFPredicate::OEQ, infinity), x, y);
  y = select(cmp(arith::CmpFPredicate::OEQ, -1.0), constant(type, -infinity), y);
  y = select(cmp(arith::CmpFPredicate::OLT, -1.0), constant(type, nan), y);
  return select(cmp(arith::CmpFPredicate::UNO, 0.0), x, y);
}

/// sin(x + quarters * pi / 2). x * 2 / pi = n + f, |f| <= 1/2, then a polynomial of f * pi / 2: of
/// the sine for even n, of the cosine for odd. At most 1.5 ulp, whatever the size of x.
///
/// 2 / pi stands as 8 parts of 24 bits, whose products with x are exact in double precision, as is
/// taking multiples of 4 off them: no table, no branch, and f has a relative error of 2e-16
/// (of 5000 random floats). Source of the idea: Payne & Hanek, "Radian reduction for trigonometric
/// functions", SIGNUM Newsletter 18 (1983).
Value Scalar::sinOfQuarters32(Value x, int64_t quarters) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = x.getType(), integers = integersLike(type);
  auto like = [&](Type element) -> Type {
    auto vector = dyn_cast<mlir::VectorType>(type);
    return vector ? Type(vector.clone(element)) : element;
  };
  Type wide = like(b.getF64Type()), longs = like(b.getI64Type());
  auto nearest = [&](Value v) { return mlir::math::RoundEvenOp::create(b, loc, v).getResult(); };
  Value wideX = arith::ExtFOp::create(b, loc, wide, x);
  Value rest = constant(wide, 0.0), whole = rest;
  for (double part : {0x1.45f306p-1, 0x1.b93910p-26, 0x1.529fc0p-52, 0x1.3abe88p-75, 0x1.ea69bap-97,
                      0x1.81b6c4p-121, 0x1.2b3278p-145, 0x1.0e4104p-170}) {
    Value product = mulf(wideX, constant(wide, part));
    Value turns = nearest(mulf(product, constant(wide, 0.25)));
    rest = addf(rest, fma(turns, constant(wide, -4.0), product));
    Value steps = nearest(rest);
    rest = subf(rest, steps);
    whole = addf(whole, steps);
  }
  // Adding 1.5 * 2^52 leaves the integer in the low bits; a conversion of NaN would be undefined.
  Value shifted = addf(whole, constant(wide, 0x1.8p52 + static_cast<double>(quarters)));
  Value quadrant =
      arith::TruncIOp::create(b, loc, integers, arith::BitcastOp::create(b, loc, longs, shifted));
  auto hasBit = [&](int64_t bit) {
    Value masked = arith::AndIOp::create(b, loc, quadrant, integer(integers, bit));
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, masked, integer(integers, 0))
        .getResult();
  };
  Value y = arith::TruncFOp::create(b, loc, type, mulf(rest, constant(wide, 0x1.921fb54442d18p0)));
  Value z = mulf(y, y);
  // Taylor's series: what is left out is below 0.1 ulp.
  Value sine = polynomial(z, {1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6});
  sine = fma(mulf(y, z), sine, y);
  Value cosine = polynomial(z, {-1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -0.5, 1.0});
  Value result = select(hasBit(1), cosine, sine);
  return select(hasBit(2), arith::NegFOp::create(b, loc, result), result);
}

Value Scalar::sin32(Value x) {
  Value isZero = arith::CmpFOp::create(code.builder, code.loc, arith::CmpFPredicate::OEQ, x,
                                       constant(x.getType(), 0.0));
  return select(isZero, x, sinOfQuarters32(x, 0)); // -0 stays
}

Value Scalar::cos32(Value x) { return sinOfQuarters32(x, 1); }

/// A polynomial below 0.625, above it (1 - e^-2|x|) / (1 + e^-2|x|) with the sign of x. At most 1.6
/// ulp.
///
/// Source: Cephes, tanhf.
Value Scalar::tanh32(Value x) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = x.getType();
  Value magnitude = mlir::math::AbsFOp::create(b, loc, x);
  Value shrunk = expOfNegative32(mulf(magnitude, constant(type, -2.0)));
  Value one = constant(type, 1.0);
  Value outer = divf(subf(one, shrunk), addf(one, shrunk));
  outer = mlir::math::CopySignOp::create(b, loc, outer, x);

  Value z = mulf(x, x);
  Value p = polynomial(z, {-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1,
                           -3.33332819422e-1});
  Value inner = fma(mulf(p, z), x, x);
  Value isInner =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, magnitude, constant(type, 0.625));
  return select(isInner, inner, outer);
}

/// A polynomial in x below 0.93, above it 1 - e^p(|x|) with the sign of x. At most 1 ulp.
///
/// Source: N. Juffa, "Efficiently computing erff", public code, 2016.
Value Scalar::erf32(Value x) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = x.getType();
  Value t = mlir::math::AbsFOp::create(b, loc, x);
  Value s = mulf(x, x);
  Value r = fma(constant(type, -1.72853470e-5), t, constant(type, 3.83197126e-4));
  Value u = fma(constant(type, -3.88396438e-3), t, constant(type, 2.42546219e-2));
  r = fma(r, s, u);
  for (double coefficient : {-1.06777877e-1, -6.34846687e-1, -1.28717512e-1})
    r = fma(r, t, constant(type, coefficient));
  r = fma(r, t, arith::NegFOp::create(b, loc, t));
  // Beyond 4 the result is 1; without the clamp inf - inf would make a NaN.
  Value far = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, t, constant(type, 4.0));
  Value outer = subf(constant(type, 1.0), expOfNegative32(r));
  outer = select(far, constant(type, 1.0), outer);
  outer = mlir::math::CopySignOp::create(b, loc, outer, x);

  Value inner = polynomial(s, {-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1,
                               -3.76125336e-1, 1.28379166e-1});
  inner = fma(inner, x, x);
  Value isOuter =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, t, constant(type, 0.927734375));
  return select(isOuter, outer, inner);
}

} // namespace weft
