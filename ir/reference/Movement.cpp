// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that repeat, rearrange, cut and join elements without computing on them. Each is a
// walk over an iteration space with one view of the source and one of the result.

#include "ir/reference/Rules.h"
#include "ir/reference/Walk.h"
#include "ir/WeftOps.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

namespace {

View viewOf(const Tensor &tensor) { return {0, rowMajorStrides(tensor.shape())}; }

/// to[view] = from[view] for every index of `sizes`.
void copy(Tensor &to, const View &toView, const Tensor &from, const View &fromView,
          ArrayRef<int64_t> sizes) {
  Tensor::visit(to, from, [&](auto &target, const auto &source) {
    walk(sizes, [&](int64_t t, int64_t s) { target[t] = source[s]; }, toView, fromView);
  });
}

Expected<Tensor> broadcast(const Call &call) {
  ArrayRef<int64_t> dims = cast<BroadcastOp>(call.op).getDims();
  const Tensor &input = call.operand(0);
  Tensor result = call.emptyResult();
  Index inputStrides = rowMajorStrides(input.shape());
  View from{0, Index(result.rank(), 0)}; // A dimension that repeats is not advanced along.
  for (auto [d, to] : llvm::enumerate(dims)) {
    if (input.dim(d) == 1)
      continue;
    if (input.dim(d) != result.dim(to))
      return fault(call, "cannot repeat " + printShape(input.shape()) + " to " +
                             printShape(result.shape()));
    from.strides[to] = inputStrides[d];
  }
  copy(result, viewOf(result), input, from, result.shape());
  return result;
}

Expected<Tensor> reshape(const Call &call) {
  Tensor result = call.operand(0);
  if (result.size() != elementCount(call.resultShape))
    return fault(call, "cannot read " + printShape(result.shape()) + " as " +
                           printShape(call.resultShape));
  result.setShape(call.resultShape);
  return result;
}

Expected<Tensor> stopGradient(const Call &call) { return call.operand(0); }

Expected<Tensor> transpose(const Call &call) {
  const Tensor &input = call.operand(0);
  Tensor result = call.emptyResult();
  Index inputStrides = rowMajorStrides(input.shape());
  Index permuted;
  View from;
  for (int64_t axis : cast<TransposeOp>(call.op).getPermutation()) {
    from.strides.push_back(inputStrides[axis]);
    permuted.push_back(input.dim(axis));
  }
  if (Error error = requireShape(call, "result", result.shape(), permuted))
    return error;
  copy(result, viewOf(result), input, from, result.shape());
  return result;
}

//===----------------------------------------------------------------------===//
// Boxes
//===----------------------------------------------------------------------===//

using Evaluate = Expected<int64_t>(const Dim &, const SymbolSizes &);

/// Each expression by `evaluate`: valueOf, or sizeOf for what must not be negative.
Expected<Index> evaluateAll(ShapeAttr shape, const SymbolSizes &sizes, Evaluate evaluate) {
  Index values;
  for (const Dim &dim : shape.toDims()) {
    Expected<int64_t> value = evaluate(dim, sizes);
    if (!value)
      return value.takeError();
    values.push_back(*value);
  }
  return values;
}

/// The places `starts + i * steps` of `tensor`.
View boxView(const Tensor &tensor, ArrayRef<int64_t> starts, ArrayRef<int64_t> steps) {
  View view = viewOf(tensor);
  for (int64_t d = 0; d < tensor.rank(); ++d) {
    view.start += starts[d] * view.strides[d];
    view.strides[d] *= steps[d];
  }
  return view;
}

Expected<Tensor> slice(const Call &call) {
  auto op = cast<SliceOp>(call.op);
  const Tensor &input = call.operand(0);
  Tensor result = call.emptyResult();
  // A slice of nothing may start anywhere.
  Expected<Index> starts = evaluateAll(op.getStarts(), call.sizes, valueOf);
  if (!starts)
    return starts.takeError();
  for (int64_t d = 0; d < result.rank() && result.size() != 0; ++d) {
    int64_t last = (*starts)[d] + (result.dim(d) - 1) * op.getStrides()[d];
    if (std::max((*starts)[d], last) >= input.dim(d) || std::min((*starts)[d], last) < 0)
      return fault(call, "elements " + Twine((*starts)[d]) + " to " + Twine(last) +
                             " of dimension " + Twine(d) + " lie outside its size " +
                             Twine(input.dim(d)));
  }
  copy(result, viewOf(result), input, boxView(input, *starts, op.getStrides()), result.shape());
  return result;
}

/// The corner of a box of shape `box` in `tensor`, moved so that the box lies inside.
Expected<Index> clampedCorner(const Call &call, const Tensor &tensor, ArrayRef<int64_t> box,
                              ArrayRef<const Tensor *> starts) {
  Index corner;
  for (auto [d, start] : llvm::enumerate(starts)) {
    int64_t room = tensor.dim(d) - box[d];
    if (room < 0)
      return fault(call, "a box of shape " + printShape(box) + " does not fit " +
                             printShape(tensor.shape()));
    int64_t value = start->integers()[0];
    bool huge = value < 0 && isUnsignedElement(start->element()); // A ui64 of 2^63 and more.
    corner.push_back(huge ? room : std::clamp<int64_t>(value, 0, room));
  }
  return corner;
}

Expected<Tensor> dynamicSlice(const Call &call) {
  const Tensor &input = call.operand(0);
  Tensor result = call.emptyResult();
  Expected<Index> corner = clampedCorner(call, input, result.shape(), call.operands.drop_front(1));
  if (!corner)
    return corner.takeError();
  Index ones(input.rank(), 1);
  copy(result, viewOf(result), input, boxView(input, *corner, ones), result.shape());
  return result;
}

Expected<Tensor> updateSlice(const Call &call) {
  Tensor result = call.operand(0);
  const Tensor &update = call.operand(1);
  Expected<Index> corner = clampedCorner(call, result, update.shape(), call.operands.drop_front(2));
  if (!corner)
    return corner.takeError();
  Index ones(result.rank(), 1);
  copy(result, boxView(result, *corner, ones), update, viewOf(update), update.shape());
  return result;
}

Expected<Tensor> pad(const Call &call) {
  auto op = cast<PadOp>(call.op);
  const Tensor &input = call.operand(0);
  Expected<Index> low = evaluateAll(op.getLow(), call.sizes, sizeOf);
  if (!low)
    return low.takeError();
  Expected<Index> high = evaluateAll(op.getHigh(), call.sizes, sizeOf);
  if (!high)
    return high.takeError();
  Index padded, steps;
  for (int64_t d = 0; d < input.rank(); ++d) {
    int64_t between = op.getInterior()[d] * std::max<int64_t>(input.dim(d) - 1, 0);
    padded.push_back((*low)[d] + input.dim(d) + between + (*high)[d]);
    steps.push_back(op.getInterior()[d] + 1);
  }
  if (Error error = requireShape(call, "result", call.resultShape, padded))
    return error;
  Tensor result = call.emptyResult();
  Tensor::visit(result, call.operand(1),
                [](auto &target, const auto &value) { llvm::fill(target, value[0]); });
  copy(result, boxView(result, *low, steps), input, viewOf(input), input.shape());
  return result;
}

Expected<Tensor> concat(const Call &call) {
  auto axis = static_cast<int64_t>(cast<ConcatOp>(call.op).getAxis());
  Index joined = call.resultShape;
  joined[axis] = 0;
  for (const Tensor *input : call.operands)
    joined[axis] += input->dim(axis);
  if (Error error = requireShape(call, "result", call.resultShape, joined))
    return error;

  Tensor result = call.emptyResult();
  View to = viewOf(result);
  for (auto [i, input] : llvm::enumerate(call.operands)) {
    Index expected = joined;
    expected[axis] = input->dim(axis);
    if (Error error = requireShape(call, "input " + Twine(i), input->shape(), expected))
      return error;
    copy(result, to, *input, viewOf(*input), input->shape());
    to.start += input->dim(axis) * to.strides[axis];
  }
  return result;
}

} // namespace

void addMovementRules(RuleTable &table) {
  table["weft.stop_gradient"] = stopGradient;
  table["weft.broadcast"] = broadcast;
  table["weft.reshape"] = reshape;
  table["weft.transpose"] = transpose;
  table["weft.slice"] = slice;
  table["weft.dynamic_slice"] = dynamicSlice;
  table["weft.update_slice"] = updateSlice;
  table["weft.pad"] = pad;
  table["weft.concat"] = concat;
}

} // namespace weft::reference
