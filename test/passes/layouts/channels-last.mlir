// RUN: weft-opt %s --weft-channels-last --canonicalize --split-input-file --verify-each | FileCheck %s
// RUN: weft-opt %s --weft-channels-last=strict --split-input-file | FileCheck %s --check-prefix=STRICT
// RUN: weft-opt %s --weft-channels-last=bfloat-dots --canonicalize --split-input-file | FileCheck %s --check-prefix=DOTS

// STRICT-NOT: winograd_conv

// One transpose at each border; between them, nothing but the layout has changed.
// CHECK-LABEL: func.func @two_convolutions(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x8x8xf32>
// CHECK: %[[T:.*]] = weft.transpose %[[X]] [0, 2, 3, 1] : tensor<2x3x8x8xf32> -> tensor<2x8x8x3xf32>
// CHECK: %[[A:.*]] = weft.packed_conv %[[T]]
// CHECK-SAME: -> tensor<2x8x8x5xf32>
// CHECK: %[[B:.*]] = weft.broadcast %{{.*}} along [3] : tensor<5xf32> -> tensor<2x8x8x5xf32>
// CHECK: %[[S:.*]] = weft.add %[[A]], %[[B]] : tensor<2x8x8x5xf32>
// CHECK: %[[P:.*]] = weft.pool max %[[S]] window [2, 2, 1] strides [2, 2, 1] pad [0, 0, 0] [0, 0, 0]
// CHECK-SAME: -> tensor<2x4x4x5xf32>
// CHECK: %[[C:.*]] = weft.packed_conv %[[P]]
// CHECK: weft.transpose %[[C]] [0, 3, 1, 2] : tensor<2x4x4x4xf32> -> tensor<2x4x4x4xf32>
// CHECK-NOT: weft.transpose
func.func @two_convolutions(%x: tensor<2x3x8x8xf32> {weft.name = "x"},
                            %v: tensor<5x3x3x3xf32> {weft.name = "v"},
                            %b: tensor<5xf32> {weft.name = "b"},
                            %w: tensor<4x5x1x1xf32> {weft.name = "w"})
    -> (tensor<2x4x4x4xf32> {weft.name = "y"}) attributes {weft.export} {
  %c = weft.conv %x, %v strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<2x3x8x8xf32>, tensor<5x3x3x3xf32> -> tensor<2x5x8x8xf32>
  %r = weft.broadcast %b along [1] : tensor<5xf32> -> tensor<2x5x8x8xf32>
  %s = weft.add %c, %r : tensor<2x5x8x8xf32>
  %p = weft.pool max %s window [2, 2] strides [2, 2] pad [0, 0] [0, 0] dilations [1, 1]
    : tensor<2x5x8x8xf32> -> tensor<2x5x4x4xf32>
  %y = weft.conv %p, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<2x5x4x4xf32>, tensor<4x5x1x1xf32> -> tensor<2x4x4x4xf32>
  return %y : tensor<2x4x4x4xf32>
}

// -----

// One input channel a group.
// CHECK-LABEL: func.func @depthwise(
// CHECK: weft.transpose %{{.*}} [1, 2, 0] : tensor<6x3x3xf32> -> tensor<3x3x6xf32>
// CHECK: weft.depthwise_conv %{{.*}} strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1]
// CHECK-SAME: tensor<?x4x4x6xf32
func.func @depthwise(%x: tensor<?x6x8x8xf32, #weft.shape<[N, 6, 8, 8]>> {weft.name = "x"},
                     %w: tensor<6x1x3x3xf32> {weft.name = "w"})
    -> (tensor<?x6x4x4xf32, #weft.shape<[N, 6, 4, 4]>> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1] groups 6
    : tensor<?x6x8x8xf32, #weft.shape<[N, 6, 8, 8]>>, tensor<6x1x3x3xf32>
    -> tensor<?x6x4x4xf32, #weft.shape<[N, 6, 4, 4]>>
  return %y : tensor<?x6x4x4xf32, #weft.shape<[N, 6, 4, 4]>>
}

// -----

