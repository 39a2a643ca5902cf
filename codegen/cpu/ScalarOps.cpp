// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The element-wise operations of the dialect on one element each.

#include "codegen/cpu/Scalar.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weft {

namespace arith = mlir::arith;
namespace math = mlir::math;

static Type elementOf(Value tensor) { return mlir::getElementTypeOrSelf(tensor); }

Value Scalar::elementwise(Operation *op, ArrayRef<Value> operands) {
  Type element = elementOf(op->getOperand(0));
  if (auto compareOp = dyn_cast<CompareOp>(op))
    return compare(compareOp.getPredicate(), operands[0], operands[1], element);
  if (isa<SelectOp>(op))
    return select(operands[0], operands[1], operands[2]);
  if (isa<CastOp>(op))
    return cast(operands[0], element, elementOf(op->getResult(0)));
  if (isa<MaxOp>(op))
    return maximum(operands[0], operands[1], element);
  if (isa<MinOp>(op))
    return minimum(operands[0], operands[1], element);
  bool isFloat = isa<mlir::FloatType>(element);
  Value result;
  if (operands.size() == 1)
    result = isFloat ? unaryFloat(op, widen(operands[0], element))
                     : unaryInteger(op, operands[0], element);
  else if (operands.size() == 2)
    result = isFloat ? binaryFloat(op, widen(operands[0], element), widen(operands[1], element))
                     : binaryInteger(op, operands[0], operands[1], element);
  if (!result) {
    op->emitError() << "'" << op->getName() << "' on " << element << " has no code for the CPU";
    return {};
  }
  return result.getType() == wideType(element) ? narrow(result, element) : result;
}

//===-- Floats ------------------------------------------------------------------------------===//

/// -1 or 1 by comparison; zeros and NaN pass through.
Value Scalar::sign(Value x) {
  Value zero = constant(x.getType(), 0.0);
  OpBuilder &b = code.builder;
  Value above = arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::OGT, x, zero);
  Value below = arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::OLT, x, zero);
  // x + 0 keeps a NaN and turns -0 into +0.
  Value negative =
      select(below, constant(x.getType(), -1.0), arith::AddFOp::create(b, code.loc, x, zero));
  return select(above, constant(x.getType(), 1.0), negative);
}

/// e^-|x| cannot overflow: 1 / (1 + e^-x) above 0, e^x / (1 + e^x) below.
Value Scalar::sigmoid(Value x) {
  if (mlir::getElementTypeOrSelf(x).isF32())
    return sigmoid32(x);
  OpBuilder &b = code.builder;
  Value one = constant(x.getType(), 1.0);
  Value magnitude = math::AbsFOp::create(b, code.loc, x);
  Value power = expOfNegative(arith::NegFOp::create(b, code.loc, magnitude));
  Value isBelow =
      arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::OLT, x, constant(x.getType(), 0.0));
  return divf(select(isBelow, power, one), addf(one, power));
}

Value Scalar::unaryFloat(Operation *op, Value x) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Value one = constant(x.getType(), 1.0);
  bool isSingle = mlir::getElementTypeOrSelf(x).isF32();
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](NegOp) { return arith::NegFOp::create(b, loc, x); })
      .Case([&](AbsOp) { return math::AbsFOp::create(b, loc, x); })
      .Case([&](SignOp) { return sign(x); })
      .Case([&](FloorOp) { return math::FloorOp::create(b, loc, x); })
      .Case([&](CeilOp) { return math::CeilOp::create(b, loc, x); })
      .Case([&](RoundOp) { return math::RoundEvenOp::create(b, loc, x); })
      .Case([&](TruncOp) { return math::TruncOp::create(b, loc, x); })
      .Case([&](SqrtOp) { return sqrt(x); })
      .Case([&](RsqrtOp) { return divf(one, sqrt(x)); })
      .Case([&](ExpOp) { return exp(x); })
      .Case([&](Expm1Op) { return isSingle ? expm132(x) : libm("expm1", x); })
      .Case([&](LogOp) { return log(x); })
      .Case([&](Log1pOp) { return isSingle ? log1p32(x) : libm("log1p", x); })
      .Case([&](SinOp) { return isSingle ? sin32(x) : libm("sin", x); })
      .Case([&](CosOp) { return isSingle ? cos32(x) : libm("cos", x); })
      .Case([&](TanOp) { return libm("tan", x); })
      .Case([&](AsinOp) { return libm("asin", x); })
      .Case([&](AcosOp) { return libm("acos", x); })
      .Case([&](AtanOp) { return libm("atan", x); })
      .Case([&](SinhOp) { return libm("sinh", x); })
      .Case([&](CoshOp) { return libm("cosh", x); })
      .Case([&](TanhOp) { return tanh(x); })
      .Case([&](AsinhOp) { return libm("asinh", x); })
      .Case([&](AcoshOp) { return libm("acosh", x); })
      .Case([&](AtanhOp) { return libm("atanh", x); })
      .Case([&](ErfOp) { return erf(x); })
      .Case([&](SigmoidOp) { return sigmoid(x); })
      .Case([&](IsNanOp) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x); })
      .Case([&](IsInfOp) {
        double infinity = std::numeric_limits<double>::infinity();
        Value magnitude = math::AbsFOp::create(b, loc, x);
        return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, magnitude,
                                     constant(x.getType(), infinity));
      })
      .Default([](Operation *) { return Value(); });
}

