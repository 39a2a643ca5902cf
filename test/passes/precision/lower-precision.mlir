// RUN: weft-opt %s --weft-lower-precision --split-input-file --verify-each | FileCheck %s
// RUN: weft-opt %s --weft-lower-precision=strict --split-input-file | FileCheck %s --check-prefix=STRICT

weft.parameter param @v : tensor<20x8xf32>
weft.parameter param @w : tensor<8x6xf32>

// What the second product reads is rounded where the first one's bias and maximum end; the argument
// and the result keep their types.
// CHECK-LABEL: func.func @two_products(
// CHECK-SAME: %[[X:.*]]: tensor<?x20xf32{{.*}}, %[[V:.*]]: tensor<20x8xf32>{{.*}}, %[[B:.*]]: tensor<8xf32>{{.*}}, %[[W:.*]]: tensor<8x6xf32>
// CHECK-DAG: %[[NX:.*]] = weft.cast %[[X]] : tensor<?x20xf32, {{.*}}> -> tensor<?x20xbf16
// CHECK-DAG: %[[NV:.*]] = weft.cast %[[V]] : tensor<20x8xf32> -> tensor<20x8xbf16>
// CHECK: %[[Y:.*]] = weft.contract "ik,kj->ij" %[[NX]], %[[NV]] : {{.*}} -> tensor<?x8xf32
// CHECK: %[[S:.*]] = weft.add %[[Y]]
// CHECK: %[[M:.*]] = weft.max %[[S]]
// CHECK: %[[NM:.*]] = weft.cast %[[M]] : {{.*}} -> tensor<?x8xbf16
// CHECK: %[[Z:.*]] = weft.contract "ik,kj->ij" %[[NM]], %{{.*}} -> tensor<?x6xf32
// CHECK: return %[[Z]]
func.func @two_products(%x: tensor<?x20xf32, #weft.shape<[N, 20]>> {weft.name = "x"},
                        %v: tensor<20x8xf32> {weft.parameter = @v}, %b: tensor<8xf32> {weft.name = "b"},
                        %w: tensor<8x6xf32> {weft.parameter = @w})
    -> (tensor<?x6xf32, #weft.shape<[N, 6]>> {weft.name = "z"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %v
    : tensor<?x20xf32, #weft.shape<[N, 20]>>, tensor<20x8xf32> -> tensor<?x8xf32, #weft.shape<[N, 8]>>
  %r = weft.broadcast %b along [1] : tensor<8xf32> -> tensor<?x8xf32, #weft.shape<[N, 8]>>
  %s = weft.add %y, %r : tensor<?x8xf32, #weft.shape<[N, 8]>>
  %zero = weft.constant dense<0.0> : tensor<f32>
  %o = weft.broadcast %zero along [] : tensor<f32> -> tensor<?x8xf32, #weft.shape<[N, 8]>>
  %m = weft.max %s, %o : tensor<?x8xf32, #weft.shape<[N, 8]>>
  %z = weft.contract "ik,kj->ij" %m, %w
    : tensor<?x8xf32, #weft.shape<[N, 8]>>, tensor<8x6xf32> -> tensor<?x6xf32, #weft.shape<[N, 6]>>
  return %z : tensor<?x6xf32, #weft.shape<[N, 6]>>
}

// -----

weft.parameter param @w : tensor<8x8xf32>

