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

// Gate 2 of four, as `rearrange("n (gate u) -> gate n u")[2]`.
// CHECK-LABEL: func.func @part_of_a_split_axis(
// CHECK-NEXT: %[[Y:.*]] = weft.slice %arg0 from <[0, 10]> by [1, 1] : tensor<3x20xf32> -> tensor<3x5xf32>
// CHECK-NEXT: return %[[Y]]
func.func @part_of_a_split_axis(%x: tensor<3x20xf32>) -> tensor<3x5xf32> {
  %r = weft.reshape %x : tensor<3x20xf32> -> tensor<3x4x5xf32>
  %t = weft.transpose %r [1, 0, 2] : tensor<3x4x5xf32> -> tensor<4x3x5xf32>
  %s = weft.slice %t from <[2, 0, 0]> by [1, 1, 1] : tensor<4x3x5xf32> -> tensor<1x3x5xf32>
  %y = weft.reshape %s : tensor<1x3x5xf32> -> tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}

// The keys of an attention, as `rearrange("n l (three h d) -> three n h l d")[1]`.
// CHECK-LABEL: func.func @part_with_heads(
// CHECK-NEXT: %[[R:.*]] = weft.reshape %arg0 : tensor<?x7x24xf32, #weft.shape<[N, 7, 24]>> -> tensor<?x7x6x4xf32, #weft.shape<[N, 7, 6, 4]>>
// CHECK-NEXT: %[[S:.*]] = weft.slice %[[R]] from <[0, 0, 2, 0]> by [1, 1, 1, 1] : {{.*}} -> tensor<?x7x2x4xf32, #weft.shape<[N, 7, 2, 4]>>
// CHECK-NEXT: %[[Y:.*]] = weft.transpose %[[S]] [0, 2, 1, 3]
// CHECK-NEXT: return %[[Y]]
func.func @part_with_heads(%x: tensor<?x7x24xf32, #weft.shape<[N, 7, 24]>>) -> tensor<?x2x7x4xf32, #weft.shape<[N, 2, 7, 4]>> {
  %r = weft.reshape %x : tensor<?x7x24xf32, #weft.shape<[N, 7, 24]>> -> tensor<?x7x3x2x4xf32, #weft.shape<[N, 7, 3, 2, 4]>>
  %t = weft.transpose %r [2, 0, 3, 1, 4] : tensor<?x7x3x2x4xf32, #weft.shape<[N, 7, 3, 2, 4]>> -> tensor<3x?x2x7x4xf32, #weft.shape<[3, N, 2, 7, 4]>>
  %s = weft.slice %t from <[1, 0, 0, 0, 0]> by [1, 1, 1, 1, 1] : tensor<3x?x2x7x4xf32, #weft.shape<[3, N, 2, 7, 4]>> -> tensor<1x?x2x7x4xf32, #weft.shape<[1, N, 2, 7, 4]>>
  %y = weft.reshape %s : tensor<1x?x2x7x4xf32, #weft.shape<[1, N, 2, 7, 4]>> -> tensor<?x2x7x4xf32, #weft.shape<[N, 2, 7, 4]>>
  return %y : tensor<?x2x7x4xf32, #weft.shape<[N, 2, 7, 4]>>
}

// Gates that a contraction has put in front, and a sum that two read: slices of what lies in memory.
// CHECK-LABEL: func.func @parts_in_memory(
// CHECK: %[[C:.*]] = weft.contract
// CHECK: %[[R:.*]] = weft.reshape %[[C]] : tensor<4x3x5xf32> -> tensor<12x5xf32>
// CHECK: weft.slice %[[R]] from <[6, 0]> by [1, 1] : tensor<12x5xf32> -> tensor<3x5xf32>
// CHECK: %[[A:.*]] = weft.add
// CHECK: %[[S:.*]] = weft.reshape %[[A]] : tensor<4x3x5xf32> -> tensor<4x15xf32>
// CHECK: weft.slice %[[S]] from <[0, 10]> by [1, 1] : tensor<4x15xf32> -> tensor<4x5xf32>
// CHECK-NOT: weft.reshape
func.func @parts_in_memory(%x: tensor<3x2xf32>, %w: tensor<4x5x2xf32>, %z: tensor<4x3x5xf32>)
    -> (tensor<3x5xf32>, tensor<4x5xf32>, tensor<4x3x5xf32>) {
  %c = weft.contract "bi,gui->gbu" %x, %w : tensor<3x2xf32>, tensor<4x5x2xf32> -> tensor<4x3x5xf32>
  %s = weft.slice %c from <[2, 0, 0]> by [1, 1, 1] : tensor<4x3x5xf32> -> tensor<1x3x5xf32>
  %y = weft.reshape %s : tensor<1x3x5xf32> -> tensor<3x5xf32>
  %a = weft.add %z, %z : tensor<4x3x5xf32>
  %t = weft.slice %a from <[0, 2, 0]> by [1, 1, 1] : tensor<4x3x5xf32> -> tensor<4x1x5xf32>
  %u = weft.reshape %t : tensor<4x1x5xf32> -> tensor<4x5xf32>
  return %y, %u, %a : tensor<3x5xf32>, tensor<4x5xf32>, tensor<4x3x5xf32>
}

