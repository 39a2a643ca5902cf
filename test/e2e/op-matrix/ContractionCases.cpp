// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions with N as rows, columns, depth and batch; convolutions of every rank.

#include "ContractionCases.h"

namespace weft::opmatrix {

namespace {

Term contract(Program &p, const std::string &equation, const Term &a, const Term &b, const Dims &to,
              const std::string &result) {
  return p.let(to, result,
               "weft.contract \"" + equation + "\" " + a + ", " + b + " : " + a.type() + ", " +
                   b.type() + " -> " + typeText(to, result),
               false);
}

void addContract(Suite &suite, const std::string &e, const std::string &result) {
  std::string label = result == e ? "" : "to_" + result;
  suite.add(
      "weft.contract", e, label + "vectors",
      [=](Program &p, Dim n) {
        Fill fill = smallFor(e);
        Term row = p.input({n, 5}, e, fill), column = p.input({5, 7}, e, fill);
        p.give(contract(p, "ik,kj->ij", row, column, {n, 7}, result)); // N rows
        Term deepA = p.input({3, n}, e, fill), deepB = p.input({n, 2}, e, fill);
        p.give(contract(p, "ik,kj->ij", deepA, deepB, {3, 2}, result)); // N deep
        Term wide = p.input({3, n}, e, fill), three = p.input({2, 3}, e, fill);
        p.give(contract(p, "ik,kj->ij", three, wide, {2, n}, result)); // N columns
        p.give(contract(p, "ik,jk->ij", row, row, {n, n}, result));    // both, transposed
        p.give(contract(p, "ki,k->i", deepB, p.input({n}, e, fill), {2}, result));
        p.give(contract(p, "ij,ij->", row, row, {}, result));
      },
      ofSum(1031, 0, 67));
  suite.add(
      "weft.contract", e, label + "batched",
      [=](Program &p, Dim n) {
        Fill fill = smallFor(e);
        Term a = p.input({n, 3, 4}, e, fill), b = p.input({n, 4, 5}, e, fill);
        p.give(contract(p, "bik,bkj->bij", a, b, {n, 3, 5}, result));
        Term shared = p.input({4, 5}, e, fill);
        p.give(contract(p, "bik,kj->bji", a, shared, {n, 5, 3}, result));
        Term heads = p.input({2, n, 3, 4}, e, fill);
        p.give(contract(p, "blhd,bshd->bhls", heads, heads, {2, 3, n, n}, result));
        p.give(
            contract(p, "i,j->ij", p.input({n}, e, fill), p.input({3}, e, fill), {n, 3}, result));
      },
      ofSum(16, 0, 67));
}

/// Depth above one block and rows that no tile divides.
void addLargeContract(Suite &suite, const std::string &e) {
  suite.add(
      "weft.contract", e, "large",
      [=](Program &p, Dim n) {
        Term a = p.input({n, 1031}, e, {-1, 1}), b = p.input({1031, 67}, e, {-1, 1});
        p.give(contract(p, "ik,kj->ij", a, b, {n, 67}, e));
      },
      ofSum(1031, 0, 67));
}

void addConv(Suite &suite, const std::string &e, const std::string &result) {
  auto add = [&](const std::string &label, auto shapeOf, int64_t least) {
    suite.add(
        "weft.conv", e, (result == e ? "" : "to_" + result + "_") + label,
        [=](Program &p, Dim n) { p.give(convolve(p, "weft.conv", shapeOf(n), e, result)); },
        ofSum(64, least, 67));
  };
  add(
      "line",
      [](Dim n) {
        Dim out = (n + Dim(3) - Dim(4) - Dim(1)).floorDiv(2) + Dim(1);
        return ConvolutionShape{"",
                                {2, 3, n},
                                {4, 3, 3},
                                {2, 4, out},
                                "strides [2] pad [1] [2] dilations [2] groups 1"};
      },
      2);
  add(
      "batch",
      [](Dim n) {
        return ConvolutionShape{"",
                                {n, 3, 5, 7},
                                {5, 3, 3, 3},
                                {n, 5, 5, 7},
                                "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1"};
      },
      0);
  add(
      "grouped",
      [](Dim n) {
        return ConvolutionShape{"",
                                {n, 4, 5, 4},
                                {6, 2, 2, 3},
                                {n, 6, 3, 2},
                                "strides [2, 1] pad [1, 0] [0, 0] dilations [1, 1] groups 2"};
      },
      0);
  add(
      "depthwise",
      [](Dim n) {
        return ConvolutionShape{"",
                                {n, 4, 5, 4},
                                {4, 1, 3, 3},
                                {n, 4, 5, 4},
                                "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 4"};
      },
      0);
  add(
      "depthwise_sparse",
      [](Dim n) {
        return ConvolutionShape{"",
                                {n, 3, 11, 21},
                                {6, 1, 3, 5},
                                {n, 6, 6, 6},
                                "strides [2, 3] pad [2, 1] [1, 4] dilations [1, 2] groups 3"};
      },
      0);
  add(
      "depthwise_line",
      [](Dim n) {
        return ConvolutionShape{"",
                                {n, 5, 70},
                                {5, 1, 4},
                                {n, 5, 70},
                                "strides [1] pad [3] [0] dilations [1] groups 5"};
      },
      0);
  add(
      "depthwise_blocks",
      [](Dim n) {
        return ConvolutionShape{"",
                                {n, 2, 131, 40},
                                {2, 1, 3, 3},
                                {n, 2, 131, 40},
                                "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 2"};
      },
      0);
  add(
      "pointwise",
      [](Dim n) {
        return ConvolutionShape{"",
                                {n, 7, 3, 3},
                                {5, 7, 1, 1},
                                {n, 5, 3, 3},
                                "strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1"};
      },
      0);
  add(
      "plane",
      [](Dim n) {
        return ConvolutionShape{"",
                                {1, 2, n, 5},
                                {3, 2, 3, 3},
                                {1, 3, n, 3},
                                "strides [1, 2] pad [1, 1] [1, 1] dilations [1, 1] groups 1"};
      },
      1);
  add(
      "volume",
      [](Dim n) {
        return ConvolutionShape{
            "",
            {1, 2, n, 3, 4},
            {3, 2, 2, 2, 2},
            {1, 3, n + Dim(1), 2, 3},
            "strides [1, 1, 1] pad [1, 0, 0] [1, 0, 0] dilations [1, 1, 1] groups 1"};
      },
      1);
}

void addConvTranspose(Suite &suite, const std::string &e) {
  auto add = [&](const std::string &label, auto shapeOf, int64_t least) {
    suite.add(
        "weft.conv_transpose", e, label,
        [=](Program &p, Dim n) { p.give(convolve(p, "weft.conv_transpose", shapeOf(n), e, e)); },
        ofSum(64, least, 67));
  };
  add(
      "line",
      [](Dim n) {
        Dim out = (n - Dim(1)) * Dim(2) - Dim(2) + Dim(4) + Dim(2);
        return ConvolutionShape{
            "",
            {2, 3, n},
            {3, 4, 3},
            {2, 4, out},
            "strides [2] pad [1] [1] dilations [2] output_padding [1] groups 1"};
      },
      1);
  add(
      "grouped",
      [](Dim n) {
        return ConvolutionShape{"",
                                {n, 4, 3, 2},
                                {4, 3, 2, 3},
                                {n, 6, 6, 4},
                                "strides [2, 1] pad [0, 0] [0, 0] dilations [1, 1] "
                                "output_padding [0, 0] groups 2"};
      },
      0);
  add(
      "volume",
      [](Dim n) {
        return ConvolutionShape{"",
                                {1, 2, n, 2, 2},
                                {2, 1, 1, 2, 2},
                                {1, 1, n, 3, 3},
                                "strides [1, 1, 1] pad [0, 0, 0] [0, 0, 0] dilations [1, 1, 1] "
                                "output_padding [0, 0, 0] groups 1"};
      },
      1);
}

/// The second operand is the gradient of the places.
void addConvFilterGrad(Suite &suite, const std::string &e) {
  auto add = [&](const std::string &label, auto shapeOf, int64_t least) {
    suite.add(
        "weft.conv_filter_grad", e, label,
        [=](Program &p, Dim n) { p.give(convolve(p, "weft.conv_filter_grad", shapeOf(n), e, e)); },
        ofSum(1300, least, 67));
  };
  add(
      "line",
      [](Dim n) {
        return ConvolutionShape{
            "", {n, 4, 9}, {n, 6, 5}, {6, 2, 3}, "strides [2] pad [1] [1] dilations [1] groups 2"};
      },
      0);
  add(
      "plane",
      [](Dim n) {
        return ConvolutionShape{"",
                                {2, 3, n, 5},
                                {2, 17, n, 3},
                                {17, 3, 3, 3},
                                "strides [1, 2] pad [1, 1] [1, 1] dilations [1, 1] groups 1"};
      },
      1);
  // Channels last in memory: in parts of a vector, and in whole ones through transformed tiles.
  // What follows runs on the sums.
  if (e != "f32")
    return;
  auto addLast = [&](const std::string &label, int64_t channels, int64_t stride) {
    suite.add(
        "weft.conv_filter_grad", e, label,
        [=](Program &p, Dim n) {
          auto first = [&](int64_t rows, int64_t last) {
            Term x = p.input({n, rows, 4, last}, e, smallFor(e));
            return p.let({n, last, rows, 4}, e,
                         "weft.transpose " + x + " [0, 3, 1, 2] : " + x.type() + " -> " +
                             typeText({n, last, rows, 4}, e));
          };
          Term x = first(3, channels), dy = first(stride == 1 ? 3 : 2, 35);
          Term y = p.let({35, channels, 3, 3}, e,
                         "weft.conv_filter_grad " + x + ", " + dy + " strides [" +
                             std::to_string(stride) +
                             ", 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1 : " + x.type() +
                             ", " + dy.type() + " -> " + typeText({35, channels, 3, 3}, e),
                         false);
          p.give(p.let({35, channels, 3, 3}, e, "weft.neg " + y + " : " + y.type()));
        },
        ofSum(1300, 0, 67));
  };
  addLast("last", 19, 2);
  addLast("last_tiles", 32, 1);
}

} // namespace

void addContractionCases(Suite &suite) {
  for (const std::string &element : allNumbers()) {
    addContract(suite, element, element);
    addConv(suite, element, element);
    addConvTranspose(suite, element);
    if (element[0] == 'f' || element[0] == 'b')
      addConvFilterGrad(suite, element);
  }
  addConv(suite, "bf16", "f32");
  addConv(suite, "i8", "i32");
  addContract(suite, "bf16", "f32");
  addContract(suite, "i8", "i32");
  addContract(suite, "ui8", "i32");
  for (const std::string &element : floats)
    addLargeContract(suite, element);
}

} // namespace weft::opmatrix
