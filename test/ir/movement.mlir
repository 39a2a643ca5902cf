// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that create and move elements read back as they print.
// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s

// CHECK-LABEL: func.func @sources(
func.func @sources(%s: tensor<ui64>) {
  // CHECK: weft.constant dense<[1, 2]> : tensor<2xi32>
  %0 = weft.constant dense<[1, 2]> : tensor<2xi32>
  // CHECK: weft.constant dense<true> : tensor<i1>
  %1 = weft.constant dense<true> : tensor<i1>
  // CHECK: weft.iota 1 : tensor<?x4xi64, #weft.shape<[N, 4]>>
  %2 = weft.iota 1 : tensor<?x4xi64, #weft.shape<[N, 4]>>
  // CHECK: weft.size <[2 * N + 1]>
  %3 = weft.size <[2 * N + 1]>
  // CHECK: weft.random_bits %{{.*}} stream 7 : tensor<?xui32, #weft.shape<[N]>>
  %4 = weft.random_bits %s stream 7 : tensor<?xui32, #weft.shape<[N]>>
  return
}

// CHECK-LABEL: func.func @arrangement(
func.func @arrangement(%x: tensor<?x3xf32, #weft.shape<[N, 3]>>) {
  // CHECK: weft.broadcast %{{.*}} along [0, 2] : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<?x5x3xf32, #weft.shape<[N, 5, 3]>>
  %0 = weft.broadcast %x along [0, 2] : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<?x5x3xf32, #weft.shape<[N, 5, 3]>>
  // CHECK: weft.reshape %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<?xf32, #weft.shape<[3 * N]>>
  %1 = weft.reshape %x : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<?xf32, #weft.shape<[3 * N]>>
  // CHECK: weft.transpose %{{.*}} [1, 0] : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<3x?xf32, #weft.shape<[3, N]>>
  %2 = weft.transpose %x [1, 0] : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<3x?xf32, #weft.shape<[3, N]>>
  return
}

// CHECK-LABEL: func.func @cutting(
func.func @cutting(%x: tensor<?x8xf32, #weft.shape<[N, 8]>>, %y: tensor<4x8xf32>, %i: tensor<i64>, %j: tensor<i8>, %u: tensor<2x3xf32>, %v: tensor<f32>) {
  // CHECK: weft.slice %{{.*}} from <[1, 7]> by [1, -2] : tensor<?x8xf32, #weft.shape<[N, 8]>> -> tensor<?x4xf32, #weft.shape<[N - 1, 4]>>
  %0 = weft.slice %x from <[1, 7]> by [1, -2] : tensor<?x8xf32, #weft.shape<[N, 8]>> -> tensor<?x4xf32, #weft.shape<[N - 1, 4]>>
  // CHECK: weft.dynamic_slice %{{.*}}[%{{.*}}, %{{.*}}] : tensor<4x8xf32>, tensor<i64>, tensor<i8> -> tensor<2x3xf32>
  %1 = weft.dynamic_slice %y[%i, %j] : tensor<4x8xf32>, tensor<i64>, tensor<i8> -> tensor<2x3xf32>
  // CHECK: weft.dynamic_slice %{{.*}}[] : tensor<f32> -> tensor<f32>
  %2 = weft.dynamic_slice %v[] : tensor<f32> -> tensor<f32>
  // CHECK: weft.update_slice %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}] : tensor<4x8xf32>, tensor<2x3xf32>, tensor<i64>, tensor<i8>
  %3 = weft.update_slice %y, %u[%i, %j] : tensor<4x8xf32>, tensor<2x3xf32>, tensor<i64>, tensor<i8>
  // CHECK: weft.pad %{{.*}}, %{{.*}} low <[1, 0]> high <[N, 2]> interior [0, 1] : tensor<?x8xf32, #weft.shape<[N, 8]>> -> tensor<?x17xf32, #weft.shape<[2 * N + 1, 17]>>
  %4 = weft.pad %x, %v low <[1, 0]> high <[N, 2]> interior [0, 1] : tensor<?x8xf32, #weft.shape<[N, 8]>> -> tensor<?x17xf32, #weft.shape<[2 * N + 1, 17]>>
  return
}

