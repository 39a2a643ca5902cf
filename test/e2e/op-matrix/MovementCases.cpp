// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that make, repeat, rearrange, cut and join elements: results are exact.

#include "Suite.h"

namespace weft::opmatrix {

namespace {

const CaseOptions exact{.tolerance = {.exact = true}};

/// Options with a least size.
CaseOptions fromSize(int64_t size) { return {.tolerance = {.exact = true}, .leastSize = size}; }

std::string arrow(const Term &from, const Dims &to) {
  return " : " + from.type() + " -> " + typeText(to, from.element);
}

/// Values that tell places apart, with a few special ones.
Term values(Program &p, Dims dims, const std::string &element) {
  return p.input(std::move(dims), element, {element[0] == 'u' ? 0.0 : -100.0, 100, true});
}

void addMakers(Suite &suite) {
  for (const std::string &element : allNumbers())
    suite.add(
        "weft.iota", element, "",
        [=](Program &p, Dim n) {
          // The input only gives N its value.
          Term x = values(p, {n}, element);
          p.give(x);
          p.give(p.let({n, 3}, element, "weft.iota 0 : " + typeText({n, 3}, element)));
          p.give(p.let({3, n}, element, "weft.iota 1 : " + typeText({3, n}, element)));
        },
        exact);
  for (const std::string &element : allElements())
    suite.add(
        "weft.constant", element, "",
        [=](Program &p, Dim n) {
          bool isBool = element == "i1", isReal = element[0] == 'f' || element[0] == 'b';
          std::string list = isBool   ? "[true, false, true]"
                             : isReal ? "[1.5, -0.0, 3.0]"
                                      : "[1, 0, 3]";
          std::string one = isBool ? "true" : isReal ? "2.5" : "2";
          Term x = values(p, {n}, element);
          p.give(x);
          p.give(
              p.let({3}, element, "weft.constant dense<" + list + "> : " + typeText({3}, element)));
          Term c =
              p.let({}, element, "weft.constant dense<" + one + "> : " + typeText({}, element));
          p.give(p.let({n}, element, "weft.broadcast " + c + " along []" + arrow(c, {n})));
        },
        exact);
  suite.add("weft.size", "i64", "", [](Program &p, Dim n) {
    p.give(p.input({n}, "f32"));
    p.give(p.let({}, "i64",
                 "weft.size #weft.shape<[" + (Dim(2) * n + Dim(1)).str() + "]> : tensor<i64>"));
    p.give(p.let({}, "i64", "weft.size #weft.shape<[" + n.floorDiv(3).str() + "]> : tensor<i64>"));
  });
}

void addArrangers(Suite &suite, const std::string &e) {
  suite.add(
      "weft.broadcast", e, "",
      [=](Program &p, Dim n) {
        Term x = values(p, {n}, e), column = values(p, {n, 1}, e), scalar = values(p, {}, e);
        p.give(p.let({3, n}, e, "weft.broadcast " + x + " along [1]" + arrow(x, {3, n})));
        p.give(p.let({n, 3}, e, "weft.broadcast " + x + " along [0]" + arrow(x, {n, 3})));
        p.give(p.let({2, n, 5}, e,
                     "weft.broadcast " + column + " along [1, 2]" + arrow(column, {2, n, 5})));
        p.give(p.let({n}, e, "weft.broadcast " + scalar + " along []" + arrow(scalar, {n})));
      },
      exact);
  suite.add(
      "weft.reshape", e, "",
      [=](Program &p, Dim n) {
        Term x = values(p, {n, 6}, e);
        Dims flat = {n * Dim(6)}, deep = {n, 2, 3};
        Term y = p.let(flat, e, "weft.reshape " + x + arrow(x, flat));
        p.give(y);
        p.give(p.let(deep, e, "weft.reshape " + y + arrow(y, deep)));
      },
      exact);
  suite.add(
      "weft.transpose", e, "",
      [=](Program &p, Dim n) {
        Term x = values(p, {n, 5}, e), y = values(p, {2, n, 3}, e);
        p.give(p.let({5, n}, e, "weft.transpose " + x + " [1, 0]" + arrow(x, {5, n})));
        p.give(p.let({3, 2, n}, e, "weft.transpose " + y + " [2, 0, 1]" + arrow(y, {3, 2, n})));
        p.give(p.let({n, 2, 3}, e, "weft.transpose " + y + " [1, 0, 2]" + arrow(y, {n, 2, 3})));
      },
      exact);
  suite.add(
      "weft.slice", e, "",
      [=](Program &p, Dim n) {
        Term x = values(p, {n, 5}, e);
        Dims rows = {n - Dim(2), 2}, reversed = {n, 5};
        p.give(p.let(rows, e,
                     "weft.slice " + x + " from #weft.shape<[2, 1]> by [1, 3]" + arrow(x, rows)));
        p.give(p.let(reversed, e,
                     "weft.slice " + x + " from " + shapeText({n - Dim(1), 4}) + " by [-1, -1]" +
                         arrow(x, reversed)));
      },
      fromSize(2));
  suite.add(
      "weft.pad", e, "",
      [=](Program &p, Dim n) {
        Term x = values(p, {n, 3}, e), value = values(p, {}, e);
        Dims wide = {n + Dim(3), 8};
        p.give(p.let(wide, e,
                     "weft.pad " + x + ", " + value + " low #weft.shape<[1, 0]> high " +
                         "#weft.shape<[2, 1]> interior [0, 2]" + arrow(x, wide)));
      },
      exact);
  suite.add(
      "weft.concat", e, "",
      [=](Program &p, Dim n) {
        Term a = values(p, {n, 2}, e), b = values(p, {3, 2}, e), c = values(p, {n, 1}, e);
        Dims tall = {Dim(2) * n + Dim(3), 2}, wide = {n, 5};
        p.give(p.let(tall, e,
                     "weft.concat 0 " + a + ", " + b + ", " + a + " : (" + a.type() + ", " +
                         b.type() + ", " + a.type() + ") -> " + typeText(tall, e)));
        p.give(p.let(wide, e,
                     "weft.concat 1 " + a + ", " + c + ", " + a + " : (" + a.type() + ", " +
                         c.type() + ", " + a.type() + ") -> " + typeText(wide, e)));
      },
      exact);
}

/// Corners inside, before and behind the tensor.
void addBoxes(Suite &suite, const std::string &e) {
  suite.add(
      "weft.dynamic_slice", e, "",
      [=](Program &p, Dim n) {
        Term x = values(p, {n, 5}, e);
        Term i = p.input({}, "i32", {-3, 9}), j = p.input({}, "i64", {-3, 9});
        Dims box = {n - Dim(2), 2};
        p.give(p.let(box, e,
                     "weft.dynamic_slice " + x + "[" + i + ", " + j + "] : " + x.type() +
                         ", tensor<i32>, tensor<i64> -> " + typeText(box, e)));
      },
      fromSize(2));
  suite.add(
      "weft.update_slice", e, "",
      [=](Program &p, Dim n) {
        Term x = values(p, {n, 5}, e), update = values(p, {2, 3}, e);
        Term i = p.input({}, "i16", {-3, 9}), j = p.input({}, "ui8", {0, 9});
        p.give(p.let(x.dims, e,
                     "weft.update_slice " + x + ", " + update + "[" + i + ", " + j +
                         "] : " + x.type() + ", " + update.type() + ", tensor<i16>, tensor<ui8>"));
      },
      fromSize(2));
}

} // namespace

void addMovementCases(Suite &suite) {
  addMakers(suite);
  for (const std::string &element : allElements()) {
    addArrangers(suite, element);
    addBoxes(suite, element);
  }
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

namespace {

void addGather(Suite &suite, const std::string &e, const std::string &indexType) {
  suite.add(
      "weft.gather", e, indexType,
      [=](Program &p, Dim n) {
        Fill range{indexType[0] == 'u' ? 0.0 : -2.0, 9};
        Term table = values(p, {n, 3}, e), indices = p.input({n, 2}, indexType, range);
        Dims rows = {n, 2, 3};
        p.give(p.let(rows, e,
                     "weft.gather " + table + ", " + indices + " axis 0 : " + table.type() + ", " +
                         indices.type() + " -> " + typeText(rows, e)));
        p.give(p.let({n, 2}, e,
                     "weft.gather " + table + ", " + indices + " axis 1 batch 1 : " + table.type() +
                         ", " + indices.type() + " -> " + typeText({n, 2}, e)));
        Term few = p.input({4}, indexType, range);
        p.give(p.let({n, 4}, e,
                     "weft.gather " + table + ", " + few + " axis 1 : " + table.type() + ", " +
                         few.type() + " -> " + typeText({n, 4}, e)));
      },
      exact);
}

/// Without other axes; along an axis between others, by indices of rank 2, with more columns than
/// one chunk takes.
void addUnevenScatter(Suite &suite, const std::string &e, const std::string &kind) {
  suite.add(
      "weft.scatter", e, kind + "_uneven",
      [=](Program &p, Dim n) {
        Fill small{e[0] == 'u' ? 0.0 : -3.0, 3};
        auto scatter = [&](const Term &x, const Term &indices, const Term &updates, int axis) {
          p.give(p.let(x.dims, e,
                       "weft.scatter " + kind + " " + x + ", " + indices + ", " + updates +
                           " axis " + std::to_string(axis) + " : " + x.type() + ", " +
                           indices.type() + ", " + updates.type()));
        };
        Term line = p.input({n}, e, small), few = p.input({7}, "ui8", {0, 9});
        scatter(line, few, p.input({7}, e, small), 0);
        Term wide = p.input({2, 3, n}, e, small), square = p.input({2, 2}, "i64", {-1, 4});
        scatter(wide, square, p.input({2, 2, 2, n}, e, small), 1);
      },
      exact);
}

/// Messages along the edges of a graph: rows of nodes in heads, times a weight for each, added at
/// the ends of the edges. Many enough for several threads, with ends that are not there.
void addMessages(Suite &suite, const std::string &e, const std::string &kind) {
  suite.add(
      "weft.scatter", e, kind + "_messages",
      [=](Program &p, Dim n) {
        Fill small{e[0] == 'u' ? 0.0 : -3.0, 3};
        Term nodes = p.input({70, 3, n}, e, small), start = p.input({90, 3, n}, e, small);
        Term from = p.input({1500}, "i32", {-2, 75}), to = p.input({1500}, "i64", {-3, 95});
        Term weight = p.input({1500, 3}, e, {0, 2});
        Dims dims{1500, 3, n};
        Term rows = p.let(dims, e,
                          "weft.gather " + nodes + ", " + from + " axis 0 : " + nodes.type() +
                              ", " + from.type() + " -> " + typeText(dims, e));
        Term wide =
            p.let(dims, e, "weft.broadcast " + weight + " along [0, 1]" + arrow(weight, dims));
        Term messages = p.let(dims, e, "weft.mul " + rows + ", " + wide + " : " + rows.type());
        p.give(p.let(start.dims, e,
                     "weft.scatter " + kind + " " + start + ", " + to + ", " + messages +
                         " axis 0 : " + start.type() + ", " + to.type() + ", " + messages.type()));
      },
      exact);
}

void addScatter(Suite &suite, const std::string &e, const std::string &kind) {
  suite.add(
      "weft.scatter", e, kind,
      [=](Program &p, Dim n) {
        bool isUnsigned = e[0] == 'u';
        Fill small{isUnsigned ? 0.0 : -3.0, 3};
        Term x = p.input({n, 3}, e, small), indices = p.input({n}, "i32", {-2, 9});
        Term updates = p.input({n, 3}, e, small);
        p.give(p.let(x.dims, e,
                     "weft.scatter " + kind + " " + x + ", " + indices + ", " + updates +
                         " axis 0 : " + x.type() + ", " + indices.type() + ", " + updates.type()));
        Term few = p.input({5}, "i64", {-1, 4}), columns = p.input({n, 5}, e, small);
        p.give(p.let(x.dims, e,
                     "weft.scatter " + kind + " " + x + ", " + few + ", " + columns +
                         " axis 1 : " + x.type() + ", " + few.type() + ", " + columns.type()));
      },
      exact);
}

} // namespace

void addIndexingCases(Suite &suite) {
  for (const std::string &element : allElements())
    addGather(suite, element, "i32");
  for (const std::string &index : allIntegers())
    if (index != "i32")
      addGather(suite, "f32", index);
  for (const std::string &element : allElements())
    for (auto *add : {addScatter, addUnevenScatter})
      add(suite, element, "set");
  for (const char *kind : {"add", "mul", "max", "min"})
    for (const std::string &element : allNumbers())
      for (auto *add : {addScatter, addUnevenScatter})
        add(suite, element, kind);
  for (const char *kind : {"add", "max", "set"})
    for (const char *element : {"f32", "f64", "f16", "i32"})
      addMessages(suite, element, kind);
  suite.add("weft.random_bits", "ui32", "", [](Program &p, Dim n) {
    Term seed = p.input({}, "ui64", {0, 1e9});
    p.give(p.input({n}, "f32"));
    p.give(p.let({n, 3}, "ui32",
                 "weft.random_bits " + seed + " stream 5 : " + typeText({n, 3}, "ui32")));
  });
}

} // namespace weft::opmatrix
