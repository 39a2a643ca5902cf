// RUN: weft-opt %s --weft-channels-last --canonicalize --split-input-file --verify-each | FileCheck %s
// RUN: weft-opt %s --weft-channels-last=strict --split-input-file | FileCheck %s --check-prefix=STRICT

// STRICT-COUNT-8: transposed output_padding
// STRICT-NOT: winograd_conv

weft.parameter param @w : tensor<8x3x4x4xf32>
weft.parameter param @b : tensor<3xf32>

// Three channels fill a vector with those of the other phases. The bias and what follows are
// computed for all phases, and one transpose makes them places.
// CHECK-LABEL: func.func @few_channels(
// CHECK: %[[C:.*]] = weft.packed_conv %{{.*}} strides [1, 1] pad [1, 1] [1, 1]
// CHECK-SAME: tensor<?x5x7x8xf32, #weft.shape<[N, 5, 7, 8]>>, tensor<1x3x3x8x16xf32>
// CHECK: %[[B:.*]] = weft.broadcast %{{.*}} along [3] : tensor<12xf32>
// CHECK: %[[S:.*]] = weft.add %[[C]], %[[B]]
// CHECK: %[[T:.*]] = weft.tanh %[[S]]
// CHECK: %[[P:.*]] = weft.reshape %[[T]] : {{.*}} -> tensor<?x5x7x2x2x3xf32
// CHECK: %[[I:.*]] = weft.transpose %[[P]] [0, 1, 3, 2, 4, 5]
// CHECK: weft.reshape %[[I]] : {{.*}} -> tensor<?x10x14x3xf32
// CHECK-NOT: weft.add
func.func @few_channels(%x: tensor<?x8x5x7xf32, #weft.shape<[N, 8, 5, 7]>> {weft.name = "x"},
                        %w: tensor<8x3x4x4xf32> {weft.parameter = @w},
                        %b: tensor<3xf32> {weft.parameter = @b})
    -> (tensor<?x3x10x14xf32, #weft.shape<[N, 3, 10, 14]>> {weft.name = "y"}) attributes {weft.export} {
  %c = weft.conv_transpose %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1] output_padding [0, 0] groups 1
    : tensor<?x8x5x7xf32, #weft.shape<[N, 8, 5, 7]>>, tensor<8x3x4x4xf32> -> tensor<?x3x10x14xf32, #weft.shape<[N, 3, 10, 14]>>
  %r = weft.broadcast %b along [1] : tensor<3xf32> -> tensor<?x3x10x14xf32, #weft.shape<[N, 3, 10, 14]>>
  %s = weft.add %c, %r : tensor<?x3x10x14xf32, #weft.shape<[N, 3, 10, 14]>>
  %y = weft.tanh %s : tensor<?x3x10x14xf32, #weft.shape<[N, 3, 10, 14]>>
  return %y : tensor<?x3x10x14xf32, #weft.shape<[N, 3, 10, 14]>>
}

// -----

weft.parameter param @w : tensor<8x3x4x4xf32>

// Where the sums have a second reader, places come first: one rearrangement serves both.
// CHECK-LABEL: func.func @second_reader(
// CHECK: weft.packed_conv {{.*}} -> tensor<1x5x7x12xf32>
// CHECK-NEXT: weft.reshape
// CHECK-NEXT: weft.transpose
// CHECK-NOT: tensor<1x5x7x12xf32>
func.func @second_reader(%x: tensor<1x8x5x7xf32> {weft.name = "x"}, %w: tensor<8x3x4x4xf32> {weft.parameter = @w})
    -> (tensor<1x3x10x14xf32> {weft.name = "y"}, tensor<1x3x10x14xf32> {weft.name = "z"}) attributes {weft.export} {
  %c = weft.conv_transpose %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1] output_padding [0, 0] groups 1
    : tensor<1x8x5x7xf32>, tensor<8x3x4x4xf32> -> tensor<1x3x10x14xf32>
  %y = weft.tanh %c : tensor<1x3x10x14xf32>
  return %y, %c : tensor<1x3x10x14xf32>, tensor<1x3x10x14xf32>
}

// -----

weft.parameter param @w : tensor<8x1x3x3xf32>

