// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each function breaks one constraint of an operation, the one in its name.
// RUN: weft-opt %s -split-input-file -verify-diagnostics

func.func @constant_c1_dynamic_type() {
  // expected-error @below {{'weft.constant' op value of dynamic type 'tensor<?xf32>'}}
  %0 = "weft.constant"() {value = dense_resource<none> : tensor<?xf32>} : () -> tensor<?xf32>
  return
}

// -----

func.func @constant_c2_sparse_value() {
  // expected-error @below {{'weft.constant' op value is not 'dense'}}
  %0 = "weft.constant"() {value = sparse<[[0]], [1.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  return
}

// -----

func.func @iota_c1_axis_equals_rank() {
  // expected-error @below {{'weft.iota' op axis 1 outside rank 1}}
  %0 = weft.iota 1 : tensor<3xi32>
  return
}

// -----

func.func @iota_c1_scalar() {
  // expected-error @below {{'weft.iota' op axis 0 outside rank 0}}
  %0 = weft.iota 0 : tensor<f32>
  return
}

// -----

func.func @size_c1_two_expressions() {
  // expected-error @below {{'weft.size' op 2 expressions where 1 is expected}}
  %0 = weft.size <[N, M]>
  return
}

// -----

func.func @size_c1_no_expression() {
  // expected-error @below {{'weft.size' op 0 expressions where 1 is expected}}
  %0 = weft.size <[]>
  return
}

// -----

func.func @broadcast_c1_entry_missing(%x: tensor<2x3xf32>) {
  // expected-error @below {{'weft.broadcast' op 'dims' has 1 entries for 2 dimensions}}
  %0 = weft.broadcast %x along [1] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @broadcast_c2_decreasing(%x: tensor<2x2xf32>) {
  // expected-error @below {{'weft.broadcast' op 'dims' names dimension 0 after 1 and does not increase}}
  %0 = weft.broadcast %x along [1, 0] : tensor<2x2xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @broadcast_c2_outside_result(%x: tensor<2xf32>) {
  // expected-error @below {{'weft.broadcast' op 'dims' names dimension 2 outside rank 2}}
  %0 = weft.broadcast %x along [2] : tensor<2xf32> -> tensor<3x2xf32>
  return
}

// -----

func.func @broadcast_c2_negative(%x: tensor<2xf32>) {
  // expected-error @below {{'weft.broadcast' op 'dims' names dimension -1 outside rank 2}}
  %0 = weft.broadcast %x along [-1] : tensor<2xf32> -> tensor<3x2xf32>
  return
}

// -----

func.func @broadcast_c3_sizes_differ(%x: tensor<2xf32>) {
  // expected-error @below {{'weft.broadcast' op dimension 0 of size 2 does not stretch to 4}}
  %0 = weft.broadcast %x along [1] : tensor<2xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @broadcast_c3_expressions_differ(%x: tensor<?xf32, #weft.shape<[N]>>) {
  // expected-error @below {{'weft.broadcast' op dimension 0 of size N does not stretch to 2 * N}}
  %0 = weft.broadcast %x along [1] : tensor<?xf32, #weft.shape<[N]>> -> tensor<3x?xf32, #weft.shape<[3, 2 * N]>>
  return
}

// -----

func.func @broadcast_c4_element_types_differ(%x: tensor<2xf32>) {
  // expected-error @below {{'weft.broadcast' op element types 'f32' and 'f64' differ}}
  %0 = weft.broadcast %x along [1] : tensor<2xf32> -> tensor<3x2xf64>
  return
}

// -----

func.func @reshape_c1_element_lost(%x: tensor<2x3xf32>) {
  // expected-error @below {{'weft.reshape' op 6 elements of dimensions [2, 3] do not fill the 5 of [5]}}
  %0 = weft.reshape %x : tensor<2x3xf32> -> tensor<5xf32>
  return
}

// -----

func.func @reshape_c1_expressions_differ(%x: tensor<?x4xf32, #weft.shape<[N, 4]>>) {
  // expected-error @below {{'weft.reshape' op 4 * N elements of dimensions [N, 4] do not fill the 2 * N of [2 * N]}}
  %0 = weft.reshape %x : tensor<?x4xf32, #weft.shape<[N, 4]>> -> tensor<?xf32, #weft.shape<[2 * N]>>
  return
}

// -----

func.func @reshape_c2_element_types_differ(%x: tensor<2x3xf32>) {
  // expected-error @below {{'weft.reshape' op element types 'f32' and 'i32' differ}}
  %0 = weft.reshape %x : tensor<2x3xf32> -> tensor<6xi32>
  return
}

// -----

func.func @transpose_c1_entry_missing(%x: tensor<2x3xf32>) {
  // expected-error @below {{'weft.transpose' op 'permutation' has 1 entries for 2 dimensions}}
  %0 = weft.transpose %x [0] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @transpose_c1_outside(%x: tensor<2x3xf32>) {
  // expected-error @below {{'weft.transpose' op axis 2 outside rank 2}}
  %0 = weft.transpose %x [0, 2] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @transpose_c1_twice(%x: tensor<2x3xf32>) {
  // expected-error @below {{'weft.transpose' op 'permutation' holds axis 1 twice}}
  %0 = weft.transpose %x [1, 1] : tensor<2x3xf32> -> tensor<3x3xf32>
  return
}

// -----

func.func @transpose_c2_result_not_permuted(%x: tensor<2x3xf32>) {
  // expected-error @below {{'weft.transpose' op result has dimensions [2, 3] where [3, 2] are expected}}
  %0 = weft.transpose %x [1, 0] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @transpose_c2_expression_differs(%x: tensor<?x3xf32, #weft.shape<[N, 3]>>) {
  // expected-error @below {{'weft.transpose' op result has dimensions [3, M] where [3, N] are expected}}
  %0 = weft.transpose %x [1, 0] : tensor<?x3xf32, #weft.shape<[N, 3]>> -> tensor<3x?xf32, #weft.shape<[3, M]>>
  return
}

// -----

func.func @transpose_c3_element_types_differ(%x: tensor<2x3xf32>) {
  // expected-error @below {{'weft.transpose' op element types 'f32' and 'f16' differ}}
  %0 = weft.transpose %x [1, 0] : tensor<2x3xf32> -> tensor<3x2xf16>
  return
}

// -----

func.func @slice_c1_rank_lost(%x: tensor<2x3xf32>) {
  // expected-error @below {{'weft.slice' op result of rank 1 from an input of rank 2}}
  %0 = weft.slice %x from <[0, 0]> by [1, 1] : tensor<2x3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @slice_c1_start_missing(%x: tensor<2x3xf32>) {
  // expected-error @below {{'weft.slice' op 'starts' has 1 entries for 2 dimensions}}
  %0 = weft.slice %x from <[0]> by [1, 1] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @slice_c1_stride_missing(%x: tensor<2x3xf32>) {
  // expected-error @below {{'weft.slice' op 'strides' has 1 entries for 2 dimensions}}
  %0 = weft.slice %x from <[0, 0]> by [1] : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @slice_c2_stride_zero(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.slice' op stride of dimension 0 is 0}}
  %0 = weft.slice %x from <[0]> by [0] : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @slice_c3_past_the_end(%x: tensor<5xf32>) {
  // expected-error @below {{'weft.slice' op element 5 of dimension 0 lies outside its size 5}}
  %0 = weft.slice %x from <[1]> by [2] : tensor<5xf32> -> tensor<3xf32>
  return
}

// -----

func.func @slice_c3_before_the_start(%x: tensor<5xf32>) {
  // expected-error @below {{'weft.slice' op element -1 of dimension 0 lies outside its size 5}}
  %0 = weft.slice %x from <[1]> by [-1] : tensor<5xf32> -> tensor<3xf32>
  return
}

// -----

func.func @slice_c3_past_a_dynamic_end(%x: tensor<?xf32, #weft.shape<[N]>>) {
  // expected-error @below {{'weft.slice' op element N of dimension 0 lies outside its size N}}
  %0 = weft.slice %x from <[N]> by [1] : tensor<?xf32, #weft.shape<[N]>> -> tensor<1xf32>
  return
}

// -----

func.func @slice_c4_element_types_differ(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.slice' op element types 'f32' and 'f64' differ}}
  %0 = weft.slice %x from <[0]> by [1] : tensor<3xf32> -> tensor<2xf64>
  return
}

// -----

func.func @dynamic_slice_c1_rank_lost(%x: tensor<2x3xf32>, %i: tensor<i64>) {
  // expected-error @below {{'weft.dynamic_slice' op result of rank 1 and 2 starts for an input of rank 2}}
  %0 = weft.dynamic_slice %x[%i, %i] : tensor<2x3xf32>, tensor<i64>, tensor<i64> -> tensor<3xf32>
  return
}

// -----

func.func @dynamic_slice_c1_start_missing(%x: tensor<2x3xf32>, %i: tensor<i64>) {
  // expected-error @below {{'weft.dynamic_slice' op result of rank 2 and 1 starts for an input of rank 2}}
  %0 = weft.dynamic_slice %x[%i] : tensor<2x3xf32>, tensor<i64> -> tensor<1x1xf32>
  return
}

// -----

func.func @dynamic_slice_c2_larger_than_input(%x: tensor<3xf32>, %i: tensor<i64>) {
  // expected-error @below {{'weft.dynamic_slice' op dimension 0 of the result is 4, more than the input's 3}}
  %0 = weft.dynamic_slice %x[%i] : tensor<3xf32>, tensor<i64> -> tensor<4xf32>
  return
}

// -----

func.func @dynamic_slice_c2_larger_expression(%x: tensor<?xf32, #weft.shape<[N]>>, %i: tensor<i64>) {
  // expected-error @below {{'weft.dynamic_slice' op dimension 0 of the result is N + 1, more than the input's N}}
  %0 = weft.dynamic_slice %x[%i] : tensor<?xf32, #weft.shape<[N]>>, tensor<i64> -> tensor<?xf32, #weft.shape<[N + 1]>>
  return
}

// -----

func.func @dynamic_slice_c3_element_types_differ(%x: tensor<3xf32>, %i: tensor<i64>) {
  // expected-error @below {{'weft.dynamic_slice' op element types 'f32' and 'i32' differ}}
  %0 = weft.dynamic_slice %x[%i] : tensor<3xf32>, tensor<i64> -> tensor<3xi32>
  return
}

// -----

func.func @update_slice_c1_rank_differs(%x: tensor<2x3xf32>, %u: tensor<3xf32>, %i: tensor<i64>) {
  // expected-error @below {{'weft.update_slice' op update of rank 1 and 2 starts for an input of rank 2}}
  %0 = weft.update_slice %x, %u[%i, %i] : tensor<2x3xf32>, tensor<3xf32>, tensor<i64>, tensor<i64>
  return
}

// -----

func.func @update_slice_c2_larger_than_input(%x: tensor<3xf32>, %u: tensor<4xf32>, %i: tensor<i64>) {
  // expected-error @below {{'weft.update_slice' op dimension 0 of the update is 4, more than the input's 3}}
  %0 = weft.update_slice %x, %u[%i] : tensor<3xf32>, tensor<4xf32>, tensor<i64>
  return
}

// -----

func.func @update_slice_c3_element_types_differ(%x: tensor<3xf32>, %u: tensor<2xf64>, %i: tensor<i64>) {
  // expected-error @below {{'weft.update_slice' op element types 'f32' and 'f64' differ}}
  %0 = weft.update_slice %x, %u[%i] : tensor<3xf32>, tensor<2xf64>, tensor<i64>
  return
}

// -----

func.func @pad_c1_low_missing(%x: tensor<3xf32>, %v: tensor<f32>) {
  // expected-error @below {{'weft.pad' op 'low' has 0 entries for 1 dimensions}}
  %0 = weft.pad %x, %v low <[]> high <[0]> interior [0] : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @pad_c1_high_missing(%x: tensor<3xf32>, %v: tensor<f32>) {
  // expected-error @below {{'weft.pad' op 'high' has 0 entries for 1 dimensions}}
  %0 = weft.pad %x, %v low <[0]> high <[]> interior [0] : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @pad_c1_interior_missing(%x: tensor<3xf32>, %v: tensor<f32>) {
  // expected-error @below {{'weft.pad' op 'interior' has 0 entries for 1 dimensions}}
  %0 = weft.pad %x, %v low <[0]> high <[0]> interior [] : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @pad_c1_negative(%x: tensor<3xf32>, %v: tensor<f32>) {
  // expected-error @below {{'weft.pad' op padding of dimension 0 by -1, less than 0}}
  %0 = weft.pad %x, %v low <[-1]> high <[0]> interior [0] : tensor<3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @pad_c2_result_too_small(%x: tensor<3xf32>, %v: tensor<f32>) {
  // expected-error @below {{'weft.pad' op result has dimensions [5] where [7] are expected}}
  %0 = weft.pad %x, %v low <[1]> high <[1]> interior [1] : tensor<3xf32> -> tensor<5xf32>
  return
}

// -----

func.func @pad_c2_interior_of_dynamic(%x: tensor<?xf32, #weft.shape<[N]>>, %v: tensor<f32>) {
  // expected-error @below {{'weft.pad' op interior padding of dimension 0, whose size N is dynamic}}
  %0 = weft.pad %x, %v low <[0]> high <[0]> interior [1] : tensor<?xf32, #weft.shape<[N]>> -> tensor<?xf32, #weft.shape<[2 * N]>>
  return
}

// -----

func.func @pad_c3_element_types_differ(%x: tensor<3xf32>, %v: tensor<f32>) {
  // expected-error @below {{'weft.pad' op element types 'f32' and 'f64' differ}}
  %0 = weft.pad %x, %v low <[0]> high <[0]> interior [0] : tensor<3xf32> -> tensor<3xf64>
  return
}

// -----

func.func @concat_c1_no_input() {
  // expected-error @below {{'weft.concat' op joins no input}}
  %0 = "weft.concat"() {axis = 0 : i64} : () -> tensor<3xf32>
  return
}

// -----

func.func @concat_c2_axis_equals_rank(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.concat' op axis 1 outside rank 1}}
  %0 = weft.concat 1 %x : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @concat_c3_other_dimension_differs(%x: tensor<3x2xf32>, %y: tensor<3x4xf32>) {
  // expected-error @below {{'weft.concat' op joins dimensions [3, 4] to [3, 2], which differ beside axis 0}}
  %0 = weft.concat 0 %x, %y : (tensor<3x2xf32>, tensor<3x4xf32>) -> tensor<6x2xf32>
  return
}

// -----

func.func @concat_c3_rank_differs(%x: tensor<3xf32>, %y: tensor<3x1xf32>) {
  // expected-error @below {{'weft.concat' op joins dimensions [3, 1] to [3], which differ beside axis 0}}
  %0 = weft.concat 0 %x, %y : (tensor<3xf32>, tensor<3x1xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @concat_c4_sum_differs(%x: tensor<?xf32, #weft.shape<[N]>>, %y: tensor<2xf32>) {
  // expected-error @below {{'weft.concat' op result has dimensions [2 * N] where [N + 2] are expected}}
  %0 = weft.concat 0 %x, %y : (tensor<?xf32, #weft.shape<[N]>>, tensor<2xf32>) -> tensor<?xf32, #weft.shape<[2 * N]>>
  return
}

// -----

func.func @concat_c5_element_types_differ(%x: tensor<3xf32>, %y: tensor<3xf64>) {
  // expected-error @below {{'weft.concat' op element types 'f32' and 'f64' differ}}
  %0 = weft.concat 0 %x, %y : (tensor<3xf32>, tensor<3xf64>) -> tensor<6xf32>
  return
}

// -----

func.func @gather_c1_axis_equals_rank(%x: tensor<3xf32>, %i: tensor<2xi64>) {
  // expected-error @below {{'weft.gather' op axis 1 outside rank 1}}
  %0 = weft.gather %x, %i axis 1 : tensor<3xf32>, tensor<2xi64> -> tensor<2xf32>
  return
}

// -----

func.func @gather_c1_batch_beyond_axis(%x: tensor<3x4xf32>, %i: tensor<3xi64>) {
  // expected-error @below {{'weft.gather' op 1 batch dimensions reach beyond axis 0}}
  %0 = weft.gather %x, %i axis 0 batch 1 : tensor<3x4xf32>, tensor<3xi64> -> tensor<3x4xf32>
  return
}

// -----

func.func @gather_c1_batch_beyond_indices(%x: tensor<3x4xf32>, %i: tensor<i64>) {
  // expected-error @below {{'weft.gather' op 1 batch dimensions of indices of rank 0}}
  %0 = weft.gather %x, %i axis 1 batch 1 : tensor<3x4xf32>, tensor<i64> -> tensor<3xf32>
  return
}

// -----

func.func @gather_c2_batch_differs(%x: tensor<3x4xf32>, %i: tensor<2x5xi64>) {
  // expected-error @below {{'weft.gather' op batch dimensions [2] of the indices beside [3] of the input}}
  %0 = weft.gather %x, %i axis 1 batch 1 : tensor<3x4xf32>, tensor<2x5xi64> -> tensor<3x5xf32>
  return
}

// -----

func.func @gather_c3_result_differs(%x: tensor<3x4xf32>, %i: tensor<5xi64>) {
  // expected-error @below {{'weft.gather' op result has dimensions [5, 4] where [3, 5] are expected}}
  %0 = weft.gather %x, %i axis 1 : tensor<3x4xf32>, tensor<5xi64> -> tensor<5x4xf32>
  return
}

// -----

func.func @gather_c4_element_types_differ(%x: tensor<3xf32>, %i: tensor<2xi64>) {
  // expected-error @below {{'weft.gather' op element types 'f32' and 'f64' differ}}
  %0 = weft.gather %x, %i axis 0 : tensor<3xf32>, tensor<2xi64> -> tensor<2xf64>
  return
}

// -----

func.func @scatter_c1_axis_equals_rank(%x: tensor<3xf32>, %i: tensor<2xi64>, %u: tensor<2xf32>) {
  // expected-error @below {{'weft.scatter' op axis 1 outside rank 1}}
  %0 = weft.scatter add %x, %i, %u axis 1 : tensor<3xf32>, tensor<2xi64>, tensor<2xf32>
  return
}

// -----

func.func @scatter_c2_updates_differ(%x: tensor<3x4xf32>, %i: tensor<2xi64>, %u: tensor<3x4xf32>) {
  // expected-error @below {{'weft.scatter' op updates has dimensions [3, 4] where [2, 4] are expected}}
  %0 = weft.scatter add %x, %i, %u axis 0 : tensor<3x4xf32>, tensor<2xi64>, tensor<3x4xf32>
  return
}

// -----

func.func @scatter_c3_element_types_differ(%x: tensor<3xf32>, %i: tensor<2xi64>, %u: tensor<2xf64>) {
  // expected-error @below {{'weft.scatter' op element types 'f32' and 'f64' differ}}
  %0 = weft.scatter add %x, %i, %u axis 0 : tensor<3xf32>, tensor<2xi64>, tensor<2xf64>
  return
}

// -----

func.func @scatter_c4_sum_of_bool(%x: tensor<3xi1>, %i: tensor<2xi64>, %u: tensor<2xi1>) {
  // expected-error @below {{'weft.scatter' op 'add' of bool, which only 'set' takes}}
  %0 = weft.scatter add %x, %i, %u axis 0 : tensor<3xi1>, tensor<2xi64>, tensor<2xi1>
  return
}
