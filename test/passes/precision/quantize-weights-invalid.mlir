// RUN: weft-opt %s --weft-quantize-weights=bits=5 --verify-diagnostics

// expected-error @below {{weights of 5 bits, which must be 8 or 4}}
module {
weft.parameter param @w : tensor<40x3xf32>

func.func @bits(%x: tensor<1x40xf32> {weft.name = "x"}, %w: tensor<40x3xf32> {weft.parameter = @w})
    -> (tensor<1x3xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %w : tensor<1x40xf32>, tensor<40x3xf32> -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}
}
