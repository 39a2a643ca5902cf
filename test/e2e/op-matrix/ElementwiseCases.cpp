// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every element-wise operation on every element type, in one and in two dimensions.

#include "Suite.h"

#include <cmath>

namespace weft::opmatrix {

namespace {

const Tolerance exactly{.exact = true};

/// Where a function is tried, and against what its error is measured.
struct Domain {
  std::string name;
  double low, high, scale;
  bool exact = false;
};

/// Results that one rounding of an exact value gives are exact. `scale` is the magnitude of the
/// function where it crosses zero away from the zero of its argument.
const std::vector<Domain> floatFunctions = {
    {"floor", -9, 9, 0, true}, {"ceil", -9, 9, 0, true}, {"round", -9, 9, 0, true},
    {"trunc", -9, 9, 0, true}, {"sqrt", -1, 9, 0, true}, {"rsqrt", -1, 9, 0},
    {"exp", -8, 8, 0},         {"expm1", -8, 8, 0},      {"log", -1, 30, 1},
    {"log1p", -2, 30, 0},      {"sin", -20, 20, 1},      {"cos", -20, 20, 1},
    {"tan", -1.4, 1.4, 0},     {"asin", -1.1, 1.1, 0},   {"acos", -1.1, 1.1, 1},
    {"atan", -20, 20, 0},      {"sinh", -8, 8, 0},       {"cosh", -8, 8, 0},
    {"tanh", -8, 8, 0},        {"asinh", -20, 20, 0},    {"acosh", 0.5, 20, 1},
    {"atanh", -1.1, 1.1, 0},   {"erf", -4, 4, 0},        {"sigmoid", -12, 12, 0},
};

Writer unary(const std::string &name, const std::string &element, Fill fill, bool exact) {
  return [=](Program &p, Dim n) {
    Term x = p.input({n, 3}, element, fill);
    p.give(p.let(x.dims, element, "weft." + name + " " + x + " : " + x.type(), exact));
  };
}

Writer binary(const std::string &name, const std::string &element, Fill a, Fill b) {
  return [=](Program &p, Dim n) {
    Term x = p.input({n}, element, a), y = p.input({n}, element, b);
    p.give(p.let(x.dims, element, "weft." + name + " " + x + ", " + y + " : " + x.type()));
  };
}

/// Over the whole range of narrow integers, and far beyond that of none.
Fill anyValue(const std::string &element) {
  bool isUnsigned = element[0] == 'u';
  return element[0] == 'f' || element[0] == 'b' ? Fill{-9, 9, true}
         : isUnsigned                           ? Fill{0, 300, true}
                                                : Fill{-300, 300, true};
}

void addUnary(Suite &suite) {
  for (const Domain &function : floatFunctions)
    for (const std::string &element : floats)
      suite.add("weft." + function.name, element, "",
                unary(function.name, element, {function.low, function.high, true}, function.exact),
                {.tolerance = {.exact = function.exact, .scale = function.scale}});
  for (const char *name : {"neg", "abs", "sign"})
    for (const std::string &element : join({floats, signedIntegers}))
      suite.add(std::string("weft.") + name, element, "",
                unary(name, element, anyValue(element), true), {.tolerance = exactly});
  for (const std::string &element : join({allIntegers(), {"i1"}}))
    suite.add("weft.not", element, "", unary("not", element, anyValue(element), true));
}

void addClassification(Suite &suite) {
  for (const char *name : {"is_nan", "is_inf"})
    for (const std::string &element : floats)
      suite.add(std::string("weft.") + name, element, "", [=](Program &p, Dim n) {
        Term x = p.input({n}, element, {-2, 2, true});
        p.give(p.let({n}, "i1", std::string("weft.") + name + " " + x + " : " + x.type()));
      });
}

void addBinary(Suite &suite) {
  for (const char *name : {"add", "sub", "mul", "div", "rem", "max", "min"})
    for (const std::string &element : allNumbers())
      suite.add(std::string("weft.") + name, element, "",
                binary(name, element, anyValue(element), anyValue(element)),
                {.tolerance = exactly});
  // f32 pow goes through log and exp: its error grows with the logarithm of the result.
  for (const std::string &element : floats)
    suite.add("weft.pow", element, "", binary("pow", element, {0, 4, true}, {-3, 3, true}),
              {.tolerance = {.factor = 4}});
  for (const std::string &element : allIntegers())
    suite.add("weft.pow", element, "", binary("pow", element, anyValue(element), {-2, 9, true}));
  for (const std::string &element : floats)
    suite.add("weft.atan2", element, "", binary("atan2", element, {-3, 3, true}, {-3, 3, true}));
  for (const char *name : {"and", "or", "xor"})
    for (const std::string &element : join({allIntegers(), {"i1"}}))
      suite.add(std::string("weft.") + name, element, "",
                binary(name, element, anyValue(element), anyValue(element)));
  for (const char *name : {"shift_left", "shift_right"})
    for (const std::string &element : allIntegers())
      suite.add(
          std::string("weft.") + name, element, "",
          binary(name, element, anyValue(element), {element[0] == 'u' ? 0.0 : -3.0, 70, true}));
}

void addComparison(Suite &suite) {
  for (const std::string &element : allElements())
    suite.add("weft.compare", element, "", [=](Program &p, Dim n) {
      Fill narrow{element[0] == 'u' ? 0.0 : -2.0, 2, true};
      Term a = p.input({n}, element, narrow), b = p.input({n}, element, narrow);
      for (const char *predicate : {"lt", "le", "gt", "ge", "eq", "ne"})
        p.give(p.let({n}, "i1",
                     std::string("weft.compare ") + predicate + " " + a + ", " + b + " : " +
                         a.type()));
    });
  for (const std::string &element : allElements())
    suite.add("weft.select", element, "",
              [=](Program &p, Dim n) {
                Term c = p.input({n, 3}, "i1");
                Term a = p.input({n, 3}, element, anyValue(element));
                Term b = p.input({n, 3}, element, anyValue(element));
                p.give(p.let({n, 3}, element,
                             "weft.select " + c + ", " + a + ", " + b + " : " + a.type()));
              },
              {.tolerance = exactly});
}

/// From `from` to every element type at once.
void addCast(Suite &suite) {
  for (const std::string &from : allElements())
    suite.add("weft.cast", from, "",
              [=](Program &p, Dim n) {
                Fill fill = anyValue(from);
                Term x = p.input({n}, from, {fill.low * 30, fill.high * 30, true});
                for (const std::string &to : allElements())
                  p.give(p.let({n}, to,
                               "weft.cast " + x + " : " + x.type() + " -> " + typeText({n}, to)));
              },
              {.tolerance = exactly});
}

} // namespace

void addElementwiseCases(Suite &suite) {
  addUnary(suite);
  addClassification(suite);
  addBinary(suite);
  addComparison(suite);
  addCast(suite);
}

} // namespace weft::opmatrix
