// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages that this room makes: one function a stage, in the order of a model's journey.

#ifndef WEFT_PASSES_PIPELINES_H
#define WEFT_PASSES_PIPELINES_H

#include "mlir/Pass/PassManager.h"

#include <string>

namespace weft {

/// `model` -> `graph`: dimensions bound by `dims` ("N=1"), composites taken apart, simplified.
/// Registered as `weft-graph-pipeline`.
void buildGraphPipeline(mlir::OpPassManager &manager, llvm::ArrayRef<std::string> dims = {});

/// `graph` -> `kernels`: weights prepared, every computation in a kernel.
/// Registered as `weft-kernels-pipeline`.
void buildKernelsPipeline(mlir::OpPassManager &manager);

} // namespace weft

#endif // WEFT_PASSES_PIPELINES_H
