// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic, comparison, logic and activation functions, element by element.

#include "frontend/onnx/Operators.h"

namespace weft {

ArrayRef<OnnxRow> onnxElementwiseRows() { return {}; }

} // namespace weft
