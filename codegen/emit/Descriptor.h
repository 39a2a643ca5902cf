// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the object carries besides kernels and entry points: the `<model>_descriptor` that the
// runtime reads, the typed C functions, the manifest's section; and embedded weights.

#ifndef WEFT_CODEGEN_EMIT_DESCRIPTOR_H
#define WEFT_CODEGEN_EMIT_DESCRIPTOR_H

#include "codegen/emit/Interface.h"

namespace weft {

/// What to add to a model's module.
struct DescriptorOptions {
  std::string compiler;       // "weft 0.1.0"
  std::string features;       // what the code asks of the processor: "avx2,fma"
  std::string manifest;       // bytes of a weft.Manifest for the section `.weft.manifest`
  std::string prepared;       // name of the tensor that marks prepared weights; may be empty
  bool embedsWeights = false; // the weights are in an object of their own: makeWeightsModule()
  /// Of a model that is compiled for several processors, one module each: the names of all, the
  /// most demanding first, and whose this is. The last module is the one that the world sees.
  std::vector<std::string> processors;
  size_t processor = 0;

  bool isMain() const { return processors.empty() || processor + 1 == processors.size(); }
};

/// Adds descriptor, typed functions and manifest to a module in the LLVM dialect, and
/// makes everything else in it invisible outside. Only the main module gets functions and manifest.
/// Each export is computed by the function that codegen/host made of it; one that is missing is an
/// error.
LogicalResult addDescriptor(ModuleOp module, const Interface &interface,
                            const DescriptorOptions &options);

/// A module of its own whose object holds the bytes of a safetensors file, for the descriptor.
OwningOpRef<ModuleOp> makeWeightsModule(MLIRContext *context, const Interface &interface,
                                        StringRef path);

/// A module of its own with the `main` of a program: it hands the descriptor to the runtime.
OwningOpRef<ModuleOp> makeMainModule(MLIRContext *context, const Interface &interface);

/// The words of a postfix expression (weft_expr) for the largest of `dims` over `symbols`.
/// Fails if it needs a deeper stack than WEFT_EXPR_DEPTH.
FailureOr<SmallVector<int64_t>> postfixOf(ArrayRef<Dim> dims, ArrayRef<std::string> symbols,
                                          MLIRContext *context);

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_DESCRIPTOR_H
