// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention, rotary positions, and einsum.

#include "frontend/onnx/Operators.h"

namespace weft {

ArrayRef<OnnxRow> onnxTransformerRows() { return {}; }

} // namespace weft
