// RUN: not weft-opt %s --weft-bind-dims=dims=N=4 2>&1 | FileCheck %s

// CHECK: error: no exported function has a dimension 'N': all dimensions are fixed
func.func @f(%x: tensor<2xf32> {weft.name = "x"}) -> (tensor<2xf32> {weft.name = "result"})
    attributes {weft.export} {
  return %x : tensor<2xf32>
}
