// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic, comparison, logic and activation functions, element by element.

#include "frontend/onnx/OpsCommon.h"
#include "frontend/onnx/TensorData.h"

namespace weft {

//===-- Operands ----------------------------------------------------------------------------===//

/// Before opset 7 an operand is broadcast only when the node asks for it, from the dimension `axis`
/// on or at the end.
static Value legacyOperand(Node &n, Value a, Value b) {
  n.ignore("consumed_inputs");
  bool isBroadcast = n.integer("broadcast", 0) != 0;
  int64_t missing = n.b.rank(a) - n.b.rank(b);
  if (!isBroadcast || !n.hasAttribute("axis"))
    return b;
  std::optional<int64_t> axis = n.axis(n.integer("axis", 0), n.b.rank(a));
  if (!axis || *axis > missing)
    return b;
  SmallVector<Dim> shape = n.b.dims(b);
  shape.resize(n.b.rank(a) - *axis, Dim(1));
  return n.b.reshape(b, shape);
}

template <typename Op> static void unary(Node &n) {
  n.ignore("consumed_inputs");
  n.set(0, n.b.unary<Op>(n.input(0)));
}

template <typename Op> static void binary(Node &n) {
  n.set(0, n.b.binary<Op>(n.input(0), n.input(1)));
}

template <typename Op> static void legacyBinary(Node &n) {
  n.set(0, n.b.binary<Op>(n.input(0), legacyOperand(n, n.input(0), n.input(1))));
}

template <ComparePredicate predicate> static void compare(Node &n) {
  n.set(0, n.b.compare(predicate, n.input(0), n.input(1)));
}

template <ComparePredicate predicate> static void legacyCompare(Node &n) {
  n.set(0, n.b.compare(predicate, n.input(0), legacyOperand(n, n.input(0), n.input(1))));
}

/// Any number of operands, combined from the left.
template <typename Op> static Value combined(Node &n) {
  n.ignore("consumed_inputs");
  Value result;
  for (Value operand : n.allInputs())
    result = result ? n.b.binary<Op>(result, operand) : operand;
  return result;
}

template <typename Op> static void variadic(Node &n) { n.set(0, combined<Op>(n)); }

static void mean(Node &n) {
  Value sum = combined<AddOp>(n);
  n.set(0, n.b.binary<DivOp>(sum, static_cast<double>(n.numInputs())));
}

//===-- Arithmetic --------------------------------------------------------------------------===//

/// The result has the type of the base; a float exponent of an integer base is not rounded first.
static void power(Node &n, Value base, Value exponent) {
  Type type = n.b.element(base), other = n.b.element(exponent);
  Type compute = type;
  if (!n.b.isFloat(base) && n.b.isFloat(exponent))
    compute = n.b.builder.getF64Type();
  else if (!n.b.isFloat(base) && other.getIntOrFloatBitWidth() > type.getIntOrFloatBitWidth())
    compute = other;
  Value result = n.b.binary<PowOp>(n.b.cast(base, compute), n.b.cast(exponent, compute));
  n.set(0, n.b.cast(result, type));
}

static void pow(Node &n) { power(n, n.input(0), n.input(1)); }

static void legacyPow(Node &n) { power(n, n.input(0), legacyOperand(n, n.input(0), n.input(1))); }

static bool isKnownPositive(Node &n, Value value) {
  auto known = n.maybeKnown(value);
  return known && llvm::all_of(*known, [](const Dim &dim) { return Dim(1).provablyAtMost(dim); });
}

/// fmod as in C, or the remainder with the sign of the divisor.
static void mod(Node &n) {
  Value a = n.input(0), b = n.input(1);
  Value rest = n.b.binary<RemOp>(a, b);
  if (n.integer("fmod", 0) != 0)
    return n.set(0, rest);
  if (n.b.isFloat(a))
    return n.fail("fmod is 0, but that is for integers");
  bool isUnsigned = n.b.element(a).isUnsignedInteger();
  if (isUnsigned)
    return n.set(0, rest);
  Value isNegative = n.b.compare(ComparePredicate::Lt, rest, 0.0);
  if (isKnownPositive(n, b))
    return n.set(0, n.b.select(isNegative, n.b.add(rest, b), rest));
  Value divisorIsNegative = n.b.compare(ComparePredicate::Lt, b, 0.0);
  Value differs = n.b.binary<XorOp>(isNegative, divisorIsNegative);
  Value fix = n.b.binary<AndOp>(differs, n.b.compare(ComparePredicate::Ne, rest, 0.0));
  n.set(0, n.b.select(fix, n.b.add(rest, b), rest));
}

static void bitShift(Node &n) {
  StringRef direction = n.text("direction", "");
  if (direction == "LEFT")
    return binary<ShiftLeftOp>(n);
  if (direction == "RIGHT")
    return binary<ShiftRightOp>(n);
  n.fail("the direction is '" + direction + "', but LEFT or RIGHT is expected");
}

static void reciprocal(Node &n) {
  n.ignore("consumed_inputs");
  Value x = n.input(0);
  n.set(0, n.b.div(n.b.splatLike(x, 1), x));
}

static Value clamp(Node &n, Value x, Value low, Value high) {
  if (low)
    x = n.b.binary<MaxOp>(x, low);
  return high ? n.b.binary<MinOp>(x, high) : x;
}

static void clip(Node &n) {
  n.set(0, clamp(n, n.input(0), n.optionalInput(1), n.optionalInput(2)));
}

static void legacyClip(Node &n) {
  n.ignore("consumed_inputs");
  Value x = n.input(0);
  auto bound = [&](StringRef name) {
    return n.hasAttribute(name) ? n.b.scalar(n.b.element(x), n.real(name, 0)) : Value();
  };
  n.set(0, clamp(n, x, bound("min"), bound("max")));
}

static void isInf(Node &n) {
  Value x = n.input(0);
  bool negative = n.integer("detect_negative", 1) != 0;
  bool positive = n.integer("detect_positive", 1) != 0;
  Value result = n.b.isInf(x);
  if (!negative)
    result = n.b.binary<AndOp>(result, n.b.compare(ComparePredicate::Gt, x, 0.0));
  if (!positive)
    result = n.b.binary<AndOp>(result, n.b.compare(ComparePredicate::Lt, x, 0.0));
  n.set(0, result);
}

//===-- Types -------------------------------------------------------------------------------===//

static void castTo(Node &n, int64_t number) {
  n.ignore("saturate");
  n.ignore("round_mode");
  llvm::Expected<Type> type =
      onnxElementType(static_cast<int32_t>(number), n.b.builder.getContext());
  if (!type)
    return n.fail(llvm::toString(type.takeError()));
  n.set(0, n.b.cast(n.input(0), *type));
}

static void cast(Node &n) {
  if (n.needs("to"))
    castTo(n, n.integer("to", 0));
}

/// Opset 1 names the type.
static void legacyCast(Node &n) {
  StringRef name = n.text("to", "");
  for (int32_t number = 1; number < 17; ++number)
    if (onnx::TensorProto_DataType_IsValid(number) &&
        name.equals_insensitive(
            onnx::TensorProto_DataType_Name(static_cast<onnx::TensorProto_DataType>(number))))
      return castTo(n, number);
  n.fail("'" + name + "' is no type of the standard");
}

static void castLike(Node &n) {
  n.ignore("saturate");
  n.ignore("round_mode");
  n.set(0, n.b.cast(n.input(0), n.b.element(n.input(1))));
}

static void where(Node &n) { n.set(0, n.b.select(n.input(0), n.input(1), n.input(2))); }

//===-- Activations -------------------------------------------------------------------------===//

/// Where x < 0 another formula holds.
static Value belowZero(GraphBuilder &b, Value x, Value formula) {
  return b.select(b.compare(ComparePredicate::Lt, x, 0.0), formula, x);
}

static void relu(Node &n) {
  n.ignore("consumed_inputs");
  n.set(0, n.b.binary<MaxOp>(n.input(0), 0.0));
}

static void leakyRelu(Node &n) {
  n.ignore("consumed_inputs");
  Value x = n.input(0);
  n.set(0, belowZero(n.b, x, n.b.binary<MulOp>(x, n.real("alpha", 0.01))));
}

static void prelu(Node &n) {
  Value x = n.input(0), slope = n.input(1);
  n.set(0, belowZero(n.b, x, n.b.mul(x, slope)));
}

/// Before opset 7 a vector of slopes is for the channels.
static void legacyPrelu(Node &n) {
  n.ignore("consumed_inputs");
  Value x = n.input(0), slope = n.input(1);
  if (n.b.rank(slope) == 1 && n.b.rank(x) > 1 && n.b.dims(slope)[0] != Dim(1))
    slope = alongChannels(n.b, slope, x);
  n.set(0, belowZero(n.b, x, n.b.mul(x, slope)));
}

static void elu(Node &n) {
  n.ignore("consumed_inputs");
  Value x = n.input(0);
  n.set(0, belowZero(n.b, x, n.b.binary<MulOp>(n.b.unary<Expm1Op>(x), n.real("alpha", 1))));
}

/// The defaults of Klambauer et al., arXiv:1706.02515; opset 1 has fewer digits of them.
static Value selu(Node &n, double alpha, double gamma) {
  n.ignore("consumed_inputs");
  Value x = n.input(0);
  alpha = n.real("alpha", alpha);
  Value below = n.b.binary<MulOp>(n.b.unary<Expm1Op>(x), alpha);
  return n.b.binary<MulOp>(belowZero(n.b, x, below), n.real("gamma", gamma));
}

static void celu(Node &n) {
  Value x = n.input(0);
  double alpha = n.real("alpha", 1);
  Value scaled = n.b.unary<Expm1Op>(n.b.binary<DivOp>(x, alpha));
  n.set(0, belowZero(n.b, x, n.b.binary<MulOp>(scaled, alpha)));
}

/// log(1 + exp(x)) without overflow.
static Value softplusOf(GraphBuilder &b, Value x) {
  Value tail = b.unary<Log1pOp>(b.unary<ExpOp>(b.unary<NegOp>(b.unary<AbsOp>(x))));
  return b.add(b.binary<MaxOp>(x, 0.0), tail);
}

static void softplus(Node &n) { n.set(0, softplusOf(n.b, n.input(0))); }

static void softsign(Node &n) {
  Value x = n.input(0);
  n.set(0, n.b.div(x, n.b.binary<AddOp>(n.b.unary<AbsOp>(x), 1.0)));
}

static Value hardSigmoidOf(GraphBuilder &b, Value x, double alpha, double beta) {
  Value line = b.binary<AddOp>(b.binary<MulOp>(x, alpha), beta);
  return b.binary<MinOp>(b.binary<MaxOp>(line, 0.0), 1.0);
}

static void hardSigmoid(Node &n) {
  n.ignore("consumed_inputs");
  n.set(0, hardSigmoidOf(n.b, n.input(0), n.real("alpha", 0.2), n.real("beta", 0.5)));
}

static void hardSwish(Node &n) {
  Value x = n.input(0);
  n.set(0, n.b.mul(x, hardSigmoidOf(n.b, x, 1.0 / 6, 0.5)));
}

static void mish(Node &n) {
  Value x = n.input(0);
  n.set(0, n.b.mul(x, n.b.unary<TanhOp>(softplusOf(n.b, x))));
}

static void swish(Node &n) {
  Value x = n.input(0);
  n.set(0, n.b.mul(x, n.b.unary<SigmoidOp>(n.b.binary<MulOp>(x, n.real("alpha", 1)))));
}

/// Hendrycks & Gimpel, arXiv:1606.08415.
static void gelu(Node &n) {
  Value x = n.input(0);
  StringRef approximate = n.text("approximate", "none");
  Value inner;
  if (approximate == "none") {
    inner = n.b.unary<ErfOp>(n.b.binary<MulOp>(x, 0.70710678118654752440));
  } else if (approximate == "tanh") {
    Value cube = n.b.mul(n.b.mul(x, x), x);
    Value sum = n.b.add(x, n.b.binary<MulOp>(cube, 0.044715));
    inner = n.b.unary<TanhOp>(n.b.binary<MulOp>(sum, 0.79788456080286535588));
  } else {
    return n.fail("approximate is '" + approximate + "', but none or tanh is expected");
  }
  n.set(0, n.b.mul(n.b.binary<MulOp>(x, 0.5), n.b.binary<AddOp>(inner, 1.0)));
}

static void shrink(Node &n) {
  Value x = n.input(0);
  double lambda = n.real("lambd", 0.5), bias = n.real("bias", 0);
  Value zero = n.b.splatLike(x, 0);
  Value above =
      n.b.select(n.b.compare(ComparePredicate::Gt, x, lambda), n.b.binary<SubOp>(x, bias), zero);
  n.set(0, n.b.select(n.b.compare(ComparePredicate::Lt, x, -lambda), n.b.binary<AddOp>(x, bias),
                      above));
}

static void thresholdedRelu(Node &n) {
  Value x = n.input(0);
  n.set(0, n.b.select(n.b.compare(ComparePredicate::Gt, x, n.real("alpha", 1)), x,
                      n.b.splatLike(x, 0)));
}

//===-- The table ---------------------------------------------------------------------------===//

static constexpr OnnxRowKind each = OnnxRowKind::Elementwise;

// clang-format off
static constexpr OnnxRow rows[] = {
    {"Abs", 1, unary<AbsOp>, each},
    {"Acos", 7, unary<AcosOp>, each},
    {"Acosh", 9, unary<AcoshOp>, each},
    {"Add", 1, legacyBinary<AddOp>, each},
    {"Add", 7, binary<AddOp>, each},
    {"And", 1, legacyBinary<AndOp>, each},
    {"And", 7, binary<AndOp>, each},
    {"Asin", 7, unary<AsinOp>, each},
    {"Asinh", 9, unary<AsinhOp>, each},
    {"Atan", 7, unary<AtanOp>, each},
    {"Atanh", 9, unary<AtanhOp>, each},
    {"BitShift", 11, bitShift, each},
    {"BitwiseAnd", 18, binary<AndOp>, each},
    {"BitwiseNot", 18, unary<NotOp>, each},
    {"BitwiseOr", 18, binary<OrOp>, each},
    {"BitwiseXor", 18, binary<XorOp>, each},
    {"Cast", 1, legacyCast, each},
    {"Cast", 6, cast, each},
    {"CastLike", 15, castLike, each},
    {"Ceil", 1, unary<CeilOp>, each},
    {"Celu", 12, celu, each},
    {"Clip", 1, legacyClip, each},
    {"Clip", 11, clip, each},
    {"Cos", 7, unary<CosOp>, each},
    {"Cosh", 9, unary<CoshOp>, each},
    {"Div", 1, legacyBinary<DivOp>, each},
    {"Div", 7, binary<DivOp>, each},
    {"Elu", 1, elu, each},
    {"Equal", 1, legacyCompare<ComparePredicate::Eq>, each},
    {"Equal", 7, compare<ComparePredicate::Eq>, each},
    {"Erf", 9, unary<ErfOp>, each},
    {"Exp", 1, unary<ExpOp>, each},
    {"Floor", 1, unary<FloorOp>, each},
    {"Gelu", 20, gelu, each},
    {"Greater", 1, legacyCompare<ComparePredicate::Gt>, each},
    {"Greater", 7, compare<ComparePredicate::Gt>, each},
    {"GreaterOrEqual", 12, compare<ComparePredicate::Ge>, each},
    {"HardSigmoid", 1, hardSigmoid, each},
    {"HardSwish", 14, hardSwish, each},
    {"IsInf", 10, isInf, each},
    {"IsNaN", 9, [](Node &n) { n.set(0, n.b.isNan(n.input(0))); }, each},
    {"LeakyRelu", 1, leakyRelu, each},
    {"Less", 1, legacyCompare<ComparePredicate::Lt>, each},
    {"Less", 7, compare<ComparePredicate::Lt>, each},
    {"LessOrEqual", 12, compare<ComparePredicate::Le>, each},
    {"Log", 1, unary<LogOp>, each},
    {"Max", 1, variadic<MaxOp>, each},
    {"Mean", 1, mean, each},
    {"Min", 1, variadic<MinOp>, each},
    {"Mish", 18, mish, each},
    {"Mod", 10, mod, each},
    {"Mul", 1, legacyBinary<MulOp>, each},
    {"Mul", 7, binary<MulOp>, each},
    {"Neg", 1, unary<NegOp>, each},
    {"Not", 1, unary<NotOp>, each},
    {"Or", 1, legacyBinary<OrOp>, each},
    {"Or", 7, binary<OrOp>, each},
    {"PRelu", 1, legacyPrelu, each},
    {"PRelu", 7, prelu, each},
    {"Pow", 1, legacyPow, each},
    {"Pow", 7, pow, each},
    {"Reciprocal", 1, reciprocal, each},
    {"Relu", 1, relu, each},
    {"Round", 11, unary<RoundOp>, each},
    {"Selu", 1, [](Node &n) { n.set(0, selu(n, 1.6732, 1.0507)); }, each},
    {"Selu", 6, [](Node &n) { n.set(0, selu(n, 1.67326319217681884765625, 1.05070102214813232421875)); }, each},
    {"Shrink", 9, shrink, each},
    {"Sigmoid", 1, unary<SigmoidOp>, each},
    {"Sign", 9, unary<SignOp>, each},
    {"Sin", 7, unary<SinOp>, each},
    {"Sinh", 9, unary<SinhOp>, each},
    {"Softplus", 1, softplus, each},
    {"Softsign", 1, softsign, each},
    {"Sqrt", 1, unary<SqrtOp>, each},
    {"Sub", 1, legacyBinary<SubOp>, each},
    {"Sub", 7, binary<SubOp>, each},
    {"Sum", 1, variadic<AddOp>, each},
    {"Swish", 24, swish, each},
    {"Tan", 7, unary<TanOp>, each},
    {"Tanh", 1, unary<TanhOp>, each},
    {"ThresholdedRelu", 1, thresholdedRelu, each},
    {"Where", 9, where, each},
    {"Xor", 1, legacyBinary<XorOp>, each},
    {"Xor", 7, binary<XorOp>, each},
};
// clang-format on

ArrayRef<OnnxRow> onnxElementwiseRows() { return rows; }

} // namespace weft
