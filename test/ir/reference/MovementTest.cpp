// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that make and move elements: literals small enough to check by eye.

#include "Harness.h"

using namespace weft::reference;

static Tensor counted(const std::string &element, llvm::ArrayRef<int64_t> shape) {
  Tensor result(elementType(element), shape);
  for (int64_t i = 0; i < result.size(); ++i)
    if (result.isFloat())
      result.reals()[i] = static_cast<double>(i);
    else
      result.integers()[i] = i;
  return result;
}

TEST(Constant, DenseSplatAndBool) {
  expectReals(
      valuesOf(runOp("weft.constant dense<[1.5, -2.0]> : tensor<2xf16>", {}, "tensor<2xf16>")),
      {1.5, -2});
  expectReals(valuesOf(runOp("weft.constant dense<7> : tensor<3xui8>", {}, "tensor<3xui8>")),
              {7, 7, 7});
  expectReals(valuesOf(runOp("weft.constant dense<[true, false, true]> : tensor<3xi1>", {},
                             "tensor<3xi1>")),
              {1, 0, 1});
  expectReals(
      valuesOf(runOp("weft.constant dense<[-1, 255]> : tensor<2xi16>", {}, "tensor<2xi16>")),
      {-1, 255});
  EXPECT_EQ(runOp("weft.constant dense<> : tensor<0x3xf32>", {}, "tensor<0x3xf32>").size(), 0);
}

TEST(Iota, CountsAlongOneAxis) {
  expectReals(valuesOf(runOp("weft.iota 0 : tensor<2x3xf32>", {}, "tensor<2x3xf32>")),
              {0, 0, 0, 1, 1, 1});
  expectReals(valuesOf(runOp("weft.iota 1 : tensor<2x3xi32>", {}, "tensor<2x3xi32>")),
              {0, 1, 2, 0, 1, 2});
  Tensor wrapped = runOp("weft.iota 0 : tensor<300xui8>", {}, "tensor<300xui8>");
  EXPECT_EQ(wrapped.integers()[255], 255);
  EXPECT_EQ(wrapped.integers()[256], 0);
}

TEST(Size, EvaluatesTheExpression) {
  std::string text = R"(func.func @f(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<i64> {
    %r = weft.size #weft.shape<[2 * N + 1]> : tensor<i64>
    return %r : tensor<i64>
  })";
  EXPECT_EQ(run(text, counted("f32", {4}))[0].integers(), Integers({9}));
  EXPECT_EQ(run(text, counted("f32", {0}))[0].integers(), Integers({1}));
}

TEST(Size, MayBeNegative) {
  std::string text = R"(func.func @f(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<i64> {
    %r = weft.size #weft.shape<[N - 5]> : tensor<i64>
    return %r : tensor<i64>
  })";
  EXPECT_EQ(run(text, counted("f32", {2}))[0].integers(), Integers({-3}));
}

TEST(Broadcast, NewAndUnitDimensions) {
  expectReals(valuesOf(runOp("weft.broadcast %0 along [1] : tensor<2xf64> -> tensor<3x2xf64>",
                             counted("f64", {2}), "tensor<3x2xf64>")),
              {0, 1, 0, 1, 0, 1});
  expectReals(valuesOf(runOp("weft.broadcast %0 along [0, 1] : tensor<2x1xi8> -> tensor<2x3xi8>",
                             counted("i8", {2, 1}), "tensor<2x3xi8>")),
              {0, 0, 0, 1, 1, 1});
  expectReals(valuesOf(runOp("weft.broadcast %0 along [] : tensor<f32> -> tensor<2xf32>",
                             tensor("f32", {}, {5}), "tensor<2xf32>")),
              {5, 5});
  EXPECT_EQ(runOp("weft.broadcast %0 along [0] : tensor<1xf32> -> tensor<0xf32>",
                  counted("f32", {1}), "tensor<0xf32>")
                .size(),
            0);
}

TEST(Reshape, KeepsRowMajorOrder) {
  Tensor y = runOp("weft.reshape %0 : tensor<2x3xf32> -> tensor<3x2xf32>", counted("f32", {2, 3}),
                   "tensor<3x2xf32>");
  EXPECT_EQ(y.shape(), llvm::ArrayRef<int64_t>({3, 2}));
  expectReals(valuesOf(y), {0, 1, 2, 3, 4, 5});
}

TEST(Transpose, PermutesThreeDimensions) {
  // NumPy: np.arange(6).reshape(1, 2, 3).transpose(2, 0, 1)
  Tensor y = runOp("weft.transpose %0 [2, 0, 1] : tensor<1x2x3xf32> -> tensor<3x1x2xf32>",
                   counted("f32", {1, 2, 3}), "tensor<3x1x2xf32>");
  expectReals(valuesOf(y), {0, 3, 1, 4, 2, 5});
  EXPECT_EQ(runOp("weft.transpose %0 [1, 0] : tensor<0x3xf32> -> tensor<3x0xf32>",
                  counted("f32", {0, 3}), "tensor<3x0xf32>")
                .size(),
            0);
}

