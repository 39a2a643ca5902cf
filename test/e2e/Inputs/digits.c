/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The program of docs and README, with images from a file of floats. Usage: digits WEIGHTS IMAGES N
 */
#include "digits.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc != 4)
    return 2;
  digits *net;
  weft_status s = digits_open(&net, &(weft_options){.weights = argv[1], .threads = 2});
  if (s != WEFT_OK) {
    fprintf(stderr, "%s\n", weft_message());
    return 1;
  }
  static float image[64 * 64], probability[64 * 10];
  FILE *file = fopen(argv[2], "rb");
  int64_t count = atoi(argv[3]);
  if (!file || fread(image, 64 * sizeof(float), (size_t)count, file) != (size_t)count)
    return 3;
  fclose(file);
  s = digits_predict(net, count, image, probability);
  if (s != WEFT_OK) {
    fprintf(stderr, "%s\n", weft_message());
    return 1;
  }
  digits_close(net);
  return fwrite(probability, 10 * sizeof(float), (size_t)count, stdout) != (size_t)count;
}