/// Which operand of a product in f32 is multiplied by its own sigmoid that nothing else wants; none
/// if there is no such.
static std::optional<unsigned> siluOperand(MulOp op) {
  if (!elementOf(op.getResult()).isF32())
    return std::nullopt;
  for (unsigned number : {0, 1}) {
    auto factor = op->getOperand(1 - number).getDefiningOp<SigmoidOp>();
    if (factor && factor->hasOneUse() && factor.getOperand() == op->getOperand(number))
      return number;
  }
  return std::nullopt;
}

Value Scalar::product(MulOp op, Value lhs, Value rhs) {
  if (std::optional<unsigned> operand = siluOperand(op))
    return silu32(*operand == 0 ? lhs : rhs);
  return mulf(lhs, rhs);
}

Value Scalar::binaryFloat(Operation *op, Value lhs, Value rhs) {
  OpBuilder &b = code.builder;
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](AddOp) { return addf(lhs, rhs); })
      .Case([&](SubOp) { return subf(lhs, rhs); })
      .Case([&](MulOp mul) { return product(mul, lhs, rhs); })
      .Case([&](DivOp) { return divf(lhs, rhs); })
      .Case([&](RemOp) { return arith::RemFOp::create(b, code.loc, lhs, rhs); })
      .Case([&](PowOp) { return libm("pow", {lhs, rhs}); })
      .Case([&](Atan2Op) { return libm("atan2", {lhs, rhs}); })
      .Default([](Operation *) { return Value(); });
}

//===-- Integers and bool -------------------------------------------------------------------===//

Value Scalar::unaryInteger(Operation *op, Value x, Type element) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Value zero = integer(x.getType(), 0);
  auto negated = [&] { return arith::SubIOp::create(b, loc, zero, x).getResult(); };
  auto test = [&](ComparePredicate predicate) { return compare(predicate, x, zero, element); };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](NegOp) { return negated(); })
      .Case([&](AbsOp) { return select(test(ComparePredicate::Lt), negated(), x); })
      .Case([&](SignOp) {
        Value negative = select(test(ComparePredicate::Lt), integer(x.getType(), -1), zero);
        return select(test(ComparePredicate::Gt), integer(x.getType(), 1), negative);
      })
      .Case([&](NotOp) { return arith::XOrIOp::create(b, loc, x, integer(x.getType(), -1)); })
      .Default([](Operation *) { return Value(); });
}

Value Scalar::binaryInteger(Operation *op, Value lhs, Value rhs, Type element) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  bool isUnsigned = element.isUnsignedInteger();
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](AddOp) { return arith::AddIOp::create(b, loc, lhs, rhs); })
      .Case([&](SubOp) { return arith::SubIOp::create(b, loc, lhs, rhs); })
      .Case([&](MulOp) { return arith::MulIOp::create(b, loc, lhs, rhs); })
      .Case([&](DivOp) { return divideInteger(lhs, rhs, isUnsigned, /*remainder=*/false); })
      .Case([&](RemOp) { return divideInteger(lhs, rhs, isUnsigned, /*remainder=*/true); })
      .Case([&](PowOp) { return powerInteger(lhs, rhs, isUnsigned); })
      .Case([&](AndOp) { return arith::AndIOp::create(b, loc, lhs, rhs); })
      .Case([&](OrOp) { return arith::OrIOp::create(b, loc, lhs, rhs); })
      .Case([&](XorOp) { return arith::XOrIOp::create(b, loc, lhs, rhs); })
      .Case([&](ShiftLeftOp) { return shift(lhs, rhs, /*left=*/true, isUnsigned); })
      .Case([&](ShiftRightOp) { return shift(lhs, rhs, /*left=*/false, isUnsigned); })
      .Default([](Operation *) { return Value(); });
}

