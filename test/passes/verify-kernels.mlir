// RUN: weft-opt %s --weft-verify-kernels | FileCheck %s

// CHECK-LABEL: func.func @all_rules_hold(
func.func @all_rules_hold(%x: tensor<2x3xf32> {weft.name = "x"})
    -> (tensor<2xf32> {weft.name = "result"}) attributes {weft.export} {
  %r = weft.reshape %x : tensor<2x3xf32> -> tensor<3x2xf32>
  %s = weft.kernel (%a = %r : tensor<3x2xf32>) -> tensor<2xf32> {
    %e = weft.exp %a : tensor<3x2xf32>
    %t = weft.reduce sum %e axes [0] : tensor<3x2xf32> -> tensor<2xf32>
    %n = weft.neg %t : tensor<2xf32>
    weft.yield %n : tensor<2xf32>
  }
  return %s : tensor<2xf32>
}
