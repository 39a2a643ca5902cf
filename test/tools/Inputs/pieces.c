/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Loaded before the C library: tells the size of each write to a file of weights. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

ssize_t write(int file, const void *data, size_t size) {
  ssize_t (*next)(int, const void *, size_t) =
      (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  char link[64], path[4096] = "", line[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  if (readlink(link, path, sizeof path - 1) > 0 && strstr(path, "/out/") &&
      strstr(path, ".safetensors")) {
    int length = snprintf(line, sizeof line, "piece %zu\n", size);
    next(STDERR_FILENO, line, (size_t)length);
  }
  return next(file, data, size);
}
