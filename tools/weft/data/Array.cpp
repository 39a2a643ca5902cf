// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names and sizes of arrays.

#include "tools/weft/data/Array.h"

#include "llvm/Support/MathExtras.h"

namespace weft {

std::string typeName(weft_dtype dtype, llvm::ArrayRef<int64_t> dims) {
  std::string result = weft_dtype_name(dtype);
  if (dims.empty())
    return result;
  const char *separator = "[";
  for (int64_t dim : dims) {
    result += separator + std::to_string(dim);
    separator = ", ";
  }
  return result + "]";
}

std::string Array::type() const { return typeName(dtype, dims); }

std::optional<weft_dtype> dtypeNamed(llvm::StringRef name) {
  for (int dtype = WEFT_F64; dtype <= WEFT_BOOL; ++dtype)
    if (name == weft_dtype_name(static_cast<weft_dtype>(dtype)))
      return static_cast<weft_dtype>(dtype);
  return std::nullopt;
}

std::optional<int64_t> byteSize(weft_dtype dtype, llvm::ArrayRef<int64_t> dims) {
  auto result = static_cast<int64_t>(weft_dtype_size(dtype));
  bool overflows = false, isEmpty = false;
  for (int64_t dim : dims) {
    if (dim < 0)
      return std::nullopt;
    isEmpty |= dim == 0;
    overflows |= llvm::MulOverflow(result, dim, result) != 0;
  }
  if (isEmpty)
    return 0;
  if (overflows)
    return std::nullopt;
  return result;
}

} // namespace weft
