// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions, convolutions and pooling. Expected values are those of PyTorch 1.13 on the same
// f64 inputs (torch.einsum, conv1d..3d, conv_transpose1d/2d, max_pool2d, avg_pool2d).

#include "Harness.h"

#include "ir/Winograd.h"

using namespace weft::reference;

TEST(Contract, BatchedMatmul) {
  expectReals(valuesOf(runOp("weft.contract \"bik,bkj->bij\" %0, %1 : tensor<2x2x3xf64>, "
                             "tensor<2x3x2xf64> -> tensor<2x2x2xf64>",
                             {ramp({2, 2, 3}), ramp({2, 3, 2}, 5)}, "tensor<2x2x2xf64>")),
              {1.6875, 0.125, -2.0, 0.3125, 0.5, 0.5, 0.125, 1.25});
}

TEST(Contract, OuterTransposedAndFull) {
  expectReals(
      valuesOf(runOp("weft.contract \"ij,kj->ikj\" %0, %1 : tensor<2x2xf64>, "
                     "tensor<3x2xf64> -> tensor<2x3x2xf64>",
                     {ramp({2, 2}), ramp({3, 2}, 3)}, "tensor<2x3x2xf64>")),
      {1.5625, -0.25, -0.3125, 0.5, 1.25, -0.125, 0.625, -0.625, -0.125, 1.25, 0.5, -0.3125});
  expectReals(valuesOf(runOp("weft.contract \"ki,jk->ij\" %0, %1 : tensor<3x2xf64>, "
                             "tensor<2x3xf64> -> tensor<2x2xf64>",
                             {ramp({3, 2}), ramp({2, 3}, 5)}, "tensor<2x2xf64>")),
              {1.875, -0.3125, -1.5625, 1.5});
  expectReals(valuesOf(runOp("weft.contract \"ij,ij->\" %0, %1 : tensor<2x3xf64>, "
                             "tensor<2x3xf64> -> tensor<f64>",
                             {ramp({2, 3}), ramp({2, 3}, 5)}, "tensor<f64>")),
              {1.25});
}

TEST(Contract, NothingToSumGivesZero) {
  expectReals(
      valuesOf(runOp("weft.contract \"ik,kj->ij\" %0, %1 : tensor<1x0xf32>, "
                     "tensor<0x2xf32> -> tensor<1x2xf32>",
                     {tensor("f32", {1, 0}, {}), tensor("f32", {0, 2}, {})}, "tensor<1x2xf32>")),
      {0, 0});
}

TEST(Contract, IntegersWrapOrWiden) {
  Tensor a = tensor("i8", {2}, {100, 100}), b = tensor("i8", {2}, {2, 1});
  expectReals(valuesOf(runOp("weft.contract \"i,i->\" %0, %1 : tensor<2xi8>, tensor<2xi8> -> "
                             "tensor<i8>",
                             {a, b}, "tensor<i8>")),
              {44});
  expectReals(valuesOf(runOp("weft.contract \"i,i->\" %0, %1 : tensor<2xi8>, tensor<2xi8> -> "
                             "tensor<i32>",
                             {a, b}, "tensor<i32>")),
              {300});
  Tensor u = tensor("ui8", {2}, {255, 255});
  expectReals(valuesOf(runOp("weft.contract \"i,i->\" %0, %1 : tensor<2xui8>, tensor<2xui8> -> "
                             "tensor<i32>",
                             {u, u}, "tensor<i32>")),
              {130050});
}

