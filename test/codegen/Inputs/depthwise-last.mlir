// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Depthwise convolutions with the channels last, whose innermost loops no-spills.py reads.
func.func private @near(%x: tensor<1x56x56x144xf32>, %w: tensor<3x3x144xf32>)
    -> tensor<1x56x56x144xf32> attributes {weft.kernel} {
  %0 = weft.depthwise_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x56x56x144xf32>, tensor<3x3x144xf32> -> tensor<1x56x56x144xf32>
  return %0 : tensor<1x56x56x144xf32>
}
func.func private @strided(%x: tensor<1x56x56x144xf32>, %w: tensor<3x3x144xf32>)
    -> tensor<1x28x28x144xf32> attributes {weft.kernel} {
  %0 = weft.depthwise_conv %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x56x56x144xf32>, tensor<3x3x144xf32> -> tensor<1x28x28x144xf32>
  return %0 : tensor<1x28x28x144xf32>
}
func.func private @wide(%x: tensor<1x28x28x240xf32>, %w: tensor<5x5x240xf32>)
    -> tensor<1x28x28x240xf32> attributes {weft.kernel} {
  %0 = weft.depthwise_conv %x, %w strides [1, 1] pad [2, 2] [2, 2] dilations [1, 1]
    : tensor<1x28x28x240xf32>, tensor<5x5x240xf32> -> tensor<1x28x28x240xf32>
  return %0 : tensor<1x28x28x240xf32>
}
