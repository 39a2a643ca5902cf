// RUN: weft-opt %s --verify-each --weft-merge-contractions --split-input-file | FileCheck %s
// RUN: weft-opt %s --weft-merge-contractions --mlir-print-debuginfo --split-input-file | FileCheck %s --check-prefix=NOTE

weft.parameter param @wq : tensor<8x8xf32>
weft.parameter param @wk : tensor<8x4xf32>
weft.parameter param @bq : tensor<8xf32>

// Heads of queries and keys. Keys have no bias: adding -0.0 changes no number.
// CHECK-LABEL: func.func @heads(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32, #weft.shape<[N, 8]>>
// CHECK-DAG: %[[W:.*]] = weft.concat 1 %arg1, %arg2 : (tensor<8x8xf32>, tensor<8x4xf32>) -> tensor<8x12xf32>
// CHECK-DAG: %[[C:.*]] = weft.contract "ik,kj->ij" %[[X]], %[[W]]
// CHECK-DAG: %[[Z:.*]] = weft.constant dense<-0.000000e+00> : tensor<4xf32>
// CHECK-DAG: %[[B:.*]] = weft.concat 0 %arg3, %[[Z]]
// CHECK-DAG: %[[S:.*]] = weft.broadcast %[[B]] along [1]
// CHECK: %[[Y:.*]] = weft.add %[[C]], %[[S]]
// CHECK-DAG: weft.slice %[[Y]] from <[0, 0]> {{.*}} -> tensor<?x8xf32
// CHECK-DAG: weft.slice %[[Y]] from <[0, 8]> {{.*}} -> tensor<?x4xf32
// CHECK-NOT: weft.contract
// NOTE: loc(fused<"2 contractions of one input, their weights side by side">
func.func @heads(%x: tensor<?x8xf32, #weft.shape<[N, 8]>> {weft.name = "x"},
    %wq: tensor<8x8xf32> {weft.parameter = @wq}, %wk: tensor<8x4xf32> {weft.parameter = @wk}, %bq: tensor<8xf32> {weft.parameter = @bq})
    -> (tensor<?x8xf32, #weft.shape<[N, 8]>> {weft.name = "q"}, tensor<?x4xf32, #weft.shape<[N, 4]>> {weft.name = "k"})
    attributes {weft.export} {
  %q = weft.contract "ik,kj->ij" %x, %wq : tensor<?x8xf32, #weft.shape<[N, 8]>>, tensor<8x8xf32> -> tensor<?x8xf32, #weft.shape<[N, 8]>>
  %b = weft.broadcast %bq along [1] : tensor<8xf32> -> tensor<?x8xf32, #weft.shape<[N, 8]>>
  %qb = weft.add %b, %q : tensor<?x8xf32, #weft.shape<[N, 8]>>
  %hs = weft.softmax %qb axis 1 : tensor<?x8xf32, #weft.shape<[N, 8]>>
  %k = weft.contract "ik,kj->ij" %x, %wk : tensor<?x8xf32, #weft.shape<[N, 8]>>, tensor<8x4xf32> -> tensor<?x4xf32, #weft.shape<[N, 4]>>
  %ks = weft.softmax %k axis 1 : tensor<?x4xf32, #weft.shape<[N, 4]>>
  return %hs, %ks : tensor<?x8xf32, #weft.shape<[N, 8]>>, tensor<?x4xf32, #weft.shape<[N, 4]>>
}

// -----

weft.parameter param @w : tensor<8x2x3xf32>
weft.parameter param @v : tensor<8x1x3xf32>

// The weight on the left, its columns in two dimensions, of which the first one grows.
// CHECK-LABEL: func.func @weights_on_the_left(
// CHECK: %[[W:.*]] = weft.concat 1 %arg1, %arg2 : (tensor<8x2x3xf32>, tensor<8x1x3xf32>) -> tensor<8x3x3xf32>
// CHECK: %[[C:.*]] = weft.contract "khd,ik->hdi" %[[W]], %arg0
// CHECK-DAG: weft.slice %[[C]] from <[0, 0, 0]> {{.*}} -> tensor<2x3x5xf32>
// CHECK-DAG: weft.slice %[[C]] from <[2, 0, 0]> {{.*}} -> tensor<1x3x5xf32>
func.func @weights_on_the_left(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x2x3xf32> {weft.parameter = @w}, %v: tensor<8x1x3xf32> {weft.parameter = @v})
    -> (tensor<2x3x5xf32> {weft.name = "y0"}, tensor<1x3x5xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "khd,ik->hdi" %w, %x : tensor<8x2x3xf32>, tensor<5x8xf32> -> tensor<2x3x5xf32>
  %b = weft.contract "khd,ik->hdi" %v, %x : tensor<8x1x3xf32>, tensor<5x8xf32> -> tensor<1x3x5xf32>
  %s = weft.softmax %a axis 1 : tensor<2x3x5xf32>
  %t = weft.softmax %b axis 1 : tensor<1x3x5xf32>
  return %s, %t : tensor<2x3x5xf32>, tensor<1x3x5xf32>
}

// -----

weft.parameter param @w : tensor<512x8xf32>
weft.parameter param @v : tensor<512x8xf32>

// Sums are long enough to pay for two copies.
// CHECK-LABEL: func.func @returned_and_gated(
// CHECK: weft.contract {{.*}} -> tensor<64x16xf32>
// CHECK-NOT: weft.contract
func.func @returned_and_gated(%x: tensor<64x512xf32> {weft.name = "x"}, %w: tensor<512x8xf32> {weft.parameter = @w}, %v: tensor<512x8xf32> {weft.parameter = @v})
    -> (tensor<64x8xf32> {weft.name = "y0"}, tensor<64x8xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<64x512xf32>, tensor<512x8xf32> -> tensor<64x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<64x512xf32>, tensor<512x8xf32> -> tensor<64x8xf32>
  %s = weft.sigmoid %a : tensor<64x8xf32>
  return %s, %b : tensor<64x8xf32>, tensor<64x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// What is returned is copied, which takes longer than the product.
// CHECK-LABEL: func.func @returned(
// CHECK-COUNT-2: weft.contract
// CHECK-NOT: weft.concat
// NOTE: loc(fused<"apart from contractions of the same input, since together they would take 1.52 of the time">
func.func @returned(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<5x8xf32> {weft.name = "y0"}, tensor<5x8xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  return %a, %b : tensor<5x8xf32>, tensor<5x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// A transpose in place is a view of the slice.
// CHECK-LABEL: func.func @read_through_views(
// CHECK: weft.concat
// CHECK: weft.contract
// CHECK-NOT: weft.contract
func.func @read_through_views(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<8x5xf32> {weft.name = "y0"}, tensor<5x8xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %p = weft.transpose %a [1, 0] : tensor<5x8xf32> -> tensor<8x5xf32>
  %s = weft.softmax %p axis 1 : tensor<8x5xf32>
  %t = weft.softmax %b axis 1 : tensor<5x8xf32>
  return %s, %t : tensor<8x5xf32>, tensor<5x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// Behind the transposes somebody wants all of it.
// CHECK-LABEL: func.func @transposed_result(
// CHECK-COUNT-2: weft.contract
// CHECK-NOT: weft.concat
func.func @transposed_result(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<8x5xf32> {weft.name = "y0"}, tensor<8x5xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %p = weft.transpose %a [1, 0] : tensor<5x8xf32> -> tensor<8x5xf32>
  %q = weft.transpose %b [1, 0] : tensor<5x8xf32> -> tensor<8x5xf32>
  return %p, %q : tensor<8x5xf32>, tensor<8x5xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// Products read memory in one piece.
// CHECK-LABEL: func.func @read_by_a_product(
// CHECK-COUNT-2: weft.contract
// CHECK-NOT: weft.concat
func.func @read_by_a_product(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<5x5xf32> {weft.name = "y0"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %y = weft.contract "ik,jk->ij" %a, %b : tensor<5x8xf32>, tensor<5x8xf32> -> tensor<5x5xf32>
  return %y : tensor<5x5xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// A branch reads all of one.
// CHECK-LABEL: func.func @read_by_a_branch(
// CHECK-COUNT-2: weft.contract
// CHECK-NOT: weft.concat
func.func @read_by_a_branch(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<5x8xf32> {weft.name = "y0"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %c = weft.constant dense<true> : tensor<i1>
  %y = weft.if %c -> tensor<5x8xf32> {
    weft.yield %a : tensor<5x8xf32>
  } else {
    weft.yield %b : tensor<5x8xf32>
  }
  return %y : tensor<5x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>
weft.parameter param @u : tensor<8x8xf32>

// Two of three go together; the other one would be copied, which takes longer than it saves.
// CHECK-LABEL: func.func @third_is_left_out(
// CHECK: weft.concat 1 %arg1, %arg3
// CHECK: weft.contract {{.*}} tensor<8x16xf32>
// CHECK: weft.contract {{.*}} tensor<8x8xf32>
// NOTE: loc(fused<"apart from contractions of the same input, since together they would take 1.20 of the time">
// NOTE: loc(fused<"2 contractions of one input
func.func @third_is_left_out(%x: tensor<512x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v}, %u: tensor<8x8xf32> {weft.parameter = @u})
    -> (tensor<512x8xf32> {weft.name = "y0"}, tensor<512x8xf32> {weft.name = "y1"}, tensor<512x8xf32> {weft.name = "y2"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<512x8xf32>, tensor<8x8xf32> -> tensor<512x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<512x8xf32>, tensor<8x8xf32> -> tensor<512x8xf32>
  %c = weft.contract "ik,kj->ij" %x, %u : tensor<512x8xf32>, tensor<8x8xf32> -> tensor<512x8xf32>
  %s = weft.softmax %a axis 1 : tensor<512x8xf32>
  %t = weft.softmax %c axis 1 : tensor<512x8xf32>
  return %s, %b, %t : tensor<512x8xf32>, tensor<512x8xf32>, tensor<512x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// Each of its own input.
// CHECK-LABEL: func.func @other_inputs(
// CHECK-COUNT-2: weft.contract
// CHECK-NOT: weft.concat
func.func @other_inputs(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<5x8xf32> {weft.name = "y0"}, tensor<5x8xf32> {weft.name = "y1"}) attributes {weft.export} {
  %e = weft.exp %x : tensor<5x8xf32>
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %e, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %s = weft.softmax %a axis 1 : tensor<5x8xf32>
  %t = weft.softmax %b axis 1 : tensor<5x8xf32>
  return %s, %t : tensor<5x8xf32>, tensor<5x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// The second weight is transposed.
// CHECK-LABEL: func.func @other_labels(
// CHECK-COUNT-2: weft.contract
// CHECK-NOT: weft.concat
func.func @other_labels(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<5x8xf32> {weft.name = "y0"}, tensor<5x8xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,jk->ij" %x, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %s = weft.softmax %a axis 1 : tensor<5x8xf32>
  %t = weft.softmax %b axis 1 : tensor<5x8xf32>
  return %s, %t : tensor<5x8xf32>, tensor<5x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>

// What is no weight would be put side by side in each call.
// CHECK-LABEL: func.func @computed_weight(
// CHECK-COUNT-3: weft.contract
// CHECK-NOT: weft.concat
func.func @computed_weight(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w})
    -> (tensor<5x8xf32> {weft.name = "y0"}, tensor<5x8xf32> {weft.name = "y1"}) attributes {weft.export} {
  %m = weft.contract "ki,kj->ij" %x, %x : tensor<5x8xf32>, tensor<5x8xf32> -> tensor<8x8xf32>
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %m : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %s = weft.softmax %a axis 1 : tensor<5x8xf32>
  %t = weft.softmax %b axis 1 : tensor<5x8xf32>
  return %s, %t : tensor<5x8xf32>, tensor<5x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// The second weight is computed after the first product.
// CHECK-LABEL: func.func @weight_follows_its_sibling(
// CHECK: %[[E:.*]] = weft.exp %arg2
// CHECK: weft.concat 1 %arg1, %[[E]]
// CHECK: weft.contract
// CHECK-NOT: weft.contract
func.func @weight_follows_its_sibling(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<5x8xf32> {weft.name = "y0"}, tensor<5x8xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %e = weft.exp %v : tensor<8x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %e : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %s = weft.softmax %a axis 1 : tensor<5x8xf32>
  %t = weft.softmax %b axis 1 : tensor<5x8xf32>
  return %s, %t : tensor<5x8xf32>, tensor<5x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// The second weight is needed by itself, too.
// CHECK-LABEL: func.func @weight_used_twice(
// CHECK-COUNT-3: weft.contract
// CHECK-NOT: weft.concat
// NOTE: loc(fused<"apart from contractions of the same input, since one of their weights is read elsewhere, and would be kept twice">
func.func @weight_used_twice(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<5x8xf32> {weft.name = "y0"}, tensor<5x8xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %s = weft.softmax %a axis 1 : tensor<5x8xf32>
  %t = weft.softmax %b axis 1 : tensor<5x8xf32>
  %c = weft.contract "ik,kj->ij" %t, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  return %s, %c : tensor<5x8xf32>, tensor<5x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// Both read the same weights side by side.
// CHECK-LABEL: func.func @two_exports(
// CHECK: weft.concat
func.func @two_exports(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<5x8xf32> {weft.name = "y0"}, tensor<5x8xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %s = weft.softmax %a axis 1 : tensor<5x8xf32>
  %t = weft.softmax %b axis 1 : tensor<5x8xf32>
  return %s, %t : tensor<5x8xf32>, tensor<5x8xf32>
}

// CHECK-LABEL: func.func @other(
// CHECK: weft.concat
func.func @other(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<5x8xf32> {weft.name = "y0"}, tensor<5x8xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %s = weft.softmax %a axis 1 : tensor<5x8xf32>
  %t = weft.softmax %b axis 1 : tensor<5x8xf32>
  return %s, %t : tensor<5x8xf32>, tensor<5x8xf32>
}

// -----

weft.parameter param @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// The other export returns one of the weights.
// CHECK-LABEL: func.func @other_export_reads_one(
// CHECK-COUNT-2: weft.contract
// CHECK-NOT: weft.concat
// NOTE: loc(fused<"apart from contractions of the same input, since one of their weights is read elsewhere, and would be kept twice">
func.func @other_export_reads_one(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<5x8xf32> {weft.name = "y0"}, tensor<5x8xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %s = weft.softmax %a axis 1 : tensor<5x8xf32>
  %t = weft.softmax %b axis 1 : tensor<5x8xf32>
  return %s, %t : tensor<5x8xf32>, tensor<5x8xf32>
}

// CHECK-LABEL: func.func @one_is_returned(
func.func @one_is_returned(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<8x8xf32> {weft.name = "y0"}) attributes {weft.export} {
  %n = weft.exp %w : tensor<8x8xf32>
  return %n : tensor<8x8xf32>
}

// -----

weft.parameter state @w : tensor<8x8xf32>
weft.parameter param @v : tensor<8x8xf32>

// A call changes one of the weights: both would be copied in each call.
// CHECK-LABEL: func.func @changing_weight(
// CHECK-COUNT-2: weft.contract
// CHECK-NOT: weft.concat
func.func @changing_weight(%x: tensor<5x8xf32> {weft.name = "x"}, %w: tensor<8x8xf32> {weft.parameter = @w}, %v: tensor<8x8xf32> {weft.parameter = @v})
    -> (tensor<5x8xf32> {weft.name = "y0"}, tensor<5x8xf32> {weft.name = "y1"}, tensor<8x8xf32> {weft.state = @w}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<5x8xf32>, tensor<8x8xf32> -> tensor<5x8xf32>
  %s = weft.softmax %a axis 1 : tensor<5x8xf32>
  %t = weft.softmax %b axis 1 : tensor<5x8xf32>
  %n = weft.exp %w : tensor<8x8xf32>
  return %s, %t, %n : tensor<5x8xf32>, tensor<5x8xf32>, tensor<8x8xf32>
}

// -----

weft.parameter param @w : tensor<64x16xf32>
weft.parameter param @v : tensor<64x16xf32>

// Sixteen columns fill a register.
// CHECK-LABEL: func.func @registers_are_full(
// CHECK-COUNT-2: weft.contract
// CHECK-NOT: weft.concat
// NOTE: loc(fused<"apart from contractions of the same input, since together they would take 0.99 of the time">
func.func @registers_are_full(%x: tensor<512x64xf32> {weft.name = "x"}, %w: tensor<64x16xf32> {weft.parameter = @w}, %v: tensor<64x16xf32> {weft.parameter = @v})
    -> (tensor<512x16xf32> {weft.name = "y0"}, tensor<512x16xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<512x64xf32>, tensor<64x16xf32> -> tensor<512x16xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<512x64xf32>, tensor<64x16xf32> -> tensor<512x16xf32>
  %s = weft.softmax %a axis 1 : tensor<512x16xf32>
  %t = weft.softmax %b axis 1 : tensor<512x16xf32>
  return %s, %t : tensor<512x16xf32>, tensor<512x16xf32>
}

// -----

weft.parameter param @w : tensor<64x16xf32>
weft.parameter param @v : tensor<64x16xf32>

// Two rows alone leave most cycles unused.
// CHECK-LABEL: func.func @rows_wait_for_each_other(
// CHECK: weft.concat
func.func @rows_wait_for_each_other(%x: tensor<2x64xf32> {weft.name = "x"}, %w: tensor<64x16xf32> {weft.parameter = @w}, %v: tensor<64x16xf32> {weft.parameter = @v})
    -> (tensor<2x16xf32> {weft.name = "y0"}, tensor<2x16xf32> {weft.name = "y1"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %w : tensor<2x64xf32>, tensor<64x16xf32> -> tensor<2x16xf32>
  %b = weft.contract "ik,kj->ij" %x, %v : tensor<2x64xf32>, tensor<64x16xf32> -> tensor<2x16xf32>
  %s = weft.softmax %a axis 1 : tensor<2x16xf32>
  %t = weft.softmax %b axis 1 : tensor<2x16xf32>
  return %s, %t : tensor<2x16xf32>, tensor<2x16xf32>
}