TEST(Contract, HalfRoundsOnce) {
  Tensor a = tensor("f16", {3}, {2048, 1, 1}), ones = tensor("f16", {3}, {1, 1, 1});
  expectReals(valuesOf(runOp("weft.contract \"i,i->\" %0, %1 : tensor<3xf16>, tensor<3xf16> -> "
                             "tensor<f16>",
                             {a, ones}, "tensor<f16>")),
              {2050});
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

TEST(Conv, OneDimensionWithStrideAndPadding) {
  expectReals(valuesOf(runOp("weft.conv %0, %1 strides [2] pad [1] [1] dilations [1] groups 1 : "
                             "tensor<1x2x5xf64>, tensor<3x2x2xf64> -> tensor<1x3x3xf64>",
                             {ramp({1, 2, 5}), ramp({3, 2, 2}, 5)}, "tensor<1x3x3xf64>")),
              {0.1875, 0.625, -3.0, 1.1875, 1.5, -0.1875, 2.1875, 1.0, -0.8125});
}

TEST(Conv, TwoDimensionsWithGroupsAndDilation) {
  expectReals(
      valuesOf(runOp("weft.conv %0, %1 strides [1, 1] pad [1, 0] [0, 1] dilations [1, 2] groups 2 "
                     ": tensor<1x4x4x3xf64>, tensor<2x2x2x2xf64> -> tensor<1x2x4x2xf64>",
                     {ramp({1, 4, 4, 3}), ramp({2, 2, 2, 2}, 5)}, "tensor<1x2x4x2xf64>")),
      {-2.0, 0.25, 2.625, -1.375, -0.875, -1.8125, -0.9375, -2.25, -1.5, 0.25, -2.875, 0.875, -3.0,
       0.75, -0.375, 0.625});
}

TEST(Conv, ThreeDimensions) {
  expectReals(
      valuesOf(runOp("weft.conv %0, %1 strides [1, 1, 1] pad [0, 0, 0] [0, 0, 0] "
                     "dilations [1, 1, 1] groups 1 : tensor<1x1x2x3x2xf64>, "
                     "tensor<1x1x2x2x1xf64> -> tensor<1x1x1x2x2xf64>",
                     {ramp({1, 1, 2, 3, 2}), ramp({1, 1, 2, 2, 1}, 3)}, "tensor<1x1x1x2x2xf64>")),
      {1.0625, -0.5, 0.0, -2.25});
}

TEST(Conv, IntegersWrap) {
  expectReals(
      valuesOf(runOp("weft.conv %0, %1 strides [1] pad [0] [0] dilations [1] groups 1 : "
                     "tensor<1x1x3xi8>, tensor<1x1x2xi8> -> tensor<1x1x2xi8>",
                     {tensor("i8", {1, 1, 3}, {100, 50, 1}), tensor("i8", {1, 1, 2}, {1, 2})},
                     "tensor<1x1x2xi8>")),
      {-56, 52});
}

TEST(ConvTranspose, StridePaddingAndOutputPadding) {
  expectReals(valuesOf(runOp("weft.conv_transpose %0, %1 strides [2] pad [1] [1] dilations [1] "
                             "output_padding [1] groups 1 : tensor<1x2x3xf64>, tensor<2x2x3xf64> "
                             "-> tensor<1x2x6xf64>",
                             {ramp({1, 2, 3}), ramp({2, 2, 3}, 5)}, "tensor<1x2x6xf64>")),
              {-0.9375, -1.375, -0.1875, 0.8125, 0.5625, -1.0, -0.9375, -1.3125, 0.5625, 0.3125,
               -0.6875, 1.1875});
}

TEST(ConvTranspose, GroupsAndDilation) {
  expectReals(
      valuesOf(runOp("weft.conv_transpose %0, %1 strides [1, 1] pad [0, 0] [0, 0] dilations [2, 2] "
                     "output_padding [0, 0] groups 2 : tensor<1x4x2x2xf64>, tensor<4x1x2x2xf64> "
                     "-> tensor<1x2x4x4xf64>",
                     {ramp({1, 4, 2, 2}), ramp({4, 1, 2, 2}, 5)}, "tensor<1x2x4x4xf64>")),
      {1.8125, -1.375, -0.125, 0.375,  1.625,   -1.5625, -0.5,   0.0,    -1.375, 0.0625, 0.125,
       0.4375, 0.125,  1.5625, -0.625, -0.3125, -0.5,    0.375,  1.625,  -1.375, -0.125, -0.625,
       1.8125, 1.5625, -0.375, 0.3125, 1.75,    -1.4375, -0.375, -0.375, 1.5625, 1.8125});
}

//===----------------------------------------------------------------------===//
// Channels last
//===----------------------------------------------------------------------===//

TEST(PackedConv, Matrix) {
  expectReals(valuesOf(runOp("weft.packed_conv %0, %1 strides [] pad [] [] dilations [] groups 1 : "
                             "tensor<2x3xf64>, tensor<2x3x2xf64> -> tensor<2x3xf64>",
                             {ramp({2, 3}), ramp({2, 3, 2}, 5)}, "tensor<2x3xf64>")),
              {1.6875, 0.125, -0.8125, -2.0, 0.3125, 0.875});
}

TEST(PackedConv, OneDimensionWithStrideAndPadding) {
  expectReals(valuesOf(runOp("weft.packed_conv %0, %1 strides [2] pad [1] [0] dilations [1] groups "
                             "1 : tensor<1x5x2xf64>, tensor<2x2x2x2xf64> -> tensor<1x3x3xf64>",
                             {ramp({1, 5, 2}), ramp({2, 2, 2, 2}, 5)}, "tensor<1x3x3xf64>")),
              {-0.875, 0.25, -0.125, 1.875, 0.125, 0.25, -1.6875, -0.0625, 0.3125});
}

TEST(PackedConv, GroupsAndDilation) {
  expectReals(
      valuesOf(runOp("weft.packed_conv %0, %1 strides [1, 1] pad [1, 0] [0, 1] dilations [1, 2] "
                     "groups 2 : tensor<1x3x4x4xf64>, tensor<4x2x2x2x2xf64> -> "
                     "tensor<1x3x3x6xf64>",
                     {ramp({1, 3, 4, 4}), ramp({4, 2, 2, 2, 2}, 5)}, "tensor<1x3x3x6xf64>")),
      {-0.6875, 0.125,   -1.4375, -2.125,  0.375,  0.75,    0.0625,  0.8125,  -0.3125,
       -2.0,    0.4375,  -0.8125, -0.3125, 0.0625, -0.5,    1.4375,  -0.4375, 0.3125,
       1.3125,  -0.0625, 0.625,   0.3125,  0.9375, 0.6875,  -0.8125, 1.125,   2.0,
       2.4375,  -0.5,    1.5,     2.25,    -1.25,  0.5625,  0.5,     -1.3125, -1.0,
       2.4375,  -0.125,  -3.5,    -0.8125, -1.375, -0.875,  0.3125,  -3.0625, -0.0625,
       1.3125,  1.3125,  -2.125,  1.9375,  0.9375, -1.6875, -0.25,   -0.9375, -0.25});
}

TEST(PackedConv, TransposedWithStrideAndOutputPadding) {
  expectReals(
      valuesOf(runOp("weft.packed_conv %0, %1 strides [2] pad [1] [1] dilations [1] groups 1 "
                     "transposed output_padding [1] : tensor<1x3x2xf64>, tensor<2x3x2x3xf64> -> "
                     "tensor<1x6x4xf64>",
                     {ramp({1, 3, 2}), ramp({2, 3, 2, 3}, 5)}, "tensor<1x6x4xf64>")),
      {-1.4375, 1.0625, -1.25,   -1.8125, 0.8125, -0.5625, -0.5625, -0.5625,
       -1.625,  0.6875, -1.8125, -1.25,   1.125,  -2.0,    1.75,    -2.1875,
       0.9375,  -0.375, 1.0625,  0.6875,  -0.75,  0.6875,  -0.625,  1.0625});
}

TEST(PackedConv, TransposedGroups) {
  expectReals(
      valuesOf(runOp("weft.packed_conv %0, %1 strides [1, 1] pad [0, 0] [0, 0] dilations [2, 2] "
                     "groups 2 transposed output_padding [0, 0] : tensor<1x2x2x4xf64>, "
                     "tensor<2x2x2x2x1xf64> -> tensor<1x4x4x2xf64>",
                     {ramp({1, 2, 2, 4}), ramp({2, 2, 2, 2, 1}, 5)}, "tensor<1x4x4x2xf64>")),
      {1.5625, -1.5,    -0.3125, 0.5,     -1.6875, -1.6875, 0.5,     0.25,    1.25, 1.125,   -0.625,
       0.375,  -1.4375, 1.5,     0.75,    0.0,     -1.5,    1.5625,  0.625,   0.0,  -1.3125, 1.375,
       0.75,   -0.25,   -1.375,  -1.5625, 0.75,    0.3125,  -1.3125, -1.1875, 0.75, -0.0625});
}

TEST(PackedConv, IntegersWiden) {
  expectReals(valuesOf(runOp(
                  "weft.packed_conv %0, %1 strides [] pad [] [] dilations [] groups 1 : "
                  "tensor<1x2xui8>, tensor<1x2x2xui8> -> tensor<1x1xi32>",
                  {tensor("ui8", {1, 2}, {255, 255}), tensor("ui8", {1, 2, 2}, {255, 1, 255, 1})},
                  "tensor<1x1xi32>")),
              {130050});
}

/// The same filter with its channels in pairs, the last of which is half empty.
TEST(PackedConv, Interleaved) {
  const Reals filter = valuesOf(ramp({1, 3, 4}, 5));
  Tensor paired(elementType("f64"), {1, 2, 4, 2});
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t j = 0; j < 4; ++j)
      paired.reals()[(c / 2 * 4 + j) * 2 + c % 2] = filter[c * 4 + j];
  expectReals(valuesOf(runOp("weft.packed_conv %0, %1 strides [] pad [] [] dilations [] groups 1 "
                             "interleave 2 : tensor<2x3xf64>, tensor<1x2x4x2xf64> -> "
                             "tensor<2x3xf64>",
                             {ramp({2, 3}), paired}, "tensor<2x3xf64>")),
              valuesOf(runOp("weft.packed_conv %0, %1 strides [] pad [] [] dilations [] groups 1 : "
                             "tensor<2x3xf64>, tensor<1x3x4xf64> -> tensor<2x3xf64>",
                             {ramp({2, 3}), ramp({1, 3, 4}, 5)}, "tensor<2x3xf64>")));
}

