// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions that have polynomials in single precision, for math-accuracy.py.
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
