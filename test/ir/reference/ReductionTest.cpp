// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions, places of extremes and running values.

#include "Harness.h"

using namespace weft::reference;

static Reals reduced(const std::string &kind, const std::string &element, const Reals &x) {
  auto size = static_cast<int64_t>(x.size());
  std::string op = "weft.reduce " + kind + " %0 axes [0] : tensor<" + std::to_string(size) + "x" +
                   element + "> -> tensor<" + element + ">";
  return valuesOf(runOp(op, tensor(element, {size}, x), "tensor<" + element + ">"));
}

TEST(Reduce, EveryKind) {
  expectReals(reduced("sum", "f32", {1, 2, 3.5}), {6.5});
  expectReals(reduced("prod", "f32", {2, 3, -4}), {-24});
  expectReals(reduced("max", "f32", {2, 3, -4}), {3});
  expectReals(reduced("min", "f32", {2, 3, -4}), {-4});
  expectReals(reduced("and", "i1", {1, 1, 0}), {0});
  expectReals(reduced("or", "i1", {0, 1, 0}), {1});
}

TEST(Reduce, NothingGivesTheIdentity) {
  expectReals(reduced("sum", "f32", {}), {0});
  expectReals(reduced("prod", "f32", {}), {1});
  expectReals(reduced("max", "f16", {}), {-inf});
  expectReals(reduced("min", "f64", {}), {inf});
  expectReals(reduced("and", "i1", {}), {1});
  expectReals(reduced("or", "i1", {}), {0});
  expectReals(reduced("max", "i8", {}), {-128});
  expectReals(reduced("min", "i8", {}), {127});
  expectReals(reduced("max", "ui8", {}), {0});
  expectReals(reduced("min", "ui16", {}), {65535});
}

TEST(Reduce, SpecialValues) {
  expectReals(reduced("max", "f32", {1, NaN, 3}), {NaN});
  expectReals(reduced("min", "f32", {NaN, 1}), {NaN});
  expectReals(reduced("max", "f32", {-0.0, 0}), {0});
  expectReals(reduced("sum", "f32", {inf, -inf}), {NaN});
  expectReals(reduced("sum", "i8", {100, 100}), {-56});
  expectReals(reduced("prod", "ui8", {16, 17}), {16});
}

TEST(Reduce, SumsInDoubleAndRoundsOnce) {
  // In f16, 2048 + 1 + 1 would stay 2048 if each step rounded.
  expectReals(reduced("sum", "f16", {2048, 1, 1}), {2050});
  expectReals(reduced("sum", "f32", {16777216, 1, 1}), {16777218});
}

TEST(Reduce, SeveralAxes) {
  Tensor x = tensor("f64", {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  expectReals(valuesOf(runOp("weft.reduce sum %0 axes [0, 2] : tensor<2x2x2xf64> -> tensor<2xf64>",
                             x, "tensor<2xf64>")),
              {14, 22});
  expectReals(valuesOf(runOp("weft.reduce max %0 axes [1] : tensor<2x2x2xf64> -> tensor<2x2xf64>",
                             x, "tensor<2x2xf64>")),
              {3, 4, 7, 8});
  expectReals(valuesOf(runOp("weft.reduce sum %0 axes [] : tensor<2x2x2xf64> -> tensor<2x2x2xf64>",
                             x, "tensor<2x2x2xf64>")),
              {1, 2, 3, 4, 5, 6, 7, 8});
}

static Reals argued(const std::string &kind, const std::string &element, const Reals &x) {
  auto size = static_cast<int64_t>(x.size());
  std::string op = "weft.arg " + kind + " %0 axis 0 : tensor<" + std::to_string(size) + "x" +
                   element + "> -> tensor<i64>";
  return valuesOf(runOp(op, tensor(element, {size}, x), "tensor<i64>"));
}

TEST(Arg, FirstOccurrenceAndFirstNan) {
  expectReals(argued("max", "f32", {1, 3, 3, 2}), {1});
  expectReals(argued("min", "f32", {1, 0, -0.0, 2}), {1});
  expectReals(argued("max", "f32", {1, NaN, inf, NaN}), {1});
  expectReals(argued("min", "f32", {-inf, 1, NaN}), {2});
  expectReals(argued("max", "f32", {-inf, -inf}), {0});
  expectReals(argued("max", "f32", {}), {0});
  expectReals(argued("max", "ui8", {1, 255, 3}), {1});
  expectReals(argued("max", "i8", {1, -1, 3}), {2});
}

TEST(Arg, OuterAxis) {
  Tensor x = tensor("f32", {2, 3}, {1, 5, 2, 4, 3, 2});
  expectReals(valuesOf(runOp("weft.arg max %0 axis 0 : tensor<2x3xf32> -> tensor<3xi32>", x,
                             "tensor<3xi32>")),
              {1, 0, 0});
}

static Reals running(const std::string &how, const std::string &element, const Reals &x) {
  auto size = static_cast<int64_t>(x.size());
  std::string type = "tensor<" + std::to_string(size) + "x" + element + ">";
  size_t space = how.find(' ');
  std::string kind = how.substr(0, space);
  std::string flags = space == std::string::npos ? "" : how.substr(space);
  return valuesOf(runOp("weft.cumulative " + kind + " %0 axis 0" + flags + " : " + type,
                        tensor(element, {size}, x), type));
}

TEST(Cumulative, EveryKind) {
  expectReals(running("sum", "f32", {1, 2, 3}), {1, 3, 6});
  expectReals(running("prod", "i32", {2, 3, 4}), {2, 6, 24});
  expectReals(running("max", "f32", {1, 3, 2, NaN, 9}), {1, 3, 3, NaN, NaN});
  expectReals(running("min", "i8", {3, -1, 2}), {3, -1, -1});
  expectReals(running("sum", "ui8", {200, 100}), {200, 44});
}

TEST(Cumulative, ExclusiveAndReverse) {
  expectReals(running("sum exclusive", "f32", {1, 2, 3}), {0, 1, 3});
  expectReals(running("sum reverse", "f32", {1, 2, 3}), {6, 5, 3});
  expectReals(running("prod exclusive reverse", "f32", {2, 3, 4}), {12, 4, 1});
  expectReals(running("max exclusive", "f32", {1, 2}), {-inf, 1});
  expectReals(running("min exclusive", "ui8", {4, 2}), {255, 4});
}

TEST(Cumulative, InnerAndOuterAxis) {
  Tensor x = tensor("f32", {2, 2}, {1, 2, 3, 4});
  expectReals(
      valuesOf(runOp("weft.cumulative sum %0 axis 1 : tensor<2x2xf32>", x, "tensor<2x2xf32>")),
      {1, 3, 3, 7});
  expectReals(
      valuesOf(runOp("weft.cumulative sum %0 axis 0 : tensor<2x2xf32>", x, "tensor<2x2xf32>")),
      {1, 2, 4, 6});
}
