// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Branches and loops, and sequences, which are lists known while importing.

#include "frontend/onnx/Operators.h"

namespace weft {

ArrayRef<OnnxRow> onnxControlRows() { return {}; }

} // namespace weft
