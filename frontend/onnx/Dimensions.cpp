// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of dimensions that are formulas of others: exporters of decoders write
// `past_sequence_length + sequence_length` for the length of a mask.

#include "frontend/onnx/Dimensions.h"

#include "llvm/ADT/StringExtras.h"

namespace weft {

namespace {
class FormulaReader {
public:
  FormulaReader(StringRef text, NamedDim named) : rest(text.trim()), dimOf(named) {}

  std::optional<Dim> read() {
    std::optional<Dim> result = sum();
    return rest.empty() ? result : std::nullopt;
  }

private:
  bool take(char c) {
    if (!rest.starts_with(c))
      return false;
    rest = rest.drop_front().ltrim();
    return true;
  }

  std::optional<Dim> sum() {
    std::optional<Dim> result = product();
    while (result) {
      bool isPlus = rest.starts_with('+');
      if (!take('+') && !take('-'))
        break;
      std::optional<Dim> next = product();
      if (!next)
        return std::nullopt;
      result = isPlus ? *result + *next : *result - *next;
    }
    return result;
  }

  std::optional<Dim> product() {
    std::optional<Dim> result = factor();
    while (result) {
      bool isTimes = rest.starts_with('*');
      if (!take('*') && !take('/'))
        break;
      std::optional<Dim> next = factor();
      if (!next || (!isTimes && next->constant().value_or(0) <= 0))
        return std::nullopt;
      result = isTimes ? *result * *next : result->floorDiv(*next);
    }
    return result;
  }

  std::optional<Dim> factor() {
    if (take('(')) {
      std::optional<Dim> inner = sum();
      return take(')') ? inner : std::nullopt;
    }
    // Names may have hyphens inside.
    StringRef word = rest.take_while([](char c) { return !StringRef("+*/() ").contains(c); });
    rest = rest.drop_front(word.size()).ltrim();
    int64_t number = 0;
    if (!word.getAsInteger(10, number))
      return Dim(number);
    return dimOf(word);
  }

  StringRef rest;
  NamedDim dimOf;
};
} // namespace

std::optional<Dim> readDimFormula(StringRef text, NamedDim named) {
  if (text.size() > longestDimFormula)
    return std::nullopt;
  return FormulaReader(text, named).read();
}

} // namespace weft
