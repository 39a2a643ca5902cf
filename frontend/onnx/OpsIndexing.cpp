// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gathering, scattering, sorting, and results whose size depends on data.

#include "frontend/onnx/Operators.h"

namespace weft {

ArrayRef<OnnxRow> onnxIndexingRows() { return {}; }

} // namespace weft
