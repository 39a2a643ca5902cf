// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes NumPy's .npy files, versions 1 to 3, row-major and little-endian. Only programs
// made by `weft build --program` carry this. Format: numpy.lib.format in NumPy's manual.
#ifndef WEFT_RUNTIME_NPY_H
#define WEFT_RUNTIME_NPY_H

#include "runtime/weft.h"

/// Reads a file. `dims` holds the sizes that `out->dims` points at; the caller frees `out->data`.
/// A 2-byte void type ("V2") is read as bf16, for which NumPy has no name. On failure the message
/// begins with the path.
weft_status weft_npy_read(const char *path, int64_t dims[WEFT_MAX_RANK], weft_array *out);

/// Writes a file aside and renames it, so that a failure leaves nothing, or the old file, at
/// `path`.
weft_status weft_npy_write(const char *path, const weft_array *array);

#endif // WEFT_RUNTIME_NPY_H