// CHECK-LABEL: func.func @joining(
func.func @joining(%x: tensor<?x8xf32, #weft.shape<[N, 8]>>, %y: tensor<4x8xf32>, %i: tensor<5xi32>, %b: tensor<4x2xui8>, %u: tensor<4x5xf32>, %m: tensor<3xi1>, %mi: tensor<2xi64>, %mu: tensor<2xi1>) {
  // CHECK: weft.concat 0 %{{.*}}, %{{.*}} : (tensor<?x8xf32, #weft.shape<[N, 8]>>, tensor<4x8xf32>) -> tensor<?x8xf32, #weft.shape<[N + 4, 8]>>
  %0 = weft.concat 0 %x, %y : (tensor<?x8xf32, #weft.shape<[N, 8]>>, tensor<4x8xf32>) -> tensor<?x8xf32, #weft.shape<[N + 4, 8]>>
  // CHECK: weft.gather %{{.*}}, %{{.*}} axis 0 : tensor<?x8xf32, #weft.shape<[N, 8]>>, tensor<5xi32> -> tensor<5x8xf32>
  %1 = weft.gather %x, %i axis 0 : tensor<?x8xf32, #weft.shape<[N, 8]>>, tensor<5xi32> -> tensor<5x8xf32>
  // CHECK: weft.gather %{{.*}}, %{{.*}} axis 1 batch 1 : tensor<4x8xf32>, tensor<4x2xui8> -> tensor<4x2xf32>
  %2 = weft.gather %y, %b axis 1 batch 1 : tensor<4x8xf32>, tensor<4x2xui8> -> tensor<4x2xf32>
  // CHECK: weft.scatter set %{{.*}}, %{{.*}}, %{{.*}} axis 1 : tensor<4x8xf32>, tensor<5xi32>, tensor<4x5xf32>
  %3 = weft.scatter set %y, %i, %u axis 1 : tensor<4x8xf32>, tensor<5xi32>, tensor<4x5xf32>
  // CHECK: weft.scatter add %{{.*}}, %{{.*}}, %{{.*}} axis 1 : tensor<4x8xf32>, tensor<5xi32>, tensor<4x5xf32>
  %4 = weft.scatter add %y, %i, %u axis 1 : tensor<4x8xf32>, tensor<5xi32>, tensor<4x5xf32>
  // CHECK: weft.scatter mul %{{.*}}, %{{.*}}, %{{.*}} axis 1 : tensor<4x8xf32>, tensor<5xi32>, tensor<4x5xf32>
  %5 = weft.scatter mul %y, %i, %u axis 1 : tensor<4x8xf32>, tensor<5xi32>, tensor<4x5xf32>
  // CHECK: weft.scatter max %{{.*}}, %{{.*}}, %{{.*}} axis 1 : tensor<4x8xf32>, tensor<5xi32>, tensor<4x5xf32>
  %6 = weft.scatter max %y, %i, %u axis 1 : tensor<4x8xf32>, tensor<5xi32>, tensor<4x5xf32>
  // CHECK: weft.scatter min %{{.*}}, %{{.*}}, %{{.*}} axis 1 : tensor<4x8xf32>, tensor<5xi32>, tensor<4x5xf32>
  %7 = weft.scatter min %y, %i, %u axis 1 : tensor<4x8xf32>, tensor<5xi32>, tensor<4x5xf32>
  // CHECK: weft.scatter set %{{.*}}, %{{.*}}, %{{.*}} axis 0 : tensor<3xi1>, tensor<2xi64>, tensor<2xi1>
  %8 = weft.scatter set %m, %mi, %mu axis 0 : tensor<3xi1>, tensor<2xi64>, tensor<2xi1>
  return
}
