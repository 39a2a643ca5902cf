// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums, extremes, norms and other summaries along axes.

#include "frontend/onnx/Operators.h"

namespace weft {

ArrayRef<OnnxRow> onnxReductionRows() { return {}; }

} // namespace weft
