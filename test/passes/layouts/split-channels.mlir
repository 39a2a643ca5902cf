// RUN: weft-opt %s --weft-channels-last --canonicalize --split-input-file --verify-each | FileCheck %s

// A shuffle of channels: split, exchanged and joined behind the places, which stay where they are.
// CHECK-LABEL: func.func @shuffle(
// CHECK: %[[A:.*]] = weft.packed_conv
// CHECK-SAME: -> tensor<2x7x9x6xf32>
// CHECK-NEXT: %[[S:.*]] = weft.reshape %[[A]] : tensor<2x7x9x6xf32> -> tensor<2x7x9x2x3xf32>
// CHECK-NEXT: %[[T:.*]] = weft.transpose %[[S]] [0, 1, 2, 4, 3] : tensor<2x7x9x2x3xf32> -> tensor<2x7x9x3x2xf32>
// CHECK-NEXT: %[[J:.*]] = weft.reshape %[[T]] : tensor<2x7x9x3x2xf32> -> tensor<2x7x9x6xf32>
// CHECK-NEXT: %[[P:.*]] = weft.slice %[[J]] from <[0, 0, 0, 2]> by [1, 1, 1, 1] : tensor<2x7x9x6xf32> -> tensor<2x7x9x3xf32>
// CHECK: weft.packed_conv %[[P]]
func.func @shuffle(%x: tensor<2x4x7x9xf32> {weft.name = "x"}, %w: tensor<6x4x1x1xf32> {weft.name = "w"},
                   %v: tensor<5x3x1x1xf32> {weft.name = "v"})
    -> (tensor<2x5x7x9xf32> {weft.name = "y"}) attributes {weft.export} {
  %a = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<2x4x7x9xf32>, tensor<6x4x1x1xf32> -> tensor<2x6x7x9xf32>
  %s = weft.reshape %a : tensor<2x6x7x9xf32> -> tensor<2x2x3x7x9xf32>
  %t = weft.transpose %s [0, 2, 1, 3, 4] : tensor<2x2x3x7x9xf32> -> tensor<2x3x2x7x9xf32>
  %j = weft.reshape %t : tensor<2x3x2x7x9xf32> -> tensor<2x6x7x9xf32>
  %p = weft.slice %j from <[0, 2, 0, 0]> by [1, 1, 1, 1] : tensor<2x6x7x9xf32> -> tensor<2x3x7x9xf32>
  %y = weft.conv %p, %v strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<2x3x7x9xf32>, tensor<5x3x1x1xf32> -> tensor<2x5x7x9xf32>
  return %y : tensor<2x5x7x9xf32>
}

// -----

// What stands between the two reshapes computes on split channels: a factor for each group, and a
// bias, whose dimensions go where those of the values have gone.
// CHECK-LABEL: func.func @by_groups(
// CHECK: %[[S:.*]] = weft.reshape %{{.*}} : tensor<2x7x9x6xf32> -> tensor<2x7x9x2x3xf32>
// CHECK: %[[F:.*]] = weft.broadcast %{{.*}} along [3] : tensor<2xf32> -> tensor<2x7x9x2x3xf32>
// CHECK: weft.mul %[[S]], %[[F]] : tensor<2x7x9x2x3xf32>
// CHECK-NOT: weft.transpose
// CHECK: weft.reshape %{{.*}} : tensor<2x7x9x2x3xf32> -> tensor<2x7x9x6xf32>
func.func @by_groups(%x: tensor<2x4x7x9xf32> {weft.name = "x"}, %w: tensor<6x4x1x1xf32> {weft.name = "w"},
                     %g: tensor<2xf32> {weft.name = "g"}, %v: tensor<5x6x1x1xf32> {weft.name = "v"})
    -> (tensor<2x5x7x9xf32> {weft.name = "y"}) attributes {weft.export} {
  %a = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<2x4x7x9xf32>, tensor<6x4x1x1xf32> -> tensor<2x6x7x9xf32>
  %s = weft.reshape %a : tensor<2x6x7x9xf32> -> tensor<2x2x3x7x9xf32>
  %f = weft.broadcast %g along [1] : tensor<2xf32> -> tensor<2x2x3x7x9xf32>
  %m = weft.mul %s, %f : tensor<2x2x3x7x9xf32>
  %j = weft.reshape %m : tensor<2x2x3x7x9xf32> -> tensor<2x6x7x9xf32>
  %y = weft.conv %j, %v strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<2x6x7x9xf32>, tensor<5x6x1x1xf32> -> tensor<2x5x7x9xf32>
  return %y : tensor<2x5x7x9xf32>
}

