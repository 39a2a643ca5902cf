// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folders of the operations that move elements: movement that moves nothing, movement of a
// constant, and two movements of one kind in a row. None computes on an element, so all are exact.

#include "ir/Constants.h"
#include "ir/WeftOps.h"

#include "llvm/Support/MathExtras.h"

namespace weft {

using mlir::OpFoldResult;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// The constant of `result`'s type with the element that all of `attribute` are equal to.
static OpFoldResult foldSplat(Value result, Attribute attribute) {
  std::optional<WideElement> splat = splatOf(attribute);
  if (!splat || !typeOf(result).hasStaticShape())
    return {};
  return makeConstant(typeOf(result), *splat);
}

/// Elements from one step along each dimension to the next, in row-major order.
static SmallVector<int64_t> stepsOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> steps(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    steps[d - 1] = wrappingMul(steps[d], shape[d]); // Large shapes come here too.
  return steps;
}

/// The constant whose element i is element `base + sum of i_d * steps_d` of `attribute`.
static OpFoldResult foldStrided(Value result, Attribute attribute, int64_t base,
                                ArrayRef<int64_t> steps) {
  std::optional<std::vector<WideElement>> input = readConstant(attribute);
  RankedTensorType type = typeOf(result);
  if (!input || !type.hasStaticShape())
    return {};
  std::vector<WideElement> output;
  SmallVector<int64_t> index(type.getRank(), 0);
  bool empty = llvm::is_contained(type.getShape(), 0);
  while (!empty) {
    int64_t place = base;
    for (auto [i, step] : llvm::zip(index, steps))
      place += i * step;
    output.push_back((*input)[place]);
    size_t d = index.size();
    while (d > 0 && ++index[d - 1] == type.getDimSize(d - 1))
      index[--d] = 0;
    empty = d == 0; // All dimensions have been through.
  }
  return makeConstant(type, output);
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

/// size(constant) -> constant
OpFoldResult SizeOp::fold(FoldAdaptor) {
  std::optional<int64_t> size = getDim().toDims()[0].constant();
  return size ? OpFoldResult(makeConstant(typeOf(*this), WideElement{.integer = *size}))
              : OpFoldResult();
}

/// broadcast to the same type -> its input; broadcast(constant of one value) -> constant;
/// broadcast(broadcast(x, p), q) -> broadcast(x, q[p])
OpFoldResult BroadcastOp::fold(FoldAdaptor a) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto inner = getInput().getDefiningOp<BroadcastOp>()) {
    SmallVector<int64_t> dims =
        llvm::map_to_vector(inner.getDims(), [&](int64_t dim) { return getDims()[dim]; });
    getInputMutable().assign(inner.getInput());
    setDims(dims);
    return getResult();
  }
  return foldSplat(*this, a.getInput());
}

/// reshape to the same type -> its input; reshape(constant) -> constant;
/// reshape(reshape(x)) -> reshape(x)
OpFoldResult ReshapeOp::fold(FoldAdaptor a) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  auto constant = dyn_cast_or_null<mlir::DenseElementsAttr>(a.getInput());
  if (!constant || !typeOf(*this).hasStaticShape())
    return {};
  return constant.reshape(typeOf(*this));
}

/// transpose that keeps the order -> its input; transpose(constant) -> constant
OpFoldResult TransposeOp::fold(FoldAdaptor a) {
  if (getInput().getType() == getType() && llvm::is_sorted(getPermutation()))
    return getInput();
  if (OpFoldResult splat = foldSplat(*this, a.getInput()))
    return splat;
  SmallVector<int64_t> from = stepsOf(typeOf(getInput()).getShape());
  return foldStrided(
      *this, a.getInput(), /*base=*/0,
      llvm::map_to_vector(getPermutation(), [&](int64_t axis) { return from[axis]; }));
}

/// slice of everything -> its input; slice(constant) -> constant
OpFoldResult SliceOp::fold(FoldAdaptor a) {
  SmallVector<Dim> starts = getStarts().toDims();
  bool fromZero = llvm::all_of(starts, [](const Dim &start) { return start == Dim(0); });
  bool everyOne = llvm::all_of(getStrides(), [](int64_t stride) { return stride == 1; });
  if (fromZero && everyOne && getInput().getType() == getType())
    return getInput();
  if (OpFoldResult splat = foldSplat(*this, a.getInput()))
    return splat;
  if (!typeOf(getInput()).hasStaticShape())
    return {};
  SmallVector<int64_t> steps = stepsOf(typeOf(getInput()).getShape());
  int64_t base = 0;
  for (auto [start, stride, step] : llvm::zip(starts, getStrides(), steps)) {
    if (!start.isConstant())
      return {};
    base = wrappingAdd(base, wrappingMul(*start.constant(), step));
    step = wrappingMul(step, stride);
  }
  return foldStrided(*this, a.getInput(), base, steps);
}

/// pad by nothing -> its input; pad(constant of one value, by that value) -> constant
OpFoldResult PadOp::fold(FoldAdaptor a) {
  auto isZero = [](const Dim &dim) { return dim == Dim(0); };
  if (getInput().getType() == getType() && llvm::all_of(getLow().toDims(), isZero) &&
      llvm::all_of(getHigh().toDims(), isZero) && llvm::all_of(getInterior(), isZero))
    return getInput();
  if (splatOf(a.getInput()) && foldSplat(getValue(), a.getInput()) == OpFoldResult(a.getValue()))
    return foldSplat(*this, a.getInput());
  return {};
}

/// concat of one -> it; concat leaves out inputs that are empty along the axis
OpFoldResult ConcatOp::fold(FoldAdaptor) {
  if (getInputs().size() == 1 && getInputs()[0].getType() == getType())
    return getInputs()[0];
  SmallVector<Value> filled = llvm::filter_to_vector(
      getInputs(), [&](Value input) { return typeOf(input).getDimSize(getAxis()) != 0; });
  if (filled.size() == getInputs().size() || filled.empty())
    return {};
  getInputsMutable().assign(filled);
  return getResult();
}

/// reduce over no axes -> its input. Refuses a sum of floats, whose 0 + -0.0 is 0.0.
OpFoldResult ReduceOp::fold(FoldAdaptor) {
  bool signedZero =
      getKind() == ReduceKind::Sum && isa<mlir::FloatType>(typeOf(getInput()).getElementType());
  if (getAxes().empty() && !signedZero && getInput().getType() == getType())
    return getInput();
  return {};
}

} // namespace weft
