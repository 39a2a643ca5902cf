// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands that a loop emitter reads at places of its own choosing: an argument of the kernel,
// perhaps through transposes, broadcasts and slices, which only change where an element lies.

#ifndef WEFT_CODEGEN_CPU_STRIDEDVIEW_H
#define WEFT_CODEGEN_CPU_STRIDEDVIEW_H

#include "codegen/cpu/Elements.h"

namespace weft {

struct StridedView {
  /// None if `tensor` is anything else.
  static std::optional<StridedView> of(Value tensor);

  Value argument;
  Dim start;                ///< Of the first element, in elements.
  SmallVector<Dim> strides; ///< In elements, one a dimension of the tensor; 0 where it repeats.

  /// Where the elements with these leading indices begin.
  Value offset(Elements &elements, ArrayRef<Value> leading) const;
  /// The stride of dimension `dim`, which may be negative.
  Value stride(Elements &elements, int64_t dim) const;
  bool isContiguous(int64_t dim) const { return strides[dim] == Dim(1); }
};

/// False if all elements of `tensor` along `dim` are known to be equal.
bool varies(Value tensor, int64_t dim);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_STRIDEDVIEW_H
