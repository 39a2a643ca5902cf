// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups of eight channels, two of which share a vector of 64 bytes, whose innermost loops no-spills.py reads.
func.func private @near(%x: tensor<1x28x28x256xf32>, %w: tensor<32x3x3x8x8xf32>)
    -> tensor<1x28x28x256xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 32
    : tensor<1x28x28x256xf32>, tensor<32x3x3x8x8xf32> -> tensor<1x28x28x256xf32>
  return %0 : tensor<1x28x28x256xf32>
}
func.func private @strided(%x: tensor<1x56x56x256xf32>, %w: tensor<32x3x3x8x8xf32>)
    -> tensor<1x28x28x256xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1] groups 32
    : tensor<1x56x56x256xf32>, tensor<32x3x3x8x8xf32> -> tensor<1x28x28x256xf32>
  return %0 : tensor<1x28x28x256xf32>
}
