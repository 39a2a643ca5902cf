// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Chains that form one kernel: each kind of root with what may be computed before it and after
// it, and with values that have several uses.

#include "Suite.h"

#include <cmath>

namespace weft::opmatrix {

namespace {

using Step = std::function<Term(Program &, const Term &)>;

Term same(Program &p, const Term &x, const std::string &operation, const std::string &rest = "") {
  return p.let(x.dims, x.element, "weft." + operation + " " + x + rest + " : " + x.type());
}

Term with(Program &p, const std::string &operation, const Term &a, const Term &b) {
  return same(p, a, operation, ", " + b.name);
}

Term to(Program &p, const Term &x, const std::string &text, Dims dims) {
  return p.let(dims, x.element, text + " : " + x.type() + " -> " + typeText(dims, x.element));
}

/// What stands before the root: [n, 6] to [n, 6].
const std::vector<std::pair<std::string, Step>> producers = {
    {"none", [](Program &, const Term &x) { return x; }},
    {"chain", [](Program &p, const Term &x) { return with(p, "mul", same(p, x, "neg"), x); }},
    {"broadcast",
     [](Program &p, const Term &x) {
       Term row = p.input({6}, x.element, {0.5, 1.5});
       return with(p, "mul", x, to(p, row, "weft.broadcast " + row + " along [1]", x.dims));
     }},
    {"transpose",
     [](Program &p, const Term &x) {
       Dims turned = {x.dims[1], x.dims[0]};
       Term y = p.input(turned, x.element, {0, 2});
       return with(p, "add", x, to(p, y, "weft.transpose " + y + " [1, 0]", x.dims));
     }},
    {"slice",
     [](Program &p, const Term &x) {
       Term y = p.input({x.dims[0] + Dim(1), 8}, x.element, {0, 2});
       return with(p, "add", x,
                   to(p, y, "weft.slice " + y + " from #weft.shape<[1, 2]> by [1, 1]", x.dims));
     }},
    {"pad",
     [](Program &p, const Term &x) {
       Term y = p.input({x.dims[0], 4}, x.element, {0, 2}), zero = p.input({}, x.element, {0, 1});
       return with(p, "add", x,
                   to(p, y,
                      "weft.pad " + y + ", " + zero + " low #weft.shape<[0, 1]> high " +
                          "#weft.shape<[0, 1]> interior [0, 0]",
                      x.dims));
     }},
};

/// What follows the root, of its shape.
Term epilogue(Program &p, const Term &y) {
  Term other = p.input(y.dims, y.element, {0, 2});
  Term sum = with(p, "add", y, other);
  if (y.dims.empty())
    return with(p, "max", sum, other);
  Term bias = p.input({y.dims.back()}, y.element, {0, 2});
  std::string last = listText({static_cast<int64_t>(y.dims.size()) - 1});
  Term wide = to(p, bias, "weft.broadcast " + bias + " along " + last, y.dims);
  return with(p, "max", with(p, "mul", sum, wide), other);
}

Step rooted(const std::string &text, std::function<Dims(const Dims &)> shapeOf) {
  return [=](Program &p, const Term &x) {
    Dims dims = shapeOf(x.dims);
    std::string head = text;
    head.replace(head.find('%'), 1, x.name);
    return p.let(dims, x.element, head + " : " + x.type() + " -> " + typeText(dims, x.element),
                 false);
  };
}

Step normal(const std::string &name, const std::string &rest) {
  return [=](Program &p, const Term &x) { return same(p, x, name, rest); };
}

Term asImage(Program &p, const Term &x) { return to(p, x, "weft.reshape " + x, {x.dims[0], 2, 3}); }

Term contracted(Program &p, const Term &x) {
  Term w = p.input({6, 5}, x.element, {-1, 1});
  Dims dims = {x.dims[0], 5};
  return p.let(dims, x.element,
               "weft.contract \"ik,kj->ij\" " + x + ", " + w + " : " + x.type() + ", " + w.type() +
                   " -> " + typeText(dims, x.element));
}

Term convolved(Program &p, const Term &x) {
  Term image = asImage(p, x), w = p.input({4, 2, 3}, x.element, {-1, 1});
  Dims dims = {x.dims[0], 4, 3};
  return p.let(dims, x.element,
               "weft.conv " + image + ", " + w +
                   " strides [1] pad [1] [1] dilations [1] groups 1 : " + image.type() + ", " +
                   w.type() + " -> " + typeText(dims, x.element));
}

Term spread(Program &p, const Term &x) {
  Term image = asImage(p, x), w = p.input({2, 4, 2}, x.element, {-1, 1});
  Dims dims = {x.dims[0], 4, 4};
  return p.let(dims, x.element,
               "weft.conv_transpose " + image + ", " + w +
                   " strides [1] pad [0] [0] dilations [1] output_padding [0] groups 1 : " +
                   image.type() + ", " + w.type() + " -> " + typeText(dims, x.element));
}

Term pooled(Program &p, const Term &x) {
  Term image = asImage(p, x);
  return to(p, image,
            "weft.pool max " + image + " window [2] strides [1] pad [0] [0] dilations [1]",
            {x.dims[0], 2, 2});
}

Term scattered(Program &p, const Term &x) {
  Term indices = p.input({4}, "i32", {-1, 7}), updates = p.input({x.dims[0], 4}, x.element, {0, 2});
  return p.let(x.dims, x.element,
               "weft.scatter add " + x + ", " + indices + ", " + updates + " axis 1 : " + x.type() +
                   ", tensor<4xi32>, " + updates.type());
}

Term updated(Program &p, const Term &x) {
  Term box = p.input({x.dims[0], 2}, x.element, {0, 2}), i = p.input({}, "i64", {0, 5});
  return p.let(x.dims, x.element,
               "weft.update_slice " + x + ", " + box + "[" + i + ", " + i + "] : " + x.type() +
                   ", " + box.type() + ", tensor<i64>, tensor<i64>");
}

Term gathered(Program &p, const Term &x) {
  Term indices = p.input({5}, "i32", {0, 6});
  Dims dims = {x.dims[0], 5};
  return p.let(dims, x.element,
               "weft.gather " + x + ", " + indices + " axis 1 : " + x.type() +
                   ", tensor<5xi32> -> " + typeText(dims, x.element));
}

Term placed(Program &p, const Term &x) {
  Dims dims = {x.dims[0]};
  return p.let(dims, "i64",
               "weft.arg max " + x + " axis 1 : " + x.type() + " -> " + typeText(dims, "i64"));
}

Term sortedPlaces(Program &p, const Term &x) {
  return p.let(x.dims, "i64",
               "weft.arg_sort " + x + " axis 1 : " + x.type() + " -> " + typeText(x.dims, "i64"));
}

struct Root {
  std::string name;
  Step step;
  bool takesIntegers;
};

const std::vector<Root> roots = {
    {"elementwise", [](Program &p, const Term &x) { return same(p, x, "abs"); }, true},
    {"gather", gathered, true},
    {"sum_rows", rooted("weft.reduce sum % axes [1]", [](const Dims &d) { return Dims{d[0]}; }),
     true},
    {"max_columns", rooted("weft.reduce max % axes [0]", [](const Dims &d) { return Dims{d[1]}; }),
     true},
    {"sum_all", rooted("weft.reduce sum % axes [0, 1]", [](const Dims &) { return Dims{}; }), true},
    {"arg", placed, true},
    {"arg_sort", sortedPlaces, true},
    {"cumulative", normal("cumulative sum", " axis 1"), true},
    {"softmax", normal("softmax", " axis 1"), false},
    {"log_softmax", normal("log_softmax", " axis 1"), false},
    {"layer_norm", normal("layer_norm", " axis 1 epsilon 1.0e-2"), false},
    {"rms_norm", normal("rms_norm", " axis 1 epsilon 1.0e-2"), false},
    {"contract", contracted, true},
    {"conv", convolved, true},
    {"conv_transpose", spread, true},
    {"pool", pooled, true},
    {"scatter", scattered, true},
    {"update_slice", updated, true},
};

/// Chains of a few roundings behind a sum over the batch.
const Tolerance chain{.factor = 64, .againstLargest = true};

void addChains(Suite &suite, const Root &root, const std::string &e) {
  Fill fill{e[0] == 'u' ? 0.0 : -2.0, 2};
  for (const auto &[name, producer] : producers)
    suite.add("fusion", e, root.name + "_after_" + name,
              [=, &root](Program &p, Dim n) {
                p.give(epilogue(p, root.step(p, producer(p, p.input({n, 6}, e, fill)))));
              },
              {.tolerance = chain});
  // The producer serves the root and a result; the root serves a result and its epilogue.
  suite.add("fusion", e, root.name + "_reused",
            [=, &root](Program &p, Dim n) {
              Term x = producers[1].second(p, p.input({n, 6}, e, fill));
              Term y = root.step(p, x);
              p.give(same(p, x, "neg"));
              p.give(y);
              p.give(epilogue(p, y));
              p.give(with(p, "mul", y, y));
            },
            {.tolerance = chain});
}

/// Truth values are narrower than the sums that they come from.
void addMasks(Suite &suite, const std::string &e) {
  std::vector<std::pair<std::string, Step>> products = {
      {"contract", contracted}, {"conv", convolved}, {"conv_transpose", spread}};
  for (const auto &[name, step] : products)
    suite.add("fusion", e, name + "_as_mask", [=](Program &p, Dim n) {
      Term y = step(p, p.input({n, 6}, e)), bound = p.input(y.dims, e);
      p.give(p.let(y.dims, "i1", "weft.compare gt " + y + ", " + bound + " : " + y.type()));
    });
}

/// Roots behind one another, so that kernels must be cut between them.
void addSequences(Suite &suite, const std::string &e) {
  suite.add("fusion", e, "mlp",
            [=](Program &p, Dim n) {
              Term x = p.input({n, 6}, e);
              Term y = same(p, epilogue(p, contracted(p, x)), "softmax", " axis 1");
              p.give(y);
              p.give(to(p, y, "weft.reduce max " + y + " axes [1]", {n}));
            },
            {.tolerance = chain});
  suite.add("fusion", e, "residual",
            [=](Program &p, Dim n) {
              Term x = p.input({n, 6}, e);
              Term y = same(p, x, "layer_norm", " axis 1 epsilon 1.0e-2");
              p.give(with(p, "add", x, same(p, y, "rms_norm", " axis 1 epsilon 1.0e-2")));
            },
            {.tolerance = chain});
}

} // namespace

void addFusionCases(Suite &suite) {
  for (const Root &root : roots) {
    for (const char *element : {"f32", "bf16"})
      addChains(suite, root, element);
    if (root.takesIntegers)
      addChains(suite, root, "i32");
  }
  for (const std::string &element : floats) {
    addMasks(suite, element);
    addSequences(suite, element);
  }
}

} // namespace weft::opmatrix
