// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions, pooling, matrix products, normalisations and losses.

#include "frontend/onnx/Operators.h"

namespace weft {

ArrayRef<OnnxRow> onnxNeuralRows() { return {}; }

} // namespace weft
