// RUN: weft-opt %s --weft-fold-unit-reshapes | FileCheck %s

// CHECK-LABEL: func.func @bias_of_a_convolution(
// CHECK: weft.broadcast %arg0 along [1] : tensor<3xf32> -> tensor<?x3x4x4xf32
func.func @bias_of_a_convolution(%b: tensor<3xf32>) -> tensor<?x3x4x4xf32, #weft.shape<[N, 3, 4, 4]>> {
  %r = weft.reshape %b : tensor<3xf32> -> tensor<3x1x1xf32>
  %y = weft.broadcast %r along [1, 2, 3] : tensor<3x1x1xf32> -> tensor<?x3x4x4xf32, #weft.shape<[N, 3, 4, 4]>>
  return %y : tensor<?x3x4x4xf32, #weft.shape<[N, 3, 4, 4]>>
}

// A size 1 of the input is the first 1 of the result.
// CHECK-LABEL: func.func @input_has_units(
// CHECK: weft.broadcast %arg0 along [0, 2] : tensor<1x2xf32> -> tensor<5x6x2xf32>
func.func @input_has_units(%x: tensor<1x2xf32>) -> tensor<5x6x2xf32> {
  %r = weft.reshape %x : tensor<1x2xf32> -> tensor<1x1x2xf32>
  %y = weft.broadcast %r along [0, 1, 2] : tensor<1x1x2xf32> -> tensor<5x6x2xf32>
  return %y : tensor<5x6x2xf32>
}

// CHECK-LABEL: func.func @reshape_reused(
// CHECK: %[[R:.*]] = weft.reshape
// CHECK: %[[Y:.*]] = weft.broadcast %arg0 along [0]
// CHECK: return %[[R]], %[[Y]]
func.func @reshape_reused(%x: tensor<3xf32>) -> (tensor<3x1xf32>, tensor<3x4xf32>) {
  %r = weft.reshape %x : tensor<3xf32> -> tensor<3x1xf32>
  %y = weft.broadcast %r along [0, 1] : tensor<3x1xf32> -> tensor<3x4xf32>
  return %r, %y : tensor<3x1xf32>, tensor<3x4xf32>
}

// CHECK-LABEL: func.func @reshape_splits_a_dimension(
// CHECK: weft.reshape
// CHECK: weft.broadcast %{{.*}} along [0, 1]
func.func @reshape_splits_a_dimension(%x: tensor<6xf32>) -> tensor<2x3x4xf32> {
  %r = weft.reshape %x : tensor<6xf32> -> tensor<2x3xf32>
  %y = weft.broadcast %r along [0, 1] : tensor<2x3xf32> -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// CHECK-LABEL: func.func @reshape_drops_a_unit(
// CHECK: weft.reshape
// CHECK: weft.broadcast %{{.*}} along [0]
func.func @reshape_drops_a_unit(%x: tensor<3x1xf32>) -> tensor<3x4xf32> {
  %r = weft.reshape %x : tensor<3x1xf32> -> tensor<3xf32>
  %y = weft.broadcast %r along [0] : tensor<3xf32> -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}
