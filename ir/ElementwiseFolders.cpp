// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folders of the element-wise operations: constants computed as the evaluator computes them, and
// the identities that hold for every input, NaN, infinities and signed zeros among them.

#include "ir/Checkpoint.h"
#include "ir/Constants.h"
#include "ir/WeftOps.h"

#include <cmath>

namespace weft {

using mlir::OpFoldResult;

//===-- Constants ---------------------------------------------------------------------------===//

/// The constant of `compute` on each row of elements of the operands; nothing unless all operands
/// are small constants.
static OpFoldResult mapConstants(Value result, ArrayRef<Attribute> operands,
                                 llvm::function_ref<WideElement(ArrayRef<WideElement>)> compute) {
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<std::vector<WideElement>> inputs;
  size_t count = 1;
  for (Attribute operand : operands) {
    std::optional<std::vector<WideElement>> elements = readConstant(operand);
    if (!elements || !type.hasStaticShape())
      return {};
    if (elements->size() != 1)
      count = elements->size();
    inputs.push_back(std::move(*elements));
  }
  std::vector<WideElement> outputs(count);
  SmallVector<WideElement> row(inputs.size());
  for (size_t i = 0; i < count; ++i) {
    for (auto [element, input] : llvm::zip(row, inputs))
      element = input[input.size() == 1 ? 0 : i];
    outputs[i] = compute(row);
  }
  return makeConstant(type, outputs);
}

using RealUnary = double (*)(double);
using RealBinary = double (*)(double, double);
using IntegerUnary = int64_t (*)(int64_t, IntegerKind);
using IntegerBinary = int64_t (*)(int64_t, int64_t, IntegerKind);

static Type elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

static OpFoldResult foldUnary(Value result, Attribute input, RealUnary real,
                              IntegerUnary integer = nullptr) {
  if (isa<mlir::FloatType>(elementOf(result)))
    return mapConstants(result, input, [&](ArrayRef<WideElement> x) {
      return WideElement{.real = real(x[0].real)};
    });
  IntegerKind kind(elementOf(result));
  return mapConstants(result, input, [&](ArrayRef<WideElement> x) {
    return WideElement{.integer = integer(x[0].integer, kind)};
  });
}

static OpFoldResult foldBinary(Value result, Attribute lhs, Attribute rhs, RealBinary real,
                               IntegerBinary integer) {
  if (isa<mlir::FloatType>(elementOf(result)))
    return mapConstants(result, {lhs, rhs}, [&](ArrayRef<WideElement> x) {
      return WideElement{.real = real(x[0].real, x[1].real)};
    });
  IntegerKind kind(elementOf(result));
  return mapConstants(result, {lhs, rhs}, [&](ArrayRef<WideElement> x) {
    return WideElement{.integer = integer(x[0].integer, x[1].integer, kind)};
  });
}

/// The constant with `value` everywhere; nothing for a dynamic type.
static OpFoldResult splatResult(Value result, WideElement value) {
  auto type = cast<RankedTensorType>(result.getType());
  return type.hasStaticShape() ? OpFoldResult(makeConstant(type, value)) : OpFoldResult();
}

/// The least and the greatest integer of the element type, and the one with all bits set.
static int64_t greatestOf(Type element) {
  unsigned width = element.getIntOrFloatBitWidth();
  return static_cast<int64_t>(~uint64_t(0) >>
                              (isUnsignedElement(element) ? 64 - width : 65 - width));
}
static int64_t leastOf(Type element) {
  return isUnsignedElement(element) ? 0 : -greatestOf(element) - 1;
}
static int64_t allBits(Type element) { return wrapToInteger(element, -1); }

//===-- One operand -------------------------------------------------------------------------===//

/// f(f(x)) -> x, for f that undoes itself; otherwise the constant.
template <typename OpTy>
static OpFoldResult foldInvolution(OpTy op, Attribute input, RealUnary real, IntegerUnary integer) {
  if (auto inner = op.getInput().template getDefiningOp<OpTy>())
    return inner.getInput();
  return foldUnary(op.getResult(), input, real, integer);
}

/// f(g(x)) -> g(x), for f that leaves what g gives as it is; otherwise the constant.
template <typename... Inner, typename OpTy>
static OpFoldResult foldIdempotent(OpTy op, Attribute input, RealUnary real,
                                   IntegerUnary integer = nullptr) {
  if (Operation *inner = op.getInput().getDefiningOp(); isa_and_nonnull<Inner...>(inner))
    return op.getInput();
  return foldUnary(op.getResult(), input, real, integer);
}

OpFoldResult NegOp::fold(FoldAdaptor a) {
  return foldInvolution(
      *this, a.getInput(), [](double x) { return -x; },
      [](int64_t x, IntegerKind) { return wrappingSub(0, x); });
}
OpFoldResult NotOp::fold(FoldAdaptor a) {
  return foldInvolution(*this, a.getInput(), nullptr, [](int64_t x, IntegerKind) { return ~x; });
}

/// abs(neg(x)) -> abs(x)
OpFoldResult AbsOp::fold(FoldAdaptor a) {
  if (auto inner = getInput().getDefiningOp<NegOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return foldIdempotent<AbsOp>(*this, a.getInput(), std::fabs, integerAbs);
}
OpFoldResult SignOp::fold(FoldAdaptor a) {
  return foldIdempotent<SignOp>(*this, a.getInput(), signOf, integerSign);
}
OpFoldResult FloorOp::fold(FoldAdaptor a) {
  return foldIdempotent<FloorOp, CeilOp, RoundOp, TruncOp>(*this, a.getInput(), std::floor);
}
OpFoldResult CeilOp::fold(FoldAdaptor a) {
  return foldIdempotent<FloorOp, CeilOp, RoundOp, TruncOp>(*this, a.getInput(), std::ceil);
}
OpFoldResult RoundOp::fold(FoldAdaptor a) {
  return foldIdempotent<FloorOp, CeilOp, RoundOp, TruncOp>(*this, a.getInput(), std::nearbyint);
}
OpFoldResult TruncOp::fold(FoldAdaptor a) {
  return foldIdempotent<FloorOp, CeilOp, RoundOp, TruncOp>(*this, a.getInput(), std::trunc);
}

OpFoldResult SqrtOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::sqrt); }
OpFoldResult RsqrtOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), rsqrt); }
OpFoldResult ExpOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::exp); }
OpFoldResult Expm1Op::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::expm1); }
OpFoldResult LogOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::log); }
OpFoldResult Log1pOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::log1p); }
OpFoldResult SinOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::sin); }
OpFoldResult CosOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::cos); }
OpFoldResult TanOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::tan); }
OpFoldResult AsinOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::asin); }
OpFoldResult AcosOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::acos); }
OpFoldResult AtanOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::atan); }
OpFoldResult SinhOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::sinh); }
OpFoldResult CoshOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::cosh); }
OpFoldResult TanhOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::tanh); }
OpFoldResult AsinhOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::asinh); }
OpFoldResult AcoshOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::acosh); }
OpFoldResult AtanhOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::atanh); }
OpFoldResult ErfOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), std::erf); }
OpFoldResult SigmoidOp::fold(FoldAdaptor a) { return foldUnary(*this, a.getInput(), sigmoid); }

