// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tensor on its way between a file and a call: element type, sizes, bytes.

#ifndef WEFT_TOOLS_WEFT_DATA_ARRAY_H
#define WEFT_TOOLS_WEFT_DATA_ARRAY_H

#include "runtime/weft.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// Row-major, without gaps, in the byte order of this machine.
struct Array {
  weft_dtype dtype = WEFT_F32;
  llvm::SmallVector<int64_t> dims;
  std::string bytes; ///< A string, since those of an ONNX file move here as they are.

  /// As the language writes it: f32[3, 4].
  std::string type() const;
};

/// f32[3, 4]
std::string typeName(weft_dtype dtype, llvm::ArrayRef<int64_t> dims);

/// The element type of that name in the language, if there is one.
std::optional<weft_dtype> dtypeNamed(llvm::StringRef name);

/// Bytes of an array, or nothing where a size is negative or they exceed int64_t.
std::optional<int64_t> byteSize(weft_dtype dtype, llvm::ArrayRef<int64_t> dims);

/// Numbers that neither vanish nor overflow on their way through a network: floats in [-1, 1),
/// integers from 0 to 15, true and false; the same each time.
Array randomArray(weft_dtype dtype, llvm::ArrayRef<int64_t> dims);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_DATA_ARRAY_H
