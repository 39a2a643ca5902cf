// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX as tools see it: a file becomes a module of weft IR in the form of the stage `model`, and
// the weights that it holds.

#ifndef WEFT_FRONTEND_ONNX_ONNX_H
#define WEFT_FRONTEND_ONNX_ONNX_H

#include "ir/Mlir.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft {

/// A named tensor: row-major, little-endian, a byte for a bool.
struct OnnxTensor {
  std::string name;
  RankedTensorType type;
  std::string bytes;
};

struct OnnxOptions {
  /// Values for dimension names of inputs: `{"N", 8}`.
  std::vector<std::pair<std::string, int64_t>> dims;
  /// Inputs that are fixed while compiling, by the name that the export would give them. They are
  /// no longer inputs of the export.
  std::vector<OnnxTensor> constants;
};

struct OnnxModel {
  /// One export, `predict`; a `weft.parameter` for each weight that it reads.
  OwningOpRef<ModuleOp> module;
  /// In the order of the module's parameters.
  std::vector<OnnxTensor> weights;
};

/// Imports the file at `path`. Nothing if anything is wrong; `errors` then says what, all
/// operators that are not supported in one message. The context has the weft and func dialects
/// loaded. The module is not yet verified.
std::optional<OnnxModel> importOnnx(StringRef path, const OnnxOptions &options,
                                    MLIRContext &context, std::vector<std::string> &errors);

/// The identifier of the language, and of C, that an ONNX name becomes: other characters are
/// underscores, and so is a digit in front.
std::string onnxIdentifier(StringRef name);

} // namespace weft

#endif // WEFT_FRONTEND_ONNX_ONNX_H