OpFoldResult IsNanOp::fold(FoldAdaptor a) {
  return mapConstants(*this, a.getInput(), [](ArrayRef<WideElement> x) {
    return WideElement{.integer = std::isnan(x[0].real)};
  });
}
OpFoldResult IsInfOp::fold(FoldAdaptor a) {
  return mapConstants(*this, a.getInput(), [](ArrayRef<WideElement> x) {
    return WideElement{.integer = std::isinf(x[0].real)};
  });
}

//===-- Arithmetic on two operands ----------------------------------------------------------===//
// The constant of a commutative operation stands on the right: its trait sees to that.

/// x + (-0.0) -> x, x + 0 -> x for integers. Refuses x + 0.0, which makes -0.0 positive.
OpFoldResult AddOp::fold(FoldAdaptor a) {
  if (isEach(a.getRhs(), -0.0) || isEachInteger(a.getRhs(), 0))
    return getLhs();
  return foldBinary(
      *this, a.getLhs(), a.getRhs(), [](double x, double y) { return x + y; },
      [](int64_t x, int64_t y, IntegerKind) { return wrappingAdd(x, y); });
}

/// x - 0 -> x; x - x -> 0 for integers. Refuses x - (-0.0), and x - x of floats (inf, NaN).
OpFoldResult SubOp::fold(FoldAdaptor a) {
  if (isEach(a.getRhs(), 0.0) || isEachInteger(a.getRhs(), 0))
    return getLhs();
  if (getLhs() == getRhs() && !isa<mlir::FloatType>(elementOf(*this)))
    return splatResult(*this, {});
  return foldBinary(
      *this, a.getLhs(), a.getRhs(), [](double x, double y) { return x - y; },
      [](int64_t x, int64_t y, IntegerKind) { return wrappingSub(x, y); });
}

