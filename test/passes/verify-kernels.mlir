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

// CHECK-LABEL: func.func @k2_sums_of_lines(
func.func @k2_sums_of_lines(%x: tensor<1x8x6x16xf32> {weft.name = "x"}, %d: tensor<3x3x16xf32> {weft.name = "d"})
    -> (tensor<1x8x6x16xf32> {weft.name = "y"}, tensor<1x8x16xf32> {weft.name = "s"}) attributes {weft.export} {
  %y:2 = weft.kernel (%a = %x : tensor<1x8x6x16xf32>, %b = %d : tensor<3x3x16xf32>) -> (tensor<1x8x6x16xf32>, tensor<1x8x16xf32>) {
    %0 = weft.depthwise_conv %a, %b strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]
      : tensor<1x8x6x16xf32>, tensor<3x3x16xf32> -> tensor<1x8x6x16xf32>
    %1 = weft.reduce sum %0 axes [2] : tensor<1x8x6x16xf32> -> tensor<1x8x16xf32>
    weft.yield %0, %1 : tensor<1x8x6x16xf32>, tensor<1x8x16xf32>
  }
  return %y#0, %y#1 : tensor<1x8x6x16xf32>, tensor<1x8x16xf32>
}
