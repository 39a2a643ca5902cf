// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements in memory and in registers, constants, conversions, and the arithmetic that roots use.

#include "codegen/cpu/Scalar.h"

#include "codegen/host/KernelInterface.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/TypeUtilities.h"

namespace weft {

namespace arith = mlir::arith;
namespace math = mlir::math;

static bool isNarrowFloat(Type type) { return type.isF16() || type.isBF16(); }
static bool isFloat(Type type) { return isa<mlir::FloatType>(type); }

/// `scalar`, or a vector of it shaped as `like`.
static Type shapedAs(Type like, Type scalar) {
  if (auto vector = dyn_cast<mlir::VectorType>(like))
    return vector.clone(scalar);
  return scalar;
}

Type Scalar::heldType(Type element) {
  if (auto integer = dyn_cast<mlir::IntegerType>(element))
    return mlir::IntegerType::get(element.getContext(), integer.getWidth());
  return element;
}

Type Scalar::wideType(Type element) {
  return isNarrowFloat(element) ? mlir::Float32Type::get(element.getContext()) : heldType(element);
}

//===-- Constants ---------------------------------------------------------------------------===//

/// A scalar constant, or a vector full of it.
static mlir::TypedAttr filled(Type type, mlir::TypedAttr scalar) {
  if (auto vector = dyn_cast<mlir::VectorType>(type))
    return mlir::SplatElementsAttr::get(vector, Attribute(scalar));
  return scalar;
}

static Value constantOf(Code &code, mlir::TypedAttr attribute) {
  static const char kind = 0;
  Code::Key key{&kind, Attribute(attribute).getAsOpaquePointer()};
  if (Value known = code.recall(key))
    return known;
  Value value = code.atEntry(
      [&] { return arith::ConstantOp::create(code.builder, code.loc, attribute).getResult(); });
  code.remember(key, value);
  return value;
}

Value Scalar::constant(Type type, double value) {
  Type scalar = mlir::getElementTypeOrSelf(type);
  if (auto floatType = dyn_cast<mlir::FloatType>(scalar))
    return constantOf(code, filled(type, code.builder.getFloatAttr(floatType, value)));
  return integer(type, static_cast<int64_t>(value));
}

Value Scalar::integer(Type type, const llvm::APInt &value) {
  Type scalar = mlir::getElementTypeOrSelf(type);
  return constantOf(code, filled(type, code.builder.getIntegerAttr(scalar, value)));
}

Value Scalar::integer(Type type, int64_t value) {
  unsigned width = mlir::getElementTypeOrSelf(type).getIntOrFloatBitWidth();
  return integer(type, llvm::APInt(64, static_cast<uint64_t>(value)).trunc(width));
}

//===-- Memory ------------------------------------------------------------------------------===//

Value Scalar::load(Value buffer, Value index, Type element) {
  Value value = mlir::memref::LoadOp::create(code.builder, code.loc, buffer, index);
  if (!element.isInteger(1))
    return value;
  return arith::CmpIOp::create(code.builder, code.loc, arith::CmpIPredicate::ne, value,
                               integer(value.getType(), 0));
}

void Scalar::store(Value value, Value buffer, Value index, Type element) {
  if (element.isInteger(1))
    value = arith::ExtUIOp::create(code.builder, code.loc, storageType(element), value);
  mlir::memref::StoreOp::create(code.builder, code.loc, value, buffer, index);
}

//===-- Narrow floats -----------------------------------------------------------------------===//

Value Scalar::widen(Value value, Type element) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type type = value.getType();
  if (element.isF16() && !hasHalves)
    return widenHalf(value);
  if (element.isF16())
    return arith::ExtFOp::create(b, loc, shapedAs(type, b.getF32Type()), value);
  if (!element.isBF16())
    return value;
  // bf16 is the upper half of an f32.
  Type i32 = shapedAs(type, b.getI32Type());
  Value bits = arith::BitcastOp::create(b, loc, shapedAs(type, b.getI16Type()), value);
  bits = arith::ExtUIOp::create(b, loc, i32, bits);
  bits = arith::ShLIOp::create(b, loc, bits, integer(i32, 16));
  return arith::BitcastOp::create(b, loc, shapedAs(type, b.getF32Type()), bits);
}

