// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers as text, both ways, for programs made by `weft build --program`.
#ifndef WEFT_RUNTIME_PRINT_H
#define WEFT_RUNTIME_PRINT_H

#include "runtime/weft.h"

#include <stdbool.h>

/// Reads a number that fits the type into a new scalar whose data the caller frees. False when the
/// text is not such a number, or the type is f16 or bf16. Says no more: it may be a file's name.
bool weft_parse_number(const char *text, weft_dtype dtype, weft_array *out);

/// Prints name, type and elements to standard output, a line for each row, at most 1000 elements.
void weft_print_array(const weft_array *array, const char *name);

#endif // WEFT_RUNTIME_PRINT_H
