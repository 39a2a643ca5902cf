// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions with the channels last, for vectors of 16 floats.
// RUN: weft-opt %s --weft-lower-kernels --split-input-file | FileCheck %s
// RUN: weft-opt %s --weft-lower-kernels="bfloat-dots byte-dots" --split-input-file | FileCheck %s --check-prefix=DOTS

// A product of matrices: sums stay in registers from the first term to the stored result.
// CHECK-LABEL: func.func private @matrix(
// CHECK-NOT: memref.alloca
// CHECK: scf.for {{.*}} iter_args(
// CHECK: vector.load %{{.*}} : memref<4608xf32>, vector<16xf32>
// CHECK: memref.load %{{.*}} : memref<3072xf32>
// CHECK-NEXT: vector.broadcast
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK: arith.addf {{.*}} : vector<16xf32>
// CHECK: arith.maximumf {{.*}} : vector<16xf32>
// CHECK-NEXT: vector.store
// CHECK-NOT: memref.store
// CHECK: return
func.func private @matrix(%x: tensor<32x96xf32>, %w: tensor<1x96x48xf32>, %b: tensor<48xf32>)
    -> tensor<32x48xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
    : tensor<32x96xf32>, tensor<1x96x48xf32> -> tensor<32x48xf32>
  %1 = weft.broadcast %b along [1] : tensor<48xf32> -> tensor<32x48xf32>
  %2 = weft.add %0, %1 : tensor<32x48xf32>
  %zero = weft.constant dense<0.0> : tensor<32x48xf32>
  %3 = weft.max %2, %zero : tensor<32x48xf32>
  return %3 : tensor<32x48xf32>
}

// -----

// What takes long goes through a tile on the stack, in a loop of vectors.
// CHECK-LABEL: func.func private @long_epilogue(
// CHECK: %[[TILE:.*]] = memref.alloca() {alignment = 64 : i64} : memref<{{.*}}xf32>
// CHECK: vector.store %{{.*}}, %[[TILE]]
// CHECK: scf.for
// CHECK: vector.load %[[TILE]]
// CHECK: math.absf {{.*}} : vector<16xf32>
// CHECK: vector.store
func.func private @long_epilogue(%x: tensor<32x96xf32>, %w: tensor<1x96x48xf32>)
    -> tensor<32x48xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
    : tensor<32x96xf32>, tensor<1x96x48xf32> -> tensor<32x48xf32>
  %1 = weft.tanh %0 : tensor<32x48xf32>
  return %1 : tensor<32x48xf32>
}

// -----

// What has no code for vectors goes by elements.
// CHECK-LABEL: func.func private @element_epilogue(
// CHECK: %[[TILE:.*]] = memref.alloca() {alignment = 64 : i64} : memref<{{.*}}xf32>
// CHECK: memref.load %[[TILE]]
// CHECK: func.call @weft.libm.tanf
func.func private @element_epilogue(%x: tensor<32x96xf32>, %w: tensor<1x96x48xf32>)
    -> tensor<32x48xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
    : tensor<32x96xf32>, tensor<1x96x48xf32> -> tensor<32x48xf32>
  %1 = weft.tan %0 : tensor<32x48xf32>
  return %1 : tensor<32x48xf32>
}

// -----

// Columns beyond the last channel are computed and not stored.
// CHECK-LABEL: func.func private @part_of_a_panel(
// CHECK: vector.create_mask
// CHECK: vector.maskedstore
func.func private @part_of_a_panel(%x: tensor<32x96xf32>, %w: tensor<1x96x48xf32>)
    -> tensor<32x40xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
    : tensor<32x96xf32>, tensor<1x96x48xf32> -> tensor<32x40xf32>
  return %0 : tensor<32x40xf32>
}

// -----

// Lines of a window outside of the image are left out; neither a copy nor a branch for elements.
// CHECK-LABEL: func.func private @image(
// CHECK-NOT: memref.alloca
// CHECK-NOT: scf.if
// CHECK: arith.minsi
// CHECK: return
func.func private @image(%x: tensor<1x14x14x32xf32>, %w: tensor<1x3x3x32x32xf32>)
    -> tensor<1x14x14x32xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x14x14x32xf32>, tensor<1x3x3x32x32xf32> -> tensor<1x14x14x32xf32>
  return %0 : tensor<1x14x14x32xf32>
}

