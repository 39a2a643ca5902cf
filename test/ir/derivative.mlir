// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives read back as they print.
// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s

// CHECK-LABEL: func.func @vjp(
func.func @vjp(%x: tensor<3xf32>, %w: tensor<f32>, %d: tensor<3xf32>) {
  %y = weft.exp %x : tensor<3xf32>
  // CHECK: weft.vjp of %{{.*}} times %{{.*}} wrt %{{.*}}, %{{.*}} : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>, tensor<f32>
  %0:2 = weft.vjp of %y times %d wrt %x, %w : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>, tensor<f32>
  return
}

// CHECK-LABEL: func.func @jvp(
func.func @jvp(%x: tensor<3xf32>, %t: tensor<3xf32>) {
  %y = weft.exp %x : tensor<3xf32>
  // CHECK: weft.jvp of %{{.*}} wrt %{{.*}} along %{{.*}} : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>) -> tensor<3xf32>
  %0 = weft.jvp of %y wrt %x along %t : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>) -> tensor<3xf32>
  return
}

// CHECK-LABEL: func.func @stop_gradient(
func.func @stop_gradient(%x: tensor<3xf32>) {
  // CHECK: weft.stop_gradient %{{.*}} : tensor<3xf32>
  %0 = weft.stop_gradient %x : tensor<3xf32>
  return
}

// CHECK-LABEL: func.func @custom_vjp(
func.func @custom_vjp(%x: tensor<3xf32>, %k: tensor<i64>) {
  // CHECK: weft.custom_vjp %{{.*}}, %{{.*}} : (tensor<3xf32>, tensor<i64>) -> tensor<3xf32> {
  // CHECK: } vjp {
  %0 = weft.custom_vjp %x, %k : (tensor<3xf32>, tensor<i64>) -> tensor<3xf32> {
  ^bb0(%a: tensor<3xf32>, %n: tensor<i64>):
    weft.yield %a : tensor<3xf32>
  } vjp {
  ^bb0(%a: tensor<3xf32>, %n: tensor<i64>, %d: tensor<3xf32>):
    %m = weft.neg %d : tensor<3xf32>
    weft.yield %m : tensor<3xf32>
  }
  return
}