TEST(PackedConv, SignsMix) {
  expectReals(valuesOf(runOp(
                  "weft.packed_conv %0, %1 strides [] pad [] [] dilations [] groups 1 interleave 4 "
                  ": tensor<1x2xui8>, tensor<1x1x2x4xi8> -> tensor<1x2xi32>",
                  {tensor("ui8", {1, 2}, {255, 200}),
                   tensor("i8", {1, 1, 2, 4}, {-128, 1, 0, 0, 127, -1, 0, 0})},
                  "tensor<1x2xi32>")),
              {-32440, 32185});
}

/// Three channels in groups of two: the place of a fourth is never read.
TEST(PackedConv, Scales) {
  expectReals(
      valuesOf(runOp("weft.packed_conv %0, %1 scales %2 : tensor<1x2x2xf32> strides [] pad [] [] "
                     "dilations [] groups 1 : tensor<1x3xf32>, tensor<1x4x2xi8> -> tensor<1x2xf32>",
                     {tensor("f32", {1, 3}, {1, 2, -4}),
                      tensor("i8", {1, 4, 2}, {3, -128, 5, 127, 7, -1, 99, 99}),
                      tensor("f32", {1, 2, 2}, {0.5, 2, 0.25, -1})},
                     "tensor<1x2xf32>")),
      {0.5 * 13 - 0.25 * 28, 2 * 126 - 4});
}

