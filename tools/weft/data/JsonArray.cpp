// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes arrays as nested JSON lists.

#include "tools/weft/data/JsonArray.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"

#include <charconv>
#include <cmath>
#include <cstring>

namespace weft {

namespace json = llvm::json;
using llvm::APFloat;

/// One level deeper than any array; JSON that is nested deeper is refused before it is parsed.
static constexpr int depthLimit = WEFT_MAX_RANK + 1;

static const llvm::fltSemantics &semanticsOf(weft_dtype dtype) {
  return dtype == WEFT_F16 ? APFloat::IEEEhalf() : APFloat::BFloat();
}

static uint16_t narrowBits(double value, weft_dtype dtype) {
  APFloat number(value);
  bool losesInfo = false;
  number.convert(semanticsOf(dtype), APFloat::rmNearestTiesToEven, &losesInfo);
  return static_cast<uint16_t>(number.bitcastToAPInt().getZExtValue());
}

static double wideValue(uint16_t bits, weft_dtype dtype) {
  APFloat number(semanticsOf(dtype), llvm::APInt(16, bits));
  bool losesInfo = false;
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToDouble();
}

int jsonNesting(llvm::StringRef text) {
  int depth = 0, deepest = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString && c == '\\')
      ++i;
    else if (c == '"')
      inString = !inString;
    else if (!inString && (c == '[' || c == '{'))
      deepest = std::max(deepest, ++depth);
    else if (!inString && (c == ']' || c == '}'))
      --depth;
  }
  return deepest;
}

namespace {
/// Fills an array from nested lists; every list of one level must have the same length.
class ListReader {
public:
  ListReader(weft_dtype dtype, llvm::ArrayRef<int64_t> expectedDims, llvm::StringRef name)
      : expected(expectedDims), label(name) {
    array.dtype = dtype;
  }

  llvm::Expected<Array> read(const json::Value &value) {
    findDims(value);
    if (llvm::Error error = append(value, 0))
      return std::move(error);
    return std::move(array);
  }

private:
  /// The sizes are those of the first list of each level.
  void findDims(const json::Value &value) {
    const json::Value *level = &value;
    while (const json::Array *list = level->getAsArray()) {
      array.dims.push_back(static_cast<int64_t>(list->size()));
      if (list->empty()) {
        for (size_t axis = array.dims.size(); axis < expected.size(); ++axis)
          array.dims.push_back(std::max<int64_t>(expected[axis], 0));
        return;
      }
      level = &list->front();
    }
  }

  /// Appends the elements of `value`, which stands at depth `axis`.
  llvm::Error append(const json::Value &value, size_t axis) {
    const json::Array *list = value.getAsArray();
    if (!list)
      return axis == array.dims.size() ? appendElement(value) : ragged("a list", "an element");
    if (axis >= array.dims.size())
      return ragged("an element", "a list");
    if (static_cast<int64_t>(list->size()) != array.dims[axis])
      return ragged(std::to_string(array.dims[axis]) + " elements", std::to_string(list->size()));
    place.push_back(0);
    for (const json::Value &element : *list) {
      if (llvm::Error error = append(element, axis + 1))
        return error;
      ++place.back();
    }
    place.pop_back();
    return llvm::Error::success();
  }

  std::string where() const {
    std::string result = "'" + label.str() + "' at [";
    for (auto [index, position] : llvm::enumerate(place))
      result += (index ? ", " : "") + std::to_string(position);
    return result + "]";
  }

  llvm::Error ragged(const std::string &wanted, const std::string &found) const {
    return llvm::createStringError(where() + " has " + found +
                                   " where the first list of this level has " + wanted);
  }

  llvm::Error unfit(const json::Value &value) const {
    std::string text;
    llvm::raw_string_ostream(text) << value;
    if (text.size() > 40)
      text = text.substr(0, 37) + "...";
    return llvm::createStringError(where() + " is " + text + ", which is no " +
                                   weft_dtype_name(array.dtype));
  }

  template <typename T> llvm::Error store(T value) {
    const char *bytes = reinterpret_cast<const char *>(&value);
    array.bytes.insert(array.bytes.end(), bytes, bytes + sizeof value);
    return llvm::Error::success();
  }

  std::optional<double> realOf(const json::Value &value) const {
    if (std::optional<double> number = value.getAsNumber())
      return number;
    std::optional<llvm::StringRef> text = value.getAsString();
    if (text == "NaN")
      return std::nan("");
    if (text == "Infinity" || text == "-Infinity")
      return text->front() == '-' ? -INFINITY : INFINITY;
    return std::nullopt;
  }

