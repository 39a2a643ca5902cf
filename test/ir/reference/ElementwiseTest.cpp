// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element-wise operations on values worked out by hand or by NumPy 1.24.

#include "Harness.h"

#include <cmath>

using namespace weft::reference;

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

TEST(Unary, SignAndMagnitude) {
  expectReals(unary("neg", "f32", {1, -0.0, 0, inf, NaN}), {-1, 0, -0.0, -inf, NaN});
  expectReals(unary("abs", "f32", {-1.5, -0.0, -inf, NaN}), {1.5, 0, inf, NaN});
  expectReals(unary("sign", "f32", {-3, -0.0, 0, 7, inf, NaN}), {-1, 0, 0, 1, 1, NaN});
}

TEST(Unary, LowestIntegerStays) {
  expectReals(unary("neg", "i8", {-128, 127, 0}), {-128, -127, 0});
  expectReals(unary("abs", "i8", {-128, -127, 5}), {-128, 127, 5});
  expectReals(unary("abs", "i64", {std::ldexp(-1.0, 63)}), {std::ldexp(-1.0, 63)});
  expectReals(unary("sign", "i16", {-300, 0, 9}), {-1, 0, 1});
}

TEST(Unary, RoundingToIntegers) {
  expectReals(unary("floor", "f32", {-1.5, 1.5, -0.0, inf}), {-2, 1, -0.0, inf});
  expectReals(unary("ceil", "f32", {-1.5, 1.5, NaN}), {-1, 2, NaN});
  expectReals(unary("round", "f32", {0.5, 1.5, 2.5, -0.5, -1.5, 2.4}), {0, 2, 2, -0.0, -2, 2});
  expectReals(unary("trunc", "f32", {-1.7, 1.7, -0.2}), {-1, 1, -0.0});
}

TEST(Unary, Powers) {
  expectReals(unary("sqrt", "f64", {4, 2, -1, 0, inf}), {2, 1.4142135623730951, NaN, 0, inf});
  expectReals(unary("rsqrt", "f64", {4, 0, inf, -1}), {0.5, inf, 0, NaN});
  expectReals(unary("exp", "f64", {0, 1, -inf, inf, NaN}), {1, 2.718281828459045, 0, inf, NaN},
              1e-15);
  expectReals(unary("expm1", "f64", {1e-10, 1, -inf}), {1.00000000005e-10, 1.718281828459045, -1},
              1e-15);
  expectReals(unary("log", "f64", {1, 10, 0, -1, inf}), {0, 2.302585092994046, -inf, NaN, inf},
              1e-15);
  expectReals(unary("log1p", "f64", {1e-10, -1, -2}), {9.9999999995e-11, -inf, NaN}, 1e-15);
}

TEST(Unary, Trigonometry) {
  expectReals(unary("sin", "f64", {0.5, inf}), {0.479425538604203, NaN}, 1e-15);
  expectReals(unary("cos", "f64", {0.5, 0}), {0.8775825618903728, 1}, 1e-15);
  expectReals(unary("tan", "f64", {0.5}), {0.5463024898437905}, 1e-15);
  expectReals(unary("asin", "f64", {0.5, 2}), {0.5235987755982989, NaN}, 1e-15);
  expectReals(unary("acos", "f64", {0.5, -2}), {1.0471975511965979, NaN}, 1e-15);
  expectReals(unary("atan", "f64", {0.5, inf}), {0.4636476090008061, 1.5707963267948966}, 1e-15);
}

TEST(Unary, Hyperbolic) {
  expectReals(unary("sinh", "f64", {0.5, -inf}), {0.5210953054937474, -inf}, 1e-15);
  expectReals(unary("cosh", "f64", {0.5, -inf}), {1.1276259652063807, inf}, 1e-15);
  expectReals(unary("tanh", "f64", {0.5, inf}), {0.46211715726000973, 1}, 1e-15);
  expectReals(unary("asinh", "f64", {0.5}), {0.48121182505960347}, 1e-15);
  expectReals(unary("acosh", "f64", {1.5, 0.5}), {0.9624236501192069, NaN}, 1e-15);
  expectReals(unary("atanh", "f64", {0.5, 1}), {0.5493061443340548, inf}, 1e-15);
}

TEST(Unary, ErfAndSigmoid) {
  expectReals(unary("erf", "f64", {0.5, -inf, 0}), {0.5204998778130465, -1, 0}, 1e-15);
  expectReals(unary("sigmoid", "f64", {0, 2, -inf, inf, -800}), {0.5, 0.8807970779778823, 0, 1, 0},
              1e-15);
}