// A part of an axis that is the last one, one of two at a time, and one of a sum that can be computed for the part alone.
// CHECK-LABEL: func.func @no_part(
// CHECK: weft.slice
// CHECK: weft.slice
// CHECK: %[[A:.*]] = weft.slice %arg0 from <[1]> by [3] : tensor<6xf32> -> tensor<2xf32>
// CHECK-COUNT-2: weft.reshape
// CHECK: return %[[A]]
func.func @no_part(%x: tensor<6xf32>, %z: tensor<4x3xf32>) -> (tensor<2xf32>, tensor<1xf32>, tensor<3xf32>) {
  %r = weft.reshape %x : tensor<6xf32> -> tensor<2x3xf32>
  %a = weft.slice %r from <[0, 1]> by [1, 1] : tensor<2x3xf32> -> tensor<2x1xf32>
  %b = weft.slice %r from <[1, 1]> by [1, 1] : tensor<2x3xf32> -> tensor<1x1xf32>
  %n = weft.neg %z : tensor<4x3xf32>
  %c = weft.slice %n from <[2, 0]> by [1, 1] : tensor<4x3xf32> -> tensor<1x3xf32>
  %d = weft.reshape %a : tensor<2x1xf32> -> tensor<2xf32>
  %e = weft.reshape %b : tensor<1x1xf32> -> tensor<1xf32>
  %f = weft.reshape %c : tensor<1x3xf32> -> tensor<3xf32>
  return %d, %e, %f : tensor<2xf32>, tensor<1xf32>, tensor<3xf32>
}

// The gradients of gates, side by side.
// CHECK-LABEL: func.func @joined_parts(
// CHECK-NEXT: %[[Y:.*]] = weft.concat 1 %arg0, %arg1 : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x10xf32>
// CHECK-NEXT: return %[[Y]]
func.func @joined_parts(%x: tensor<3x5xf32>, %y: tensor<3x5xf32>) -> tensor<3x10xf32> {
  %a = weft.reshape %x : tensor<3x5xf32> -> tensor<1x3x5xf32>
  %b = weft.reshape %y : tensor<3x5xf32> -> tensor<1x3x5xf32>
  %c = weft.concat 0 %a, %b : (tensor<1x3x5xf32>, tensor<1x3x5xf32>) -> tensor<2x3x5xf32>
  %t = weft.transpose %c [1, 0, 2] : tensor<2x3x5xf32> -> tensor<3x2x5xf32>
  %r = weft.reshape %t : tensor<3x2x5xf32> -> tensor<3x10xf32>
  return %r : tensor<3x10xf32>
}

// A stack that is read as it is as well.
// CHECK-LABEL: func.func @stack_reused(
// CHECK: weft.concat 0
// CHECK: weft.transpose
func.func @stack_reused(%x: tensor<1x3x5xf32>, %y: tensor<1x3x5xf32>) -> (tensor<3x10xf32>, tensor<2x3x5xf32>) {
  %c = weft.concat 0 %x, %y : (tensor<1x3x5xf32>, tensor<1x3x5xf32>) -> tensor<2x3x5xf32>
  %t = weft.transpose %c [1, 0, 2] : tensor<2x3x5xf32> -> tensor<3x2x5xf32>
  %r = weft.reshape %t : tensor<3x2x5xf32> -> tensor<3x10xf32>
  return %r, %c : tensor<3x10xf32>, tensor<2x3x5xf32>
}

