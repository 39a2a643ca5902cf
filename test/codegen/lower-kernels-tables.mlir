// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where lanes can be picked by the numbers in another vector, powers of two come from a table and half of the polynomial,
// elsewhere from the whole polynomial and an addition to the exponent. Both are alike in vectors and in single elements.

// RUN: weft-opt %s --weft-lower-kernels=permutes=true --verify-each | FileCheck %s --check-prefixes=TABLE
// RUN: weft-opt %s --weft-lower-kernels="permutes=true vector-bytes=32" --verify-each | FileCheck %s --check-prefixes=HALF
// RUN: weft-opt %s --weft-lower-kernels --verify-each | FileCheck %s --check-prefixes=WHOLE

// The first entry is 1 / 0.958..., the second 2^(1/16) times that with 1/16 off its exponent; the step that adds 1 is the
// product with the entry.
// TABLE-LABEL: func.func private @behind_a_sum(
// TABLE-DAG: %[[ONE:.*]] = arith.constant dense<1.000000e+00> : vector<16xf32>
// TABLE: %[[NUMBERS:.*]] = arith.bitcast %{{.*}} : vector<16xf32> to vector<16xi32>
// TABLE-NEXT: %[[ENTRIES:.*]] = arith.constant dense<[1.0435{{.*}}, 1.0272{{.*}}, {{.*}}]> : vector<16xf32>
// TABLE-NEXT: %[[ENTRY:.*]] = llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"(%[[ENTRIES]], %[[NUMBERS]])
// TABLE: arith.shli
// TABLE-NEXT: arith.bitcast %[[ENTRY]]
// TABLE-NEXT: arith.addi
// TABLE-NEXT: %[[POWER:.*]] = arith.bitcast %{{.*}} : vector<16xi32> to vector<16xf32>
// TABLE-NEXT: math.fma
// TABLE-NEXT: math.fma
// TABLE-NEXT: math.fma
// TABLE-NEXT: %[[SUM:.*]] = math.fma %[[POWER]], %{{.*}}, %[[ONE]]
// TABLE: arith.divf %[[ONE]], %[[SUM]]
// HALF-LABEL: func.func private @behind_a_sum(
// HALF: %[[NUMBERS:.*]] = arith.bitcast %{{.*}} : vector<8xf32> to vector<8xi32>
// HALF: %[[ALL:.*]] = vector.shuffle %[[NUMBERS]], %[[NUMBERS]] [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]
// HALF-NEXT: %[[ENTRIES:.*]] = llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"(%{{.*}}, %[[ALL]])
// HALF-NEXT: vector.shuffle %[[ENTRIES]], %[[ENTRIES]] [0, 1, 2, 3, 4, 5, 6, 7]
// WHOLE-LABEL: func.func private @behind_a_sum(
// WHOLE-NOT: permvar
// WHOLE: arith.addi
// WHOLE-NOT: permvar
// WHOLE: arith.divf
func.func private @behind_a_sum(%x: tensor<1x8x8x16xf32>, %w: tensor<1x1x16xf32>) -> tensor<1x8x8x16xf32>
    attributes {weft.kernel} {
  %0 = weft.depthwise_conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1]
    : tensor<1x8x8x16xf32>, tensor<1x1x16xf32> -> tensor<1x8x8x16xf32>
  %1 = weft.sigmoid %0 : tensor<1x8x8x16xf32>
  return %1 : tensor<1x8x8x16xf32>
}

// TABLE-LABEL: func.func private @elements(
// TABLE: %[[NUMBER:.*]] = arith.bitcast %{{.*}} : f32 to i32
// TABLE-NEXT: call @weft.power_entry(%[[NUMBER]]) : (i32) -> f32
// TABLE: func.func private @weft.power_entry(i32) -> f32
// WHOLE-LABEL: func.func private @elements(
// WHOLE-NOT: call
// WHOLE: return
func.func private @elements(%x: tensor<64xf32>) -> tensor<64xf32> attributes {weft.kernel} {
  %0 = weft.sigmoid %x : tensor<64xf32>
  return %0 : tensor<64xf32>
}
