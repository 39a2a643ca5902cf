// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each function breaks one constraint of an operation, the one in its name.
// RUN: weft-opt %s -split-input-file -verify-diagnostics

func.func @contract_c1_no_arrow(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) {
  // expected-error @below {{'weft.contract' op equation 'ik,kj' is not of the form 'labels,labels->labels'}}
  %0 = weft.contract "ik,kj" %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @contract_c1_no_comma(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) {
  // expected-error @below {{'weft.contract' op equation 'ikkj->ij' is not of the form 'labels,labels->labels'}}
  %0 = weft.contract "ikkj->ij" %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @contract_c1_no_letter(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) {
  // expected-error @below {{'weft.contract' op equation 'i1,1j->ij' is not of the form 'labels,labels->labels'}}
  %0 = weft.contract "i1,1j->ij" %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @contract_c1_three_operands(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) {
  // expected-error @below {{'weft.contract' op equation 'ik,kj,j->ij' is not of the form 'labels,labels->labels'}}
  %0 = weft.contract "ik,kj,j->ij" %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @contract_c1_label_missing(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) {
  // expected-error @below {{'weft.contract' op labels 'i' for an operand of rank 2}}
  %0 = weft.contract "i,kj->ij" %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @contract_c2_twice_in_operand(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) {
  // expected-error @below {{'weft.contract' op label 'k' stands twice in 'kk'}}
  %0 = weft.contract "kk,kj->kj" %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @contract_c2_twice_in_result(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) {
  // expected-error @below {{'weft.contract' op label 'i' stands twice in 'ii'}}
  %0 = weft.contract "ik,kj->ii" %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @contract_c3_summed_alone(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) {
  // expected-error @below {{'weft.contract' op label 'j' of one operand alone is not in the result}}
  %0 = weft.contract "ik,kj->i" %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4xf32>
  return
}

// -----

func.func @contract_c3_out_of_nowhere(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) {
  // expected-error @below {{'weft.contract' op label 'm' of the result is in no operand}}
  %0 = weft.contract "ik,kj->ijm" %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6x1xf32>
  return
}

// -----

func.func @contract_c4_operands_differ(%a: tensor<4x5xf32>, %b: tensor<7x6xf32>) {
  // expected-error @below {{'weft.contract' op label 'k' stands for dimension 5 and for dimension 7}}
  %0 = weft.contract "ik,kj->ij" %a, %b : tensor<4x5xf32>, tensor<7x6xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @contract_c4_expressions_differ(%a: tensor<4x?xf32, #weft.shape<[4, N]>>, %b: tensor<?x6xf32, #weft.shape<[M, 6]>>) {
  // expected-error @below {{'weft.contract' op label 'k' stands for dimension N and for dimension M}}
  %0 = weft.contract "ik,kj->ij" %a, %b : tensor<4x?xf32, #weft.shape<[4, N]>>, tensor<?x6xf32, #weft.shape<[M, 6]>> -> tensor<4x6xf32>
  return
}

// -----

func.func @contract_c4_result_differs(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) {
  // expected-error @below {{'weft.contract' op result has dimensions [6, 4] where [4, 6] are expected}}
  %0 = weft.contract "ik,kj->ij" %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<6x4xf32>
  return
}

// -----

func.func @contract_c5_operands_of_two_types(%a: tensor<4x5xf32>, %b: tensor<5x6xf16>) {
  // expected-error @below {{'weft.contract' op element types 'f32' and 'f16' differ}}
  %0 = weft.contract "ik,kj->ij" %a, %b : tensor<4x5xf32>, tensor<5x6xf16> -> tensor<4x6xf32>
  return
}

// -----

func.func @contract_c5_result_widened(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) {
  // expected-error @below {{'weft.contract' op result of f64 from operands of f32}}
  %0 = weft.contract "ik,kj->ij" %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf64>
  return
}

// -----

func.func @conv_c1_no_spatial_dimension(%x: tensor<2x4xf32>, %w: tensor<6x2xf32>) {
  // expected-error @below {{'weft.conv' op input of rank 2, which must be [N, C] and 1 to 3 spatial dimensions}}
  %0 = weft.conv %x, %w strides [] pad [] [] dilations [] groups 2 : tensor<2x4xf32>, tensor<6x2xf32> -> tensor<2x6xf32>
  return
}

// -----

func.func @conv_c1_four_spatial_dimensions(%x: tensor<2x4x1x1x1x1xf32>, %w: tensor<6x2x1x1x1x1xf32>) {
  // expected-error @below {{'weft.conv' op input of rank 6, which must be [N, C] and 1 to 3 spatial dimensions}}
  %0 = weft.conv %x, %w strides [1] pad [0] [0] dilations [1] groups 2 : tensor<2x4x1x1x1x1xf32>, tensor<6x2x1x1x1x1xf32> -> tensor<2x6x1x1x1x1xf32>
  return
}

// -----

func.func @conv_c1_filter_rank_differs(%x: tensor<2x4x9xf32>, %w: tensor<6x2xf32>) {
  // expected-error @below {{'weft.conv' op filter of rank 2 for an input of rank 3}}
  %0 = weft.conv %x, %w strides [1] pad [0] [0] dilations [1] groups 2 : tensor<2x4x9xf32>, tensor<6x2xf32> -> tensor<2x6x7xf32>
  return
}

// -----

func.func @conv_c1_dilation_missing(%x: tensor<2x4x9xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv' op 'dilations' has 0 entries for 1 window dimensions}}
  %0 = weft.conv %x, %w strides [1] pad [0] [0] dilations [] groups 2 : tensor<2x4x9xf32>, tensor<6x2x3xf32> -> tensor<2x6x7xf32>
  return
}

// -----

func.func @conv_c2_stride_zero(%x: tensor<2x4x9xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv' op 'strides' holds 0, less than 1}}
  %0 = weft.conv %x, %w strides [0] pad [0] [0] dilations [1] groups 2 : tensor<2x4x9xf32>, tensor<6x2x3xf32> -> tensor<2x6x7xf32>
  return
}

// -----

func.func @conv_c2_padding_negative(%x: tensor<2x4x9xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv' op 'pad_high' holds -1, less than 0}}
  %0 = weft.conv %x, %w strides [1] pad [0] [-1] dilations [1] groups 2 : tensor<2x4x9xf32>, tensor<6x2x3xf32> -> tensor<2x6x7xf32>
  return
}

// -----

func.func @conv_c3_channels_differ(%x: tensor<2x4x9xf32>, %w: tensor<6x3x3xf32>) {
  // expected-error @below {{'weft.conv' op input of 4 channels for 1 groups of 3}}
  %0 = weft.conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x4x9xf32>, tensor<6x3x3xf32> -> tensor<2x6x7xf32>
  return
}

// -----

func.func @conv_c3_filters_do_not_divide(%x: tensor<2x4x9xf32>, %w: tensor<6x1x3xf32>) {
  // expected-error @below {{'weft.conv' op 6 filters do not divide into 4 groups}}
  %0 = weft.conv %x, %w strides [1] pad [0] [0] dilations [1] groups 4 : tensor<2x4x9xf32>, tensor<6x1x3xf32> -> tensor<2x6x7xf32>
  return
}

// -----

func.func @conv_c4_places_differ(%x: tensor<2x4x9xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv' op result has dimensions [2, 6, 7] where [2, 6, 5] are expected}}
  %0 = weft.conv %x, %w strides [2] pad [1] [1] dilations [1] groups 2 : tensor<2x4x9xf32>, tensor<6x2x3xf32> -> tensor<2x6x7xf32>
  return
}

// -----

func.func @conv_c4_batch_differs(%x: tensor<2x4x9xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv' op result has dimensions [3, 6, 7] where [2, 6, 7] are expected}}
  %0 = weft.conv %x, %w strides [1] pad [0] [0] dilations [1] groups 2 : tensor<2x4x9xf32>, tensor<6x2x3xf32> -> tensor<3x6x7xf32>
  return
}

// -----

func.func @conv_c4_expression_differs(%x: tensor<2x4x?xf32, #weft.shape<[2, 4, L]>>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv' op result has dimensions [2, 6, L] where [2, 6, L - 2] are expected}}
  %0 = weft.conv %x, %w strides [1] pad [0] [0] dilations [1] groups 2 : tensor<2x4x?xf32, #weft.shape<[2, 4, L]>>, tensor<6x2x3xf32> -> tensor<2x6x?xf32, #weft.shape<[2, 6, L]>>
  return
}

// -----

func.func @conv_c5_dynamic_filter(%x: tensor<2x4x9xf32>, %w: tensor<6x2x?xf32, #weft.shape<[6, 2, K]>>) {
  // expected-error @below {{'weft.conv' op filter of dynamic dimensions [6, 2, K]}}
  %0 = weft.conv %x, %w strides [1] pad [0] [0] dilations [1] groups 2 : tensor<2x4x9xf32>, tensor<6x2x?xf32, #weft.shape<[6, 2, K]>> -> tensor<2x6x7xf32>
  return
}

// -----

func.func @conv_c6_element_types_differ(%x: tensor<2x4x9xf32>, %w: tensor<6x2x3xf64>) {
  // expected-error @below {{'weft.conv' op element types 'f32' and 'f64' differ}}
  %0 = weft.conv %x, %w strides [1] pad [0] [0] dilations [1] groups 2 : tensor<2x4x9xf32>, tensor<6x2x3xf64> -> tensor<2x6x7xf32>
  return
}

// -----

func.func @conv_transpose_c1_output_padding_missing(%x: tensor<2x6x5xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv_transpose' op 'output_padding' has 0 entries for 1 window dimensions}}
  %0 = weft.conv_transpose %x, %w strides [1] pad [0] [0] dilations [1] output_padding [] groups 2 : tensor<2x6x5xf32>, tensor<6x2x3xf32> -> tensor<2x4x7xf32>
  return
}

// -----

func.func @conv_transpose_c1_stride_missing(%x: tensor<2x6x5xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv_transpose' op 'strides' has 0 entries for 1 window dimensions}}
  %0 = weft.conv_transpose %x, %w strides [] pad [0] [0] dilations [1] output_padding [0] groups 2 : tensor<2x6x5xf32>, tensor<6x2x3xf32> -> tensor<2x4x7xf32>
  return
}

// -----

func.func @conv_transpose_c2_output_padding_negative(%x: tensor<2x6x5xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv_transpose' op 'output_padding' holds -1, less than 0}}
  %0 = weft.conv_transpose %x, %w strides [1] pad [0] [0] dilations [1] output_padding [-1] groups 2 : tensor<2x6x5xf32>, tensor<6x2x3xf32> -> tensor<2x4x7xf32>
  return
}

// -----

func.func @conv_transpose_c2_dilation_zero(%x: tensor<2x6x5xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv_transpose' op 'dilations' holds 0, less than 1}}
  %0 = weft.conv_transpose %x, %w strides [1] pad [0] [0] dilations [0] output_padding [0] groups 2 : tensor<2x6x5xf32>, tensor<6x2x3xf32> -> tensor<2x4x7xf32>
  return
}

// -----

func.func @conv_transpose_c3_channels_do_not_divide(%x: tensor<2x6x5xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv_transpose' op 6 channels do not divide into 4 groups}}
  %0 = weft.conv_transpose %x, %w strides [1] pad [0] [0] dilations [1] output_padding [0] groups 4 : tensor<2x6x5xf32>, tensor<6x2x3xf32> -> tensor<2x4x7xf32>
  return
}

// -----

func.func @conv_transpose_c4_channels_differ(%x: tensor<2x6x5xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @below {{'weft.conv_transpose' op input of 6 channels for filters of 4}}
  %0 = weft.conv_transpose %x, %w strides [1] pad [0] [0] dilations [1] output_padding [0] groups 2 : tensor<2x6x5xf32>, tensor<4x2x3xf32> -> tensor<2x4x7xf32>
  return
}

// -----

func.func @conv_transpose_c4_places_differ(%x: tensor<2x6x5xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv_transpose' op result has dimensions [2, 4, 7] where [2, 4, 11] are expected}}
  %0 = weft.conv_transpose %x, %w strides [2] pad [0] [0] dilations [1] output_padding [0] groups 2 : tensor<2x6x5xf32>, tensor<6x2x3xf32> -> tensor<2x4x7xf32>
  return
}

// -----

func.func @conv_transpose_c5_dynamic_filter(%x: tensor<2x6x5xf32>, %w: tensor<6x?x3xf32, #weft.shape<[6, O, 3]>>) {
  // expected-error @below {{'weft.conv_transpose' op filter of dynamic dimensions [6, O, 3]}}
  %0 = weft.conv_transpose %x, %w strides [1] pad [0] [0] dilations [1] output_padding [0] groups 2 : tensor<2x6x5xf32>, tensor<6x?x3xf32, #weft.shape<[6, O, 3]>> -> tensor<2x4x7xf32>
  return
}

// -----

func.func @conv_transpose_c6_element_types_differ(%x: tensor<2x6x5xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'weft.conv_transpose' op result of f64 from operands of f32}}
  %0 = weft.conv_transpose %x, %w strides [1] pad [0] [0] dilations [1] output_padding [0] groups 2 : tensor<2x6x5xf32>, tensor<6x2x3xf32> -> tensor<2x4x7xf64>
  return
}

// -----

func.func @packed_conv_c1_four_spatial_dimensions(%x: tensor<2x1x1x1x1x4xf32>, %w: tensor<1x1x1x1x1x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op input of rank 6, which must be [N, C] and up to 3 spatial dimensions between}}
  %0 = weft.packed_conv %x, %w strides [1, 1, 1, 1] pad [0, 0, 0, 0] [0, 0, 0, 0] dilations [1, 1, 1, 1] groups 1 : tensor<2x1x1x1x1x4xf32>, tensor<1x1x1x1x1x4x8xf32> -> tensor<2x1x1x1x1x8xf32>
  return
}

// -----

func.func @packed_conv_c1_filter_rank_differs(%x: tensor<2x9x4xf32>, %w: tensor<1x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op filter of rank 3 for an input of rank 3}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x9x4xf32>, tensor<1x4x8xf32> -> tensor<2x9x8xf32>
  return
}

// -----

func.func @packed_conv_c1_stride_missing(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op 'strides' has 0 entries for 1 window dimensions}}
  %0 = weft.packed_conv %x, %w strides [] pad [0] [0] dilations [1] groups 1 : tensor<2x9x4xf32>, tensor<1x3x4x8xf32> -> tensor<2x7x8xf32>
  return
}

// -----

func.func @packed_conv_c1_output_padding_missing(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op 'output_padding' has 0 entries for 1 window dimensions}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 transposed output_padding [] : tensor<2x9x4xf32>, tensor<1x3x4x8xf32> -> tensor<2x11x8xf32>
  return
}

