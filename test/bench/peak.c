// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the most GFLOP/s of f32 that one core of this machine reaches: fused products of
// registers, enough of them at once to hide how long each takes.
//   clang -O2 -march=native -ffp-contract=fast test/bench/peak.c -o peak && ./peak
#include <stdio.h>
#include <time.h>

#ifdef __AVX512F__
enum { LANES = 16, CHAINS = 24 };
#else
enum { LANES = 8, CHAINS = 12 };
#endif
typedef float Vector __attribute__((vector_size(LANES * sizeof(float))));

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

int main(void) {
  enum { STEPS = 1000000, ROUNDS = 20 };
  Vector sums[CHAINS] = {{0}}, factor, addend;
  for (int i = 0; i < LANES; ++i)
    factor[i] = 0.5f, addend[i] = (float)i;
  double best = 1e9;
  for (int round = 0; round < ROUNDS; ++round) {
    double start = now();
    for (int step = 0; step < STEPS; ++step) {
#pragma clang loop unroll(full)
      for (int chain = 0; chain < CHAINS; ++chain)
        sums[chain] = sums[chain] * factor + addend;
      __asm__ volatile("" ::: "memory");
    }
    double took = now() - start;
    best = took < best ? took : best;
  }
  float used = 0;
  for (int chain = 0; chain < CHAINS; ++chain)
    used += sums[chain][1];
  printf("%.1f\n", 2.0 * LANES * CHAINS * STEPS / best * 1e-9);
  return used < 0;
}
