// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes numbers by value; each has a place of its own in the sum.
#include "scalars.h"

#include <stdio.h>

int main(void) {
  scalars *model;
  float x[3] = {1, 2, 3};
  double sum;
  if (scalars_open(&model, NULL) != WEFT_OK ||
      scalars_mix(model, 3, 0.25, 0.5f, x, 0x4400 /* 4 */, 0x4100 /* 8 */, -10000000000, -200000,
                  -30000, -100, 10000000000u, 4000000000u, 60000, 200, true, &sum) != WEFT_OK) {
    fprintf(stderr, "%s\n", weft_message());
    return 1;
  }
  printf("%.2f\n", sum);
  scalars_close(model);
  return 0;
}
