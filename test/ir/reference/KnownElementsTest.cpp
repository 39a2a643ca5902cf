// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of elements while compiling: the result of `@f`, as the language writes sizes.

#include "Harness.h"

#include "ir/reference/KnownElements.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

using namespace weft;
using namespace weft::reference;

using Text = std::string;

/// "[N, 3]", or "unknown", of the value that `body` calls %r. `%x` is an f32[N, M] and %d five
/// floats of data.
static Text knownOf(const Text &body, const Text &type) {
  Text text = "func.func @f(%x: tensor<?x?xf32, #weft.shape<[N, M]>>, %d: tensor<5xf32>) -> " +
              type +
              " {\n%n = weft.size #weft.shape<[N]> : tensor<i64>\n"
              "%n1 = weft.reshape %n : tensor<i64> -> tensor<1xi64>\n" +
              body + "\nreturn %r : " + type + "\n}";
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context());
  EXPECT_TRUE(module) << text;
  if (!module)
    return "no module";
  auto function = *module->getOps<mlir::func::FuncOp>().begin();
  KnownElements known;
  auto found = known.of(function.getBody().front().getTerminator()->getOperand(0));
  return found ? languageList(*found) : "unknown";
}

static const Text sizes = R"(%two = weft.constant dense<2> : tensor<1xi64>
%six = weft.constant dense<[0, 1, 2, 3, 4, 5]> : tensor<6xi64>
%four = weft.slice %six from <[2]> by [1] : tensor<6xi64> -> tensor<4xi64>
%a = weft.concat 0 %two, %n1, %four : (tensor<1xi64>, tensor<1xi64>, tensor<4xi64>) -> tensor<6xi64>
)";

TEST(KnownElements, OperationsOnNumbersAreEvaluated) {
  EXPECT_EQ(knownOf(R"(%a = weft.constant dense<[5, 12, -7]> : tensor<3xi64>
    %b = weft.constant dense<[3, 10, 2]> : tensor<3xi64>
    %r = weft.xor %a, %b : tensor<3xi64>)",
                    "tensor<3xi64>"),
            "[6, 6, -5]");
  EXPECT_EQ(knownOf(R"(%a = weft.constant dense<[[3, 1], [2, 5]]> : tensor<2x2xi64>
    %r = weft.cumulative sum %a axis 1 : tensor<2x2xi64>)",
                    "tensor<2x2xi64>"),
            "[3, 4, 2, 7]");
  // Through fractions: floor(7 * 1.5).
  EXPECT_EQ(knownOf(R"(%a = weft.constant dense<7.0> : tensor<f32>
    %b = weft.constant dense<1.5> : tensor<f32>
    %c = weft.mul %a, %b : tensor<f32>
    %r = weft.floor %c : tensor<f32>)",
                    "tensor<f32>"),
            "[10]");
}

TEST(KnownElements, FractionsAreNumbersButNoSizes) {
  EXPECT_EQ(knownOf("%r = weft.constant dense<1.5> : tensor<f32>", "tensor<f32>"), "unknown");
}