// -----

// Panels that no vector divides: element by element.
// CHECK-LABEL: func.func private @odd_panel(
// CHECK-NOT: vector
// CHECK: math.fma {{.*}} : f32
func.func private @odd_panel(%x: tensor<4x8xf32>, %w: tensor<1x8x3xf32>) -> tensor<4x3xf32>
    attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
    : tensor<4x8xf32>, tensor<1x8x3xf32> -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

// Channels that fill vectors, and a rest.
// CHECK-LABEL: func.func private @depthwise(
// CHECK: vector.load
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK: vector.maskedload
// CHECK: vector.maskedstore
func.func private @depthwise(%x: tensor<1x14x14x40xf32>, %w: tensor<3x3x40xf32>)
    -> tensor<1x14x14x40xf32> attributes {weft.kernel} {
  %0 = weft.depthwise_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x14x14x40xf32>, tensor<3x3x40xf32> -> tensor<1x14x14x40xf32>
  return %0 : tensor<1x14x14x40xf32>
}

// -----

// Four groups of four channels share a vector: their weights stand side by side on the stack; of one vector of a place
// each channel of the four groups is spread over their lanes.
// CHECK-LABEL: func.func private @narrow_groups(
// CHECK: %[[PANELS:.*]] = memref.alloca() {alignment = 64 : i64} : memref<576xf32>
// CHECK: scf.for
// CHECK-COUNT-4: vector.load %{{.*}} : memref<1152xf32>, vector<4xf32>
// CHECK: vector.load %[[PANELS]]{{.*}} : memref<576xf32>, vector<16xf32>
// CHECK: %[[PLACE:.*]] = vector.load %{{.*}} : memref<6272xf32>, vector<16xf32>
// CHECK: vector.shuffle %[[PLACE]], %[[PLACE]] [0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12]
// CHECK-NEXT: math.fma {{.*}} : vector<16xf32>
// CHECK: vector.shuffle %[[PLACE]], %[[PLACE]] [1, 1, 1, 1, 5, 5, 5, 5, 9, 9, 9, 9, 13, 13, 13, 13]
// CHECK-NOT: vector.maskedstore
// CHECK: return
func.func private @narrow_groups(%x: tensor<1x14x14x32xf32>, %w: tensor<8x3x3x4x4xf32>)
    -> tensor<1x14x14x32xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 8
    : tensor<1x14x14x32xf32>, tensor<8x3x3x4x4xf32> -> tensor<1x14x14x32xf32>
  return %0 : tensor<1x14x14x32xf32>
}

// -----

// Seven groups are one vector of five, of which two vectors of inputs are read, and one of two. The lane that belongs
// to no group is 0.
// CHECK-LABEL: func.func private @groups_left(
// CHECK: vector.store %{{.*}} : memref<{{.*}}xf32>, vector<16xf32>
// CHECK: vector.maskedload %{{.*}} : memref<{{.*}}xf32>, vector<16xi1>, vector<16xf32> into vector<16xf32>
// CHECK: vector.shuffle %{{.*}} [0, 0, 0, 5, 5, 5, 10, 10, 10, 15, 15, 15, 20, 20, 20, -1]
// CHECK: scf.if
// CHECK: vector.shuffle %{{.*}} [0, 0, 0, 5, 5, 5, -1
func.func private @groups_left(%x: tensor<1x14x14x35xf32>, %w: tensor<7x3x3x5x3xf32>)
    -> tensor<1x14x14x21xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 7
    : tensor<1x14x14x35xf32>, tensor<7x3x3x5x3xf32> -> tensor<1x14x14x21xf32>
  return %0 : tensor<1x14x14x21xf32>
}

// -----

