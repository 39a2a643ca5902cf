// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels whose innermost loops no-spills.py reads.
func.func private @columns(%a: tensor<256x256xf32>, %b: tensor<256x192xf32>) -> tensor<256x192xf32>
    attributes {weft.kernel} {
  %0 = weft.contract "ik,kj->ij" %a, %b
    : tensor<256x256xf32>, tensor<256x192xf32> -> tensor<256x192xf32>
  return %0 : tensor<256x192xf32>
}
func.func private @dots(%a: tensor<256x256xf32>, %b: tensor<192x256xf32>) -> tensor<256x192xf32>
    attributes {weft.kernel} {
  %0 = weft.contract "ik,jk->ij" %a, %b
    : tensor<256x256xf32>, tensor<192x256xf32> -> tensor<256x192xf32>
  return %0 : tensor<256x192xf32>
}
func.func private @convolution(%x: tensor<1x64x56x56xf32>, %w: tensor<64x64x3x3xf32>)
    -> tensor<1x64x56x56xf32> attributes {weft.kernel} {
  %0 = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32> -> tensor<1x64x56x56xf32>
  return %0 : tensor<1x64x56x56xf32>
}
