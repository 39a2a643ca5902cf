// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop emitter of kernels that only put elements in another order.

#ifndef WEFT_CODEGEN_CPU_TRANSPOSE_H
#define WEFT_CODEGEN_CPU_TRANSPOSE_H

#include "codegen/cpu/Kernel.h"

namespace weft {

/// A view of an argument whose neighbours lie apart there; false, with nothing done, for all else.
bool lowerTranspose(Kernel &kernel);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_TRANSPOSE_H
