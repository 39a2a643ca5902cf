// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random well-typed programs: a pool of values grows by random operations on its members, and the
// last few are results. Magnitudes stay small, and what can jump (floor, compare, argmax) is only
// applied to values that every way of computing gives to the last bit.

#include "Suite.h"

namespace weft::opmatrix {

namespace {

class Generator {
public:
  Generator(Program &into, Dim sizeUnderTest, uint64_t seed)
      : program(into), n(sizeUnderTest), random(seed) {}

  void run() {
    for (int i = 0; i < 3; ++i)
      pool.push_back(newInput(randomDims()));
    int64_t steps = 4 + below(12);
    for (int64_t i = 0; i < steps; ++i)
      pool.push_back(step(pick()));
    for (size_t i = pool.size() - 3; i < pool.size(); ++i)
      program.give(pool[i]);
  }

private:
  int64_t below(int64_t bound) { return static_cast<int64_t>(random() % bound); }
  const Term &pick() { return pool[below(static_cast<int64_t>(pool.size()))]; }
  Term step(const Term &x);
  Term movement(const Term &x);
  Term root(const Term &x);
  Term windows(const Term &x);
  Term floatFunction(const Term &x);
  Term select(const Term &x);

  /// One of N, small primes, 1, an expression of N.
  Dim randomDim() {
    const Dim choices[] = {n, n, Dim(1), Dim(2), Dim(3), Dim(5), n + Dim(1), Dim(2) * n};
    return choices[below(std::size(choices))];
  }
  Dims randomDims() {
    Dims dims;
    for (int64_t rank = below(4); rank > 0; --rank)
      dims.push_back(randomDim());
    return dims;
  }
  Term newInput(Dims dims) {
    static const std::string elements[] = {"f32", "f32", "f64", "i32", "i64", "ui8"};
    return input(std::move(dims), elements[below(std::size(elements))]);
  }
  Term input(Dims dims, const std::string &element) {
    return program.input(std::move(dims), element, {element[0] == 'u' ? 0.0 : -2.0, 2});
  }

  /// A member of the pool with the type of `x`, or a new input.
  Term partner(const Term &x) {
    int64_t start = below(static_cast<int64_t>(pool.size()));
    for (size_t i = 0; i < pool.size(); ++i) {
      const Term &other = pool[(start + i) % pool.size()];
      if (other.element == x.element && other.dims == x.dims && other.name != x.name)
        return other;
    }
    return input(x.dims, x.element);
  }

  Term same(const Term &x, const std::string &text, bool exact) {
    return program.let(x.dims, x.element, "weft." + text + " : " + x.type(), exact);
  }
  Term to(const Term &x, Dims dims, const std::string &text, bool exact) {
    std::string type = typeText(dims, x.element);
    return program.let(std::move(dims), x.element,
                       "weft." + text + " : " + x.type() + " -> " + type, exact);
  }
  /// Brings a float back to (-1, 1).
  Term squashed(const Term &x) { return x.isFloat() ? same(x, "tanh " + x, false) : x; }

