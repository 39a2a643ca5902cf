// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Trains DigitNet with nothing but the library that Weft made of learn.weft and the C library:
// 1437 digits to learn from, the last 360 to be tested with.
// Usage: train_digits WEIGHTS.safetensors IMAGES.npy LABELS.npy OUT.safetensors [THREADS]

#include "learn.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOTAL = 1797, TEST = 360, LEARN = TOTAL - TEST, PIXELS = 64, BATCH = 48, EPOCHS = 60 };

/// The bytes of a version 1 .npy file after its header; exactly `size` of them.
static void readNpy(const char *path, void *data, size_t size) {
  FILE *file = fopen(path, "rb");
  unsigned char start[10];
  if (!file || fread(start, 1, sizeof start, file) != sizeof start ||
      memcmp(start, "\x93NUMPY\x01", 7) != 0 ||
      fseek(file, start[8] + 256L * start[9], SEEK_CUR) != 0 ||
      fread(data, 1, size, file) != size) {
    fprintf(stderr, "train_digits: '%s' is not the .npy file that was expected\n", path);
    exit(1);
  }
  fclose(file);
}

static void check(weft_status status) {
  if (status == WEFT_OK)
    return;
  fprintf(stderr, "train_digits: %s\n", weft_message());
  exit(1);
}

/// A number below `limit`: Steele et al., "Fast splittable pseudorandom number generators", 2014.
static uint32_t draw(uint64_t *state, uint32_t limit) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)((z ^ (z >> 31)) % limit);
}

static uint8_t image[TOTAL][PIXELS], batch[BATCH][PIXELS];
static int32_t label[TOTAL], batchLabel[BATCH];

static double accuracy(learn *net) {
  float share;
  check(learn_accuracy(net, TEST, image[LEARN], label + LEARN, &share));
  return (double)share;
}

int main(int count, char **arguments) {
  if (count != 5 && count != 6) {
    fprintf(stderr, "usage: train_digits WEIGHTS.safetensors IMAGES.npy LABELS.npy OUT.safetensors [THREADS]\n");
    return 1;
  }
  readNpy(arguments[2], image, sizeof image);
  readNpy(arguments[3], label, sizeof label);

  learn *net;
  int threads = count == 6 ? atoi(arguments[5]) : 0;
  check(learn_open(&net, &(weft_options){.weights = arguments[1], .threads = threads}));
  static int order[LEARN];
  for (int i = 0; i < LEARN; ++i)
    order[i] = i;
  uint64_t random = 1;
  for (int epoch = 1; epoch <= EPOCHS; ++epoch) {
    double sum = 0;
    for (int i = LEARN - 1; i > 0; --i) {
      int j = (int)draw(&random, (uint32_t)i + 1), kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    int steps = 0;
    for (int first = 0; first < LEARN; first += BATCH, ++steps) {
      int size = first + BATCH <= LEARN ? BATCH : LEARN - first;
      for (int i = 0; i < size; ++i) {
        memcpy(batch[i], image[order[first + i]], PIXELS);
        batchLabel[i] = label[order[first + i]];
      }
      float loss;
      check(learn_train(net, size, batch[0], batchLabel, random, &loss));
      sum += loss;
    }
    if (epoch % 10 == 0 || epoch == 1)
      printf("epoch %2d  loss %.4f  test accuracy %.4f\n", epoch, sum / steps, accuracy(net));
  }
  check(learn_save(net, arguments[4]));
  learn_close(net);
  return 0;
}
