// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives become operations. That they are the right ones test/e2e/gradients.py shows.
// RUN: weft-opt %s --weft-differentiate --canonicalize --verify-each | FileCheck %s

// CHECK-LABEL: func.func @product(
// CHECK: %[[A:.*]] = weft.mul %arg2, %arg1
// CHECK: %[[B:.*]] = weft.mul %arg2, %arg0
// CHECK: return %[[A]], %[[B]]
func.func @product(%x: tensor<3xf32>, %w: tensor<3xf32>, %r: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %y = weft.mul %x, %w : tensor<3xf32>
  %g:2 = weft.vjp of %y times %r wrt %x, %w : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>, tensor<3xf32>
  return %g#0, %g#1 : tensor<3xf32>, tensor<3xf32>
}

// Two ways are summed.
// CHECK-LABEL: func.func @two_ways(
// CHECK: %[[E:.*]] = weft.exp %arg0
// CHECK: %[[D:.*]] = weft.mul %arg1, %[[E]]
// CHECK: weft.add %arg1, %[[D]]
func.func @two_ways(%x: tensor<3xf32>, %r: tensor<3xf32>) -> tensor<3xf32> {
  %e = weft.exp %x : tensor<3xf32>
  %y = weft.add %x, %e : tensor<3xf32>
  %g = weft.vjp of %y times %r wrt %x : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>) -> tensor<3xf32>
  return %g : tensor<3xf32>
}

// What is stopped counts as a constant; where nothing is left the gradient is 0.
// CHECK-LABEL: func.func @stopped(
// CHECK-NOT: weft.stop_gradient
// CHECK: %[[Z:.*]] = weft.constant dense<0.000000e+00>
// CHECK: %[[G:.*]] = weft.mul %arg1, %arg0
// CHECK: return %[[G]], %{{.*}}
func.func @stopped(%x: tensor<3xf32>, %r: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %s = weft.stop_gradient %x : tensor<3xf32>
  %y = weft.mul %x, %s : tensor<3xf32>
  %g = weft.vjp of %y times %r wrt %x : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>) -> tensor<3xf32>
  %z = weft.vjp of %s times %r wrt %x : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>) -> tensor<3xf32>
  return %g, %z : tensor<3xf32>, tensor<3xf32>
}

// A function's own derivative is used, and then its body.
// CHECK-LABEL: func.func @own(
// CHECK: %[[G:.*]] = weft.neg %arg1
// CHECK: return %arg0, %[[G]]
func.func @own(%x: tensor<3xf32>, %r: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %y = weft.custom_vjp %x : (tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%a: tensor<3xf32>):
    weft.yield %a : tensor<3xf32>
  } vjp {
  ^bb0(%a: tensor<3xf32>, %d: tensor<3xf32>):
    %n = weft.neg %d : tensor<3xf32>
    weft.yield %n : tensor<3xf32>
  }
  %g = weft.vjp of %y times %r wrt %x : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>) -> tensor<3xf32>
  return %y, %g : tensor<3xf32>, tensor<3xf32>
}

// What is in a checkpoint is computed again where the backward pass comes to it, apart from the first
// time; what leaves it is read as it is.
// CHECK-LABEL: func.func @checkpoint(
// CHECK: %[[A:.*]] = weft.exp %arg0
// CHECK: %[[B:.*]] = weft.exp %[[A]]
// CHECK: weft.mul %arg1, %[[B]]
// CHECK: %[[X:.*]] = weft.cast %arg0 {weft.barrier = 0 : i64}
// CHECK: %[[C:.*]] = weft.exp %[[X]] : tensor<3xf32>
// CHECK: %[[D:.*]] = weft.exp %[[C]] : tensor<3xf32>
// CHECK: weft.mul %{{.*}}, %[[D]]
// CHECK: weft.mul %{{.*}}, %[[C]]
func.func @checkpoint(%x: tensor<3xf32>, %r: tensor<3xf32>) -> tensor<3xf32> {
  %a = weft.exp %x {weft.checkpoints = array<i64: 1>} : tensor<3xf32>
  %b = weft.exp %a {weft.checkpoints = array<i64: 1>} : tensor<3xf32>
  %y = weft.mul %b, %b : tensor<3xf32>
  %g = weft.vjp of %y times %r wrt %x : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>) -> tensor<3xf32>
  return %g : tensor<3xf32>
}

// One within another: the copy of the outer one keeps nothing of the inner one either.
// CHECK-LABEL: func.func @nested(
// CHECK: %[[X:.*]] = weft.cast %arg0 {weft.barrier = 0 : i64}
// CHECK: %[[C:.*]] = weft.exp %[[X]] : tensor<3xf32>
// CHECK: %[[Y:.*]] = weft.cast %[[C]] {weft.barrier = 1 : i64}
// CHECK: weft.exp %[[Y]] : tensor<3xf32>
// CHECK-NOT: weft.barrier
// CHECK: return
func.func @nested(%x: tensor<3xf32>, %r: tensor<3xf32>) -> tensor<3xf32> {
  %a = weft.exp %x {weft.checkpoints = array<i64: 1>} : tensor<3xf32>
  %b = weft.exp %a {weft.checkpoints = array<i64: 1, 2>} : tensor<3xf32>
  %g = weft.vjp of %b times %r wrt %x : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>) -> tensor<3xf32>
  return %g : tensor<3xf32>
}

