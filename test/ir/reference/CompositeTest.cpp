// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax, normalisations, attention and random bits. Expected values are those of PyTorch 1.13
// on the same f64 inputs, and the known answers of the Random123 library.

#include "Harness.h"
#include "ir/reference/Random.h"

using namespace weft::reference;

constexpr double fewUlps = 4e-15; // Sums of a few terms in another order than PyTorch's.

TEST(Softmax, InnerAndOuterAxis) {
  expectReals(
      valuesOf(runOp("weft.softmax %0 axis 1 : tensor<2x3xf64>", ramp({2, 3}), "tensor<2x3xf64>")),
      {0.11271920470830457, 0.6486542370516473, 0.23862655824004828, 0.6652409557748218,
       0.2447284710547976, 0.09003057317038045},
      fewUlps);
  expectReals(
      valuesOf(runOp("weft.softmax %0 axis 0 : tensor<2x3xf64>", ramp({2, 3}), "tensor<2x3xf64>")),
      {0.07585818002124356, 0.5621765008857981, 0.5621765008857981, 0.9241418199787566,
       0.4378234991142019, 0.4378234991142019},
      fewUlps);
}

TEST(Softmax, LargeInputsAndMinusInfinity) {
  Tensor x = tensor("f32", {2, 2}, {1000, 1000, -inf, 5});
  expectReals(valuesOf(runOp("weft.softmax %0 axis 1 : tensor<2x2xf32>", x, "tensor<2x2xf32>")),
              {0.5, 0.5, 0, 1});
  Tensor none = tensor("f32", {2}, {-inf, -inf});
  expectReals(valuesOf(runOp("weft.softmax %0 axis 0 : tensor<2xf32>", none, "tensor<2xf32>")),
              {NaN, NaN});
}

TEST(LogSoftmax, InnerAxis) {
  expectReals(valuesOf(runOp("weft.log_softmax %0 axis 1 : tensor<2x3xf64>", ramp({2, 3}),
                             "tensor<2x3xf64>")),
              {-2.182855466878769, -0.43285546687876886, -1.432855466878769, -0.4076059644443804,
               -1.4076059644443804, -2.4076059644443806},
              fewUlps);
}

TEST(LayerNorm, WithAndWithoutScaleAndShift) {
  expectReals(
      valuesOf(runOp("weft.layer_norm %0 scale %1 : tensor<2x3xf64> shift %2 : tensor<2x3xf64> "
                     "axis 1 epsilon 1.0e-5 : tensor<2x2x3xf64>",
                     {ramp({2, 2, 3}), ramp({2, 3}, 3), ramp({2, 3}, 5)}, "tensor<2x2x3xf64>")),
      {0.49130266966497194, -0.3482605339329944, 1.1256212378810735, 1.34204815512226,
       0.601987961219435, -0.3009939806097175, -2.95244981810803, -0.0756644363603569,
       0.985174472738751, 0.8093021090449963, 1.1513288727207136, -0.15951003637839412},
      5 * fewUlps);
  expectReals(valuesOf(runOp("weft.layer_norm %0 axis 1 epsilon 1.0e-5 : tensor<2x3xf64>",
                             ramp({2, 3}), "tensor<2x3xf64>")),
              {-1.1624650770221965, 1.2787115847244162, -0.11624650770221967, 1.2247356859083902,
               0.0, -1.2247356859083902},
              5 * fewUlps);
}

TEST(RmsNorm, WithScale) {
  Tensor scale = tensor("f64", {3}, {-1.25, -0.5, 0.25});
  expectReals(valuesOf(runOp("weft.rms_norm %0 scale %1 : tensor<3xf64> axis 1 epsilon 1.0e-6 : "
                             "tensor<2x3xf64>",
                             {ramp({2, 3}), scale}, "tensor<2x3xf64>")),
              {1.8844445331064061, -0.30151112529702495, -0.15075556264851248, -1.829811382051125,
               -0.14638491056409, -0.219577365846135},
              fewUlps);
}

TEST(GroupNorm, TwoGroups) {
  expectReals(valuesOf(runOp("weft.group_norm %0 scale %1 : tensor<4xf64> shift %2 : tensor<4xf64> "
                             "groups 2 epsilon 1.0e-5 : tensor<1x4x2xf64>",
                             {ramp({1, 4, 2}), ramp({4}, 3), ramp({4}, 5)}, "tensor<1x4x2xf64>")),
              {0.39132135520541483, -1.906528542082166, 0.2626114168328664, -0.6565285420821659,
               1.2999993600122879, 0.9000044799139859, 1.1499820803440568, -0.4499974400491509},
              5 * fewUlps);
}

