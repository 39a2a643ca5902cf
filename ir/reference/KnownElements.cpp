// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers go through the evaluator's rules. So do dimension expressions where an operation moves
// its elements only: the rule moves their places. What is left is arithmetic, one case each.

#include "ir/reference/KnownElements.h"

#include "ir/reference/Rules.h"
#include "ir/WeftOps.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

namespace weft {

using reference::Tensor;
using Dims = KnownElements::Dims;
using Known = std::optional<Dims>;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// True if the number of elements is known and small.
static bool isSmall(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getNumElements() <= KnownElements::mostElements &&
         reference::isSupportedElement(type.getElementType());
}

//===-- Between numbers and expressions -----------------------------------------------------===//

static Known dimsOf(const Tensor &numbers) {
  if (!numbers.isFloat())
    return Dims(numbers.integers().begin(), numbers.integers().end());
  Dims result;
  for (double real : numbers.reals()) {
    if (std::trunc(real) != real || std::fabs(real) > 1e15)
      return std::nullopt;
    result.push_back(Dim(static_cast<int64_t>(real)));
  }
  return result;
}

/// `integers` as they lie in a tensor of `type`.
static Tensor tensorOf(RankedTensorType type, ArrayRef<int64_t> integers) {
  Tensor result(type.getElementType(), type.getShape());
  if (result.isFloat())
    result.reals().assign(integers.begin(), integers.end());
  else
    result.integers().assign(integers.begin(), integers.end());
  return result;
}

/// Nothing where an element is no number.
static std::optional<Tensor> numbersOf(RankedTensorType type, const Dims &dims) {
  SmallVector<int64_t> integers;
  for (const Dim &dim : dims) {
    std::optional<int64_t> constant = dim.constant();
    if (!constant)
      return std::nullopt;
    integers.push_back(*constant);
  }
  Tensor result = tensorOf(type, integers);
  result.roundToElement();
  return result;
}

//===-- By the evaluator's rules ------------------------------------------------------------===//

static std::optional<Tensor> applyRule(Operation *op, ArrayRef<const Tensor *> operands) {
  reference::Rule rule = reference::allRules().lookup(op->getName().getStringRef());
  RankedTensorType type = typeOf(op->getResult(0));
  if (!rule)
    return std::nullopt;
  reference::Index shape(type.getShape());
  if (llvm::is_contained(shape, 0))
    return Tensor(type.getElementType(), shape);
  // Attributes with sizes that are not numbers are an error of the rule.
  reference::SymbolSizes sizes;
  llvm::Expected<Tensor> result = rule(reference::Call{op, operands, shape, sizes});
  if (result)
    return std::move(*result);
  llvm::consumeError(result.takeError());
  return std::nullopt;
}

/// True if each element of the result is an element of such operands.
static bool isMovedBy(Operation *op, size_t index) {
  if (isa<BroadcastOp, ReshapeOp, TransposeOp, SliceOp, ConcatOp, PadOp, StopGradientOp>(op))
    return true;
  if (isa<GatherOp, DynamicSliceOp>(op))
    return index == 0;
  if (isa<UpdateSliceOp>(op))
    return index < 2;
  auto scatter = dyn_cast<ScatterOp>(op);
  return scatter && scatter.getKind() == ScatterKind::Set && index != 1;
}

/// The rule is given the places of elements instead of the elements.
static Known moved(Operation *op, ArrayRef<Dims> inputs) {
  Dims all;
  std::vector<Tensor> operands;
  for (auto [index, input] : llvm::enumerate(inputs)) {
    RankedTensorType type = typeOf(op->getOperand(index));
    std::optional<Tensor> operand;
    if (isMovedBy(op, index)) {
      auto first = static_cast<int64_t>(all.size());
      all.append(input);
      operand = tensorOf(type, llvm::to_vector(llvm::seq<int64_t>(first, all.size())));
    } else {
      operand = numbersOf(type, input);
    }
    if (!operand)
      return std::nullopt;
    operands.push_back(std::move(*operand));
  }
  std::optional<Tensor> places =
      applyRule(op, llvm::map_to_vector(operands, [](const Tensor &one) { return &one; }));
  if (!places)
    return std::nullopt;
  auto elementAt = [&](auto place) { return all[static_cast<size_t>(place)]; };
  return places->isFloat() ? Dims(llvm::map_range(places->reals(), elementAt))
                           : Dims(llvm::map_range(places->integers(), elementAt));
}

//===-- Arithmetic on sizes -----------------------------------------------------------------===//

namespace {
/// Compares expressions, and computes with what comes out. `sizes` are never negative.
struct Arithmetic {
  ArrayRef<Dim> sizes;

