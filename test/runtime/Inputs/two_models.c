// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two compiled models in one program. Exit code 0 when both give what they should.
#include "digits.h"
#include "letters.h"

#include <math.h>

int main(void) {
  digits *first;
  letters *second;
  float image[64] = {0}, probability[2][10];
  if (digits_open(&first, &(weft_options){.weights = "digits.safetensors", .threads = 2}) ||
      letters_open(&second, &(weft_options){.weights = "letters.safetensors", .threads = 1}) ||
      digits_predict(first, 1, image, probability[0]) ||
      letters_predict(second, 1, image, probability[1]))
    return 1;
  digits_close(first);
  letters_close(second);
  return fabsf(probability[0][0] - 0.1f) < 1e-6f && fabsf(probability[1][9] - 0.1f) < 1e-6f ? 0 : 2;
}
