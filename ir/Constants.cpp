// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and writing the elements of dense constants.

#include "ir/Constants.h"

#include <cmath>

namespace weft {

static WideElement widen(const llvm::APFloat &value) { return {.real = value.convertToDouble()}; }

static WideElement widen(const llvm::APInt &value, bool isUnsigned) {
  return {.integer =
              isUnsigned ? static_cast<int64_t>(value.getZExtValue()) : value.getSExtValue()};
}

/// A dense constant of static ranked type; folders of other dialects may hand in others.
static mlir::DenseIntOrFPElementsAttr denseOf(Attribute attribute) {
  auto dense = dyn_cast_or_null<mlir::DenseIntOrFPElementsAttr>(attribute);
  bool ranked = dense && isa<RankedTensorType>(dense.getType());
  return ranked && dense.getElementType().getIntOrFloatBitWidth() <= 64 ? dense : nullptr;
}

std::optional<WideElement> splatOf(Attribute attribute) {
  auto dense = denseOf(attribute);
  if (!dense || !dense.isSplat())
    return std::nullopt;
  if (isa<mlir::FloatType>(dense.getElementType()))
    return widen(dense.getSplatValue<llvm::APFloat>());
  return widen(dense.getSplatValue<llvm::APInt>(), isUnsignedElement(dense.getElementType()));
}

std::optional<std::vector<WideElement>> readConstant(Attribute attribute) {
  if (auto splat = splatOf(attribute))
    return std::vector<WideElement>{*splat};
  auto dense = denseOf(attribute);
  if (!dense || dense.getNumElements() > kMostFoldedElements)
    return std::nullopt;
  std::vector<WideElement> elements;
  elements.reserve(dense.getNumElements());
  bool isUnsigned = isUnsignedElement(dense.getElementType());
  if (isa<mlir::FloatType>(dense.getElementType()))
    for (const llvm::APFloat &value : dense.getValues<llvm::APFloat>())
      elements.push_back(widen(value));
  else
    for (const llvm::APInt &value : dense.getValues<llvm::APInt>())
      elements.push_back(widen(value, isUnsigned));
  return elements;
}

Attribute makeConstant(RankedTensorType type, ArrayRef<WideElement> elements) {
  Type element = type.getElementType();
  if (auto real = dyn_cast<mlir::FloatType>(element)) {
    std::vector<llvm::APFloat> values;
    for (const WideElement &scalar : elements) {
      llvm::APFloat value(roundToFloat(real, scalar.real));
      bool losesInfo = false;
      value.convert(real.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
      values.push_back(value);
    }
    return mlir::DenseElementsAttr::get(type, values);
  }
  std::vector<llvm::APInt> values;
  for (const WideElement &scalar : elements)
    values.emplace_back(element.getIntOrFloatBitWidth(), static_cast<uint64_t>(scalar.integer),
                        /*isSigned=*/false, /*implicitTrunc=*/true);
  return mlir::DenseElementsAttr::get(type, values);
}

bool isEach(Attribute attribute, double value) {
  std::optional<WideElement> splat = splatOf(attribute);
  if (!splat || !isa<mlir::FloatType>(cast<mlir::DenseElementsAttr>(attribute).getElementType()))
    return false;
  return splat->real == value && std::signbit(splat->real) == std::signbit(value);
}

bool isEachInteger(Attribute attribute, int64_t value) {
  std::optional<WideElement> splat = splatOf(attribute);
  return splat && splat->integer == value &&
         !isa<mlir::FloatType>(cast<mlir::DenseElementsAttr>(attribute).getElementType());
}

} // namespace weft
