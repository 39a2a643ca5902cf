// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dimension expressions are printed in normal form, so equal ones are one text and one type.
// RUN: weft-opt %s | FileCheck %s
// RUN: weft-opt %s | weft-opt | FileCheck %s

// CHECK-LABEL: func.func private @products_are_multiplied_out(
// CHECK-SAME: #weft.shape<[2 * N + 2]>
func.func private @products_are_multiplied_out(tensor<?xf32, #weft.shape<[2 * (N + 1)]>>)

// CHECK-LABEL: func.func private @terms_are_sorted(
// CHECK-SAME: #weft.shape<[A * B + A + 3]>
func.func private @terms_are_sorted(tensor<?xf32, #weft.shape<[1 + A + B * A + 2]>>)

// CHECK-LABEL: func.func private @terms_cancel(
// CHECK-SAME: tensor<?x3xf32, #weft.shape<[M, 3]>>
func.func private @terms_cancel(tensor<?x3xf32, #weft.shape<[M + N - N, 3 + N - N]>>)

// CHECK-LABEL: func.func private @quotients_take_whole_parts_out(
// CHECK-SAME: #weft.shape<[M / 2 + N + 1]>
func.func private @quotients_take_whole_parts_out(tensor<?xf32, #weft.shape<[(2 * N + M + 2) / 2]>>)

// CHECK-LABEL: func.func private @quotients_of_quotients(
// CHECK-SAME: #weft.shape<[N / 6]>
func.func private @quotients_of_quotients(tensor<?xf32, #weft.shape<[N / 2 / 3]>>)