// -----

func.func @packed_conv_c1_output_padding_not_transposed(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op 'output_padding' has 1 entries for 0 window dimensions}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 {output_padding = array<i64: 0>} : tensor<2x9x4xf32>, tensor<1x3x4x8xf32> -> tensor<2x7x8xf32>
  return
}

// -----

func.func @packed_conv_c2_dilation_zero(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op 'dilations' holds 0, less than 1}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [0] groups 1 : tensor<2x9x4xf32>, tensor<1x3x4x8xf32> -> tensor<2x7x8xf32>
  return
}

// -----

func.func @packed_conv_c2_output_padding_negative(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op 'output_padding' holds -1, less than 0}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 transposed output_padding [-1] : tensor<2x9x4xf32>, tensor<1x3x4x8xf32> -> tensor<2x11x8xf32>
  return
}

// -----

func.func @packed_conv_c3_channels_differ(%x: tensor<2x9x4xf32>, %w: tensor<2x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op input of 4 channels for 2 groups of 4}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 2 : tensor<2x9x4xf32>, tensor<2x3x4x8xf32> -> tensor<2x7x16xf32>
  return
}

// -----

func.func @packed_conv_c4_groups_do_not_divide(%x: tensor<2x9x4xf32>, %w: tensor<2x3x2x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op result of 7 channels for 2 groups}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 2 : tensor<2x9x4xf32>, tensor<2x3x2x8xf32> -> tensor<2x7x7xf32>
  return
}