// -----

// A split attention: the parts of the channels are added.
// CHECK-LABEL: func.func @added_parts(
// CHECK: %[[S:.*]] = weft.reshape %{{.*}} : tensor<2x7x9x6xf32> -> tensor<2x7x9x2x3xf32>
// CHECK-NEXT: %[[R:.*]] = weft.reduce sum %[[S]] axes [3] : tensor<2x7x9x2x3xf32> -> tensor<2x7x9x3xf32>
// CHECK: weft.packed_conv %[[R]]
func.func @added_parts(%x: tensor<2x4x7x9xf32> {weft.name = "x"}, %w: tensor<6x4x1x1xf32> {weft.name = "w"},
                       %v: tensor<5x3x1x1xf32> {weft.name = "v"})
    -> (tensor<2x5x7x9xf32> {weft.name = "y"}) attributes {weft.export} {
  %a = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<2x4x7x9xf32>, tensor<6x4x1x1xf32> -> tensor<2x6x7x9xf32>
  %s = weft.reshape %a : tensor<2x6x7x9xf32> -> tensor<2x2x3x7x9xf32>
  %r = weft.reduce sum %s axes [1] : tensor<2x2x3x7x9xf32> -> tensor<2x3x7x9xf32>
  %y = weft.conv %r, %v strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<2x3x7x9xf32>, tensor<5x3x1x1xf32> -> tensor<2x5x7x9xf32>
  return %y : tensor<2x5x7x9xf32>
}

// -----

// Depth to space between two convolutions: channels and places mix, in one pass.
// CHECK-LABEL: func.func @depth_to_space(
// CHECK: %[[S:.*]] = weft.reshape %{{.*}} : tensor<1x4x6x12xf32> -> tensor<1x4x6x3x2x2xf32>
// CHECK-NEXT: %[[T:.*]] = weft.transpose %[[S]] [0, 1, 4, 2, 5, 3] : tensor<1x4x6x3x2x2xf32> -> tensor<1x4x2x6x2x3xf32>
// CHECK-NEXT: %[[J:.*]] = weft.reshape %[[T]] : tensor<1x4x2x6x2x3xf32> -> tensor<1x8x12x3xf32>
// CHECK: weft.packed_conv %[[J]]
func.func @depth_to_space(%x: tensor<1x5x4x6xf32> {weft.name = "x"}, %w: tensor<12x5x1x1xf32> {weft.name = "w"},
                          %v: tensor<2x3x1x1xf32> {weft.name = "v"})
    -> (tensor<1x2x8x12xf32> {weft.name = "y"}) attributes {weft.export} {
  %a = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x5x4x6xf32>, tensor<12x5x1x1xf32> -> tensor<1x12x4x6xf32>
  %s = weft.reshape %a : tensor<1x12x4x6xf32> -> tensor<1x3x2x2x4x6xf32>
  %t = weft.transpose %s [0, 1, 4, 2, 5, 3] : tensor<1x3x2x2x4x6xf32> -> tensor<1x3x4x2x6x2xf32>
  %j = weft.reshape %t : tensor<1x3x4x2x6x2xf32> -> tensor<1x3x8x12xf32>
  %y = weft.conv %j, %v strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x3x8x12xf32>, tensor<2x3x1x1xf32> -> tensor<1x2x8x12xf32>
  return %y : tensor<1x2x8x12xf32>
}

// -----

