// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads a safetensors file in place. The runtime and the tools share this reader; it depends on
// nothing but Message.c and Expr.c. Format: https://huggingface.co/docs/safetensors, "Format".
#ifndef WEFT_RUNTIME_SAFETENSORS_H
#define WEFT_RUNTIME_SAFETENSORS_H

#include "runtime/weft.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One tensor of a file.
typedef struct weft_tensor {
  const char *name; ///< UTF-8 without NUL.
  const int64_t *dims;
  const void
      *data;     ///< Little-endian, row-major, inside the file; perhaps not aligned for its type.
  uint64_t size; ///< Bytes of data.
  weft_dtype dtype;
  int32_t rank;
} weft_tensor;

/// A file whose every header field was checked.
typedef struct weft_safetensors {
  const weft_tensor *tensors; ///< Sorted by name (strcmp), each name once.
  int64_t count;
  const void *bytes; ///< The whole file.
  uint64_t size;
  bool mapped; ///< weft_safetensors_close() unmaps `bytes`.
} weft_safetensors;

/// Maps the file at `path` and reads its header. On failure the message begins with the path and
/// `*out` needs no closing.
WEFT_API weft_status weft_safetensors_open(const char *path, weft_safetensors *out);

/// Reads a file that is in memory and stays there while `*out` is in use. `label` begins messages.
WEFT_API weft_status weft_safetensors_parse(const void *bytes, uint64_t size, const char *label,
                                            weft_safetensors *out);

/// The tensor of that name, or NULL.
WEFT_API const weft_tensor *weft_safetensors_find(const weft_safetensors *file, const char *name);

/// Frees the list of tensors and unmaps the file.
WEFT_API void weft_safetensors_close(weft_safetensors *file);

#ifdef __cplusplus
}
#endif

#endif // WEFT_RUNTIME_SAFETENSORS_H
