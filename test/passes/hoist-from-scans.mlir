// RUN: weft-opt %s --weft-hoist-from-scans -split-input-file | FileCheck %s

// The product of the input, its bias and what it needs run for all steps; the sum with the state
// stays. The input itself is not read by the steps any more.
// CHECK-LABEL: func.func @input_projection(
// CHECK-SAME: %[[X:.*]]: tensor<7x2x3xf32>, %[[H:.*]]: tensor<2x4xf32>, %[[W:.*]]: tensor<4x3xf32>, %[[U:.*]]: tensor<4x4xf32>, %[[B:.*]]: tensor<4xf32>)
// CHECK: %[[BIAS:.*]] = weft.broadcast %[[B]] along [1] : tensor<4xf32> -> tensor<2x4xf32>
// CHECK: %[[N:.*]] = weft.neg %[[X]] : tensor<7x2x3xf32>
// CHECK: %[[P:.*]] = weft.contract "Abi,gi->Abg" %[[N]], %[[W]] : tensor<7x2x3xf32>, tensor<4x3xf32> -> tensor<7x2x4xf32>
// CHECK: %[[ALL:.*]] = weft.broadcast %[[BIAS]] along [1, 2] : tensor<2x4xf32> -> tensor<7x2x4xf32>
// CHECK: %[[S:.*]] = weft.add %[[P]], %[[ALL]] : tensor<7x2x4xf32>
// CHECK: weft.scan (%[[STATE:.*]] = %[[H]] : tensor<2x4xf32>) over (%[[STEP:.*]] = %[[S]] : tensor<7x2x4xf32>)
// CHECK-NEXT: %[[R:.*]] = weft.contract "bh,gh->bg" %[[STATE]], %[[U]]
// CHECK-NEXT: weft.add %[[STEP]], %[[R]]
// CHECK-NEXT: weft.yield
func.func @input_projection(%x: tensor<7x2x3xf32>, %h: tensor<2x4xf32>, %w: tensor<4x3xf32>,
    %u: tensor<4x4xf32>, %b: tensor<4xf32>) -> tensor<2x4xf32> {
  %0 = weft.scan (%c = %h : tensor<2x4xf32>) over (%s = %x : tensor<7x2x3xf32>) -> tensor<2x4xf32> {
    %n = weft.neg %s : tensor<2x3xf32>
    %p = weft.contract "bi,gi->bg" %n, %w : tensor<2x3xf32>, tensor<4x3xf32> -> tensor<2x4xf32>
    %bias = weft.broadcast %b along [1] : tensor<4xf32> -> tensor<2x4xf32>
    %q = weft.add %p, %bias : tensor<2x4xf32>
    %r = weft.contract "bh,gh->bg" %c, %u : tensor<2x4xf32>, tensor<4x4xf32> -> tensor<2x4xf32>
    %y = weft.add %q, %r : tensor<2x4xf32>
    weft.yield %y : tensor<2x4xf32>
  }
  return %0 : tensor<2x4xf32>
}

// -----

