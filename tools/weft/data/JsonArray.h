// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arrays as JSON: nested lists of numbers and booleans. What JSON has no number for is a string:
// "NaN", "Infinity", "-Infinity".

#ifndef WEFT_TOOLS_WEFT_DATA_JSONARRAY_H
#define WEFT_TOOLS_WEFT_DATA_JSONARRAY_H

#include "tools/weft/data/Array.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace weft {

/// Reads nested lists as elements of type `dtype`. In a list without elements the inner sizes
/// cannot be seen: they are taken from `expected` (-1: not known, taken as 0). `label` begins
/// messages.
llvm::Expected<Array> parseJsonArray(llvm::StringRef text, weft_dtype dtype,
                                     llvm::ArrayRef<int64_t> expected, llvm::StringRef label);

/// How deeply brackets nest outside of strings: what is too deep is not given to a parser.
int jsonNesting(llvm::StringRef text);

/// Writes nested lists. Each float is the shortest decimal that reads back as the same value.
void writeJsonArray(const Array &array, llvm::json::OStream &json);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_DATA_JSONARRAY_H