// A pack is spread as one number is.
// DOTS-LABEL: func.func private @narrow_pairs(
// DOTS: vector.load %{{.*}} : memref<8192xbf16>, vector<16xbf16>
// DOTS: vector.shuffle %{{.*}} [0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6] : vector<16xi32>, vector<16xi32>
// DOTS: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
func.func private @narrow_pairs(%x: tensor<1x16x16x32xbf16>, %w: tensor<8x1x1x2x4x2xbf16>)
    -> tensor<1x16x16x32xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 8 interleave 2
    : tensor<1x16x16x32xbf16>, tensor<8x1x1x2x4x2xbf16> -> tensor<1x16x16x32xf32>
  return %0 : tensor<1x16x16x32xf32>
}

// -----

// A transposed convolution: nothing asks whether a place lies between two strides.
// CHECK-LABEL: func.func private @transposed(
// CHECK-NOT: scf.if
// CHECK-NOT: arith.select
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK: return
func.func private @transposed(%x: tensor<1x8x8x16xf32>, %w: tensor<1x4x4x16x16xf32>)
    -> tensor<1x16x16x16xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1] groups 1
      transposed output_padding [0, 0]
    : tensor<1x8x8x16xf32>, tensor<1x4x4x16x16xf32> -> tensor<1x16x16x16xf32>
  return %0 : tensor<1x16x16x16xf32>
}

// -----

// Four tiles: 36 matrices of transformed patches with a vector between them, and of products.
// Patches that reach outside are read with masks.
// CHECK-LABEL: func.func private @winograd(
// CHECK-DAG: memref.alloca() {alignment = 64 : i64} : memref<2880xf32>
// CHECK-DAG: memref.alloca() {alignment = 64 : i64} : memref<2304xf32>
// CHECK: scf.if
// CHECK: vector.load
// CHECK: else
// CHECK: vector.maskedload
// CHECK: math.fma {{.*}} : vector<16xf32>
func.func private @winograd(%x: tensor<1x8x8x16xf32>, %w: tensor<36x1x16x16xf32>)
    -> tensor<1x8x8x16xf32> attributes {weft.kernel} {
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1]
    : tensor<1x8x8x16xf32>, tensor<36x1x16x16xf32> -> tensor<1x8x8x16xf32>
  return %0 : tensor<1x8x8x16xf32>
}

// -----

// Patches that are there already: rows of all images make up a product, each block of columns is a
// chunk, and only the products stand on the stack.
// CHECK-LABEL: func.func private @winograd_of_patches(
// CHECK-NOT: memref.alloca
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<4608xf32>
// CHECK-NOT: memref.alloca
// CHECK: math.fma {{.*}} : vector<16xf32>
func.func private @winograd_of_patches(%x: tensor<36x8x16xf32>, %w: tensor<36x1x16x16xf32>)
    -> tensor<2x8x8x16xf32> attributes {weft.kernel} {
  %0 = weft.winograd_conv %x, %w tile 4 pad [1, 1] [1, 1] patches_of [8, 8]
    : tensor<36x8x16xf32>, tensor<36x1x16x16xf32> -> tensor<2x8x8x16xf32>
  return %0 : tensor<2x8x8x16xf32>
}

// -----

// A patch of every second place is transformed in registers. What is outside is not addressed: a masked load
// from a page that is not there is slow.
// CHECK-LABEL: func.func private @winograd_patches(
// CHECK-NOT: memref.alloca
// CHECK: scf.if
// CHECK-NOT: arith.select
// CHECK: vector.load
// CHECK: vector.store
// CHECK: else
// CHECK: arith.select %{{.*}}, %{{.*}}, %c0 : index
// CHECK: vector.maskedload
// CHECK: vector.store
func.func private @winograd_patches(%x: tensor<1x8x8x16xf32>)
    -> tensor<36x4x16xf32> attributes {weft.kernel} {
  %0 = weft.winograd_patches %x tile 4 pad [2, 2] [2, 2] dilation 2
    : tensor<1x8x8x16xf32> -> tensor<36x4x16xf32>
  return %0 : tensor<36x4x16xf32>
}

// -----

