// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums and products with one number for each output that follow a convolution or contraction: a
// bias, the factors of a normalisation. Any number of them is one factor and one offset.

#ifndef WEFT_PASSES_OUTPUTSTEPS_H
#define WEFT_PASSES_OUTPUTSTEPS_H

#include "ir/GraphBuilder.h"

namespace weft {

/// An addition, subtraction or multiplication, and its numbers: one for each output, or one for
/// all.
struct OutputStep {
  Operation *op;
  Value numbers;
};

/// The steps that alone read `product`, one after the other. Its outputs lie along `axes`, which
/// rise. `isFixed` says which numbers count; one that it refuses ends the steps.
SmallVector<OutputStep> outputStepsAfter(Value product, ArrayRef<int64_t> axes,
                                         llvm::function_ref<bool(Value)> isFixed);

/// `scale * x + offset`, each over the outputs, or null for 1 and 0.
struct OutputAffine {
  Value scale, offset;

  /// With `steps` behind it. `outputs` are the dimensions of the outputs.
  OutputAffine then(GraphBuilder &b, ArrayRef<OutputStep> steps, ArrayRef<Dim> outputs) const;
};

} // namespace weft

#endif // WEFT_PASSES_OUTPUTSTEPS_H
