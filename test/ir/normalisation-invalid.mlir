// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each function breaks one constraint of an operation, the one in its name.
// RUN: weft-opt %s -split-input-file -verify-diagnostics

func.func @softmax_c1_axis_equals_rank(%x: tensor<2x4x6xf32>) {
  // expected-error @below {{'weft.softmax' op axis 3 outside rank 3}}
  %0 = weft.softmax %x axis 3 : tensor<2x4x6xf32>
  return
}

// -----

func.func @log_softmax_c1_axis_equals_rank(%x: tensor<2x4x6xf32>) {
  // expected-error @below {{'weft.log_softmax' op axis 3 outside rank 3}}
  %0 = weft.log_softmax %x axis 3 : tensor<2x4x6xf32>
  return
}

// -----

func.func @layer_norm_c1_axis_equals_rank(%x: tensor<2x4x6xf32>) {
  // expected-error @below {{'weft.layer_norm' op axis 3 outside rank 3}}
  %0 = weft.layer_norm %x axis 3 epsilon 1.0 : tensor<2x4x6xf32>
  return
}

// -----

func.func @layer_norm_c2_scale_differs(%x: tensor<2x4x6xf32>, %s: tensor<4xf32>) {
  // expected-error @below {{'weft.layer_norm' op scale has dimensions [4] where [6] are expected}}
  %0 = weft.layer_norm %x scale %s : tensor<4xf32> axis 2 epsilon 1.0 : tensor<2x4x6xf32>
  return
}

// -----

func.func @layer_norm_c2_shift_differs(%x: tensor<2x4x6xf32>, %s: tensor<6xf32>) {
  // expected-error @below {{'weft.layer_norm' op shift has dimensions [6] where [4, 6] are expected}}
  %0 = weft.layer_norm %x shift %s : tensor<6xf32> axis 1 epsilon 1.0 : tensor<2x4x6xf32>
  return
}

// -----

func.func @layer_norm_c3_element_types_differ(%x: tensor<2x4x6xf32>, %s: tensor<6xf16>) {
  // expected-error @below {{'weft.layer_norm' op element types 'f32' and 'f16' differ}}
  %0 = weft.layer_norm %x scale %s : tensor<6xf16> axis 2 epsilon 1.0 : tensor<2x4x6xf32>
  return
}

// -----

func.func @rms_norm_c1_axis_equals_rank(%x: tensor<2x4x6xf32>) {
  // expected-error @below {{'weft.rms_norm' op axis 3 outside rank 3}}
  %0 = weft.rms_norm %x axis 3 epsilon 1.0 : tensor<2x4x6xf32>
  return
}

// -----

func.func @rms_norm_c2_scale_differs(%x: tensor<2x4x6xf32>, %s: tensor<4xf32>) {
  // expected-error @below {{'weft.rms_norm' op scale has dimensions [4] where [6] are expected}}
  %0 = weft.rms_norm %x scale %s : tensor<4xf32> axis 2 epsilon 1.0 : tensor<2x4x6xf32>
  return
}

// -----

func.func @rms_norm_c3_element_types_differ(%x: tensor<2x4x6xf32>, %s: tensor<6xf16>) {
  // expected-error @below {{'weft.rms_norm' op element types 'f32' and 'f16' differ}}
  %0 = weft.rms_norm %x scale %s : tensor<6xf16> axis 2 epsilon 1.0 : tensor<2x4x6xf32>
  return
}

// -----

func.func @batch_norm_c1_rank_1(%x: tensor<4xf32>, %s: tensor<4xf32>) {
  // expected-error @below {{'weft.batch_norm' op input of rank 1, which must be [N, C, ...]}}
  %0 = weft.batch_norm %x, %s, %s, %s, %s epsilon 1.0 : tensor<4xf32>, tensor<4xf32>
  return
}

// -----

func.func @batch_norm_c2_scale_differs(%x: tensor<2x4x6xf32>, %s: tensor<6xf32>) {
  // expected-error @below {{'weft.batch_norm' op scale has dimensions [6] where [4] are expected}}
  %0 = weft.batch_norm %x, %s, %s, %s, %s epsilon 1.0 : tensor<2x4x6xf32>, tensor<6xf32>
  return
}

// -----

func.func @batch_norm_c3_element_types_differ(%x: tensor<2x4x6xf32>, %s: tensor<4xf64>) {
  // expected-error @below {{'weft.batch_norm' op element types 'f32' and 'f64' differ}}
  %0 = weft.batch_norm %x, %s, %s, %s, %s epsilon 1.0 : tensor<2x4x6xf32>, tensor<4xf64>
  return
}

// -----

func.func @group_norm_c1_rank_1(%x: tensor<4xf32>) {
  // expected-error @below {{'weft.group_norm' op input of rank 1, which must be [N, C, ...]}}
  %0 = weft.group_norm %x groups 2 epsilon 1.0 : tensor<4xf32>
  return
}

// -----

func.func @group_norm_c2_does_not_divide(%x: tensor<2x4x6xf32>) {
  // expected-error @below {{'weft.group_norm' op 4 channels do not divide into 3 groups}}
  %0 = weft.group_norm %x groups 3 epsilon 1.0 : tensor<2x4x6xf32>
  return
}

// -----

