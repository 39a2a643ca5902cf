// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Strides through operations that only name places.

#include "codegen/cpu/StridedView.h"

#include "llvm/ADT/TypeSwitch.h"

namespace weft {

static StridedView ofArgument(mlir::BlockArgument argument) {
  StridedView view{argument, Dim(0), {}};
  SmallVector<Dim> dims = dimsOf(argument);
  for (size_t d = 0; d < dims.size(); ++d)
    view.strides.push_back(productOf(ArrayRef(dims).drop_front(d + 1)));
  return view;
}

static StridedView through(TransposeOp op, StridedView view) {
  view.strides = llvm::map_to_vector(op.getPermutation(),
                                     [&](int64_t source) { return view.strides[source]; });
  return view;
}

static StridedView through(BroadcastOp op, StridedView view) {
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  SmallVector<Dim> strides(out.size(), Dim(0));
  for (auto [place, dim] : llvm::enumerate(op.getDims()))
    if (in[place] == out[dim])
      strides[dim] = view.strides[place];
  view.strides = strides;
  return view;
}

static StridedView through(SliceOp op, StridedView view) {
  for (auto [stride, start, step] :
       llvm::zip_equal(view.strides, op.getStarts().toDims(), op.getStrides())) {
    view.start = view.start + start * stride;
    stride = stride * Dim(step);
  }
  return view;
}

std::optional<StridedView> StridedView::of(Value tensor) {
  if (auto argument = dyn_cast<mlir::BlockArgument>(tensor))
    return ofArgument(argument);
  return llvm::TypeSwitch<Operation *, std::optional<StridedView>>(tensor.getDefiningOp())
      .Case<TransposeOp, BroadcastOp, SliceOp>([](auto op) -> std::optional<StridedView> {
        std::optional<StridedView> input = of(op.getInput());
        return input ? std::optional(through(op, *input)) : std::nullopt;
      })
      .Default([](Operation *) { return std::nullopt; });
}

/// Unlike Elements::size(), not held above 0.
static Value signedValue(Elements &elements, const Dim &dim) {
  if (auto constant = dim.constant())
    return elements.code.index(*constant);
  return elements.size(dim);
}

Value StridedView::stride(Elements &elements, int64_t dim) const {
  return signedValue(elements, strides[dim]);
}

Value StridedView::offset(Elements &elements, ArrayRef<Value> leading) const {
  Value place = signedValue(elements, start);
  for (auto [dim, index] : llvm::enumerate(leading))
    place = elements.code.add(place, elements.code.mul(index, stride(elements, dim)));
  return place;
}

bool varies(Value tensor, int64_t dim) {
  Operation *op = tensor.getDefiningOp();
  if (dimsOf(tensor)[dim] == Dim(1))
    return false;
  if (!op)
    return true;
  if (op->hasTrait<Elementwise>())
    return llvm::any_of(op->getOperands(), [&](Value operand) { return varies(operand, dim); });
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](ConstantOp constant) { return !isa<mlir::SplatElementsAttr>(constant.getValue()); })
      .Case([&](IotaOp iota) { return static_cast<int64_t>(iota.getAxis()) == dim; })
      .Case([&](BroadcastOp broadcast) {
        const int64_t *place = llvm::find(broadcast.getDims(), dim);
        return place != broadcast.getDims().end() &&
               varies(broadcast.getInput(), place - broadcast.getDims().begin());
      })
      .Case([&](TransposeOp transpose) {
        return varies(transpose.getInput(), transpose.getPermutation()[dim]);
      })
      .Case([&](SliceOp slice) { return varies(slice.getInput(), dim); })
      .Default([](Operation *) { return true; });
}

} // namespace weft
