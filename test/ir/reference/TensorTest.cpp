// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rounding to element types and conversion from and to bytes.

#include "Harness.h"

#include "llvm/ADT/APFloat.h"

#include <cmath>
#include <random>

using namespace weft::reference;

static double rounded(const std::string &type, double x) {
  return roundToFloat(llvm::cast<mlir::FloatType>(elementType(type)), x);
}

TEST(Rounding, HalfPrecisionTiesToEven) {
  // The f16 values around 2048 are 2 apart: 2049 and 2051 are ties.
  EXPECT_EQ(rounded("f16", 2049), 2048);
  EXPECT_EQ(rounded("f16", 2051), 2052);
  EXPECT_EQ(rounded("f16", 2049.0001), 2050);
}

TEST(Rounding, HalfPrecisionOverflowAndSubnormals) {
  EXPECT_EQ(rounded("f16", 65504), 65504);
  EXPECT_EQ(rounded("f16", 65519.99), 65504); // below the tie at 65520
  EXPECT_EQ(rounded("f16", 65520), inf);
  EXPECT_EQ(rounded("f16", -1e300), -inf);
  EXPECT_EQ(rounded("f16", 5.960464477539063e-08), 5.960464477539063e-08); // 2^-24, the least
  EXPECT_EQ(rounded("f16", 2.9802322387695312e-08), 0);                    // 2^-25 ties to 0
  EXPECT_TRUE(std::signbit(rounded("f16", -1e-30)));
}

TEST(Rounding, Bfloat) {
  EXPECT_EQ(rounded("bf16", 257), 256);
  EXPECT_EQ(rounded("bf16", 259), 260);
  EXPECT_EQ(rounded("bf16", 3.3895313892515355e38), 3.3895313892515355e38); // the greatest
  EXPECT_EQ(rounded("bf16", 3.4e38), inf);
  EXPECT_TRUE(std::isnan(rounded("bf16", NaN)));
}

TEST(Rounding, AgreesWithApFloat) {
  std::mt19937_64 random(7);
  for (const char *name : {"f16", "bf16"}) {
    auto type = llvm::cast<mlir::FloatType>(elementType(name));
    for (int i = 0; i < 20000; ++i) {
      double x = std::ldexp(static_cast<double>(static_cast<int64_t>(random())) / 9e18,
                            static_cast<int>(random() % 340) - 170);
      llvm::APFloat exact(x);
      bool losesInfo = false;
      exact.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
      EXPECT_EQ(roundToFloat(type, x), exact.convertToDouble()) << name << " of " << x;
    }
  }
}

TEST(Rounding, IntegersWrap) {
  EXPECT_EQ(wrapToInteger(elementType("i8"), 128), -128);
  EXPECT_EQ(wrapToInteger(elementType("ui8"), -1), 255);
  EXPECT_EQ(wrapToInteger(elementType("i1"), 3), 1);
  EXPECT_EQ(wrapToInteger(elementType("i32"), int64_t(1) << 31), -(int64_t(1) << 31));
  EXPECT_EQ(wrapToInteger(elementType("ui64"), -1), -1); // all 64 bits kept
}

/// The bytes of `values`, then the tensor read back from them.
static void expectBytes(const std::string &element, const Reals &values,
                        const std::vector<unsigned char> &bytes) {
  Tensor original = tensor(element, {static_cast<int64_t>(values.size())}, values);
  std::string written = original.toBytes();
  EXPECT_EQ(std::vector<unsigned char>(written.begin(), written.end()), bytes) << element;
  llvm::Expected<Tensor> read = Tensor::fromBytes(elementType(element), original.shape(), written);
  if (!read)
    FAIL() << llvm::toString(read.takeError());
  expectReals(valuesOf(*read), values);
}

TEST(Bytes, EveryElementType) {
  expectBytes("f64", {1, -0.0}, {0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0x80});
  expectBytes("f32", {1, -2}, {0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0});
  expectBytes("f16", {1, -2, 65504}, {0, 0x3C, 0, 0xC0, 0xFF, 0x7B});
  expectBytes("bf16", {1, inf}, {0x80, 0x3F, 0x80, 0x7F});
  expectBytes("i64", {-2}, {0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF});
  expectBytes("i32", {-2}, {0xFE, 0xFF, 0xFF, 0xFF});
  expectBytes("i16", {-2, 258}, {0xFE, 0xFF, 2, 1});
  expectBytes("i8", {-2, 127}, {0xFE, 0x7F});
  expectBytes("ui64", {258}, {2, 1, 0, 0, 0, 0, 0, 0});
  expectBytes("ui32", {4294967295.0}, {0xFF, 0xFF, 0xFF, 0xFF});
  expectBytes("ui16", {65535}, {0xFF, 0xFF});
  expectBytes("ui8", {255, 0}, {0xFF, 0});
  expectBytes("i1", {1, 0}, {1, 0});
}

TEST(Bytes, WrongLengthIsNamed) {
  llvm::Expected<Tensor> read = Tensor::fromBytes(elementType("f32"), {2}, {0, 0, 0, 0});
  ASSERT_FALSE(static_cast<bool>(read));
  EXPECT_EQ(llvm::toString(read.takeError()), "4 bytes do not fit the shape of the tensor");
}

TEST(Bytes, CountOverflowIsRefused) {
  EXPECT_FALSE(elementCount({int64_t(1) << 40, int64_t(1) << 40}).has_value());
  EXPECT_EQ(elementCount({int64_t(1) << 40, int64_t(1) << 40, 0}), 0);
  EXPECT_EQ(elementCount({}), 1);
}