TEST(KnownElements, SizesAreMovedByAnyOperationThatMoves) {
  EXPECT_EQ(knownOf(sizes + "%r = weft.slice %a from <[5]> by [-2] : "
                            "tensor<6xi64> -> tensor<3xi64>",
                    "tensor<3xi64>"),
            "[5, 3, N]");
  EXPECT_EQ(knownOf(sizes + R"(%m = weft.reshape %a : tensor<6xi64> -> tensor<3x2xi64>
    %r = weft.transpose %m [1, 0] : tensor<3x2xi64> -> tensor<2x3xi64>)",
                    "tensor<2x3xi64>"),
            "[2, 2, 4, N, 3, 5]");
  EXPECT_EQ(knownOf(sizes + R"(%v = weft.constant dense<9> : tensor<i64>
    %s = weft.slice %a from <[1]> by [1] : tensor<6xi64> -> tensor<2xi64>
    %r = weft.pad %s, %v low <[1]> high <[2]> interior [0]
      : tensor<2xi64> -> tensor<5xi64>)",
                    "tensor<5xi64>"),
            "[9, N, 2, 9, 9]");
  EXPECT_EQ(knownOf(sizes + R"(%i = weft.constant dense<[1, 1, 0]> : tensor<3xi64>
    %r = weft.gather %a, %i axis 0 : tensor<6xi64>, tensor<3xi64> -> tensor<3xi64>)",
                    "tensor<3xi64>"),
            "[N, N, 2]");
  EXPECT_EQ(knownOf(sizes + R"(%i = weft.constant dense<[4, 9]> : tensor<2xi64>
    %u = weft.slice %a from <[0]> by [1] : tensor<6xi64> -> tensor<2xi64>
    %r = weft.scatter set %a, %i, %u axis 0
      : tensor<6xi64>, tensor<2xi64>, tensor<2xi64>)",
                    "tensor<6xi64>"),
            "[2, N, 2, 3, 2, 5]");
  // Sizes as floats, moved and cast back.
  EXPECT_EQ(knownOf(sizes + R"(%f = weft.cast %a : tensor<6xi64> -> tensor<6xf32>
    %s = weft.slice %f from <[0]> by [1] : tensor<6xf32> -> tensor<2xf32>
    %r = weft.cast %s : tensor<2xf32> -> tensor<2xi64>)",
                    "tensor<2xi64>"),
            "[2, N]");
}

TEST(KnownElements, WhatIsChosenByASizeIsUnknown) {
  EXPECT_EQ(knownOf(sizes + "%r = weft.gather %a, %n1 axis 0 : tensor<6xi64>, tensor<1xi64> -> "
                            "tensor<1xi64>",
                    "tensor<1xi64>"),
            "unknown");
  EXPECT_EQ(
      knownOf(R"(%r = weft.reduce sum %d axes [0] : tensor<5xf32> -> tensor<f32>)", "tensor<f32>"),
      "unknown");
}

TEST(KnownElements, SizesAreComparedWhereItIsTheSameForAll) {
  auto compared = [](const Text &predicate, const Text &with) {
    return knownOf("%b = weft.constant dense<" + with + "> : tensor<i64>\n%r = weft.compare " +
                       predicate + " %n, %b : tensor<i64>",
                   "tensor<i1>");
  };
  EXPECT_EQ(compared("lt", "0"), "[0]");
  EXPECT_EQ(compared("ge", "0"), "[1]");
  EXPECT_EQ(compared("gt", "-1"), "[1]");
  EXPECT_EQ(compared("le", "-1"), "[0]");
  EXPECT_EQ(compared("ne", "-3"), "[1]");
  EXPECT_EQ(compared("eq", "-3"), "[0]");
  EXPECT_EQ(compared("gt", "0"), "unknown");
  EXPECT_EQ(compared("eq", "7"), "unknown");
  EXPECT_EQ(knownOf("%r = weft.compare eq %n, %n : tensor<i64>", "tensor<i1>"), "[1]");
}

TEST(KnownElements, SizesOfTensorsAreNotNegative) {
  auto module = mlir::parseSourceString<mlir::ModuleOp>(R"(
    func.func @f(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<i64> {
      %s = weft.size #weft.shape<[2 * N - 1]> : tensor<i64>
      %two = weft.constant dense<2> : tensor<i64>
      %r = weft.div %s, %two : tensor<i64>
      return %r : tensor<i64>
    })",
                                                        &context());
  auto function = *module->getOps<mlir::func::FuncOp>().begin();
  mlir::Value half = function.getBody().front().getTerminator()->getOperand(0);
  KnownElements known;
  // Rounded toward zero, -1 / 2 is 0.
  EXPECT_FALSE(known.of(half));
  known.forget();
  known.addSize(Dim(2) * Dim::symbol("N") - Dim(1));
  EXPECT_EQ(languageList(*known.of(half)), "[N - 1]");
}

TEST(KnownElements, LongChainsAreFollowed) {
  Text body = "%v0 = weft.add %n, %n : tensor<i64>\n";
  for (int i = 1; i < 3000; ++i)
    body += "%v" + std::to_string(i) + " = weft.add %v" + std::to_string(i - 1) +
            ", %n : tensor<i64>\n";
  EXPECT_EQ(knownOf(body + "%r = weft.neg %v2999 : tensor<i64>", "tensor<i64>"), "[-3001 * N]");
}