// -----

func.func @packed_conv_c4_panel_missing(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op 1 panels where 2 are expected, 1 groups of 9 channels in panels of 8}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x9x4xf32>, tensor<1x3x4x8xf32> -> tensor<2x7x9xf32>
  return
}

// -----

func.func @packed_conv_c4_empty_panels(%x: tensor<2x9x4xf32>, %w: tensor<0x3x4x0xf32>) {
  // expected-error @below {{'weft.packed_conv' op panels of 0 channels}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x9x4xf32>, tensor<0x3x4x0xf32> -> tensor<2x7x0xf32>
  return
}

// -----

func.func @packed_conv_c5_places_differ(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op result has dimensions [2, 9, 8] where [2, 7, 8] are expected}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x9x4xf32>, tensor<1x3x4x8xf32> -> tensor<2x9x8xf32>
  return
}

// -----

func.func @packed_conv_c5_transposed_places_differ(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op result has dimensions [2, 7, 8] where [2, 11, 8] are expected}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 transposed output_padding [0] : tensor<2x9x4xf32>, tensor<1x3x4x8xf32> -> tensor<2x7x8xf32>
  return
}

// -----

func.func @packed_conv_c5_batch_differs(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op result has dimensions [3, 7, 8] where [2, 7, 8] are expected}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x9x4xf32>, tensor<1x3x4x8xf32> -> tensor<3x7x8xf32>
  return
}

