// RUN: weft-opt %s --weft-lower-kernel-signatures | FileCheck %s

// Sizes and strides come from the dimensions: 3 * d0 elements from one row to the next.
// CHECK-LABEL: func.func private @k0(
// CHECK-SAME: %[[X:.*]]: !llvm.ptr {llvm.noalias}, %[[OUT:.*]]: !llvm.ptr {llvm.noalias}, %[[D0:.*]]: i64, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64)
// CHECK-SAME: attributes {llvm.linkage = #llvm.linkage<internal>, weft.kernel}
// CHECK: %[[THREE:.*]] = arith.constant 3 : i64
// CHECK: %[[STRIDE:.*]] = arith.muli %[[D0]], %[[THREE]]
// CHECK: llvm.insertvalue %[[STRIDE]], %{{.*}}[4, 0]
// CHECK: memref.load %{{.*}} : memref<?x?x3xf32>
func.func private @k0(%x: memref<?x?x3xf32> {llvm.noalias, weft.shape = #weft.shape<[2 * d0, d0, 3]>},
    %out: memref<4xf32> {llvm.noalias}, %d0: index, %begin: index, %end: index)
    attributes {weft.kernel, weft.dims = ["d0"], weft.outputs = 1 : i64,
                weft.chunks = #weft.shape<[d0]>, weft.grain = 1 : i64} {
  %v = memref.load %x[%begin, %begin, %begin] : memref<?x?x3xf32>
  memref.store %v, %out[%end] : memref<4xf32>
  return
}

// CHECK-LABEL: func.func private @k0_body(
// CHECK-NOT: builtin.unrealized_conversion_cast
// CHECK: call @k0(%{{.*}}) : (!llvm.ptr, !llvm.ptr, i64, i64, i64) -> ()
func.func private @k0_body(%words: !llvm.ptr, %begin: i64, %end: i64) {
  %x = builtin.unrealized_conversion_cast %words : !llvm.ptr to memref<?x?x3xf32>
  %out = builtin.unrealized_conversion_cast %words : !llvm.ptr to memref<4xf32>
  %b = arith.index_cast %begin : i64 to index
  %e = arith.index_cast %end : i64 to index
  func.call @k0(%x, %out, %e, %b, %e) : (memref<?x?x3xf32>, memref<4xf32>, index, index, index) -> ()
  return
}
