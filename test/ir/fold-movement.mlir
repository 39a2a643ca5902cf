// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Movement that moves nothing, movement of constants, and two movements of one kind in a row.
// RUN: weft-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @nothing_moves(
// CHECK-SAME: %[[X:.*]]: tensor<?x3xf32, #weft.shape<[N, 3]>>
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
func.func @nothing_moves(%x: tensor<?x3xf32, #weft.shape<[N, 3]>>, %v: tensor<f32>)
    -> (tensor<?x3xf32, #weft.shape<[N, 3]>>, tensor<?x3xf32, #weft.shape<[N, 3]>>, tensor<?x3xf32, #weft.shape<[N, 3]>>,
        tensor<?x3xf32, #weft.shape<[N, 3]>>, tensor<?x3xf32, #weft.shape<[N, 3]>>, tensor<?x3xf32, #weft.shape<[N, 3]>>) {
  %0 = weft.broadcast %x along [0, 1] : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<?x3xf32, #weft.shape<[N, 3]>>
  %1 = weft.reshape %x : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<?x3xf32, #weft.shape<[N, 3]>>
  %2 = weft.transpose %x [0, 1] : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<?x3xf32, #weft.shape<[N, 3]>>
  %3 = weft.slice %x from <[0, 0]> by [1, 1] : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<?x3xf32, #weft.shape<[N, 3]>>
  %4 = weft.pad %x, %v low <[0, 0]> high <[0, 0]> interior [0, 0] : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<?x3xf32, #weft.shape<[N, 3]>>
  %5 = weft.concat 0 %x : (tensor<?x3xf32, #weft.shape<[N, 3]>>) -> tensor<?x3xf32, #weft.shape<[N, 3]>>
  return %0, %1, %2, %3, %4, %5
    : tensor<?x3xf32, #weft.shape<[N, 3]>>, tensor<?x3xf32, #weft.shape<[N, 3]>>, tensor<?x3xf32, #weft.shape<[N, 3]>>,
      tensor<?x3xf32, #weft.shape<[N, 3]>>, tensor<?x3xf32, #weft.shape<[N, 3]>>, tensor<?x3xf32, #weft.shape<[N, 3]>>
}

// These have the type of their input and move all the same.
// CHECK-LABEL: func.func @types_alike_but_elements_move(
// CHECK: weft.transpose
// CHECK: weft.slice
func.func @types_alike_but_elements_move(%x: tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<3x3xf32>) {
  %0 = weft.transpose %x [1, 0] : tensor<3x3xf32> -> tensor<3x3xf32>
  %1 = weft.slice %x from <[2, 0]> by [-1, 1] : tensor<3x3xf32> -> tensor<3x3xf32>
  return %0, %1 : tensor<3x3xf32>, tensor<3x3xf32>
}

//===-- Constants ---------------------------------------------------------------------------===//

// CHECK-LABEL: func.func @size_is_known(
// CHECK: weft.constant dense<12> : tensor<i64>
// CHECK: weft.size <[N]>
func.func @size_is_known() -> (tensor<i64>, tensor<i64>) {
  %0 = weft.size <[12]>
  %1 = weft.size <[N]>
  return %0, %1 : tensor<i64>, tensor<i64>
}

// CHECK-LABEL: func.func @constants_of_one_value(
// CHECK-DAG: %[[A:.*]] = weft.constant dense<7> : tensor<4x2xi32>
// CHECK-DAG: %[[B:.*]] = weft.constant dense<7> : tensor<1xi32>
// CHECK-DAG: %[[C:.*]] = weft.constant dense<7> : tensor<5xi32>
// CHECK: return %[[A]], %[[B]], %[[C]]
func.func @constants_of_one_value() -> (tensor<4x2xi32>, tensor<1xi32>, tensor<5xi32>) {
  %x = weft.constant dense<7> : tensor<2xi32>
  %v = weft.constant dense<7> : tensor<i32>
  %0 = weft.broadcast %x along [1] : tensor<2xi32> -> tensor<4x2xi32>
  %1 = weft.slice %x from <[1]> by [1] : tensor<2xi32> -> tensor<1xi32>
  %2 = weft.pad %x, %v low <[1]> high <[2]> interior [0] : tensor<2xi32> -> tensor<5xi32>
  return %0, %1, %2 : tensor<4x2xi32>, tensor<1xi32>, tensor<5xi32>
}

// CHECK-LABEL: func.func @padded_by_another_value(
// CHECK: weft.pad
func.func @padded_by_another_value() -> tensor<5xf32> {
  %x = weft.constant dense<0.0> : tensor<2xf32>
  %v = weft.constant dense<-0.0> : tensor<f32>
  %0 = weft.pad %x, %v low <[1]> high <[2]> interior [0] : tensor<2xf32> -> tensor<5xf32>
  return %0 : tensor<5xf32>
}

// A broadcast costs nothing, a large constant does.
// CHECK-LABEL: func.func @broadcast_of_many_values(
// CHECK: weft.broadcast
func.func @broadcast_of_many_values() -> tensor<4x2xi32> {
  %x = weft.constant dense<[1, 2]> : tensor<2xi32>
  %0 = weft.broadcast %x along [1] : tensor<2xi32> -> tensor<4x2xi32>
  return %0 : tensor<4x2xi32>
}

// CHECK-LABEL: func.func @broadcast_to_a_dynamic_size(
// CHECK: weft.broadcast
func.func @broadcast_to_a_dynamic_size() -> tensor<?xi32, #weft.shape<[N]>> {
  %x = weft.constant dense<7> : tensor<i32>
  %0 = weft.broadcast %x along [] : tensor<i32> -> tensor<?xi32, #weft.shape<[N]>>
  return %0 : tensor<?xi32, #weft.shape<[N]>>
}

// CHECK-LABEL: func.func @constants_rearranged(
// CHECK-DAG: %[[A:.*]] = weft.constant dense<{{\[\[}}1, 4], [2, 5], [3, 6]]> : tensor<3x2xi32>
// CHECK-DAG: %[[B:.*]] = weft.constant dense<{{\[\[}}1, 2], [3, 4], [5, 6]]> : tensor<3x2xi32>
// CHECK-DAG: %[[C:.*]] = weft.constant dense<{{\[\[}}6, 4]]> : tensor<1x2xi32>
// CHECK: return %[[A]], %[[B]], %[[C]]
func.func @constants_rearranged() -> (tensor<3x2xi32>, tensor<3x2xi32>, tensor<1x2xi32>) {
  %x = weft.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %0 = weft.transpose %x [1, 0] : tensor<2x3xi32> -> tensor<3x2xi32>
  %1 = weft.reshape %x : tensor<2x3xi32> -> tensor<3x2xi32>
  %2 = weft.slice %x from <[1, 2]> by [1, -2] : tensor<2x3xi32> -> tensor<1x2xi32>
  return %0, %1, %2 : tensor<3x2xi32>, tensor<3x2xi32>, tensor<1x2xi32>
}

// CHECK-LABEL: func.func @nothing_left_of_a_constant(
// CHECK: weft.constant dense<> : tensor<0xi32>
func.func @nothing_left_of_a_constant() -> tensor<0xi32> {
  %x = weft.constant dense<[1, 2]> : tensor<2xi32>
  %0 = weft.slice %x from <[2]> by [1] : tensor<2xi32> -> tensor<0xi32>
  return %0 : tensor<0xi32>
}

// CHECK-LABEL: func.func @slice_of_a_constant_at_a_symbol(
// CHECK: weft.slice
func.func @slice_of_a_constant_at_a_symbol() -> tensor<1xi32> {
  %x = weft.constant dense<[1, 2]> : tensor<2xi32>
  %0 = weft.slice %x from <[N]> by [1] : tensor<2xi32> -> tensor<1xi32>
  return %0 : tensor<1xi32>
}

//===-- Two in a row ------------------------------------------------------------------------===//

// CHECK-LABEL: func.func @broadcast_of_broadcast(
// CHECK-SAME: %[[X:.*]]: tensor<3xf32>
// CHECK-NEXT: %[[Y:.*]] = weft.broadcast %[[X]] along [2] : tensor<3xf32> -> tensor<2x4x3xf32>
// CHECK-NEXT: return %[[Y]]
func.func @broadcast_of_broadcast(%x: tensor<3xf32>) -> tensor<2x4x3xf32> {
  %0 = weft.broadcast %x along [1] : tensor<3xf32> -> tensor<4x3xf32>
  %1 = weft.broadcast %0 along [1, 2] : tensor<4x3xf32> -> tensor<2x4x3xf32>
  return %1 : tensor<2x4x3xf32>
}

// CHECK-LABEL: func.func @inner_broadcast_reused(
// CHECK-SAME: %[[X:.*]]: tensor<3xf32>
// CHECK-DAG: %[[Y:.*]] = weft.broadcast %[[X]] along [1] : tensor<3xf32> -> tensor<4x3xf32>
// CHECK-DAG: %[[Z:.*]] = weft.broadcast %[[X]] along [2] : tensor<3xf32> -> tensor<2x4x3xf32>
// CHECK: return %[[Y]], %[[Z]]
func.func @inner_broadcast_reused(%x: tensor<3xf32>) -> (tensor<4x3xf32>, tensor<2x4x3xf32>) {
  %0 = weft.broadcast %x along [1] : tensor<3xf32> -> tensor<4x3xf32>
  %1 = weft.broadcast %0 along [1, 2] : tensor<4x3xf32> -> tensor<2x4x3xf32>
  return %0, %1 : tensor<4x3xf32>, tensor<2x4x3xf32>
}

// CHECK-LABEL: func.func @reshape_of_reshape(
// CHECK-SAME: %[[X:.*]]: tensor<?x3xf32, #weft.shape<[2 * N, 3]>>
// CHECK-NEXT: %[[Y:.*]] = weft.reshape %[[X]] : tensor<?x3xf32, #weft.shape<[2 * N, 3]>> -> tensor<?x6xf32, #weft.shape<[N, 6]>>
// CHECK-NEXT: return %[[Y]]
func.func @reshape_of_reshape(%x: tensor<?x3xf32, #weft.shape<[2 * N, 3]>>) -> tensor<?x6xf32, #weft.shape<[N, 6]>> {
  %0 = weft.reshape %x : tensor<?x3xf32, #weft.shape<[2 * N, 3]>> -> tensor<?xf32, #weft.shape<[6 * N]>>
  %1 = weft.reshape %0 : tensor<?xf32, #weft.shape<[6 * N]>> -> tensor<?x6xf32, #weft.shape<[N, 6]>>
  return %1 : tensor<?x6xf32, #weft.shape<[N, 6]>>
}

// CHECK-LABEL: func.func @inner_reshape_reused(
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>
// CHECK: %[[Y:.*]] = weft.reshape %[[X]] : tensor<2x3xf32> -> tensor<6xf32>
// CHECK: return %[[Y]], %[[X]]
func.func @inner_reshape_reused(%x: tensor<2x3xf32>) -> (tensor<6xf32>, tensor<2x3xf32>) {
  %0 = weft.reshape %x : tensor<2x3xf32> -> tensor<6xf32>
  %1 = weft.reshape %0 : tensor<6xf32> -> tensor<2x3xf32>
  return %0, %1 : tensor<6xf32>, tensor<2x3xf32>
}

// CHECK-LABEL: func.func @transpose_of_transpose(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>
// CHECK-NEXT: %[[Y:.*]] = weft.transpose %[[X]] [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
// CHECK-NEXT: return %[[Y]]
func.func @transpose_of_transpose(%x: tensor<2x3x4xf32>) -> tensor<4x2x3xf32> {
  %0 = weft.transpose %x [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  %1 = weft.transpose %0 [1, 2, 0] : tensor<3x4x2xf32> -> tensor<4x2x3xf32>
  return %1 : tensor<4x2x3xf32>
}

// CHECK-LABEL: func.func @transposed_there_and_back(
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>
// CHECK-NEXT: return %[[X]]
func.func @transposed_there_and_back(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = weft.transpose %x [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %1 = weft.transpose %0 [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @inner_transpose_reused(
// CHECK-COUNT-2: weft.transpose
func.func @inner_transpose_reused(%x: tensor<2x3x4xf32>) -> (tensor<3x4x2xf32>, tensor<4x2x3xf32>) {
  %0 = weft.transpose %x [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  %1 = weft.transpose %0 [1, 2, 0] : tensor<3x4x2xf32> -> tensor<4x2x3xf32>
  return %0, %1 : tensor<3x4x2xf32>, tensor<4x2x3xf32>
}

// CHECK-LABEL: func.func @slice_of_slice(
// CHECK-SAME: %[[X:.*]]: tensor<?xf32, #weft.shape<[N]>>
// CHECK-NEXT: %[[Y:.*]] = weft.slice %[[X]] from <[N - 3]> by [-2] : tensor<?xf32, #weft.shape<[N]>> -> tensor<?xf32, #weft.shape<[N / 2 - 1]>>
// CHECK-NEXT: return %[[Y]]
func.func @slice_of_slice(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[N / 2 - 1]>> {
  %0 = weft.slice %x from <[N - 1]> by [-1] : tensor<?xf32, #weft.shape<[N]>> -> tensor<?xf32, #weft.shape<[N]>>
  %1 = weft.slice %0 from <[2]> by [2] : tensor<?xf32, #weft.shape<[N]>> -> tensor<?xf32, #weft.shape<[N / 2 - 1]>>
  return %1 : tensor<?xf32, #weft.shape<[N / 2 - 1]>>
}

// CHECK-LABEL: func.func @inner_slice_reused(
// CHECK-SAME: %[[X:.*]]: tensor<9xf32>
// CHECK-DAG: %[[Y:.*]] = weft.slice %[[X]] from <[1]> by [2] : tensor<9xf32> -> tensor<4xf32>
// CHECK-DAG: %[[Z:.*]] = weft.slice %[[X]] from <[3]> by [4] : tensor<9xf32> -> tensor<2xf32>
// CHECK: return %[[Y]], %[[Z]]
func.func @inner_slice_reused(%x: tensor<9xf32>) -> (tensor<4xf32>, tensor<2xf32>) {
  %0 = weft.slice %x from <[1]> by [2] : tensor<9xf32> -> tensor<4xf32>
  %1 = weft.slice %0 from <[1]> by [2] : tensor<4xf32> -> tensor<2xf32>
  return %0, %1 : tensor<4xf32>, tensor<2xf32>
}

// CHECK-LABEL: func.func @strides_that_overflow(
// CHECK-COUNT-2: weft.slice
func.func @strides_that_overflow(%x: tensor<1xf32>) -> tensor<1xf32> {
  %0 = weft.slice %x from <[0]> by [4611686018427387904] : tensor<1xf32> -> tensor<1xf32>
  %1 = weft.slice %0 from <[0]> by [4611686018427387904] : tensor<1xf32> -> tensor<1xf32>
  return %1 : tensor<1xf32>
}

// CHECK-LABEL: func.func @concat_leaves_out_what_is_empty(
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>, %[[Y:.*]]: tensor<2x0xf32>
// CHECK-NEXT: %[[Z:.*]] = weft.concat 1 %[[X]], %[[X]] :
// CHECK-NEXT: return %[[Z]], %[[X]]
func.func @concat_leaves_out_what_is_empty(%x: tensor<2x3xf32>, %y: tensor<2x0xf32>) -> (tensor<2x6xf32>, tensor<2x3xf32>) {
  %0 = weft.concat 1 %x, %y, %x : (tensor<2x3xf32>, tensor<2x0xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %1 = weft.concat 1 %y, %x : (tensor<2x0xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0, %1 : tensor<2x6xf32>, tensor<2x3xf32>
}

// CHECK-LABEL: func.func @concat_of_nothing_but_empty(
// CHECK: weft.concat
func.func @concat_of_nothing_but_empty(%y: tensor<2x0xf32>) -> tensor<2x0xf32> {
  %0 = weft.concat 1 %y, %y : (tensor<2x0xf32>, tensor<2x0xf32>) -> tensor<2x0xf32>
  return %0 : tensor<2x0xf32>
}

// The sum of one -0.0 is 0.0, since sums start from 0.
// CHECK-LABEL: func.func @reduction_over_no_axes(
// CHECK-SAME: %[[X:.*]]: tensor<3xf32>, %[[I:.*]]: tensor<3xi32>
// CHECK-NEXT: %[[SUM:.*]] = weft.reduce sum %[[X]]
// CHECK-NEXT: return %[[X]], %[[I]], %[[SUM]]
func.func @reduction_over_no_axes(%x: tensor<3xf32>, %i: tensor<3xi32>) -> (tensor<3xf32>, tensor<3xi32>, tensor<3xf32>) {
  %0 = weft.reduce max %x axes [] : tensor<3xf32> -> tensor<3xf32>
  %1 = weft.reduce sum %i axes [] : tensor<3xi32> -> tensor<3xi32>
  %2 = weft.reduce sum %x axes [] : tensor<3xf32> -> tensor<3xf32>
  return %0, %1, %2 : tensor<3xf32>, tensor<3xi32>, tensor<3xf32>
}

//===-- Branches ----------------------------------------------------------------------------===//

// CHECK-LABEL: func.func @branch_is_known(
// CHECK-SAME: %[[X:.*]]: tensor<3xf32>
// CHECK-NEXT: %[[Y:.*]] = weft.neg %[[X]]
// CHECK-NEXT: return %[[Y]]
func.func @branch_is_known(%x: tensor<3xf32>) -> tensor<3xf32> {
  %c = weft.constant dense<false> : tensor<i1>
  %0 = weft.if %c -> tensor<3xf32> {
    weft.yield %x : tensor<3xf32>
  } else {
    %1 = weft.neg %x : tensor<3xf32>
    weft.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// CHECK-LABEL: func.func @branch_is_not_known(
// CHECK: weft.if
func.func @branch_is_not_known(%c: tensor<i1>, %x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {
  %0 = weft.if %c -> tensor<3xf32> {
    weft.yield %x : tensor<3xf32>
  } else {
    weft.yield %y : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}
