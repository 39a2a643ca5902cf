// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions read back as they print.
// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s

// CHECK-LABEL: func.func @reduce(
func.func @reduce(%x: tensor<?x6xf32, #weft.shape<[N, 6]>>, %b: tensor<3xi1>) {
  // CHECK: weft.reduce sum %{{.*}} axes [1] : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?xf32, #weft.shape<[N]>>
  %0 = weft.reduce sum %x axes [1] : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?xf32, #weft.shape<[N]>>
  // CHECK: weft.reduce prod %{{.*}} axes [1] : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?xf32, #weft.shape<[N]>>
  %1 = weft.reduce prod %x axes [1] : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?xf32, #weft.shape<[N]>>
  // CHECK: weft.reduce max %{{.*}} axes [1] : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?xf32, #weft.shape<[N]>>
  %2 = weft.reduce max %x axes [1] : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?xf32, #weft.shape<[N]>>
  // CHECK: weft.reduce min %{{.*}} axes [1] : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?xf32, #weft.shape<[N]>>
  %3 = weft.reduce min %x axes [1] : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?xf32, #weft.shape<[N]>>
  // CHECK: weft.reduce and %{{.*}} axes [0] : tensor<3xi1> -> tensor<i1>
  %4 = weft.reduce and %b axes [0] : tensor<3xi1> -> tensor<i1>
  // CHECK: weft.reduce or %{{.*}} axes [0] : tensor<3xi1> -> tensor<i1>
  %5 = weft.reduce or %b axes [0] : tensor<3xi1> -> tensor<i1>
  // CHECK: weft.reduce sum %{{.*}} axes [] : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?x6xf32, #weft.shape<[N, 6]>>
  %6 = weft.reduce sum %x axes [] : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?x6xf32, #weft.shape<[N, 6]>>
  return
}

// CHECK-LABEL: func.func @arg(
func.func @arg(%x: tensor<?x6xf32, #weft.shape<[N, 6]>>) {
  // CHECK: weft.arg max %{{.*}} axis 0 : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<6xi64>
  %0 = weft.arg max %x axis 0 : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<6xi64>
  // CHECK: weft.arg min %{{.*}} axis 1 : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?xi32, #weft.shape<[N]>>
  %1 = weft.arg min %x axis 1 : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?xi32, #weft.shape<[N]>>
  return
}

// CHECK-LABEL: func.func @arg_sort(
func.func @arg_sort(%x: tensor<?x6xf32, #weft.shape<[N, 6]>>) {
  // CHECK: weft.arg_sort %{{.*}} axis 0 : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?x6xi64, #weft.shape<[N, 6]>>
  %0 = weft.arg_sort %x axis 0 : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?x6xi64, #weft.shape<[N, 6]>>
  // CHECK: weft.arg_sort %{{.*}} axis 1 descending : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?x6xi64, #weft.shape<[N, 6]>>
  %1 = weft.arg_sort %x axis 1 descending : tensor<?x6xf32, #weft.shape<[N, 6]>> -> tensor<?x6xi64, #weft.shape<[N, 6]>>
  return
}

// CHECK-LABEL: func.func @cumulative(
func.func @cumulative(%x: tensor<?x6xf32, #weft.shape<[N, 6]>>) {
  // CHECK: weft.cumulative sum %{{.*}} axis 1 : tensor<?x6xf32, #weft.shape<[N, 6]>>
  %0 = weft.cumulative sum %x axis 1 : tensor<?x6xf32, #weft.shape<[N, 6]>>
  // CHECK: weft.cumulative prod %{{.*}} axis 0 exclusive : tensor<?x6xf32, #weft.shape<[N, 6]>>
  %1 = weft.cumulative prod %x axis 0 exclusive : tensor<?x6xf32, #weft.shape<[N, 6]>>
  // CHECK: weft.cumulative max %{{.*}} axis 1 reverse : tensor<?x6xf32, #weft.shape<[N, 6]>>
  %2 = weft.cumulative max %x axis 1 reverse : tensor<?x6xf32, #weft.shape<[N, 6]>>
  // CHECK: weft.cumulative min %{{.*}} axis 1 exclusive reverse : tensor<?x6xf32, #weft.shape<[N, 6]>>
  %3 = weft.cumulative min %x axis 1 exclusive reverse : tensor<?x6xf32, #weft.shape<[N, 6]>>
  return
}

// CHECK-LABEL: func.func @pool(
func.func @pool(%x: tensor<?x3x8x7xf32, #weft.shape<[N, 3, 8, 7]>>) {
  // CHECK: weft.pool max %{{.*}} window [2, 2] strides [2, 2] pad [0, 0] [0, 0] dilations [1, 1] : tensor<?x3x8x7xf32, #weft.shape<[N, 3, 8, 7]>> -> tensor<?x3x4x3xf32, #weft.shape<[N, 3, 4, 3]>>
  %0 = weft.pool max %x window [2, 2] strides [2, 2] pad [0, 0] [0, 0] dilations [1, 1] : tensor<?x3x8x7xf32, #weft.shape<[N, 3, 8, 7]>> -> tensor<?x3x4x3xf32, #weft.shape<[N, 3, 4, 3]>>
  // CHECK: weft.pool avg %{{.*}} window [3] strides [1] pad [1] [1] dilations [1] count_padding : tensor<?x3x8x7xf32, #weft.shape<[N, 3, 8, 7]>> -> tensor<?x3x8x7xf32, #weft.shape<[N, 3, 8, 7]>>
  %1 = weft.pool avg %x window [3] strides [1] pad [1] [1] dilations [1] count_padding : tensor<?x3x8x7xf32, #weft.shape<[N, 3, 8, 7]>> -> tensor<?x3x8x7xf32, #weft.shape<[N, 3, 8, 7]>>
  // CHECK: weft.pool sum %{{.*}} window [2] strides [1] pad [0] [2] dilations [3] : tensor<?x3x8x7xf32, #weft.shape<[N, 3, 8, 7]>> -> tensor<?x3x8x6xf32, #weft.shape<[N, 3, 8, 6]>>
  %2 = weft.pool sum %x window [2] strides [1] pad [0] [2] dilations [3] : tensor<?x3x8x7xf32, #weft.shape<[N, 3, 8, 7]>> -> tensor<?x3x8x6xf32, #weft.shape<[N, 3, 8, 6]>>
  return
}