// A residual is kept once, in bf16: the product reads it, and the sum widens it.
// CHECK-LABEL: func.func @residual(
// CHECK: %[[E:.*]] = weft.exp
// CHECK: %[[NE:.*]] = weft.cast %[[E]] : tensor<4x8xf32> -> tensor<4x8xbf16>
// CHECK: %[[WE:.*]] = weft.cast %[[NE]] : tensor<4x8xbf16> -> tensor<4x8xf32>
// CHECK: %[[Y:.*]] = weft.contract "ik,kj->ij" %[[NE]]
// CHECK: weft.add %[[Y]], %[[WE]] : tensor<4x8xf32>
func.func @residual(%x: tensor<4x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w})
    -> (tensor<4x8xf32> {weft.name = "z"}) attributes {weft.export} {
  %e = weft.exp %x : tensor<4x8xf32>
  %y = weft.contract "ik,kj->ij" %e, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %z = weft.add %y, %e : tensor<4x8xf32>
  return %z : tensor<4x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>

// What is a result, too, stays exact; the product has a rounded copy.
// CHECK-LABEL: func.func @also_a_result(
// CHECK: %[[E:.*]] = weft.exp
// CHECK: %[[NE:.*]] = weft.cast %[[E]]
// CHECK: %[[Y:.*]] = weft.contract "ik,kj->ij" %[[NE]]
// CHECK: return %[[E]], %[[Y]]
func.func @also_a_result(%x: tensor<4x8xf32> {weft.name = "x"},
                         %w: tensor<8x8xf32> {weft.parameter = @w})
    -> (tensor<4x8xf32> {weft.name = "e"}, tensor<4x8xf32> {weft.name = "y"}) attributes {weft.export} {
  %e = weft.exp %x : tensor<4x8xf32>
  %y = weft.contract "ik,kj->ij" %e, %w : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  return %e, %y : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

weft.parameter param @v : tensor<8x3x3x3xf32>
weft.parameter param @w : tensor<6x8x3x3xf32>
weft.parameter param @u : tensor<6x1x3x3xf32>

// Three input channels fill no pairs: the first convolution stays. Its result is rounded before the
// maximum over places and the reshape, which only choose and move, not after them. A depthwise
// convolution is lowered.
// CHECK-LABEL: func.func @convolutions(
// CHECK: %[[A:.*]] = weft.conv %{{.*}} : tensor<1x3x8x8xf32>, tensor<8x3x3x3xf32> -> tensor<1x8x8x8xf32>
// CHECK: %[[NA:.*]] = weft.cast %[[A]]
// CHECK: %[[P:.*]] = weft.pool max %[[NA]]
// CHECK-NEXT: %[[B:.*]] = weft.conv %[[P]], %{{.*}} : tensor<1x8x4x4xbf16>, tensor<6x8x3x3xbf16> -> tensor<1x6x4x4xf32>
// CHECK: %[[NB:.*]] = weft.cast %[[B]]
// CHECK: weft.conv %[[NB]], %{{.*}} groups 6 : tensor<1x6x4x4xbf16>, tensor<6x1x3x3xbf16> -> tensor<1x6x4x4xf32>
func.func @convolutions(%x: tensor<1x3x8x8xf32> {weft.name = "x"},
                        %v: tensor<8x3x3x3xf32> {weft.parameter = @v},
                        %w: tensor<6x8x3x3xf32> {weft.parameter = @w},
                        %u: tensor<6x1x3x3xf32> {weft.parameter = @u})
    -> (tensor<1x6x4x4xf32> {weft.name = "y"}) attributes {weft.export} {
  %a = weft.conv %x, %v strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x3x8x8xf32>, tensor<8x3x3x3xf32> -> tensor<1x8x8x8xf32>
  %p = weft.pool max %a window [2, 2] strides [2, 2] pad [0, 0] [0, 0] dilations [1, 1]
    : tensor<1x8x8x8xf32> -> tensor<1x8x4x4xf32>
  %b = weft.conv %p, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x8x4x4xf32>, tensor<6x8x3x3xf32> -> tensor<1x6x4x4xf32>
  %y = weft.conv %b, %u strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 6
    : tensor<1x6x4x4xf32>, tensor<6x1x3x3xf32> -> tensor<1x6x4x4xf32>
  return %y : tensor<1x6x4x4xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>

// Two computed values, f64, and weights alone are left as they are.
// CHECK-LABEL: func.func @others(
// CHECK-NOT: bf16
func.func @others(%x: tensor<8x8xf32> {weft.name = "x"}, %d: tensor<8x8xf64> {weft.name = "d"},
                  %w: tensor<8x8xf32> {weft.parameter = @w})
    -> (tensor<8x8xf32> {weft.name = "a"}, tensor<8x8xf64> {weft.name = "b"},
        tensor<8x8xf32> {weft.name = "c"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %x : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  %b = weft.contract "ik,kj->ij" %d, %d : tensor<8x8xf64>, tensor<8x8xf64> -> tensor<8x8xf64>
  %c = weft.contract "ik,kj->ij" %w, %w : tensor<8x8xf32>, tensor<8x8xf32> -> tensor<8x8xf32>
  return %a, %b, %c : tensor<8x8xf32>, tensor<8x8xf64>, tensor<8x8xf32>
}

// -----

weft.parameter param @v : tensor<64x64x3x3xf32>
weft.parameter param @w : tensor<512x512x3x3xf32>

// In Winograd's form f32 is faster where channels are moderate and places many; where maps are small,
// the transformed filters take longer to read than twice the products take.
// CHECK-LABEL: func.func @windows(
// CHECK-DAG: weft.conv %{{.*}} : tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32>
// CHECK-DAG: weft.conv %{{.*}} : tensor<1x512x7x7xbf16>, tensor<512x512x3x3xbf16> -> tensor<1x512x7x7xf32>
// STRICT-LABEL: func.func @windows(
// STRICT-DAG: weft.conv %{{.*}} : tensor<1x64x56x56xbf16>, tensor<64x64x3x3xbf16> -> tensor<1x64x56x56xf32>
// STRICT-DAG: weft.conv %{{.*}} : tensor<1x512x7x7xbf16>, tensor<512x512x3x3xbf16> -> tensor<1x512x7x7xf32>
func.func @windows(%x: tensor<1x64x56x56xf32> {weft.name = "x"}, %z: tensor<1x512x7x7xf32> {weft.name = "z"},
                   %v: tensor<64x64x3x3xf32> {weft.parameter = @v},
                   %w: tensor<512x512x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x64x56x56xf32> {weft.name = "a"}, tensor<1x512x7x7xf32> {weft.name = "b"}) attributes {weft.export} {
  %a = weft.conv %x, %v strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32> -> tensor<1x64x56x56xf32>
  %b = weft.conv %z, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x512x7x7xf32>, tensor<512x512x3x3xf32> -> tensor<1x512x7x7xf32>
  return %a, %b : tensor<1x64x56x56xf32>, tensor<1x512x7x7xf32>
}
