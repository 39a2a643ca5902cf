// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Index arithmetic, loops and branches with value numbering by scope.

#include "codegen/cpu/Code.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace weft {

namespace arith = mlir::arith;
namespace scf = mlir::scf;

static std::optional<int64_t> constantOf(Value value) {
  return mlir::getConstantIntValue(mlir::getAsOpFoldResult(value));
}

//===-- Memory of what exists ---------------------------------------------------------------===//

Value Code::recall(const Key &key) const {
  for (const auto &scope : llvm::reverse(scopes))
    if (auto found = scope.find(key); found != scope.end())
      return found->second;
  return {};
}

Value Code::atEntry(llvm::function_ref<Value()> create) {
  OpBuilder::InsertionGuard guard(builder);
  if (lastEntryOp)
    builder.setInsertionPointAfter(lastEntryOp);
  else
    builder.setInsertionPointToStart(entry);
  Value value = create();
  if (Operation *op = value.getDefiningOp(); op && op->getBlock() == entry)
    if (!lastEntryOp || lastEntryOp->isBeforeInBlock(op))
      lastEntryOp = op;
  return value;
}

Value Code::index(int64_t value) {
  static const char kind = 0;
  Key key{&kind, reinterpret_cast<const void *>(value)};
  if (Value known = recall(key))
    return known;
  Value constant =
      atEntry([&] { return arith::ConstantIndexOp::create(builder, loc, value).getResult(); });
  scopes.front()[key] = constant;
  return constant;
}

//===-- Index arithmetic --------------------------------------------------------------------===//

template <typename OpT> Value Code::binary(Value lhs, Value rhs, bool commutes) {
  static const char kind = 0;
  Key key{&kind, lhs.getAsOpaquePointer(), rhs.getAsOpaquePointer()};
  if (Value known = recall(key))
    return known;
  Value result = OpT::create(builder, loc, lhs, rhs);
  remember(key, result);
  if (commutes)
    remember({&kind, rhs.getAsOpaquePointer(), lhs.getAsOpaquePointer()}, result);
  return result;
}

/// If `quotient` is (m / s) * s and `remainder` is m % s, gives m.
static Value wholeOf(Value quotient, Value remainder) {
  auto product = quotient.getDefiningOp<arith::MulIOp>();
  auto rest = remainder.getDefiningOp<arith::RemUIOp>();
  if (!product || !rest)
    return {};
  auto division = product.getLhs().getDefiningOp<arith::DivUIOp>();
  if (!division || division.getLhs() != rest.getLhs() || division.getRhs() != rest.getRhs() ||
      product.getRhs() != rest.getRhs())
    return {};
  return rest.getLhs();
}

Value Code::add(Value lhs, Value rhs) {
  auto a = constantOf(lhs), b = constantOf(rhs);
  if (a && b)
    return index(*a + *b);
  if (a && *a == 0)
    return rhs;
  if (b && *b == 0)
    return lhs;
  if (Value whole = wholeOf(lhs, rhs))
    return whole;
  return binary<arith::AddIOp>(lhs, rhs, /*commutes=*/true);
}

Value Code::sub(Value lhs, Value rhs) {
  auto a = constantOf(lhs), b = constantOf(rhs);
  if (a && b)
    return index(*a - *b);
  if (b && *b == 0)
    return lhs;
  if (lhs == rhs)
    return index(0);
  return binary<arith::SubIOp>(lhs, rhs, /*commutes=*/false);
}

Value Code::mul(Value lhs, Value rhs) {
  auto a = constantOf(lhs), b = constantOf(rhs);
  if (a && b)
    return index(*a * *b);
  if ((a && *a == 0) || (b && *b == 0))
    return index(0);
  if (a && *a == 1)
    return rhs;
  if (b && *b == 1)
    return lhs;
  return binary<arith::MulIOp>(lhs, rhs, /*commutes=*/true);
}

Value Code::div(Value lhs, Value rhs) {
  auto a = constantOf(lhs), b = constantOf(rhs);
  if (b && *b == 1)
    return lhs;
  if (a && b && *a >= 0 && *b > 0)
    return index(*a / *b);
  return binary<arith::DivUIOp>(lhs, rhs, /*commutes=*/false);
}

Value Code::rem(Value lhs, Value rhs) {
  auto a = constantOf(lhs), b = constantOf(rhs);
  if (b && *b == 1)
    return index(0);
  if (a && b && *a >= 0 && *b > 0)
    return index(*a % *b);
  return binary<arith::RemUIOp>(lhs, rhs, /*commutes=*/false);
}

Value Code::ceilDiv(Value lhs, Value rhs) { return div(add(lhs, sub(rhs, index(1))), rhs); }

Value Code::min(Value lhs, Value rhs) {
  auto a = constantOf(lhs), b = constantOf(rhs);
  if (a && b)
    return index(std::min(*a, *b));
  if (lhs == rhs)
    return lhs;
  return binary<arith::MinSIOp>(lhs, rhs, /*commutes=*/true);
}

