// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions and convolutions read back as they print.
// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s

// CHECK-LABEL: func.func @contract(
func.func @contract(%a: tensor<?x4x5xf32, #weft.shape<[B, 4, 5]>>, %b: tensor<?x5x6xf32, #weft.shape<[B, 5, 6]>>, %q: tensor<4x5xi8>, %s: tensor<f32>) {
  // CHECK: weft.contract "bik,bkj->bij" %{{.*}}, %{{.*}} : tensor<?x4x5xf32, #weft.shape<[B, 4, 5]>>, tensor<?x5x6xf32, #weft.shape<[B, 5, 6]>> -> tensor<?x4x6xf32, #weft.shape<[B, 4, 6]>>
  %0 = weft.contract "bik,bkj->bij" %a, %b : tensor<?x4x5xf32, #weft.shape<[B, 4, 5]>>, tensor<?x5x6xf32, #weft.shape<[B, 5, 6]>> -> tensor<?x4x6xf32, #weft.shape<[B, 4, 6]>>
  // CHECK: weft.contract "ik,jk->ij" %{{.*}}, %{{.*}} : tensor<4x5xi8>, tensor<4x5xi8> -> tensor<4x4xi32>
  %1 = weft.contract "ik,jk->ij" %q, %q : tensor<4x5xi8>, tensor<4x5xi8> -> tensor<4x4xi32>
  // CHECK: weft.contract ",->" %{{.*}}, %{{.*}} : tensor<f32>, tensor<f32> -> tensor<f32>
  %2 = weft.contract ",->" %s, %s : tensor<f32>, tensor<f32> -> tensor<f32>
  return
}

// CHECK-LABEL: func.func @conv(
func.func @conv(%x: tensor<?x4x9xf32, #weft.shape<[N, 4, 9]>>, %w: tensor<6x2x3xf32>, %y: tensor<1x4x?xf32, #weft.shape<[1, 4, L]>>) {
  // CHECK: weft.conv %{{.*}}, %{{.*}} strides [2] pad [1] [1] dilations [1] groups 2 : tensor<?x4x9xf32, #weft.shape<[N, 4, 9]>>, tensor<6x2x3xf32> -> tensor<?x6x5xf32, #weft.shape<[N, 6, 5]>>
  %0 = weft.conv %x, %w strides [2] pad [1] [1] dilations [1] groups 2 : tensor<?x4x9xf32, #weft.shape<[N, 4, 9]>>, tensor<6x2x3xf32> -> tensor<?x6x5xf32, #weft.shape<[N, 6, 5]>>
  // CHECK: weft.conv %{{.*}}, %{{.*}} strides [2] pad [1] [1] dilations [1] groups 2 : tensor<1x4x?xf32, #weft.shape<[1, 4, L]>>, tensor<6x2x3xf32> -> tensor<1x6x?xf32, #weft.shape<[1, 6, (L + 1) / 2]>>
  %1 = weft.conv %y, %w strides [2] pad [1] [1] dilations [1] groups 2 : tensor<1x4x?xf32, #weft.shape<[1, 4, L]>>, tensor<6x2x3xf32> -> tensor<1x6x?xf32, #weft.shape<[1, 6, (L + 1) / 2]>>
  return
}

// CHECK-LABEL: func.func @conv_transpose(
func.func @conv_transpose(%x: tensor<?x6x5xf32, #weft.shape<[N, 6, 5]>>, %w: tensor<6x2x3xf32>) {
  // CHECK: weft.conv_transpose %{{.*}}, %{{.*}} strides [2] pad [1] [1] dilations [1] output_padding [1] groups 2 : tensor<?x6x5xf32, #weft.shape<[N, 6, 5]>>, tensor<6x2x3xf32> -> tensor<?x4x10xf32, #weft.shape<[N, 4, 10]>>
  %0 = weft.conv_transpose %x, %w strides [2] pad [1] [1] dilations [1] output_padding [1] groups 2 : tensor<?x6x5xf32, #weft.shape<[N, 6, 5]>>, tensor<6x2x3xf32> -> tensor<?x4x10xf32, #weft.shape<[N, 4, 10]>>
  return
}