// Three channels are a pair and one: the first is loaded and spread as one number, the last by itself.
// Results are rounded in registers.
// CHECK-LABEL: func.func private @pairs(
// CHECK: vector.load %{{.*}} : memref<24xbf16>, vector<2xbf16>
// CHECK: math.fma {{.*}} : vector<16xf32>
// DOTS-LABEL: func.func private @pairs(
// DOTS-NOT: memref.alloca
// DOTS: vector.load %{{.*}} : memref<64xbf16>, vector<32xbf16>
// DOTS: vector.load %{{.*}} : memref<24xbf16>, vector<2xbf16>
// DOTS: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// DOTS: memref.load %{{.*}} : memref<24xbf16>
// DOTS: arith.extui
// DOTS: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// DOTS: vector.store %{{.*}} : memref<128xbf16>, vector<16xbf16>
// DOTS-NOT: memref.store
// DOTS: return
func.func private @pairs(%x: tensor<8x3xbf16>, %w: tensor<1x2x16x2xbf16>)
    -> tensor<8x16xbf16> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1 interleave 2
    : tensor<8x3xbf16>, tensor<1x2x16x2xbf16> -> tensor<8x16xf32>
  %1 = weft.cast %0 : tensor<8x16xf32> -> tensor<8x16xbf16>
  return %1 : tensor<8x16xbf16>
}

// -----

// Panels that a near cache cannot hold are gone through in parts: sums wait on the stack, and each
// tile asks for its share of the next part.
// CHECK-LABEL: func.func private @passes(
// CHECK: %[[SUMS:.*]] = memref.alloca() {alignment = 64 : i64} : memref<{{.*}}xf32>
// CHECK: vector.store %{{.*}}, %[[SUMS]]
// CHECK: vector.load %[[SUMS]]
// CHECK: scf.for {{.*}} iter_args(
// CHECK: memref.prefetch %{{.*}}, read, locality<3>, data : memref<589824xf32>
// CHECK: vector.store %{{.*}}, %[[SUMS]]
// CHECK: vector.load %[[SUMS]]
// CHECK: vector.store
func.func private @passes(%x: tensor<64x3072xf32>, %w: tensor<4x3072x48xf32>)
    -> tensor<64x192xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
    : tensor<64x3072xf32>, tensor<4x3072x48xf32> -> tensor<64x192xf32>
  return %0 : tensor<64x192xf32>
}

// -----

// So are those of windows that come from far, by lines of taps: a line that reads outside is left out.
// CHECK-LABEL: func.func private @window_passes(
// CHECK: %[[SUMS:.*]] = memref.alloca() {alignment = 64 : i64} : memref<{{.*}}xf32>
// CHECK: scf.for %[[LINE:.*]] = %c0 to %c3
// CHECK: arith.cmpi uge, %[[LINE]]
// CHECK: scf.if
// CHECK: vector.load %[[SUMS]]
// CHECK: memref.prefetch %{{.*}}, read, locality<3>, data : memref<1179648xf32>
// CHECK: vector.store %{{.*}}, %[[SUMS]]
func.func private @window_passes(%x: tensor<1x7x7x512xf32>, %w: tensor<8x3x3x512x32xf32>)
    -> tensor<1x7x7x256xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x7x7x512xf32>, tensor<8x3x3x512x32xf32> -> tensor<1x7x7x256xf32>
  return %0 : tensor<1x7x7x256xf32>
}

// -----

// Without an instruction, and for signed bytes on the left, packs are taken apart.
// CHECK-LABEL: func.func private @quads(
// CHECK-NOT: llvm.call_intrinsic
// CHECK: arith.muli {{.*}} : vector<16xi32>
// DOTS-LABEL: func.func private @quads(
// DOTS: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
func.func private @quads(%x: tensor<8x8xui8>, %w: tensor<1x2x16x4xi8>)
    -> tensor<8x16xi32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1 interleave 4
    : tensor<8x8xui8>, tensor<1x2x16x4xi8> -> tensor<8x16xi32>
  return %0 : tensor<8x16xi32>
}

// -----

// One tile reads a panel once: nothing is gained by parts.
// CHECK-LABEL: func.func private @one_tile(
// CHECK-NOT: memref.alloca
// CHECK: return
func.func private @one_tile(%x: tensor<8x3072xf32>, %w: tensor<4x3072x48xf32>)
    -> tensor<8x192xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1
    : tensor<8x3072xf32>, tensor<4x3072x48xf32> -> tensor<8x192xf32>
  return %0 : tensor<8x192xf32>
}

