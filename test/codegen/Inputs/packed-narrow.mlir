// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of pairs of bf16 and quads of bytes, whose innermost loops no-spills.py reads.
func.func private @matrix(%x: tensor<256x256xbf16>, %w: tensor<4x128x48x2xbf16>, %b: tensor<192xf32>,
                          %r: tensor<256x192xbf16>) -> tensor<256x192xbf16> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1 interleave 2
    : tensor<256x256xbf16>, tensor<4x128x48x2xbf16> -> tensor<256x192xf32>
  %1 = weft.broadcast %b along [1] : tensor<192xf32> -> tensor<256x192xf32>
  %2 = weft.add %0, %1 : tensor<256x192xf32>
  %3 = weft.cast %r : tensor<256x192xbf16> -> tensor<256x192xf32>
  %4 = weft.add %2, %3 : tensor<256x192xf32>
  %5 = weft.cast %4 : tensor<256x192xf32> -> tensor<256x192xbf16>
  return %5 : tensor<256x192xbf16>
}
func.func private @image(%x: tensor<1x56x56x64xbf16>, %w: tensor<1x3x3x32x64x2xbf16>)
    -> tensor<1x56x56x64xbf16> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1 interleave 2
    : tensor<1x56x56x64xbf16>, tensor<1x3x3x32x64x2xbf16> -> tensor<1x56x56x64xf32>
  %zero = weft.constant dense<0.0> : tensor<1x56x56x64xf32>
  %1 = weft.max %0, %zero : tensor<1x56x56x64xf32>
  %2 = weft.cast %1 : tensor<1x56x56x64xf32> -> tensor<1x56x56x64xbf16>
  return %2 : tensor<1x56x56x64xbf16>
}
func.func private @bytes(%x: tensor<256x256xui8>, %w: tensor<4x64x48x4xi8>)
    -> tensor<256x192xi32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1 interleave 4
    : tensor<256x256xui8>, tensor<4x64x48x4xi8> -> tensor<256x192xi32>
  return %0 : tensor<256x192xi32>
}
