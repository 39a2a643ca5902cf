// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Optimizer steps of ai.onnx.preview.training.

#include "frontend/onnx/Operators.h"

namespace weft {

ArrayRef<OnnxRow> onnxTrainingRows() { return {}; }

} // namespace weft
