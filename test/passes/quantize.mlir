// RUN: weft-opt %s --weft-quantize --split-input-file --verify-each | FileCheck %s

// A range from 0: no zero point. The bias is joined with the scales.
weft.parameter param @w : tensor<8x16xf32>
weft.parameter param @b : tensor<8xf32>

// CHECK-LABEL: func.func @positive_input(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x16xf32>
// CHECK-DAG: %[[R:.*]] = weft.round %{{.*}} : tensor<2x16xf32>
// CHECK-DAG: %[[Q:.*]] = weft.cast %[[R]] : tensor<2x16xf32> -> tensor<2x16xui8>
// CHECK-DAG: %[[W:.*]] = weft.cast %{{.*}} : tensor<8x16xf32> -> tensor<8x16xi8>
// CHECK: %[[S:.*]] = weft.contract "nk,ok->no" %[[Q]], %[[W]] : tensor<2x16xui8>, tensor<8x16xi8> -> tensor<2x8xi32>
// CHECK: %[[F:.*]] = weft.cast %[[S]] : tensor<2x8xi32> -> tensor<2x8xf32>
// CHECK: %[[M:.*]] = weft.mul %[[F]], %{{.*}} : tensor<2x8xf32>
// CHECK: %[[A:.*]] = weft.add %[[M]], %{{.*}} : tensor<2x8xf32>
// CHECK-NEXT: return %[[A]]
func.func @positive_input(%x: tensor<2x16xf32> {weft.name = "x"}, %w: tensor<8x16xf32> {weft.parameter = @w},
                          %b: tensor<8xf32> {weft.parameter = @b})
    -> (tensor<2x8xf32> {weft.name = "y"}) attributes {weft.export} {
  %p = weft.contract "nk,ok->no" %x, %w {weft.input_range = array<f64: 0.0, 2.55>} : tensor<2x16xf32>, tensor<8x16xf32> -> tensor<2x8xf32>
  %s = weft.broadcast %b along [1] : tensor<8xf32> -> tensor<2x8xf32>
  %y = weft.add %p, %s : tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// A zero point pads the convolution, and is taken off again by the sums of the filters.
weft.parameter param @f : tensor<4x16x3x3xf32>

// CHECK-LABEL: func.func @padded_with_zero_point(
// CHECK: %[[Z:.*]] = weft.constant dense<100> : tensor<ui8>
// CHECK: %[[P:.*]] = weft.pad %{{.*}}, %[[Z]] low <[0, 0, 1, 1]> high <[0, 0, 1, 1]>
// CHECK-SAME: tensor<1x16x5x5xui8>
// CHECK: weft.conv %[[P]], %{{.*}} strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1 : tensor<1x16x7x7xui8>, tensor<4x16x3x3xi8> -> tensor<1x4x5x5xi32>
// CHECK: weft.reduce sum
func.func @padded_with_zero_point(%x: tensor<1x16x5x5xf32> {weft.name = "x"}, %f: tensor<4x16x3x3xf32> {weft.parameter = @f})
    -> (tensor<1x4x5x5xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %f strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1 {weft.input_range = array<f64: -1.0, 1.55>} : tensor<1x16x5x5xf32>, tensor<4x16x3x3xf32> -> tensor<1x4x5x5xf32>
  return %y : tensor<1x4x5x5xf32>
}

// -----

// Two products of one input with one range share what narrows it; a weight on the left moves to the
// right; a product without a range stays.
weft.parameter param @v : tensor<16x4xf32>

// CHECK-LABEL: func.func @shared_input(
// CHECK-COUNT-1: -> tensor<2x16xui8>
// CHECK-DAG: weft.contract "ik,kj->ij" %{{.*}} : tensor<2x16xui8>, tensor<16x4xi8> -> tensor<2x4xi32>
// CHECK-DAG: weft.contract "ik,kj->ji" %{{.*}} : tensor<2x16xui8>, tensor<16x4xi8> -> tensor<4x2xi32>
// CHECK-DAG: weft.contract "ik,kj->ij" %{{.*}} : tensor<2x16xf32>, tensor<16x4xf32> -> tensor<2x4xf32>
func.func @shared_input(%x: tensor<2x16xf32> {weft.name = "x"}, %v: tensor<16x4xf32> {weft.parameter = @v})
    -> (tensor<2x4xf32> {weft.name = "a"}, tensor<4x2xf32> {weft.name = "b"}, tensor<2x4xf32> {weft.name = "c"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %v {weft.input_range = array<f64: 0.0, 1.0>} : tensor<2x16xf32>, tensor<16x4xf32> -> tensor<2x4xf32>
  %b = weft.contract "kj,ik->ji" %v, %x {weft.input_range = array<f64: 0.0, 1.0>} : tensor<16x4xf32>, tensor<2x16xf32> -> tensor<4x2xf32>
  %c = weft.contract "ik,kj->ij" %x, %v : tensor<2x16xf32>, tensor<16x4xf32> -> tensor<2x4xf32>
  return %a, %b, %c : tensor<2x4xf32>, tensor<4x2xf32>, tensor<2x4xf32>
}

// -----

// A balance: a step for each channel, and the weights multiplied by it.
weft.parameter param @u : tensor<16x4xf32>

// CHECK-LABEL: func.func @balanced(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x16xf32>
// CHECK-SAME: %[[U:[a-z0-9]+]]: tensor<16x4xf32>
// CHECK-DAG: %[[I:.*]] = weft.broadcast %{{.*}} along [1] : tensor<16xf32> -> tensor<2x16xf32>
// CHECK-DAG: weft.mul %[[X]], %[[I]]
// CHECK-DAG: %[[B:.*]] = weft.broadcast %{{.*}} along [0] : tensor<16xf32> -> tensor<16x4xf32>
// CHECK-DAG: weft.mul %[[U]], %[[B]]
func.func @balanced(%x: tensor<2x16xf32> {weft.name = "x"}, %u: tensor<16x4xf32> {weft.parameter = @u})
    -> (tensor<2x4xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %u {weft.input_range = array<f64: 0.0, 1.0>, weft.input_balance = dense<[1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0]> : tensor<16xf32>} : tensor<2x16xf32>, tensor<16x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

// What follows a product and another kernel reads as well stays as it is; factors of a
// normalisation are joined.
weft.parameter param @g : tensor<8x16x1x1xf32>
weft.parameter param @s : tensor<8xf32>

// CHECK-LABEL: func.func @factors(
// CHECK: weft.conv
// CHECK: %[[F:.*]] = weft.cast %{{.*}} : tensor<1x8x2x2xi32> -> tensor<1x8x2x2xf32>
// CHECK: %[[M:.*]] = weft.mul %[[F]], %{{.*}} : tensor<1x8x2x2xf32>
// CHECK: %[[A:.*]] = weft.add %[[M]], %{{.*}} : tensor<1x8x2x2xf32>
// CHECK-NEXT: %[[N:.*]] = weft.add %[[A]], %[[A]]
// CHECK-NEXT: return %[[N]]
func.func @factors(%x: tensor<1x16x2x2xf32> {weft.name = "x"}, %g: tensor<8x16x1x1xf32> {weft.parameter = @g},
                   %s: tensor<8xf32> {weft.parameter = @s})
    -> (tensor<1x8x2x2xf32> {weft.name = "y"}) attributes {weft.export} {
  %p = weft.conv %x, %g strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1 {weft.input_range = array<f64: 0.0, 1.0>} : tensor<1x16x2x2xf32>, tensor<8x16x1x1xf32> -> tensor<1x8x2x2xf32>
  %b = weft.broadcast %s along [1] : tensor<8xf32> -> tensor<1x8x2x2xf32>
  %c = weft.sub %p, %b : tensor<1x8x2x2xf32>
  %d = weft.mul %b, %c : tensor<1x8x2x2xf32>
  %y = weft.add %d, %d : tensor<1x8x2x2xf32>
  return %y : tensor<1x8x2x2xf32>
}

// -----

// Between two products alone: one multiplication and addition bring sums to the next product's
// bytes, and the relu is the saturation of these.
weft.parameter param @first : tensor<16x16xf32>
weft.parameter param @second : tensor<16x4xf32>

// CHECK-LABEL: func.func @product_to_product(
// CHECK: %[[S:.*]] = weft.contract {{.*}} -> tensor<2x16xi32>
// CHECK-NOT: weft.max %{{.*}} : tensor<2x16xf32>
// CHECK: %[[F:.*]] = weft.cast %[[S]] : tensor<2x16xi32> -> tensor<2x16xf32>
// CHECK-NOT: weft.max %{{.*}} : tensor<2x16xf32>
// CHECK: %[[M:.*]] = weft.mul %[[F]], %{{.*}} : tensor<2x16xf32>
// CHECK-NEXT: %[[R:.*]] = weft.round %[[M]] : tensor<2x16xf32>
// CHECK-NEXT: %[[Q:.*]] = weft.cast %[[R]] : tensor<2x16xf32> -> tensor<2x16xui8>
// CHECK: weft.contract "ik,kj->ij" %[[Q]], %{{.*}} -> tensor<2x4xi32>
func.func @product_to_product(%x: tensor<2x16xf32> {weft.name = "x"}, %v: tensor<16x16xf32> {weft.parameter = @first},
                              %w: tensor<16x4xf32> {weft.parameter = @second})
    -> (tensor<2x4xf32> {weft.name = "y"}) attributes {weft.export} {
  %z = weft.constant dense<0.0> : tensor<2x16xf32>
  %a = weft.contract "ik,kj->ij" %x, %v {weft.input_range = array<f64: 0.0, 1.0>} : tensor<2x16xf32>, tensor<16x16xf32> -> tensor<2x16xf32>
  %b = weft.max %a, %z : tensor<2x16xf32>
  %y = weft.contract "ik,kj->ij" %b, %w {weft.input_range = array<f64: 0.0, 1.0>} : tensor<2x16xf32>, tensor<16x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

// Something else reads the relu: it stays in f32, and its own bytes are made of it.
weft.parameter param @first : tensor<16x16xf32>
weft.parameter param @second : tensor<16x4xf32>

// CHECK-LABEL: func.func @relu_with_another_user(
// CHECK: %[[B:.*]] = weft.max %{{.*}} : tensor<2x16xf32>
// CHECK: %[[M:.*]] = weft.mul %[[B]], %
// CHECK-NEXT: weft.round %[[M]]
// CHECK: return %{{.*}}, %[[B]]
func.func @relu_with_another_user(%x: tensor<2x16xf32> {weft.name = "x"}, %v: tensor<16x16xf32> {weft.parameter = @first},
                                  %w: tensor<16x4xf32> {weft.parameter = @second})
    -> (tensor<2x4xf32> {weft.name = "y"}, tensor<2x16xf32> {weft.name = "b"}) attributes {weft.export} {
  %z = weft.constant dense<0.0> : tensor<2x16xf32>
  %a = weft.contract "ik,kj->ij" %x, %v {weft.input_range = array<f64: 0.0, 1.0>} : tensor<2x16xf32>, tensor<16x16xf32> -> tensor<2x16xf32>
  %b = weft.max %a, %z : tensor<2x16xf32>
  %y = weft.contract "ik,kj->ij" %b, %w {weft.input_range = array<f64: 0.0, 1.0>} : tensor<2x16xf32>, tensor<16x4xf32> -> tensor<2x4xf32>
  return %y, %b : tensor<2x4xf32>, tensor<2x16xf32>
}
