// RUN: weft-opt %s --weft-drop-dead-parameters | FileCheck %s

weft.parameter param @used : tensor<2xf32>
weft.parameter param @unused : tensor<2xf32>

// CHECK-LABEL: func.func @unused_input_stays(
// CHECK-SAME: %{{.*}}: tensor<2xf32> {weft.parameter = @used}, %{{.*}}: tensor<2xf32> {weft.name = "x"})
func.func @unused_input_stays(%unused: tensor<2xf32> {weft.parameter = @unused},
    %used: tensor<2xf32> {weft.parameter = @used}, %x: tensor<2xf32> {weft.name = "x"})
    -> (tensor<2xf32> {weft.name = "result"}) attributes {weft.export} {
  return %used : tensor<2xf32>
}

// CHECK-LABEL: func.func @not_exported(
// CHECK-SAME: weft.parameter
func.func @not_exported(%unused: tensor<2xf32> {weft.parameter = @unused}) {
  return
}
