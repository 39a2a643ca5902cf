// RUN: weft-opt %s --weft-scale-filters --split-input-file --verify-each | FileCheck %s

// Squeeze and excitation: the factors go into the filter, which has fewer elements than the image.
// CHECK-LABEL: func.func @scaled(
// CHECK-SAME: %[[X:.*]]: tensor<1x14x14x48xf32>{{.*}}, %[[S:.*]]: tensor<1x1x1x48xf32>{{.*}}, %[[W:.*]]: tensor<1x1x1x48x32xf32>
// CHECK: %[[R:.*]] = weft.broadcast %[[S]] along [0, 1, 2, 3] : tensor<1x1x1x48xf32> -> tensor<1x1x1x48x32xf32>
// CHECK: %[[F:.*]] = weft.mul %[[W]], %[[R]]
// CHECK: weft.packed_conv %[[X]], %[[F]]
func.func @scaled(%x: tensor<1x14x14x48xf32>, %s: tensor<1x1x1x48xf32>, %w: tensor<1x1x1x48x32xf32>)
    -> tensor<1x14x14x24xf32> {
  %b = weft.broadcast %s along [0, 1, 2, 3] : tensor<1x1x1x48xf32> -> tensor<1x14x14x48xf32>
  %p = weft.mul %b, %x : tensor<1x14x14x48xf32>
  %c = weft.packed_conv %p, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x14x14x48xf32>, tensor<1x1x1x48x32xf32> -> tensor<1x14x14x24xf32>
  return %c : tensor<1x14x14x24xf32>
}

// A window sees each channel in all of its places; the number of images does not matter where all
// have the same factors.
// CHECK-LABEL: func.func @windows(
// CHECK: %[[R:.*]] = weft.broadcast %{{.*}} along [3] : tensor<8xf32> -> tensor<1x3x3x8x16xf32>
// CHECK: %[[F:.*]] = weft.mul %{{.*}}, %[[R]]
// CHECK: weft.packed_conv %{{.*}}, %[[F]]
func.func @windows(%x: tensor<?x30x30x8xf32, #weft.shape<[N, 30, 30, 8]>>, %s: tensor<8xf32>, %w: tensor<1x3x3x8x16xf32>)
    -> tensor<?x30x30x16xf32, #weft.shape<[N, 30, 30, 16]>> {
  %b = weft.broadcast %s along [3] : tensor<8xf32> -> tensor<?x30x30x8xf32, #weft.shape<[N, 30, 30, 8]>>
  %p = weft.mul %x, %b : tensor<?x30x30x8xf32, #weft.shape<[N, 30, 30, 8]>>
  %c = weft.packed_conv %p, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<?x30x30x8xf32, #weft.shape<[N, 30, 30, 8]>>, tensor<1x3x3x8x16xf32> -> tensor<?x30x30x16xf32, #weft.shape<[N, 30, 30, 16]>>
  return %c : tensor<?x30x30x16xf32, #weft.shape<[N, 30, 30, 16]>>
}

// -----

// Each image has factors of its own.
// CHECK-LABEL: func.func @images(
// CHECK-NOT: weft.mul %{{.*}} : tensor<1x1x1x48x32xf32>
// CHECK: weft.mul
// CHECK: weft.packed_conv
func.func @images(%x: tensor<2x14x14x48xf32>, %s: tensor<2x1x1x48xf32>, %w: tensor<1x1x1x48x32xf32>)
    -> tensor<2x14x14x24xf32> {
  %b = weft.broadcast %s along [0, 1, 2, 3] : tensor<2x1x1x48xf32> -> tensor<2x14x14x48xf32>
  %p = weft.mul %b, %x : tensor<2x14x14x48xf32>
  %c = weft.packed_conv %p, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<2x14x14x48xf32>, tensor<1x1x1x48x32xf32> -> tensor<2x14x14x24xf32>
  return %c : tensor<2x14x14x24xf32>
}

// The image is smaller than the filter.
// CHECK-LABEL: func.func @small(
// CHECK: %[[P:.*]] = weft.mul
// CHECK: weft.packed_conv %[[P]]
func.func @small(%x: tensor<1x7x7x48xf32>, %s: tensor<1x1x1x48xf32>, %w: tensor<1x1x1x48x32xf32>)
    -> tensor<1x7x7x24xf32> {
  %b = weft.broadcast %s along [0, 1, 2, 3] : tensor<1x1x1x48xf32> -> tensor<1x7x7x48xf32>
  %p = weft.mul %b, %x : tensor<1x7x7x48xf32>
  %c = weft.packed_conv %p, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x7x7x48xf32>, tensor<1x1x1x48x32xf32> -> tensor<1x7x7x24xf32>
  return %c : tensor<1x7x7x24xf32>
}

// The product is read elsewhere, too; factors by place are none of channels; groups see a part of the channels.
// CHECK-LABEL: func.func @others(
// CHECK-COUNT-3: weft.packed_conv %{{[0-9]+}}, %arg{{[0-9]+}}
func.func @others(%x: tensor<1x14x14x48xf32>, %s: tensor<48xf32>, %t: tensor<1x14x14x1xf32>, %w: tensor<1x1x1x48x32xf32>,
    %v: tensor<2x1x1x24x16xf32>)
    -> (tensor<1x14x14x24xf32>, tensor<1x14x14x24xf32>, tensor<1x14x14x32xf32>, tensor<1x14x14x48xf32>) {
  %b = weft.broadcast %s along [3] : tensor<48xf32> -> tensor<1x14x14x48xf32>
  %p = weft.mul %b, %x : tensor<1x14x14x48xf32>
  %c = weft.packed_conv %p, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x14x14x48xf32>, tensor<1x1x1x48x32xf32> -> tensor<1x14x14x24xf32>
  %d = weft.broadcast %t along [0, 1, 2, 3] : tensor<1x14x14x1xf32> -> tensor<1x14x14x48xf32>
  %q = weft.mul %d, %x : tensor<1x14x14x48xf32>
  %e = weft.packed_conv %q, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x14x14x48xf32>, tensor<1x1x1x48x32xf32> -> tensor<1x14x14x24xf32>
  %r = weft.mul %b, %x : tensor<1x14x14x48xf32>
  %g = weft.packed_conv %r, %v strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 2
    : tensor<1x14x14x48xf32>, tensor<2x1x1x24x16xf32> -> tensor<1x14x14x32xf32>
  return %c, %e, %g, %p : tensor<1x14x14x24xf32>, tensor<1x14x14x24xf32>, tensor<1x14x14x32xf32>, tensor<1x14x14x48xf32>
}
