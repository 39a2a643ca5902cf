// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions that have polynomials in single precision, for math-accuracy.py: in loops over elements, and those that
// have other code in whole registers once more behind a sum, where they are computed a register at a time.
func.func private @of_exp(%x: tensor<1048576xf32>) -> tensor<1048576xf32> attributes {weft.kernel} {
  %0 = weft.exp %x : tensor<1048576xf32>
  return %0 : tensor<1048576xf32>
}
func.func private @of_expm1(%x: tensor<1048576xf32>) -> tensor<1048576xf32> attributes {weft.kernel} {
  %0 = weft.expm1 %x : tensor<1048576xf32>
  return %0 : tensor<1048576xf32>
}
func.func private @of_log(%x: tensor<1048576xf32>) -> tensor<1048576xf32> attributes {weft.kernel} {
  %0 = weft.log %x : tensor<1048576xf32>
  return %0 : tensor<1048576xf32>
}
func.func private @of_log1p(%x: tensor<1048576xf32>) -> tensor<1048576xf32> attributes {weft.kernel} {
  %0 = weft.log1p %x : tensor<1048576xf32>
  return %0 : tensor<1048576xf32>
}
func.func private @of_sin(%x: tensor<1048576xf32>) -> tensor<1048576xf32> attributes {weft.kernel} {
  %0 = weft.sin %x : tensor<1048576xf32>
  return %0 : tensor<1048576xf32>
}
func.func private @of_cos(%x: tensor<1048576xf32>) -> tensor<1048576xf32> attributes {weft.kernel} {
  %0 = weft.cos %x : tensor<1048576xf32>
  return %0 : tensor<1048576xf32>
}
func.func private @of_tanh(%x: tensor<1048576xf32>) -> tensor<1048576xf32> attributes {weft.kernel} {
  %0 = weft.tanh %x : tensor<1048576xf32>
  return %0 : tensor<1048576xf32>
}
func.func private @of_erf(%x: tensor<1048576xf32>) -> tensor<1048576xf32> attributes {weft.kernel} {
  %0 = weft.erf %x : tensor<1048576xf32>
  return %0 : tensor<1048576xf32>
}
func.func private @of_sigmoid(%x: tensor<1048576xf32>) -> tensor<1048576xf32> attributes {weft.kernel} {
  %0 = weft.sigmoid %x : tensor<1048576xf32>
  return %0 : tensor<1048576xf32>
}
func.func private @of_silu(%x: tensor<1048576xf32>) -> tensor<1048576xf32> attributes {weft.kernel} {
  %0 = weft.sigmoid %x : tensor<1048576xf32>
  %1 = weft.mul %0, %x : tensor<1048576xf32>
  return %1 : tensor<1048576xf32>
}
func.func private @vectors_of_tanh(%x: tensor<1x256x256x16xf32>, %w: tensor<1x1x16xf32>)
    -> tensor<1x256x256x16xf32> attributes {weft.kernel} {
  %0 = weft.depthwise_conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1]
    : tensor<1x256x256x16xf32>, tensor<1x1x16xf32> -> tensor<1x256x256x16xf32>
  %1 = weft.tanh %0 : tensor<1x256x256x16xf32>
  return %1 : tensor<1x256x256x16xf32>
}
func.func private @vectors_of_erf(%x: tensor<1x256x256x16xf32>, %w: tensor<1x1x16xf32>)
    -> tensor<1x256x256x16xf32> attributes {weft.kernel} {
  %0 = weft.depthwise_conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1]
    : tensor<1x256x256x16xf32>, tensor<1x1x16xf32> -> tensor<1x256x256x16xf32>
  %1 = weft.erf %0 : tensor<1x256x256x16xf32>
  return %1 : tensor<1x256x256x16xf32>
}
func.func private @vectors_of_sigmoid(%x: tensor<1x256x256x16xf32>, %w: tensor<1x1x16xf32>)
    -> tensor<1x256x256x16xf32> attributes {weft.kernel} {
  %0 = weft.depthwise_conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1]
    : tensor<1x256x256x16xf32>, tensor<1x1x16xf32> -> tensor<1x256x256x16xf32>
  %1 = weft.sigmoid %0 : tensor<1x256x256x16xf32>
  return %1 : tensor<1x256x256x16xf32>
}
func.func private @vectors_of_silu(%x: tensor<1x256x256x16xf32>, %w: tensor<1x1x16xf32>)
    -> tensor<1x256x256x16xf32> attributes {weft.kernel} {
  %0 = weft.depthwise_conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1]
    : tensor<1x256x256x16xf32>, tensor<1x1x16xf32> -> tensor<1x256x256x16xf32>
  %s = weft.sigmoid %0 : tensor<1x256x256x16xf32>
  %1 = weft.mul %s, %0 : tensor<1x256x256x16xf32>
  return %1 : tensor<1x256x256x16xf32>
}