  Program &program;
  Dim n;
  std::mt19937_64 random;
  std::vector<Term> pool;
};

Term Generator::floatFunction(const Term &x) {
  static const char *const smooth[] = {"sin", "cos", "tanh", "atan", "asinh", "erf", "sigmoid"};
  static const char *const jumping[] = {"floor", "ceil", "round", "trunc", "sign"};
  if (x.exact && below(3) == 0)
    return same(x, std::string(jumping[below(std::size(jumping))]) + " " + x, true);
  return same(x, std::string(smooth[below(std::size(smooth))]) + " " + x, false);
}

Term Generator::select(const Term &x) {
  Term a = partner(x);
  Term condition =
      x.exact && a.exact
          ? program.let(x.dims, "i1", "weft.compare lt " + x + ", " + a + " : " + x.type())
          : program.input(x.dims, "i1");
  return same(x, "select " + condition + ", " + x + ", " + a, x.exact && a.exact);
}

Term Generator::movement(const Term &x) {
  auto rank = static_cast<int64_t>(x.dims.size());
  if (rank == 0 || below(5) == 0) { // A new first dimension.
    Dims dims = {randomDim()};
    dims.append(x.dims);
    SmallVector<int64_t> along;
    for (int64_t d = 0; d < rank; ++d)
      along.push_back(d + 1);
    return rank < 4 ? to(x, dims, "broadcast " + x + " along " + listText(along), x.exact) : x;
  }
  int64_t axis = below(rank);
  Dims dims = x.dims;
  switch (below(4)) {
  case 0: { // Rotate the dimensions.
    SmallVector<int64_t> permutation;
    for (int64_t d = 0; d < rank; ++d)
      permutation.push_back((d + axis) % rank);
    for (int64_t d = 0; d < rank; ++d)
      dims[d] = x.dims[permutation[d]];
    return to(x, dims, "transpose " + x + " " + listText(permutation), x.exact);
  }
  case 1: { // Reverse one axis.
    Dims starts(rank, Dim(0));
    SmallVector<int64_t> strides(rank, 1);
    starts[axis] = x.dims[axis] - Dim(1);
    strides[axis] = -1;
    return to(x, dims, "slice " + x + " from " + shapeText(starts) + " by " + listText(strides),
              x.exact);
  }
  case 2: {
    Term y = partner(x);
    dims[axis] = x.dims[axis] + y.dims[axis];
    std::string type = typeText(dims, x.element);
    return program.let(dims, x.element,
                       "weft.concat " + std::to_string(axis) + " " + x + ", " + y + " : (" +
                           x.type() + ", " + y.type() + ") -> " + type,
                       x.exact && y.exact);
  }
  default: {
    Term value = input({}, x.element);
    Dims low(rank, Dim(0)), high(rank, Dim(0));
    low[axis] = Dim(1);
    dims[axis] = x.dims[axis] + Dim(1);
    SmallVector<int64_t> interior(rank, 0);
    return to(x, dims,
              "pad " + x + ", " + value + " low " + shapeText(low) + " high " + shapeText(high) +
                  " interior " + listText(interior),
              x.exact);
  }
  }
}

Term Generator::windows(const Term &x) {
  if (x.dims.size() != 3)
    return movement(x);
  if (below(2) == 0)
    return to(x, x.dims, "pool max " + x + " window [3] strides [1] pad [1] [1] dilations [1]",
              x.exact);
  std::optional<int64_t> channels = x.dims[1].constant();
  if (!channels || *channels == 0)
    return movement(x);
  Term filter = input({3, *channels, 3}, x.element);
  Dims dims = {x.dims[0], 3, x.dims[2]};
  std::string type = typeText(dims, x.element);
  return squashed(program.let(dims, x.element,
                              "weft.conv " + x + ", " + filter +
                                  " strides [1] pad [1] [1] dilations [1] groups 1 : " + x.type() +
                                  ", " + filter.type() + " -> " + type,
                              !x.isFloat()));
}

Term Generator::root(const Term &x) {
  auto rank = static_cast<int64_t>(x.dims.size());
  if (rank == 0)
    return movement(x);
  int64_t axis = below(rank);
  std::string along = " axis " + std::to_string(axis);
  Dims rest = x.dims;
  rest.erase(rest.begin() + axis);
  switch (below(x.isFloat() ? 6 : 4)) {
  case 0:
    return to(x, rest, "reduce max " + x + " axes " + listText({axis}), x.exact);
  case 1:
    return squashed(to(x, rest, "reduce sum " + x + " axes " + listText({axis}), !x.isFloat()));
  case 2:
    return squashed(same(x, "cumulative sum " + x + along, !x.isFloat()));
  case 3: {
    Term w = input({x.dims.back(), 3}, x.element);
    Dims dims = x.dims;
    dims.back() = 3;
    std::string letters = std::string("abcd").substr(0, rank - 1), type = typeText(dims, x.element);
    return squashed(program.let(dims, x.element,
                                "weft.contract \"" + letters + "k,kj->" + letters + "j\" " + x +
                                    ", " + w + " : " + x.type() + ", " + w.type() + " -> " + type,
                                !x.isFloat()));
  }
  case 4:
    return same(x, "softmax " + x + along, false);
  default: // A large epsilon keeps a row of equal values from growing its rounding errors.
    return same(x, "layer_norm " + x + along + " epsilon 1.0e-1", false);
  }
}

Term Generator::step(const Term &chosen) {
  Term x = chosen; // The pool may move.
  switch (below(8)) {
  case 0:
  case 1: {
    Term y = partner(x);
    static const char *const names[] = {"add", "sub", "max", "min", "mul"};
    Term z = same(x, std::string(names[below(std::size(names))]) + " " + x + ", " + y,
                  x.exact && y.exact);
    return below(2) == 0 ? squashed(z) : z;
  }
  case 2:
    return x.isFloat() ? floatFunction(x) : select(x);
  case 3:
    return select(x);
  case 4:
  case 5:
    return movement(x);
  case 6:
    return windows(x);
  default:
    return root(x);
  }
}

} // namespace

void addRandomCases(Suite &suite, uint64_t seed, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    uint64_t own = seed * 1000 + static_cast<uint64_t>(i);
    auto write = [own](Program &p, Dim n) { Generator(p, n, own).run(); };
    // N need not stand alone in an input: one more makes it known.
    auto complete = [write](Program &p, Dim n) {
      p.give(p.input({n}, "f32"));
      write(p, n);
    };
    // Values are of magnitude 1 on the way, even where all of them cancel at the end.
    Tolerance tolerance{.factor = 256, .scale = 1, .againstLargest = true};
    suite.add("random", "seed" + std::to_string(own), "", complete,
              {.tolerance = tolerance, .greatestSize = 37});
  }
}

} // namespace weft::opmatrix
