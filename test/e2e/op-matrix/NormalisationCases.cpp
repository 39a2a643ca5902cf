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

} // namespace

void addNormalisationCases(Suite &suite) {
  for (const std::string &element : floats) {
    addSoftmax(suite, "weft.softmax", element);
    addSoftmax(suite, "weft.log_softmax", element);
    addNorms(suite, element);
    addAttention(suite, element);
    addUnevenAttention(suite, element);
  }
}

} // namespace weft::opmatrix