// An input that the steps read themselves too stays beside its product.
// CHECK-LABEL: func.func @input_reused(
// CHECK: weft.contract "Ai,gi->Ag" %[[X:.*]], %{{.*}} : tensor<?x3xf32, #weft.shape<[T, 3]>>, tensor<3x3xf32> -> tensor<?x3xf32, #weft.shape<[T, 3]>>
// CHECK: weft.scan (%{{.*}} = %{{.*}} : tensor<3xf32>) over (%{{.*}} = %[[X]] : tensor<?x3xf32, #weft.shape<[T, 3]>>, %{{.*}} = %{{.*}} : tensor<?x3xf32, #weft.shape<[T, 3]>>)
// CHECK-NOT: weft.contract
func.func @input_reused(%x: tensor<?x3xf32, #weft.shape<[T, 3]>>, %h: tensor<3xf32>, %w: tensor<3x3xf32>) -> tensor<3xf32> {
  %0 = weft.scan (%c = %h : tensor<3xf32>) over (%s = %x : tensor<?x3xf32, #weft.shape<[T, 3]>>) -> tensor<3xf32> {
    %p = weft.contract "i,gi->g" %s, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    %a = weft.mul %p, %c : tensor<3xf32>
    %b = weft.add %a, %s : tensor<3xf32>
    weft.yield %b : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

// Two projections of one step, one of them emitted.
// CHECK-LABEL: func.func @both_operands_scanned(
// CHECK: %[[P:.*]] = weft.contract "Aij,Aj->Ai"
// CHECK: weft.scan (%{{.*}} = %{{.*}} : tensor<2xf32>) over (%[[STEP:.*]] = %[[P]] : tensor<7x2xf32>)
// CHECK-NEXT: %[[Y:.*]] = weft.add %{{.*}}, %[[STEP]]
// CHECK-NEXT: weft.yield %[[Y]] :
// CHECK: return %{{.*}}, %[[P]]
func.func @both_operands_scanned(%x: tensor<7x2x3xf32>, %z: tensor<7x3xf32>, %h: tensor<2xf32>) -> (tensor<2xf32>, tensor<7x2xf32>) {
  %0:2 = weft.scan (%c = %h : tensor<2xf32>) over (%s = %x : tensor<7x2x3xf32>, %t = %z : tensor<7x3xf32>) -> (tensor<2xf32>, tensor<7x2xf32>) {
    %p = weft.contract "ij,j->i" %s, %t : tensor<2x3xf32>, tensor<3xf32> -> tensor<2xf32>
    %y = weft.add %c, %p : tensor<2xf32>
    weft.yield %y, %p : tensor<2xf32>, tensor<2xf32>
  }
  return %0#0, %0#1 : tensor<2xf32>, tensor<7x2xf32>
}

// -----

// Rows of the weights are taken once; what is generated stays where it is used.
// CHECK-LABEL: func.func @invariant_slice(
// CHECK: %[[ROWS:.*]] = weft.slice
// CHECK: weft.scan
// CHECK-NOT: weft.slice
// CHECK: weft.constant
// CHECK: weft.contract "h,gh->g" %{{.*}}, %[[ROWS]]
func.func @invariant_slice(%x: tensor<7x2xf32>, %h: tensor<2xf32>, %w: tensor<4x2xf32>) -> tensor<2xf32> {
  %0 = weft.scan (%c = %h : tensor<2xf32>) over (%s = %x : tensor<7x2xf32>) -> tensor<2xf32> {
    %rows = weft.slice %w from #weft.shape<[2, 0]> by [1, 1] : tensor<4x2xf32> -> tensor<2x2xf32>
    %one = weft.constant dense<1.0> : tensor<2xf32>
    %p = weft.contract "h,gh->g" %c, %rows : tensor<2xf32>, tensor<2x2xf32> -> tensor<2xf32>
    %q = weft.add %p, %one : tensor<2xf32>
    %y = weft.add %q, %s : tensor<2xf32>
    weft.yield %y : tensor<2xf32>
  }
  return %0 : tensor<2xf32>
}

// -----

// Outside, the bias would be repeated in memory; here it is a way of reading it.
// CHECK-LABEL: func.func @view_used_in_place(
// CHECK: weft.scan
// CHECK-NEXT: weft.broadcast
// CHECK: weft.add
func.func @view_used_in_place(%x: tensor<7x3x2xf32>, %h: tensor<3x2xf32>, %b: tensor<2xf32>) -> tensor<3x2xf32> {
  %0 = weft.scan (%c = %h : tensor<3x2xf32>) over (%s = %x : tensor<7x3x2xf32>) -> tensor<3x2xf32> {
    %bias = weft.broadcast %b along [1] : tensor<2xf32> -> tensor<3x2xf32>
    %p = weft.add %c, %s : tensor<3x2xf32>
    %y = weft.add %p, %bias : tensor<3x2xf32>
    weft.yield %y : tensor<3x2xf32>
  }
  return %0 : tensor<3x2xf32>
}

// -----

// Element-wise operations alone would only go through memory, and a product with the state has to
// wait for it.
// CHECK-LABEL: func.func @nothing_to_hoist(
// CHECK-NEXT: weft.scan
// CHECK: weft.exp
// CHECK: weft.contract "h,gh->g"
func.func @nothing_to_hoist(%x: tensor<7x2xf32>, %h: tensor<2xf32>, %w: tensor<2x2xf32>) -> tensor<2xf32> {
  %0 = weft.scan (%c = %h : tensor<2xf32>) over (%s = %x : tensor<7x2xf32>) -> tensor<2xf32> {
    %e = weft.exp %s : tensor<2xf32>
    %m = weft.mul %e, %c : tensor<2xf32>
    %p = weft.contract "h,gh->g" %m, %w : tensor<2xf32>, tensor<2x2xf32> -> tensor<2xf32>
    weft.yield %p : tensor<2xf32>
  }
  return %0 : tensor<2xf32>
}

// -----

// Of the product that runs before the scan the stack is the product itself; a stack that nobody reads goes, and an input
// that only it needed.
// CHECK-LABEL: func.func @stacked_input(
// CHECK: %[[P:.*]] = weft.contract "Anh,gh->Ang" %arg0, %arg2
// CHECK: %[[S:.*]] = weft.scan (%{{.*}} = %arg1 : tensor<3x2xf32>) over (%{{.*}} = %[[P]] : tensor<7x3x2xf32>) -> tensor<3x2xf32> {
// CHECK: return %[[S]], %[[P]]
func.func @stacked_input(%x: tensor<7x3x2xf32>, %h: tensor<3x2xf32>, %w: tensor<2x2xf32>, %z: tensor<7x3x2xf32>) -> (tensor<3x2xf32>, tensor<7x3x2xf32>) {
  %0:3 = weft.scan (%c = %h : tensor<3x2xf32>) over (%s = %x : tensor<7x3x2xf32>, %t = %z : tensor<7x3x2xf32>) -> (tensor<3x2xf32>, tensor<7x3x2xf32>, tensor<7x3x2xf32>) {
    %p = weft.contract "nh,gh->ng" %s, %w : tensor<3x2xf32>, tensor<2x2xf32> -> tensor<3x2xf32>
    %y = weft.add %p, %c : tensor<3x2xf32>
    %e = weft.exp %t : tensor<3x2xf32>
    weft.yield %y, %p, %e : tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>
  }
  return %0#0, %0#1 : tensor<3x2xf32>, tensor<7x3x2xf32>
}