// -----

func.func @packed_conv_c6_dynamic_filter(%x: tensor<2x9x4xf32>, %w: tensor<1x?x4x8xf32, #weft.shape<[1, K, 4, 8]>>) {
  // expected-error @below {{'weft.packed_conv' op filter of dynamic dimensions [1, K, 4, 8]}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x9x4xf32>, tensor<1x?x4x8xf32, #weft.shape<[1, K, 4, 8]>> -> tensor<2x7x8xf32>
  return
}

// -----

func.func @packed_conv_c6_dynamic_result(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op result of a dynamic number of channels}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x9x4xf32>, tensor<1x3x4x8xf32> -> tensor<2x7x?xf32, #weft.shape<[2, 7, K]>>
  return
}

// -----

func.func @packed_conv_c7_operands_of_two_types(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf64>) {
  // expected-error @below {{'weft.packed_conv' op element types 'f32' and 'f64' differ}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x9x4xf32>, tensor<1x3x4x8xf64> -> tensor<2x7x8xf32>
  return
}

// -----

func.func @packed_conv_c7_result_widened(%x: tensor<2x9x4xf32>, %w: tensor<1x3x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op result of f64 from operands of f32}}
  %0 = weft.packed_conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x9x4xf32>, tensor<1x3x4x8xf32> -> tensor<2x7x8xf64>
  return
}

// -----

func.func @packed_conv_c7_scales_for_f64(%x: tensor<2x6xf64>, %w: tensor<1x6x8xi8>, %s: tensor<1x1x8xf64>) {
  // expected-error @below {{'weft.packed_conv' op 'scales' for an input of f64 and a filter of i8, which must be f32 and i8}}
  %0 = weft.packed_conv %x, %w scales %s : tensor<1x1x8xf64> strides [] pad [] [] dilations [] groups 1 : tensor<2x6xf64>, tensor<1x6x8xi8> -> tensor<2x8xf64>
  return
}

// -----

func.func @packed_conv_c7_scales_for_bytes_unsigned(%x: tensor<2x6xf32>, %w: tensor<1x6x8xui8>, %s: tensor<1x1x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op 'scales' for an input of f32 and a filter of u8, which must be f32 and i8}}
  %0 = weft.packed_conv %x, %w scales %s : tensor<1x1x8xf32> strides [] pad [] [] dilations [] groups 1 : tensor<2x6xf32>, tensor<1x6x8xui8> -> tensor<2x8xf32>
  return
}

// -----

func.func @packed_conv_c7_scales_of_another_type(%x: tensor<2x6xf32>, %w: tensor<1x6x8xi8>, %s: tensor<1x1x8xf64>) {
  // expected-error @below {{'weft.packed_conv' op element types 'f32' and 'f64' differ}}
  %0 = weft.packed_conv %x, %w scales %s : tensor<1x1x8xf64> strides [] pad [] [] dilations [] groups 1 : tensor<2x6xf32>, tensor<1x6x8xi8> -> tensor<2x8xf32>
  return
}

// -----

func.func @packed_conv_c8_scales_in_groups(%x: tensor<2x12xf32>, %w: tensor<2x6x8xi8>, %s: tensor<2x1x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op 'scales' with groups, 'transposed' or 'interleave'}}
  %0 = weft.packed_conv %x, %w scales %s : tensor<2x1x8xf32> strides [] pad [] [] dilations [] groups 2 : tensor<2x12xf32>, tensor<2x6x8xi8> -> tensor<2x16xf32>
  return
}

// -----

