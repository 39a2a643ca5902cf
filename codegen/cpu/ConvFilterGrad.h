// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop emitter of a convolution's gradient for its filter.

#ifndef WEFT_CODEGEN_CPU_CONVFILTERGRAD_H
#define WEFT_CODEGEN_CPU_CONVFILTERGRAD_H

#include "codegen/cpu/Kernel.h"

namespace weft {

/// Takes what `isRoot` says of this operation.
void lowerConvFilterGrad(Kernel &kernel, ConvFilterGradOp op);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_CONVFILTERGRAD_H
