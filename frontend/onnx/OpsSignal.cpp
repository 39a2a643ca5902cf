// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fourier transforms, windows, determinants and text features.

#include "frontend/onnx/Operators.h"

namespace weft {

ArrayRef<OnnxRow> onnxSignalRows() { return {}; }

} // namespace weft