func.func @packed_conv_c8_scales_interleaved(%x: tensor<2x8xf32>, %w: tensor<1x2x8x4xi8>, %s: tensor<1x1x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op 'scales' with groups, 'transposed' or 'interleave'}}
  %0 = weft.packed_conv %x, %w scales %s : tensor<1x1x8xf32> strides [] pad [] [] dilations [] groups 1 interleave 4 : tensor<2x8xf32>, tensor<1x2x8x4xi8> -> tensor<2x8xf32>
  return
}

// -----

func.func @packed_conv_c8_nibbles_without_scales(%x: tensor<2x6xi8>, %w: tensor<1x6x8xi8>) {
  // expected-error @below {{'weft.packed_conv' op 'nibbles' without 'scales'}}
  %0 = weft.packed_conv %x, %w nibbles strides [] pad [] [] dilations [] groups 1 : tensor<2x6xi8>, tensor<1x6x8xi8> -> tensor<2x8xi32>
  return
}

// -----

func.func @packed_conv_c8_panels_of_scales_differ(%x: tensor<2x6xf32>, %w: tensor<1x6x8xi8>, %s: tensor<1x1x4xf32>) {
  // expected-error @below {{'weft.packed_conv' op 'scales' of dimensions [1, 1, 4] for 1 panels of 8 channels}}
  %0 = weft.packed_conv %x, %w scales %s : tensor<1x1x4xf32> strides [] pad [] [] dilations [] groups 1 : tensor<2x6xf32>, tensor<1x6x8xi8> -> tensor<2x8xf32>
  return
}

// -----

func.func @packed_conv_c8_dynamic_channels(%x: tensor<2x?xf32, #weft.shape<[2, K]>>, %w: tensor<1x6x8xi8>, %s: tensor<1x1x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op input of K channels, which must be static}}
  %0 = weft.packed_conv %x, %w scales %s : tensor<1x1x8xf32> strides [] pad [] [] dilations [] groups 1 : tensor<2x?xf32, #weft.shape<[2, K]>>, tensor<1x6x8xi8> -> tensor<2x8xf32>
  return
}

// -----

func.func @packed_conv_c8_scales_do_not_divide(%x: tensor<2x6xf32>, %w: tensor<1x6x8xi8>, %s: tensor<1x4x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op input of 6 channels for filters of 6 in 4 groups}}
  %0 = weft.packed_conv %x, %w scales %s : tensor<1x4x8xf32> strides [] pad [] [] dilations [] groups 1 : tensor<2x6xf32>, tensor<1x6x8xi8> -> tensor<2x8xf32>
  return
}

// -----

func.func @packed_conv_c8_filter_too_short(%x: tensor<2x6xf32>, %w: tensor<1x5x8xi8>, %s: tensor<1x1x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op input of 6 channels for filters of 5 in 1 groups}}
  %0 = weft.packed_conv %x, %w scales %s : tensor<1x1x8xf32> strides [] pad [] [] dilations [] groups 1 : tensor<2x6xf32>, tensor<1x5x8xi8> -> tensor<2x8xf32>
  return
}

// -----

func.func @packed_conv_c8_empty_group(%x: tensor<2x6xf32>, %w: tensor<1x9x8xi8>, %s: tensor<1x3x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op input of 6 channels for filters of 9 in 3 groups}}
  %0 = weft.packed_conv %x, %w scales %s : tensor<1x3x8xf32> strides [] pad [] [] dilations [] groups 1 : tensor<2x6xf32>, tensor<1x9x8xi8> -> tensor<2x8xf32>
  return
}

// -----

func.func @packed_conv_c8_odd_group_of_nibbles(%x: tensor<2x6xf32>, %w: tensor<1x3x8xi8>, %s: tensor<1x2x8xf32>) {
  // expected-error @below {{'weft.packed_conv' op input of 6 channels for filters of 6 in 2 groups}}
  %0 = weft.packed_conv %x, %w scales %s : tensor<1x2x8xf32> nibbles strides [] pad [] [] dilations [] groups 1 : tensor<2x6xf32>, tensor<1x3x8xi8> -> tensor<2x8xf32>
  return
}

// -----

