// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The protobuf classes of the standard, generated from Debian's copy of its schema.

#ifndef WEFT_FRONTEND_ONNX_PROTO_H
#define WEFT_FRONTEND_ONNX_PROTO_H

// LLVM's headers first: protobuf's define macros.
#include "ir/Mlir.h"

#include "onnx/onnx.pb.h"

#endif // WEFT_FRONTEND_ONNX_PROTO_H
