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

/// Goes through `steps` steps, and gives the floating-point operations that these are.
double weft_peak_operations(long steps) {
  Vector sums[CHAINS] = {{0}}, factor, addend;
  for (int i = 0; i < LANES; ++i)
    factor[i] = 0.5f, addend[i] = (float)i;
  for (long step = 0; step < steps; ++step) {
#pragma clang loop unroll(full)
    for (int chain = 0; chain < CHAINS; ++chain)
      sums[chain] = sums[chain] * factor + addend;
    __asm__ volatile("" ::: "memory");
  }
  // Used, so that it is computed.
  volatile float used = 0;
  for (int chain = 0; chain < CHAINS; ++chain)
    used += sums[chain][1];
  return 2.0 * LANES * CHAINS * (double)steps;
}

#ifndef WEFT_PEAK_WITHOUT_MAIN
int main(void) {
  enum { STEPS = 1000000, ROUNDS = 20 };
  double best = 0;
  for (int round = 0; round < ROUNDS; ++round) {
    double start = now(), operations = weft_peak_operations(STEPS),
           rate = operations / (now() - start);
    best = rate > best ? rate : best;
  }
  printf("%.1f\n", best * 1e-9);
  return 0;
}
#endif
