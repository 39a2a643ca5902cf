// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls the functions of a model, whose dimensions are all fixed, on zeros, and measures the arena:
// how large the runtime makes it and up to which byte a call writes. Looks into the handle, which
// no user can.
//   arena FILE.safetensors
#include "runtime/Internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOINED(a, b) a##b
#define NAMED(a, b) JOINED(a, b)
extern const weft_descriptor NAMED(MODEL, _descriptor);

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, weft_message());
  return 1;
}

static void *zeros(const weft_export *function, int32_t index) {
  int64_t dims[WEFT_MAX_RANK];
  uint64_t size = 0;
  if (weft_evaluate_dims(function, index, NULL, dims, &size) != WEFT_OK)
    return NULL;
  void *data = aligned_alloc(64, (size + 64) / 64 * 64 + 64);
  return memset(data, 0, size);
}

// Up to which byte a call writes: what it leaves of two different patterns was not written.
static uint64_t written_bytes(weft_model *model, int32_t index, void **arguments) {
  uint64_t end = 0;
  for (int pattern = 0x5a; pattern <= 0xa5; pattern += 0x4b) {
    memset(model->arena, pattern, model->arena_size);
    if (weft_invoke(model, index, NULL, arguments) != WEFT_OK)
      exit(fail("call"));
    for (uint64_t i = model->arena_size; i > end; --i)
      if (model->arena[i - 1] != (char)pattern)
        end = i;
  }
  return end;
}

int main(int argc, char **argv) {
  weft_options options = {.weights = argc > 1 ? argv[1] : NULL, .threads = 1};
  weft_model *model;
  if (weft_open_model(&NAMED(MODEL, _descriptor), &options, &model) != WEFT_OK)
    return fail("open");
  const weft_descriptor *described = weft_describe(model);
  for (int32_t i = 0; i < described->export_count; ++i) {
    const weft_export *function = &described->exports[i];
    void *arguments[64];
    for (int32_t j = 0; j < function->input_count + function->output_count; ++j)
      arguments[j] = zeros(function, j);
    printf("%s %llu %llu\n", function->name, (unsigned long long)model->arena_size,
           (unsigned long long)written_bytes(model, i, arguments));
    for (int32_t j = 0; j < function->input_count + function->output_count; ++j)
      free(arguments[j]);
  }
  weft_close(model);
  return 0;
}
