// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One convolution in three ways, and the gradient for its filter in two, for winograd-accuracy.py.
func.func private @direct(%x: tensor<1x28x28x128xf32>, %w: tensor<1x3x3x128x32xf32>)
    -> tensor<1x28x28x32xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x28x28x128xf32>, tensor<1x3x3x128x32xf32> -> tensor<1x28x28x32xf32>
  return %0 : tensor<1x28x28x32xf32>
}
func.func private @two(%x: tensor<1x28x28x128xf32>, %w: tensor<16x1x128x32xf32>)
    -> tensor<1x28x28x32xf32> attributes {weft.kernel} {
  %0 = weft.winograd_conv %x, %w tile 2 pad [1, 1] [1, 1]
    : tensor<1x28x28x128xf32>, tensor<16x1x128x32xf32> -> tensor<1x28x28x32xf32>
  return %0 : tensor<1x28x28x32xf32>
}
func.func private @four(%x: tensor<1x28x28x128xf32>, %w: tensor<36x1x128x32xf32>)
    -> tensor<1x28x28x32xf32> attributes {weft.kernel} {
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1]
    : tensor<1x28x28x128xf32>, tensor<36x1x128x32xf32> -> tensor<1x28x28x32xf32>
  return %0 : tensor<1x28x28x32xf32>
}
func.func private @grad_direct(%x: tensor<1x28x28x128xf32>, %d: tensor<1x28x28x32xf32>)
    -> tensor<32x128x3x3xf32> attributes {weft.kernel} {
  %0 = weft.transpose %x [0, 3, 1, 2] : tensor<1x28x28x128xf32> -> tensor<1x128x28x28xf32>
  %1 = weft.transpose %d [0, 3, 1, 2] : tensor<1x28x28x32xf32> -> tensor<1x32x28x28xf32>
  %2 = weft.conv_filter_grad %0, %1 strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x128x28x28xf32>, tensor<1x32x28x28xf32> -> tensor<32x128x3x3xf32>
  return %2 : tensor<32x128x3x3xf32>
}
func.func private @grad_four(%x: tensor<1x28x28x128xf32>, %d: tensor<1x28x28x32xf32>)
    -> tensor<32x128x3x3xf32> attributes {weft.kernel} {
  %0 = weft.transpose %x [0, 3, 1, 2] : tensor<1x28x28x128xf32> -> tensor<1x128x28x28xf32>
  %1 = weft.transpose %d [0, 3, 1, 2] : tensor<1x28x28x32xf32> -> tensor<1x32x28x28xf32>
  %2 = weft.conv_filter_grad %0, %1 strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1 {weft.choice = {winograd = 4}}
    : tensor<1x128x28x28xf32>, tensor<1x32x28x28xf32> -> tensor<32x128x3x3xf32>
  return %2 : tensor<32x128x3x3xf32>
}
