// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the test digits with the compiled model and prints some of them, the accuracy and the time
// per image. Usage: read_digits WEIGHTS.safetensors IMAGES.npy LABELS.npy

#include "digits.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOTAL = 1797, TEST = 360, PIXELS = 64, SHOWN = 4, ROUNDS = 200 };

/// The bytes of a version 1 .npy file after its header; exactly `size` of them.
static void readNpy(const char *path, void *data, size_t size) {
  FILE *file = fopen(path, "rb");
  unsigned char start[10];
  if (!file || fread(start, 1, sizeof start, file) != sizeof start ||
      memcmp(start, "\x93NUMPY\x01", 7) != 0 ||
      fseek(file, start[8] + 256L * start[9], SEEK_CUR) != 0 ||
      fread(data, 1, size, file) != size) {
    fprintf(stderr, "read_digits: '%s' is not the .npy file that was expected\n", path);
    exit(1);
  }
  fclose(file);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void check(weft_status status) {
  if (status == WEFT_OK)
    return;
  fprintf(stderr, "read_digits: %s\n", weft_message());
  exit(1);
}

/// Prints SHOWN images side by side, then what was read.
static void show(const uint8_t *image, const int64_t *digit) {
  for (int row = 0; row < 8; ++row) {
    for (int i = 0; i < SHOWN; ++i) {
      for (int column = 0; column < 8; ++column) {
        char shade = " .:-=+*#%@"[image[i * PIXELS + row * 8 + column] * 9 / 16];
        printf("%c%c", shade, shade);
      }
      printf("   ");
    }
    printf("\n");
  }
  for (int i = 0; i < SHOWN; ++i)
    printf("      = %d            ", (int)digit[i]);
  printf("\n\n");
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: read_digits WEIGHTS.safetensors IMAGES.npy LABELS.npy\n");
    return 1;
  }
  static uint8_t image[TOTAL * PIXELS];
  static int32_t label[TOTAL];
  static int64_t digit[TEST];
  readNpy(arguments[2], image, sizeof image);
  readNpy(arguments[3], label, sizeof label);
  const uint8_t *test = image + (TOTAL - TEST) * PIXELS;

  digits *net;
  check(digits_open(&net, &(weft_options){.weights = arguments[1], .threads = 1}));
  check(digits_read(net, TEST, test, digit));
  show(test, digit);

  int right = 0;
  for (int i = 0; i < TEST; ++i)
    right += digit[i] == label[TOTAL - TEST + i];
  printf("test accuracy %.4f (%d of %d digits)\n", (double)right / TEST, right, TEST);

  double start = now();
  for (int round = 0; round < ROUNDS; ++round)
    check(digits_read(net, 1, test + (round % TEST) * PIXELS, digit));
  double single = (now() - start) / ROUNDS;
  start = now();
  for (int round = 0; round < 10; ++round)
    check(digits_read(net, TEST, test, digit));
  double batch = (now() - start) / (10.0 * TEST);
  printf("time per image %.1f us alone, %.1f us in a batch of %d (one thread)\n", 1e6 * single,
         1e6 * batch, TEST);
  digits_close(net);
  return 0;
}