Value Scalar::narrow(Value value, Type element) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  if (element.isF16() && !hasHalves)
    return narrowHalf(value);
  if (element.isF16())
    return arith::TruncFOp::create(b, loc, shapedAs(value.getType(), element), value);
  if (!element.isBF16())
    return value;
  // In integers: the instruction for it takes subnormals as zero, and the library call is not
  // part of C's. Round to nearest, ties to even; a NaN keeps its sign and becomes quiet.
  Type i32 = shapedAs(value.getType(), b.getI32Type());
  Type i16 = shapedAs(value.getType(), b.getI16Type());
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, value, value);
  Value bits = arith::BitcastOp::create(b, loc, i32, value);
  Value upper = arith::ShRUIOp::create(b, loc, bits, integer(i32, 16));
  Value odd = arith::AndIOp::create(b, loc, upper, integer(i32, 1));
  Value bias = arith::AddIOp::create(b, loc, odd, integer(i32, 0x7fff));
  Value rounded = arith::AddIOp::create(b, loc, bits, bias);
  rounded = arith::ShRUIOp::create(b, loc, rounded, integer(i32, 16));
  Value quiet = arith::OrIOp::create(b, loc, upper, integer(i32, 0x40));
  Value result = select(isNan, quiet, rounded);
  result = arith::TruncIOp::create(b, loc, i16, result);
  return arith::BitcastOp::create(b, loc, shapedAs(value.getType(), element), result);
}

/// An f64 as f32 rounded to odd, so that a second rounding to fewer bits is correct.
///
/// Source: Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008.
Value Scalar::roundToOdd(Value x) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type i32 = b.getI32Type();
  Value nearest = arith::TruncFOp::create(b, loc, b.getF32Type(), x);
  Value back = arith::ExtFOp::create(b, loc, b.getF64Type(), nearest);
  Value bits = arith::BitcastOp::create(b, loc, i32, nearest);
  Value isInexact = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ONE, back, x);
  Value tooFar = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT,
                                       math::AbsFOp::create(b, loc, back).getResult(),
                                       math::AbsFOp::create(b, loc, x).getResult());
  Value truncated =
      arith::SubIOp::create(b, loc, bits, arith::ExtUIOp::create(b, loc, i32, tooFar).getResult());
  Value sticky = arith::OrIOp::create(b, loc, truncated, integer(i32, 1));
  return arith::BitcastOp::create(b, loc, b.getF32Type(), select(isInexact, sticky, bits));
}

//===-- Conversions -------------------------------------------------------------------------===//

Value Scalar::floatToFloat(Value x, Type from, Type to) {
  if (from == to)
    return x;
  Value wide = widen(x, from);
  if (to.isF64())
    return arith::ExtFOp::create(code.builder, code.loc, to, wide);
  if (from.isF64() && to.isF32())
    return arith::TruncFOp::create(code.builder, code.loc, to, x);
  return narrow(from.isF64() ? roundToOdd(x) : wide, to);
}

/// As floatToInteger, for integers of up to 16 bits: their limits are numbers of f32, so that a
/// maximum and a minimum saturate, and the instruction for i32 converts. A NaN becomes the lower
/// limit first, which is 0 for unsigned integers.
Value Scalar::floatToNarrowInteger(Value x, Type type, bool isUnsigned) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  int width = static_cast<int>(mlir::getElementTypeOrSelf(type).getIntOrFloatBitWidth());
  Value low = constant(x.getType(), isUnsigned ? 0 : -std::ldexp(1.0, width - 1));
  Value high = constant(x.getType(), std::ldexp(1.0, isUnsigned ? width : width - 1) - 1);
  Value inside = larger(x, low);
  Value isLess = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, inside, high);
  inside = select(isLess, inside, high);
  if (!isUnsigned) {
    Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
    inside = select(isNan, constant(x.getType(), 0.0), inside);
  }
  Value wide = arith::FPToSIOp::create(b, loc, shapedAs(type, b.getI32Type()), inside);
  return arith::TruncIOp::create(b, loc, type, wide);
}

