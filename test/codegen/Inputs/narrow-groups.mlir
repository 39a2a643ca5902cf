// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups of few channels, of which vectors of 32 bytes hold several as well, whose innermost loops no-spills.py reads.
func.func private @fours(%x: tensor<1x56x56x128xf32>, %w: tensor<32x3x3x4x4xf32>)
    -> tensor<1x56x56x128xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 32
    : tensor<1x56x56x128xf32>, tensor<32x3x3x4x4xf32> -> tensor<1x56x56x128xf32>
  return %0 : tensor<1x56x56x128xf32>
}
func.func private @strided(%x: tensor<1x56x56x128xf32>, %w: tensor<32x3x3x4x4xf32>)
    -> tensor<1x28x28x128xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1] groups 32
    : tensor<1x56x56x128xf32>, tensor<32x3x3x4x4xf32> -> tensor<1x28x28x128xf32>
  return %0 : tensor<1x28x28x128xf32>
}
func.func private @fewer(%x: tensor<1x28x28x128xf32>, %w: tensor<16x3x3x8x4xf32>)
    -> tensor<1x28x28x64xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 16
    : tensor<1x28x28x128xf32>, tensor<16x3x3x8x4xf32> -> tensor<1x28x28x64xf32>
  return %0 : tensor<1x28x28x64xf32>
}
