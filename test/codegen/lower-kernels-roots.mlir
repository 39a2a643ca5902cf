// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: weft-opt %s --weft-lower-kernels --split-input-file | FileCheck %s

// Contiguous columns: a tile of outer products, scalars of the left spread over vectors of the right.
// CHECK-LABEL: func.func private @outer_products(
// CHECK: %[[A:.*]] = memref.load {{.*}} : memref<1024xf32>
// CHECK-NEXT: vector.broadcast %[[A]] : f32 to vector<16xf32>
// CHECK-NEXT: math.fma {{.*}} : vector<16xf32>
// CHECK: vector.store
// CHECK-NOT: memref.store
// CHECK: return
func.func private @outer_products(%a: tensor<16x64xf32>, %b: tensor<64x48xf32>)
    -> tensor<16x48xf32> attributes {weft.kernel} {
  %0 = weft.contract "ik,kj->ij" %a, %b
    : tensor<16x64xf32>, tensor<64x48xf32> -> tensor<16x48xf32>
  return %0 : tensor<16x48xf32>
}

// -----

// The weight of a linear layer is contiguous in the summed label: dot products, lanes summed in
// halves. Columns beyond a multiple of the vector are masked.
// CHECK-LABEL: func.func private @dot_products(
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK: vector.maskedload
// CHECK: vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7]
func.func private @dot_products(%a: tensor<16x65xf32>, %b: tensor<10x65xf32>)
    -> tensor<16x10xf32> attributes {weft.kernel} {
  %0 = weft.contract "ik,jk->ij" %a, %b
    : tensor<16x65xf32>, tensor<10x65xf32> -> tensor<16x10xf32>
  return %0 : tensor<16x10xf32>
}

// -----

