// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: weft-opt %s --weft-lower-kernels | FileCheck %s

// What has no polynomial here is a call to the C library, under a name that no user's function has.
// CHECK-LABEL: func.func private @arc_cosine(
// CHECK: func.call @weft.libm.acosf(%{{.*}}) : (f32) -> f32
func.func private @arc_cosine(%x: tensor<8xf32>) -> tensor<8xf32> attributes {weft.kernel} {
  %0 = weft.acos %x : tensor<8xf32>
  return %0 : tensor<8xf32>
}

// Narrow floats are widened for the call and rounded after it.
// CHECK-LABEL: func.func private @narrow_arc_cosine(
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: func.call @weft.libm.acosf
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func private @narrow_arc_cosine(%x: tensor<8xf16>) -> tensor<8xf16> attributes {weft.kernel} {
  %0 = weft.acos %x : tensor<8xf16>
  return %0 : tensor<8xf16>
}

// CHECK: func.func private @weft.libm.acosf(f32) -> f32