/// Truncates toward zero and saturates; NaN gives 0. The conversion itself only ever sees values
/// in range, since it has no meaning outside.
Value Scalar::floatToInteger(Value x, Type type, bool isUnsigned) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  unsigned width = mlir::getElementTypeOrSelf(type).getIntOrFloatBitWidth();
  if (width <= 16)
    return floatToNarrowInteger(x, type, isUnsigned);
  double limit = std::ldexp(1.0, static_cast<int>(isUnsigned ? width : width - 1));
  Value high = constant(x.getType(), limit);
  Value low = constant(x.getType(), isUnsigned ? 0.0 : -limit);
  Value atHigh = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, x, high);
  Value atLow = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLE, x, low);
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  Value outside =
      arith::OrIOp::create(b, loc, isNan, arith::OrIOp::create(b, loc, atHigh, atLow).getResult());
  Value inside = select(outside, constant(x.getType(), 0.0), x);
  Value converted = isUnsigned ? arith::FPToUIOp::create(b, loc, type, inside).getResult()
                               : arith::FPToSIOp::create(b, loc, type, inside).getResult();
  auto highest =
      isUnsigned ? llvm::APInt::getMaxValue(width) : llvm::APInt::getSignedMaxValue(width);
  auto lowest = isUnsigned ? llvm::APInt(width, 0) : llvm::APInt::getSignedMinValue(width);
  converted = select(atLow, integer(type, lowest), converted);
  return select(atHigh, integer(type, highest), converted);
}

Value Scalar::cast(Value value, Type from, Type to) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  bool fromUnsigned = from.isUnsignedInteger() || from.isInteger(1);
  Type held = shapedAs(value.getType(), heldType(to));
  if (from == to)
    return value;
  if (to.isInteger(1))
    return compare(ComparePredicate::Ne, value, constant(value.getType(), 0.0), from);
  if (isFloat(from) && isFloat(to))
    return floatToFloat(value, from, to);
  if (isFloat(from))
    return floatToInteger(widen(value, from), held, to.isUnsignedInteger());
  if (isFloat(to)) {
    // Integers reach the narrow floats through f64, which f32's own rounding would spoil.
    Type middle = isNarrowFloat(to) ? b.getF64Type() : to, shaped = shapedAs(held, middle);
    Value wide = fromUnsigned ? arith::UIToFPOp::create(b, loc, shaped, value).getResult()
                              : arith::SIToFPOp::create(b, loc, shaped, value).getResult();
    return floatToFloat(wide, middle, to);
  }
  unsigned had = heldType(from).getIntOrFloatBitWidth();
  unsigned wanted = heldType(to).getIntOrFloatBitWidth();
  if (wanted == had)
    return value;
  if (wanted < had)
    return arith::TruncIOp::create(b, loc, held, value);
  return fromUnsigned ? arith::ExtUIOp::create(b, loc, held, value).getResult()
                      : arith::ExtSIOp::create(b, loc, held, value).getResult();
}

Value Scalar::fromIndex(Value index, Type element) {
  Value wide = arith::IndexCastOp::create(code.builder, code.loc, code.builder.getI64Type(), index);
  return cast(wide, code.builder.getI64Type(), element);
}

Value Scalar::toIndex(Value value, Type element) {
  OpBuilder &b = code.builder;
  Type i64 = b.getI64Type();
  if (element.isUnsignedInteger(64)) {
    Value highest = integer(i64, std::numeric_limits<int64_t>::max());
    value = arith::MinUIOp::create(b, code.loc, value, highest);
  } else {
    value = cast(value, element, i64);
  }
  return arith::IndexCastOp::create(b, code.loc, b.getIndexType(), value);
}

//===-- Arithmetic --------------------------------------------------------------------------===//

Value Scalar::add(Value lhs, Value rhs, Type element) {
  if (isFloat(element))
    return narrow(addf(widen(lhs, element), widen(rhs, element)), element);
  return arith::AddIOp::create(code.builder, code.loc, lhs, rhs);
}

Value Scalar::mul(Value lhs, Value rhs, Type element) {
  if (isFloat(element))
    return narrow(mulf(widen(lhs, element), widen(rhs, element)), element);
  return arith::MulIOp::create(code.builder, code.loc, lhs, rhs);
}

Value Scalar::maximum(Value lhs, Value rhs, Type element) {
  OpBuilder &b = code.builder;
  if (isFloat(element))
    return narrow(arith::MaximumFOp::create(b, code.loc, widen(lhs, element), widen(rhs, element)),
                  element);
  if (element.isUnsignedInteger() || element.isInteger(1))
    return arith::MaxUIOp::create(b, code.loc, lhs, rhs);
  return arith::MaxSIOp::create(b, code.loc, lhs, rhs);
}

