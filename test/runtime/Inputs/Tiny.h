// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model written by hand, as the compiler would write it, so that the runtime is tested alone.
//
//   predict(image: f32[N, 3]) -> probability: f32[N, 2]        image * weight + bias; reads the
//                                                              bias from a derived tensor
//   pair(a: f32[N, M], b: i32[N], c: f64[2 * N]) -> total: f64, columns: f32[M]
//   count(step: i64) -> total: i64                             adds to the state 'counter'
//   window(x: f32[L]) -> middle: f32[L - 2]                    x without its ends; needs L >= 2
#ifndef WEFT_TEST_RUNTIME_INPUTS_TINY_H
#define WEFT_TEST_RUNTIME_INPUTS_TINY_H

#include "runtime/Abi.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TINY_PREDICT, TINY_PAIR, TINY_COUNT, TINY_WINDOW };

/// Takes its weights from a file.
extern const weft_descriptor tiny_descriptor;

/// The same with its weights inside: weight = 1..6, bias = 10, 20, counter = 100.
extern const weft_descriptor tiny_embedded_descriptor;

#ifdef __cplusplus
}
#endif

#endif // WEFT_TEST_RUNTIME_INPUTS_TINY_H