TEST(BatchNorm, PerChannel) {
  expectReals(
      valuesOf(
          runOp("weft.batch_norm %0, %1, %2, %3, %4 epsilon 1.0e-5 : tensor<2x2x2xf64>, "
                "tensor<2xf64>",
                {ramp({2, 2, 2}), tensor("f64", {2}, {1.5, -1.0}), tensor("f64", {2}, {0.25, 0.75}),
                 tensor("f64", {2}, {0.5, -0.25}), tensor("f64", {2}, {2.0, 0.5})},
                "tensor<2x2x2xf64>")),
      {-1.6061506602438373, 0.25, 1.1035498551124001, -1.3712991306744, -0.01516438003483389,
       -1.0758219001741693, -1.0177492755620001, 0.3964501448876},
      5 * fewUlps);
}

static Reals attended(const std::string &how, std::vector<Tensor> mask = {}) {
  std::vector<Tensor> arguments = {ramp({1, 2, 3}), ramp({1, 3, 3}, 5), ramp({1, 3, 2}, 3)};
  arguments.insert(arguments.end(), mask.begin(), mask.end());
  return valuesOf(runOp("weft.attention %0, %1, %2 " + how +
                            " : tensor<1x2x3xf64>, tensor<1x3x3xf64>, tensor<1x3x2xf64> -> "
                            "tensor<1x2x2xf64>",
                        arguments, "tensor<1x2x2xf64>"));
}

TEST(Attention, PlainAndCausal) {
  expectReals(attended("scale 0.5"),
              {-0.5403579686418488, 0.20964203135815115, -0.47789318140972564, 0.2721068185902744},
              5 * fewUlps);
  // Two queries stand at the end of three keys: the first sees two of them.
  expectReals(attended("scale 0.5 causal"),
              {-0.47657012641547647, 0.2734298735845234, -0.47789318140972564, 0.2721068185902744},
              5 * fewUlps);
}

TEST(Attention, BoolMaskAndRowWithNothingLeft) {
  expectReals(attended("mask %3 : tensor<1x2x3xi1> scale 0.5",
                       {tensor("i1", {1, 2, 3}, {1, 0, 1, 0, 0, 0})}),
              {-1.1943249652936725, -0.4443249652936727, 0.0, 0.0}, 5 * fewUlps);
}

TEST(Attention, FloatMaskIsAdded) {
  expectReals(attended("mask %3 : tensor<1x2x3xf64> scale 0.5",
                       {tensor("f64", {1, 2, 3}, {0.5, -1, 0.25, 0, 1, 2})}),
              {-0.9678903279867712, -0.21789032798677122, -0.6848396912718393, 0.0651603087281607},
              10 * fewUlps);
}

//===----------------------------------------------------------------------===//
// Random bits
//===----------------------------------------------------------------------===//

TEST(Philox, KnownAnswers) {
  // kat_vectors of Random123 1.14, philox 4x32 10.
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomBits, WordsOfBlocksInOrder) {
  Tensor seed = integers("ui64", {}, {0});
  Tensor bits = runOp("weft.random_bits %0 stream 0 : tensor<6xui32>", seed, "tensor<6xui32>");
  EXPECT_EQ(Integers(bits.integers().begin(), bits.integers().begin() + 4),
            Integers({0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  PhiloxBlock second = philox4x32({1, 0, 0, 0}, {0, 0});
  EXPECT_EQ(bits.integers()[4], second[0]);
  EXPECT_EQ(bits.integers()[5], second[1]);
}

TEST(RandomBits, SeedIsTheKeyAndStreamTheUpperCounter) {
  Tensor seed = integers("ui64", {}, {0x299f31d0a4093822});
  Tensor bits =
      runOp("weft.random_bits %0 stream 237890044190 : tensor<1x4xui32>", seed, "tensor<1x4xui32>");
  PhiloxBlock expected =
      philox4x32({0, 0, 237890044190u & ~0u, 237890044190 >> 32}, {0xa4093822, 0x299f31d0});
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(bits.integers()[i], expected[i]);
}