Value Scalar::minimum(Value lhs, Value rhs, Type element) {
  OpBuilder &b = code.builder;
  if (isFloat(element))
    return narrow(arith::MinimumFOp::create(b, code.loc, widen(lhs, element), widen(rhs, element)),
                  element);
  if (element.isUnsignedInteger() || element.isInteger(1))
    return arith::MinUIOp::create(b, code.loc, lhs, rhs);
  return arith::MinSIOp::create(b, code.loc, lhs, rhs);
}

Value Scalar::compare(ComparePredicate predicate, Value lhs, Value rhs, Type element) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  struct Row {
    F ordered;
    I isSigned, isUnsigned;
  };
  auto row = [&]() -> Row {
    switch (predicate) {
    case ComparePredicate::Lt:
      return {F::OLT, I::slt, I::ult};
    case ComparePredicate::Le:
      return {F::OLE, I::sle, I::ule};
    case ComparePredicate::Gt:
      return {F::OGT, I::sgt, I::ugt};
    case ComparePredicate::Ge:
      return {F::OGE, I::sge, I::uge};
    case ComparePredicate::Eq:
      return {F::OEQ, I::eq, I::eq};
    case ComparePredicate::Ne:
      break;
    }
    return {F::UNE, I::ne, I::ne};
  }();
  if (isFloat(element))
    return arith::CmpFOp::create(code.builder, code.loc, row.ordered, widen(lhs, element),
                                 widen(rhs, element));
  bool isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
  return arith::CmpIOp::create(code.builder, code.loc, isUnsigned ? row.isUnsigned : row.isSigned,
                               lhs, rhs);
}

Value Scalar::select(Value condition, Value onTrue, Value onFalse) {
  return arith::SelectOp::create(code.builder, code.loc, condition, onTrue, onFalse);
}

Value Scalar::smaller(Value a, Value b) {
  Value isSmaller = arith::CmpFOp::create(code.builder, code.loc, arith::CmpFPredicate::OLT, a, b);
  return select(isSmaller, a, b);
}

Value Scalar::larger(Value a, Value b) {
  Value isLarger = arith::CmpFOp::create(code.builder, code.loc, arith::CmpFPredicate::OGT, a, b);
  return select(isLarger, a, b);
}

Value Scalar::addf(Value lhs, Value rhs) {
  return arith::AddFOp::create(code.builder, code.loc, lhs, rhs);
}
Value Scalar::subf(Value lhs, Value rhs) {
  return arith::SubFOp::create(code.builder, code.loc, lhs, rhs);
}
Value Scalar::mulf(Value lhs, Value rhs) {
  return arith::MulFOp::create(code.builder, code.loc, lhs, rhs);
}
Value Scalar::divf(Value lhs, Value rhs) {
  return arith::DivFOp::create(code.builder, code.loc, lhs, rhs);
}
Value Scalar::fma(Value a, Value b, Value c) {
  return math::FmaOp::create(code.builder, code.loc, a, b, c);
}
Value Scalar::sqrt(Value x) { return math::SqrtOp::create(code.builder, code.loc, x); }

//===-- The C library -----------------------------------------------------------------------===//

Value Scalar::libm(StringRef name, ArrayRef<Value> operands) {
  Type type = operands.front().getType();
  return call((libmPrefix + name + (type.isF32() ? "f" : "")).str(), type, operands);
}

Value Scalar::call(StringRef symbol, Type type, ValueRange operands) {
  OpBuilder &b = code.builder;
  ModuleOp module = code.module();
  if (!module.lookupSymbol(symbol)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(module.getBody());
    auto signature = b.getFunctionType(operands.getTypes(), type);
    mlir::func::FuncOp::create(b, code.loc, symbol, signature).setPrivate();
  }
  return mlir::func::CallOp::create(b, code.loc, symbol, type, operands).getResult(0);
}

Value Scalar::exp(Value x) {
  return mlir::getElementTypeOrSelf(x).isF32() ? exp32(x) : libm("exp", x);
}
Value Scalar::expOfNegative(Value x) {
  return mlir::getElementTypeOrSelf(x).isF32() ? expOfNegative32(x) : libm("exp", x);
}
Value Scalar::log(Value x) {
  return mlir::getElementTypeOrSelf(x).isF32() ? log32(x) : libm("log", x);
}
Value Scalar::tanh(Value x) {
  return mlir::getElementTypeOrSelf(x).isF32() ? tanh32(x) : libm("tanh", x);
}
Value Scalar::erf(Value x) {
  return mlir::getElementTypeOrSelf(x).isF32() ? erf32(x) : libm("erf", x);
}

} // namespace weft
