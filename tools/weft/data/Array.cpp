// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names and sizes of arrays.

#include "tools/weft/data/Array.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <cstring>

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

template <typename T> static bool allFinite(const Array &array) {
  for (size_t at = 0; at + sizeof(T) <= array.bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, array.bytes.data() + at, sizeof value);
    if (!std::isfinite(value))
      return false;
  }
  return true;
}

/// The exponent of NaN and infinity is all ones.
static bool allFinite16(const Array &array, uint16_t exponent) {
  for (size_t at = 0; at + 2 <= array.bytes.size(); at += 2) {
    uint16_t bits;
    std::memcpy(&bits, array.bytes.data() + at, sizeof bits);
    if ((bits & exponent) == exponent)
      return false;
  }
  return true;
}

bool isFinite(const Array &array) {
  switch (array.dtype) {
  case WEFT_F32:
    return allFinite<float>(array);
  case WEFT_F64:
    return allFinite<double>(array);
  case WEFT_F16:
    return allFinite16(array, 0x7c00);
  case WEFT_BF16:
    return allFinite16(array, 0x7f80);
  default:
    return true;
  }
}

} // namespace weft