TEST(Unary, ResultsRoundToTheElementType) {
  // NumPy: np.exp(np.float16(1)), np.sqrt(np.float32(2)).
  expectReals(unary("exp", "f16", {1}), {2.71875});
  expectReals(unary("sqrt", "f32", {2}), {1.4142135381698608});
  expectReals(unary("exp", "bf16", {1, 89}), {2.71875, inf});
  expectReals(unary("exp", "f32", {89}), {inf});
}

TEST(Unary, Not) {
  expectReals(unary("not", "i1", {0, 1}), {1, 0});
  expectReals(unary("not", "ui8", {0, 170}), {255, 85});
  expectReals(unary("not", "i8", {0, -1, 5}), {-1, 0, -6});
}

TEST(Unary, Classification) {
  Tensor x = tensor("f32", {4}, {NaN, -inf, inf, 1});
  EXPECT_EQ(runOp("weft.is_nan %0 : tensor<4xf32>", x, "tensor<4xi1>").integers(),
            Integers({1, 0, 0, 0}));
  EXPECT_EQ(runOp("weft.is_inf %0 : tensor<4xf32>", x, "tensor<4xi1>").integers(),
            Integers({0, 1, 1, 0}));
}

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

TEST(Binary, FloatArithmetic) {
  expectReals(binary("add", "f32", {1, inf, 16777216}, {2, -inf, 1}), {3, NaN, 16777216});
  expectReals(binary("sub", "f32", {1, 0}, {2, 0}), {-1, 0});
  expectReals(binary("mul", "f32", {0, -2, 1e38}, {inf, 0, 1e38}), {NaN, -0.0, inf});
  expectReals(binary("div", "f32", {1, -1, 0, 7}, {0, 0, 0, 2}), {inf, -inf, NaN, 3.5});
  expectReals(binary("rem", "f32", {7, -7, 7, 1, 5}, {3, 3, -3, 0, inf}), {1, -1, 1, NaN, 5});
  expectReals(binary("pow", "f64", {2, -8, 0, NaN, 1}, {10, 1.0 / 3, 0, 0, NaN}),
              {1024, NaN, 1, 1, 1});
  expectReals(binary("atan2", "f64", {1, -0.0, 0}, {-1, -1, 0}),
              {2.356194490192345, -3.141592653589793, 0}, 1e-15);
}

TEST(Binary, RoundsToHalf) {
  // 2048 + 1 is a tie of f16, and goes to even; 0.1 + 0.2 in f16 by NumPy.
  expectReals(binary("add", "f16", {2048, 0.0999755859375}, {1, 0.199951171875}),
              {2048, 0.2998046875});
  expectReals(binary("add", "bf16", {256}, {1}), {256});
}

TEST(Binary, IntegersWrap) {
  expectReals(binary("add", "i8", {127, -128}, {1, -1}), {-128, 127});
  expectReals(binary("sub", "ui8", {0}, {1}), {255});
  expectReals(binary("mul", "i16", {300}, {300}), {24464}); // 90000 - 65536
  expectReals(binary("mul", "ui32", {4294967295.0}, {2}), {4294967294.0});
}

TEST(Binary, IntegersWrapAt64Bits) {
  Tensor a = integers("i64", {2}, {INT64_MAX, INT64_MIN});
  Tensor b = integers("i64", {2}, {1, -1});
  std::string type = "tensor<2xi64>";
  EXPECT_EQ(runOp("weft.add %0, %1 : " + type, {a, b}, type).integers(),
            Integers({INT64_MIN, INT64_MAX}));
  EXPECT_EQ(runOp("weft.div %0, %1 : " + type, {a, b}, type).integers(),
            Integers({INT64_MAX, INT64_MIN}));
  EXPECT_EQ(runOp("weft.rem %0, %1 : " + type, {a, b}, type).integers(), Integers({0, 0}));
}

TEST(Binary, IntegerDivision) {
  expectReals(binary("div", "i32", {7, -7, 7, 5, std::ldexp(-1.0, 31)}, {2, 2, -2, 0, -1}),
              {3, -3, -3, 0, std::ldexp(-1.0, 31)});
  expectReals(binary("rem", "i32", {7, -7, 7, 5}, {3, 3, -3, 0}), {1, -1, 1, 0});
  expectReals(binary("div", "i8", {-128}, {-1}), {-128});
  expectReals(binary("div", "ui8", {255, 9}, {2, 0}), {127, 0});
}

