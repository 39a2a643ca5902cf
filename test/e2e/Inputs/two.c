/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Two models in one program, one runtime between them. */
#include "linear.h"
#include "scale.h"

#include <stdio.h>

int main(void) {
  linear *first;
  scale *second;
  if (linear_open(&first, NULL) != WEFT_OK || scale_open(&second, NULL) != WEFT_OK) {
    fprintf(stderr, "%s\n", weft_message());
    return 1;
  }
  float feature[4] = {1, 2, 3, 4}, probability[3], x[2] = {5, 6}, y[2];
  if (linear_predict(first, 1, feature, probability) != WEFT_OK ||
      scale_apply(second, 1, x, y) != WEFT_OK)
    return 2;
  float sum = probability[0] + probability[1] + probability[2];
  printf("%s %s\n", sum > 0.9999f && sum < 1.0001f ? "good" : "bad",
         y[0] == 5 && y[1] == 6 ? "good" : "bad");
  scale_close(second);
  linear_close(first);
  return 0;
}
