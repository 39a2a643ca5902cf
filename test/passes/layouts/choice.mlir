// RUN: weft-opt %s --weft-channels-last --weft-pack-contractions --split-input-file --verify-each | FileCheck %s
// RUN: weft-opt %s --weft-channels-last=strict --split-input-file | FileCheck %s --check-prefix=STRICT

weft.parameter param @w : tensor<64x64x3x3xf32>

// What is said goes before the counts, which take tiles of 4 here, and goes on to the packed product.
// CHECK-LABEL: func.func @as_counted(
// CHECK: weft.winograd_conv {{.*}} tile 4
func.func @as_counted(%x: tensor<1x64x56x56xf32> {weft.name = "x"},
                      %w: tensor<64x64x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x64x56x56xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32> -> tensor<1x64x56x56xf32>
  return %y : tensor<1x64x56x56xf32>
}

// CHECK-LABEL: func.func @direct_in_panels_of_two(
// CHECK: weft.packed_conv {{.*}}weft.choice = {panel = 2 : i64, rows = 6 : i64, winograd = 0 : i64}{{.*}} tensor<2x3x3x64x32xf32>
func.func @direct_in_panels_of_two(%x: tensor<1x64x56x56xf32> {weft.name = "x"},
                                   %w: tensor<64x64x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x64x56x56xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    {weft.choice = {panel = 2 : i64, rows = 6 : i64, winograd = 0 : i64}}
    : tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32> -> tensor<1x64x56x56xf32>
  return %y : tensor<1x64x56x56xf32>
}

// Sums as the program says have no tiles, whatever is said.
// CHECK-LABEL: func.func @smaller_tiles(
// CHECK: weft.winograd_conv {{.*}} tile 2 {{.*}}weft.choice = {winograd = 2 : i64}
// STRICT-LABEL: func.func @smaller_tiles(
// STRICT-NOT: weft.winograd_conv
// STRICT: weft.packed_conv
func.func @smaller_tiles(%x: tensor<1x64x56x56xf32> {weft.name = "x"},
                         %w: tensor<64x64x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x64x56x56xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    {weft.choice = {winograd = 2 : i64}}
    : tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32> -> tensor<1x64x56x56xf32>
  return %y : tensor<1x64x56x56xf32>
}

// CHECK-LABEL: func.func @patches_by_themselves(
// CHECK: weft.winograd_patches {{.*}} tile 4
// CHECK: weft.winograd_conv {{.*}} tile 4 {{.*}} patches_of [56, 56] {weft.choice = {patches = 1 : i64}}
func.func @patches_by_themselves(%x: tensor<1x64x56x56xf32> {weft.name = "x"},
                                 %w: tensor<64x64x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x64x56x56xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    {weft.choice = {patches = 1 : i64}}
    : tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32> -> tensor<1x64x56x56xf32>
  return %y : tensor<1x64x56x56xf32>
}

// -----

weft.parameter param @w : tensor<64x64x3x3xf32>

// A window in steps of 2 has no tiles.
// CHECK-LABEL: func.func @no_tiles_for_steps_of_two(
// CHECK-NOT: weft.winograd_conv
// CHECK: weft.packed_conv
func.func @no_tiles_for_steps_of_two(%x: tensor<1x64x56x56xf32> {weft.name = "x"},
                                     %w: tensor<64x64x3x3xf32> {weft.parameter = @w})
    -> (tensor<1x64x28x28xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.conv %x, %w strides [2, 2] pad [1, 1] [0, 0] dilations [1, 1] groups 1
    {weft.choice = {winograd = 4 : i64}}
    : tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32> -> tensor<1x64x28x28xf32>
  return %y : tensor<1x64x28x28xf32>
}

// -----

weft.parameter param @w : tensor<64x96xf32>

// CHECK-LABEL: func.func @contraction(
// CHECK: weft.packed_conv {{.*}}weft.choice = {chunk = 24 : i64, panel = 1 : i64}{{.*}} tensor<6x64x16xf32>
func.func @contraction(%x: tensor<50x64xf32> {weft.name = "x"}, %w: tensor<64x96xf32> {weft.parameter = @w})
    -> (tensor<50x96xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %w {weft.choice = {chunk = 24 : i64, panel = 1 : i64}}
    : tensor<50x64xf32>, tensor<64x96xf32> -> tensor<50x96xf32>
  return %y : tensor<50x96xf32>
}

// -----

weft.parameter param @w : tensor<64x20xf32>

// A panel of four registers would hold more columns than there are: what does not fit is left to the counts.
// CHECK-LABEL: func.func @panel_wider_than_the_product(
// CHECK: weft.packed_conv {{.*}} tensor<1x64x32xf32>
func.func @panel_wider_than_the_product(%x: tensor<50x64xf32> {weft.name = "x"},
                                        %w: tensor<64x20xf32> {weft.parameter = @w})
    -> (tensor<50x20xf32> {weft.name = "y"}) attributes {weft.export} {
  %y = weft.contract "ik,kj->ij" %x, %w {weft.choice = {panel = 4 : i64}}
    : tensor<50x64xf32>, tensor<64x20xf32> -> tensor<50x20xf32>
  return %y : tensor<50x20xf32>
}

// -----

// The gradient of a filter says so where it goes through tiles: not with strict sums, and not where
// most of a tile lies beyond a map.
// CHECK-LABEL: func.func @filter_gradient(
// CHECK: weft.conv_filter_grad {{.*}} {weft.choice = {winograd = 4 : i64}} : tensor<2x16x28x28xf32>
// CHECK: weft.conv_filter_grad {{.*}} groups 1 : tensor<99x16x2x2xf32>
// STRICT-LABEL: func.func @filter_gradient(
// STRICT-NOT: weft.choice
// STRICT: return
func.func @filter_gradient(%x: tensor<2x16x28x28xf32> {weft.name = "x"},
                           %small: tensor<99x16x2x2xf32> {weft.name = "small"})
    -> (tensor<16x16x3x3xf32> {weft.name = "y"}, tensor<16x16x3x3xf32> {weft.name = "z"})
    attributes {weft.export} {
  %y = weft.conv_filter_grad %x, %x strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<2x16x28x28xf32>, tensor<2x16x28x28xf32> -> tensor<16x16x3x3xf32>
  %z = weft.conv_filter_grad %small, %small strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<99x16x2x2xf32>, tensor<99x16x2x2xf32> -> tensor<16x16x3x3xf32>
  return %y, %z : tensor<16x16x3x3xf32>, tensor<16x16x3x3xf32>
}