// A shuffle of what was joined: the parts are interleaved from where they lie, each slice by itself.
// CHECK-LABEL: func.func @shuffled(
// CHECK: %[[X:.*]] = weft.reshape %arg0 : tensor<2x6x5xf32> -> tensor<2x6x1x5xf32>
// CHECK: %[[Y:.*]] = weft.reshape %arg1 : tensor<2x6x5xf32> -> tensor<2x6x1x5xf32>
// CHECK: %[[A:.*]] = weft.slice %[[X]] from <[0, 0, 0, 0]> by [1, 1, 1, 1] : tensor<2x6x1x5xf32> -> tensor<2x2x1x5xf32>
// CHECK: %[[B:.*]] = weft.slice %[[Y]] from <[0, 0, 0, 0]> by [1, 1, 1, 1] : tensor<2x6x1x5xf32> -> tensor<2x2x1x5xf32>
// CHECK: %[[L:.*]] = weft.concat 2 %[[A]], %[[B]] : (tensor<2x2x1x5xf32>, tensor<2x2x1x5xf32>) -> tensor<2x2x2x5xf32>
// CHECK: weft.reshape %[[L]] : tensor<2x2x2x5xf32> -> tensor<2x4x5xf32>
// CHECK: weft.slice %[[X]] from <[0, 2, 0, 0]> by [1, 1, 1, 1] : tensor<2x6x1x5xf32> -> tensor<2x4x1x5xf32>
// CHECK: weft.concat 2
// CHECK-NOT: weft.transpose
func.func @shuffled(%x: tensor<2x6x5xf32>, %y: tensor<2x6x5xf32>) -> (tensor<2x4x5xf32>, tensor<2x8x5xf32>) {
  %c = weft.concat 1 %x, %y : (tensor<2x6x5xf32>, tensor<2x6x5xf32>) -> tensor<2x12x5xf32>
  %s = weft.reshape %c : tensor<2x12x5xf32> -> tensor<2x2x6x5xf32>
  %t = weft.transpose %s [0, 2, 1, 3] : tensor<2x2x6x5xf32> -> tensor<2x6x2x5xf32>
  %j = weft.reshape %t : tensor<2x6x2x5xf32> -> tensor<2x12x5xf32>
  %l = weft.slice %j from <[0, 0, 0]> by [1, 1, 1] : tensor<2x12x5xf32> -> tensor<2x4x5xf32>
  %h = weft.slice %j from <[0, 4, 0]> by [1, 1, 1] : tensor<2x12x5xf32> -> tensor<2x8x5xf32>
  return %l, %h : tensor<2x4x5xf32>, tensor<2x8x5xf32>
}

// Parts of several indices are transposed where they are joined.
// CHECK-LABEL: func.func @shuffled_groups(
// CHECK: %[[X:.*]] = weft.reshape %arg0 : tensor<2x8x5xf32> -> tensor<2x2x4x5xf32>
// CHECK: %[[A:.*]] = weft.transpose %[[X]] [0, 2, 1, 3] : tensor<2x2x4x5xf32> -> tensor<2x4x2x5xf32>
// CHECK: %[[B:.*]] = weft.reshape %arg1 : tensor<2x4x5xf32> -> tensor<2x4x1x5xf32>
// CHECK: weft.concat 2 %[[A]], %[[B]] : (tensor<2x4x2x5xf32>, tensor<2x4x1x5xf32>) -> tensor<2x4x3x5xf32>
func.func @shuffled_groups(%x: tensor<2x8x5xf32>, %y: tensor<2x4x5xf32>) -> tensor<2x4x3x5xf32> {
  %c = weft.concat 1 %x, %y : (tensor<2x8x5xf32>, tensor<2x4x5xf32>) -> tensor<2x12x5xf32>
  %s = weft.reshape %c : tensor<2x12x5xf32> -> tensor<2x3x4x5xf32>
  %t = weft.transpose %s [0, 2, 1, 3] : tensor<2x3x4x5xf32> -> tensor<2x4x3x5xf32>
  return %t : tensor<2x4x3x5xf32>
}

// Parts that end inside of an index; slices that begin there, or beside which all is read; a concatenation whose
// parts it computes.
// CHECK-LABEL: func.func @not_shuffled(
// CHECK: weft.concat 1 %arg0, %arg1
// CHECK: %[[T:.*]] = weft.transpose
// CHECK: %[[J:.*]] = weft.reshape %[[T]]
// CHECK: weft.slice %[[J]] from <[0, 3]>
// CHECK: %[[N:.*]] = weft.neg
// CHECK: %[[C:.*]] = weft.concat 1 %[[N]], %arg1
// CHECK: weft.slice %[[C]]
// CHECK: weft.slice %[[C]]
func.func @not_shuffled(%x: tensor<2x5xf32>, %y: tensor<2x7xf32>)
    -> (tensor<2x4xf32>, tensor<1x12xf32>, tensor<1x12xf32>) {
  %c = weft.concat 1 %x, %y : (tensor<2x5xf32>, tensor<2x7xf32>) -> tensor<2x12xf32>
  %s = weft.reshape %c : tensor<2x12xf32> -> tensor<2x2x6xf32>
  %t = weft.transpose %s [0, 2, 1] : tensor<2x2x6xf32> -> tensor<2x6x2xf32>
  %j = weft.reshape %t : tensor<2x6x2xf32> -> tensor<2x12xf32>
  %l = weft.slice %j from <[0, 3]> by [1, 1] : tensor<2x12xf32> -> tensor<2x4xf32>
  %n = weft.neg %x : tensor<2x5xf32>
  %d = weft.concat 1 %n, %y : (tensor<2x5xf32>, tensor<2x7xf32>) -> tensor<2x12xf32>
  %a = weft.slice %d from <[0, 0]> by [1, 1] : tensor<2x12xf32> -> tensor<1x12xf32>
  %b = weft.slice %d from <[1, 0]> by [1, 1] : tensor<2x12xf32> -> tensor<1x12xf32>
  return %l, %a, %b : tensor<2x4xf32>, tensor<1x12xf32>, tensor<1x12xf32>
}

