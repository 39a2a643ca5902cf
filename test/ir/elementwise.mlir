// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element-wise operations read back as they print.
// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s

// CHECK-LABEL: func.func @arithmetic_of_one(
func.func @arithmetic_of_one(%x: tensor<2x3xf32>, %i: tensor<4xi8>) {
  // CHECK: weft.neg %{{.*}} : tensor<2x3xf32>
  %0 = weft.neg %x : tensor<2x3xf32>
  // CHECK: weft.abs %{{.*}} : tensor<2x3xf32>
  %1 = weft.abs %x : tensor<2x3xf32>
  // CHECK: weft.sign %{{.*}} : tensor<2x3xf32>
  %2 = weft.sign %x : tensor<2x3xf32>
  // CHECK: weft.floor %{{.*}} : tensor<2x3xf32>
  %3 = weft.floor %x : tensor<2x3xf32>
  // CHECK: weft.ceil %{{.*}} : tensor<2x3xf32>
  %4 = weft.ceil %x : tensor<2x3xf32>
  // CHECK: weft.round %{{.*}} : tensor<2x3xf32>
  %5 = weft.round %x : tensor<2x3xf32>
  // CHECK: weft.trunc %{{.*}} : tensor<2x3xf32>
  %6 = weft.trunc %x : tensor<2x3xf32>
  // CHECK: weft.neg %{{.*}} : tensor<4xi8>
  %7 = weft.neg %i : tensor<4xi8>
  return
}

// CHECK-LABEL: func.func @transcendental(
func.func @transcendental(%x: tensor<?x3xf32, #weft.shape<[N, 3]>>) {
  // CHECK: weft.sqrt %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %0 = weft.sqrt %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.rsqrt %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %1 = weft.rsqrt %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.exp %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %2 = weft.exp %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.expm1 %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %3 = weft.expm1 %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.log %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %4 = weft.log %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.log1p %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %5 = weft.log1p %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.sin %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %6 = weft.sin %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.cos %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %7 = weft.cos %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.tan %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %8 = weft.tan %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.asin %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %9 = weft.asin %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.acos %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %10 = weft.acos %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.atan %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %11 = weft.atan %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.sinh %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %12 = weft.sinh %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.cosh %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %13 = weft.cosh %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.tanh %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %14 = weft.tanh %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.asinh %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %15 = weft.asinh %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.acosh %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %16 = weft.acosh %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.atanh %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %17 = weft.atanh %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.erf %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %18 = weft.erf %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.sigmoid %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %19 = weft.sigmoid %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  return
}

// CHECK-LABEL: func.func @arithmetic_of_two(
func.func @arithmetic_of_two(%a: tensor<bf16>, %b: tensor<bf16>, %u: tensor<0xui64>) {
  // CHECK: weft.add %{{.*}}, %{{.*}} : tensor<bf16>
  %0 = weft.add %a, %b : tensor<bf16>
  // CHECK: weft.sub %{{.*}}, %{{.*}} : tensor<bf16>
  %1 = weft.sub %a, %b : tensor<bf16>
  // CHECK: weft.mul %{{.*}}, %{{.*}} : tensor<bf16>
  %2 = weft.mul %a, %b : tensor<bf16>
  // CHECK: weft.div %{{.*}}, %{{.*}} : tensor<bf16>
  %3 = weft.div %a, %b : tensor<bf16>
  // CHECK: weft.rem %{{.*}}, %{{.*}} : tensor<bf16>
  %4 = weft.rem %a, %b : tensor<bf16>
  // CHECK: weft.pow %{{.*}}, %{{.*}} : tensor<bf16>
  %5 = weft.pow %a, %b : tensor<bf16>
  // CHECK: weft.max %{{.*}}, %{{.*}} : tensor<bf16>
  %6 = weft.max %a, %b : tensor<bf16>
  // CHECK: weft.min %{{.*}}, %{{.*}} : tensor<bf16>
  %7 = weft.min %a, %b : tensor<bf16>
  // CHECK: weft.atan2 %{{.*}}, %{{.*}} : tensor<bf16>
  %8 = weft.atan2 %a, %b : tensor<bf16>
  // CHECK: weft.add %{{.*}}, %{{.*}} : tensor<0xui64>
  %9 = weft.add %u, %u : tensor<0xui64>
  return
}

// CHECK-LABEL: func.func @logic(
func.func @logic(%a: tensor<5xi1>, %i: tensor<5xui8>) {
  // CHECK: weft.not %{{.*}} : tensor<5xi1>
  %0 = weft.not %a : tensor<5xi1>
  // CHECK: weft.and %{{.*}}, %{{.*}} : tensor<5xi1>
  %1 = weft.and %a, %a : tensor<5xi1>
  // CHECK: weft.or %{{.*}}, %{{.*}} : tensor<5xi1>
  %2 = weft.or %a, %a : tensor<5xi1>
  // CHECK: weft.xor %{{.*}}, %{{.*}} : tensor<5xi1>
  %3 = weft.xor %a, %a : tensor<5xi1>
  // CHECK: weft.shift_left %{{.*}}, %{{.*}} : tensor<5xui8>
  %4 = weft.shift_left %i, %i : tensor<5xui8>
  // CHECK: weft.shift_right %{{.*}}, %{{.*}} : tensor<5xui8>
  %5 = weft.shift_right %i, %i : tensor<5xui8>
  return
}

// CHECK-LABEL: func.func @predicates(
func.func @predicates(%x: tensor<?x3xf32, #weft.shape<[N, 3]>>, %b: tensor<i1>) {
  // CHECK: weft.is_nan %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %0 = weft.is_nan %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.is_inf %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %1 = weft.is_inf %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.compare lt %{{.*}}, %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %2 = weft.compare lt %x, %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.compare le %{{.*}}, %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %3 = weft.compare le %x, %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.compare gt %{{.*}}, %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %4 = weft.compare gt %x, %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.compare ge %{{.*}}, %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %5 = weft.compare ge %x, %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.compare eq %{{.*}}, %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %6 = weft.compare eq %x, %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.compare ne %{{.*}}, %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %7 = weft.compare ne %x, %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.compare lt %{{.*}}, %{{.*}} : tensor<i1>
  %8 = weft.compare lt %b, %b : tensor<i1>
  return
}

// CHECK-LABEL: func.func @choice_and_conversion(
func.func @choice_and_conversion(%c: tensor<?x3xi1, #weft.shape<[N, 3]>>, %x: tensor<?x3xf32, #weft.shape<[N, 3]>>) {
  // CHECK: weft.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %0 = weft.select %c, %x, %x : tensor<?x3xf32, #weft.shape<[N, 3]>>
  // CHECK: weft.cast %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<?x3xi8, #weft.shape<[N, 3]>>
  %1 = weft.cast %x : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<?x3xi8, #weft.shape<[N, 3]>>
  return
}