// -----

// DOTS-LABEL: func.func private @signed_quads(
// DOTS-NOT: llvm.call_intrinsic
// DOTS: arith.muli {{.*}} : vector<16xi32>
func.func private @signed_quads(%x: tensor<8x8xi8>, %w: tensor<1x2x16x4xi8>)
    -> tensor<8x16xi32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1 interleave 4
    : tensor<8x8xi8>, tensor<1x2x16x4xi8> -> tensor<8x16xi32>
  return %0 : tensor<8x16xi32>
}

// -----

// Places at the border of an image of unknown size ask for nothing: only tiles do.
// CHECK-LABEL: func.func private @far_border(
// CHECK: memref.prefetch %{{.*}}, read, locality<3>, data : memref<230400xf32>
// CHECK: return
func.func private @far_border(%x: tensor<1x?x?x100xf32, #weft.shape<[1, d0, d1, 100]>>,
                              %w: tensor<4x3x3x100x64xf32>)
    -> tensor<1x?x?x210xf32, #weft.shape<[1, d0, d1, 210]>>
    attributes {weft.kernel, weft.dims = ["d0", "d1"]} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x?x?x100xf32, #weft.shape<[1, d0, d1, 100]>>, tensor<4x3x3x100x64xf32>
    -> tensor<1x?x?x210xf32, #weft.shape<[1, d0, d1, 210]>>
  return %0 : tensor<1x?x?x210xf32, #weft.shape<[1, d0, d1, 210]>>
}

// -----

// A thread has all of a row, not half of the columns of each: two blocks of columns are inside of eight of rows.
// CHECK-LABEL: func.func private @shared_rows(
// CHECK-SAME: weft.chunks = #weft.shape<[16]>
// CHECK: scf.for %[[CHUNK:.*]] = %arg3 to %arg4
// CHECK-NEXT: arith.remui %[[CHUNK]], %c2 : index
func.func private @shared_rows(%x: tensor<1x56x56x24xf32>, %w: tensor<5x1x1x24x16xf32>)
    -> tensor<1x56x56x72xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x56x56x24xf32>, tensor<5x1x1x24x16xf32> -> tensor<1x56x56x72xf32>
  return %0 : tensor<1x56x56x72xf32>
}

// -----

// So it is with the lines of a depthwise convolution: nine vectors of channels are inside of 14 blocks of lines.
// CHECK-LABEL: func.func private @shared_lines(
// CHECK-SAME: weft.chunks = #weft.shape<[126]>
// CHECK: scf.for %[[CHUNK:.*]] = %arg3 to %arg4
// CHECK-NEXT: arith.remui %[[CHUNK]], %c9 : index
func.func private @shared_lines(%x: tensor<1x28x28x144xf32>, %w: tensor<3x3x144xf32>)
    -> tensor<1x28x28x144xf32> attributes {weft.kernel} {
  %0 = weft.depthwise_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x28x28x144xf32>, tensor<3x3x144xf32> -> tensor<1x28x28x144xf32>
  return %0 : tensor<1x28x28x144xf32>
}

// -----

// An input that is computed stands on the stack, half a second-level cache of it at most, however deep the product is.
// CHECK-LABEL: func.func private @deep(
// CHECK: memref.alloca() {{.*}} : memref<131072xf32>
func.func private @deep(%x: tensor<1024x4096xf32>, %s: tensor<4096xf32>, %w: tensor<2x4096x48xf32>)
    -> tensor<1024x96xf32> attributes {weft.kernel} {
  %b = weft.broadcast %s along [1] : tensor<4096xf32> -> tensor<1024x4096xf32>
  %m = weft.mul %x, %b : tensor<1024x4096xf32>
  %0 = weft.packed_conv %m, %w strides [] pad [] [] dilations [] groups 1
    : tensor<1024x4096xf32>, tensor<2x4096x48xf32> -> tensor<1024x96xf32>
  return %0 : tensor<1024x96xf32>
}

// -----

