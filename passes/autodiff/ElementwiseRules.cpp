// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element-wise operations. Their Jacobian is diagonal, so that one product with the slope serves
// gradients and tangents alike: each row gives `v * dy/da`, and `v * dy/db` for the second operand.

#include "passes/autodiff/Rules.h"

#include <numbers>

namespace weft::autodiff {

namespace {

using Graph = GraphBuilder;

/// Operands and result of an element-wise operation; `b` and `c` only where it has them.
struct At {
  Value a, b, c, y;
};

/// `v` times the slope in one operand; null stands for a slope of 0.
using Slope = Value (*)(Graph &g, const At &at, Value v);

At valuesOf(Operation *op) {
  auto operand = [&](unsigned number) {
    return number < op->getNumOperands() ? op->getOperand(number) : Value();
  };
  return {operand(0), operand(1), operand(2), op->getResult(0)};
}

template <Slope... slopes> LogicalResult pull(Operation *op, Reverse &pass) {
  At at = valuesOf(op);
  Value gradient = pass.gradient(at.y);
  unsigned number = 0;
  for (Slope slope : {slopes...}) {
    Value operand = op->getOperand(number++);
    if (slope && pass.wants(operand))
      pass.add(operand, slope(pass.b, at, gradient));
  }
  return success();
}

template <Slope... slopes> LogicalResult push(Operation *op, Forward &pass) {
  At at = valuesOf(op);
  unsigned number = 0;
  for (Slope slope : {slopes...}) {
    Value tangent = pass.tangent(op->getOperand(number++));
    if (slope && tangent)
      pass.add(at.y, slope(pass.b, at, tangent));
  }
  return success();
}

template <Slope... slopes> constexpr Rule diagonal() { return {pull<slopes...>, push<slopes...>}; }

Value square(Graph &g, Value x) { return g.mul(x, x); }
Value oneMinusSquare(Graph &g, Value x) { return g.sub(g.splatLike(x, 1), square(g, x)); }
Value minus(Graph &g, Value x) { return g.unary<NegOp>(x); }

Value same(Graph &, const At &, Value v) { return v; }
Value negated(Graph &g, const At &, Value v) { return minus(g, v); }

/// v where `condition` holds, else 0.
Value where(Graph &g, Value condition, Value v) {
  return g.select(condition, v, g.splatLike(v, 0));
}
Value whereNot(Graph &g, Value condition, Value v) {
  return g.select(condition, g.splatLike(v, 0), v);
}

void addPowers(RuleTable &table) {
  table["weft.sqrt"] = diagonal<[](Graph &g, const At &at, Value v) {
    return g.div(v, g.binary<MulOp>(at.y, 2));
  }>();
  table["weft.rsqrt"] = diagonal<[](Graph &g, const At &at, Value v) {
    return g.mul(v, g.mul(g.binary<MulOp>(at.y, -0.5), square(g, at.y)));
  }>();
  table["weft.exp"] = diagonal<[](Graph &g, const At &at, Value v) { return g.mul(v, at.y); }>();
  table["weft.expm1"] = diagonal<[](Graph &g, const At &at, Value v) {
    return g.mul(v, g.binary<AddOp>(at.y, 1));
  }>();
  table["weft.log"] = diagonal<[](Graph &g, const At &at, Value v) { return g.div(v, at.a); }>();
  table["weft.log1p"] = diagonal<[](Graph &g, const At &at, Value v) {
    return g.div(v, g.binary<AddOp>(at.a, 1));
  }>();
  // erf'(x) = 2 / sqrt(pi) * exp(-x^2)
  table["weft.erf"] = diagonal<[](Graph &g, const At &at, Value v) {
    Value bell = g.unary<ExpOp>(minus(g, square(g, at.a)));
    return g.mul(v, g.binary<MulOp>(bell, 2 * std::numbers::inv_sqrtpi));
  }>();
  table["weft.sigmoid"] = diagonal<[](Graph &g, const At &at, Value v) {
    return g.mul(v, g.mul(at.y, g.sub(g.splatLike(at.y, 1), at.y)));
  }>();
}

void addTrigonometry(RuleTable &table) {
  table["weft.sin"] =
      diagonal<[](Graph &g, const At &at, Value v) { return g.mul(v, g.unary<CosOp>(at.a)); }>();
  table["weft.cos"] = diagonal<[](Graph &g, const At &at, Value v) {
    return minus(g, g.mul(v, g.unary<SinOp>(at.a)));
  }>();
  table["weft.tan"] = diagonal<[](Graph &g, const At &at, Value v) {
    return g.mul(v, g.binary<AddOp>(square(g, at.y), 1));
  }>();
  table["weft.asin"] = diagonal<[](Graph &g, const At &at, Value v) {
    return g.mul(v, g.unary<RsqrtOp>(oneMinusSquare(g, at.a)));
  }>();
  table["weft.acos"] = diagonal<[](Graph &g, const At &at, Value v) {
    return minus(g, g.mul(v, g.unary<RsqrtOp>(oneMinusSquare(g, at.a))));
  }>();
  table["weft.atan"] = diagonal<[](Graph &g, const At &at, Value v) {
    return g.div(v, g.binary<AddOp>(square(g, at.a), 1));
  }>();
  table["weft.sinh"] =
      diagonal<[](Graph &g, const At &at, Value v) { return g.mul(v, g.unary<CoshOp>(at.a)); }>();
  table["weft.cosh"] =
      diagonal<[](Graph &g, const At &at, Value v) { return g.mul(v, g.unary<SinhOp>(at.a)); }>();
  table["weft.tanh"] =
      diagonal<[](Graph &g, const At &at, Value v) { return g.mul(v, oneMinusSquare(g, at.y)); }>();
  table["weft.asinh"] = diagonal<[](Graph &g, const At &at, Value v) {
    return g.mul(v, g.unary<RsqrtOp>(g.binary<AddOp>(square(g, at.a), 1)));
  }>();
  table["weft.acosh"] = diagonal<[](Graph &g, const At &at, Value v) {
    return g.mul(v, g.unary<RsqrtOp>(g.binary<AddOp>(square(g, at.a), -1)));
  }>();
  table["weft.atanh"] =
      diagonal<[](Graph &g, const At &at, Value v) { return g.div(v, oneMinusSquare(g, at.a)); }>();
  // d atan2(a, b) = (b da - a db) / (a^2 + b^2)
  table["weft.atan2"] =
      diagonal<[](Graph &g, const At &at, Value v) {
        return g.div(g.mul(v, at.b), g.add(square(g, at.a), square(g, at.b)));
      },
               [](Graph &g, const At &at, Value v) {
                 return minus(g, g.div(g.mul(v, at.a), g.add(square(g, at.a), square(g, at.b))));
               }>();
}

/// v * b * a^(b - 1); 0 where b is 0, whatever a is.
Value powerBase(Graph &g, const At &at, Value v) {
  Value lower = g.binary<PowOp>(at.a, g.binary<AddOp>(at.b, -1));
  Value slope = g.mul(at.b, lower);
  Value constant = g.compare(ComparePredicate::Eq, at.b, 0);
  return g.mul(v, whereNot(g, constant, slope));
}

/// v * y * log(a); 0 where a is 0, as a^b is there for all positive b.
Value powerExponent(Graph &g, const At &at, Value v) {
  Value zero = g.compare(ComparePredicate::Eq, at.a, 0);
  Value base = g.select(zero, g.splatLike(at.a, 1), at.a);
  return g.mul(v, g.mul(at.y, g.unary<LogOp>(base)));
}

void addArithmetic(RuleTable &table) {
  table["weft.neg"] = diagonal<negated>();
  table["weft.abs"] =
      diagonal<[](Graph &g, const At &at, Value v) { return g.mul(v, g.unary<SignOp>(at.a)); }>();
  for (StringRef step : {"sign", "floor", "ceil", "round", "trunc"})
    table[("weft." + step).str()] = diagonal<nullptr>();
  table["weft.add"] = diagonal<same, same>();
  table["weft.sub"] = diagonal<same, negated>();
  table["weft.mul"] = diagonal<[](Graph &g, const At &at, Value v) { return g.mul(v, at.b); },
                               [](Graph &g, const At &at, Value v) { return g.mul(v, at.a); }>();
  table["weft.div"] = diagonal<[](Graph &g, const At &at, Value v) { return g.div(v, at.b); },
                               [](Graph &g, const At &at, Value v) {
                                 return minus(g, g.div(g.mul(v, at.y), at.b));
                               }>();
  table["weft.rem"] = diagonal<same, [](Graph &g, const At &at, Value v) {
    return minus(g, g.mul(v, g.unary<TruncOp>(g.div(at.a, at.b))));
  }>();
  table["weft.pow"] = diagonal<powerBase, powerExponent>();
  // a > b exactly where max(a, b) > b: the result is kept anyway where the next operation reads it,
  // so that `a` need not be. A tie counts for the second operand: the slope of max(x, 0) is 0 at 0.
  table["weft.max"] = diagonal<[](Graph &g, const At &at, Value v) {
    return where(g, g.compare(ComparePredicate::Gt, at.y, at.b), v);
  },
                               [](Graph &g, const At &at, Value v) {
                                 return whereNot(g, g.compare(ComparePredicate::Gt, at.y, at.b), v);
                               }>();
  table["weft.min"] = diagonal<[](Graph &g, const At &at, Value v) {
    return where(g, g.compare(ComparePredicate::Lt, at.y, at.b), v);
  },
                               [](Graph &g, const At &at, Value v) {
                                 return whereNot(g, g.compare(ComparePredicate::Lt, at.y, at.b), v);
                               }>();
  table["weft.select"] =
      diagonal<nullptr, [](Graph &g, const At &at, Value v) { return where(g, at.a, v); },
               [](Graph &g, const At &at, Value v) { return whereNot(g, at.a, v); }>();
}

} // namespace

void addElementwiseRules(RuleTable &table) {
  addArithmetic(table);
  addPowers(table);
  addTrigonometry(table);
  // The gradient takes the type of the operand, the tangent that of the result, where it is added.
  table["weft.cast"] = diagonal<same>();
  table["weft.stop_gradient"] = diagonal<nullptr>();
}

} // namespace weft::autodiff