Value Code::max(Value lhs, Value rhs) {
  auto a = constantOf(lhs), b = constantOf(rhs);
  if (a && b)
    return index(std::max(*a, *b));
  if (lhs == rhs)
    return lhs;
  return binary<arith::MaxSIOp>(lhs, rhs, /*commutes=*/true);
}

Value Code::compare(arith::CmpIPredicate predicate, Value lhs, Value rhs) {
  return builder.createOrFold<arith::CmpIOp>(loc, predicate, lhs, rhs);
}

Value Code::both(Value lhs, Value rhs) {
  if (!lhs || !rhs)
    return lhs ? lhs : rhs;
  return binary<arith::AndIOp>(lhs, rhs, /*commutes=*/true);
}

Value Code::product(ArrayRef<Value> factors) {
  Value result = index(1);
  for (Value factor : factors)
    result = mul(result, factor);
  return result;
}

Value Code::linearize(ArrayRef<Value> indices, ArrayRef<Value> sizes) {
  Value linear = index(0);
  for (auto [place, size] : llvm::zip_equal(indices, sizes))
    linear = add(mul(linear, size), place);
  return linear;
}

SmallVector<Value> Code::delinearize(Value linear, ArrayRef<Value> sizes) {
  SmallVector<Value> indices(sizes.size());
  for (size_t i = sizes.size(); i-- > 0;) {
    indices[i] = i == 0 ? linear : rem(linear, sizes[i]);
    if (i != 0)
      linear = div(linear, sizes[i]);
  }
  return indices;
}

//===-- Control -----------------------------------------------------------------------------===//

void Code::loop(Value low, Value high, int64_t step, Body body) {
  loop(low, high, step, {}, [&](Value iv, ValueRange) {
    body(iv);
    return SmallVector<Value>{};
  });
}

SmallVector<Value> Code::loop(Value low, Value high, int64_t step, ArrayRef<Value> initial,
                              CarryBody body) {
  auto from = constantOf(low), to = constantOf(high);
  if (from && to && *to > *from && *to - *from <= step) {
    SmallVector<Value> carried = body(low, initial);
    return carried;
  }
  auto loopOp = scf::ForOp::create(builder, loc, low, high, index(step), initial,
                                   [&](OpBuilder &, Location, Value iv, ValueRange carried) {
                                     // The insertion point of `builder` follows: bodies write
                                     // through this object.
                                     OpBuilder::InsertionGuard guard(builder);
                                     builder.setInsertionPointToEnd(iv.getParentBlock());
                                     Scope scope(*this);
                                     scf::YieldOp::create(builder, loc, body(iv, carried));
                                   });
  return SmallVector<Value>(loopOp.getResults());
}

SmallVector<Value>
Code::nest(ArrayRef<Value> sizes, ArrayRef<Value> initial,
           llvm::function_ref<SmallVector<Value>(ArrayRef<Value>, ValueRange)> body) {
  SmallVector<Value> places;
  std::function<SmallVector<Value>(ValueRange)> enter = [&](ValueRange carried) {
    if (places.size() == sizes.size())
      return body(places, carried);
    SmallVector<Value> start(carried);
    return loop(index(0), sizes[places.size()], 1, start, [&](Value iv, ValueRange inner) {
      places.push_back(iv);
      SmallVector<Value> next = enter(inner);
      places.pop_back();
      return next;
    });
  };
  return enter(initial);
}

Value Code::ifElse(Value condition, Type type, llvm::function_ref<Value()> onTrue,
                   llvm::function_ref<Value()> onFalse) {
  if (auto known = constantOf(condition))
    return *known ? onTrue() : onFalse();
  auto branch = scf::IfOp::create(builder, loc, type, condition, /*withElseRegion=*/true);
  auto fill = [&](mlir::Region &region, llvm::function_ref<Value()> create) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&region.front());
    Scope scope(*this);
    scf::YieldOp::create(builder, loc, create());
  };
  fill(branch.getThenRegion(), onTrue);
  fill(branch.getElseRegion(), onFalse);
  return branch.getResult(0);
}

void Code::ifThen(Value condition, llvm::function_ref<void()> onTrue) {
  branch(condition, onTrue, {});
}

void Code::branch(Value condition, llvm::function_ref<void()> onTrue,
                  llvm::function_ref<void()> onFalse) {
  if (auto known = constantOf(condition)) {
    if (*known)
      onTrue();
    else if (onFalse)
      onFalse();
    return;
  }
  bool hasElse = static_cast<bool>(onFalse);
  auto branchOp = scf::IfOp::create(builder, loc, condition, hasElse);
  auto fill = [&](mlir::Region &region, llvm::function_ref<void()> write) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&region.front());
    Scope scope(*this);
    write();
  };
  fill(branchOp.getThenRegion(), onTrue);
  if (hasElse)
    fill(branchOp.getElseRegion(), onFalse);
}

} // namespace weft