// A checkpoint in the body of a scan: the product of each step is computed again, not stacked.
// CHECK-LABEL: func.func @checkpoint_in_scan(
// CHECK: weft.scan
// CHECK: weft.contract
// CHECK: weft.yield %{{.*}}, %{{.*}} : tensor<3xf32>, tensor<3xf32>{{$}}
// CHECK: weft.scan
// CHECK: weft.contract
func.func @checkpoint_in_scan(%h: tensor<3xf32>, %w: tensor<3x3xf32>, %xs: tensor<5x3xf32>, %r: tensor<3xf32>)
    -> tensor<3x3xf32> {
  %y = weft.scan (%c = %h : tensor<3xf32>) over (%x = %xs : tensor<5x3xf32>) -> tensor<3xf32> {
    %p = weft.contract "i,ij->j" %c, %w {weft.checkpoints = array<i64: 1>} : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    %s = weft.add %p, %x {weft.checkpoints = array<i64: 1>} : tensor<3xf32>
    %t = weft.tanh %s {weft.checkpoints = array<i64: 1>} : tensor<3xf32>
    weft.yield %t : tensor<3xf32>
  }
  %g = weft.vjp of %y times %r wrt %w : (tensor<3xf32>) (tensor<3xf32>) (tensor<3x3xf32>) -> tensor<3x3xf32>
  return %g : tensor<3x3xf32>
}

// Steps in places that are not known: what was read far apart goes back by index.
// CHECK-LABEL: func.func @strided(
// CHECK: weft.scatter add
func.func @strided(%x: tensor<?xf32, #weft.shape<[2 * N]>>, %r: tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[2 * N]>> {
  %y = weft.slice %x from <[0]> by [2] : tensor<?xf32, #weft.shape<[2 * N]>> -> tensor<?xf32, #weft.shape<[N]>>
  %g = weft.vjp of %y times %r wrt %x : (tensor<?xf32, #weft.shape<[N]>>) (tensor<?xf32, #weft.shape<[N]>>) (tensor<?xf32, #weft.shape<[2 * N]>>) -> tensor<?xf32, #weft.shape<[2 * N]>>
  return %g : tensor<?xf32, #weft.shape<[2 * N]>>
}

// Gradients of parts side by side are one concatenation, in the order of the parts; where a part is missing they are summed.
// CHECK-LABEL: func.func @parts(
// CHECK: %[[B:.*]] = weft.mul %arg1, %arg1
// CHECK: %[[G:.*]] = weft.concat 0 %arg1, %{{.*}} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
// CHECK: %[[H:.*]] = weft.add %{{.*}}, %{{.*}} : tensor<4xf32>
// CHECK: return %[[G]], %[[H]]
func.func @parts(%x: tensor<4xf32>, %r: tensor<2xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = weft.slice %x from <[2]> by [1] : tensor<4xf32> -> tensor<2xf32>
  %b = weft.slice %x from <[0]> by [1] : tensor<4xf32> -> tensor<2xf32>
  %c = weft.slice %x from <[1]> by [1] : tensor<4xf32> -> tensor<2xf32>
  %s = weft.mul %a, %r : tensor<2xf32>
  %y = weft.add %s, %b : tensor<2xf32>
  %z = weft.add %s, %c : tensor<2xf32>
  %g = weft.vjp of %y times %r wrt %x : (tensor<2xf32>) (tensor<2xf32>) (tensor<4xf32>) -> tensor<4xf32>
  %h = weft.vjp of %z times %r wrt %x : (tensor<2xf32>) (tensor<2xf32>) (tensor<4xf32>) -> tensor<4xf32>
  return %g, %h : tensor<4xf32>, tensor<4xf32>
}

// The steps of a scan are gone through from the end, over the carries that it has kept.
// CHECK-LABEL: func.func @steps(
// CHECK: %[[S:.*]]:2 = weft.scan (%[[C:.*]] = %arg1 : tensor<f32>) over (%[[X:.*]] = %arg0 : tensor<5xf32>)
// CHECK: weft.yield %{{.*}}, %[[C]]
// CHECK: weft.scan (%{{.*}} = %arg2 : tensor<f32>) over (%{{.*}} = %[[S]]#1 : tensor<5xf32>, %{{.*}} = %arg0 : tensor<5xf32>) {{.*}} attributes {weft.reverse}
// CHECK-NOT: weft.slice
func.func @steps(%xs: tensor<5xf32>, %h: tensor<f32>, %r: tensor<f32>) -> tensor<5xf32> {
  %y = weft.scan (%c = %h : tensor<f32>) over (%x = %xs : tensor<5xf32>) -> tensor<f32> {
    %n = weft.mul %c, %x : tensor<f32>
    weft.yield %n : tensor<f32>
  }
  %g = weft.vjp of %y times %r wrt %xs : (tensor<f32>) (tensor<f32>) (tensor<5xf32>) -> tensor<5xf32>
  return %g : tensor<5xf32>
}
