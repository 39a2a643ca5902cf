// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalisations and attention read back as they print.
// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s

// CHECK-LABEL: func.func @softmax(
func.func @softmax(%x: tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>) {
  // CHECK: weft.softmax %{{.*}} axis 2 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  %0 = weft.softmax %x axis 2 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  // CHECK: weft.log_softmax %{{.*}} axis 0 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  %1 = weft.log_softmax %x axis 0 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  return
}

// CHECK-LABEL: func.func @norms(
func.func @norms(%x: tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>, %s: tensor<6xf32>, %c: tensor<4xf32>) {
  // CHECK: weft.layer_norm %{{.*}} scale %{{.*}} : tensor<6xf32> shift %{{.*}} : tensor<6xf32> axis 2 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  %0 = weft.layer_norm %x scale %s : tensor<6xf32> shift %s : tensor<6xf32> axis 2 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  // CHECK: weft.layer_norm %{{.*}} axis 1 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  %1 = weft.layer_norm %x axis 1 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  // CHECK: weft.rms_norm %{{.*}} scale %{{.*}} : tensor<6xf32> axis 2 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  %2 = weft.rms_norm %x scale %s : tensor<6xf32> axis 2 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  // CHECK: weft.rms_norm %{{.*}} axis 2 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  %3 = weft.rms_norm %x axis 2 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  // CHECK: weft.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>, tensor<4xf32>
  %4 = weft.batch_norm %x, %c, %c, %c, %c epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>, tensor<4xf32>
  // CHECK: weft.group_norm %{{.*}} scale %{{.*}} : tensor<4xf32> shift %{{.*}} : tensor<4xf32> groups 2 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  %5 = weft.group_norm %x scale %c : tensor<4xf32> shift %c : tensor<4xf32> groups 2 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  // CHECK: weft.group_norm %{{.*}} groups 4 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  %6 = weft.group_norm %x groups 4 epsilon 1.000000e-05 : tensor<?x4x6xf32, #weft.shape<[N, 4, 6]>>
  return
}

// CHECK-LABEL: func.func @attention(
func.func @attention(%q: tensor<?x8x16xf32, #weft.shape<[B, 8, 16]>>, %k: tensor<?x?x16xf32, #weft.shape<[B, S, 16]>>, %v: tensor<?x?x4xf32, #weft.shape<[B, S, 4]>>, %m: tensor<?x8x?xi1, #weft.shape<[B, 8, S]>>) {
  // CHECK: weft.attention %{{.*}}, %{{.*}}, %{{.*}} scale 2.500000e-01 : tensor<?x8x16xf32, #weft.shape<[B, 8, 16]>>, tensor<?x?x16xf32, #weft.shape<[B, S, 16]>>, tensor<?x?x4xf32, #weft.shape<[B, S, 4]>> -> tensor<?x8x4xf32, #weft.shape<[B, 8, 4]>>
  %0 = weft.attention %q, %k, %v scale 2.500000e-01 : tensor<?x8x16xf32, #weft.shape<[B, 8, 16]>>, tensor<?x?x16xf32, #weft.shape<[B, S, 16]>>, tensor<?x?x4xf32, #weft.shape<[B, S, 4]>> -> tensor<?x8x4xf32, #weft.shape<[B, 8, 4]>>
  // CHECK: weft.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} : tensor<?x8x?xi1, #weft.shape<[B, 8, S]>> scale 2.500000e-01 causal : tensor<?x8x16xf32, #weft.shape<[B, 8, 16]>>, tensor<?x?x16xf32, #weft.shape<[B, S, 16]>>, tensor<?x?x4xf32, #weft.shape<[B, S, 4]>> -> tensor<?x8x4xf32, #weft.shape<[B, 8, 4]>>
  %1 = weft.attention %q, %k, %v mask %m : tensor<?x8x?xi1, #weft.shape<[B, 8, S]>> scale 2.500000e-01 causal : tensor<?x8x16xf32, #weft.shape<[B, 8, 16]>>, tensor<?x?x16xf32, #weft.shape<[B, S, 16]>>, tensor<?x?x4xf32, #weft.shape<[B, S, 4]>> -> tensor<?x8x4xf32, #weft.shape<[B, 8, 4]>>
  return
}
