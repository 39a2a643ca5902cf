/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A user's program: classifies batches of several sizes, prints the last, and says whether a call
 * after the first of its size allocated memory. Usage: main WEIGHTS (or - for embedded ones). */
#include "linear.h"

#include <stdio.h>
#include <string.h>

extern long allocations(void);

#define MOST 64

int main(int argc, char **argv) {
  linear *net;
  int embedded = argc < 2 || strcmp(argv[1], "-") == 0;
  weft_status s =
      linear_open(&net, &(weft_options){.weights = embedded ? NULL : argv[1], .threads = 2});
  if (s != WEFT_OK) {
    fprintf(stderr, "%s\n", weft_message());
    return 1;
  }
  float feature[MOST * 4], probability[MOST * 3], row[3];
  for (int i = 0; i < MOST * 4; ++i)
    feature[i] = (float)(i % 13 - 6) / 7;

  /* The largest size first: it may allocate, once. Nothing after it may. */
  linear_predict(net, MOST, feature, probability);
  long before = allocations();
  const int64_t sizes[] = {0, 1, 2, 7, MOST};
  for (int k = 0; k < 5; ++k) {
    memset(probability, 0xff, sizeof probability);
    if (linear_predict(net, sizes[k], feature, probability) != WEFT_OK)
      return fprintf(stderr, "%s\n", weft_message()), 1;
  }
  printf("allocations %ld\n", allocations() - before);

  /* Each row has the same bytes alone as in the batch. */
  int differs = 0;
  for (int i = 0; i < MOST; ++i) {
    linear_predict(net, 1, feature + 4 * i, row);
    differs += memcmp(row, probability + 3 * i, sizeof row) != 0;
  }
  printf("rows that differ %d\n", differs);
  printf("refused: %d", linear_predict(net, -1, feature, probability) == WEFT_BAD_ARGUMENT);
  printf(" %s\n", weft_message());
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      printf("%.9g%s", probability[3 * i + j], j < 2 ? " " : "\n");
  linear_close(net);
  return 0;
}