// Groups of few channels, which share vectors, have panels without columns that there are none of.
// CHECK-LABEL: func.func @narrow_groups(
// CHECK: weft.packed_conv {{.*}} groups 4 : tensor<1x8x8x24xf32>, tensor<4x3x3x6x5xf32> -> tensor<1x8x8x20xf32>
func.func @narrow_groups(%x: tensor<1x24x8x8xf32> {weft.name = "x"}, %w: tensor<20x6x3x3xf32> {weft.name = "w"})
    -> (tensor<1x20x8x8xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 4
    : tensor<1x24x8x8xf32>, tensor<20x6x3x3xf32> -> tensor<1x20x8x8xf32>
  return %y : tensor<1x20x8x8xf32>
}

// -----

// Groups that fill vectors keep to themselves.
// CHECK-LABEL: func.func @wide_groups(
// CHECK: weft.packed_conv {{.*}} groups 2 : tensor<1x8x8x12xf32>, tensor<2x3x3x6x16xf32> -> tensor<1x8x8x20xf32>
func.func @wide_groups(%x: tensor<1x12x8x8xf32> {weft.name = "x"}, %w: tensor<20x6x3x3xf32> {weft.name = "w"})
    -> (tensor<1x20x8x8xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 2
    : tensor<1x12x8x8xf32>, tensor<20x6x3x3xf32> -> tensor<1x20x8x8xf32>
  return %y : tensor<1x20x8x8xf32>
}

// -----

// Axes follow; a mean over all places reads either layout alike.
// CHECK-LABEL: func.func @axes_follow(
// CHECK: %[[J:.*]] = weft.concat 2 %{{.*}} : (tensor<1x5x8xf32>, tensor<1x5x8xf32>) -> tensor<1x5x16xf32>
// CHECK: weft.reduce sum %[[J]] axes [1] : tensor<1x5x16xf32> -> tensor<1x16xf32>
func.func @axes_follow(%x: tensor<1x4x5xf32> {weft.name = "x"}, %w: tensor<8x4x1xf32> {weft.name = "w"})
    -> (tensor<1x16xf32> {weft.name = "y"}) attributes {weft.export} {
  %c = weft.conv %x, %w strides [1] pad [0] [0] dilations [1] groups 1
    : tensor<1x4x5xf32>, tensor<8x4x1xf32> -> tensor<1x8x5xf32>
  %e = weft.exp %c : tensor<1x8x5xf32>
  %j = weft.concat 1 %c, %e : (tensor<1x8x5xf32>, tensor<1x8x5xf32>) -> tensor<1x16x5xf32>
  %y = weft.reduce sum %j axes [2] : tensor<1x16x5xf32> -> tensor<1x16xf32>
  return %y : tensor<1x16xf32>
}

// -----

// The sum of all places behind a depthwise convolution is one of lines first, which its kernel gives.
// CHECK-LABEL: func.func @sums_behind_depthwise(
// CHECK: %[[R:.*]] = weft.max
// CHECK: %[[S:.*]] = weft.reduce sum %[[R]] axes [2] : tensor<1x6x7x16xf32> -> tensor<1x6x16xf32>
// CHECK: weft.reduce sum %[[S]] axes [1] : tensor<1x6x16xf32> -> tensor<1x16xf32>
// CHECK: %[[T:.*]] = weft.neg
// CHECK: weft.reduce max %[[T]] axes [1, 2]
func.func @sums_behind_depthwise(%x: tensor<1x16x6x7xf32> {weft.name = "x"}, %w: tensor<16x1x3x3xf32> {weft.name = "w"})
    -> (tensor<1x16xf32> {weft.name = "y"}, tensor<1x16xf32> {weft.name = "z"}) attributes {weft.export} {
  %c = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 16
    : tensor<1x16x6x7xf32>, tensor<16x1x3x3xf32> -> tensor<1x16x6x7xf32>
  %zero = weft.constant dense<0.0> : tensor<1x16x6x7xf32>
  %r = weft.max %c, %zero : tensor<1x16x6x7xf32>
  %y = weft.reduce sum %r axes [2, 3] : tensor<1x16x6x7xf32> -> tensor<1x16xf32>
  %t = weft.neg %c : tensor<1x16x6x7xf32>
  %z = weft.reduce max %t axes [2, 3] : tensor<1x16x6x7xf32> -> tensor<1x16xf32>
  return %y, %z : tensor<1x16xf32>, tensor<1x16xf32>
}

// -----

