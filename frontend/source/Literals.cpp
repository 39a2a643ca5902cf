// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shortest digits that give the number back.
#include "frontend/source/Literals.h"

#include "ir/ScalarMath.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

#include <cmath>

namespace weft::source {

/// In the form of the lexer: a digit on both sides of the point.
static std::string inLexerForm(std::string digits) {
  StringRef text(digits);
  auto [mantissa, exponent] = text.split('e');
  if (exponent.empty())
    return digits;
  exponent.consume_front("+");
  bool isNegative = exponent.consume_front("-");
  exponent = exponent.ltrim('0');
  return (mantissa + "e" + (isNegative ? "-" : "") + (exponent.empty() ? "0" : exponent)).str();
}

/// The shortest text whose number `isSame`.
static std::string shortest(double value, llvm::function_ref<bool(double)> isSame) {
  std::string text;
  for (int digits = 1; digits <= 17; ++digits) {
    text.clear();
    llvm::raw_string_ostream(text) << llvm::format("%.*g", digits, value);
    if (isSame(std::strtod(text.c_str(), nullptr)))
      break;
  }
  return text == "-0" ? "-0.0" : inLexerForm(text);
}

std::string realText(double value, Type element) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  auto type = cast<mlir::FloatType>(element);
  return shortest(value, [&](double read) { return roundToFloat(type, read) == value; });
}

std::string settingText(double value) {
  bool isNarrow = static_cast<double>(static_cast<float>(value)) == value;
  return shortest(value, [&](double read) {
    return isNarrow ? static_cast<double>(static_cast<float>(read)) == value : read == value;
  });
}

std::string integerText(const llvm::APInt &value, Type element) {
  if (element.isInteger(1))
    return value.isZero() ? "false" : "true";
  if (element.isUnsignedInteger())
    return llvm::toString(value, 10, /*Signed=*/false);
  // The language reads a minus and a number, and this number has no opposite.
  if (value.getBitWidth() == 64 && value.isMinSignedValue())
    return "-9223372036854775807 - 1";
  return llvm::toString(value, 10, /*Signed=*/true);
}

std::string elementText(mlir::DenseElementsAttr value, int64_t index) {
  Type element = value.getElementType();
  if (isa<mlir::FloatType>(element)) {
    llvm::APFloat number = *(value.value_begin<llvm::APFloat>() + index);
    bool losesInfo;
    number.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    return realText(number.convertToDouble(), element);
  }
  return integerText(*(value.value_begin<llvm::APInt>() + index), element);
}

std::optional<std::string> splatText(mlir::DenseElementsAttr value) {
  if (value.getNumElements() == 0)
    return std::nullopt;
  if (!value.isSplat())
    return std::nullopt;
  return elementText(value, 0);
}

static std::string nestedList(mlir::DenseElementsAttr value, ArrayRef<int64_t> shape,
                              int64_t &next) {
  if (shape.empty())
    return elementText(value, next++);
  std::string text = "[";
  for (int64_t place = 0; place < shape.front(); ++place)
    text += (place ? ", " : "") + nestedList(value, shape.drop_front(), next);
  return text + "]";
}

Expr filledExpr(StringRef number, Type element, StringRef shape) {
  std::string type = languageName(element);
  if (number == "0" || number == "1")
    return Expr::postfix(
        (Twine(number == "0" ? "zeros" : "ones") + "<" + type + ">(" + shape + ")").str());
  return Expr::postfix(("full<" + type + ">(" + number + ", " + shape + ")").str());
}

Expr constantExpr(mlir::DenseElementsAttr value) {
  auto type = cast<RankedTensorType>(value.getType());
  std::string element = languageName(type.getElementType());
  std::string shape = "[" +
                      llvm::join(llvm::map_range(type.getShape(),
                                                 [](int64_t size) { return std::to_string(size); }),
                                 ", ") +
                      "]";
  if (value.getNumElements() == 0)
    return filledExpr(type.getElementType().isInteger(1) ? "false" : "0", type.getElementType(),
                      shape);
  if (type.getRank() > 0 && value.isSplat() && value.getNumElements() > 1)
    return filledExpr(elementText(value, 0), type.getElementType(), shape);
  int64_t next = 0;
  return Expr::postfix("tensor<" + element + ">(" + nestedList(value, type.getShape(), next) + ")");
}

} // namespace weft::source
