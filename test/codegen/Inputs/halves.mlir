// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
func.func private @widen32(%x: tensor<1048576xf16>) -> tensor<1048576xf32> attributes {weft.kernel} {
  %0 = weft.cast %x : tensor<1048576xf16> -> tensor<1048576xf32>
  return %0 : tensor<1048576xf32>
}
func.func private @widen64(%x: tensor<1048576xf16>) -> tensor<1048576xf64> attributes {weft.kernel} {
  %0 = weft.cast %x : tensor<1048576xf16> -> tensor<1048576xf64>
  return %0 : tensor<1048576xf64>
}
func.func private @narrow32(%x: tensor<1048576xf32>) -> tensor<1048576xf16> attributes {weft.kernel} {
  %0 = weft.cast %x : tensor<1048576xf32> -> tensor<1048576xf16>
  return %0 : tensor<1048576xf16>
}
func.func private @narrow64(%x: tensor<1048576xf64>) -> tensor<1048576xf16> attributes {weft.kernel} {
  %0 = weft.cast %x : tensor<1048576xf64> -> tensor<1048576xf16>
  return %0 : tensor<1048576xf16>
}