  bool isAtMost(const Dim &a, const Dim &b) const {
    return a.provablyAtMost(b) ||
           llvm::any_of(sizes, [&](const Dim &size) { return (a + size).provablyAtMost(b); });
  }
  /// Whether a < b, where it is the same for all sizes.
  std::optional<bool> isLess(const Dim &a, const Dim &b) const;
  std::optional<bool> compare(ComparePredicate predicate, const Dim &a, const Dim &b) const;
  std::optional<Dim> smaller(const Dim &a, const Dim &b) const;
  std::optional<Dim> quotient(const Dim &a, const Dim &b) const;
  std::optional<Dim> combine(Operation *op, const Dim &a, const Dim &b) const;
};
} // namespace

std::optional<bool> Arithmetic::isLess(const Dim &a, const Dim &b) const {
  if (isAtMost(b, a))
    return false;
  if (isAtMost(a + Dim(1), b))
    return true;
  return std::nullopt;
}

static std::optional<bool> inverse(std::optional<bool> known) {
  return known ? std::optional<bool>(!*known) : std::nullopt;
}

std::optional<bool> Arithmetic::compare(ComparePredicate predicate, const Dim &a,
                                        const Dim &b) const {
  std::optional<bool> below = isLess(a, b), above = isLess(b, a), equal;
  if (below.value_or(false) || above.value_or(false))
    equal = false;
  else if (below && above)
    equal = true;
  switch (predicate) {
  case ComparePredicate::Lt:
    return below;
  case ComparePredicate::Ge:
    return inverse(below);
  case ComparePredicate::Gt:
    return above;
  case ComparePredicate::Le:
    return inverse(above);
  case ComparePredicate::Eq:
    return equal;
  case ComparePredicate::Ne:
    return inverse(equal);
  }
  return std::nullopt;
}

std::optional<Dim> Arithmetic::smaller(const Dim &a, const Dim &b) const {
  if (isAtMost(a, b))
    return a;
  if (isAtMost(b, a))
    return b;
  return std::nullopt;
}

/// Division of integers rounds toward zero: for sizes that is floor division.
std::optional<Dim> Arithmetic::quotient(const Dim &a, const Dim &b) const {
  if (b == Dim(0) || !isAtMost(Dim(1), b) || !isAtMost(Dim(0), a))
    return std::nullopt;
  return a.floorDiv(b);
}

std::optional<Dim> Arithmetic::combine(Operation *op, const Dim &a, const Dim &b) const {
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
  std::optional<Dim> low = smaller(a, b);
  if (!low || isa<MinOp>(op))
    return low;
  return *low == a ? b : a;
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
  for (auto [c, a, b] : llvm::zip_equal(condition, yes, no))
    result.push_back(c == Dim(0) ? b : a);
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

static Known symbolic(Operation *op, ArrayRef<Dims> inputs, const Arithmetic &arithmetic) {
  if (isMovedBy(op, 0))
    return moved(op, inputs);
  return llvm::TypeSwitch<Operation *, Known>(op)
      .Case<FloorOp, CeilOp, RoundOp, TruncOp>([&](auto) { return inputs[0]; })
      .Case([&](CastOp o) { return ofCast(o, inputs[0]); })
      .Case([&](ReduceOp o) { return ofReduce(o, inputs[0]); })
      .Case([&](SelectOp) { return ofSelect(inputs[0], inputs[1], inputs[2]); })
      .Case([&](CompareOp o) {
        return pairwise(inputs[0], inputs[1], [&](const Dim &a, const Dim &b) {
          std::optional<bool> known = arithmetic.compare(o.getPredicate(), a, b);
          return known ? std::optional<Dim>(Dim(*known)) : std::nullopt;
        });
      })
      .Case([&](NegOp) {
        return pairwise(inputs[0], inputs[0],
                        [](const Dim &a, const Dim &) { return std::optional<Dim>(-a); });
      })
      .Case<AddOp, SubOp, MulOp, DivOp, RemOp, MinOp, MaxOp>([&](auto) {
        return pairwise(inputs[0], inputs[1],
                        [&](const Dim &a, const Dim &b) { return arithmetic.combine(op, a, b); });
      })
      .Default([](Operation *) { return std::nullopt; });
}

//===-- The walk ----------------------------------------------------------------------------===//

/// An operand that has to be found before `value`; null if there is none.
Value KnownElements::nextToFind(Value value) const {
  Operation *op = value.getDefiningOp();
  // Of the operand of a size only its type counts.
  if (!op || isa<SizeOp>(op) || op->getNumResults() != 1 || !isSmall(value))
    return Value();
  for (Value operand : op->getOperands()) {
    auto found = memo.find(operand);
    if (found == memo.end())
      return operand;
    if (std::holds_alternative<std::monostate>(found->second))
      return Value();
  }
  return Value();
}

/// By the rule, where all operands are numbers.
std::optional<Tensor> KnownElements::evaluate(Operation *op) {
  SmallVector<const Tensor *> operands;
  for (Value operand : op->getOperands()) {
    const auto *numbers = std::get_if<Tensor>(&find(operand));
    if (!numbers)
      return std::nullopt;
    operands.push_back(numbers);
  }
  std::optional<Tensor> result = applyRule(op, operands);
  if (result)
    result->roundToElement();
  return result;
}

Known KnownElements::derive(Operation *op) {
  if (auto size = dyn_cast<SizeOp>(op))
    return Dims(size.getDim().toDims());
  SmallVector<Dims> operands;
  for (Value operand : op->getOperands()) {
    Known known = of(operand);
    if (!known)
      return std::nullopt;
    operands.push_back(std::move(*known));
  }
  return operands.empty() ? std::nullopt : symbolic(op, operands, {sizes});
}

KnownElements::Elements KnownElements::compute(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op) {
    std::optional<Tensor> given = leaf ? leaf(value) : std::nullopt;
    return given ? Elements(std::move(*given)) : Elements();
  }
  if (op->getNumResults() != 1 || !isSmall(value))
    return {};
  std::optional<Tensor> numbers = evaluate(op);
  if (numbers)
    return std::move(*numbers);
  Known dims = derive(op);
  if (!dims)
    return {};
  numbers = weft::numbersOf(typeOf(value), *dims);
  return numbers ? Elements(std::move(*numbers)) : Elements(std::move(*dims));
}

/// Operands first, without recursion: chains of operations can be long.
const KnownElements::Elements &KnownElements::find(Value value) {
  SmallVector<Value> pending = {value};
  while (!pending.empty()) {
    Value next = pending.back();
    if (memo.contains(next)) {
      pending.pop_back();
    } else if (Value before = nextToFind(next)) {
      pending.push_back(before);
    } else {
      Elements made = compute(next);
      memo[next] = std::move(made);
    }
  }
  return memo.find(value)->second;
}

void KnownElements::addSize(const Dim &dim) {
  if (!Dim(0).provablyAtMost(dim) && !llvm::is_contained(sizes, dim))
    sizes.push_back(dim);
}

Known KnownElements::of(Value value) {
  const Elements &found = find(value);
  if (const auto *numbers = std::get_if<Tensor>(&found))
    return weft::dimsOf(*numbers);
  const auto *dims = std::get_if<Dims>(&found);
  return dims ? Known(*dims) : std::nullopt;
}

std::optional<SmallVector<double>> KnownElements::numbersOf(Value value) {
  const auto *numbers = std::get_if<Tensor>(&find(value));
  if (!numbers)
    return std::nullopt;
  if (numbers->isFloat())
    return SmallVector<double>(numbers->reals().begin(), numbers->reals().end());
  return SmallVector<double>(numbers->integers().begin(), numbers->integers().end());
}

} // namespace weft
