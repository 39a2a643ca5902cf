// RUN: weft-opt %s --weft-observe --split-input-file --verify-each | FileCheck %s
// RUN: weft-opt %s --weft-observe=functions=second --split-input-file --verify-each | FileCheck %s --check-prefix=CHOSEN

// Two products of one input: it is returned once, behind the export's own result, then the sizes of
// the weights of each.
weft.parameter param @v : tensor<32x4xf32>
weft.parameter param @w : tensor<6x32xf32>

// CHECK-LABEL: func.func @shared_input(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<3x32xf32>
// CHECK-SAME: {weft.name = "z"}, tensor<3x32xf32> {weft.name = "observed_0"},
// CHECK-SAME: tensor<32xf32> {weft.name = "weights_0"}, tensor<32xf32> {weft.name = "weights_1"}, tensor<4xf32> {weft.name = "weights_2"},
// CHECK-SAME: tensor<32xf32> {weft.name = "weights_3"}, tensor<32xf32> {weft.name = "weights_4"}, tensor<6xf32> {weft.name = "weights_5"})
// CHECK: return %{{.*}}, %{{.*}}, %[[X]], %
// CHOSEN-LABEL: func.func @shared_input(
// CHOSEN-NOT: observed
// CHOSEN: return
func.func @shared_input(%x: tensor<3x32xf32> {weft.name = "x"}, %v: tensor<32x4xf32> {weft.parameter = @v},
                        %w: tensor<6x32xf32> {weft.parameter = @w})
    -> (tensor<3x4xf32> {weft.name = "y"}, tensor<3x6xf32> {weft.name = "z"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %v : tensor<3x32xf32>, tensor<32x4xf32> -> tensor<3x4xf32>
  %b = weft.contract "jk,ik->ij" %w, %x : tensor<6x32xf32>, tensor<3x32xf32> -> tensor<3x6xf32>
  return %a, %b : tensor<3x4xf32>, tensor<3x6xf32>
}

// CHECK-LABEL: func.func @second(
// CHECK-SAME: "observed_0_2"
// CHOSEN-LABEL: func.func @second(
// CHOSEN-SAME: "observed_0_2"
func.func @second(%x: tensor<3x32xf32> {weft.name = "x"}, %v: tensor<32x4xf32> {weft.parameter = @v})
    -> (tensor<3x4xf32> {weft.name = "observed_0"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %v : tensor<3x32xf32>, tensor<32x4xf32> -> tensor<3x4xf32>
  return %a : tensor<3x4xf32>
}

// -----

// Few channels, computed operands, groups: nothing, nothing, an input without its channels' sizes.
weft.parameter param @few : tensor<8x3x3x3xf32>
weft.parameter param @grouped : tensor<64x16x1x1xf32>

// CHECK-LABEL: func.func @what_pays(
// CHECK-SAME: tensor<1x32x4x4xf32> {weft.name = "observed_0"})
func.func @what_pays(%image: tensor<1x3x6x6xf32> {weft.name = "image"}, %x: tensor<1x32x4x4xf32> {weft.name = "x"},
                     %few: tensor<8x3x3x3xf32> {weft.parameter = @few},
                     %grouped: tensor<64x16x1x1xf32> {weft.parameter = @grouped})
    -> (tensor<1x8x4x4xf32> {weft.name = "a"}, tensor<1x64x4x4xf32> {weft.name = "b"},
        tensor<1x32x4x32x4xf32> {weft.name = "c"}) attributes {weft.export} {
  %a = weft.conv %image, %few strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1 : tensor<1x3x6x6xf32>, tensor<8x3x3x3xf32> -> tensor<1x8x4x4xf32>
  %b = weft.conv %x, %grouped strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 2 : tensor<1x32x4x4xf32>, tensor<64x16x1x1xf32> -> tensor<1x64x4x4xf32>
  %c = weft.contract "nchw,ndhv->ncwdv" %x, %x : tensor<1x32x4x4xf32>, tensor<1x32x4x4xf32> -> tensor<1x32x4x32x4xf32>
  return %a, %b, %c : tensor<1x8x4x4xf32>, tensor<1x64x4x4xf32>, tensor<1x32x4x32x4xf32>
}