TEST(Slice, StridesForwardsAndBackwards) {
  expectReals(valuesOf(runOp("weft.slice %0 from #weft.shape<[1, 0]> by [2, 1] : tensor<4x2xf32> "
                             "-> tensor<2x1xf32>",
                             counted("f32", {4, 2}), "tensor<2x1xf32>")),
              {2, 6});
  expectReals(valuesOf(runOp("weft.slice %0 from #weft.shape<[4]> by [-2] : tensor<5xf32> "
                             "-> tensor<3xf32>",
                             counted("f32", {5}), "tensor<3xf32>")),
              {4, 2, 0});
}

TEST(Slice, StartIsAnExpression) {
  std::string text = R"(func.func @f(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<2xf32> {
    %r = weft.slice %x from #weft.shape<[N - 2]> by [1]
        : tensor<?xf32, #weft.shape<[N]>> -> tensor<2xf32>
    return %r : tensor<2xf32>
  })";
  expectReals(valuesOf(run(text, counted("f32", {5}))[0]), {3, 4});
  EXPECT_NE(faultOf(text, counted("f32", {1}))
                .find("elements -1 to 0 of dimension 0 lie outside its size 1"),
            std::string::npos);
}

TEST(Slice, OfNothingMayStartAnywhere) {
  std::string text = R"(func.func @f(%x: tensor<?xf32, #weft.shape<[N]>>)
      -> tensor<?xf32, #weft.shape<[N]>> {
    %r = weft.slice %x from #weft.shape<[N - 1]> by [-1]
        : tensor<?xf32, #weft.shape<[N]>> -> tensor<?xf32, #weft.shape<[N]>>
    return %r : tensor<?xf32, #weft.shape<[N]>>
  })";
  EXPECT_EQ(run(text, counted("f32", {0}))[0].size(), 0);
  expectReals(valuesOf(run(text, counted("f32", {2}))[0]), {1, 0});
}

TEST(Slice, OutsideIsAFault) {
  std::string text = R"(func.func @f(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<3xf32> {
    %r = weft.slice %x from #weft.shape<[1]> by [1]
        : tensor<?xf32, #weft.shape<[N]>> -> tensor<3xf32>
    return %r : tensor<3xf32>
  })";
  EXPECT_NE(faultOf(text, counted("f32", {3}))
                .find("'weft.slice': elements 1 to 3 of dimension 0 lie outside its size 3"),
            std::string::npos);
}

TEST(DynamicSlice, StartsAreClamped) {
  std::string op = "weft.dynamic_slice %0[%1] : tensor<5xf32>, tensor<i32> -> tensor<2xf32>";
  auto from = [&](double start) {
    return valuesOf(runOp(op, {counted("f32", {5}), tensor("i32", {}, {start})}, "tensor<2xf32>"));
  };
  expectReals(from(1), {1, 2});
  expectReals(from(-7), {0, 1});
  expectReals(from(9), {3, 4});
}

TEST(DynamicSlice, HugeUnsignedStart) {
  std::string op = "weft.dynamic_slice %0[%1] : tensor<5xf32>, tensor<ui64> -> tensor<2xf32>";
  Tensor start = integers("ui64", {}, {-1});
  expectReals(valuesOf(runOp(op, {counted("f32", {5}), start}, "tensor<2xf32>")), {3, 4});
}

TEST(UpdateSlice, ReplacesABox) {
  std::string op = "weft.update_slice %0, %1[%2, %3] : tensor<2x3xi8>, tensor<1x2xi8>, "
                   "tensor<i64>, tensor<i64>";
  Tensor x = counted("i8", {2, 3}), update = tensor("i8", {1, 2}, {8, 9});
  auto at = [&](double row, double column) {
    return valuesOf(runOp(op, {x, update, tensor("i64", {}, {row}), tensor("i64", {}, {column})},
                          "tensor<2x3xi8>"));
  };
  expectReals(at(1, 0), {0, 1, 2, 8, 9, 5});
  expectReals(at(0, 5), {0, 8, 9, 3, 4, 5});
}

TEST(Pad, SurroundsAndInterleaves) {
  std::string op = "weft.pad %0, %1 low #weft.shape<[1]> high #weft.shape<[2]> interior [1] : "
                   "tensor<3xf32> -> tensor<8xf32>";
  expectReals(
      valuesOf(runOp(op, {counted("f32", {3}), tensor("f32", {}, {-inf})}, "tensor<8xf32>")),
      {-inf, 0, -inf, 1, -inf, 2, -inf, -inf});
}

