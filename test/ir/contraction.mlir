// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions and convolutions read back as they print.
// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s

// CHECK-LABEL: func.func @contract(
func.func @contract(%a: tensor<?x4x5xf32, #weft.shape<[B, 4, 5]>>, %b: tensor<?x5x6xf32, #weft.shape<[B, 5, 6]>>, %q: tensor<4x5xi8>, %s: tensor<f32>, %u: tensor<4x5xui8>, %h: tensor<4x5xbf16>) {
  // CHECK: weft.contract "bik,bkj->bij" %{{.*}}, %{{.*}} : tensor<?x4x5xf32, #weft.shape<[B, 4, 5]>>, tensor<?x5x6xf32, #weft.shape<[B, 5, 6]>> -> tensor<?x4x6xf32, #weft.shape<[B, 4, 6]>>
  %0 = weft.contract "bik,bkj->bij" %a, %b : tensor<?x4x5xf32, #weft.shape<[B, 4, 5]>>, tensor<?x5x6xf32, #weft.shape<[B, 5, 6]>> -> tensor<?x4x6xf32, #weft.shape<[B, 4, 6]>>
  // CHECK: weft.contract "ik,jk->ij" %{{.*}}, %{{.*}} : tensor<4x5xi8>, tensor<4x5xi8> -> tensor<4x4xi32>
  %1 = weft.contract "ik,jk->ij" %q, %q : tensor<4x5xi8>, tensor<4x5xi8> -> tensor<4x4xi32>
  // CHECK: weft.contract ",->" %{{.*}}, %{{.*}} : tensor<f32>, tensor<f32> -> tensor<f32>
  %2 = weft.contract ",->" %s, %s : tensor<f32>, tensor<f32> -> tensor<f32>
  // CHECK: weft.contract "ik,jk->ij" %{{.*}}, %{{.*}} : tensor<4x5xui8>, tensor<4x5xi8> -> tensor<4x4xi32>
  %3 = weft.contract "ik,jk->ij" %u, %q : tensor<4x5xui8>, tensor<4x5xi8> -> tensor<4x4xi32>
  // CHECK: weft.contract "ik,jk->ij" %{{.*}}, %{{.*}} : tensor<4x5xbf16>, tensor<4x5xbf16> -> tensor<4x4xf32>
  %4 = weft.contract "ik,jk->ij" %h, %h : tensor<4x5xbf16>, tensor<4x5xbf16> -> tensor<4x4xf32>
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

// CHECK-LABEL: func.func @conv_filter_grad(
func.func @conv_filter_grad(%x: tensor<?x4x9xf32, #weft.shape<[N, 4, 9]>>, %d: tensor<?x6x5xf32, #weft.shape<[N, 6, 5]>>) {
  // CHECK: weft.conv_filter_grad %{{.*}}, %{{.*}} strides [2] pad [1] [1] dilations [1] groups 2 : tensor<?x4x9xf32, #weft.shape<[N, 4, 9]>>, tensor<?x6x5xf32, #weft.shape<[N, 6, 5]>> -> tensor<6x2x3xf32>
  %0 = weft.conv_filter_grad %x, %d strides [2] pad [1] [1] dilations [1] groups 2 : tensor<?x4x9xf32, #weft.shape<[N, 4, 9]>>, tensor<?x6x5xf32, #weft.shape<[N, 6, 5]>> -> tensor<6x2x3xf32>
  return
}

// CHECK-LABEL: func.func @packed_conv(
func.func @packed_conv(%x: tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, %w: tensor<4x3x3x2x2xf32>, %m: tensor<?x5xi8, #weft.shape<[N, 5]>>, %q: tensor<2x5x16xi8>, %y: tensor<1x?x6xf32, #weft.shape<[1, L, 6]>>, %u: tensor<2x3x6x8xf32>, %h: tensor<?x5xbf16, #weft.shape<[N, 5]>>, %v: tensor<2x3x16x2xbf16>, %r: tensor<?x37xf32, #weft.shape<[N, 37]>>, %b: tensor<3x37x32xi8>, %s: tensor<3x1x32xf32>, %n: tensor<3x32x32xi8>, %t: tensor<3x2x32xf32>) {
  // CHECK: weft.packed_conv %{{.*}}, %{{.*}} strides [2, 1] pad [1, 1] [1, 1] dilations [1, 2] groups 2 : tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, tensor<4x3x3x2x2xf32> -> tensor<?x5x6x6xf32, #weft.shape<[N, 5, 6, 6]>>
  %0 = weft.packed_conv %x, %w strides [2, 1] pad [1, 1] [1, 1] dilations [1, 2] groups 2 : tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, tensor<4x3x3x2x2xf32> -> tensor<?x5x6x6xf32, #weft.shape<[N, 5, 6, 6]>>
  // CHECK: weft.packed_conv %{{.*}}, %{{.*}} strides [] pad [] [] dilations [] groups 1 : tensor<?x5xi8, #weft.shape<[N, 5]>>, tensor<2x5x16xi8> -> tensor<?x17xi32, #weft.shape<[N, 17]>>
  %1 = weft.packed_conv %m, %q strides [] pad [] [] dilations [] groups 1 : tensor<?x5xi8, #weft.shape<[N, 5]>>, tensor<2x5x16xi8> -> tensor<?x17xi32, #weft.shape<[N, 17]>>
  // CHECK: weft.packed_conv %{{.*}}, %{{.*}} strides [2] pad [1] [0] dilations [1] groups 1 transposed output_padding [1] : tensor<1x?x6xf32, #weft.shape<[1, L, 6]>>, tensor<2x3x6x8xf32> -> tensor<1x?x9xf32, #weft.shape<[1, 2 * L + 1, 9]>>
  %2 = weft.packed_conv %y, %u strides [2] pad [1] [0] dilations [1] groups 1 transposed output_padding [1] : tensor<1x?x6xf32, #weft.shape<[1, L, 6]>>, tensor<2x3x6x8xf32> -> tensor<1x?x9xf32, #weft.shape<[1, 2 * L + 1, 9]>>
  // CHECK: weft.packed_conv %{{.*}}, %{{.*}} strides [] pad [] [] dilations [] groups 1 interleave 2 : tensor<?x5xbf16, #weft.shape<[N, 5]>>, tensor<2x3x16x2xbf16> -> tensor<?x17xf32, #weft.shape<[N, 17]>>
  %3 = weft.packed_conv %h, %v strides [] pad [] [] dilations [] groups 1 interleave 2 : tensor<?x5xbf16, #weft.shape<[N, 5]>>, tensor<2x3x16x2xbf16> -> tensor<?x17xf32, #weft.shape<[N, 17]>>
  // CHECK: weft.packed_conv %{{.*}}, %{{.*}} scales %{{.*}} : tensor<3x1x32xf32> strides [] pad [] [] dilations [] groups 1 : tensor<?x37xf32, #weft.shape<[N, 37]>>, tensor<3x37x32xi8> -> tensor<?x67xf32, #weft.shape<[N, 67]>>
  %4 = weft.packed_conv %r, %b scales %s : tensor<3x1x32xf32> strides [] pad [] [] dilations [] groups 1 : tensor<?x37xf32, #weft.shape<[N, 37]>>, tensor<3x37x32xi8> -> tensor<?x67xf32, #weft.shape<[N, 67]>>
  // CHECK: weft.packed_conv %{{.*}}, %{{.*}} scales %{{.*}} : tensor<3x2x32xf32> nibbles strides [] pad [] [] dilations [] groups 1 : tensor<?x37xf32, #weft.shape<[N, 37]>>, tensor<3x32x32xi8> -> tensor<?x67xf32, #weft.shape<[N, 67]>>
  %5 = weft.packed_conv %r, %n scales %t : tensor<3x2x32xf32> nibbles strides [] pad [] [] dilations [] groups 1 : tensor<?x37xf32, #weft.shape<[N, 37]>>, tensor<3x32x32xi8> -> tensor<?x67xf32, #weft.shape<[N, 67]>>
  return
}

// CHECK-LABEL: func.func @depthwise_conv(
func.func @depthwise_conv(%x: tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, %w: tensor<3x3x8xf32>, %q: tensor<1x7x4xui8>, %v: tensor<3x4xui8>) {
  // CHECK: weft.depthwise_conv %{{.*}}, %{{.*}} strides [2, 1] pad [1, 1] [1, 1] dilations [1, 1] : tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, tensor<3x3x8xf32> -> tensor<?x5x8x8xf32, #weft.shape<[N, 5, 8, 8]>>
  %0 = weft.depthwise_conv %x, %w strides [2, 1] pad [1, 1] [1, 1] dilations [1, 1] : tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, tensor<3x3x8xf32> -> tensor<?x5x8x8xf32, #weft.shape<[N, 5, 8, 8]>>
  // CHECK: weft.depthwise_conv %{{.*}}, %{{.*}} strides [1] pad [0] [0] dilations [2] : tensor<1x7x4xui8>, tensor<3x4xui8> -> tensor<1x3x4xi32>
  %1 = weft.depthwise_conv %q, %v strides [1] pad [0] [0] dilations [2] : tensor<1x7x4xui8>, tensor<3x4xui8> -> tensor<1x3x4xi32>
  return
}

// CHECK-LABEL: func.func @winograd_conv(
func.func @winograd_conv(%x: tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, %w: tensor<36x2x4x8xf32>, %u: tensor<16x2x4x8xf32>) {
  // CHECK: weft.winograd_conv %{{.*}}, %{{.*}} tile 4 pad [1, 0] [1, 2] : tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, tensor<36x2x4x8xf32> -> tensor<?x9x8x12xf32, #weft.shape<[N, 9, 8, 12]>>
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 0] [1, 2] : tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, tensor<36x2x4x8xf32> -> tensor<?x9x8x12xf32, #weft.shape<[N, 9, 8, 12]>>
  // CHECK: weft.winograd_conv %{{.*}}, %{{.*}} tile 2 pad [1, 1] [1, 1] : tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, tensor<16x2x4x8xf32> -> tensor<?x9x8x12xf32, #weft.shape<[N, 9, 8, 12]>>
  %1 = weft.winograd_conv %x, %u tile 2 pad [1, 1] [1, 1] : tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, tensor<16x2x4x8xf32> -> tensor<?x9x8x12xf32, #weft.shape<[N, 9, 8, 12]>>
  return
}