/// The bytes 0x83 and 0x7f hold 3 and -8, and -1 and 7.
TEST(PackedConv, Nibbles) {
  expectReals(
      valuesOf(runOp("weft.packed_conv %0, %1 scales %2 : tensor<1x2x1xf32> nibbles strides [] pad "
                     "[] [] dilations [] groups 1 : tensor<1x4xf32>, tensor<1x2x1xi8> -> "
                     "tensor<1x1xf32>",
                     {tensor("f32", {1, 4}, {1, 2, 4, 8}), tensor("i8", {1, 2, 1}, {-125, 127}),
                      tensor("f32", {1, 2, 1}, {0.5, 2})},
                     "tensor<1x1xf32>")),
      {0.5 * (3 - 16) + 2 * (-4 + 56)});
}

/// A window: groups of channels share scales whatever the tap.
TEST(PackedConv, ScalesOfAWindow) {
  expectReals(valuesOf(runOp(
                  "weft.packed_conv %0, %1 scales %2 : tensor<1x2x1xf32> strides [1] pad [1] "
                  "[0] dilations [1] groups 1 : tensor<1x2x2xf32>, tensor<1x2x2x1xi8> -> "
                  "tensor<1x2x1xf32>",
                  {tensor("f32", {1, 2, 2}, {1, 2, 3, 4}), tensor("i8", {1, 2, 2, 1}, {1, 2, 3, 4}),
                   tensor("f32", {1, 2, 1}, {10, 100})},
                  "tensor<1x2x1xf32>")),
              {30 + 800, 10 + 400 + 90 + 1600});
}