TEST(Pad, OfNothing) {
  std::string op = "weft.pad %0, %1 low #weft.shape<[1]> high #weft.shape<[1]> interior [3] : "
                   "tensor<0xi32> -> tensor<2xi32>";
  expectReals(valuesOf(runOp(op, {counted("i32", {0}), tensor("i32", {}, {4})}, "tensor<2xi32>")),
              {4, 4});
}

TEST(Concat, MiddleAxisAndEmptyPart) {
  std::string op = "weft.concat 1 %0, %1, %2 : (tensor<2x1xf32>, tensor<2x0xf32>, tensor<2x2xf32>)"
                   " -> tensor<2x3xf32>";
  expectReals(
      valuesOf(runOp(
          op, {tensor("f32", {2, 1}, {10, 20}), counted("f32", {2, 0}), counted("f32", {2, 2})},
          "tensor<2x3xf32>")),
      {10, 0, 1, 20, 2, 3});
}

TEST(Gather, RowsClampedToTheRange) {
  std::string op = "weft.gather %0, %1 axis 0 : tensor<3x2xf32>, tensor<4xi32> -> tensor<4x2xf32>";
  expectReals(valuesOf(runOp(op, {counted("f32", {3, 2}), tensor("i32", {4}, {2, -5, 9, 1})},
                             "tensor<4x2xf32>")),
              {4, 5, 0, 1, 4, 5, 2, 3});
}

TEST(Gather, InnerAxisWithIndexMatrix) {
  // NumPy: np.take(np.arange(6).reshape(2, 3), [[2, 0]], axis=1)
  std::string op =
      "weft.gather %0, %1 axis 1 : tensor<2x3xf32>, tensor<1x2xui8> -> tensor<2x1x2xf32>";
  expectReals(valuesOf(runOp(op, {counted("f32", {2, 3}), tensor("ui8", {1, 2}, {2, 0})},
                             "tensor<2x1x2xf32>")),
              {2, 0, 5, 3});
}

TEST(Gather, BatchDimensions) {
  // NumPy: np.take_along_axis(np.arange(6).reshape(2, 3), [[2, 0], [1, 1]], axis=1)
  std::string op = "weft.gather %0, %1 axis 1 batch 1 : tensor<2x3xf32>, tensor<2x2xi64> -> "
                   "tensor<2x2xf32>";
  expectReals(valuesOf(runOp(op, {counted("f32", {2, 3}), tensor("i64", {2, 2}, {2, 0, 1, 1})},
                             "tensor<2x2xf32>")),
              {2, 0, 4, 4});
}

TEST(Gather, FromNothingGivesZero) {
  std::string op = "weft.gather %0, %1 axis 0 : tensor<0x2xf32>, tensor<1xi32> -> tensor<1x2xf32>";
  expectReals(
      valuesOf(runOp(op, {counted("f32", {0, 2}), tensor("i32", {1}, {0})}, "tensor<1x2xf32>")),
      {0, 0});
}

static Reals scattered(const std::string &kind, const Reals &x, const Reals &indices,
                       const Reals &updates) {
  std::string op =
      "weft.scatter " + kind + " %0, %1, %2 axis 0 : tensor<3xf32>, tensor<4xi32>, tensor<4xf32>";
  return valuesOf(
      runOp(op, {tensor("f32", {3}, x), tensor("i32", {4}, indices), tensor("f32", {4}, updates)},
            "tensor<3xf32>"));
}

TEST(Scatter, EveryKindInOrder) {
  Reals x = {1, 2, 3}, indices = {0, 2, 0, 3}, updates = {5, -1, 4, 9}; // 3 lies outside
  expectReals(scattered("set", x, indices, updates), {4, 2, -1});
  expectReals(scattered("add", x, indices, updates), {10, 2, 2});
  expectReals(scattered("mul", x, indices, updates), {20, 2, -3});
  expectReals(scattered("max", x, indices, updates), {5, 2, 3});
  expectReals(scattered("min", x, {-1, 2, 0, 0}, {5, -1, 4, NaN}), {NaN, 2, -1});
}

TEST(Scatter, InnerAxisAndWrapping) {
  std::string op = "weft.scatter add %0, %1, %2 axis 1 : tensor<2x2xui8>, tensor<1xi64>, "
                   "tensor<2x1xui8>";
  expectReals(valuesOf(runOp(op,
                             {tensor("ui8", {2, 2}, {1, 250, 3, 4}), tensor("i64", {1}, {1}),
                              tensor("ui8", {2, 1}, {10, 20})},
                             "tensor<2x2xui8>")),
              {1, 4, 3, 24});
}