/// x * 1 -> x; x * 0 -> 0 for integers. Refuses x * 0.0 (inf, NaN, signs).
OpFoldResult MulOp::fold(FoldAdaptor a) {
  if (isEach(a.getRhs(), 1.0) || isEachInteger(a.getRhs(), 1))
    return getLhs();
  if (isEachInteger(a.getRhs(), 0))
    return a.getRhs();
  return foldBinary(
      *this, a.getLhs(), a.getRhs(), [](double x, double y) { return x * y; },
      [](int64_t x, int64_t y, IntegerKind) { return wrappingMul(x, y); });
}

/// x / 1 -> x; x / 0 -> 0 and 0 / x -> 0 for integers.
OpFoldResult DivOp::fold(FoldAdaptor a) {
  if (isEach(a.getRhs(), 1.0) || isEachInteger(a.getRhs(), 1))
    return getLhs();
  if (isEachInteger(a.getRhs(), 0))
    return a.getRhs();
  if (isEachInteger(a.getLhs(), 0))
    return a.getLhs();
  return foldBinary(
      *this, a.getLhs(), a.getRhs(), [](double x, double y) { return x / y; }, integerDiv);
}

/// x rem 1, x rem 0, 0 rem x -> 0 for integers.
OpFoldResult RemOp::fold(FoldAdaptor a) {
  if (isEachInteger(a.getRhs(), 1) || isEachInteger(a.getRhs(), 0) || isEachInteger(a.getLhs(), 0))
    return splatResult(*this, {});
  return foldBinary(*this, a.getLhs(), a.getRhs(), std::fmod, integerRem);
}

/// x ^ 1 -> x; x ^ 0 -> 1, of NaN too.
OpFoldResult PowOp::fold(FoldAdaptor a) {
  if (isEach(a.getRhs(), 1.0) || isEachInteger(a.getRhs(), 1))
    return getLhs();
  if (isEach(a.getRhs(), 0.0) || isEach(a.getRhs(), -0.0) || isEachInteger(a.getRhs(), 0))
    return splatResult(*this, {.real = 1, .integer = 1});
  return foldBinary(*this, a.getLhs(), a.getRhs(), std::pow, integerPow);
}

/// max(x, x) -> x; max(x, least) -> x; max(x, greatest) -> greatest for integers.
OpFoldResult MaxOp::fold(FoldAdaptor a) {
  if (getLhs() == getRhs() || isEach(a.getRhs(), -HUGE_VAL) ||
      isEachInteger(a.getRhs(), leastOf(elementOf(*this))))
    return getLhs();
  if (isEachInteger(a.getRhs(), greatestOf(elementOf(*this))))
    return a.getRhs();
  return foldBinary(
      *this, a.getLhs(), a.getRhs(), maximum,
      [](int64_t x, int64_t y, IntegerKind k) { return integerLess(x, y, k) ? y : x; });
}