/// Division by 0 gives 0. The instruction never sees 0, nor -1, whose quotient may overflow.
Value Scalar::divideInteger(Value lhs, Value rhs, bool isUnsigned, bool remainder) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = lhs.getType();
  Value zero = integer(type, 0), one = integer(type, 1);
  auto equals = [&](int64_t value) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, rhs, integer(type, value))
        .getResult();
  };
  Value byZero = equals(0);
  if (isUnsigned) {
    Value divisor = select(byZero, one, rhs);
    Value result = remainder ? arith::RemUIOp::create(b, loc, lhs, divisor).getResult()
                             : arith::DivUIOp::create(b, loc, lhs, divisor).getResult();
    return select(byZero, zero, result);
  }
  Value byMinusOne = equals(-1);
  Value either = arith::OrIOp::create(b, loc, byZero, byMinusOne);
  Value divisor = select(either, one, rhs);
  if (remainder)
    return select(either, zero, arith::RemSIOp::create(b, loc, lhs, divisor));
  Value quotient = arith::DivSIOp::create(b, loc, lhs, divisor);
  quotient = select(byMinusOne, arith::SubIOp::create(b, loc, zero, lhs), quotient);
  return select(byZero, zero, quotient);
}

/// Squares and multiplies, one bit of the exponent a step. A negative exponent gives 0, except
/// for the bases 1 and -1.
Value Scalar::powerInteger(Value base, Value exponent, bool isUnsigned) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = base.getType();
  Value zero = integer(type, 0), one = integer(type, 1);
  SmallVector<Value> last =
      code.loop(code.index(0), code.index(type.getIntOrFloatBitWidth()), 1, {one, base, exponent},
                [&](Value, ValueRange carried) {
                  Value bit = arith::TruncIOp::create(b, loc, b.getI1Type(), carried[2]);
                  Value times = arith::MulIOp::create(b, loc, carried[0], carried[1]);
                  Value square = arith::MulIOp::create(b, loc, carried[1], carried[1]);
                  Value rest = arith::ShRUIOp::create(b, loc, carried[2], one);
                  return SmallVector<Value>{select(bit, times, carried[0]), square, rest};
                });
  if (isUnsigned)
    return last[0];
  auto test = [&](arith::CmpIPredicate predicate, Value x, int64_t y) {
    return arith::CmpIOp::create(b, loc, predicate, x, integer(type, y)).getResult();
  };
  // (-1)^e by the same loop is right for negative e, since only its lowest bit matters.
  Value isUnit = arith::OrIOp::create(b, loc, test(arith::CmpIPredicate::eq, base, 1),
                                      test(arith::CmpIPredicate::eq, base, -1));
  Value isNegative = test(arith::CmpIPredicate::slt, exponent, 0);
  Value reciprocal = select(isUnit, last[0], zero);
  return select(isNegative, reciprocal, last[0]);
}

/// An amount outside [0, width), seen as unsigned, shifts everything out.
Value Scalar::shift(Value lhs, Value amount, bool left, bool isUnsigned) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = lhs.getType();
  int64_t width = type.getIntOrFloatBitWidth();
  Value outside =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, amount, integer(type, width));
  Value zero = integer(type, 0);
  if (!left && !isUnsigned) {
    Value inRange = select(outside, integer(type, width - 1), amount);
    return arith::ShRSIOp::create(b, loc, lhs, inRange);
  }
  Value inRange = select(outside, zero, amount);
  Value shifted = left ? arith::ShLIOp::create(b, loc, lhs, inRange).getResult()
                       : arith::ShRUIOp::create(b, loc, lhs, inRange).getResult();
  return select(outside, zero, shifted);
}

} // namespace weft
