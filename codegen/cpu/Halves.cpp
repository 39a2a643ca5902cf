// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// f16 to and from f32 by arithmetic on the bits, for processors without instructions for it. No
// branches and no tables, so that loops of these become vectors.
//
// Source: Giesen, "float->half variants", 2012, extended to keep what a NaN carries. The additions
// of floats in it are exact or round only once, to nearest even.

#include "codegen/cpu/Scalar.h"

#include "mlir/IR/TypeUtilities.h"

namespace weft {

namespace arith = mlir::arith;
using arith::CmpIPredicate;

/// `scalar`, or a vector of it shaped as `like`.
static Type shapedAs(Type like, Type scalar) {
  if (auto vector = dyn_cast<mlir::VectorType>(like))
    return vector.clone(scalar);
  return scalar;
}

/// The exponent moves from bias 15 to bias 127; that of infinity and NaN goes to the end again. A
/// subnormal is read as fraction over the smallest normal number, which is then subtracted.
Value Scalar::widenHalf(Value half) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type i32 = shapedAs(half.getType(), b.getI32Type()), f32 = shapedAs(i32, b.getF32Type());
  auto number = [&](int64_t value) { return integer(i32, value); };
  Value narrowBits = arith::BitcastOp::create(b, loc, shapedAs(i32, b.getI16Type()), half);
  Value bits = arith::ExtUIOp::create(b, loc, i32, narrowBits);
  Value magnitude = arith::AndIOp::create(b, loc, bits, number(0x7fff));
  Value moved = arith::ShLIOp::create(b, loc, magnitude, number(13));
  Value normal = arith::AddIOp::create(b, loc, moved, number((127 - 15) << 23));

  Value endless = arith::OrIOp::create(b, loc, moved, number(0x7f800000));
  Value quiet = arith::OrIOp::create(b, loc, endless, number(0x00400000));
  Value isNan = arith::CmpIOp::create(b, loc, CmpIPredicate::ugt, magnitude, number(0x7c00));
  Value isEndless = arith::CmpIOp::create(b, loc, CmpIPredicate::uge, magnitude, number(0x7c00));

  Value smallest = constant(f32, 0x1p-14);
  Value raised = arith::AddIOp::create(b, loc, moved, number(113 << 23));
  Value difference = subf(arith::BitcastOp::create(b, loc, f32, raised).getResult(), smallest);
  Value subnormal = arith::BitcastOp::create(b, loc, i32, difference);
  Value isSubnormal = arith::CmpIOp::create(b, loc, CmpIPredicate::ult, magnitude, number(0x400));

  Value result = select(isSubnormal, subnormal, normal);
  result = select(isEndless, select(isNan, quiet, endless), result);
  Value sign = arith::AndIOp::create(b, loc, bits, number(0x8000));
  sign = arith::ShLIOp::create(b, loc, sign, number(16));
  return arith::BitcastOp::create(b, loc, f32, arith::OrIOp::create(b, loc, result, sign));
}

/// To nearest, ties to even. What becomes subnormal is added to 0.5, whose last place is the
/// smallest subnormal of f16: the sum's rounding is the one that is wanted.
Value Scalar::narrowHalf(Value value) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type f32 = value.getType(), i32 = shapedAs(f32, b.getI32Type());
  auto number = [&](int64_t value) { return integer(i32, value); };
  Value bits = arith::BitcastOp::create(b, loc, i32, value);
  Value magnitude = arith::AndIOp::create(b, loc, bits, number(0x7fffffff));
  Value moved = arith::ShRUIOp::create(b, loc, magnitude, number(13));
  auto isBelow = [&](int64_t limit) {
    return arith::CmpIOp::create(b, loc, CmpIPredicate::ult, magnitude, number(limit)).getResult();
  };

  // A carry out of the fraction is the next exponent's, infinity's in the end.
  Value odd = arith::AndIOp::create(b, loc, moved, number(1));
  Value bias = arith::AddIOp::create(b, loc, odd, number(0xfff - ((127 - 15) << 23)));
  Value normal = arith::AddIOp::create(b, loc, magnitude, bias);
  normal = arith::ShRUIOp::create(b, loc, normal, number(13));

  Value absolute = arith::BitcastOp::create(b, loc, f32, magnitude);
  Value sum = addf(absolute, constant(f32, 0.5));
  Value subnormal = arith::BitcastOp::create(b, loc, i32, sum);
  subnormal = arith::SubIOp::create(b, loc, subnormal, number(126 << 23));

  // A NaN keeps the upper bits of what it carries and becomes quiet.
  Value carried = arith::AndIOp::create(b, loc, moved, number(0x3ff));
  Value quiet = arith::OrIOp::create(b, loc, carried, number(0x7e00));
  Value endless = select(isBelow(0x7f800001), number(0x7c00), quiet);

  Value result = select(isBelow(113 << 23), subnormal, normal);
  result = select(isBelow((127 + 16) << 23), result, endless);
  Value sign = arith::ShRUIOp::create(b, loc, bits, number(16));
  sign = arith::AndIOp::create(b, loc, sign, number(0x8000));
  result = arith::OrIOp::create(b, loc, result, sign);
  result = arith::TruncIOp::create(b, loc, shapedAs(i32, b.getI16Type()), result);
  return arith::BitcastOp::create(b, loc, shapedAs(i32, b.getF16Type()), result);
}

} // namespace weft
