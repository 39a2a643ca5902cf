// RUN: weft-opt %s --weft-pack-contractions --split-input-file --verify-each | FileCheck %s
// RUN: weft-opt %s --weft-pack-contractions="bfloat-dots byte-dots" --split-input-file --verify-each | FileCheck %s --check-prefix=DOTS

weft.parameter param @w : tensor<20x3xf32>

// Twenty columns take two registers of sixteen: one panel of 32.
// CHECK-LABEL: func.func @rows_by_weight(
// CHECK-SAME: %[[X:.*]]: tensor<?x20xf32
// CHECK: %[[P:.*]] = weft.transpose %{{.*}} [1, 0, 2] : tensor<20x1x16xf32> -> tensor<1x20x16xf32>
// CHECK: weft.packed_conv %[[X]], %[[P]] strides [] pad [] [] dilations [] groups 1
// CHECK-SAME: -> tensor<?x3xf32
func.func @rows_by_weight(%x: tensor<?x20xf32, #weft.shape<[N, 20]>> {weft.name = "x"},
                          %w: tensor<20x3xf32> {weft.parameter = @w})
    -> (tensor<?x3xf32, #weft.shape<[N, 3]>> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %w
    : tensor<?x20xf32, #weft.shape<[N, 20]>>, tensor<20x3xf32> -> tensor<?x3xf32, #weft.shape<[N, 3]>>
  return %y : tensor<?x3xf32, #weft.shape<[N, 3]>>
}

// -----

weft.parameter param @w : tensor<4x6xf32>

// The weight on the left, its dimensions the other way round, leading dimensions of the rows, which
// stay as places of windows of 1: reshapes and transposes of the weight alone.
// CHECK-LABEL: func.func @weight_on_the_left(
// CHECK-SAME: %[[X:.*]]: tensor<2x5x6xf32>
// CHECK: %[[Y:.*]] = weft.packed_conv %[[X]], %{{.*}} strides [1] pad [0] [0]
// CHECK-SAME: tensor<2x5x6xf32>, tensor<1x1x6x16xf32> -> tensor<2x5x4xf32>
// CHECK: return %[[Y]]
func.func @weight_on_the_left(%x: tensor<2x5x6xf32> {weft.name = "x"},
                              %w: tensor<4x6xf32> {weft.parameter = @w})
    -> (tensor<2x5x4xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "oi,nli->nlo" %w, %x : tensor<4x6xf32>, tensor<2x5x6xf32> -> tensor<2x5x4xf32>
  return %y : tensor<2x5x4xf32>
}

// -----

weft.parameter param @w : tensor<3x4x6xf32>

// A letter in both operands and the result is a batch of products, not one.
// CHECK-LABEL: func.func @batch_refused(
// CHECK: weft.contract
// CHECK-NOT: packed_conv
func.func @batch_refused(%x: tensor<3x5x4xf32> {weft.name = "x"},
                         %w: tensor<3x4x6xf32> {weft.parameter = @w})
    -> (tensor<3x5x6xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "bik,bkj->bij" %x, %w
    : tensor<3x5x4xf32>, tensor<3x4x6xf32> -> tensor<3x5x6xf32>
  return %y : tensor<3x5x6xf32>
}

// -----

// Neither operand is a weight.
// CHECK-LABEL: func.func @computed_refused(
// CHECK: weft.contract
// CHECK-NOT: packed_conv
func.func @computed_refused(%x: tensor<3x4xf32> {weft.name = "x"}, %z: tensor<4x5xf32> {weft.name = "z"})
    -> (tensor<3x5xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %z : tensor<3x4xf32>, tensor<4x5xf32> -> tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}

// -----

weft.parameter param @w : tensor<5x20xbf16>