/// min(x, x) -> x; min(x, greatest) -> x; min(x, least) -> least for integers.
OpFoldResult MinOp::fold(FoldAdaptor a) {
  if (getLhs() == getRhs() || isEach(a.getRhs(), HUGE_VAL) ||
      isEachInteger(a.getRhs(), greatestOf(elementOf(*this))))
    return getLhs();
  if (isEachInteger(a.getRhs(), leastOf(elementOf(*this))))
    return a.getRhs();
  return foldBinary(
      *this, a.getLhs(), a.getRhs(), minimum,
      [](int64_t x, int64_t y, IntegerKind k) { return integerLess(y, x, k) ? y : x; });
}

OpFoldResult Atan2Op::fold(FoldAdaptor a) {
  return foldBinary(*this, a.getLhs(), a.getRhs(), std::atan2, nullptr);
}

//===-- Logic and bits ----------------------------------------------------------------------===//

/// x & x -> x; x & all bits -> x; x & 0 -> 0.
OpFoldResult AndOp::fold(FoldAdaptor a) {
  if (getLhs() == getRhs() || isEachInteger(a.getRhs(), allBits(elementOf(*this))))
    return getLhs();
  if (isEachInteger(a.getRhs(), 0))
    return a.getRhs();
  return foldBinary(*this, a.getLhs(), a.getRhs(), nullptr,
                    [](int64_t x, int64_t y, IntegerKind) { return x & y; });
}

/// x | x -> x; x | 0 -> x; x | all bits -> all bits.
OpFoldResult OrOp::fold(FoldAdaptor a) {
  if (getLhs() == getRhs() || isEachInteger(a.getRhs(), 0))
    return getLhs();
  if (isEachInteger(a.getRhs(), allBits(elementOf(*this))))
    return a.getRhs();
  return foldBinary(*this, a.getLhs(), a.getRhs(), nullptr,
                    [](int64_t x, int64_t y, IntegerKind) { return x | y; });
}

/// x ^ 0 -> x; x ^ x -> 0.
OpFoldResult XorOp::fold(FoldAdaptor a) {
  if (isEachInteger(a.getRhs(), 0))
    return getLhs();
  if (getLhs() == getRhs())
    return splatResult(*this, {});
  return foldBinary(*this, a.getLhs(), a.getRhs(), nullptr,
                    [](int64_t x, int64_t y, IntegerKind) { return x ^ y; });
}

/// x << 0 -> x
OpFoldResult ShiftLeftOp::fold(FoldAdaptor a) {
  if (isEachInteger(a.getRhs(), 0))
    return getLhs();
  return foldBinary(*this, a.getLhs(), a.getRhs(), nullptr, shiftLeft);
}

/// x >> 0 -> x
OpFoldResult ShiftRightOp::fold(FoldAdaptor a) {
  if (isEachInteger(a.getRhs(), 0))
    return getLhs();
  return foldBinary(*this, a.getLhs(), a.getRhs(), nullptr, shiftRight);
}

//===-- Comparison, choice, conversion ------------------------------------------------------===//

/// x < x, x > x -> false; for all but floats x <= x, x >= x, x == x -> true, x != x -> false.
static OpFoldResult foldCompareWithItself(CompareOp op) {
  ComparePredicate predicate = op.getPredicate();
  bool strict = predicate == ComparePredicate::Lt || predicate == ComparePredicate::Gt;
  if (!strict && isa<mlir::FloatType>(elementOf(op.getLhs())))
    return {};
  return splatResult(op, {.integer = holds(predicate, 0, 0)});
}

