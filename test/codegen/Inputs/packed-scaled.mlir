// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products with weights in bytes and in halves of bytes, whose innermost loops no-spills.py reads:
// of one row, and of the most that `weft-quantize-weights` gives.
func.func private @bytes(%x: tensor<1x512xf32>, %w: tensor<8x512x64xi8>, %s: tensor<8x1x64xf32>, %b: tensor<512xf32>)
    -> tensor<1x512xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w scales %s : tensor<8x1x64xf32> strides [] pad [] [] dilations [] groups 1
    : tensor<1x512xf32>, tensor<8x512x64xi8> -> tensor<1x512xf32>
  %1 = weft.broadcast %b along [1] : tensor<512xf32> -> tensor<1x512xf32>
  %2 = weft.add %0, %1 : tensor<1x512xf32>
  return %2 : tensor<1x512xf32>
}
func.func private @nibbles(%x: tensor<1x512xf32>, %w: tensor<8x256x64xi8>, %s: tensor<8x16x64xf32>)
    -> tensor<1x512xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w scales %s : tensor<8x16x64xf32> nibbles strides [] pad [] [] dilations [] groups 1
    : tensor<1x512xf32>, tensor<8x256x64xi8> -> tensor<1x512xf32>
  return %0 : tensor<1x512xf32>
}
func.func private @bytes_of_rows(%x: tensor<8x512xf32>, %w: tensor<8x512x64xi8>, %s: tensor<8x1x64xf32>)
    -> tensor<8x512xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w scales %s : tensor<8x1x64xf32> strides [] pad [] [] dilations [] groups 1
    : tensor<8x512xf32>, tensor<8x512x64xi8> -> tensor<8x512xf32>
  return %0 : tensor<8x512xf32>
}
func.func private @nibbles_of_rows(%x: tensor<8x512xf32>, %w: tensor<8x256x64xi8>, %s: tensor<8x16x64xf32>)
    -> tensor<8x512xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w scales %s : tensor<8x16x64xf32> nibbles strides [] pad [] [] dilations [] groups 1
    : tensor<8x512xf32>, tensor<8x256x64xi8> -> tensor<8x512xf32>
  return %0 : tensor<8x512xf32>
}