TEST(Binary, UnsignedDivisionUsesAll64Bits) {
  Tensor a = integers("ui64", {1}, {-1}); // 2^64 - 1
  Tensor b = integers("ui64", {1}, {10});
  EXPECT_EQ(runOp("weft.div %0, %1 : tensor<1xui64>", {a, b}, "tensor<1xui64>").integers(),
            Integers({1844674407370955161}));
  EXPECT_EQ(runOp("weft.rem %0, %1 : tensor<1xui64>", {a, b}, "tensor<1xui64>").integers(),
            Integers({5}));
}

TEST(Binary, IntegerPower) {
  expectReals(binary("pow", "i32", {2, -3, 7, 0, 2}, {10, 3, 0, 0, 31}),
              {1024, -27, 1, 1, std::ldexp(-1.0, 31)});
  expectReals(binary("pow", "i32", {2, 1, -1, -1, 0}, {-1, -5, -5, -4, -1}), {0, 1, -1, 1, 0});
  expectReals(binary("pow", "ui8", {3}, {6}), {217}); // 729 - 2 * 256
}

TEST(Binary, ExtremesKeepNanAndOrderZeros) {
  expectReals(binary("max", "f32", {NaN, 1, -0.0, 0, -inf}, {1, NaN, 0, -0.0, 3}),
              {NaN, NaN, 0, 0, 3});
  expectReals(binary("min", "f32", {NaN, 1, -0.0, 0, -inf}, {1, NaN, 0, -0.0, 3}),
              {NaN, NaN, -0.0, -0.0, -inf});
  expectReals(binary("max", "i8", {-1, 5}, {1, -5}), {1, 5});
  Tensor a = integers("ui64", {1}, {-1}), b = integers("ui64", {1}, {1});
  EXPECT_EQ(runOp("weft.max %0, %1 : tensor<1xui64>", {a, b}, "tensor<1xui64>").integers(),
            Integers({-1}));
  EXPECT_EQ(runOp("weft.min %0, %1 : tensor<1xui64>", {a, b}, "tensor<1xui64>").integers(),
            Integers({1}));
}

TEST(Binary, Logic) {
  expectReals(binary("and", "i1", {0, 0, 1, 1}, {0, 1, 0, 1}), {0, 0, 0, 1});
  expectReals(binary("or", "i1", {0, 0, 1, 1}, {0, 1, 0, 1}), {0, 1, 1, 1});
  expectReals(binary("xor", "i1", {0, 0, 1, 1}, {0, 1, 0, 1}), {0, 1, 1, 0});
  expectReals(binary("and", "i8", {-1, 12}, {7, 10}), {7, 8});
  expectReals(binary("xor", "ui8", {255}, {15}), {240});
}

TEST(Binary, ShiftsBeyondTheWidth) {
  expectReals(binary("shift_left", "i8", {1, 1, 1, 1}, {3, 7, 8, -1}), {8, -128, 0, 0});
  expectReals(binary("shift_right", "i8", {-128, -128, 64, -1}, {3, 8, 100, -1}), {-16, -1, 0, -1});
  expectReals(binary("shift_right", "ui8", {128, 128}, {3, 8}), {16, 0});
  Tensor a = integers("ui64", {2}, {-1, -1}), b = integers("ui64", {2}, {63, 64});
  EXPECT_EQ(runOp("weft.shift_right %0, %1 : tensor<2xui64>", {a, b}, "tensor<2xui64>").integers(),
            Integers({1, 0}));
}

//===----------------------------------------------------------------------===//
// Comparison, choice, conversion
//===----------------------------------------------------------------------===//

static Integers compared(const std::string &predicate, const std::string &element, const Reals &a,
                         const Reals &b) {
  auto size = static_cast<int64_t>(a.size());
  std::string count = "tensor<" + std::to_string(size) + "x";
  return runOp("weft.compare " + predicate + " %0, %1 : " + count + element + ">",
               {tensor(element, {size}, a), tensor(element, {size}, b)}, count + "i1>")
      .integers();
}

