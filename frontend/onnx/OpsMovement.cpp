// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that rearrange, cut, repeat and join elements.

#include "frontend/onnx/Operators.h"

namespace weft {

ArrayRef<OnnxRow> onnxMovementRows() { return {}; }

} // namespace weft
