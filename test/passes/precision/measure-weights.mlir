// RUN: weft-opt %s --weft-measure-weights=bits=4 --verify-each | FileCheck %s

weft.parameter param @v : tensor<3x32xf32>
weft.parameter param @w : tensor<40x3xf32>
weft.parameter param @b : tensor<3xf32>

// Two numbers a product, of weights alone; the bias and the input are gone.
// CHECK-LABEL: func.func @two(
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<40x3xf32> {weft.parameter = @w}, %[[V:[a-z0-9]+]]: tensor<3x32xf32> {weft.parameter = @v})
// CHECK-SAME: (tensor<f32> {weft.name = "squares_0"}, tensor<f32> {weft.name = "squares_1"}, tensor<f32> {weft.name = "squares_2"}, tensor<f32> {weft.name = "squares_3"})
// CHECK-SAME: weft.export
// CHECK: weft.round
// CHECK: weft.round
// CHECK: return
func.func @two(%x: tensor<1x40xf32> {weft.name = "x"}, %v: tensor<3x32xf32> {weft.parameter = @v},
               %w: tensor<40x3xf32> {weft.parameter = @w}, %b: tensor<3xf32> {weft.parameter = @b})
    -> (tensor<1x32xf32> {weft.name = "y"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<1x40xf32>, tensor<40x3xf32> -> tensor<1x3xf32>
  %r = weft.broadcast %b along [1] : tensor<3xf32> -> tensor<1x3xf32>
  %s = weft.add %a, %r : tensor<1x3xf32>
  %y = weft.contract "ik,kj->ij" %s, %v : tensor<1x3xf32>, tensor<3x32xf32> -> tensor<1x32xf32>
  return %y : tensor<1x32xf32>
}

// CHECK-NOT: func.func @none(
func.func @none(%x: tensor<9x40xf32> {weft.name = "x"}, %w: tensor<40x3xf32> {weft.parameter = @w})
    -> (tensor<9x3xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %w : tensor<9x40xf32>, tensor<40x3xf32> -> tensor<9x3xf32>
  return %y : tensor<9x3xf32>
}