func.func @depthwise_conv_c1_no_spatial_dimension(%x: tensor<2x4xf32>, %w: tensor<4xf32>) {
  // expected-error @below {{'weft.depthwise_conv' op input of rank 2, which must be [N, C] and 1 to 3 spatial dimensions between}}
  %0 = weft.depthwise_conv %x, %w strides [] pad [] [] dilations [] : tensor<2x4xf32>, tensor<4xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @depthwise_conv_c1_filter_rank_differs(%x: tensor<2x9x4xf32>, %w: tensor<3x1x4xf32>) {
  // expected-error @below {{'weft.depthwise_conv' op filter of rank 3 for an input of rank 3}}
  %0 = weft.depthwise_conv %x, %w strides [1] pad [0] [0] dilations [1] : tensor<2x9x4xf32>, tensor<3x1x4xf32> -> tensor<2x7x4xf32>
  return
}

// -----

func.func @depthwise_conv_c2_padding_negative(%x: tensor<2x9x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @below {{'weft.depthwise_conv' op 'pad_low' holds -1, less than 0}}
  %0 = weft.depthwise_conv %x, %w strides [1] pad [-1] [0] dilations [1] : tensor<2x9x4xf32>, tensor<3x4xf32> -> tensor<2x7x4xf32>
  return
}

// -----

func.func @depthwise_conv_c3_filters_do_not_divide(%x: tensor<2x9x4xf32>, %w: tensor<3x6xf32>) {
  // expected-error @below {{'weft.depthwise_conv' op 6 filters for 4 channels}}
  %0 = weft.depthwise_conv %x, %w strides [1] pad [0] [0] dilations [1] : tensor<2x9x4xf32>, tensor<3x6xf32> -> tensor<2x7x6xf32>
  return
}

// -----

func.func @depthwise_conv_c3_filters_for_nothing(%x: tensor<2x9x0xf32>, %w: tensor<3x4xf32>) {
  // expected-error @below {{'weft.depthwise_conv' op 4 filters for 0 channels}}
  %0 = weft.depthwise_conv %x, %w strides [1] pad [0] [0] dilations [1] : tensor<2x9x0xf32>, tensor<3x4xf32> -> tensor<2x7x4xf32>
  return
}

// -----

func.func @depthwise_conv_c4_places_differ(%x: tensor<2x9x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @below {{'weft.depthwise_conv' op result has dimensions [2, 9, 4] where [2, 7, 4] are expected}}
  %0 = weft.depthwise_conv %x, %w strides [1] pad [0] [0] dilations [1] : tensor<2x9x4xf32>, tensor<3x4xf32> -> tensor<2x9x4xf32>
  return
}

// -----

func.func @depthwise_conv_c4_batch_differs(%x: tensor<2x9x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @below {{'weft.depthwise_conv' op result has dimensions [1, 7, 4] where [2, 7, 4] are expected}}
  %0 = weft.depthwise_conv %x, %w strides [1] pad [0] [0] dilations [1] : tensor<2x9x4xf32>, tensor<3x4xf32> -> tensor<1x7x4xf32>
  return
}

// -----

func.func @depthwise_conv_c5_dynamic_filter(%x: tensor<2x9x4xf32>, %w: tensor<?x4xf32, #weft.shape<[K, 4]>>) {
  // expected-error @below {{'weft.depthwise_conv' op filter of dynamic dimensions [K, 4]}}
  %0 = weft.depthwise_conv %x, %w strides [1] pad [0] [0] dilations [1] : tensor<2x9x4xf32>, tensor<?x4xf32, #weft.shape<[K, 4]>> -> tensor<2x7x4xf32>
  return
}

// -----

func.func @depthwise_conv_c5_dynamic_channels(%x: tensor<2x9x?xf32, #weft.shape<[2, 9, C]>>, %w: tensor<3x4xf32>) {
  // expected-error @below {{'weft.depthwise_conv' op input of C channels, which must be static}}
  %0 = weft.depthwise_conv %x, %w strides [1] pad [0] [0] dilations [1] : tensor<2x9x?xf32, #weft.shape<[2, 9, C]>>, tensor<3x4xf32> -> tensor<2x7x4xf32>
  return
}

// -----

func.func @depthwise_conv_c6_operands_of_two_types(%x: tensor<2x9x4xf32>, %w: tensor<3x4xf64>) {
  // expected-error @below {{'weft.depthwise_conv' op element types 'f32' and 'f64' differ}}
  %0 = weft.depthwise_conv %x, %w strides [1] pad [0] [0] dilations [1] : tensor<2x9x4xf32>, tensor<3x4xf64> -> tensor<2x7x4xf32>
  return
}

// -----

func.func @depthwise_conv_c6_result_widened(%x: tensor<2x9x4xi16>, %w: tensor<3x4xi16>) {
  // expected-error @below {{'weft.depthwise_conv' op result of i32 from operands of i16}}
  %0 = weft.depthwise_conv %x, %w strides [1] pad [0] [0] dilations [1] : tensor<2x9x4xi16>, tensor<3x4xi16> -> tensor<2x7x4xi32>
  return
}

// -----

func.func @winograd_conv_c1_one_spatial_dimension(%x: tensor<2x9x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op input of rank 3 and filter of rank 4, which must be 4 and 4}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] : tensor<2x9x4xf32>, tensor<36x2x4x8xf32> -> tensor<2x9x12xf32>
  return
}

// -----

func.func @winograd_conv_c1_padding_missing(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op 'pad_low' has 1 entries for 2 window dimensions}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1] [1, 1] : tensor<2x9x8x4xf32>, tensor<36x2x4x8xf32> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c2_padding_negative(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op 'pad_high' holds -1, less than 0}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, -1] : tensor<2x9x8x4xf32>, tensor<36x2x4x8xf32> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c3_tile_of_three(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op tiles of 3, which must be 2 or 4}}
  %0 = weft.winograd_conv %x, %w tile 3 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32>, tensor<36x2x4x8xf32> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c3_matrices_of_another_tile(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op 36 matrices for tiles of 2, which have 16}}
  %0 = weft.winograd_conv %x, %w tile 2 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32>, tensor<36x2x4x8xf32> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c4_channels_differ(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x5x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op input of 4 channels for filters of 5}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32>, tensor<36x2x5x8xf32> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c4_panel_missing(%x: tensor<2x9x8x4xf32>, %w: tensor<36x1x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op 1 panels where 2 are expected, 12 channels in panels of 8}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32>, tensor<36x1x4x8xf32> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c4_empty_panels(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x4x0xf32>) {
  // expected-error @below {{'weft.winograd_conv' op panels of 0 channels}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32>, tensor<36x2x4x0xf32> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c5_places_differ(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op result has dimensions [2, 7, 6, 12] where [2, 9, 8, 12] are expected}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32>, tensor<36x2x4x8xf32> -> tensor<2x7x6x12xf32>
  return
}

