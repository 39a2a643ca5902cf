// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fuzzes the reader of weights and what fits them to a model: no input may crash, leak, or be
// accepted without covering its data. Run it by ninja target fuzz-safetensors.
#include "runtime/Safetensors.h"
#include "test/runtime/Inputs/Tiny.h"

#include <stdlib.h>
#include <string.h>

enum { DATA_BYTES = 40 };

static void check_file(const void *bytes, size_t size) {
  weft_safetensors file;
  if (weft_safetensors_parse(bytes, size, "fuzz", &file) != WEFT_OK)
    return;
  uint64_t covered = 8;
  memcpy(&covered, bytes, sizeof covered);
  covered += 8;
  for (int64_t i = 0; i < file.count; ++i) {
    covered += file.tensors[i].size;
    if (weft_safetensors_find(&file, file.tensors[i].name) != &file.tensors[i])
      abort();
  }
  if (covered != size)
    abort();
  weft_safetensors_close(&file);
}

static void check_model(const void *bytes, size_t size) {
  weft_descriptor model = tiny_descriptor;
  model.weights = bytes;
  model.weights_size = size;
  weft_options options = {NULL, 1, 0};
  weft_model *handle;
  if (weft_open_model(&model, &options, &handle) != WEFT_OK)
    return;
  float image[3] = {1, 2, 3}, probability[2];
  int64_t rows = 1;
  void *arguments[] = {image, probability};
  if (weft_invoke(handle, TINY_PREDICT, &rows, arguments) != WEFT_OK)
    abort();
  weft_close(handle);
}

// The input as a whole file, then as the header of a file with some data, which reaches deeper.
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  check_file(input, size);
  check_model(input, size);
  uint64_t length = size;
  char *file = calloc(1, 8 + size + DATA_BYTES);
  if (!file)
    return 0;
  memcpy(file, &length, 8);
  memcpy(file + 8, input, size);
  check_file(file, 8 + size + DATA_BYTES);
  check_model(file, 8 + size + DATA_BYTES);
  free(file);
  return 0;
}
