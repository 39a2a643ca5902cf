// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What operators with data-dependent results are made of: places of a mask, rows chosen by a mask,
// distinct values, boxes that suppress each other; control inside of control; entries without
// inputs or without work; ranks that nothing else has.

#include "Suite.h"

namespace weft::opmatrix {

namespace {

const CaseOptions exact{.tolerance = {.exact = true}};

/// Short ways to write the operations that the cases share.
struct Writing {
  Program &p;

  /// An element-wise operation on terms of one type.
  Term same(const std::string &operation, const std::vector<Term> &operands) {
    std::string text = "weft." + operation;
    for (size_t i = 0; i < operands.size(); ++i)
      text += (i ? ", " : " ") + operands[i];
    return p.let(operands.back().dims, operands.back().element,
                 text + " : " + operands.back().type());
  }
  Term compare(const std::string &predicate, const Term &a, const Term &b) {
    return p.let(a.dims, "i1", "weft.compare " + predicate + " " + a + ", " + b + " : " + a.type());
  }
  Term cast(const Term &x, const std::string &element) {
    Term to{"", element, x.dims};
    return p.let(x.dims, element, "weft.cast " + x + " : " + x.type() + " -> " + to.type());
  }
  Term constant(const Dims &dims, const std::string &element, const std::string &value) {
    Term one = p.let({}, element, "weft.constant dense<" + value + "> : " + typeText({}, element));
    return p.let(dims, element,
                 "weft.broadcast " + one + " along [] : " + one.type() + " -> " +
                     typeText(dims, element));
  }
  Term iota(const Dims &dims) {
    return p.let(dims, "i64", "weft.iota 0 : " + typeText(dims, "i64"));
  }
  Term gather(const Term &x, const Term &indices) {
    return p.let(indices.dims, x.element,
                 "weft.gather " + x + ", " + indices + " axis 0 : " + x.type() + ", " +
                     indices.type() + " -> " + typeText(indices.dims, x.element));
  }
  Term scatter(const std::string &kind, const Term &x, const Term &indices, const Term &updates) {
    return p.let(x.dims, x.element,
                 "weft.scatter " + kind + " " + x + ", " + indices + ", " + updates +
                     " axis 0 : " + x.type() + ", " + indices.type() + ", " + updates.type());
  }
  Term total(const Term &x) {
    return p.let({}, x.element,
                 "weft.reduce sum " + x + " axes [0] : " + x.type() + " -> " +
                     typeText({}, x.element));
  }
  Term running(const Term &x, const std::string &how) {
    return p.let(x.dims, x.element,
                 "weft.cumulative sum " + x + " axis 0" + how + " : " + x.type());
  }
  /// Where each true element of a mask goes when they move to the front; -1 for the others.
  Term placesOf(const Term &mask) {
    Term none = constant(mask.dims, "i64", "-1");
    return same("select", {mask, running(cast(mask, "i64"), " exclusive"), none});
  }
};

/// NonZero and Compress: the true places, and rows of `x` there; zeros behind, and how many.
void addCompress(Suite &suite, const std::string &e) {
  suite.add(
      "weft.scatter", e, "compress",
      [=](Program &p, Dim n) {
        Writing w{p};
        Term mask = p.input({n}, "i1"), x = p.input({n, 3}, e);
        Term places = w.placesOf(mask);
        p.give(w.scatter("set", w.constant({n}, "i64", "0"), places, w.iota({n})));
        p.give(w.scatter("set", w.constant({n, 3}, e, e[0] == 'i' || e[0] == 'u' ? "0" : "0.0"),
                         places, x));
        p.give(w.total(w.cast(mask, "i64")));
      },
      exact);
}

/// Unique: the distinct values in order, where each element went, how often, and how many.
void addUnique(Suite &suite, const std::string &e) {
  suite.add(
      "weft.arg_sort", e, "unique",
      [=](Program &p, Dim n) {
        Writing w{p};
        Term x = p.input({n}, e, {0, 5, true});
        Term order =
            p.let({n}, "i64",
                  "weft.arg_sort " + x + " axis 0 : " + x.type() + " -> " + typeText({n}, "i64"));
        Term sorted = w.gather(x, order), place = w.iota({n});
        // Before the first stands the first itself, since indices are clamped.
        Term previous = w.gather(sorted, w.same("sub", {place, w.constant({n}, "i64", "1")}));
        Term differs = w.compare("ne", sorted, previous);
        Term isFirst = w.compare("eq", place, w.constant({n}, "i64", "0"));
        Term starts = w.cast(w.same("or", {differs, isFirst}), "i64");
        Term group = w.same("sub", {w.running(starts, ""), w.constant({n}, "i64", "1")});
        Term zeros = w.constant({n}, "i64", "0");
        p.give(w.scatter("set", w.constant({n}, e, e[0] == 'i' || e[0] == 'u' ? "0" : "0.0"), group,
                         sorted));
        p.give(w.scatter("set", zeros, order, group));
        p.give(w.scatter("add", zeros, group, w.constant({n}, "i64", "1")));
        p.give(w.total(starts));
      },
      exact);
}

/// Greedy suppression on a line: each interval that still stands takes out later ones that
/// overlap it. A loop that carries a counter, the mask and a list of what was kept.
void addSuppression(Suite &suite) {
  suite.add(
      "weft.while", "f32", "suppression",
      [=](Program &p, Dim n) {
        Writing w{p};
        Term low = p.input({n}, "f32", {0, 20}), size = p.input({n}, "f32", {0, 3});
        Term high = w.same("add", {low, size}), place = w.iota({n});
        Term alive = w.constant({n}, "i1", "true"), none = w.constant({n}, "i64", "-1");
        Term zero = w.constant({}, "i64", "0");
        Term count = p.let({}, "i64", "weft.size " + shapeText({n}) + " : tensor<i64>");
        std::string f = low.type(), b = alive.type(), l = place.type();
        auto spread = [&](const std::string &name, const std::string &type, const std::string &e) {
          return "    %" + name + "_s = weft.dynamic_slice " + (name == "a" ? "%low_" : "%high_") +
                 "[%i] : " + type + ", tensor<i64> -> tensor<1x" + e + ">\n    %" + name +
                 "_r = weft.reshape %" + name + "_s : tensor<1x" + e + "> -> tensor<" + e +
                 ">\n    %" + name + " = weft.broadcast %" + name + "_r along [] : tensor<" + e +
                 "> -> " + type + "\n";
        };
        std::string body = spread("a", f, "f32") + spread("z", f, "f32");
        for (const auto &[from, to] : {std::pair{"%low_", low.name}, {"%high_", high.name}})
          for (size_t at = 0; (at = body.find(from, at)) != std::string::npos;)
            body.replace(at, std::string(from).size(), to);
        body += "    %i_n = weft.broadcast %i along [] : tensor<i64> -> " + l +
                "\n    %later = weft.compare gt " + place + ", %i_n : " + l +
                "\n    %left = weft.compare lt " + low + ", %z : " + f +
                "\n    %right = weft.compare gt " + high + ", %a : " + f +
                "\n    %meets = weft.and %left, %right : " + b +
                "\n    %taken = weft.and %meets, %later : " + b +
                "\n    %kept = weft.not %taken : " + b +
                "\n    %still = weft.and %alive, %kept : " + b +
                "\n    %mine = weft.dynamic_slice %alive[%i] : " + b +
                ", tensor<i64> -> tensor<1xi1>\n    %me = weft.reshape %mine : tensor<1xi1> -> " +
                "tensor<i1>\n    %next:3 = weft.if %me -> " + b + ", " + l + ", tensor<i64> {\n" +
                "      %one = weft.reshape %i : tensor<i64> -> tensor<1xi64>\n" +
                "      %more = weft.update_slice %list, %one[%found] : " + l +
                ", tensor<1xi64>, tensor<i64>\n" +
                "      %step = weft.constant dense<1> : tensor<i64>\n" +
                "      %up = weft.add %found, %step : tensor<i64>\n" +
                "      weft.yield %still, %more, %up : " + b + ", " + l + ", tensor<i64>\n" +
                "    } else {\n      weft.yield %alive, %list, %found : " + b + ", " + l +
                ", tensor<i64>\n    }\n    %unit = weft.constant dense<1> : tensor<i64>\n" +
                "    %j = weft.add %i, %unit : tensor<i64>\n    weft.yield %j, %next#0, %next#1, " +
                "%next#2 : tensor<i64>, " + b + ", " + l + ", tensor<i64>\n  }";
        std::vector<Term> results =
            p.letAll({{"", "i64", {}}, {"", "i1", {n}}, {"", "i64", {n}}, {"", "i64", {}}},
                     "weft.while (%i = " + zero + " : tensor<i64>, %alive = " + alive + " : " + b +
                         ", %list = " + none + " : " + l + ", %found = " + zero +
                         " : tensor<i64>) -> (tensor<i64>, " + b + ", " + l +
                         ", tensor<i64>) condition {\n    %more = weft.compare lt %i, " + count +
                         " : tensor<i64>\n    weft.yield %more : tensor<i1>\n  } do {\n" + body);
        for (size_t i = 1; i < 4; ++i)
          p.give(results[i]);
      },
      {.tolerance = {.exact = true}, .leastSize = 1});
}

/// An if in a while in a scan: each row is halved or incremented as often as its step says, and
/// what it was on the way is added up. Rows may be empty, and there may be no row.
void addNested(Suite &suite, const std::string &e) {
  suite.add(
      "weft.scan", e, "nested",
      [=](Program &p, Dim n) {
        for (auto [steps, width] : {std::pair<Dim, Dim>{n, 3}, {3, n}}) {
          Term times = p.input({steps}, "i64", {0, 5});
          Term xs = p.input({steps, width}, e, {0, 9}), init = p.input({width}, e, {0, 9});
          std::string row = init.type(), pair = row + ", tensor<i64>";
          std::string body =
              "    %zero = weft.constant dense<0> : tensor<i64>\n"
              "    %w:2 = weft.while (%v = %x : " +
              row + ", %k = %zero : tensor<i64>) -> (" + pair +
              ") condition {\n      %more = weft.compare lt %k, %t : tensor<i64>\n"
              "      weft.yield %more : tensor<i1>\n    } do {\n"
              "      %two = weft.constant dense<2> : tensor<i64>\n"
              "      %bit = weft.rem %k, %two : tensor<i64>\n"
              "      %odd = weft.compare eq %bit, %zero : tensor<i64>\n"
              "      %n = weft.if %odd -> " +
              row + " {\n        %s = weft.add %v, %c : " + row +
              "\n        weft.yield %s : " + row +
              "\n      } else {\n        %d = weft.mul %v, %x : " + row +
              "\n        weft.yield %d : " + row +
              "\n      }\n"
              "      %one = weft.constant dense<1> : tensor<i64>\n"
              "      %l = weft.add %k, %one : tensor<i64>\n      weft.yield %n, %l : " +
              pair + "\n    }\n    %u = weft.sub %c, %w#0 : " + row +
              "\n    %m = weft.add %total, %w#1 : tensor<i64>\n    weft.yield %u, %m, %w#0, %w#1 "
              ": " +
              pair + ", " + pair + "\n  }";
          std::vector<Term> results = p.letAll(
              {{"", e, {width}}, {"", "i64", {}}, {"", e, {steps, width}}, {"", "i64", {steps}}},
              "weft.scan (%c = " + init + " : " + row +
                  ", %total = " + p.let({}, "i64", "weft.constant dense<0> : tensor<i64>") +
                  " : tensor<i64>) over (%x = " + xs + " : " + xs.type() + ", %t = " + times +
                  " : " + times.type() + ") -> (" + pair + ", " + xs.type() + ", " + times.type() +
                  ") {\n" + body);
          for (const Term &result : results)
            p.give(result);
        }
      },
      {.tolerance = {.exact = true}, .greatestSize = 67});
}

/// No input at all; constants, one of them twice, and an input handed through twice.
void addEntries(Suite &suite) {
  suite.add("weft.constant", "f32", "alone",
            [](Program &p, Dim) {
              Term a = p.let({2}, "f32", "weft.constant dense<[1.5, -0.0]> : tensor<2xf32>");
              Term b = p.let({}, "i1", "weft.constant dense<true> : tensor<i1>");
              for (const Term &each :
                   {a, b, a, p.let({0, 3}, "i8", "weft.iota 1 : tensor<0x3xi8>")})
                p.give(each);
            },
            {.tolerance = {.exact = true}, .isFixed = true});
  suite.add(
      "weft.constant", "f32", "through",
      [](Program &p, Dim n) {
        Term x = p.input({n, 2}, "f32"), y = Writing{p}.same("neg", {x});
        Term c = p.let({}, "i64", "weft.constant dense<7> : tensor<i64>");
        for (const Term &each : {x, c, x, y, y, c})
          p.give(each);
      },
      exact);
}

/// Rank 8: moved, reduced, and through control.
void addHighRank(Suite &suite, const std::string &e) {
  suite.add(
      "weft.transpose", e, "rank_8",
      [=](Program &p, Dim n) {
        Term x = p.input({2, 1, 3, n, 1, 2, 1, 2}, e, {0, 3});
        Dims turned = {2, 2, 3, 1, n, 1, 1, 2};
        Term y = p.let(turned, e,
                       "weft.transpose " + x + " [7, 5, 2, 1, 3, 4, 6, 0] : " + x.type() + " -> " +
                           typeText(turned, e));
        p.give(Writing{p}.same("add", {y, y}));
        Dims left = {2, 3, 1, 1};
        p.give(p.let(left, e,
                     "weft.reduce max " + y + " axes [1, 4, 5, 7] : " + y.type() + " -> " +
                         typeText({2, 3, 1, 1}, e)));
        Term c = p.input({}, "i1");
        p.give(p.let(turned, e,
                     "weft.if " + c + " -> " + y.type() + " {\n    weft.yield " + y + " : " +
                         y.type() + "\n  } else {\n    %m = weft.mul " + y + ", " + y + " : " +
                         y.type() + "\n    weft.yield %m : " + y.type() + "\n  }"));
      },
      exact);
}

/// Rank 0 where an operation takes it.
void addRankZero(Suite &suite, const std::string &e) {
  suite.add(
      "weft.reduce", e, "rank_0",
      [=](Program &p, Dim n) {
        Term x = p.input({}, e, {0, 3}), y = p.input({}, e, {0, 3}), xs = p.input({n}, e, {0, 3});
        std::string s = x.type(), two = s + ", " + s;
        p.give(p.let({}, e, "weft.reduce prod " + x + " axes [] : " + s + " -> " + s));
        p.give(p.let({}, e, "weft.transpose " + x + " [] : " + s + " -> " + s));
        p.give(p.let({}, e, "weft.contract \",->\" " + x + ", " + y + " : " + two + " -> " + s));
        p.give(p.let({}, e, "weft.slice " + x + " from <[]> by [] : " + s + " -> " + s));
        p.give(p.let({}, e, "weft.dynamic_slice " + x + "[] : " + s + " -> " + s));
        p.give(p.let({}, e, "weft.update_slice " + x + ", " + y + "[] : " + two));
        p.give(p.let({}, e,
                     "weft.pad " + x + ", " + y + " low <[]> high <[]> interior [] : " + s +
                         " -> " + s));
        Term place = p.input({}, "i64", {0, 3});
        p.give(p.let({}, e,
                     "weft.gather " + xs + ", " + place + " axis 0 : " + xs.type() +
                         ", tensor<i64> -> " + s));
        p.give(p.let({n}, e,
                     "weft.scatter set " + xs + ", " + place + ", " + x + " axis 0 : " + xs.type() +
                         ", tensor<i64>, " + s));
        std::vector<Term> results =
            p.letAll({{"", e, {}}, {"", e, {n}}},
                     "weft.scan (%c = " + x + " : " + s + ") over (%x = " + xs + " : " + xs.type() +
                         ") -> (" + s + ", " + xs.type() + ") {\n    %s = weft.add %c, %x : " + s +
                         "\n    weft.yield %s, %c : " + two + "\n  }");
        p.give(results[0]);
        p.give(results[1]);
      },
      {.tolerance = {.exact = true}, .greatestSize = 67});
}

} // namespace

void addCompositionCases(Suite &suite) {
  for (const char *element : {"f32", "f64", "i64", "ui8", "bf16"}) {
    addCompress(suite, element);
    addUnique(suite, element);
  }
  for (const char *element : {"i64", "i8", "ui16"})
    addNested(suite, element);
  for (const char *element : {"f32", "f16", "i32", "ui8"}) {
    addHighRank(suite, element);
    addRankZero(suite, element);
  }
  addSuppression(suite);
  addEntries(suite);
}

} // namespace weft::opmatrix