// -----

func.func @winograd_conv_c5_batch_differs(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op result has dimensions [1, 9, 8, 12] where [2, 9, 8, 12] are expected}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32>, tensor<36x2x4x8xf32> -> tensor<1x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c6_dynamic_filter(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x?x8xf32, #weft.shape<[36, 2, K, 8]>>) {
  // expected-error @below {{'weft.winograd_conv' op filter of dynamic dimensions [36, 2, K, 8]}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32>, tensor<36x2x?x8xf32, #weft.shape<[36, 2, K, 8]>> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c6_dynamic_result(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op result of a dynamic number of channels}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32>, tensor<36x2x4x8xf32> -> tensor<2x9x8x?xf32, #weft.shape<[2, 9, 8, K]>>
  return
}

// -----

func.func @winograd_conv_c7_element_types_differ(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x4x8xf64>) {
  // expected-error @below {{'weft.winograd_conv' op element types 'f32' and 'f64' differ}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32>, tensor<36x2x4x8xf64> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @contract_c5_mixed_the_other_way(%a: tensor<4x5xi8>, %b: tensor<5x6xui8>) {
  // expected-error @below {{'weft.contract' op element types 'i8' and 'ui8' differ}}
  weft.contract "ik,kj->ij" %a, %b : tensor<4x5xi8>, tensor<5x6xui8> -> tensor<4x6xi32>
  return
}

// -----

func.func @contract_c5_mixed_without_i32(%a: tensor<4x5xui8>, %b: tensor<5x6xi8>) {
  // expected-error @below {{'weft.contract' op result of u8 from operands of u8 and i8}}
  weft.contract "ik,kj->ij" %a, %b : tensor<4x5xui8>, tensor<5x6xi8> -> tensor<4x6xui8>
  return
}

// -----

func.func @conv_c6_half_into_f32(%x: tensor<2x4x9xf16>, %w: tensor<6x2x3xf16>) {
  // expected-error @below {{'weft.conv' op result of f32 from operands of f16}}
  weft.conv %x, %w strides [1] pad [0] [0] dilations [1] groups 2 : tensor<2x4x9xf16>, tensor<6x2x3xf16> -> tensor<2x6x7xf32>
  return
}

// -----

func.func @packed_conv_c1_interleaved_rank_differs(%x: tensor<2x4xbf16>, %w: tensor<1x2x16xbf16>) {
  // expected-error @below {{'weft.packed_conv' op filter of rank 3 for an input of rank 2}}
  weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1 interleave 2 : tensor<2x4xbf16>, tensor<1x2x16xbf16> -> tensor<2x9xf32>
  return
}

// -----

func.func @packed_conv_c3_interleave_differs(%x: tensor<2x4xbf16>, %w: tensor<1x2x16x2xbf16>) {
  // expected-error @below {{'weft.packed_conv' op filter with 2 channels side by side for an 'interleave' of 4}}
  weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1 interleave 4 : tensor<2x4xbf16>, tensor<1x2x16x2xbf16> -> tensor<2x9xf32>
  return
}

// -----

func.func @packed_conv_c3_interleaved_channels_differ(%x: tensor<2x7xbf16>, %w: tensor<1x3x16x2xbf16>) {
  // expected-error @below {{'weft.packed_conv' op input of 7 channels for 1 groups of 3 times 2}}
  weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1 interleave 2 : tensor<2x7xbf16>, tensor<1x3x16x2xbf16> -> tensor<2x9xf32>
  return
}

// -----

func.func @packed_conv_c3_interleaved_channels_dynamic(%x: tensor<2x?xbf16, #weft.shape<[2, C]>>, %w: tensor<1x3x16x2xbf16>) {
  // expected-error @below {{'weft.packed_conv' op input of C channels, which must be static}}
  weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1 interleave 2 : tensor<2x?xbf16, #weft.shape<[2, C]>>, tensor<1x3x16x2xbf16> -> tensor<2x9xf32>
  return
}

// -----

func.func @conv_filter_grad_c1_strides(%x: tensor<2x4x9xf32>, %d: tensor<2x6x7xf32>) {
  // expected-error @below {{'strides' has 2 entries for 1 window dimensions}}
  %0 = weft.conv_filter_grad %x, %d strides [1, 1] pad [0] [0] dilations [1] groups 1 : tensor<2x4x9xf32>, tensor<2x6x7xf32> -> tensor<6x4x3xf32>
  return
}

// -----

func.func @conv_filter_grad_c2_stride(%x: tensor<2x4x9xf32>, %d: tensor<2x6x7xf32>) {
  // expected-error @below {{'strides' holds 0, less than 1}}
  %0 = weft.conv_filter_grad %x, %d strides [0] pad [0] [0] dilations [1] groups 1 : tensor<2x4x9xf32>, tensor<2x6x7xf32> -> tensor<6x4x3xf32>
  return
}

// -----

func.func @conv_filter_grad_c3_groups(%x: tensor<2x4x9xf32>, %d: tensor<2x6x7xf32>) {
  // expected-error @below {{input of 4 channels for 3 groups of 4}}
  %0 = weft.conv_filter_grad %x, %d strides [1] pad [0] [0] dilations [1] groups 3 : tensor<2x4x9xf32>, tensor<2x6x7xf32> -> tensor<6x4x3xf32>
  return
}

