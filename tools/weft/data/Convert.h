// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements of arrays from one type to another, where no meaning is lost.

#ifndef WEFT_TOOLS_WEFT_DATA_CONVERT_H
#define WEFT_TOOLS_WEFT_DATA_CONVERT_H

#include "tools/weft/data/Array.h"

#include "llvm/Support/Error.h"

namespace weft {

/// Writes the number in `text` as an element of that type. False if it is none of that type.
bool parseElement(llvm::StringRef text, weft_dtype dtype, char *to);

/// The value of element number `index`.
double realAt(const Array &array, size_t index);
/// The same of an integer or boolean array; nothing for one above the largest i64.
std::optional<int64_t> integerAt(const Array &array, size_t index);
bool isFloat(weft_dtype dtype);
/// The first element that is NaN or infinite, if there is one.
std::optional<size_t> firstNonFinite(const Array &array);
/// "nan", "inf" or "-inf".
llvm::StringRef nameOfNonFinite(double value);

/// The same numbers in another type: floats as any float, integers and booleans as any float, and
/// as integers that can hold each of them. Others are errors: `label` begins the message.
llvm::Expected<Array> convert(const Array &array, weft_dtype dtype, llvm::StringRef label);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_DATA_CONVERT_H