// A batch label innermost on both sides: element by element, still fused.
// CHECK-LABEL: func.func private @straight_contraction(
// CHECK-NOT: vector
// CHECK: math.fma {{.*}} : f32
func.func private @straight_contraction(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>)
    -> tensor<8xf32> attributes {weft.kernel} {
  %0 = weft.contract "kb,kb->b" %a, %b : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

// An epilogue reads the sums from the stack.
// CHECK-LABEL: func.func private @epilogue(
// CHECK: %[[TILE:.*]] = memref.alloca() {alignment = 64 : i64} : memref<{{.*}}xf32>
// CHECK: vector.store %{{.*}}, %[[TILE]]
// CHECK: memref.load %[[TILE]]
// CHECK: arith.addf
func.func private @epilogue(%a: tensor<8x16xf32>, %b: tensor<16x16xf32>, %c: tensor<8x16xf32>)
    -> tensor<8x16xf32> attributes {weft.kernel} {
  %0 = weft.contract "ik,kj->ij" %a, %b : tensor<8x16xf32>, tensor<16x16xf32> -> tensor<8x16xf32>
  %1 = weft.add %0, %c : tensor<8x16xf32>
  return %1 : tensor<8x16xf32>
}

// -----

// One tap, stride 1: the input is read in place, without a table of places.
// CHECK-LABEL: func.func private @pointwise_convolution(
// CHECK-NOT: memref<{{.*}}xi32>
// CHECK: vector.load
// CHECK: math.fma {{.*}} : vector<16xf32>
func.func private @pointwise_convolution(%x: tensor<1x8x4x8xf32>, %w: tensor<8x8x1x1xf32>)
    -> tensor<1x8x4x8xf32> attributes {weft.kernel} {
  %0 = weft.conv %x, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x8x4x8xf32>, tensor<8x8x1x1xf32> -> tensor<1x8x4x8xf32>
  return %0 : tensor<1x8x4x8xf32>
}

// -----

// Others gather: the input is read only where the table has a place.
// CHECK-LABEL: func.func private @gathered_convolution(
// CHECK: %[[PLACE:.*]] = memref.load {{.*}} : memref<{{.*}}xi32>
// CHECK: scf.if
// CHECK: math.fma {{.*}} : vector<16xf32>
func.func private @gathered_convolution(%x: tensor<1x8x4x8xf32>, %w: tensor<8x8x3x3xf32>)
    -> tensor<1x8x4x8xf32> attributes {weft.kernel} {
  %0 = weft.conv %x, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x8x4x8xf32>, tensor<8x8x3x3xf32> -> tensor<1x8x4x8xf32>
  return %0 : tensor<1x8x4x8xf32>
}

// -----

// A row is summed in 32 lanes, whatever the processor; one chunk a row.
// CHECK-LABEL: func.func private @reduce_rows(
// CHECK-SAME: weft.chunks = #weft.shape<[d0]>
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<32xf32>
func.func private @reduce_rows(%x: tensor<?x100xf32, #weft.shape<[d0, 100]>>)
    -> tensor<?xf32, #weft.shape<[d0]>> attributes {weft.kernel, weft.dims = ["d0"]} {
  %0 = weft.reduce sum %x axes [1]
    : tensor<?x100xf32, #weft.shape<[d0, 100]>> -> tensor<?xf32, #weft.shape<[d0]>>
  return %0 : tensor<?xf32, #weft.shape<[d0]>>
}

// -----

// A kept last dimension: blocks of 256 running values.
// CHECK-LABEL: func.func private @reduce_columns(
// CHECK-SAME: weft.chunks = #weft.shape<[4]>
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<256xf32>
func.func private @reduce_columns(%x: tensor<7x1000xf32>) -> tensor<1000xf32>
    attributes {weft.kernel} {
  %0 = weft.reduce sum %x axes [0] : tensor<7x1000xf32> -> tensor<1000xf32>
  return %0 : tensor<1000xf32>
}

// -----

// A row of known length keeps its powers: exp is computed once an element.
// CHECK-LABEL: func.func private @softmax_row(
// CHECK: memref.alloca() {{.*}} : memref<50xf32>
// CHECK: arith.divf
func.func private @softmax_row(%x: tensor<3x50xf32>) -> tensor<3x50xf32>
    attributes {weft.kernel} {
  %0 = weft.softmax %x axis 1 : tensor<3x50xf32>
  return %0 : tensor<3x50xf32>
}

// -----

// Windows are clipped by the bounds of their loops: no branch for an element.
// CHECK-LABEL: func.func private @pool_is_clipped(
// CHECK: arith.minsi
// CHECK-NOT: scf.if
// CHECK: arith.maximumf
func.func private @pool_is_clipped(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x4x4xf32>
    attributes {weft.kernel} {
  %0 = weft.pool max %x window [3, 3] strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x2x8x8xf32> -> tensor<1x2x4x4xf32>
  return %0 : tensor<1x2x4x4xf32>
}

// -----

// f16 accumulates in f32 and is rounded once at the end.
// CHECK-LABEL: func.func private @narrow_sum(
// CHECK: arith.extf {{.*}} : f16 to f32
// CHECK: arith.addf {{.*}} : f32
// CHECK: arith.truncf {{.*}} : f32 to f16
func.func private @narrow_sum(%x: tensor<3x50xf16>) -> tensor<3xf16> attributes {weft.kernel} {
  %0 = weft.reduce sum %x axes [1] : tensor<3x50xf16> -> tensor<3xf16>
  return %0 : tensor<3xf16>
}

// -----

// A row that is no longer than there are running values: in registers, in the same order.
// CHECK-LABEL: func.func private @short_row(
// CHECK-NOT: memref.alloca
// CHECK: vector.maskedload {{.*}} vector<16xf32>
// CHECK: arith.select {{.*}} vector<16xf32>
// CHECK: vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7]
// CHECK: return
func.func private @short_row(%x: tensor<300x12xf32>) -> tensor<300xf32> attributes {weft.kernel} {
  %0 = weft.reduce sum %x axes [1] : tensor<300x12xf32> -> tensor<300xf32>
  return %0 : tensor<300xf32>
}

// -----

// Scattering copies the input, then goes through the updates once, not once for each element.
// CHECK-LABEL: func.func private @scatter(
// CHECK-SAME: %[[X:[^:]*]]: memref<100xf32> {{.*}}, %[[I:[^:]*]]: memref<50xi64> {{.*}}, %[[U:[^:]*]]: memref<50xf32> {{.*}}, %[[Y:[^:]*]]: memref<100xf32>
// CHECK: memref.load %[[X]]
// CHECK: memref.store {{.*}} %[[Y]]
// CHECK: scf.for
// CHECK: memref.load %[[I]]
// CHECK: arith.cmpi ult
// CHECK: scf.if
// CHECK-DAG: memref.load %[[Y]]
// CHECK-DAG: memref.load %[[U]]
// CHECK: memref.store {{.*}} %[[Y]]
func.func private @scatter(%x: tensor<100xf32>, %i: tensor<50xi64>, %u: tensor<50xf32>)
    -> tensor<100xf32> attributes {weft.kernel} {
  %0 = weft.scatter add %x, %i, %u axis 0 : tensor<100xf32>, tensor<50xi64>, tensor<50xf32>
  return %0 : tensor<100xf32>
}

// Many updates of many columns: a thread owns places along the axis, finds the updates of those by
// comparing 64 targets at once, and goes through the bits that are set; who owns all asks less. A run
// of columns is a vector.
// CHECK-LABEL: func.func private @scatter_shared(
// CHECK-SAME: %[[X:[^:]*]]: memref<1000x2x16xf32> {{.*}}, %[[TO:[^:]*]]: memref<5000xi64> {{.*}}, %[[BEGIN:[^:,]*]]: index, %[[END:[^:,]*]]: index)
// CHECK-SAME: weft.chunks = #weft.shape<[5]>
// CHECK-DAG: %[[SIZE:.*]] = arith.constant 200 : index
// CHECK-DAG: arith.muli %[[BEGIN]], %[[SIZE]]
// CHECK-DAG: arith.muli %[[END]], %[[SIZE]]
// CHECK: scf.if
// CHECK: memref.load %[[TO]]
// CHECK: vector.store
// CHECK: else
// CHECK: memref.load %[[TO]]
// CHECK: arith.cmpi ult, {{.*}} : vector<64xi64>
// CHECK: %[[BITS:.*]] = vector.extract
// CHECK: math.ctpop %[[BITS]]
// CHECK: scf.for {{.*}} iter_args(%[[LEFT:.*]] = %[[BITS]])
// CHECK: math.cttz %[[LEFT]]
// CHECK-NOT: scf.if
// CHECK: vector.load {{.*}} vector<16xf32>
// CHECK: arith.addf {{.*}} : vector<16xf32>
// CHECK-NEXT: vector.store
func.func private @scatter_shared(%x: tensor<1000x2x16xf32>, %from: tensor<5000xi64>,
    %weight: tensor<5000x2xf32>, %to: tensor<5000xi64>) -> tensor<1000x2x16xf32>
    attributes {weft.kernel} {
  %0 = weft.constant dense<0.0> : tensor<1000x2x16xf32>
  %1 = weft.gather %x, %from axis 0 : tensor<1000x2x16xf32>, tensor<5000xi64> -> tensor<5000x2x16xf32>
  %2 = weft.broadcast %weight along [0, 1] : tensor<5000x2xf32> -> tensor<5000x2x16xf32>
  %3 = weft.mul %1, %2 : tensor<5000x2x16xf32>
  %4 = weft.scatter add %0, %to, %3 axis 0 : tensor<1000x2x16xf32>, tensor<5000xi64>, tensor<5000x2x16xf32>
  return %4 : tensor<1000x2x16xf32>
}

// Of one column, others would spend as long on looking at the updates as one thread on all.
// CHECK-LABEL: func.func private @scatter_narrow(
// CHECK-SAME: weft.chunks = #weft.shape<[1]>
// CHECK-NOT: math.ctpop
// CHECK: return
func.func private @scatter_narrow(%x: tensor<1000xf32>, %to: tensor<5000xi64>,
    %weight: tensor<5000xf32>) -> tensor<1000xf32> attributes {weft.kernel} {
  %0 = weft.scatter add %x, %to, %weight axis 0 : tensor<1000xf32>, tensor<5000xi64>, tensor<5000xf32>
  return %0 : tensor<1000xf32>
}

// Columns that do not fill a vector take shorter ones.
// CHECK-LABEL: func.func private @scatter_rest(
// CHECK: vector.load {{.*}} vector<16xf32>
// CHECK: vector.store {{.*}} vector<16xf32>
// CHECK: vector.store {{.*}} vector<2xf32>
// CHECK: vector.store {{.*}} vector<1xf32>
// CHECK-NOT: mask
// CHECK: return
func.func private @scatter_rest(%x: tensor<10x19xf32>, %to: tensor<50xi64>,
    %u: tensor<50x19xf32>) -> tensor<10x19xf32> attributes {weft.kernel} {
  %0 = weft.scatter max %x, %to, %u axis 0 : tensor<10x19xf32>, tensor<50xi64>, tensor<50x19xf32>
  return %0 : tensor<10x19xf32>
}

// What an update needs once is read before the loop over its columns: the index that it is gathered
// from, and its weight.
// CHECK-LABEL: func.func private @scatter_gathered(
// CHECK-SAME: %[[X:[^:]*]]: memref<7x32xf32> {{.*}}, %[[FROM:[^:]*]]: memref<50xi32> {{.*}}, %[[W:[^:]*]]: memref<50xf32> {{.*}}, %[[TO:[^:]*]]: memref<50xi32>
// CHECK: memref.load %[[TO]]
// CHECK: scf.if
// CHECK-DAG: memref.load %[[FROM]]
// CHECK-DAG: memref.load %[[W]]
// CHECK: scf.for
// CHECK-NOT: memref.load %[[FROM]]
// CHECK-NOT: memref.load %[[W]]
// CHECK: return
func.func private @scatter_gathered(%x: tensor<7x32xf32>, %from: tensor<50xi32>,
    %weight: tensor<50xf32>, %to: tensor<50xi32>) -> tensor<9x32xf32> attributes {weft.kernel} {
  %0 = weft.constant dense<0.0> : tensor<9x32xf32>
  %1 = weft.gather %x, %from axis 0 : tensor<7x32xf32>, tensor<50xi32> -> tensor<50x32xf32>
  %2 = weft.broadcast %weight along [0] : tensor<50xf32> -> tensor<50x32xf32>
  %3 = weft.mul %1, %2 : tensor<50x32xf32>
  %4 = weft.scatter add %0, %to, %3 axis 0 : tensor<9x32xf32>, tensor<50xi32>, tensor<50x32xf32>
  return %4 : tensor<9x32xf32>
}