OpFoldResult CompareOp::fold(FoldAdaptor a) {
  if (getLhs() == getRhs())
    if (OpFoldResult folded = foldCompareWithItself(*this))
      return folded;
  bool real = isa<mlir::FloatType>(elementOf(getLhs()));
  IntegerKind kind(elementOf(getLhs()));
  return mapConstants(*this, {a.getLhs(), a.getRhs()}, [&](ArrayRef<WideElement> x) {
    return WideElement{.integer =
                           real ? holds(getPredicate(), x[0].real, x[1].real)
                                : integerHolds(getPredicate(), x[0].integer, x[1].integer, kind)};
  });
}

/// select(c, x, x) -> x; select(true, x, y) -> x; select(false, x, y) -> y
OpFoldResult SelectOp::fold(FoldAdaptor a) {
  if (getOnTrue() == getOnFalse())
    return getOnTrue();
  if (auto always = splatOf(a.getCondition()))
    return always->integer ? getOnTrue() : getOnFalse();
  return mapConstants(*this, {a.getCondition(), a.getOnTrue(), a.getOnFalse()},
                      [](ArrayRef<WideElement> x) { return x[0].integer ? x[1] : x[2]; });
}

/// Bits of the integers that a type holds exactly, without the sign.
static unsigned exactBits(Type type) {
  if (auto real = dyn_cast<mlir::FloatType>(type))
    return llvm::APFloat::semanticsPrecision(real.getFloatSemantics());
  unsigned width = type.getIntOrFloatBitWidth();
  return isUnsignedElement(type) ? width : width - 1;
}

/// True if every value of `from` is a value of `to`.
static bool isLossless(Type from, Type to) {
  bool fromFloat = isa<mlir::FloatType>(from), toFloat = isa<mlir::FloatType>(to);
  if (fromFloat && toFloat) // Of f16 and bf16 neither holds the other.
    return from == to || from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth();
  if (fromFloat || toFloat)
    return toFloat && exactBits(from) <= exactBits(to);
  bool keepsSign = isUnsignedElement(from) || !isUnsignedElement(to);
  return keepsSign && exactBits(from) <= exactBits(to);
}

/// True if casting from `a` to `b` to `c` is casting from `a` to `c`.
static bool castsCompose(Type a, Type b, Type c) {
  bool integers = llvm::none_of(ArrayRef<Type>{a, b, c}, llvm::IsaPred<mlir::FloatType>);
  // Low bits of low bits. To bool is no such case: it asks whether any bit is set.
  if (integers && !b.isInteger(1) && !c.isInteger(1) &&
      c.getIntOrFloatBitWidth() <= b.getIntOrFloatBitWidth())
    return true;
  if (!isLossless(a, b))
    return false;
  // A float saturates on the way to an integer, where an integer wraps.
  bool wraps = !isa<mlir::FloatType>(a) && isa<mlir::FloatType>(b) && !isa<mlir::FloatType>(c);
  return !wraps || c.isInteger(1) || isLossless(a, c);
}

static WideElement convert(WideElement x, Type from, Type to) {
  if (auto real = dyn_cast<mlir::FloatType>(to))
    return isa<mlir::FloatType>(from)
               ? x
               : WideElement{.real = integerToReal(x.integer, isUnsignedElement(from), real)};
  if (isa<mlir::FloatType>(from))
    return {.integer = to.isInteger(1) ? x.real != 0 : realToInteger(x.real, to)};
  return {.integer = to.isInteger(1) ? x.integer != 0 : x.integer};
}

/// cast(x: T -> T) -> x; cast(cast(x: A -> B) -> C) -> cast(x: A -> C) where nothing is lost
OpFoldResult CastOp::fold(FoldAdaptor a) {
  if (isBarrier(*this))
    return {};
  if (getInput().getType() == getType())
    return getInput();
  Type from = elementOf(getInput()), to = elementOf(*this);
  auto inner = getInput().getDefiningOp<CastOp>();
  if (inner && !isBarrier(inner) && castsCompose(elementOf(inner.getInput()), from, to)) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return mapConstants(*this, a.getInput(),
                      [&](ArrayRef<WideElement> x) { return convert(x[0], from, to); });
}

} // namespace weft
