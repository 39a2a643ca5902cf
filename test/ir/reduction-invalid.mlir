// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each function breaks one constraint of an operation, the one in its name.
// RUN: weft-opt %s -split-input-file -verify-diagnostics

func.func @reduce_c1_decreasing(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.reduce' op 'axes' names dimension 0 after 1 and does not increase}}
  %0 = weft.reduce sum %x axes [1, 0] : tensor<4x5xf32> -> tensor<f32>
  return
}

// -----

func.func @reduce_c1_twice(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.reduce' op 'axes' names dimension 1 after 1 and does not increase}}
  %0 = weft.reduce sum %x axes [1, 1] : tensor<4x5xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_c1_outside(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.reduce' op 'axes' names dimension 2 outside rank 2}}
  %0 = weft.reduce sum %x axes [2] : tensor<4x5xf32> -> tensor<4x5xf32>
  return
}

// -----

func.func @reduce_c2_wrong_axis_removed(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.reduce' op result has dimensions [4] where [5] are expected}}
  %0 = weft.reduce sum %x axes [0] : tensor<4x5xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_c3_sum_of_bool(%x: tensor<3xi1>) {
  // expected-error @below {{'weft.reduce' op 'sum' of bool, where a number is expected}}
  %0 = weft.reduce sum %x axes [0] : tensor<3xi1> -> tensor<i1>
  return
}

// -----

func.func @reduce_c3_and_of_float(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.reduce' op 'and' of f32, where bool is expected}}
  %0 = weft.reduce and %x axes [0] : tensor<3xf32> -> tensor<f32>
  return
}

// -----

func.func @reduce_c4_element_types_differ(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.reduce' op element types 'f32' and 'f64' differ}}
  %0 = weft.reduce sum %x axes [0] : tensor<4x5xf32> -> tensor<5xf64>
  return
}

// -----

func.func @arg_sort_c1_axis_equals_rank(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.arg_sort' op axis 2 outside rank 2}}
  %0 = weft.arg_sort %x axis 2 : tensor<4x5xf32> -> tensor<4x5xi64>
  return
}

// -----

func.func @arg_c1_axis_equals_rank(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.arg' op axis 2 outside rank 2}}
  %0 = weft.arg max %x axis 2 : tensor<4x5xf32> -> tensor<4xi64>
  return
}

// -----

func.func @arg_c2_axis_kept(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.arg' op result has dimensions [4, 1] where [4] are expected}}
  %0 = weft.arg max %x axis 1 : tensor<4x5xf32> -> tensor<4x1xi64>
  return
}

// -----

func.func @cumulative_c1_axis_equals_rank(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.cumulative' op axis 2 outside rank 2}}
  %0 = weft.cumulative sum %x axis 2 : tensor<4x5xf32>
  return
}

// -----

func.func @pool_c1_no_window(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.pool' op window of 0 dimensions over an input of rank 2}}
  %0 = weft.pool max %x window [] strides [] pad [] [] dilations [] : tensor<4x5xf32> -> tensor<4x5xf32>
  return
}

// -----

func.func @pool_c1_window_beyond_rank(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.pool' op window of 3 dimensions over an input of rank 2}}
  %0 = weft.pool max %x window [1, 1, 1] strides [1, 1, 1] pad [0, 0, 0] [0, 0, 0] dilations [1, 1, 1] : tensor<4x5xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @pool_c1_stride_missing(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.pool' op 'strides' has 0 entries for 1 window dimensions}}
  %0 = weft.pool max %x window [2] strides [] pad [0] [0] dilations [1] : tensor<4x5xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @pool_c1_padding_too_long(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.pool' op 'pad_high' has 2 entries for 1 window dimensions}}
  %0 = weft.pool max %x window [2] strides [1] pad [0] [0, 0] dilations [1] : tensor<4x5xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @pool_c2_window_zero(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.pool' op 'window' holds 0, less than 1}}
  %0 = weft.pool max %x window [0] strides [1] pad [0] [0] dilations [1] : tensor<4x5xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @pool_c2_stride_zero(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.pool' op 'strides' holds 0, less than 1}}
  %0 = weft.pool max %x window [2] strides [0] pad [0] [0] dilations [1] : tensor<4x5xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @pool_c2_padding_negative(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.pool' op 'pad_low' holds -1, less than 0}}
  %0 = weft.pool max %x window [2] strides [1] pad [-1] [0] dilations [1] : tensor<4x5xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @pool_c2_dilation_negative(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.pool' op 'dilations' holds -1, less than 1}}
  %0 = weft.pool max %x window [2] strides [1] pad [0] [0] dilations [-1] : tensor<4x5xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @pool_c3_leading_differs(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.pool' op result has dimensions [3, 4] where [4, 4] are expected}}
  %0 = weft.pool max %x window [2] strides [1] pad [0] [0] dilations [1] : tensor<4x5xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @pool_c4_places_differ(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.pool' op result has dimensions [4, 3] where [4, 2] are expected}}
  %0 = weft.pool max %x window [2] strides [2] pad [0] [0] dilations [1] : tensor<4x5xf32> -> tensor<4x3xf32>
  return
}

// -----

func.func @pool_c5_element_types_differ(%x: tensor<4x5xf32>) {
  // expected-error @below {{'weft.pool' op element types 'f32' and 'f64' differ}}
  %0 = weft.pool max %x window [2] strides [1] pad [0] [0] dilations [1] : tensor<4x5xf32> -> tensor<4x4xf64>
  return
}

// -----

func.func @pool_c6_average_of_integers(%x: tensor<4x5xi32>) {
  // expected-error @below {{'weft.pool' op 'avg' of i32, where a float is expected}}
  %0 = weft.pool avg %x window [2] strides [1] pad [0] [0] dilations [1] : tensor<4x5xi32> -> tensor<4x4xi32>
  return
}
