// RUN: weft-opt %s --verify-each --weft-turn-scans --split-input-file | FileCheck %s

!x = tensor<?x3xf32, #weft.shape<[T, 3]>>

// Who reversed the stack takes it as it is; others get it reversed, which a view reads in place.
// CHECK-LABEL: func.func @reversed(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x3xf32
// CHECK: %[[S:.*]]:2 = weft.scan {{.*}} over ({{.*}} = %[[X]] : {{.*}}) -> {{.*}} attributes {weft.reverse} {
// CHECK: %[[R:.*]] = weft.slice %[[S]]#1 from <[T - 1, 0]> by [-1, 1]
// CHECK: %[[T:.*]] = weft.transpose %[[R]]
// CHECK: return %[[S]]#0, %[[S]]#1, %[[T]]
func.func @reversed(%x: !x, %h: tensor<3xf32>) -> (tensor<3xf32>, !x, tensor<3x?xf32, #weft.shape<[3, T]>>) {
  %r = weft.slice %x from <[T - 1, 0]> by [-1, 1] : !x -> !x
  %0:2 = weft.scan (%c = %h : tensor<3xf32>) over (%s = %r : !x) -> (tensor<3xf32>, !x) {
    %y = weft.add %s, %c : tensor<3xf32>
    weft.yield %y, %y : tensor<3xf32>, tensor<3xf32>
  }
  %back = weft.slice %0#1 from <[T - 1, 0]> by [-1, 1] : !x -> !x
  %view = weft.transpose %0#1 [1, 0] : !x -> tensor<3x?xf32, #weft.shape<[3, T]>>
  return %0#0, %back, %view : tensor<3xf32>, !x, tensor<3x?xf32, #weft.shape<[3, T]>>
}

// -----

!x = tensor<5x3xf32>

// What went backwards goes forwards.
// CHECK-LABEL: func.func @twice(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<5x3xf32>
// CHECK: weft.scan {{.*}} over ({{.*}} = %[[X]] : tensor<5x3xf32>, {{.*}} = %[[X]] : tensor<5x3xf32>) -> tensor<3xf32> {
func.func @twice(%x: !x, %h: tensor<3xf32>) -> tensor<3xf32> {
  %r = weft.slice %x from <[4, 0]> by [-1, 1] : !x -> !x
  %0 = weft.scan (%c = %h : tensor<3xf32>) over (%s = %r : !x, %t = %r : !x) -> tensor<3xf32> attributes {weft.reverse} {
    %y = weft.add %s, %c : tensor<3xf32>
    %z = weft.mul %y, %t : tensor<3xf32>
    weft.yield %z : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

!x = tensor<5x3xf32>

// The stack, a result, would be copied in place of the input.
// CHECK-LABEL: func.func @stack_wanted(
// CHECK: %[[R:.*]] = weft.slice
// CHECK: weft.scan {{.*}} over ({{.*}} = %[[R]] : tensor<5x3xf32>) -> (tensor<3xf32>, tensor<5x3xf32>) {
func.func @stack_wanted(%x: !x, %h: tensor<3xf32>) -> !x {
  %r = weft.slice %x from <[4, 0]> by [-1, 1] : !x -> !x
  %0:2 = weft.scan (%c = %h : tensor<3xf32>) over (%s = %r : !x) -> (tensor<3xf32>, !x) {
    %y = weft.add %s, %c : tensor<3xf32>
    weft.yield %y, %y : tensor<3xf32>, tensor<3xf32>
  }
  return %0#1 : !x
}

// -----

!x = tensor<5x3xf32>

// One input is not reversed.
// CHECK-LABEL: func.func @one_forwards(
// CHECK-NOT: weft.reverse
// CHECK: return
func.func @one_forwards(%x: !x, %h: tensor<3xf32>) -> tensor<3xf32> {
  %r = weft.slice %x from <[4, 0]> by [-1, 1] : !x -> !x
  %0 = weft.scan (%c = %h : tensor<3xf32>) over (%s = %r : !x, %t = %x : !x) -> tensor<3xf32> {
    %y = weft.add %s, %c : tensor<3xf32>
    %z = weft.mul %y, %t : tensor<3xf32>
    weft.yield %z : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

!x = tensor<3x3xf32>

// The steps are those of the first dimension.
// CHECK-LABEL: func.func @other_dimension(
// CHECK-NOT: weft.reverse
// CHECK: return
func.func @other_dimension(%x: !x, %h: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %r = weft.slice %x from <[0, 2]> by [1, -1] : !x -> !x
  %b = weft.slice %x from <[2, 2]> by [-1, -1] : !x -> !x
  %0 = weft.scan (%c = %h : tensor<3xf32>) over (%s = %r : !x) -> tensor<3xf32> {
    %y = weft.add %s, %c : tensor<3xf32>
    weft.yield %y : tensor<3xf32>
  }
  %1 = weft.scan (%c = %h : tensor<3xf32>) over (%s = %b : !x) -> tensor<3xf32> {
    %y = weft.add %s, %c : tensor<3xf32>
    weft.yield %y : tensor<3xf32>
  }
  return %0, %1 : tensor<3xf32>, tensor<3xf32>
}
