// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages that this room makes: one function a stage, in the order of a model's journey.

#ifndef WEFT_PASSES_PIPELINES_H
#define WEFT_PASSES_PIPELINES_H

#include "passes/recompute/Price.h"

#include "mlir/Pass/PassManager.h"

#include <string>

namespace weft {

/// `model` -> `graph`: dimensions bound by `dims` ("N=1"), composites taken apart, simplified.
/// Registered as `weft-graph-pipeline`.
void buildGraphPipeline(mlir::OpPassManager &manager, llvm::ArrayRef<std::string> dims = {});

/// In what products with weights are computed, where the program says f32.
enum class Precision { F32, BF16 };

/// What kernels are formed for: the vector registers of the processor and its instructions.
struct KernelsOptions {
  int64_t vectorBytes = 64;
  int64_t vectorRegisters = 32;
  bool bfloatDots = false; ///< Sums of two products of bf16.
  bool byteDots = false;   ///< Sums of four products of u8 and i8.
  bool strict = false;     ///< No Winograd, no such sums: as the program says.
  bool explain = false;    ///< Kernels say why they end where they do.
  Precision precision = Precision::F32;
  int64_t weightBits = 0;     ///< Of weights of products of few rows: 8 or 4; 0 leaves them.
  MemoryPrice memory = {};    ///< For weft-recompute.
  bool explainMemory = false; ///< Functions say what is kept and what is computed again.
};

/// `graph` -> `kernels`: layouts chosen, weights prepared, every computation in a kernel.
/// Registered as `weft-kernels-pipeline`.
void buildKernelsPipeline(mlir::OpPassManager &manager, const KernelsOptions &options = {});

} // namespace weft

#endif // WEFT_PASSES_PIPELINES_H
