// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes elements of arrays by their type.

#include "tools/weft/data/Convert.h"

#include "llvm/ADT/APFloat.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace weft {

using llvm::APFloat;

bool isFloat(weft_dtype dtype) { return dtype <= WEFT_BF16; }

static const llvm::fltSemantics &halfSemantics(weft_dtype dtype) {
  return dtype == WEFT_F16 ? APFloat::IEEEhalf() : APFloat::BFloat();
}

template <typename T> static T load(const char *from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

double realAt(const Array &array, size_t index) {
  const char *from = array.bytes.data() + index * weft_dtype_size(array.dtype);
  switch (array.dtype) {
  case WEFT_F64:
    return load<double>(from);
  case WEFT_F32:
    return load<float>(from);
  case WEFT_F16:
  case WEFT_BF16: {
    APFloat half(halfSemantics(array.dtype), llvm::APInt(16, load<uint16_t>(from)));
    bool loses = false;
    half.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &loses);
    return half.convertToDouble();
  }
  case WEFT_U64:
    return static_cast<double>(load<uint64_t>(from));
  default:
    return static_cast<double>(*integerAt(array, index));
  }
}

std::optional<int64_t> integerAt(const Array &array, size_t index) {
  const char *from = array.bytes.data() + index * weft_dtype_size(array.dtype);
  switch (array.dtype) {
  case WEFT_I64:
    return load<int64_t>(from);
  case WEFT_I32:
    return load<int32_t>(from);
  case WEFT_I16:
    return load<int16_t>(from);
  case WEFT_I8:
    return load<int8_t>(from);
  case WEFT_U64: {
    auto value = load<uint64_t>(from);
    constexpr auto most = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    return value <= most ? std::optional<int64_t>(static_cast<int64_t>(value)) : std::nullopt;
  }
  case WEFT_U32:
    return load<uint32_t>(from);
  case WEFT_U16:
    return load<uint16_t>(from);
  default:
    return load<uint8_t>(from);
  }
}

std::optional<size_t> firstNonFinite(const Array &array) {
  if (!isFloat(array.dtype))
    return std::nullopt;
  size_t count = array.bytes.size() / weft_dtype_size(array.dtype);
  for (size_t i = 0; i < count; ++i)
    if (!std::isfinite(realAt(array, i)))
      return i;
  return std::nullopt;
}

llvm::StringRef nameOfNonFinite(double value) {
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

static void storeReal(double value, weft_dtype dtype, char *to) {
  if (dtype == WEFT_F64) {
    std::memcpy(to, &value, sizeof value);
  } else if (dtype == WEFT_F32) {
    auto single = static_cast<float>(value);
    std::memcpy(to, &single, sizeof single);
  } else {
    APFloat half(value);
    bool loses = false;
    half.convert(halfSemantics(dtype), APFloat::rmNearestTiesToEven, &loses);
    auto bits = static_cast<uint16_t>(half.bitcastToAPInt().getZExtValue());
    std::memcpy(to, &bits, sizeof bits);
  }
}

template <typename T> static bool store(int64_t value, char *to) {
  auto narrow = static_cast<T>(value);
  std::memcpy(to, &narrow, sizeof narrow);
  return static_cast<int64_t>(narrow) == value && (value < 0) == (narrow < T(0));
}

/// False if the type cannot hold the value.
static bool storeInteger(int64_t value, weft_dtype dtype, char *to) {
  switch (dtype) {
  case WEFT_I64:
    return store<int64_t>(value, to);
  case WEFT_I32:
    return store<int32_t>(value, to);
  case WEFT_I16:
    return store<int16_t>(value, to);
  case WEFT_I8:
    return store<int8_t>(value, to);
  case WEFT_U64:
    return store<uint64_t>(value, to);
  case WEFT_U32:
    return store<uint32_t>(value, to);
  case WEFT_U16:
    return store<uint16_t>(value, to);
  case WEFT_U8:
    return store<uint8_t>(value, to);
  default:
    return store<uint8_t>(value, to) && value <= 1;
  }
}

bool parseElement(llvm::StringRef text, weft_dtype dtype, char *to) {
  double real = 0;
  if (isFloat(dtype)) {
    if (text.getAsDouble(real))
      return false;
    storeReal(real, dtype, to);
    return true;
  }
  int64_t integer = 0;
  if (dtype == WEFT_BOOL && (text == "true" || text == "false"))
    return storeInteger(text == "true", dtype, to);
  // Whole numbers are often written as `3.0`.
  if (text.getAsInteger(10, integer)) {
    constexpr double most = double(int64_t(1) << 53);
    if (text.getAsDouble(real) || !(real >= -most && real <= most))
      return false;
    integer = static_cast<int64_t>(real);
    if (static_cast<double>(integer) != real)
      return false;
  }
  return storeInteger(integer, dtype, to);
}

llvm::Expected<Array> convert(const Array &array, weft_dtype dtype, llvm::StringRef label) {
  if (array.dtype == dtype)
    return array;
  if (isFloat(array.dtype) && !isFloat(dtype))
    return llvm::createStringError(label + " is " + array.type() + ", but " +
                                   weft_dtype_name(dtype) +
                                   " was expected: floats are not taken for integers");
  Array result{dtype, array.dims, {}};
  size_t width = weft_dtype_size(dtype), count = array.bytes.size() / weft_dtype_size(array.dtype);
  result.bytes.resize(count * width);
  for (size_t i = 0; i < count; ++i) {
    char *to = result.bytes.data() + i * width;
    if (isFloat(dtype)) {
      storeReal(realAt(array, i), dtype, to);
      continue;
    }
    std::optional<int64_t> value = integerAt(array, i);
    if (!value || !storeInteger(*value, dtype, to))
      return llvm::createStringError(
          label + " is " + array.type() + ", but " + weft_dtype_name(dtype) +
          " was expected, and element " + llvm::Twine(i) + ", " +
          (value ? std::to_string(*value) : std::string("above the largest i64")) +
          ", does not fit");
  }
  return result;
}

} // namespace weft