TEST(DepthwiseConv, StridePaddingAndMultiplier) {
  expectReals(
      valuesOf(runOp("weft.depthwise_conv %0, %1 strides [2, 1] pad [1, 1] [0, 1] dilations [1, 1] "
                     ": tensor<1x4x3x2xf64>, tensor<2x3x4xf64> -> tensor<1x2x3x4xf64>",
                     {ramp({1, 4, 3, 2}), ramp({2, 3, 4}, 5)}, "tensor<1x2x3x4xf64>")),
      {1.125,  -1.0625, -1.9375, 0.25,  0.0,   -1.875, -0.125,  1.125,
       -0.125, -0.4375, 0.25,    0.875, -1.0,  1.1875, 0.25,    -1.1875,
       -2.25,  2.125,   -1.0625, 0.625, 1.375, 1.125,  -0.8125, 1.5});
}

/// The transforms of one 3x3 filter, in panels of 1 channel.
static Tensor winogradFilter(int64_t tile, const Reals &filter) {
  weft::WinogradTransforms transforms = weft::winogradTransforms(tile);
  int64_t size = transforms.size;
  Tensor result(elementType("f64"), {size * size, 1, 1, 1});
  for (int64_t i = 0; i < size * size; ++i)
    for (int64_t k = 0; k < 9; ++k)
      result.reals()[i] += transforms.filter[i / size * 3 + k / 3] * filter[k] *
                           transforms.filter[i % size * 3 + k % 3];
  return result;
}

/// Equal to the direct convolution, for an image that no tile divides.
TEST(WinogradConv, TilesOfTwoAndFour) {
  Reals taps = valuesOf(ramp({9}, 5));
  Tensor image = ramp({1, 5, 7, 1}), direct = ramp({1, 3, 3, 1, 1}, 5);
  Reals expected = valuesOf(runOp("weft.packed_conv %0, %1 strides [1, 1] pad [1, 0] [1, 1] "
                                  "dilations [1, 1] groups 1 : tensor<1x5x7x1xf64>, "
                                  "tensor<1x3x3x1x1xf64> -> tensor<1x5x6x1xf64>",
                                  {image, direct}, "tensor<1x5x6x1xf64>"));
  for (int64_t tile : {2, 4}) {
    Tensor filter = winogradFilter(tile, taps);
    std::string matrices = std::to_string((tile + 2) * (tile + 2));
    Reals found = valuesOf(runOp("weft.winograd_conv %0, %1 tile " + std::to_string(tile) +
                                     " pad [1, 0] [1, 1] : tensor<1x5x7x1xf64>, tensor<" +
                                     matrices + "x1x1x1xf64> -> tensor<1x5x6x1xf64>",
                                 {image, filter}, "tensor<1x5x6x1xf64>"));
    ASSERT_EQ(found.size(), expected.size());
    // Sums that are zero directly keep the rounding of the transforms: the bound is absolute.
    for (size_t at = 0; at < found.size(); ++at)
      EXPECT_NEAR(found[at], expected[at], 1e-12) << "tile " << tile << ", element " << at;
  }
}

/// The same with dilations, two images, padding that no dilation divides, and patches as a tensor.
TEST(WinogradConv, DilationsAndPatches) {
  Reals taps = valuesOf(ramp({9}, 5));
  Tensor image = ramp({2, 5, 7, 1}), direct = ramp({1, 3, 3, 1, 1}, 5);
  Reals expected = valuesOf(runOp("weft.packed_conv %0, %1 strides [1, 1] pad [1, 3] [2, 3] "
                                  "dilations [3, 3] groups 1 : tensor<2x5x7x1xf64>, "
                                  "tensor<1x3x3x1x1xf64> -> tensor<2x2x7x1xf64>",
                                  {image, direct}, "tensor<2x2x7x1xf64>"));
  for (int64_t tile : {2, 4}) {
    Tensor filter = winogradFilter(tile, taps);
    std::string matrices = std::to_string((tile + 2) * (tile + 2));
    std::string window = " tile " + std::to_string(tile) + " pad [1, 3] [2, 3] dilation 3";
    std::string types = ", tensor<" + matrices + "x1x1x1xf64> -> tensor<2x2x7x1xf64>";
    // Rows: 3 phases of at most 1 place; columns: 3 of at most 3.
    std::string tiles = tile == 2 ? "36" : "18", patchType = "tensor<" + matrices + "x" + tiles;
    patchType += "x1xf64>";
    Tensor patches =
        runOp("weft.winograd_patches %0" + window + " : tensor<2x5x7x1xf64> -> " + patchType,
              {image}, patchType);
    Reals found =
        valuesOf(runOp("weft.winograd_conv %0, %1" + window + " : tensor<2x5x7x1xf64>" + types,
                       {image, filter}, "tensor<2x2x7x1xf64>"));
    Reals ofPatches = valuesOf(
        runOp("weft.winograd_conv %0, %1" + window + " patches_of [5, 7] : " + patchType + types,
              {patches, filter}, "tensor<2x2x7x1xf64>"));
    EXPECT_EQ(found, ofPatches);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t at = 0; at < found.size(); ++at)
      EXPECT_NEAR(found[at], expected[at], 1e-12) << "tile " << tile << ", element " << at;
  }
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

