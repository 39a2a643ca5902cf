// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes weights as a safetensors file.

#ifndef WEFT_CODEGEN_EMIT_WEIGHTS_H
#define WEFT_CODEGEN_EMIT_WEIGHTS_H

#include "codegen/emit/Interface.h"
#include "llvm/Support/raw_ostream.h"

namespace weft {

/// One named tensor; the bytes are little-endian, row-major, and belong to the caller.
struct NamedTensor {
  std::string name;
  weft_dtype dtype = WEFT_F32;
  SmallVector<int64_t> dims;
  StringRef bytes;
};

/// Writes a safetensors file. The data begins at a multiple of 64 bytes and each tensor is aligned
/// for its elements; equal tensors give equal bytes, in whatever order they come. `metadata` are
/// texts by name that readers of the tensors pass over.
void writeSafetensors(ArrayRef<NamedTensor> tensors, llvm::raw_ostream &os,
                      ArrayRef<std::pair<std::string, std::string>> metadata = {});

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_WEIGHTS_H
