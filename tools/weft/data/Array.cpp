// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names and sizes of arrays.

#include "tools/weft/data/Array.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/Support/MathExtras.h"

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

Array randomArray(weft_dtype dtype, llvm::ArrayRef<int64_t> dims) {
  Array array;
  array.dtype = dtype;
  array.dims.assign(dims.begin(), dims.end());
  array.bytes.resize(*byteSize(array.dtype, array.dims));
  int64_t elements = 1;
  for (int64_t size : array.dims)
    elements *= size;
  if (elements == 0)
    return array;
  size_t width = array.bytes.size() / elements;
  uint64_t state = 0x9e3779b97f4a7c15;
  for (int64_t i = 0; i < elements; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    double real = static_cast<double>(state >> 11) / double(uint64_t(1) << 52) - 1;
    uint64_t bits = array.dtype == WEFT_BOOL ? state >> 63 : state >> 60;
    if (array.dtype == WEFT_F64) {
      std::memcpy(&bits, &real, sizeof bits);
    } else if (array.dtype == WEFT_F32) {
      auto single = static_cast<float>(real);
      std::memcpy(&bits, &single, sizeof single);
    } else if (array.dtype == WEFT_F16 || array.dtype == WEFT_BF16) {
      llvm::APFloat half(real);
      bool loses = false;
      half.convert(array.dtype == WEFT_F16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat(),
                   llvm::APFloat::rmNearestTiesToEven, &loses);
      bits = half.bitcastToAPInt().getZExtValue();
    }
    std::memcpy(array.bytes.data() + i * width, &bits, width);
  }
  return array;
}

} // namespace weft
