// RUN: weft-opt %s --weft-fold-scales --canonicalize --split-input-file --verify-each | FileCheck %s

weft.parameter param @w : tensor<4x3x1x1xf32>
weft.parameter param @bias : tensor<4xf32>
weft.parameter param @mean : tensor<4xf32>
weft.parameter param @gain : tensor<4xf32>

// A bias and a normalisation by fixed statistics leave one offset: (bias - mean) * gain.
// CHECK-LABEL: func.func @normalised(
// CHECK-SAME: %[[X:.*]]: tensor<?x3x5x5xf32, #weft.shape<[N, 3, 5, 5]>> {{.*}}, %[[W:[^:]*]]: tensor<4x3x1x1xf32>
// CHECK-SAME: %[[B:[^:]*]]: tensor<4xf32> {{.*}}, %[[M:[^:]*]]: tensor<4xf32> {{.*}}, %[[G:[^:]*]]: tensor<4xf32>
// CHECK-DAG: %[[D:.*]] = weft.sub %[[B]], %[[M]]
// CHECK-DAG: %[[O:.*]] = weft.mul %[[D]], %[[G]]
// CHECK-DAG: %[[R:.*]] = weft.broadcast %[[G]] along [0] : tensor<4xf32> -> tensor<4x3x1x1xf32>
// CHECK-DAG: %[[F:.*]] = weft.mul %[[W]], %[[R]]
// CHECK: %[[C:.*]] = weft.conv %[[X]], %[[F]]
// CHECK: %[[S:.*]] = weft.broadcast %[[O]] along [1]
// CHECK: %[[Y:.*]] = weft.add %[[C]], %[[S]]
// CHECK: return %[[Y]]
func.func @normalised(%x: tensor<?x3x5x5xf32, #weft.shape<[N, 3, 5, 5]>> {weft.name = "x"},
    %w: tensor<4x3x1x1xf32> {weft.parameter = @w}, %bias: tensor<4xf32> {weft.parameter = @bias},
    %mean: tensor<4xf32> {weft.parameter = @mean}, %gain: tensor<4xf32> {weft.parameter = @gain})
    -> (tensor<?x4x5x5xf32, #weft.shape<[N, 4, 5, 5]>> {weft.name = "y"}) attributes {weft.export} {
  %c = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<?x3x5x5xf32, #weft.shape<[N, 3, 5, 5]>>, tensor<4x3x1x1xf32> -> tensor<?x4x5x5xf32, #weft.shape<[N, 4, 5, 5]>>
  %b = weft.broadcast %bias along [1] : tensor<4xf32> -> tensor<?x4x5x5xf32, #weft.shape<[N, 4, 5, 5]>>
  %1 = weft.add %c, %b : tensor<?x4x5x5xf32, #weft.shape<[N, 4, 5, 5]>>
  %m = weft.broadcast %mean along [1] : tensor<4xf32> -> tensor<?x4x5x5xf32, #weft.shape<[N, 4, 5, 5]>>
  %2 = weft.sub %1, %m : tensor<?x4x5x5xf32, #weft.shape<[N, 4, 5, 5]>>
  %g = weft.broadcast %gain along [1] : tensor<4xf32> -> tensor<?x4x5x5xf32, #weft.shape<[N, 4, 5, 5]>>
  %3 = weft.mul %g, %2 : tensor<?x4x5x5xf32, #weft.shape<[N, 4, 5, 5]>>
  return %3 : tensor<?x4x5x5xf32, #weft.shape<[N, 4, 5, 5]>>
}

// -----

weft.parameter param @w : tensor<3x4x2x2xf32>

// The filter of a transposed convolution has its outputs in the second place; one number is one for
// all channels.
// CHECK-LABEL: func.func @transposed(
// CHECK: weft.mul %{{.*}} : tensor<3x4x2x2xf32>
// CHECK: %[[C:.*]] = weft.conv_transpose
// CHECK-NEXT: return %[[C]]
func.func @transposed(%x: tensor<1x3x5x5xf32> {weft.name = "x"}, %w: tensor<3x4x2x2xf32> {weft.parameter = @w})
    -> (tensor<1x4x10x10xf32> {weft.name = "y"}) attributes {weft.export} {
  %c = weft.conv_transpose %x, %w strides [2, 2] pad [0, 0] [0, 0] dilations [1, 1] output_padding [0, 0] groups 1
    : tensor<1x3x5x5xf32>, tensor<3x4x2x2xf32> -> tensor<1x4x10x10xf32>
  %two = weft.constant dense<2.0> : tensor<f32>
  %b = weft.broadcast %two along [] : tensor<f32> -> tensor<1x4x10x10xf32>
  %y = weft.mul %c, %b : tensor<1x4x10x10xf32>
  return %y : tensor<1x4x10x10xf32>
}

// -----

weft.parameter param @w : tensor<4x3x1x1xf32>
weft.parameter state @gain : tensor<4xf32>

// A state that a call changes is no weight; nor is an argument; and who looks at the sum needs it.
// CHECK-LABEL: func.func @refused(
// CHECK: %[[C:.*]] = weft.conv %{{.*}}, %arg1
// CHECK: weft.mul %[[C]]
// CHECK: %[[D:.*]] = weft.conv %{{.*}}, %arg1
func.func @refused(%x: tensor<1x3x5x5xf32> {weft.name = "x"}, %w: tensor<4x3x1x1xf32> {weft.parameter = @w},
    %gain: tensor<4xf32> {weft.parameter = @gain})
    -> (tensor<1x4x5x5xf32> {weft.name = "y"}, tensor<1x4x5x5xf32> {weft.name = "z"},
        tensor<4xf32> {weft.state = @gain}) attributes {weft.export} {
  %c = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x3x5x5xf32>, tensor<4x3x1x1xf32> -> tensor<1x4x5x5xf32>
  %g = weft.broadcast %gain along [1] : tensor<4xf32> -> tensor<1x4x5x5xf32>
  %y = weft.mul %c, %g : tensor<1x4x5x5xf32>
  %d = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x3x5x5xf32>, tensor<4x3x1x1xf32> -> tensor<1x4x5x5xf32>
  return %y, %d, %gain : tensor<1x4x5x5xf32>, tensor<1x4x5x5xf32>, tensor<4xf32>
}