// Space to depth, whose channels only the convolution behind it tells.
// CHECK-LABEL: func.func @space_to_depth(
// CHECK: %[[S:.*]] = weft.reshape %{{.*}} : tensor<1x4x6x3xf32> -> tensor<1x2x2x3x2x3xf32>
// CHECK-NEXT: %[[T:.*]] = weft.transpose %[[S]] [0, 1, 3, 2, 4, 5] : tensor<1x2x2x3x2x3xf32> -> tensor<1x2x3x2x2x3xf32>
// CHECK-NEXT: weft.reshape %[[T]] : tensor<1x2x3x2x2x3xf32> -> tensor<1x2x3x12xf32>
func.func @space_to_depth(%x: tensor<1x5x4x6xf32> {weft.name = "x"}, %w: tensor<3x5x1x1xf32> {weft.name = "w"},
                          %v: tensor<2x12x1x1xf32> {weft.name = "v"})
    -> (tensor<1x2x2x3xf32> {weft.name = "y"}) attributes {weft.export} {
  %a = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x5x4x6xf32>, tensor<3x5x1x1xf32> -> tensor<1x3x4x6xf32>
  %s = weft.reshape %a : tensor<1x3x4x6xf32> -> tensor<1x3x2x2x3x2xf32>
  %t = weft.transpose %s [0, 3, 5, 1, 2, 4] : tensor<1x3x2x2x3x2xf32> -> tensor<1x2x2x3x2x3xf32>
  %j = weft.reshape %t : tensor<1x2x2x3x2x3xf32> -> tensor<1x12x2x3xf32>
  %y = weft.conv %j, %v strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x12x2x3xf32>, tensor<2x12x1x1xf32> -> tensor<1x2x2x3xf32>
  return %y : tensor<1x2x2x3xf32>
}

// -----

// A channel that becomes a place is none: the reshape stays in the order of the model.
// CHECK-LABEL: func.func @places_from_channels(
// CHECK: weft.transpose %{{.*}} [0, 3, 1, 2] : tensor<1x4x6x4xf32> -> tensor<1x4x4x6xf32>
// CHECK-NEXT: weft.reshape %{{.*}} : tensor<1x4x4x6xf32> -> tensor<1x2x8x6xf32>
// CHECK-NEXT: weft.transpose %{{.*}} [0, 2, 3, 1] : tensor<1x2x8x6xf32> -> tensor<1x8x6x2xf32>
func.func @places_from_channels(%x: tensor<1x5x4x6xf32> {weft.name = "x"}, %w: tensor<4x5x1x1xf32> {weft.name = "w"},
                                %v: tensor<2x2x1x1xf32> {weft.name = "v"})
    -> (tensor<1x2x8x6xf32> {weft.name = "y"}) attributes {weft.export} {
  %a = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x5x4x6xf32>, tensor<4x5x1x1xf32> -> tensor<1x4x4x6xf32>
  %j = weft.reshape %a : tensor<1x4x4x6xf32> -> tensor<1x2x8x6xf32>
  %y = weft.conv %j, %v strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x2x8x6xf32>, tensor<2x2x1x1xf32> -> tensor<1x2x8x6xf32>
  return %y : tensor<1x2x8x6xf32>
}

// -----

// A normalisation by groups reads its channels first: it is turned once, as a whole.
// CHECK-LABEL: func.func @normalised(
// CHECK: weft.transpose %{{.*}} [0, 3, 1, 2] : tensor<1x4x6x4xf32> -> tensor<1x4x4x6xf32>
// CHECK-NEXT: weft.reshape %{{.*}} : tensor<1x4x4x6xf32> -> tensor<1x2x2x4x6xf32>
// CHECK-NEXT: weft.softmax %{{.*}}
func.func @normalised(%x: tensor<1x5x4x6xf32> {weft.name = "x"}, %w: tensor<4x5x1x1xf32> {weft.name = "w"})
    -> (tensor<1x2x2x4x6xf32> {weft.name = "y"}) attributes {weft.export} {
  %a = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x5x4x6xf32>, tensor<4x5x1x1xf32> -> tensor<1x4x4x6xf32>
  %s = weft.reshape %a : tensor<1x4x4x6xf32> -> tensor<1x2x2x4x6xf32>
  %y = weft.softmax %s axis 4 : tensor<1x2x2x4x6xf32>
  return %y : tensor<1x2x2x4x6xf32>
}
