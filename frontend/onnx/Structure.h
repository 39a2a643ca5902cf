// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The file and the wiring of its graphs, before anything is known of operators.

#ifndef WEFT_FRONTEND_ONNX_STRUCTURE_H
#define WEFT_FRONTEND_ONNX_STRUCTURE_H

#include "frontend/onnx/Proto.h"

#include "llvm/Support/Error.h"

#include <memory>

namespace weft {

/// Reads a file. Errors: it cannot be read, is no ONNX model, is cut short, or exceeds the 2 GiB
/// that protobuf can hold.
llvm::Expected<std::unique_ptr<onnx::ModelProto>> readOnnxFile(StringRef path);

using OnnxNodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

/// The nodes in an order in which each comes after those that it reads; the given one where it is
/// such. `isKnown` tells what is defined before them. Errors: a name that nobody defines, one that
/// two define, a cycle.
llvm::Expected<SmallVector<const onnx::NodeProto *>>
orderNodes(const OnnxNodes &nodes, llvm::function_ref<bool(StringRef)> isKnown);

/// How messages call a node: its name, or its first output.
std::string describe(const onnx::NodeProto &node);

} // namespace weft

#endif // WEFT_FRONTEND_ONNX_STRUCTURE_H
