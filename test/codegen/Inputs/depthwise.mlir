// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution of one input channel a group, for no-spills.py.
func.func private @depthwise(%x: tensor<1x64x56x56xf32>, %w: tensor<64x1x3x3xf32>)
    -> tensor<1x64x56x56xf32> attributes {weft.kernel} {
  %0 = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 64
    : tensor<1x64x56x56xf32>, tensor<64x1x3x3xf32> -> tensor<1x64x56x56xf32>
  return %0 : tensor<1x64x56x56xf32>
}
