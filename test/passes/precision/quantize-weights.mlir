// RUN: weft-opt %s --weft-quantize-weights --split-input-file --verify-each | FileCheck %s
// RUN: weft-opt %s --weft-quantize-weights=bits=4 --split-input-file --verify-each | FileCheck %s --check-prefix=FOUR

weft.parameter param @w : tensor<40x3xf32>

// One scale an output in 8 bits; in 4 one for 32 inputs, of which the last ones are filled up, and
// two inputs a byte.
// CHECK-LABEL: func.func @one_row(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<1x40xf32>
// CHECK-DAG: weft.reduce max %{{.*}} : tensor<1x40x3xf32> -> tensor<1x3xf32>
// CHECK-DAG: weft.reduce min %{{.*}} : tensor<1x40x3xf32> -> tensor<1x3xf32>
// CHECK: weft.round
// CHECK: weft.cast %{{.*}} : tensor<40x3xf32> -> tensor<40x3xi8>
// CHECK: weft.packed_conv %[[X]], %{{.*}} scales %{{.*}} : tensor<1x1x16xf32> strides [] pad [] [] dilations [] groups 1 : tensor<1x40xf32>, tensor<1x40x16xi8> -> tensor<1x3xf32>
// FOUR-LABEL: func.func @one_row(
// FOUR-SAME: %[[X:[a-z0-9]+]]: tensor<1x40xf32>
// FOUR: weft.pad %{{.*}} low <[0, 0]> high <[24, 0]>
// FOUR: weft.reduce max %{{.*}} : tensor<2x32x3xf32> -> tensor<2x3xf32>
// FOUR: weft.cast %{{.*}} : tensor<64x3xf32> -> tensor<64x3xi8>
// FOUR: weft.and %{{.*}} : tensor<32x1x3xi8>
// FOUR: weft.or %{{.*}} : tensor<32x1x3xi8>
// FOUR: weft.packed_conv %[[X]], %{{.*}} scales %{{.*}} : tensor<1x2x16xf32> nibbles strides [] pad [] [] dilations [] groups 1 : tensor<1x40xf32>, tensor<1x32x16xi8> -> tensor<1x3xf32>
func.func @one_row(%x: tensor<1x40xf32> {weft.name = "x"}, %w: tensor<40x3xf32> {weft.parameter = @w})
    -> (tensor<1x3xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %w : tensor<1x40xf32>, tensor<40x3xf32> -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

// -----

weft.parameter param @w : tensor<3x40xf32>

// The weight on the left and transposed; rows of two dimensions, eight in all.
// CHECK-LABEL: func.func @eight_rows(
// CHECK: weft.transpose %{{.*}} [1, 0] : tensor<3x40xf32> -> tensor<40x3xf32>
// CHECK: weft.packed_conv {{.*}} scales {{.*}} -> tensor<2x4x3xf32>
func.func @eight_rows(%x: tensor<2x4x40xf32> {weft.name = "x"}, %w: tensor<3x40xf32> {weft.parameter = @w})
    -> (tensor<2x4x3xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "oi,nli->nlo" %w, %x : tensor<3x40xf32>, tensor<2x4x40xf32> -> tensor<2x4x3xf32>
  return %y : tensor<2x4x3xf32>
}

// -----

weft.parameter param @w : tensor<40x3xf32>

// More rows, and a number of rows that is not known, multiply in f32.
// CHECK-LABEL: func.func @nine_rows(
// CHECK-NOT: weft.packed_conv
// CHECK: return
func.func @nine_rows(%x: tensor<9x40xf32> {weft.name = "x"}, %w: tensor<40x3xf32> {weft.parameter = @w})
    -> (tensor<9x3xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %w : tensor<9x40xf32>, tensor<40x3xf32> -> tensor<9x3xf32>
  return %y : tensor<9x3xf32>
}
// CHECK-LABEL: func.func @unknown_rows(
// CHECK-NOT: weft.packed_conv
// CHECK: return
func.func @unknown_rows(%x: tensor<?x40xf32, #weft.shape<[N, 40]>> {weft.name = "x"}, %w: tensor<40x3xf32> {weft.parameter = @w})
    -> (tensor<?x3xf32, #weft.shape<[N, 3]>> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %w : tensor<?x40xf32, #weft.shape<[N, 40]>>, tensor<40x3xf32> -> tensor<?x3xf32, #weft.shape<[N, 3]>>
  return %y : tensor<?x3xf32, #weft.shape<[N, 3]>>
}

// -----

weft.parameter param @w : tensor<3x4x6xf32>
weft.parameter param @d : tensor<40x3xf64>
weft.parameter param @k : tensor<3x40x1xf32>

// Neither a batch of products, nor computed operands, nor another type, nor a convolution.
// CHECK-LABEL: func.func @others(
// CHECK-NOT: weft.packed_conv
// CHECK: return
func.func @others(%x: tensor<3x5x4xf32> {weft.name = "x"}, %w: tensor<3x4x6xf32> {weft.parameter = @w},
                  %a: tensor<1x40xf64> {weft.name = "a"}, %d: tensor<40x3xf64> {weft.parameter = @d},
                  %i: tensor<1x40x1xf32> {weft.name = "i"}, %k: tensor<3x40x1xf32> {weft.parameter = @k})
    -> (tensor<3x5x6xf32> {weft.name = "y"}, tensor<1x3xf64> {weft.name = "z"},
        tensor<3x5x5xf32> {weft.name = "s"}, tensor<1x3x1xf32> {weft.name = "c"}) attributes {weft.export} {
  %y = weft.contract "bik,bkj->bij" %x, %w : tensor<3x5x4xf32>, tensor<3x4x6xf32> -> tensor<3x5x6xf32>
  %z = weft.contract "ik,kj->ij" %a, %d : tensor<1x40xf64>, tensor<40x3xf64> -> tensor<1x3xf64>
  %s = weft.contract "bik,bjk->bij" %x, %x : tensor<3x5x4xf32>, tensor<3x5x4xf32> -> tensor<3x5x5xf32>
  %c = weft.conv %i, %k strides [1] pad [0] [0] dilations [1] groups 1 : tensor<1x40x1xf32>, tensor<3x40x1xf32> -> tensor<1x3x1xf32>
  return %y, %z, %s, %c : tensor<3x5x6xf32>, tensor<1x3xf64>, tensor<3x5x5xf32>, tensor<1x3x1xf32>
}

// -----

weft.parameter state @w : tensor<40x3xf32>

// A weight that another call changes would be rounded in each call.
// CHECK-LABEL: func.func @score(
// CHECK-NOT: weft.packed_conv
// CHECK: return
func.func @score(%x: tensor<1x40xf32> {weft.name = "x"}, %w: tensor<40x3xf32> {weft.parameter = @w})
    -> (tensor<1x3xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %w : tensor<1x40xf32>, tensor<40x3xf32> -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}
func.func @double(%w: tensor<40x3xf32> {weft.parameter = @w})
    -> (tensor<40x3xf32> {weft.state = @w}) attributes {weft.export} {
  %y = weft.add %w, %w : tensor<40x3xf32>
  return %y : tensor<40x3xf32>
}
