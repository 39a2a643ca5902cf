// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vectors of elements: neighbours along the last dimensions of a tensor, recomputed from its
// operands as single elements are. For loops that LLVM makes no good vectors of, such as short ones
// inside of others.

#ifndef WEFT_CODEGEN_CPU_LANES_H
#define WEFT_CODEGEN_CPU_LANES_H

#include "codegen/cpu/Kernel.h"

namespace weft {

/// Neighbours in a buffer, as a vector of `type`; 0 where the mask, if any, leaves one out.
Value loadLanes(Scalar &scalar, mlir::VectorType type, Value buffer, Value place, Value mask);

/// What a vector of `lanes` elements of `tensor` is remembered under.
Code::Key vectorKey(Value tensor, ArrayRef<Value> indices, Value mask, int64_t lanes);

/// True for operations whose code on floats takes vectors: no calls, no changes of type.
bool hasVectorCode(Operation *op, Type element);

class Lanes {
public:
  /// Vectors of `laneCount` elements of type `elementType` along the last `numRunning` dimensions,
  /// which run as one index (`mergeable`).
  Lanes(Kernel &ownerKernel, Type elementType, size_t numRunning, int64_t laneCount)
      : kernel(ownerKernel), element(elementType), running(numRunning), count(laneCount) {}

  /// True if there is code for vectors of elements of `tensor`.
  static bool canGive(Value tensor, Type element, size_t running);

  /// The elements of `tensor` at `indices` and behind; what the mask, if any, leaves out is
  /// anything.
  Value at(Value tensor, ArrayRef<Value> indices, Value mask);

  mlir::VectorType vectorOf(Type type) const { return mlir::VectorType::get({count}, type); }
  Value load(Value buffer, Value place, Value mask) {
    return loadLanes(kernel.scalar(), vectorOf(element), buffer, place, mask);
  }
  void store(Value vector, Value buffer, Value place, Value mask);

private:
  Value compute(Value tensor, ArrayRef<Value> indices, Value mask);
  Value spread(Value tensor, ArrayRef<Value> indices);

  Kernel &kernel;
  Type element;
  size_t running;
  int64_t count;
};

} // namespace weft

#endif // WEFT_CODEGEN_CPU_LANES_H
