// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tiny model as a program, as `weft build --program` makes one: with its weights inside, or,
// with "--bare" as its first word, without.
#include "test/runtime/Inputs/Tiny.h"

#include <string.h>

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--bare") == 0)
    return weft_main(&tiny_descriptor, argc - 1, argv + 1);
  return weft_main(&tiny_embedded_descriptor, argc, argv);
}