TEST(Compare, NanHoldsOnlyForNe) {
  Reals a = {1, 2, 3, NaN, NaN, -0.0}, b = {2, 2, 2, 1, NaN, 0};
  EXPECT_EQ(compared("lt", "f32", a, b), Integers({1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(compared("le", "f32", a, b), Integers({1, 1, 0, 0, 0, 1}));
  EXPECT_EQ(compared("gt", "f32", a, b), Integers({0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(compared("ge", "f32", a, b), Integers({0, 1, 1, 0, 0, 1}));
  EXPECT_EQ(compared("eq", "f32", a, b), Integers({0, 1, 0, 0, 0, 1}));
  EXPECT_EQ(compared("ne", "f32", a, b), Integers({1, 0, 1, 1, 1, 0}));
}

TEST(Compare, SignedUnsignedAndBool) {
  EXPECT_EQ(compared("lt", "i8", {-1}, {1}), Integers({1}));
  EXPECT_EQ(compared("lt", "ui8", {255}, {1}), Integers({0}));
  EXPECT_EQ(compared("lt", "i1", {0, 1}, {1, 0}), Integers({1, 0}));
  Tensor a = integers("ui64", {1}, {-1}), b = integers("ui64", {1}, {1});
  EXPECT_EQ(runOp("weft.compare gt %0, %1 : tensor<1xui64>", {a, b}, "tensor<1xi1>").integers(),
            Integers({1}));
}

TEST(Select, TakesEitherSide) {
  Tensor condition = tensor("i1", {3}, {1, 0, 1});
  Tensor a = tensor("f32", {3}, {1, NaN, 3}), b = tensor("f32", {3}, {4, 5, NaN});
  expectReals(
      valuesOf(runOp("weft.select %0, %1, %2 : tensor<3xf32>", {condition, a, b}, "tensor<3xf32>")),
      {1, 5, 3});
}

static Tensor castTensor(const std::string &from, const std::string &to, const Tensor &x) {
  std::string count = "tensor<" + std::to_string(x.size()) + "x";
  return runOp("weft.cast %0 : " + count + from + "> -> " + count + to + ">", x, count + to + ">");
}

static Reals casted(const std::string &from, const std::string &to, const Reals &x) {
  return valuesOf(castTensor(from, to, tensor(from, {static_cast<int64_t>(x.size())}, x)));
}

TEST(Cast, FloatToIntegerSaturates) {
  expectReals(casted("f32", "i8", {1.9, -1.9, 127.5, 128, -129, NaN, inf, -inf}),
              {1, -1, 127, 127, -128, 0, 127, -128});
  expectReals(casted("f32", "ui8", {-1, 255.9, 256, NaN, -0.5}), {0, 255, 255, 0, 0});
  EXPECT_EQ(castTensor("f64", "i64", tensor("f64", {3}, {1e300, -1e300, 9.3e18})).integers(),
            Integers({INT64_MAX, INT64_MIN, INT64_MAX}));
  EXPECT_EQ(castTensor("f64", "ui64", tensor("f64", {3}, {1e300, -1, 1.8e19})).integers(),
            Integers({-1, 0, static_cast<int64_t>(18000000000000000000u)}));
  expectReals(casted("f64", "i32", {2147483647.5, -2147483648.5}), {2147483647.0, -2147483648.0});
}

TEST(Cast, BetweenIntegersWraps) {
  expectReals(casted("i32", "i8", {300, -1, 128}), {44, -1, -128});
  expectReals(casted("i8", "ui32", {-1}), {4294967295.0});
  expectReals(casted("ui8", "i8", {200}), {-56});
}

TEST(Cast, BoolIsNotZero) {
  expectReals(casted("f32", "i1", {0, -0.0, 0.1, NaN}), {0, 0, 1, 1});
  expectReals(casted("i32", "i1", {0, 2, -4}), {0, 1, 1});
  expectReals(casted("i1", "f16", {0, 1}), {0, 1});
  expectReals(casted("i1", "i8", {0, 1}), {0, 1});
}

TEST(Cast, IntegerToFloatRoundsOnce) {
  // 2^24 + 1 ties to even in f32; 2^60 + 2^36 + 1 is just above a tie, which a detour through
  // double would lose.
  expectReals(casted("i32", "f32", {16777217, 16777219}), {16777216, 16777220});
  int64_t aboveTie = (int64_t(1) << 60) + (int64_t(1) << 36) + 1;
  expectReals(
      valuesOf(castTensor("i64", "f32", integers("i64", {2}, {aboveTie, -aboveTie}))),
      {std::ldexp(1.0, 60) + std::ldexp(1.0, 37), -std::ldexp(1.0, 60) - std::ldexp(1.0, 37)});
  expectReals(valuesOf(castTensor("ui64", "f64", integers("ui64", {1}, {-1}))),
              {std::ldexp(1.0, 64)});
}

TEST(Cast, NarrowerFloatRoundsToEven) {
  expectReals(casted("f64", "f16", {2049, 1e6, 1e-9}), {2048, inf, 0});
  expectReals(casted("f32", "bf16", {257, 259}), {256, 260});
  expectReals(casted("bf16", "f64", {3.140625}), {3.140625});
}
