// What a packed product says of its loops goes before the counts: here for vectors of 16 floats.
// RUN: weft-opt %s --weft-lower-kernels --split-input-file | FileCheck %s

// Eight rows by three vectors, 32 rows a chunk.
// CHECK-LABEL: func.func private @as_counted(
// CHECK-SAME: weft.chunks = #weft.shape<[8]>
// CHECK: %{{.*}}:24 = scf.for {{.*}} iter_args(
func.func private @as_counted(%x: tensor<256x96xf32>, %w: tensor<1x96x48xf32>)
    -> tensor<256x48xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
    : tensor<256x96xf32>, tensor<1x96x48xf32> -> tensor<256x48xf32>
  return %0 : tensor<256x48xf32>
}

// -----

// Five rows by one vector, 20 rows a chunk, in three blocks of columns.
// CHECK-LABEL: func.func private @as_chosen(
// CHECK-SAME: weft.chunks = #weft.shape<[39]>
// CHECK: %{{.*}}:5 = scf.for {{.*}} iter_args(
func.func private @as_chosen(%x: tensor<256x96xf32>, %w: tensor<1x96x48xf32>)
    -> tensor<256x48xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
      {weft.choice = {chunk = 20 : i64, rows = 5 : i64, vectors = 1 : i64}}
    : tensor<256x96xf32>, tensor<1x96x48xf32> -> tensor<256x48xf32>
  return %0 : tensor<256x48xf32>
}

// -----

// Tiles that no registers have room for are left to the counts.
// CHECK-LABEL: func.func private @does_not_fit(
// CHECK-SAME: weft.chunks = #weft.shape<[8]>
// CHECK: %{{.*}}:24 = scf.for {{.*}} iter_args(
func.func private @does_not_fit(%x: tensor<256x96xf32>, %w: tensor<1x96x48xf32>)
    -> tensor<256x48xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
      {weft.choice = {rows = 14 : i64, vectors = 24 : i64}}
    : tensor<256x96xf32>, tensor<1x96x48xf32> -> tensor<256x48xf32>
  return %0 : tensor<256x48xf32>
}
