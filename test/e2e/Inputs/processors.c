// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opens a model that was compiled for several processors: as users do, and each variant that this
// processor can run by itself. Prints which one was taken, what each asks of the processor, and how
// much its results differ from the first ones.
//   processors FILE.safetensors
#include "runtime/Abi.h"

#include <math.h>
#include <stdio.h>

extern const weft_descriptor linear_descriptor;

enum { ROWS = 5, FEATURES = 4, CLASSES = 3 };

static int compare(const float *probability) {
  static float first[ROWS * CLASSES];
  static int known;
  float most = 0;
  for (int i = 0; i < ROWS * CLASSES; ++i) {
    first[i] = known ? first[i] : probability[i];
    most = fmaxf(most, fabsf(first[i] - probability[i]));
  }
  known = 1;
  // Sums of four products in another order, then a softmax: a few units in the last place.
  printf("computes %s\n", most < 1e-6f ? "the same" : "something else");
  return most >= 1e-6f;
}

static int run(const weft_descriptor *descriptor, const char *weights) {
  weft_options options = {.weights = weights, .threads = 1};
  weft_model *model;
  if (weft_open_model(descriptor, &options, &model) != WEFT_OK) {
    printf("cannot open: %s\n", weft_message());
    return 0;
  }
  float feature[ROWS * FEATURES], probability[ROWS * CLASSES];
  for (int i = 0; i < ROWS * FEATURES; ++i)
    feature[i] = (float)(i - 10) / 7;
  int64_t n = ROWS;
  void *arguments[] = {feature, probability};
  if (weft_invoke(model, 0, &n, arguments) != WEFT_OK) {
    printf("cannot call: %s\n", weft_message());
    return 1;
  }
  int failed = compare(probability);
  for (int32_t i = 0; i < linear_descriptor.variant_count; ++i)
    if (weft_describe(model) == linear_descriptor.variants[i])
      printf("takes variant %d\n", i);
  weft_close(model);
  return failed;
}

int main(int argc, char **argv) {
  const char *weights = argc > 1 ? argv[1] : NULL;
  int failed = run(&linear_descriptor, weights);
  for (int32_t i = 0; i < linear_descriptor.variant_count; ++i) {
    // The list, which chooses again, is only in the main one.
    weft_descriptor alone = *linear_descriptor.variants[i];
    alone.variant_count = 0;
    printf("variant %d asks for %s\n", i, alone.features);
    failed |= run(&alone, weights);
  }
  return failed;
}
