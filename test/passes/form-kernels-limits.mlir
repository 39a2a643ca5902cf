// RUN: weft-opt %s --weft-form-kernels=max-ops=2 | FileCheck %s --check-prefix=OPS
// RUN: weft-opt %s --weft-form-kernels=max-repeated-ops=1 | FileCheck %s --check-prefix=REPEATED

// OPS-LABEL: func.func @long_chain(
// OPS-COUNT-2: weft.kernel
// OPS-NOT: weft.kernel
// OPS: return
func.func @long_chain(%x: tensor<4xf32> {weft.name = "x"})
    -> (tensor<4xf32> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.neg %x : tensor<4xf32>
  %b = weft.abs %a : tensor<4xf32>
  %c = weft.neg %b : tensor<4xf32>
  %d = weft.abs %c : tensor<4xf32>
  return %d : tensor<4xf32>
}

// REPEATED-LABEL: func.func @cheap_chain_behind_broadcast(
// REPEATED: weft.kernel
// REPEATED: weft.neg
// REPEATED: weft.kernel
// REPEATED: weft.abs
// REPEATED: weft.broadcast
func.func @cheap_chain_behind_broadcast(%x: tensor<3xf32> {weft.name = "x"})
    -> (tensor<4x3xf32> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.neg %x : tensor<3xf32>
  %b = weft.abs %a : tensor<3xf32>
  %c = weft.broadcast %b along [1] : tensor<3xf32> -> tensor<4x3xf32>
  return %c : tensor<4x3xf32>
}
