// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on single elements, exactly as the documentation of each operation says: total
// integer division, saturating casts, NaN in max and min, rounding after every operation of the
// narrow floats. A value is held in its element type (signless for unsigned, i1 for bool); f16 and
// bf16 are widened to f32 for each operation and rounded after it.

#ifndef WEFT_CODEGEN_CPU_SCALAR_H
#define WEFT_CODEGEN_CPU_SCALAR_H

#include "codegen/cpu/Code.h"
#include "ir/WeftOps.h"

namespace weft {

/// Symbols with this prefix are functions of the C library's mathematics: the prefix, which keeps
/// them apart from what users name, is dropped when the module becomes LLVM IR.
inline constexpr StringRef libmPrefix = "weft.libm.";

class Scalar {
public:
  /// `convertsHalves`: whether the processor has instructions between f16 and f32; `permutes`:
  /// whether it picks lanes of 64 bytes by the numbers in another vector.
  Scalar(Code &owner, bool convertsHalves, bool permutes)
      : code(owner), hasHalves(convertsHalves), hasPermutes(permutes) {}

  /// The element of the result of an element-wise operation, from the elements of its operands.
  /// Null, after an error at `op`, if the operation is not known here.
  Value elementwise(Operation *op, ArrayRef<Value> operands);

  //===-- Values and memory -----------------------------------------------------------------===//

  /// The type that holds an element: signless integers, i1 for bool.
  static Type heldType(Type element);
  /// The type that arithmetic runs in: f32 for f16 and bf16, else the held type.
  static Type wideType(Type element);

  /// A constant of a held or wide type; the double must be exact in it.
  Value constant(Type type, double value);
  Value integer(Type type, const llvm::APInt &value);
  Value integer(Type type, int64_t value);

  /// Reads or writes place `index` of a one-dimensional buffer of elements.
  Value load(Value buffer, Value index, Type element);
  void store(Value value, Value buffer, Value index, Type element);

  /// Between the held and the wide type of an element; vectors as well as scalars.
  Value widen(Value value, Type element);
  Value narrow(Value value, Type element);

  /// The documented conversion between element types; vectors as well as scalars, except through
  /// f64.
  Value cast(Value value, Type from, Type to);
  /// An index as element.
  Value fromIndex(Value index, Type element);
  /// An integer element as index that keeps its order: a u64 above the largest index gives that.
  Value toIndex(Value value, Type element);

  //===-- Arithmetic in the held type -------------------------------------------------------===//

  Value add(Value lhs, Value rhs, Type element);
  Value mul(Value lhs, Value rhs, Type element);
  Value maximum(Value lhs, Value rhs, Type element);
  Value minimum(Value lhs, Value rhs, Type element);
  Value compare(ComparePredicate predicate, Value lhs, Value rhs, Type element);
  Value select(Value condition, Value onTrue, Value onFalse);

  //===-- Arithmetic in the wide float types, scalars or vectors ----------------------------===//

  Value addf(Value lhs, Value rhs);
  Value subf(Value lhs, Value rhs);
  Value mulf(Value lhs, Value rhs);
  Value divf(Value lhs, Value rhs);
  Value fma(Value a, Value b, Value c);
  Value exp(Value x);
  /// The same for x <= 0, cheaper in f32: at most 1.2 ulp, and 0 below 2^-126.
  Value expOfNegative(Value x);
  /// The larger and the smaller one in a single instruction: `b` if either is NaN.
  Value larger(Value a, Value b);
  Value smaller(Value a, Value b);
  Value log(Value x);
  Value tanh(Value x);
  Value erf(Value x);
  Value sqrt(Value x);

  /// Calls a function of the C library on scalars: `name` for f64, `name`f for f32.
  Value libm(StringRef name, ArrayRef<Value> operands);

  Code &code;

private:
  /// Calls a function that is only declared.
  Value call(StringRef symbol, Type type, ValueRange operands);

  bool hasHalves, hasPermutes;

  Value unaryFloat(Operation *op, Value x);
  Value unaryInteger(Operation *op, Value x, Type element);
  Value binaryFloat(Operation *op, Value lhs, Value rhs);
  Value product(MulOp op, Value lhs, Value rhs);
  Value binaryInteger(Operation *op, Value lhs, Value rhs, Type element);
  Value divideInteger(Value lhs, Value rhs, bool isUnsigned, bool remainder);
  Value powerInteger(Value base, Value exponent, bool isUnsigned);
  Value shift(Value lhs, Value amount, bool left, bool isUnsigned);
  Value floatToInteger(Value x, Type type, bool isUnsigned);
  Value floatToNarrowInteger(Value x, Type type, bool isUnsigned);
  Value floatToFloat(Value x, Type from, Type to);
  Value roundToOdd(Value x);
  Value widenHalf(Value half);   // Halves.cpp
  Value narrowHalf(Value value); // Halves.cpp
  Value sign(Value x);
  Value sigmoid(Value x);

  // Math.cpp: single precision, by polynomials.
  Value exp32(Value x);
  Value powerEntries(Value numbers);
  Value expInRange32(Value x, double sign, Value addend = {});
  Value expOfNegative32(Value x);
  Value sigmoid32(Value x);
  Value silu32(Value x);
  Value log32(Value x);
  Value expm132(Value x);
  Value log1p32(Value x);
  Value sinOfQuarters32(Value x, int64_t quarters);
  Value sin32(Value x);
  Value cos32(Value x);
  Value tanh32(Value x);
  Value erf32(Value x);
  Value polynomial(Value x, ArrayRef<double> coefficients);
};

} // namespace weft

#endif // WEFT_CODEGEN_CPU_SCALAR_H
