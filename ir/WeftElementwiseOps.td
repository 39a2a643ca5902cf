// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element-wise operations: arithmetic, transcendental functions, logic, comparison, choice, cast.
// Operands and result have one shape; broadcasting is an operation of its own.

#ifndef WEFT_ELEMENTWISE_OPS_TD
#define WEFT_ELEMENTWISE_OPS_TD

include "ir/WeftBase.td"

/// The parts of the documentation that differ; the layout is the same for all.
class Weft_ElementwiseDoc<string formula, string types, string gradient, string example> {
  string text = "- Formula: `" # formula # "`\n"
      # "- Shapes: operands and `result` alike\n"
      # "- Types: " # types # "\n"
      # "- Gradient: " # gradient # "\n\n"
      # "Example: `test/ir/" # example # ".mlir`";
}

class Weft_UnaryOp<string mnemonic, Type type, string line, string formula, string types,
                   string gradient>
    : Weft_Op<mnemonic, [Pure, Weft_Elementwise, Weft_SameDims, SameOperandsAndResultType]> {
  let summary = line;
  let description = Weft_ElementwiseDoc<formula, types, gradient, "elementwise">.text;
  let arguments = (ins type:$input);
  let results = (outs type:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
  let hasFolder = 1;
}

class Weft_FloatUnaryOp<string mnemonic, string line, string formula, string gradient>
    : Weft_UnaryOp<mnemonic, Weft_FloatTensor, line, formula,
                   "any float; computed in f32 or wider, rounded once", gradient>;

class Weft_BinaryOp<string mnemonic, Type type, string line, string formula, string types,
                    string gradient, list<Trait> traits = []>
    : Weft_Op<mnemonic, !listconcat([Pure, Weft_Elementwise, Weft_SameDims,
                                     SameOperandsAndResultType], traits)> {
  let summary = line;
  let description = Weft_ElementwiseDoc<formula, types, gradient, "elementwise">.text;
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
  let hasFolder = 1;
}

//===-- Arithmetic on one operand -----------------------------------------------------------===//

def Weft_NegOp : Weft_UnaryOp<"neg", Weft_SignedTensor, "Change the sign",
  "y[i] = -x[i]", "float or signed integer; the lowest integer stays itself", "`dx = -dy`">;
def Weft_AbsOp : Weft_UnaryOp<"abs", Weft_SignedTensor, "Take the magnitude",
  "y[i] = |x[i]|", "float or signed integer; the lowest integer stays itself",
  "`dx = dy * sign(x)`">;
def Weft_SignOp : Weft_UnaryOp<"sign", Weft_SignedTensor, "Tell the sign as -1, 0 or 1",
  "y[i] = (x[i] > 0) - (x[i] < 0)", "float or signed integer; NaN gives NaN", "`dx = 0`">;
def Weft_FloorOp : Weft_FloatUnaryOp<"floor", "Round toward negative infinity",
  "y[i] = floor(x[i])", "`dx = 0`">;
def Weft_CeilOp : Weft_FloatUnaryOp<"ceil", "Round toward positive infinity",
  "y[i] = ceil(x[i])", "`dx = 0`">;
def Weft_RoundOp : Weft_FloatUnaryOp<"round", "Round to the nearest integer, ties to even",
  "y[i] = rint(x[i])", "`dx = 0`">;
def Weft_TruncOp : Weft_FloatUnaryOp<"trunc", "Round toward zero",
  "y[i] = trunc(x[i])", "`dx = 0`">;

//===-- Powers, exponentials, trigonometry --------------------------------------------------===//

def Weft_SqrtOp : Weft_FloatUnaryOp<"sqrt", "Take the square root",
  "y[i] = sqrt(x[i])", "`dx = dy / (2 * y)`">;
def Weft_RsqrtOp : Weft_FloatUnaryOp<"rsqrt", "Take the reciprocal of the square root",
  "y[i] = 1 / sqrt(x[i])", "`dx = -dy * y^3 / 2`">;
def Weft_ExpOp : Weft_FloatUnaryOp<"exp", "Raise e to each element",
  "y[i] = exp(x[i])", "`dx = dy * y`">;
def Weft_Expm1Op : Weft_FloatUnaryOp<"expm1", "Raise e to each element and subtract 1",
  "y[i] = exp(x[i]) - 1, exact near 0", "`dx = dy * (y + 1)`">;
def Weft_LogOp : Weft_FloatUnaryOp<"log", "Take the natural logarithm",
  "y[i] = log(x[i]); NaN below 0, -inf at 0", "`dx = dy / x`">;
def Weft_Log1pOp : Weft_FloatUnaryOp<"log1p", "Add 1 and take the natural logarithm",
  "y[i] = log(1 + x[i]), exact near 0", "`dx = dy / (1 + x)`">;
def Weft_SinOp : Weft_FloatUnaryOp<"sin", "Take the sine of radians",
  "y[i] = sin(x[i])", "`dx = dy * cos(x)`">;
def Weft_CosOp : Weft_FloatUnaryOp<"cos", "Take the cosine of radians",
  "y[i] = cos(x[i])", "`dx = -dy * sin(x)`">;
def Weft_TanOp : Weft_FloatUnaryOp<"tan", "Take the tangent of radians",
  "y[i] = tan(x[i])", "`dx = dy * (1 + y^2)`">;
def Weft_AsinOp : Weft_FloatUnaryOp<"asin", "Take the inverse sine in radians",
  "y[i] = asin(x[i])", "`dx = dy / sqrt(1 - x^2)`">;
def Weft_AcosOp : Weft_FloatUnaryOp<"acos", "Take the inverse cosine in radians",
  "y[i] = acos(x[i])", "`dx = -dy / sqrt(1 - x^2)`">;
def Weft_AtanOp : Weft_FloatUnaryOp<"atan", "Take the inverse tangent in radians",
  "y[i] = atan(x[i])", "`dx = dy / (1 + x^2)`">;
def Weft_SinhOp : Weft_FloatUnaryOp<"sinh", "Take the hyperbolic sine",
  "y[i] = (exp(x[i]) - exp(-x[i])) / 2", "`dx = dy * cosh(x)`">;
def Weft_CoshOp : Weft_FloatUnaryOp<"cosh", "Take the hyperbolic cosine",
  "y[i] = (exp(x[i]) + exp(-x[i])) / 2", "`dx = dy * sinh(x)`">;
def Weft_TanhOp : Weft_FloatUnaryOp<"tanh", "Take the hyperbolic tangent",
  "y[i] = sinh(x[i]) / cosh(x[i])", "`dx = dy * (1 - y^2)`">;
def Weft_AsinhOp : Weft_FloatUnaryOp<"asinh", "Take the inverse hyperbolic sine",
  "y[i] = log(x[i] + sqrt(x[i]^2 + 1))", "`dx = dy / sqrt(x^2 + 1)`">;
def Weft_AcoshOp : Weft_FloatUnaryOp<"acosh", "Take the inverse hyperbolic cosine",
  "y[i] = log(x[i] + sqrt(x[i]^2 - 1))", "`dx = dy / sqrt(x^2 - 1)`">;
def Weft_AtanhOp : Weft_FloatUnaryOp<"atanh", "Take the inverse hyperbolic tangent",
  "y[i] = log((1 + x[i]) / (1 - x[i])) / 2", "`dx = dy / (1 - x^2)`">;
def Weft_ErfOp : Weft_FloatUnaryOp<"erf", "Evaluate the error function",
  "y[i] = 2 / sqrt(pi) * integral from 0 to x[i] of exp(-t^2) dt",
  "`dx = dy * 2 / sqrt(pi) * exp(-x^2)`">;
def Weft_SigmoidOp : Weft_FloatUnaryOp<"sigmoid", "Squash into (0, 1) by the logistic function",
  "y[i] = 1 / (1 + exp(-x[i]))", "`dx = dy * y * (1 - y)`">;

//===-- Arithmetic on two operands ----------------------------------------------------------===//

def Weft_AddOp : Weft_BinaryOp<"add", Weft_NumberTensor, "Add",
  "y[i] = a[i] + b[i]", "any number; integers wrap", "`da = dy`, `db = dy`", [Commutative]>;
def Weft_SubOp : Weft_BinaryOp<"sub", Weft_NumberTensor, "Subtract the second from the first",
  "y[i] = a[i] - b[i]", "any number; integers wrap", "`da = dy`, `db = -dy`">;
def Weft_MulOp : Weft_BinaryOp<"mul", Weft_NumberTensor, "Multiply",
  "y[i] = a[i] * b[i]", "any number; integers wrap", "`da = dy * b`, `db = dy * a`",
  [Commutative]>;
def Weft_DivOp : Weft_BinaryOp<"div", Weft_NumberTensor, "Divide the first by the second",
  "y[i] = a[i] / b[i]",
  "any number; integers truncate toward zero, a / 0 = 0, the lowest integer / -1 wraps",
  "`da = dy / b`, `db = -dy * y / b`">;
def Weft_RemOp : Weft_BinaryOp<"rem", Weft_NumberTensor, "Give the remainder of the division",
  "y[i] = a[i] - b[i] * trunc(a[i] / b[i])",
  "any number; the sign is that of a; integer a rem 0 = 0; floats as C's fmod",
  "`da = dy`, `db = -dy * trunc(a / b)`">;
def Weft_PowOp : Weft_BinaryOp<"pow", Weft_NumberTensor, "Raise the first to the second",
  "y[i] = a[i] ^ b[i]",
  "any number; floats as C's pow; integers wrap, a negative exponent gives 0 except for 1 and -1",
  "`da = dy * b * a^(b - 1)`, `db = dy * y * log(a)`">;
def Weft_MaxOp : Weft_BinaryOp<"max", Weft_NumberTensor, "Take the larger",
  "y[i] = max(a[i], b[i])", "any number; NaN if either is NaN; max(-0, +0) = +0",
  "`da = dy * (a > b)`, `db` the rest of `dy`", [Commutative]>;
def Weft_MinOp : Weft_BinaryOp<"min", Weft_NumberTensor, "Take the smaller",
  "y[i] = min(a[i], b[i])", "any number; NaN if either is NaN; min(-0, +0) = -0",
  "`da = dy * (a < b)`, `db` the rest of `dy`", [Commutative]>;
def Weft_Atan2Op : Weft_BinaryOp<"atan2", Weft_FloatTensor,
  "Take the angle of the point (second, first) in radians",
  "y[i] = atan2(a[i], b[i])", "any float, as C's atan2",
  "`da = dy * b / (a^2 + b^2)`, `db = -dy * a / (a^2 + b^2)`">;

//===-- Logic and bits ----------------------------------------------------------------------===//

def Weft_NotOp : Weft_UnaryOp<"not", Weft_LogicTensor, "Invert each bit",
  "y[i] = ~x[i]", "bool or integer", "none">;
def Weft_AndOp : Weft_BinaryOp<"and", Weft_LogicTensor, "Keep the bits set in both",
  "y[i] = a[i] & b[i]", "bool or integer", "none", [Commutative]>;
def Weft_OrOp : Weft_BinaryOp<"or", Weft_LogicTensor, "Keep the bits set in either",
  "y[i] = a[i] | b[i]", "bool or integer", "none", [Commutative]>;
def Weft_XorOp : Weft_BinaryOp<"xor", Weft_LogicTensor, "Keep the bits set in exactly one",
  "y[i] = a[i] ^ b[i]", "bool or integer", "none", [Commutative]>;
def Weft_ShiftLeftOp : Weft_BinaryOp<"shift_left", Weft_IntTensor, "Shift bits up, zeros in",
  "y[i] = a[i] * 2^b[i]", "integer; an amount outside [0, width) gives 0", "none">;
def Weft_ShiftRightOp : Weft_BinaryOp<"shift_right", Weft_IntTensor,
  "Shift bits down, keeping the sign of signed integers",
  "y[i] = floor(a[i] / 2^b[i])",
  "integer; an amount outside [0, width) gives all sign bits (signed) or 0 (unsigned)", "none">;

//===-- Predicates, comparison, choice, conversion ------------------------------------------===//

class Weft_PredicateOp<string mnemonic, string line, string formula>
    : Weft_Op<mnemonic, [Pure, Weft_Elementwise, Weft_SameDims,
        TypesMatchWith<"result is the bool tensor of the input's shape", "input", "result",
                       "::weft::boolTensor($_self)">]> {
  let summary = line;
  let description = Weft_ElementwiseDoc<formula, "float to bool", "none", "elementwise">.text;
  let arguments = (ins Weft_FloatTensor:$input);
  let results = (outs Weft_BoolTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasFolder = 1;
}
def Weft_IsNanOp : Weft_PredicateOp<"is_nan", "Tell whether each element is NaN",
  "y[i] = x[i] != x[i]">;
def Weft_IsInfOp : Weft_PredicateOp<"is_inf", "Tell whether each element is infinite",
  "y[i] = |x[i]| == inf">;

def Weft_CompareOp
    : Weft_Op<"compare", [Pure, Weft_Elementwise, Weft_SameDims, AllTypesMatch<["lhs", "rhs"]>,
        TypesMatchWith<"result is the bool tensor of the operands' shape", "lhs", "result",
                       "::weft::boolTensor($_self)">]> {
  let summary = "Compare two tensors element by element";
  let description = [{
    - Formula: `y[i] = a[i] predicate b[i]`; with a NaN only `ne` holds
    - Shapes: operands and `result` alike
    - Types: any to bool; `false < true`
    - Gradient: none

    Example: `test/ir/elementwise.mlir`
  }];
  let arguments = (ins Weft_ComparePredicateAttr:$predicate, Weft_Tensor:$lhs, Weft_Tensor:$rhs);
  let results = (outs Weft_BoolTensor:$result);
  let assemblyFormat = "`` $predicate $lhs `,` $rhs attr-dict `:` type($lhs)";
  let hasFolder = 1;
}

def Weft_SelectOp
    : Weft_Op<"select", [Pure, Weft_Elementwise, Weft_SameDims,
        AllTypesMatch<["onTrue", "onFalse", "result"]>,
        TypesMatchWith<"condition is the bool tensor of the result's shape", "result",
                       "condition", "::weft::boolTensor($_self)">]> {
  let summary = "Choose between two tensors element by element";
  let description = [{
    - Formula: `y[i] = condition[i] ? onTrue[i] : onFalse[i]`
    - Shapes: operands and `result` alike
    - Types: any; `condition` is bool
    - Gradient: `donTrue = select(condition, dy, 0)`, `donFalse = select(condition, 0, dy)`

    Example: `test/ir/elementwise.mlir`
  }];
  let arguments = (ins Weft_BoolTensor:$condition, Weft_Tensor:$onTrue, Weft_Tensor:$onFalse);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = "$condition `,` $onTrue `,` $onFalse attr-dict `:` type($result)";
  let hasFolder = 1;
}

def Weft_CastOp : Weft_Op<"cast", [Pure, Weft_Elementwise, Weft_SameDims]> {
  let summary = "Convert the element type";
  let description = [{
    - Formula: `y[i] = x[i]` in the element type of `result`
    - Shapes: `input` and `result` alike
    - Types: any to any. Float to integer truncates toward zero and saturates, NaN gives 0;
      integer to narrower integer wraps; to a narrower float rounds to nearest, ties to even;
      anything to bool is `x != 0`; bool gives 0 or 1
    - Gradient: `dx = cast(dy)` between floats, else none

    Example: `test/ir/elementwise.mlir`
  }];
  let arguments = (ins Weft_Tensor:$input);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

#endif // WEFT_ELEMENTWISE_OPS_TD