// Rows: 9 places, 2 phases of 5 and 4, each of 2 tiles. Columns: 8 places, the same.
// CHECK-LABEL: func.func @winograd_patches(
func.func @winograd_patches(%x: tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>>, %w: tensor<36x2x4x8xf32>) {
  // CHECK: weft.winograd_patches %{{.*}} tile 4 pad [2, 1] [2, 3] dilation 2 : tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>> -> tensor<36x?x4xf32, #weft.shape<[36, 8 * N, 4]>>
  %0 = weft.winograd_patches %x tile 4 pad [2, 1] [2, 3] dilation 2 : tensor<?x9x8x4xf32, #weft.shape<[N, 9, 8, 4]>> -> tensor<36x?x4xf32, #weft.shape<[36, 8 * N, 4]>>
  // CHECK: weft.winograd_conv %{{.*}}, %{{.*}} tile 4 pad [2, 1] [2, 3] dilation 2 patches_of [9, 8] : tensor<36x?x4xf32, #weft.shape<[36, 8 * N, 4]>>, tensor<36x2x4x8xf32> -> tensor<?x9x8x12xf32, #weft.shape<[N, 9, 8, 12]>>
  %1 = weft.winograd_conv %0, %w tile 4 pad [2, 1] [2, 3] dilation 2 patches_of [9, 8] : tensor<36x?x4xf32, #weft.shape<[36, 8 * N, 4]>>, tensor<36x2x4x8xf32> -> tensor<?x9x8x12xf32, #weft.shape<[N, 9, 8, 12]>>
  return
}
