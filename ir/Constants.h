// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants as folders see them: a list of wide elements, or one that stands for all.

#ifndef WEFT_IR_CONSTANTS_H
#define WEFT_IR_CONSTANTS_H

#include "ir/ScalarMath.h"

#include <optional>
#include <vector>

namespace weft {

/// Larger constants are folded only where all elements are equal: a fold costs their number in
/// time, and its result their number in space.
inline constexpr int64_t kMostFoldedElements = 65536;

/// One element, held wide: floats in `real`, integers and bool in `integer`.
struct WideElement {
  double real = 0;
  int64_t integer = 0;
};

/// The elements in row-major order, a single one if all are equal; nothing if `attribute` is no
/// dense constant, or too large to fold.
std::optional<std::vector<WideElement>> readConstant(Attribute attribute);

/// The constant of a static type with these elements, or with one for all; each is rounded or
/// wrapped to the element type.
Attribute makeConstant(RankedTensorType type, ArrayRef<WideElement> elements);

/// The element that all are equal to; nothing if there is none.
std::optional<WideElement> splatOf(Attribute attribute);

/// True if every element is `value`: a zero of a float by its sign too, NaN never.
bool isEach(Attribute attribute, double value);
bool isEachInteger(Attribute attribute, int64_t value);

} // namespace weft

#endif // WEFT_IR_CONSTANTS_H