// Without a convolution nothing turns.
// CHECK-LABEL: func.func @no_convolution(
// CHECK-NEXT: weft.pool max %{{.*}} window [2, 2]
// CHECK-NEXT: return
func.func @no_convolution(%x: tensor<1x4x6x6xf32> {weft.name = "x"})
    -> (tensor<1x4x3x3xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.pool max %x window [2, 2] strides [2, 2] pad [0, 0] [0, 0] dilations [1, 1]
    : tensor<1x4x6x6xf32> -> tensor<1x4x3x3xf32>
  return %y : tensor<1x4x3x3xf32>
}

// -----

// Integers stay: the packed form is for floats.
// CHECK-LABEL: func.func @integers_refused(
// CHECK-NEXT: weft.conv
func.func @integers_refused(%x: tensor<1x4x6x6xi32> {weft.name = "x"}, %w: tensor<2x4x1x1xi32> {weft.name = "w"})
    -> (tensor<1x2x6x6xi32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x4x6x6xi32>, tensor<2x4x1x1xi32> -> tensor<1x2x6x6xi32>
  return %y : tensor<1x2x6x6xi32>
}

// -----

weft.parameter param @w : tensor<40x32x3x3xf32>

// A weight of 3x3 over enough channels and places is transformed; a tile of 4 takes 36 products.
// CHECK-LABEL: func.func @winograd(
// CHECK: weft.winograd_conv %{{.*}} tile 4 pad [1, 1] [1, 1]
// CHECK-SAME: tensor<1x16x16x32xf32>, tensor<36x1x32x48xf32> -> tensor<1x16x16x40xf32>
func.func @winograd(%x: tensor<1x32x16x16xf32> {weft.name = "x"},
                    %w: tensor<40x32x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x40x16x16xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x32x16x16xf32>, tensor<40x32x3x3xf32> -> tensor<1x40x16x16xf32>
  return %y : tensor<1x40x16x16xf32>
}

// -----

weft.parameter param @w : tensor<40x32x3x3xf32>

// Nine tiles of 2 do not pay for what their filters and transforms take.
// CHECK-LABEL: func.func @few_tiles(
// CHECK: weft.packed_conv
// CHECK-NOT: weft.winograd_conv
func.func @few_tiles(%x: tensor<1x32x6x6xf32> {weft.name = "x"},
                     %w: tensor<40x32x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x40x6x6xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x32x6x6xf32>, tensor<40x32x3x3xf32> -> tensor<1x40x6x6xf32>
  return %y : tensor<1x40x6x6xf32>
}

// -----

weft.parameter param @w : tensor<64x64x3x3xf32>

// Each phase of a dilation has tiles of its own.
// CHECK-LABEL: func.func @dilated(
// CHECK-NOT: weft.pad
// CHECK: weft.winograd_conv %{{.*}} tile 4 pad [2, 2] [2, 2] dilation 2
// CHECK-SAME: tensor<1x31x30x64xf32>, tensor<36x1x64x64xf32> -> tensor<1x31x30x64xf32>
func.func @dilated(%x: tensor<1x64x31x30xf32> {weft.name = "x"},
                   %w: tensor<64x64x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x64x31x30xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [2, 2] [2, 2] dilations [2, 2] groups 1
    : tensor<1x64x31x30xf32>, tensor<64x64x3x3xf32> -> tensor<1x64x31x30xf32>
  return %y : tensor<1x64x31x30xf32>
}

// -----

weft.parameter param @w : tensor<64x64x3x3xf32>

// Whatever the padding.
// CHECK-LABEL: func.func @dilated_and_shifted(
// CHECK: weft.winograd_conv %{{.*}} tile 4 pad [1, 1] [1, 1] dilation 2
func.func @dilated_and_shifted(%x: tensor<1x64x32x32xf32> {weft.name = "x"},
                               %w: tensor<64x64x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x64x30x30xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [2, 2] groups 1
    : tensor<1x64x32x32xf32>, tensor<64x64x3x3xf32> -> tensor<1x64x30x30xf32>
  return %y : tensor<1x64x30x30xf32>
}

// -----

weft.parameter param @w : tensor<512x512x3x3xf32>

