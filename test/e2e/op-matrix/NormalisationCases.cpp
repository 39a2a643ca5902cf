// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax, normalisations and attention.

#include "Suite.h"

namespace weft::opmatrix {

namespace {

/// Several roundings to the element type lie between input and result once the operation is
/// taken apart; values are of magnitude 1.
const Tolerance composite{.factor = 8, .againstLargest = true};

void addSoftmax(Suite &suite, const std::string &operation, const std::string &e) {
  suite.add(operation, e, "",
            [=](Program &p, Dim n) {
              Term x = p.input({n, 5}, e, {-6, 6}), y = p.input({2, n}, e, {-6, 6});
              Term z = p.input({n, 3}, e, {-6, 6, true}), far = p.input({3, n}, e, {80, 88});
              for (const Term &each : {x, y, z, far})
                for (int axis : {0, 1})
                  p.give(p.let(each.dims, e,
                               operation + " " + each + " axis " + std::to_string(axis) + " : " +
                                   each.type(),
                               false));
            },
            {.tolerance = composite});
}

void addNorms(Suite &suite, const std::string &e) {
  std::string epsilon = " epsilon 1.0e-3";
  suite.add(
      "weft.layer_norm", e, "",
      [=](Program &p, Dim n) {
        Term x = p.input({n, 7}, e), scale = p.input({7}, e), shift = p.input({7}, e);
        p.give(p.let(x.dims, e,
                     "weft.layer_norm " + x + " scale " + scale + " : " + scale.type() + " shift " +
                         shift + " : " + shift.type() + " axis 1" + epsilon + " : " + x.type()));
        Term y = p.input({3, n, 2}, e);
        p.give(p.let(y.dims, e, "weft.layer_norm " + y + " axis 1" + epsilon + " : " + y.type()));
        Term z = p.input({2, n}, e, {99, 101}); // a large offset
        p.give(p.let(z.dims, e, "weft.layer_norm " + z + " axis 1" + epsilon + " : " + z.type()));
        // The first element stands far outside of the others.
        Term far = p.input({n, 1}, e, {60, 64}), near = p.input({n, 66}, e, {-1, 1});
        Dims joined = {n, 67};
        Term row = p.let(joined, e,
                         "weft.concat 1 " + far + ", " + near + " : (" + far.type() + ", " +
                             near.type() + ") -> " + typeText(joined, e));
        p.give(
            p.let(joined, e, "weft.layer_norm " + row + " axis 1" + epsilon + " : " + row.type()));
      },
      {.tolerance = {.factor = 64, .againstLargest = true}});
  suite.add("weft.rms_norm", e, "",
            [=](Program &p, Dim n) {
              Term x = p.input({n, 7}, e), scale = p.input({7}, e), y = p.input({3, n}, e);
              p.give(p.let(x.dims, e,
                           "weft.rms_norm " + x + " scale " + scale + " : " + scale.type() +
                               " axis 1" + epsilon + " : " + x.type()));
              p.give(
                  p.let(y.dims, e, "weft.rms_norm " + y + " axis 1" + epsilon + " : " + y.type()));
            },
            {.tolerance = composite});
  suite.add("weft.batch_norm", e, "",
            [=](Program &p, Dim n) {
              Term x = p.input({n, 3, 5}, e);
              Term scale = p.input({3}, e), shift = p.input({3}, e), mean = p.input({3}, e);
              Term variance = p.input({3}, e, {0.5, 2});
              p.give(p.let(x.dims, e,
                           "weft.batch_norm " + x + ", " + scale + ", " + shift + ", " + mean +
                               ", " + variance + epsilon + " : " + x.type() + ", " + scale.type()));
            },
            {.tolerance = composite});
  suite.add(
      "weft.group_norm", e, "",
      [=](Program &p, Dim n) {
        Term x = p.input({n, 4, 3}, e), scale = p.input({4}, e), shift = p.input({4}, e);
        p.give(p.let(x.dims, e,
                     "weft.group_norm " + x + " scale " + scale + " : " + scale.type() + " shift " +
                         shift + " : " + shift.type() + " groups 2" + epsilon + " : " + x.type()));
        Term y = p.input({2, 6, n}, e);
        p.give(p.let(y.dims, e, "weft.group_norm " + y + " groups 3" + epsilon + " : " + y.type()));
      },
      {.tolerance = composite});
}

void addAttention(Suite &suite, const std::string &e) {
  auto add = [&](const std::string &label, const std::string &mask, const std::string &causal) {
    suite.add("weft.attention", e, label,
              [=](Program &p, Dim n) {
                Term q = p.input({2, n, 4}, e), k = p.input({2, n, 4}, e),
                     v = p.input({2, n, 3}, e);
                std::string masked;
                if (!mask.empty()) {
                  Term m = p.input({2, n, n}, mask);
                  masked = " mask " + m + " : " + m.type();
                }
                Dims to = {2, n, 3};
                p.give(p.let(to, e,
                             "weft.attention " + q + ", " + k + ", " + v + masked + " scale 0.5" +
                                 causal + " : " + q.type() + ", " + k.type() + ", " + v.type() +
                                 " -> " + typeText(to, e),
                             false));
              },
              {.tolerance = composite, .greatestSize = 67});
  };
  add("plain", "", "");
  add("causal", "", " causal");
  add("mask", "i1", "");
  add("bias", e, "");
  add("mask_causal", "i1", " causal");
}

/// More keys than queries, and queries that see nothing.
void addUnevenAttention(Suite &suite, const std::string &e) {
  suite.add("weft.attention", e, "uneven",
            [=](Program &p, Dim n) {
              for (auto [l, s] : {std::pair<Dim, Dim>{n, 5}, {5, n}}) {
                Term q = p.input({l, 4}, e), k = p.input({s, 4}, e), v = p.input({s, 3}, e);
                Dims to = {l, 3};
                p.give(p.let(to, e,
                             "weft.attention " + q + ", " + k + ", " + v +
                                 " scale 1.0 causal : " + q.type() + ", " + k.type() + ", " +
                                 v.type() + " -> " + typeText(to, e),
                             false));
              }
            },
            {.tolerance = composite, .greatestSize = 67});
}

std::string attended(const Term &q, const Term &k, const Term &v, const std::string &how,
                     const Dims &to) {
  return "weft.attention " + q + ", " + k + ", " + v + how + " : " + q.type() + ", " + k.type() +
         ", " + v.type() + " -> " + typeText(to, q.element);
}

/// [length, heads, width] as [heads, length, width].
Term headsFirst(Program &p, const Term &x) {
  Dims to = {x.dims[1], x.dims[0], x.dims[2]};
  return p.let(to, x.element,
               "weft.transpose " + x + " [1, 0, 2] : " + x.type() + " -> " +
                   typeText(to, x.element));
}

/// Heads in the middle, wider than vectors and of odd widths; what comes before and after.
void addHeads(Suite &suite, const std::string &e) {
  suite.add("weft.attention", e, "heads",
            [=](Program &p, Dim n) {
              Term q = p.input({n, 3, 19}, e), k = p.input({n, 3, 19}, e),
                   v = p.input({n, 3, 37}, e);
              Dims inner = {3, n, 37}, outer = {n, 3, 37};
              Term negative = p.let(q.dims, e, "weft.neg " + q + " : " + q.type());
              Term y = p.let(inner, e,
                             attended(headsFirst(p, negative), headsFirst(p, k), headsFirst(p, v),
                                      " scale 0.25", inner),
                             false);
              Term plus = p.let(inner, e, "weft.add " + y + ", " + y + " : " + y.type(), false);
              p.give(p.let(outer, e,
                           "weft.transpose " + plus + " [1, 0, 2] : " + plus.type() + " -> " +
                               typeText(outer, e),
                           false));
            },
            {.tolerance = composite, .greatestSize = 67});
  // Two heads of queries share keys; columns of values that are not neighbours in memory.
  suite.add("weft.attention", e, "grouped",
            [=](Program &p, Dim n) {
              Term q = p.input({2, 2, n, 16}, e), k = p.input({2, n, 16}, e),
                   v = p.input({2, 18, n}, e);
              Dims keys = {2, 2, n, 16}, turned = {2, n, 18}, values = {2, 2, n, 18};
              Term kk = p.let(keys, e,
                              "weft.broadcast " + k + " along [0, 2, 3] : " + k.type() + " -> " +
                                  typeText(keys, e));
              Term vt = p.let(turned, e,
                              "weft.transpose " + v + " [0, 2, 1] : " + v.type() + " -> " +
                                  typeText(turned, e));
              Term vv = p.let(values, e,
                              "weft.broadcast " + vt + " along [0, 2, 3] : " + vt.type() + " -> " +
                                  typeText(values, e));
              p.give(p.let(values, e, attended(q, kk, vv, " scale 0.25 causal", values), false));
            },
            {.tolerance = composite, .greatestSize = 67});
}

/// Keys in several blocks, whose maxima grow; masks that repeat along queries, and rows that see
/// nothing in some blocks or in all.
void addLongAttention(Suite &suite, const std::string &e) {
  suite.add(
      "weft.attention", e, "long",
      [=](Program &p, Dim n) {
        Term q = p.input({n, 5}, e, {0, 2}), k = p.input({1100, 5}, e, {-2, 3});
        Term v = p.input({1100, 3}, e), m = p.input({n, 1100}, "i1");
        Term line = p.input({1100}, e, {-5, 0});
        Dims to = {n, 3};
        p.give(p.let(to, e, attended(q, k, v, " scale 1.0", to), false));
        p.give(p.let(to, e, attended(q, k, v, " scale 1.0 causal", to), false));
        p.give(p.let(to, e, attended(q, k, v, " mask " + m + " : " + m.type() + " scale 1.0", to),
                     false));
        Term wide = p.let(m.dims, e,
                          "weft.broadcast " + line + " along [1] : " + line.type() + " -> " +
                              typeText(m.dims, e));
        p.give(p.let(to, e,
                     attended(q, k, v, " mask " + wide + " : " + wide.type() + " scale 1.0", to),
                     false));
      },
      {.tolerance = composite, .greatestSize = 67});
}

/// NaN and infinities in scores and masks; nothing of the sort in the values.
void addSpecialAttention(Suite &suite, const std::string &e) {
  suite.add("weft.attention", e, "special",
            [=](Program &p, Dim n) {
              Term q = p.input({n, 4}, e, {-2, 2, true}), plain = p.input({n, 4}, e);
              Term k = p.input({7, 4}, e), v = p.input({7, 3}, e);
              Term bias = p.input({n, 7}, e, {-2, 2, true});
              Dims to = {n, 3};
              p.give(p.let(to, e, attended(q, k, v, " scale 1.0", to), false));
              p.give(p.let(
                  to, e,
                  attended(plain, k, v, " mask " + bias + " : " + bias.type() + " scale 1.0", to),
                  false));
            },
            {.tolerance = composite, .greatestSize = 67});
}

} // namespace

void addNormalisationCases(Suite &suite) {
  for (const std::string &element : floats) {
    addSoftmax(suite, "weft.softmax", element);
    addSoftmax(suite, "weft.log_softmax", element);
    addNorms(suite, element);
    addAttention(suite, element);
    addUnevenAttention(suite, element);
    addHeads(suite, element);
    addLongAttention(suite, element);
    addSpecialAttention(suite, element);
  }
}

} // namespace weft::opmatrix
