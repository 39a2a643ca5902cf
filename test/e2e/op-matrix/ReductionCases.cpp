// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions, places of extremes, running values and pooling, along inner, outer and all axes.

#include "Suite.h"

#include <cmath>

namespace weft::opmatrix {

namespace {

/// Sums of up to `length` terms: errors add like a random walk, and sums cancel.
Tolerance ofSum(double length) { return {.factor = std::sqrt(length), .againstLargest = true}; }

/// Products stay near 1; extremes are exact whatever the values.
Fill fillFor(const std::string &kind, const std::string &element) {
  bool isReal = element[0] == 'f' || element[0] == 'b';
  if (kind == "max" || kind == "min")
    return {element[0] == 'u' ? 0.0 : -100.0, 100, true};
  if (kind == "prod")
    return isReal ? Fill{0.9, 1.1} : Fill{1, 4};
  return isReal ? Fill{-1, 1} : Fill{element[0] == 'u' ? 0.0 : -100.0, 100, true};
}

CaseOptions optionsFor(const std::string &kind) {
  if (kind == "max" || kind == "min")
    return {.tolerance = {.exact = true}};
  return {.tolerance = ofSum(kind == "prod" ? 1031 : 3 * 1031)};
}

void addReduce(Suite &suite, const std::string &e, const std::string &kind) {
  auto reduce = [=](const Term &x, const std::string &axes, const Dims &to) {
    return "weft.reduce " + kind + " " + x + " axes " + axes + " : " + x.type() + " -> " +
           typeText(to, e);
  };
  suite.add(
      "weft.reduce", e, kind,
      [=](Program &p, Dim n) {
        Term x = p.input({n, 3}, e, fillFor(kind, e)), y = p.input({3, n}, e, fillFor(kind, e));
        Term z = p.input({2, n, 3}, e, fillFor(kind, e));
        p.give(p.let({n}, e, reduce(x, "[1]", {n})));
        p.give(p.let({3}, e, reduce(x, "[0]", {3})));
        p.give(p.let({3}, e, reduce(y, "[1]", {3})));
        p.give(p.let({}, e, reduce(y, "[0, 1]", {})));
        p.give(p.let({n}, e, reduce(z, "[0, 2]", {n})));
        p.give(p.let({2, 3}, e, reduce(z, "[1]", {2, 3})));
      },
      optionsFor(kind));
}

void addArg(Suite &suite, const std::string &e, const std::string &kind) {
  suite.add("weft.arg", e, kind, [=](Program &p, Dim n) {
    Fill fill{e[0] == 'u' ? 0.0 : -50.0, 50, true};
    Term x = p.input({n, 3}, e, fill);
    p.give(p.let({n}, "i64",
                 "weft.arg " + kind + " " + x + " axis 1 : " + x.type() + " -> " +
                     typeText({n}, "i64")));
    p.give(p.let({3}, "i32",
                 "weft.arg " + kind + " " + x + " axis 0 : " + x.type() + " -> tensor<3xi32>"));
  });
}

void addArgSort(Suite &suite, const std::string &e) {
  suite.add("weft.arg_sort", e, "", [=](Program &p, Dim n) {
    // Few distinct values, so that equal ones show their order; and many.
    for (Fill fill : {Fill{0.0, 3, true}, Fill{e[0] == 'u' ? 0.0 : -50.0, 50, true}}) {
      Term x = p.input({n, 3}, e, fill), y = p.input({3, n}, e, fill);
      for (const char *how : {"", " descending"}) {
        p.give(p.let(x.dims, "i64",
                     "weft.arg_sort " + x + " axis 0" + how + " : " + x.type() + " -> " +
                         typeText(x.dims, "i64")));
        p.give(p.let(y.dims, "i64",
                     "weft.arg_sort " + y + " axis 1" + how + " : " + y.type() + " -> " +
                         typeText(y.dims, "i64")));
      }
    }
  });
}

void addCumulative(Suite &suite, const std::string &e, const std::string &kind) {
  suite.add(
      "weft.cumulative", e, kind,
      [=](Program &p, Dim n) {
        Term x = p.input({n, 3}, e, fillFor(kind, e)), y = p.input({3, n}, e, fillFor(kind, e));
        for (const char *how : {"", " exclusive", " reverse", " exclusive reverse"}) {
          p.give(p.let(x.dims, e,
                       "weft.cumulative " + kind + " " + x + " axis 0" + how + " : " + x.type()));
          p.give(p.let(y.dims, e,
                       "weft.cumulative " + kind + " " + y + " axis 1" + how + " : " + y.type()));
        }
      },
      optionsFor(kind));
}

/// One dimension with everything uneven; two dimensions behind channels; four.
void addPool(Suite &suite, const std::string &e, const std::string &kind, bool countPadding) {
  std::string flag = countPadding ? " count_padding" : "";
  bool isReal = e[0] == 'f' || e[0] == 'b';
  Fill fill =
      kind == "max" ? Fill{e[0] == 'u' ? 0.0 : -9.0, 9, isReal} : Fill{e[0] == 'u' ? 0.0 : -3.0, 3};
  CaseOptions options{.tolerance = kind == "max" ? Tolerance{.exact = true} : ofSum(9)};
  suite.add(
      "weft.pool", e, kind + (countPadding ? "_counted" : ""),
      [=](Program &p, Dim n) {
        Term x = p.input({2, n}, e, fill), y = p.input({n, 2, 5, 4}, e, fill);
        Dims line = {2, (n + Dim(3) - Dim(4) - Dim(1)).floorDiv(2) + Dim(1)};
        p.give(p.let(line, e,
                     "weft.pool " + kind + " " + x +
                         " window [3] strides [2] pad [1] [2] dilations [2]" + flag + " : " +
                         x.type() + " -> " + typeText(line, e)));
        Dims plane = {n, 2, 3, 4};
        p.give(p.let(plane, e,
                     "weft.pool " + kind + " " + y +
                         " window [3, 2] strides [2, 1] pad [1, 0] [1, 1] " + "dilations [1, 1]" +
                         flag + " : " + y.type() + " -> " + typeText(plane, e)));
        Term z = p.input({n, 3, 2, 1, 3}, e, fill);
        Dims many = {n, 2, 2, 2, 2};
        p.give(p.let(many, e,
                     "weft.pool " + kind + " " + z +
                         " window [2, 1, 2, 2] strides [1, 1, 1, 1] pad [0, 0, 1, 0] [0, 0, 1, 0]" +
                         " dilations [1, 1, 1, 1]" + flag + " : " + z.type() + " -> " +
                         typeText(many, e)));
      },
      CaseOptions{.tolerance = options.tolerance, .leastSize = 2});
}

} // namespace

void addReductionCases(Suite &suite) {
  for (const char *kind : {"sum", "prod", "max", "min"})
    for (const std::string &element : allNumbers()) {
      addReduce(suite, element, kind);
      addCumulative(suite, element, kind);
    }
  for (const std::string &element : allNumbers())
    addArgSort(suite, element);
  for (const char *kind : {"and", "or"})
    addReduce(suite, "i1", kind);
  for (const char *kind : {"max", "min"})
    for (const std::string &element : allNumbers())
      addArg(suite, element, kind);
  for (const char *kind : {"max", "sum"})
    for (const std::string &element : allNumbers())
      addPool(suite, element, kind, false);
  for (const std::string &element : floats)
    for (bool countPadding : {false, true})
      addPool(suite, element, "avg", countPadding);
}

} // namespace weft::opmatrix
