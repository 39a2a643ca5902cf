// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one loop nest of the reference evaluator: visits every index of an iteration space and
// hands over, for each tensor that takes part, where its element lies.
#ifndef WEFT_IR_REFERENCE_WALK_H
#define WEFT_IR_REFERENCE_WALK_H

#include "ir/reference/Tensor.h"

#include <array>

namespace weft::reference {

/// Elements between neighbours along each dimension of a row-major tensor.
inline Index rowMajorStrides(llvm::ArrayRef<int64_t> shape) {
  Index strides(shape.size());
  uint64_t stride = 1; // May wrap where the tensor is empty; then no stride is used.
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = static_cast<int64_t>(stride);
    stride *= static_cast<uint64_t>(shape[i]);
  }
  return strides;
}

/// How one tensor is visited: element `start + sum(index[i] * strides[i])` belongs to `index`.
struct View {
  int64_t start = 0;
  Index strides;
};

/// Visits the indices of `sizes` in row-major order and calls `body(offset, ...)` with the offset
/// of each view. The innermost dimension is a plain loop; the others count like an odometer.
template <typename Body, typename... Views>
void walk(llvm::ArrayRef<int64_t> sizes, Body body, const Views &...views) {
  constexpr size_t count = sizeof...(Views);
  if (llvm::is_contained(sizes, 0))
    return;
  const std::array<const View *, count> list = {&views...};
  std::array<int64_t, count> row, inner{};
  int64_t innerSize = sizes.empty() ? 1 : sizes.back();
  for (size_t v = 0; v < count; ++v) {
    row[v] = list[v]->start;
    if (!sizes.empty())
      inner[v] = list[v]->strides.back();
  }

  Index index(sizes.size(), 0);
  while (true) {
    std::array<int64_t, count> at = row;
    for (int64_t i = 0; i < innerSize; ++i) {
      std::apply(body, at);
      for (size_t v = 0; v < count; ++v)
        at[v] += inner[v];
    }
    // Advance the odometer above the innermost dimension.
    int64_t axis = static_cast<int64_t>(sizes.size()) - 2;
    for (; axis >= 0; --axis) {
      for (size_t v = 0; v < count; ++v)
        row[v] += list[v]->strides[axis];
      if (++index[axis] < sizes[axis])
        break;
      for (size_t v = 0; v < count; ++v)
        row[v] -= sizes[axis] * list[v]->strides[axis];
      index[axis] = 0;
    }
    if (axis < 0)
      return;
  }
}

} // namespace weft::reference

#endif // WEFT_IR_REFERENCE_WALK_H
