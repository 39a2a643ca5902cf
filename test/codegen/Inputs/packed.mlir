// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products with packed filters, whose innermost loops no-spills.py reads.
func.func private @matrix(%x: tensor<256x256xf32>, %w: tensor<4x256x48xf32>, %b: tensor<192xf32>)
    -> tensor<256x192xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
    : tensor<256x256xf32>, tensor<4x256x48xf32> -> tensor<256x192xf32>
  %1 = weft.broadcast %b along [1] : tensor<192xf32> -> tensor<256x192xf32>
  %2 = weft.add %0, %1 : tensor<256x192xf32>
  return %2 : tensor<256x192xf32>
}
func.func private @rows(%x: tensor<?x256xf32, #weft.shape<[d0, 256]>>, %w: tensor<3x256x64xf32>)
    -> tensor<?x192xf32, #weft.shape<[d0, 192]>> attributes {weft.kernel, weft.dims = ["d0"]} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
    : tensor<?x256xf32, #weft.shape<[d0, 256]>>, tensor<3x256x64xf32>
    -> tensor<?x192xf32, #weft.shape<[d0, 192]>>
  return %0 : tensor<?x192xf32, #weft.shape<[d0, 192]>>
}
func.func private @image(%x: tensor<1x56x56x64xf32>, %w: tensor<2x3x3x64x32xf32>,
                         %b: tensor<64xf32>, %r: tensor<1x56x56x64xf32>)
    -> tensor<1x56x56x64xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x56x56x64xf32>, tensor<2x3x3x64x32xf32> -> tensor<1x56x56x64xf32>
  %1 = weft.broadcast %b along [3] : tensor<64xf32> -> tensor<1x56x56x64xf32>
  %2 = weft.add %0, %1 : tensor<1x56x56x64xf32>
  %3 = weft.add %2, %r : tensor<1x56x56x64xf32>
  %zero = weft.constant dense<0.0> : tensor<1x56x56x64xf32>
  %4 = weft.max %3, %zero : tensor<1x56x56x64xf32>
  return %4 : tensor<1x56x56x64xf32>
}
func.func private @strided(%x: tensor<1x56x56x128xf32>, %w: tensor<4x3x3x128x32xf32>)
    -> tensor<1x28x28x128xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x56x56x128xf32>, tensor<4x3x3x128x32xf32> -> tensor<1x28x28x128xf32>
  return %0 : tensor<1x28x28x128xf32>
}
func.func private @deep(%x: tensor<64x3072xf32>, %w: tensor<4x3072x48xf32>)
    -> tensor<64x192xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
    : tensor<64x3072xf32>, tensor<4x3072x48xf32> -> tensor<64x192xf32>
  return %0 : tensor<64x192xf32>
}
