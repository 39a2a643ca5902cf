// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: weft-opt %s --weft-lower-kernels --split-input-file | FileCheck %s

// A bias along the last dimension keeps rows: one chunk a row, an innermost loop without division.
// CHECK-LABEL: func.func private @bias_rows(
// CHECK-SAME: %[[X:arg0]]: memref<?x64xf32> {llvm.noalias, weft.shape = #weft.shape<[d0, 64]>}
// CHECK-SAME: %[[B:arg1]]: memref<64xf32> {llvm.noalias}
// CHECK-SAME: weft.chunks = #weft.shape<[d0]>
// CHECK: scf.for %[[ROW:.*]] = %{{.*}} to
// CHECK: scf.for %[[COLUMN:.*]] = %c0 to %c64
// CHECK-NOT: arith.div
// CHECK: memref.load %[[B]][%[[COLUMN]]]
// CHECK: arith.addf %{{.*}}, %{{.*}} : f32
// CHECK-NEXT: memref.store
func.func private @bias_rows(%x: tensor<?x64xf32, #weft.shape<[d0, 64]>>, %b: tensor<64xf32>)
    -> tensor<?x64xf32, #weft.shape<[d0, 64]>> attributes {weft.kernel, weft.dims = ["d0"]} {
  %0 = weft.broadcast %b along [1] : tensor<64xf32> -> tensor<?x64xf32, #weft.shape<[d0, 64]>>
  %1 = weft.add %x, %0 : tensor<?x64xf32, #weft.shape<[d0, 64]>>
  return %1 : tensor<?x64xf32, #weft.shape<[d0, 64]>>
}

// -----

// Operands of one shape run as one dimension, in blocks of 4096 elements.
// CHECK-LABEL: func.func private @same_shape_is_one_loop(
// CHECK-SAME: weft.chunks = #weft.shape<[(735 * d0 + 4095) / 4096]>
// CHECK: scf.for
// CHECK: scf.for
// CHECK-NOT: scf.for
// CHECK-NOT: arith.div
// CHECK: return
func.func private @same_shape_is_one_loop(
    %x: tensor<?x3x5x49xf32, #weft.shape<[d0, 3, 5, 49]>>,
    %y: tensor<?x3x5x49xf32, #weft.shape<[d0, 3, 5, 49]>>)
    -> tensor<?x3x5x49xf32, #weft.shape<[d0, 3, 5, 49]>>
    attributes {weft.kernel, weft.dims = ["d0"]} {
  %0 = weft.mul %x, %y : tensor<?x3x5x49xf32, #weft.shape<[d0, 3, 5, 49]>>
  return %0 : tensor<?x3x5x49xf32, #weft.shape<[d0, 3, 5, 49]>>
}

// -----

// A value used twice is computed once.
// CHECK-LABEL: func.func private @shared_value(
// CHECK-COUNT-1: math.sqrt
// CHECK-NOT: math.sqrt
// CHECK: return
func.func private @shared_value(%x: tensor<8xf32>) -> tensor<8xf32> attributes {weft.kernel} {
  %0 = weft.sqrt %x : tensor<8xf32>
  %1 = weft.add %0, %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// -----

// bool is a byte in memory and one bit in registers.
// CHECK-LABEL: func.func private @bool_is_a_byte(
// CHECK-SAME: memref<8xi8>
// CHECK: %[[BYTE:.*]] = memref.load %{{.*}} : memref<8xi8>
// CHECK: %[[BIT:.*]] = arith.cmpi ne, %[[BYTE]], %{{.*}} : i8
// CHECK: %[[NOT:.*]] = arith.xori %[[BIT]], %{{.*}} : i1
// CHECK: arith.extui %[[NOT]] : i1 to i8
func.func private @bool_is_a_byte(%x: tensor<8xi1>) -> tensor<8xi1> attributes {weft.kernel} {
  %0 = weft.not %x : tensor<8xi1>
  return %0 : tensor<8xi1>
}

// -----

// Padding reads the input only where it has an element.
// CHECK-LABEL: func.func private @pad_reads_inside(
// CHECK: scf.if
// CHECK-NEXT: memref.load %arg0
// CHECK: else
// CHECK-NEXT: memref.load %{{.*}} : memref<1xf32>
func.func private @pad_reads_inside(%x: tensor<5xf32>, %v: tensor<f32>) -> tensor<8xf32>
    attributes {weft.kernel} {
  %0 = weft.pad %x, %v low #weft.shape<[1]> high #weft.shape<[2]> interior [0]
    : tensor<5xf32> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

// Neighbours of the result lie apart in the argument: 16 rows are loaded, transposed and stored as rows.
// A chunk takes 64 channels of one panel.
// CHECK-LABEL: func.func private @filters_into_panels(
// CHECK-SAME: weft.chunks = #weft.shape<[8]>
// CHECK: scf.for %{{.*}} = %c0 to %c4608 step %c16
// CHECK: scf.for
// CHECK-COUNT-16: vector.load
// CHECK-COUNT-64: vector.shuffle
// CHECK-COUNT-16: vector.store
// CHECK-NOT: vector.store
func.func private @filters_into_panels(%x: tensor<8x64x512x3x3xf32>) -> tensor<8x3x3x512x64xf32>
    attributes {weft.kernel, weft.dims = []} {
  %0 = weft.transpose %x [0, 3, 4, 2, 1] : tensor<8x64x512x3x3xf32> -> tensor<8x3x3x512x64xf32>
  return %0 : tensor<8x3x3x512x64xf32>
}

// -----

// Two results of one shape: one loop, in which what both need is loaded once, and both are known
// before the first is stored over what it was made of.
// CHECK-LABEL: func.func private @two_results(
// CHECK-SAME: %[[A:arg0]]: memref<100xf32>
// CHECK-SAME: %[[X:arg1]]: memref<100xf32>
// CHECK-SAME: %[[P:arg2]]: memref<100xf32>
// CHECK-SAME: %[[Q:arg3]]: memref<100xf32>
// CHECK: scf.for
// CHECK: scf.for
// CHECK-NOT: memref.load %[[A]]
// CHECK: memref.load %[[P]]
// CHECK: memref.load %[[X]]
// CHECK-NOT: memref.load
// CHECK: memref.store %{{.*}}, %[[P]]
// CHECK: memref.store %{{.*}}, %[[Q]]
// CHECK-NOT: scf.for
func.func private @two_results(%a: tensor<100xf32> {weft.in_place = 0 : i64}, %x: tensor<100xf32>)
    -> (tensor<100xf32>, tensor<100xf32>) attributes {weft.kernel, weft.dims = []} {
  %p = weft.add %a, %x : tensor<100xf32>
  %q = weft.mul %a, %x : tensor<100xf32>
  return %p, %q : tensor<100xf32>, tensor<100xf32>
}