// Axes that are joined for a transpose and split again stay apart, so that the parts are seen: every second channel.
// CHECK-LABEL: func.func @joined_for_a_transpose(
// CHECK: weft.slice %arg0 from <[0, 0, 0, 0]> by [1, 2, 1, 1] : tensor<3x10x4x7xf32> -> tensor<3x5x4x7xf32>
// CHECK: weft.slice %arg0 from <[0, 1, 0, 0]> by [1, 2, 1, 1] : tensor<3x10x4x7xf32> -> tensor<3x5x4x7xf32>
// CHECK-NOT: weft.gather
// CHECK-NOT: weft.transpose
func.func @joined_for_a_transpose(%x: tensor<3x10x4x7xf32>) -> (tensor<3x5x4x7xf32>, tensor<3x5x4x7xf32>) {
  %s = weft.reshape %x : tensor<3x10x4x7xf32> -> tensor<15x2x28xf32>
  %t = weft.transpose %s [1, 0, 2] : tensor<15x2x28xf32> -> tensor<2x15x28xf32>
  %r = weft.reshape %t : tensor<2x15x28xf32> -> tensor<2x3x5x4x7xf32>
  %0 = weft.constant dense<0> : tensor<i64>
  %1 = weft.constant dense<1> : tensor<i64>
  %a = weft.gather %r, %0 axis 0 : tensor<2x3x5x4x7xf32>, tensor<i64> -> tensor<3x5x4x7xf32>
  %b = weft.gather %r, %1 axis 0 : tensor<2x3x5x4x7xf32>, tensor<i64> -> tensor<3x5x4x7xf32>
  return %a, %b : tensor<3x5x4x7xf32>, tensor<3x5x4x7xf32>
}

// Tokens that become an image: one transpose, with a number of images that is not known.
// CHECK-LABEL: func.func @image_of_tokens(
// CHECK-NEXT: %[[T:.*]] = weft.transpose %arg0 [0, 3, 1, 2]
// CHECK-NEXT: return %[[T]]
func.func @image_of_tokens(%x: tensor<?x4x6x5xf32, #weft.shape<[N, 4, 6, 5]>>)
    -> tensor<?x5x4x6xf32, #weft.shape<[N, 5, 4, 6]>> {
  %s = weft.reshape %x : tensor<?x4x6x5xf32, #weft.shape<[N, 4, 6, 5]>> -> tensor<?x24x5xf32, #weft.shape<[N, 24, 5]>>
  %t = weft.transpose %s [0, 2, 1] : tensor<?x24x5xf32, #weft.shape<[N, 24, 5]>> -> tensor<?x5x24xf32, #weft.shape<[N, 5, 24]>>
  %r = weft.reshape %t : tensor<?x5x24xf32, #weft.shape<[N, 5, 24]>> -> tensor<?x5x4x6xf32, #weft.shape<[N, 5, 4, 6]>>
  return %r : tensor<?x5x4x6xf32, #weft.shape<[N, 5, 4, 6]>>
}

// Axes that are split otherwise than they were; an index that is not there.
// CHECK-LABEL: func.func @split_otherwise(
// CHECK: weft.reshape %arg0 : tensor<4x6x5xf32> -> tensor<24x5xf32>
// CHECK-NEXT: weft.transpose %{{.*}} [1, 0]
// CHECK: weft.gather
func.func @split_otherwise(%x: tensor<4x6x5xf32>) -> (tensor<5x8x3xf32>, tensor<6x5xf32>) {
  %s = weft.reshape %x : tensor<4x6x5xf32> -> tensor<24x5xf32>
  %t = weft.transpose %s [1, 0] : tensor<24x5xf32> -> tensor<5x24xf32>
  %r = weft.reshape %t : tensor<5x24xf32> -> tensor<5x8x3xf32>
  %i = weft.constant dense<4> : tensor<i64>
  %g = weft.gather %x, %i axis 0 : tensor<4x6x5xf32>, tensor<i64> -> tensor<6x5xf32>
  return %r, %g : tensor<5x8x3xf32>, tensor<6x5xf32>
}

// A single number has no axis that could be split.
// CHECK-LABEL: func.func @number(
// CHECK: weft.reshape {{.*}} -> tensor<f32>
func.func @number(%x: tensor<1xf32>) -> tensor<f32> {
  %y = weft.exp %x : tensor<1xf32>
  %r = weft.reshape %y : tensor<1xf32> -> tensor<f32>
  return %r : tensor<f32>
}