  llvm::Error appendReal(const json::Value &value) {
    std::optional<double> number = realOf(value);
    if (!number)
      return unfit(value);
    if (array.dtype == WEFT_F64)
      return store(*number);
    if (array.dtype == WEFT_F32)
      return store(static_cast<float>(*number));
    return store(narrowBits(*number, array.dtype));
  }

  template <typename T> llvm::Error appendInteger(const json::Value &value) {
    if constexpr (std::is_same_v<T, uint64_t>) {
      if (std::optional<uint64_t> number = value.getAsUINT64())
        return store(*number);
      return unfit(value);
    }
    std::optional<int64_t> number = value.getAsInteger();
    if (!number || static_cast<int64_t>(static_cast<T>(*number)) != *number)
      return unfit(value);
    return store(static_cast<T>(*number));
  }

  llvm::Error appendBool(const json::Value &value) {
    if (std::optional<bool> flag = value.getAsBoolean())
      return store(static_cast<char>(*flag));
    std::optional<int64_t> number = value.getAsInteger();
    return number == 0 || number == 1 ? store(static_cast<char>(*number)) : unfit(value);
  }

  llvm::Error appendElement(const json::Value &value) {
    switch (array.dtype) {
    case WEFT_F64:
    case WEFT_F32:
    case WEFT_F16:
    case WEFT_BF16:
      return appendReal(value);
    case WEFT_I64:
      return appendInteger<int64_t>(value);
    case WEFT_I32:
      return appendInteger<int32_t>(value);
    case WEFT_I16:
      return appendInteger<int16_t>(value);
    case WEFT_I8:
      return appendInteger<int8_t>(value);
    case WEFT_U64:
      return appendInteger<uint64_t>(value);
    case WEFT_U32:
      return appendInteger<uint32_t>(value);
    case WEFT_U16:
      return appendInteger<uint16_t>(value);
    case WEFT_U8:
      return appendInteger<uint8_t>(value);
    case WEFT_BOOL:
      return appendBool(value);
    }
    return unfit(value);
  }

  Array array;
  llvm::ArrayRef<int64_t> expected;
  llvm::StringRef label;
  llvm::SmallVector<int64_t> place;
};

/// Writes the elements of an array from its first to its last.
class ListWriter {
public:
  ListWriter(const Array &source, json::OStream &target)
      : array(source), json(target), next(source.bytes.data()) {}

  void write(size_t axis) {
    if (axis == array.dims.size())
      return element();
    json.array([&] {
      for (int64_t i = 0; i < array.dims[axis]; ++i)
        write(axis + 1);
    });
  }

private:
  template <typename T> T take() {
    T value;
    std::memcpy(&value, next, sizeof value);
    next += sizeof value;
    return value;
  }

  template <typename T> void real(T value) {
    if (std::isnan(value))
      return json.value("NaN");
    if (std::isinf(value))
      return json.value(value > 0 ? "Infinity" : "-Infinity");
    char text[32];
    auto [end, error] = std::to_chars(text, text + sizeof text, value);
    json.rawValue(llvm::StringRef(text, static_cast<size_t>(end - text)));
  }

  void element() {
    switch (array.dtype) {
    case WEFT_F64:
      return real(take<double>());
    case WEFT_F32:
      return real(take<float>());
    case WEFT_F16:
    case WEFT_BF16:
      return real(static_cast<float>(wideValue(take<uint16_t>(), array.dtype)));
    case WEFT_I64:
      return json.value(take<int64_t>());
    case WEFT_I32:
      return json.value(take<int32_t>());
    case WEFT_I16:
      return json.value(take<int16_t>());
    case WEFT_I8:
      return json.value(take<int8_t>());
    case WEFT_U64:
      return json.value(take<uint64_t>());
    case WEFT_U32:
      return json.value(take<uint32_t>());
    case WEFT_U16:
      return json.value(take<uint16_t>());
    case WEFT_U8:
      return json.value(take<uint8_t>());
    case WEFT_BOOL:
      return json.value(take<char>() != 0);
    }
  }

  const Array &array;
  json::OStream &json;
  const char *next;
};
} // namespace

llvm::Expected<Array> parseJsonArray(llvm::StringRef text, weft_dtype dtype,
                                     llvm::ArrayRef<int64_t> expected, llvm::StringRef label) {
  if (jsonNesting(text) > depthLimit)
    return llvm::createStringError("'" + label + "' nests more than " + llvm::Twine(WEFT_MAX_RANK) +
                                   " lists");
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value)
    return llvm::createStringError("'" + label +
                                   "' is not JSON: " + llvm::toString(value.takeError()));
  return ListReader(dtype, expected, label).read(*value);
}

void writeJsonArray(const Array &array, json::OStream &json) { ListWriter(array, json).write(0); }

} // namespace weft
