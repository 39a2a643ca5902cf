// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Resizing, sampling on grids and regions of interest.

#include "frontend/onnx/Operators.h"

namespace weft {

ArrayRef<OnnxRow> onnxResamplingRows() { return {}; }

} // namespace weft