// A result that ends within a place of all phases is cut.
// CHECK-LABEL: func.func @cut(
// CHECK: weft.packed_conv {{.*}} strides [1, 1] pad [0, 0] [1, 1] {{.*}} -> tensor<1x5x3x4xf32>
// CHECK: weft.slice {{.*}} -> tensor<1x9x5x1xf32>
func.func @cut(%x: tensor<1x8x5x3xf32> {weft.name = "x"}, %w: tensor<8x1x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x1x9x5xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv_transpose %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1] output_padding [0, 0] groups 1
    : tensor<1x8x5x3xf32>, tensor<8x1x3x3xf32> -> tensor<1x1x9x5xf32>
  return %y : tensor<1x1x9x5xf32>
}

// -----

weft.parameter param @w : tensor<64x64x5x5xf32>

// Many products go through tiles.
// CHECK-LABEL: func.func @in_tiles(
// CHECK: weft.winograd_conv {{.*}} tile 4 pad [1, 1] [1, 1] : tensor<1x32x32x64xf32>, {{.*}} -> tensor<1x32x32x256xf32>
func.func @in_tiles(%x: tensor<1x64x32x32xf32> {weft.name = "x"}, %w: tensor<64x64x5x5xf32> {weft.parameter = @w})
    -> (tensor<1x64x64x64xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv_transpose %x, %w strides [2, 2] pad [2, 2] [2, 2] dilations [1, 1] output_padding [1, 1] groups 1
    : tensor<1x64x32x32xf32>, tensor<64x64x5x5xf32> -> tensor<1x64x64x64xf32>
  return %y : tensor<1x64x64x64xf32>
}

// -----

weft.parameter param @w : tensor<64x64x4x4xf32>

// Columns fill vectors by themselves: phases one after the other take fewer products.
// CHECK-LABEL: func.func @many_channels(
// CHECK: weft.packed_conv {{.*}} strides [2, 2] {{.*}} transposed
func.func @many_channels(%x: tensor<1x64x8x8xf32> {weft.name = "x"}, %w: tensor<64x64x4x4xf32> {weft.parameter = @w})
    -> (tensor<1x64x16x16xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv_transpose %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1] output_padding [0, 0] groups 1
    : tensor<1x64x8x8xf32>, tensor<64x64x4x4xf32> -> tensor<1x64x16x16xf32>
  return %y : tensor<1x64x16x16xf32>
}

// -----

weft.parameter param @w : tensor<64x64x4x4xf32>

// A choice goes before the count.
// CHECK-LABEL: func.func @chosen(
// CHECK: weft.winograd_conv {{.*}} tile 2
func.func @chosen(%x: tensor<1x64x8x8xf32> {weft.name = "x"}, %w: tensor<64x64x4x4xf32> {weft.parameter = @w})
    -> (tensor<1x64x16x16xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv_transpose %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1] output_padding [0, 0] groups 1
    {weft.choice = {winograd = 2}} : tensor<1x64x8x8xf32>, tensor<64x64x4x4xf32> -> tensor<1x64x16x16xf32>
  return %y : tensor<1x64x16x16xf32>
}

// -----

// A filter that is no weight would be rearranged in each call.
// CHECK-LABEL: func.func @no_weight(
// CHECK: weft.packed_conv {{.*}} transposed
func.func @no_weight(%x: tensor<1x8x5x7xf32> {weft.name = "x"}, %w: tensor<8x3x4x4xf32> {weft.name = "w"})
    -> (tensor<1x3x10x14xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv_transpose %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1] output_padding [0, 0] groups 1
    : tensor<1x8x5x7xf32>, tensor<8x3x4x4xf32> -> tensor<1x3x10x14xf32>
  return %y : tensor<1x3x10x14xf32>
}

// -----

weft.parameter param @w : tensor<8x3x3x3xf32>

// Between the taps of a dilated filter phases see places that do not follow each other.
// CHECK-LABEL: func.func @dilated(
// CHECK: weft.packed_conv {{.*}} dilations [2, 2] {{.*}} transposed
func.func @dilated(%x: tensor<1x8x5x7xf32> {weft.name = "x"}, %w: tensor<8x3x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x3x11x15xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv_transpose %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [2, 2] output_padding [0, 0] groups 1
    : tensor<1x8x5x7xf32>, tensor<8x3x3x3xf32> -> tensor<1x3x11x15xf32>
  return %y : tensor<1x3x11x15xf32>
}