// Filters that no cache holds are read once for all tiles: a kernel of its own transforms the
// patches.
// CHECK-LABEL: func.func @many_channels(
// CHECK: %[[P:.*]] = weft.winograd_patches %{{.*}} tile 4 pad [4, 4] [4, 4] dilation 4
// CHECK-SAME: tensor<1x28x28x512xf32> -> tensor<36x64x512xf32>
// CHECK: weft.winograd_conv %[[P]], %{{.*}} tile 4 pad [4, 4] [4, 4] dilation 4 patches_of [28, 28]
func.func @many_channels(%x: tensor<1x512x28x28xf32> {weft.name = "x"},
                         %w: tensor<512x512x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x512x28x28xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [4, 4] [4, 4] dilations [4, 4] groups 1
    : tensor<1x512x28x28xf32>, tensor<512x512x3x3xf32> -> tensor<1x512x28x28xf32>
  return %y : tensor<1x512x28x28xf32>
}

// -----

weft.parameter param @w : tensor<5x3x3x3xbf16>

// CHECK-LABEL: func.func @pairs_of_channels(
// DOTS-LABEL: func.func @pairs_of_channels(
// CHECK: weft.packed_conv {{.*}} groups 1 : tensor<2x8x8x3xbf16>, tensor<1x3x3x3x16xbf16> -> tensor<2x8x8x5xf32>
// DOTS: weft.packed_conv {{.*}} interleave 2 : tensor<2x8x8x3xbf16>, tensor<1x3x3x2x16x2xbf16> -> tensor<2x8x8x5xf32>
func.func @pairs_of_channels(%x: tensor<2x3x8x8xbf16> {weft.name = "x"}, %w: tensor<5x3x3x3xbf16> {weft.parameter = @w})
    -> (tensor<2x5x8x8xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<2x3x8x8xbf16>, tensor<5x3x3x3xbf16> -> tensor<2x5x8x8xf32>
  return %y : tensor<2x5x8x8xf32>
}

// -----

weft.parameter param @w : tensor<5x3x3x3xf32>
weft.parameter param @v : tensor<4x5x3x3xf32>

// Places that are repeated and divided into windows, as the gradient of a pooling has them, keep
// channels last: between the borders nothing is turned.
// CHECK-LABEL: func.func @windows(
// CHECK-COUNT-1: weft.transpose %{{.*}} [0, 2, 3, 1] : tensor<2x3x8x8xf32>
// CHECK: weft.packed_conv
// CHECK-NOT: weft.transpose
// CHECK: %[[I:.*]] = weft.iota 4 : tensor<2x8x2x8x2x5xf32>
// CHECK: weft.broadcast %{{.*}} along [0, 1, 3, 5] : tensor<2x8x8x5xf32> -> tensor<2x8x2x8x2x5xf32>
// CHECK: weft.mul {{.*}}%[[I]]
// CHECK: %[[R:.*]] = weft.reshape %{{.*}} : tensor<2x8x2x8x2x5xf32> -> tensor<2x16x16x5xf32>
// CHECK: weft.packed_conv %[[R]]
// CHECK: weft.transpose %{{.*}} [0, 3, 1, 2] : tensor<2x16x16x4xf32>
func.func @windows(%x: tensor<2x3x8x8xf32> {weft.name = "x"}, %w: tensor<5x3x3x3xf32> {weft.parameter = @w},
                   %v: tensor<4x5x3x3xf32> {weft.parameter = @v})
    -> (tensor<2x4x16x16xf32> {weft.name = "y"}) attributes {weft.export} {
  %a = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<2x3x8x8xf32>, tensor<5x3x3x3xf32> -> tensor<2x5x8x8xf32>
  %i = weft.iota 5 : tensor<2x5x8x2x8x2xf32>
  %b = weft.broadcast %a along [0, 1, 2, 4] : tensor<2x5x8x8xf32> -> tensor<2x5x8x2x8x2xf32>
  %c = weft.mul %b, %i : tensor<2x5x8x2x8x2xf32>
  %d = weft.reshape %c : tensor<2x5x8x2x8x2xf32> -> tensor<2x5x16x16xf32>
  %y = weft.conv %d, %v strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<2x5x16x16xf32>, tensor<4x5x3x3xf32> -> tensor<2x4x16x16xf32>
  return %y : tensor<2x4x16x16xf32>
}
