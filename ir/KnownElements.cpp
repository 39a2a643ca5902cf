// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One case for each operation that programs use to compute shapes.

#include "ir/KnownElements.h"

#include "ir/Constants.h"
#include "ir/WeftOps.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

namespace weft {

using Dims = KnownElements::Dims;
using Known = std::optional<Dims>;

static constexpr int64_t mostElements = 4096;
/// Chains of operations longer than this are no shape computations.
static constexpr int deepest = 500;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// The number of elements where it is static and small.
static std::optional<int64_t> countOf(RankedTensorType type) {
  if (!type.hasStaticShape() || type.getNumElements() > mostElements)
    return std::nullopt;
  return type.getNumElements();
}

static Known readDims(Attribute attribute, RankedTensorType type) {
  std::optional<int64_t> count = countOf(type);
  auto elements = readConstant(attribute);
  if (!count || !elements)
    return std::nullopt;
  bool isFloat = isa<mlir::FloatType>(type.getElementType());
  Dims result;
  for (const WideElement &element : *elements) {
    if (isFloat && (std::trunc(element.real) != element.real || std::fabs(element.real) > 1e15))
      return std::nullopt;
    result.push_back(Dim(isFloat ? static_cast<int64_t>(element.real) : element.integer));
  }
  if (result.size() == 1)
    result.resize(*count, result[0]);
  return result;
}

/// Row-major strides of a static shape.
static SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// Reads, for each element of a result, the input element that `place` names.
static Known rearrange(const Dims &input, ArrayRef<int64_t> shape,
                       llvm::function_ref<std::optional<int64_t>(ArrayRef<int64_t> index)> place) {
  Dims result;
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i;
    for (size_t axis = shape.size(); axis-- > 0;) {
      index[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    std::optional<int64_t> from = place(index);
    if (!from || *from < 0 || *from >= static_cast<int64_t>(input.size()))
      return std::nullopt;
    result.push_back(input[*from]);
  }
  return result;
}

static Known ofBroadcast(BroadcastOp op, const Dims &input) {
  ArrayRef<int64_t> from = typeOf(op.getInput()).getShape();
  SmallVector<int64_t> strides = stridesOf(from);
  return rearrange(input, typeOf(op).getShape(), [&](ArrayRef<int64_t> index) {
    int64_t place = 0;
    for (auto [i, axis] : llvm::enumerate(op.getDims()))
      place += from[i] == 1 ? 0 : index[axis] * strides[i];
    return std::optional<int64_t>(place);
  });
}

static Known ofTranspose(TransposeOp op, const Dims &input) {
  SmallVector<int64_t> strides = stridesOf(typeOf(op.getInput()).getShape());
  return rearrange(input, typeOf(op).getShape(), [&](ArrayRef<int64_t> index) {
    int64_t place = 0;
    for (auto [i, axis] : llvm::enumerate(op.getPermutation()))
      place += index[i] * strides[axis];
    return std::optional<int64_t>(place);
  });
}

static Known ofSlice(SliceOp op, const Dims &input) {
  SmallVector<int64_t> strides = stridesOf(typeOf(op.getInput()).getShape());
  SmallVector<Dim> starts = op.getStarts().toDims();
  return rearrange(input, typeOf(op).getShape(),
                   [&](ArrayRef<int64_t> index) -> std::optional<int64_t> {
                     int64_t place = 0;
                     for (size_t i = 0; i < index.size(); ++i) {
                       std::optional<int64_t> start = starts[i].constant();
                       if (!start)
                         return std::nullopt;
                       place += (*start + index[i] * op.getStrides()[i]) * strides[i];
                     }
                     return place;
                   });
}

static Known ofGather(GatherOp op, const Dims &input, const Dims &indices) {
  if (op.getBatchDims() != 0)
    return std::nullopt;
  ArrayRef<int64_t> from = typeOf(op.getInput()).getShape();
  size_t axis = op.getAxis(), indexRank = typeOf(op.getIndices()).getRank();
  SmallVector<int64_t> strides = stridesOf(from);
  SmallVector<int64_t> indexStrides = stridesOf(typeOf(op.getIndices()).getShape());
  return rearrange(input, typeOf(op).getShape(),
                   [&](ArrayRef<int64_t> index) -> std::optional<int64_t> {
                     int64_t place = 0, which = 0;
                     for (size_t i = 0; i < axis; ++i)
                       place += index[i] * strides[i];
                     for (size_t i = 0; i < indexRank; ++i)
                       which += index[axis + i] * indexStrides[i];
                     for (size_t i = axis + 1; i < from.size(); ++i)
                       place += index[i - 1 + indexRank] * strides[i];
                     std::optional<int64_t> chosen = indices[which].constant();
                     if (!chosen || from[axis] == 0)
                       return std::nullopt;
                     return place + std::clamp<int64_t>(*chosen, 0, from[axis] - 1) * strides[axis];
                   });
}

static Known ofConcat(ConcatOp op, ArrayRef<Dims> inputs) {
  ArrayRef<int64_t> shape = typeOf(op).getShape();
  size_t axis = op.getAxis();
  Dims result;
  int64_t outer = 1;
  for (size_t i = 0; i < axis; ++i)
    outer *= shape[i];
  for (int64_t o = 0; o < outer; ++o)
    for (const Dims &input : inputs) {
      size_t run = input.size() / std::max<int64_t>(outer, 1);
      result.append(input.begin() + o * run, input.begin() + (o + 1) * run);
    }
  return result;
}

/// Division of integers rounds toward zero: for sizes that is floor division.
static std::optional<Dim> quotient(const Dim &a, const Dim &b) {
  if (b == Dim(0) || !Dim(1).provablyAtMost(b) || !Dim(0).provablyAtMost(a))
    return std::nullopt;
  return a.floorDiv(b);
}

static std::optional<Dim> smaller(const Dim &a, const Dim &b) {
  if (a.provablyAtMost(b))
    return a;
  if (b.provablyAtMost(a))
    return b;
  return std::nullopt;
}

static std::optional<Dim> combine(Operation *op, const Dim &a, const Dim &b) {
  if (isa<AddOp>(op))
    return a + b;
  if (isa<SubOp>(op))
    return a - b;
  if (isa<MulOp>(op))
    return a * b;
  if (isa<DivOp>(op)) {
    // A float quotient is whole only where the division leaves nothing.
    if (isa<mlir::FloatType>(typeOf(op->getResult(0)).getElementType()) &&
        (b == Dim(0) || !a.isDivisibleBy(b)))
      return std::nullopt;
    return quotient(a, b);
  }
  if (isa<RemOp>(op)) {
    std::optional<Dim> whole = quotient(a, b);
    return whole ? std::optional<Dim>(a - *whole * b) : std::nullopt;
  }
  if (isa<MinOp>(op))
    return smaller(a, b);
  if (isa<MaxOp>(op)) {
    std::optional<Dim> low = smaller(a, b);
    return !low ? std::nullopt : std::optional<Dim>(*low == a ? b : a);
  }
  return std::nullopt;
}

static std::optional<Dim> compared(ComparePredicate predicate, const Dim &a, const Dim &b) {
  std::optional<int64_t> difference = (a - b).constant();
  if (!difference) {
    // Unequal where one is always above the other.
    if (predicate == ComparePredicate::Eq &&
        ((a + Dim(1)).provablyAtMost(b) || (b + Dim(1)).provablyAtMost(a)))
      return Dim(0);
    return std::nullopt;
  }
  switch (predicate) {
  case ComparePredicate::Lt:
    return Dim(*difference < 0);
  case ComparePredicate::Le:
    return Dim(*difference <= 0);
  case ComparePredicate::Gt:
    return Dim(*difference > 0);
  case ComparePredicate::Ge:
    return Dim(*difference >= 0);
  case ComparePredicate::Eq:
    return Dim(*difference == 0);
  case ComparePredicate::Ne:
    return Dim(*difference != 0);
  }
  return std::nullopt;
}

static Known pairwise(const Dims &a, const Dims &b,
                      llvm::function_ref<std::optional<Dim>(const Dim &, const Dim &)> function) {
  Dims result;
  for (auto [x, y] : llvm::zip_equal(a, b)) {
    std::optional<Dim> value = function(x, y);
    if (!value)
      return std::nullopt;
    result.push_back(*value);
  }
  return result;
}

/// A sum or a product of everything.
static Known ofReduce(ReduceOp op, const Dims &input) {
  if (typeOf(op).getRank() != 0)
    return std::nullopt;
  bool isSum = op.getKind() == ReduceKind::Sum;
  if (!isSum && op.getKind() != ReduceKind::Prod)
    return std::nullopt;
  Dim total(isSum ? 0 : 1);
  for (const Dim &dim : input)
    total = isSum ? total + dim : total * dim;
  return Dims{total};
}

static Known ofSelect(const Dims &condition, const Dims &yes, const Dims &no) {
  Dims result;
  for (auto [c, a, b] : llvm::zip_equal(condition, yes, no)) {
    if (!c.isConstant() && a != b)
      return std::nullopt;
    result.push_back(c == Dim(0) ? b : a);
  }
  return result;
}

/// A cast changes no size: sizes fit all types but bool and the narrow ones.
static Known ofCast(CastOp op, const Dims &input) {
  Type to = typeOf(op).getElementType();
  Dims result;
  for (const Dim &dim : input) {
    std::optional<int64_t> known = dim.constant();
    if (to.isInteger(1)) {
      if (!known && !Dim(1).provablyAtMost(dim))
        return std::nullopt;
      result.push_back(Dim(!known || *known != 0));
      continue;
    }
    bool narrow = to.getIntOrFloatBitWidth() < 32;
    if (narrow && (!known || *known < 0 || *known > 127))
      return std::nullopt;
    result.push_back(dim);
  }
  return result;
}

Known KnownElements::operand(Operation *op, unsigned index) { return of(op->getOperand(index)); }

Known KnownElements::compute(Operation *op) {
  auto type = typeOf(op->getResult(0));
  if (auto constant = dyn_cast<ConstantOp>(op))
    return readDims(constant.getValue(), type);
  if (auto size = dyn_cast<SizeOp>(op))
    return Dims(size.getDim().toDims());
  if (!countOf(type))
    return std::nullopt;
  SmallVector<Dims> inputs;
  for (Value input : op->getOperands()) {
    Known known = of(input);
    if (!known)
      return std::nullopt;
    inputs.push_back(std::move(*known));
  }
  return llvm::TypeSwitch<Operation *, Known>(op)
      .Case<ReshapeOp, FloorOp, CeilOp, RoundOp, TruncOp>([&](auto) { return inputs[0]; })
      .Case([&](CastOp o) { return ofCast(o, inputs[0]); })
      .Case([&](BroadcastOp o) { return ofBroadcast(o, inputs[0]); })
      .Case([&](TransposeOp o) { return ofTranspose(o, inputs[0]); })
      .Case([&](SliceOp o) { return ofSlice(o, inputs[0]); })
      .Case([&](GatherOp o) { return ofGather(o, inputs[0], inputs[1]); })
      .Case([&](ConcatOp o) { return ofConcat(o, inputs); })
      .Case([&](ReduceOp o) { return ofReduce(o, inputs[0]); })
      .Case([&](SelectOp) { return ofSelect(inputs[0], inputs[1], inputs[2]); })
      .Case([&](CompareOp o) {
        return pairwise(inputs[0], inputs[1], [&](const Dim &a, const Dim &b) {
          return compared(o.getPredicate(), a, b);
        });
      })
      .Case([&](NegOp) {
        return pairwise(inputs[0], inputs[0],
                        [](const Dim &a, const Dim &) { return std::optional<Dim>(-a); });
      })
      .Case<AddOp, SubOp, MulOp, DivOp, RemOp, MinOp, MaxOp>([&](auto) {
        return pairwise(inputs[0], inputs[1],
                        [&](const Dim &a, const Dim &b) { return combine(op, a, b); });
      })
      .Case([&](IotaOp) -> Known {
        if (type.getRank() != 1)
          return std::nullopt;
        Dims result;
        for (int64_t i = 0; i < type.getNumElements(); ++i)
          result.push_back(Dim(i));
        return result;
      })
      .Default([](Operation *) { return std::nullopt; });
}

Known KnownElements::of(Value value) {
  auto found = memo.find(value);
  if (found != memo.end())
    return found->second;
  Known result;
  if (depth < deepest) {
    ++depth;
    if (Operation *op = value.getDefiningOp())
      result = op->getNumResults() == 1 ? compute(op) : std::nullopt;
    else if (leaf)
      result = leaf(value);
    --depth;
  }
  memo[value] = result;
  return result;
}

} // namespace weft
