// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types and the data of tensors, from wherever the file keeps them.

#ifndef WEFT_FRONTEND_ONNX_TENSORDATA_H
#define WEFT_FRONTEND_ONNX_TENSORDATA_H

#include "frontend/onnx/Onnx.h"
#include "frontend/onnx/Proto.h"

#include "llvm/Support/Error.h"

namespace weft {

/// The element type of that number in TensorProto.DataType. Strings, complex numbers and types
/// that Weft lacks are errors that name them.
llvm::Expected<Type> onnxElementType(int32_t number, MLIRContext *context);

/// Reads a tensor: its raw bytes, its typed field, or the external file, which must lie in
/// `folder` or below. `tensor` loses its raw bytes, so that weights are held once.
/// Errors: types as above, negative sizes, a number of bytes that is not that of the shape, an
/// external file that is missing, too short, or outside of the folder.
llvm::Expected<OnnxTensor> takeTensor(onnx::TensorProto &tensor, StringRef folder,
                                      MLIRContext *context);

/// The tensor as the value of a constant.
mlir::DenseElementsAttr constantOf(const OnnxTensor &tensor);

} // namespace weft

#endif // WEFT_FRONTEND_ONNX_TENSORDATA_H
