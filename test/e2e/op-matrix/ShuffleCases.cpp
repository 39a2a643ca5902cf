// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What networks do with channels between convolutions: shuffles, splits and concatenations, factors
// for groups, channels that become places and places that become channels.

#include "ContractionCases.h"

namespace weft::opmatrix {

namespace {

/// Images [batch, channels, height, width] and what moves their parts.
struct Images {
  Program &p;
  std::string e;

  Term convolve(const Term &x, int64_t outputs, int64_t size = 1, int64_t groups = 1) {
    int64_t inputs = *x.dims[1].constant();
    Term w = p.input({outputs, inputs / groups, size, size}, e, smallFor(e));
    Dims dims = {x.dims[0], outputs, x.dims[2], x.dims[3]};
    std::string pad = size == 1 ? "[0, 0]" : "[1, 1]";
    return p.let(dims, e,
                 "weft.conv " + x + ", " + w + " strides [1, 1] pad " + pad + " " + pad +
                     " dilations [1, 1] groups " + std::to_string(groups) + " : " + x.type() +
                     ", " + w.type() + " -> " + typeText(dims, e),
                 false);
  }
  Term reshape(const Term &x, const Dims &dims) {
    return p.let(dims, e, "weft.reshape " + x + " : " + x.type() + " -> " + typeText(dims, e),
                 false);
  }
  Term transpose(const Term &x, llvm::ArrayRef<int64_t> order) {
    Dims dims;
    for (int64_t axis : order)
      dims.push_back(x.dims[axis]);
    return p.let(dims, e,
                 "weft.transpose " + x + " " + listText(order) + " : " + x.type() + " -> " +
                     typeText(dims, e),
                 false);
  }
  Term concat(const Term &x, const Term &y) {
    Dims dims = x.dims;
    dims[1] = dims[1] + y.dims[1];
    return p.let(dims, e,
                 "weft.concat 1 " + x + ", " + y + " : (" + x.type() + ", " + y.type() + ") -> " +
                     typeText(dims, e),
                 false);
  }
  Term channels(const Term &x, int64_t first, int64_t count) {
    Dims dims = x.dims;
    dims[1] = count;
    return p.let(dims, e,
                 "weft.slice " + x + " from <[0, " + std::to_string(first) +
                     ", 0, 0]> by [1, 1, 1, 1] : " + x.type() + " -> " + typeText(dims, e),
                 false);
  }
  Term shuffle(const Term &x, int64_t groups) {
    int64_t each = *x.dims[1].constant() / groups;
    Term split = reshape(x, {x.dims[0], groups, each, x.dims[2], x.dims[3]});
    return reshape(transpose(split, {0, 2, 1, 3, 4}), x.dims);
  }
};

/// ShuffleNet v2: half of the channels goes on as it is.
void halves(Images &b, Term x, int64_t half) {
  for (int64_t unit = 0; unit < 2; ++unit) {
    Term left = b.channels(x, 0, half), right = b.channels(x, half, half);
    Term deep = b.convolve(b.convolve(right, half), half, 3, half);
    x = b.shuffle(b.concat(left, b.convolve(deep, half)), 2);
  }
  b.p.give(b.convolve(x, 3));
}

/// ShuffleNet: products by groups, whose results mix.
void grouped(Images &b, const Term &x, int64_t groups, int64_t each) {
  Term mixed = b.shuffle(b.convolve(x, groups * each, 1, groups), groups);
  b.p.give(b.convolve(mixed, groups * each, 3, groups * each));
}

/// The same as its authors write it: batch and channels are one axis for the exchange.
void everyOther(Images &b, const Term &x, int64_t half) {
  Term whole = b.convolve(x, 2 * half);
  Dim n = x.dims[0], high = x.dims[2], wide = x.dims[3];
  Term pairs = b.reshape(whole, {n * Dim(half), 2, high * wide});
  Term parts = b.reshape(b.transpose(pairs, {1, 0, 2}), {2, n, half, high, wide});
  auto part = [&](const std::string &index) {
    Term at = b.p.let({}, "i64", "weft.constant dense<" + index + "> : tensor<i64>");
    Dims dims = {n, half, high, wide};
    return b.p.let(dims, b.e,
                   "weft.gather " + parts + ", " + at + " axis 0 : " + parts.type() +
                       ", tensor<i64> -> " + typeText(dims, b.e),
                   false);
  };
  Term left = part("0");
  b.p.give(b.convolve(b.concat(left, b.convolve(part("1"), half)), 3));
}

/// Two branches of unequal width, as parts of one index and of several.
void unequal(Images &b, const Term &x, int64_t each) {
  Term joined = b.concat(b.convolve(x, 2 * each), b.convolve(x, each));
  b.p.give(b.convolve(b.channels(b.shuffle(joined, 3), 3, 6), 4));
}

/// A factor for each group of channels, and the sum of the groups.
void weighed(Images &b, const Term &x) {
  Term a = b.convolve(x, 14);
  Dims split = {a.dims[0], 2, 7, a.dims[2], a.dims[3]};
  Term groups = b.reshape(a, split), factor = b.p.input({a.dims[0], 2}, b.e, smallFor(b.e));
  Term wide = b.p.let(split, b.e,
                      "weft.broadcast " + factor + " along [0, 1] : " + factor.type() + " -> " +
                          groups.type());
  Term scaled =
      b.p.let(split, b.e, "weft.mul " + groups + ", " + wide + " : " + groups.type(), false);
  b.p.give(b.convolve(b.reshape(scaled, a.dims), 5));
  Dims one = {a.dims[0], 7, a.dims[2], a.dims[3]};
  Term sum = b.p.let(one, b.e,
                     "weft.reduce sum " + scaled + " axes [1] : " + scaled.type() + " -> " +
                         typeText(one, b.e),
                     false);
  b.p.give(b.convolve(sum, 5));
}

/// Blocks of `r` by `r` places from channels and back, before a convolution and at the end; the
/// channels of a block stand `first` or last.
void blocks(Images &b, const Term &x, int64_t channels, int64_t r, bool first) {
  Term a = b.convolve(x, channels * r * r);
  Dim n = a.dims[0], high = a.dims[2], wide = a.dims[3];
  Term split = b.reshape(a, first ? Dims{n, r, r, channels, high, wide}
                                  : Dims{n, channels, r, r, high, wide});
  Term mixed =
      first ? b.transpose(split, {0, 3, 4, 1, 5, 2}) : b.transpose(split, {0, 1, 4, 2, 5, 3});
  Term image = b.reshape(mixed, {n, channels, high * Dim(r), wide * Dim(r)});
  b.p.give(image);
  Term next = b.convolve(image, channels, 3);
  Term windows = b.reshape(next, {n, channels, high, r, wide, r});
  Term back =
      first ? b.transpose(windows, {0, 3, 5, 1, 2, 4}) : b.transpose(windows, {0, 1, 3, 5, 2, 4});
  b.p.give(b.convolve(b.reshape(back, a.dims), 3));
}

} // namespace

void addShuffleCases(Suite &suite) {
  auto add = [&](const std::string &label, int64_t inputs, bool isBatch, auto write) {
    suite.add(
        "weft.reshape", "f32", label,
        [=](Program &p, Dim n) {
          Images images{p, "f32"};
          Dims dims = isBatch ? Dims{n, inputs, 3, 5} : Dims{1, inputs, n, 3};
          write(images, p.input(dims, "f32", smallFor("f32")));
        },
        ofSum(1000, 1, 17));
  };
  add("shuffled_halves", 38, true, [](Images &b, const Term &x) { halves(b, x, 19); });
  add("shuffled_lines", 22, false, [](Images &b, const Term &x) { halves(b, x, 11); });
  add("shuffled_groups", 6, true, [](Images &b, const Term &x) { grouped(b, x, 3, 20); });
  add("shuffled_parts", 4, true, [](Images &b, const Term &x) { everyOther(b, x, 9); });
  add("shuffled_unequal", 4, false, [](Images &b, const Term &x) { unequal(b, x, 8); });
  add("weighed_groups", 4, true, [](Images &b, const Term &x) { weighed(b, x); });
  add("blocks_of_places", 4, false, [](Images &b, const Term &x) { blocks(b, x, 5, 2, false); });
  add("blocks_of_channels", 4, true, [](Images &b, const Term &x) { blocks(b, x, 5, 2, true); });
}

} // namespace weft::opmatrix
