// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Control: if, while and scan, on values of every element type.

#include "Suite.h"

namespace weft::opmatrix {

namespace {

Fill smallFor(const std::string &e) { return {e[0] == 'u' ? 0.0 : -3.0, 3}; }

void addIf(Suite &suite, const std::string &e) {
  suite.add(
      "weft.if", e, "",
      [=](Program &p, Dim n) {
        Term c = p.input({}, "i1"), x = p.input({n}, e, smallFor(e)),
             y = p.input({n}, e, smallFor(e));
        std::string equal = "weft.compare eq " + x + ", " + y + " : " + x.type();
        p.give(p.let({n}, "i1",
                     "weft.if " + c + " -> " + typeText({n}, "i1") + " {\n    %same = " + equal +
                         "\n    weft.yield %same : " + typeText({n}, "i1") + "\n  } else {\n" +
                         "    %a = " + equal + "\n    %not = weft.not %a : " + typeText({n}, "i1") +
                         "\n    weft.yield %not : " + typeText({n}, "i1") + "\n  }"));
        p.give(p.let({n}, e,
                     "weft.if " + c + " -> " + x.type() + " {\n    weft.yield " + x + " : " +
                         x.type() + "\n  } else {\n    weft.yield " + y + " : " + y.type() +
                         "\n  }"));
      },
      {.tolerance = {.exact = true}});
}

/// Adds `y` to `x` as often as the scalar input says.
void addWhile(Suite &suite, const std::string &e) {
  suite.add("weft.while", e, "",
            [=](Program &p, Dim n) {
              Term limit = p.input({}, "i32", {-1, 6});
              Term x = p.input({n}, e, smallFor(e)), y = p.input({n}, e, smallFor(e));
              Term zero = p.let({}, "i32", "weft.constant dense<0> : tensor<i32>");
              std::vector<Term> results = p.letAll(
                  {{"", "i32", {}}, {"", e, {n}}},
                  "weft.while (%i = " + zero + " : tensor<i32>, %c = " + x + " : " + x.type() +
                      ") -> (tensor<i32>, " + x.type() +
                      ") condition {\n    %more = weft.compare lt %i, " + limit +
                      " : tensor<i32>\n    weft.yield %more : tensor<i1>\n  } do {\n" +
                      "    %one = weft.constant dense<1> : tensor<i32>\n" +
                      "    %next = weft.add %i, %one : tensor<i32>\n    %s = weft.add %c, " + y +
                      " : " + x.type() + "\n    weft.yield %next, %s : tensor<i32>, " + x.type() +
                      "\n  }");
              p.give(results[0]);
              p.give(results[1]);
            },
            {.tolerance = {.exact = true}});
}

/// N steps over rows, with a carry and a stacked value; then three steps over rows of N.
void addScan(Suite &suite, const std::string &e) {
  suite.add("weft.scan", e, "",
            [=](Program &p, Dim n) {
              auto scan = [&](Dim steps, Dim width) {
                Term init = p.input({width}, e, smallFor(e)),
                     xs = p.input({steps, width}, e, smallFor(e));
                std::string row = init.type();
                std::vector<Term> results =
                    p.letAll({{"", e, {width}}, {"", e, {steps, width}}},
                             "weft.scan (%c = " + init + " : " + row + ") over (%x = " + xs +
                                 " : " + xs.type() + ") -> (" + row + ", " + xs.type() +
                                 ") {\n    %s = weft.sub %x, %c : " + row +
                                 "\n    %t = weft.mul %c, %x : " + row +
                                 "\n    weft.yield %s, %t : " + row + ", " + row + "\n  }");
                p.give(results[0]);
                p.give(results[1]);
              };
              scan(n, 3);
              scan(3, n);
            },
            {.tolerance = {.exact = true}, .greatestSize = 67});
}

} // namespace

void addStructureCases(Suite &suite) {
  for (const std::string &element : allNumbers()) {
    addIf(suite, element);
    addWhile(suite, element);
    addScan(suite, element);
  }
  addIf(suite, "i1");
}

} // namespace weft::opmatrix