func.func @group_norm_c2_dynamic_channels(%x: tensor<2x?xf32, #weft.shape<[2, C]>>) {
  // expected-error @below {{'weft.group_norm' op C channels, whose number must be static}}
  %0 = weft.group_norm %x groups 1 epsilon 1.0 : tensor<2x?xf32, #weft.shape<[2, C]>>
  return
}

// -----

func.func @group_norm_c3_scale_differs(%x: tensor<2x4x6xf32>, %s: tensor<6xf32>) {
  // expected-error @below {{'weft.group_norm' op scale has dimensions [6] where [4] are expected}}
  %0 = weft.group_norm %x scale %s : tensor<6xf32> groups 2 epsilon 1.0 : tensor<2x4x6xf32>
  return
}

// -----

func.func @group_norm_c4_element_types_differ(%x: tensor<2x4x6xf32>, %s: tensor<4xf64>) {
  // expected-error @below {{'weft.group_norm' op element types 'f32' and 'f64' differ}}
  %0 = weft.group_norm %x shift %s : tensor<4xf64> groups 2 epsilon 1.0 : tensor<2x4x6xf32>
  return
}

// -----

func.func @attention_c1_ranks_differ(%q: tensor<3x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x4xf32>) {
  // expected-error @below {{'weft.attention' op query, key and value of ranks 2, 3 and 3, which must be equal and at least 2}}
  %0 = weft.attention %q, %k, %v scale 1.0 : tensor<3x8xf32>, tensor<2x5x8xf32>, tensor<2x5x4xf32> -> tensor<2x3x4xf32>
  return
}

// -----

func.func @attention_c1_rank_1(%q: tensor<8xf32>, %k: tensor<8xf32>, %v: tensor<8xf32>) {
  // expected-error @below {{'weft.attention' op query, key and value of ranks 1, 1 and 1, which must be equal and at least 2}}
  %0 = weft.attention %q, %k, %v scale 1.0 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32> -> tensor<8xf32>
  return
}

// -----

func.func @attention_c2_batch_differs(%q: tensor<2x3x8xf32>, %k: tensor<3x5x8xf32>, %v: tensor<2x5x4xf32>) {
  // expected-error @below {{'weft.attention' op leading dimensions of query [2, 3, 8], key [3, 5, 8] and value [2, 5, 4] differ}}
  %0 = weft.attention %q, %k, %v scale 1.0 : tensor<2x3x8xf32>, tensor<3x5x8xf32>, tensor<2x5x4xf32> -> tensor<2x3x4xf32>
  return
}

// -----

func.func @attention_c3_depth_differs(%q: tensor<2x3x8xf32>, %k: tensor<2x5x7xf32>, %v: tensor<2x5x4xf32>) {
  // expected-error @below {{'weft.attention' op query of depth 8 meets keys of depth 7}}
  %0 = weft.attention %q, %k, %v scale 1.0 : tensor<2x3x8xf32>, tensor<2x5x7xf32>, tensor<2x5x4xf32> -> tensor<2x3x4xf32>
  return
}

// -----

func.func @attention_c3_value_missing(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x4x4xf32>) {
  // expected-error @below {{'weft.attention' op 5 keys beside 4 values}}
  %0 = weft.attention %q, %k, %v scale 1.0 : tensor<2x3x8xf32>, tensor<2x5x8xf32>, tensor<2x4x4xf32> -> tensor<2x3x4xf32>
  return
}

// -----

func.func @attention_c3_result_differs(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x4xf32>) {
  // expected-error @below {{'weft.attention' op result has dimensions [2, 3, 8] where [2, 3, 4] are expected}}
  %0 = weft.attention %q, %k, %v scale 1.0 : tensor<2x3x8xf32>, tensor<2x5x8xf32>, tensor<2x5x4xf32> -> tensor<2x3x8xf32>
  return
}

// -----

func.func @attention_c3_mask_differs(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x4xf32>, %m: tensor<2x5x3xi1>) {
  // expected-error @below {{'weft.attention' op mask has dimensions [2, 5, 3] where [2, 3, 5] are expected}}
  %0 = weft.attention %q, %k, %v mask %m : tensor<2x5x3xi1> scale 1.0 : tensor<2x3x8xf32>, tensor<2x5x8xf32>, tensor<2x5x4xf32> -> tensor<2x3x4xf32>
  return
}

// -----

func.func @attention_c4_element_types_differ(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf16>, %v: tensor<2x5x4xf32>) {
  // expected-error @below {{'weft.attention' op element types 'f32' and 'f16' differ}}
  %0 = weft.attention %q, %k, %v scale 1.0 : tensor<2x3x8xf32>, tensor<2x5x8xf16>, tensor<2x5x4xf32> -> tensor<2x3x4xf32>
  return
}

// -----

func.func @attention_c4_mask_of_another_float(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>, %v: tensor<2x5x4xf32>, %m: tensor<2x3x5xf64>) {
  // expected-error @below {{'weft.attention' op element types 'f32' and 'f64' differ}}
  %0 = weft.attention %q, %k, %v mask %m : tensor<2x3x5xf64> scale 1.0 : tensor<2x3x8xf32>, tensor<2x5x8xf32>, tensor<2x5x4xf32> -> tensor<2x3x4xf32>
  return
}