// The product of a line stands in a ring of as many lines as the window has: 3 x 14 places of 48 channels.
// CHECK-LABEL: func.func private @expanded(
// CHECK: memref.alloca() {{.*}} : memref<2016xf32>
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK: vector.store {{.*}} : memref<2016xf32>
// CHECK: vector.load {{.*}} : memref<2016xf32>
func.func private @expanded(%x: tensor<1x14x14x8xf32>, %f: tensor<1x1x1x8x48xf32>, %w: tensor<3x3x48xf32>)
    -> tensor<1x14x14x48xf32> attributes {weft.kernel} {
  %0 = weft.packed_conv %x, %f strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x14x14x8xf32>, tensor<1x1x1x8x48xf32> -> tensor<1x14x14x48xf32>
  %1 = weft.depthwise_conv %0, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x14x14x48xf32>, tensor<3x3x48xf32> -> tensor<1x14x14x48xf32>
  return %1 : tensor<1x14x14x48xf32>
}

// -----

// Long operations take the sums of a line together: they stand in one loop, behind those of all tiles, of which the ones
// at a border have code of their own.
// CHECK-LABEL: func.func private @waiting_line(
// CHECK: %[[KEPT:.*]] = memref.alloca() {{.*}} : memref<2048xf32>
// CHECK-NOT: arith.divf
// CHECK: vector.store %{{.*}}, %[[KEPT]]
// CHECK-NOT: arith.divf
// CHECK: scf.for %[[ROW:.*]] = %c0 to %c40 step %c1 {
// CHECK-NEXT: %[[PLACE:.*]] = arith.muli %[[ROW]], %c16
// CHECK-NEXT: vector.load %[[KEPT]][%[[PLACE]]]
// CHECK: arith.divf
// CHECK-NOT: arith.divf
// CHECK: return
func.func private @waiting_line(%x: tensor<1x5x40x16xf32>, %w: tensor<3x3x16xf32>) -> tensor<1x5x40x16xf32>
    attributes {weft.kernel} {
  %0 = weft.depthwise_conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x5x40x16xf32>, tensor<3x3x16xf32> -> tensor<1x5x40x16xf32>
  %1 = weft.sigmoid %0 : tensor<1x5x40x16xf32>
  return %1 : tensor<1x5x40x16xf32>
}

// -----

// Of a product's rows as many as 128 vectors hold, in whole tiles: 42 rows of three vectors are 5 tiles of 8.
// CHECK-LABEL: func.func private @waiting_rows(
// CHECK: %[[KEPT:.*]] = memref.alloca() {{.*}} : memref<2048xf32>
// CHECK: scf.for %[[FIRST:.*]] = %{{.*}} to %{{.*}} step %c40 {
// CHECK: %[[NEXT:.*]] = arith.addi %[[FIRST]], %c40
// CHECK-NEXT: %[[END:.*]] = arith.minsi %[[NEXT]]
// CHECK-NEXT: %[[ROWS:.*]] = arith.subi %[[END]], %[[FIRST]]
// CHECK-NOT: arith.divf
// CHECK: vector.store %{{.*}}, %[[KEPT]]
// CHECK-NOT: arith.divf
// CHECK: scf.for %{{.*}} = %c0 to %[[ROWS]] step %c1 {
// CHECK-COUNT-3: arith.divf
// CHECK-NOT: arith.divf
// CHECK: return
func.func private @waiting_rows(%x: tensor<?x24xf32, #weft.shape<[N, 24]>>, %f: tensor<1x24x48xf32>)
    -> tensor<?x48xf32, #weft.shape<[N, 48]>> attributes {weft.kernel, weft.dims = ["N"]} {
  %0 = weft.packed_conv %x, %f strides [] pad [] [] dilations [] groups 1
    : tensor<?x24xf32, #weft.shape<[N, 24]>>, tensor<1x24x48xf32> -> tensor<?x48xf32, #weft.shape<[N, 48]>>
  %1 = weft.sigmoid %0 : tensor<?x48xf32, #weft.shape<[N, 48]>>
  return %1 : tensor<?x48xf32, #weft.shape<[N, 48]>>
}
