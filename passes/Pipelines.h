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

/// What kernels are formed for: the vector registers of the processor.
struct KernelsOptions {
  int64_t vectorBytes = 64;
  int64_t vectorRegisters = 32;
  bool strict = false;  ///< No Winograd: sums as the program says.
  bool explain = false; ///< Kernels say why they end where they do.
};

/// `graph` -> `kernels`: layouts chosen, weights prepared, every computation in a kernel.
/// Registered as `weft-kernels-pipeline`.
void buildKernelsPipeline(mlir::OpPassManager &manager, const KernelsOptions &options = {});

} // namespace weft

#endif // WEFT_PASSES_PIPELINES_H
