// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What no later step of a scan waits for is computed after it.
// RUN: weft-opt %s --weft-sink-from-scans --verify-each | FileCheck %s

// The gradient of a matrix that every step uses: one contraction over steps too.
// CHECK-LABEL: func.func @sum_of_products(
// CHECK: %[[S:.*]]:2 = weft.scan
// CHECK-NOT: weft.contract
// CHECK: weft.yield
// CHECK: weft.contract "Ani,Anj->ij" %arg0, %[[S]]#1
func.func @sum_of_products(%xs: tensor<5x2x3xf32>, %h: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<3x4xf32>) {
  %zero = weft.constant dense<0.0> : tensor<f32>
  %start = weft.broadcast %zero along [] : tensor<f32> -> tensor<3x4xf32>
  %0:2 = weft.scan (%c = %h : tensor<2x4xf32>, %sum = %start : tensor<3x4xf32>) over (%x = %xs : tensor<5x2x3xf32>) -> (tensor<2x4xf32>, tensor<3x4xf32>) {
    %next = weft.tanh %c : tensor<2x4xf32>
    %g = weft.contract "ni,nj->ij" %x, %next : tensor<2x3xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
    %more = weft.add %sum, %g : tensor<3x4xf32>
    weft.yield %next, %more : tensor<2x4xf32>, tensor<3x4xf32>
  }
  return %0#0, %0#1 : tensor<2x4xf32>, tensor<3x4xf32>
}

// The gradient of a bias; it starts from something.
// CHECK-LABEL: func.func @sum_along_axes(
// CHECK: weft.scan
// CHECK: %[[R:.*]] = weft.reduce sum %{{.*}} axes [0, 1] : tensor<5x2x4xf32> -> tensor<4xf32>
// CHECK: weft.add %arg2, %[[R]]
func.func @sum_along_axes(%xs: tensor<5x2x4xf32>, %h: tensor<2x4xf32>, %start: tensor<4xf32>) -> (tensor<2x4xf32>, tensor<4xf32>) {
  %0:2 = weft.scan (%c = %h : tensor<2x4xf32>, %sum = %start : tensor<4xf32>) over (%x = %xs : tensor<5x2x4xf32>) -> (tensor<2x4xf32>, tensor<4xf32>) {
    %next = weft.mul %c, %x : tensor<2x4xf32>
    %g = weft.reduce sum %next axes [0] : tensor<2x4xf32> -> tensor<4xf32>
    %more = weft.add %g, %sum : tensor<4xf32>
    weft.yield %next, %more : tensor<2x4xf32>, tensor<4xf32>
  }
  return %0#0, %0#1 : tensor<2x4xf32>, tensor<4xf32>
}

// A product that is emitted and nothing else.
// CHECK-LABEL: func.func @emitted_product(
// CHECK: %[[S:.*]]:2 = weft.scan
// CHECK-NOT: weft.contract
// CHECK: weft.yield
// CHECK: weft.contract "Ank,kj->Anj" %[[S]]#1, %arg2
func.func @emitted_product(%xs: tensor<5x2x4xf32>, %h: tensor<2x4xf32>, %w: tensor<4x3xf32>) -> tensor<5x2x3xf32> {
  %0:2 = weft.scan (%c = %h : tensor<2x4xf32>) over (%x = %xs : tensor<5x2x4xf32>) -> (tensor<2x4xf32>, tensor<5x2x3xf32>) {
    %next = weft.mul %c, %x : tensor<2x4xf32>
    %y = weft.contract "nk,kj->nj" %next, %w : tensor<2x4xf32>, tensor<4x3xf32> -> tensor<2x3xf32>
    weft.yield %next, %y : tensor<2x4xf32>, tensor<2x3xf32>
  }
  return %0#1 : tensor<5x2x3xf32>
}

// A carry that the next step reads stays, and so does a product that it needs.
// CHECK-LABEL: func.func @needed(
// CHECK: weft.scan
// CHECK: weft.contract "nk,kj->nj"
// CHECK: weft.yield
// CHECK-NEXT: }
// CHECK-NEXT: return
func.func @needed(%xs: tensor<5x2x4xf32>, %h: tensor<2x4xf32>, %w: tensor<4x4xf32>) -> tensor<2x4xf32> {
  %0 = weft.scan (%c = %h : tensor<2x4xf32>) over (%x = %xs : tensor<5x2x4xf32>) -> (tensor<2x4xf32>) {
    %y = weft.contract "nk,kj->nj" %c, %w : tensor<2x4xf32>, tensor<4x4xf32> -> tensor<2x4xf32>
    %next = weft.add %y, %x : tensor<2x4xf32>
    weft.yield %next : tensor<2x4xf32>
  }
  return %0 : tensor<2x4xf32>
}

// What is kept for a derivative in a scan that goes backwards: it still does, and an input that no step reads any more is
// none of it.
// CHECK-LABEL: func.func @backwards(
// CHECK: %[[S:.*]]:2 = weft.scan (%{{.*}} = %arg1 : tensor<2x4xf32>) over (%{{.*}} = %arg2 : tensor<5x2x4xf32>) {{.*}} attributes {weft.reverse}
// CHECK: weft.contract "Ani,Anj->ij" %arg0, %[[S]]#1
func.func @backwards(%xs: tensor<5x2x3xf32>, %h: tensor<2x4xf32>, %ys: tensor<5x2x4xf32>) -> (tensor<2x4xf32>, tensor<3x4xf32>) {
  %zero = weft.constant dense<0.0> : tensor<f32>
  %start = weft.broadcast %zero along [] : tensor<f32> -> tensor<3x4xf32>
  %0:2 = weft.scan (%c = %h : tensor<2x4xf32>, %sum = %start : tensor<3x4xf32>) over (%x = %xs : tensor<5x2x3xf32>, %y = %ys : tensor<5x2x4xf32>) -> (tensor<2x4xf32>, tensor<3x4xf32>) attributes {weft.reverse} {
    %next = weft.mul %c, %y : tensor<2x4xf32>
    %g = weft.contract "ni,nj->ij" %x, %next : tensor<2x3xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
    %more = weft.add %sum, %g : tensor<3x4xf32>
    weft.yield %next, %more : tensor<2x4xf32>, tensor<3x4xf32>
  }
  return %0#0, %0#1 : tensor<2x4xf32>, tensor<3x4xf32>
}