// -----

func.func @conv_filter_grad_c4_places(%x: tensor<2x4x9xf32>, %d: tensor<2x6x8xf32>) {
  // expected-error @below {{gradient has dimensions [2, 6, 8] where [2, 6, 7] are expected}}
  %0 = weft.conv_filter_grad %x, %d strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x4x9xf32>, tensor<2x6x8xf32> -> tensor<6x4x3xf32>
  return
}

// -----

func.func @conv_filter_grad_c5_dynamic(%x: tensor<2x4x9xf32>, %d: tensor<2x6x7xf32>) {
  // expected-error @below {{filter of dynamic dimensions [O, 4, 3]}}
  %0 = weft.conv_filter_grad %x, %d strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x4x9xf32>, tensor<2x6x7xf32> -> tensor<?x4x3xf32, #weft.shape<[O, 4, 3]>>
  return
}

// -----

func.func @conv_filter_grad_c6_types(%x: tensor<2x4x9xf32>, %d: tensor<2x6x7xf64>) {
  // expected-error @below {{element types 'f32' and 'f64' differ}}
  %0 = weft.conv_filter_grad %x, %d strides [1] pad [0] [0] dilations [1] groups 1 : tensor<2x4x9xf32>, tensor<2x6x7xf64> -> tensor<6x4x3xf32>
  return
}

// -----

func.func @winograd_patches_c1_rank(%x: tensor<2x9x4xf32>) {
  // expected-error @below {{'weft.winograd_patches' op input of rank 3, which must be 4}}
  %0 = weft.winograd_patches %x tile 4 pad [1, 1] [1, 1] : tensor<2x9x4xf32> -> tensor<36x6x4xf32>
  return
}

// -----

func.func @winograd_patches_c1_padding_missing(%x: tensor<2x9x8x4xf32>) {
  // expected-error @below {{'weft.winograd_patches' op 'pad_low' has 1 entries for 2 window dimensions}}
  %0 = weft.winograd_patches %x tile 4 pad [1] [1, 1] : tensor<2x9x8x4xf32> -> tensor<36x12x4xf32>
  return
}

// -----

func.func @winograd_patches_c2_padding_negative(%x: tensor<2x9x8x4xf32>) {
  // expected-error @below {{'weft.winograd_patches' op 'pad_high' holds -1, less than 0}}
  %0 = weft.winograd_patches %x tile 4 pad [1, 1] [1, -1] : tensor<2x9x8x4xf32> -> tensor<36x12x4xf32>
  return
}

// -----

func.func @winograd_patches_c3_tile_of_three(%x: tensor<2x9x8x4xf32>) {
  // expected-error @below {{'weft.winograd_patches' op tiles of 3, which must be 2 or 4}}
  %0 = weft.winograd_patches %x tile 3 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32> -> tensor<36x12x4xf32>
  return
}

// -----

func.func @winograd_patches_c4_tiles_differ(%x: tensor<2x9x8x4xf32>) {
  // expected-error @below {{'weft.winograd_patches' op result has dimensions [36, 6, 4] where [36, 12, 4] are expected}}
  %0 = weft.winograd_patches %x tile 4 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32> -> tensor<36x6x4xf32>
  return
}

// -----

func.func @winograd_patches_c5_element_types_differ(%x: tensor<2x9x8x4xf32>) {
  // expected-error @below {{'weft.winograd_patches' op element types 'f32' and 'f64' differ}}
  %0 = weft.winograd_patches %x tile 4 pad [1, 1] [1, 1] : tensor<2x9x8x4xf32> -> tensor<36x12x4xf64>
  return
}

// -----

func.func @winograd_conv_c1_image_of_one_dimension(%x: tensor<36x12x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op 'patches_of' has 1 entries for 2 window dimensions}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] patches_of [9] : tensor<36x12x4xf32>, tensor<36x2x4x8xf32> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c1_image_for_patches(%x: tensor<2x9x8x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op input of rank 4 and filter of rank 4, which must be 3 and 4}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] patches_of [9, 8] : tensor<2x9x8x4xf32>, tensor<36x2x4x8xf32> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c2_image_negative(%x: tensor<36x12x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op 'patches_of' holds -8, less than 0}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] patches_of [9, -8] : tensor<36x12x4xf32>, tensor<36x2x4x8xf32> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_conv_c5_patches_differ(%x: tensor<36x12x4xf32>, %w: tensor<36x2x4x8xf32>) {
  // expected-error @below {{'weft.winograd_conv' op patches of dimensions [36, 12, 4] where [36, 4, 4] are expected}}
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] patches_of [4, 8] : tensor<36x12x4xf32>, tensor<36x2x4x8xf32> -> tensor<2x9x8x12xf32>
  return
}

// -----

func.func @winograd_patches_c6_channels_dynamic(%x: tensor<2x9x8x?xf32, #weft.shape<[2, 9, 8, C]>>) {
  // expected-error @below {{'weft.winograd_patches' op input of C channels, which must be static}}
  %0 = weft.winograd_patches %x tile 4 pad [1, 1] [1, 1] : tensor<2x9x8x?xf32, #weft.shape<[2, 9, 8, C]>> -> tensor<36x12x?xf32, #weft.shape<[36, 12, C]>>
  return
}