TEST(Pool, MaxWithPaddingAndDilation) {
  expectReals(valuesOf(runOp("weft.pool max %0 window [2, 3] strides [2, 1] pad [1, 1] [1, 1] "
                             "dilations [1, 1] : tensor<1x1x4x5xf64> -> tensor<1x1x3x5xf64>",
                             ramp({1, 1, 4, 5}), "tensor<1x1x3x5xf64>")),
              {0.5, 0.5, 1.25, 1.25, 1.25, 1.0, 1.0, 1.0, 1.25, 1.25, 0.25, 1.0, 1.0, 1.0, 0.0});
  expectReals(valuesOf(runOp("weft.pool max %0 window [2, 2] strides [1, 1] pad [0, 0] [0, 0] "
                             "dilations [2, 2] : tensor<1x1x4x5xf64> -> tensor<1x1x2x3xf64>",
                             ramp({1, 1, 4, 5}), "tensor<1x1x2x3xf64>")),
              {0.5, 1.25, 1.25, 1.0, 1.0, 1.0});
}

TEST(Pool, AverageWithAndWithoutPadding) {
  std::string head = "weft.pool avg %0 window [3, 3] strides [2, 2] pad [1, 1] [1, 1] "
                     "dilations [1, 1] ";
  std::string types = ": tensor<1x1x4x5xf64> -> tensor<1x1x2x3xf64>";
  expectReals(valuesOf(runOp(head + types, ramp({1, 1, 4, 5}), "tensor<1x1x2x3xf64>")),
              {-0.125, 0.20833333333333334, 0.3125, -0.2916666666666667, -0.1111111111111111,
               -0.08333333333333333},
              1e-15);
  expectReals(
      valuesOf(runOp(head + "count_padding " + types, ramp({1, 1, 4, 5}), "tensor<1x1x2x3xf64>")),
      {-0.05555555555555555, 0.1388888888888889, 0.1388888888888889, -0.19444444444444445,
       -0.1111111111111111, -0.05555555555555555},
      1e-15);
}

TEST(Pool, OnlyPadding) {
  auto pooled = [](const std::string &kind, const std::string &element) {
    std::string op = "weft.pool " + kind +
                     " %0 window [1] strides [1] pad [1] [0] dilations [1] : "
                     "tensor<1x" +
                     element + "> -> tensor<2x" + element + ">";
    return valuesOf(runOp(op, tensor(element, {1}, {3}), "tensor<2x" + element + ">"));
  };
  expectReals(pooled("max", "f32"), {-inf, 3});
  expectReals(pooled("max", "i16"), {-32768, 3});
  expectReals(pooled("max", "ui16"), {0, 3});
  expectReals(pooled("sum", "f32"), {0, 3});
  expectReals(pooled("avg", "f32"), {0, 3});
}

TEST(Pool, SumOfIntegersWrapsAndMaxKeepsNan) {
  expectReals(valuesOf(runOp("weft.pool sum %0 window [2] strides [1] pad [0] [0] dilations [1] : "
                             "tensor<3xi8> -> tensor<2xi8>",
                             tensor("i8", {3}, {100, 100, 1}), "tensor<2xi8>")),
              {-56, 101});
  expectReals(valuesOf(runOp("weft.pool max %0 window [2] strides [1] pad [0] [0] dilations [1] : "
                             "tensor<3xf32> -> tensor<2xf32>",
                             tensor("f32", {3}, {NaN, 1, 2}), "tensor<2xf32>")),
              {NaN, 2});
}