// Where the processor sums two products of bf16 at once, two rows of a weight stand together; the
// last one of five has a row of zeros beside it. Vectors are those of the sums.
// CHECK-LABEL: func.func @pairs_of_rows(
// DOTS-LABEL: func.func @pairs_of_rows(
// CHECK: weft.packed_conv {{.*}} groups 1 : tensor<7x5xbf16>, tensor<1x5x32xbf16> -> tensor<7x20xf32>
// DOTS: weft.pad {{.*}} tensor<5x1x32xbf16>
// DOTS: weft.transpose %{{.*}} [2, 0, 3, 1] : tensor<3x2x1x32xbf16> -> tensor<1x3x32x2xbf16>
// DOTS: weft.packed_conv {{.*}} interleave 2 : tensor<7x5xbf16>, tensor<1x3x32x2xbf16> -> tensor<7x20xf32>
func.func @pairs_of_rows(%x: tensor<7x5xbf16> {weft.name = "x"}, %w: tensor<5x20xbf16> {weft.parameter = @w})
    -> (tensor<7x20xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %w : tensor<7x5xbf16>, tensor<5x20xbf16> -> tensor<7x20xf32>
  return %y : tensor<7x20xf32>
}

// -----

weft.parameter param @w : tensor<5x96xf32>

// Versions of one function read the same panels, of 48 columns, unless these take a twentieth longer:
// twenty rows alone would have panels of 32.
// CHECK-LABEL: func.func @alone(
// CHECK: weft.packed_conv {{.*}} tensor<20x5xf32>, tensor<3x5x32xf32>
func.func @alone(%x: tensor<20x5xf32> {weft.name = "x"}, %w: tensor<5x96xf32> {weft.parameter = @w})
    -> (tensor<20x96xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %w : tensor<20x5xf32>, tensor<5x96xf32> -> tensor<20x96xf32>
  return %y : tensor<20x96xf32>
}

// CHECK-LABEL: func.func @version_of_many_rows(
// CHECK: weft.packed_conv {{.*}} tensor<20x5xf32>, tensor<2x5x48xf32>
func.func @version_of_many_rows(%x: tensor<20x5xf32> {weft.name = "x"}, %w: tensor<5x96xf32> {weft.parameter = @w})
    -> (tensor<20x96xf32> {weft.name = "y"})
    attributes {weft.export, weft.version_of = "rows", weft.version_sizes = {N = 20}} {
  %y = weft.contract "ik,kj->ij" %x, %w : tensor<20x5xf32>, tensor<5x96xf32> -> tensor<20x96xf32>
  return %y : tensor<20x96xf32>
}

// -----

weft.parameter param @w : tensor<20x5xi8>

// CHECK-LABEL: func.func @quads_of_rows(
// DOTS-LABEL: func.func @quads_of_rows(
// CHECK: weft.packed_conv {{.*}} groups 1 : tensor<7x5xui8>, tensor<1x5x32xi8> -> tensor<7x20xi32>
// DOTS: weft.packed_conv {{.*}} interleave 4 : tensor<7x5xui8>, tensor<1x2x32x4xi8> -> tensor<7x20xi32>
func.func @quads_of_rows(%x: tensor<7x5xui8> {weft.name = "x"}, %w: tensor<20x5xi8> {weft.parameter = @w})
    -> (tensor<7x20xi32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,jk->ij" %x, %w : tensor<7x5xui8>, tensor<20x5xi8> -> tensor<7x20xi32>
  return %y : tensor<7x20xi32>
}

// -----

weft.parameter param @w : tensor<5x96xf32>

// CHECK-LABEL: func.func @version_that_would_lose_more(
// CHECK: weft.packed_conv {{.*}} tensor<50x5xf32>, tensor<3x5x32xf32>
func.func @version_that_would_lose_more(%x: tensor<50x5xf32> {weft.name = "x"}, %w: tensor<5x96xf32> {weft.parameter = @w})
    -> (tensor<50x96xf32> {weft.name = "y"})
    attributes {weft.export, weft.version_of = "rows", weft.version_sizes = {N = 50}} {
  %y = weft.contract "ik,kj->ij" %x, %w : tensor<50x5xf32>, tensor<5x96xf32> -> tensor<50x96xf32>
  return %y : tensor<50x96xf32>
}
