// RUN: weft-opt %s --weft-bfloat-as-bits | FileCheck %s

// CHECK-LABEL: llvm.func @choice(
// CHECK-SAME: %[[C:[a-z0-9]+]]: i1, %[[FROM:[a-z0-9]+]]: !llvm.ptr
// CHECK-DAG: %[[X:.*]] = llvm.load %[[FROM]] : !llvm.ptr -> i16
// CHECK-DAG: %[[ONE:.*]] = llvm.mlir.constant(16256 : i16) : i16
// CHECK: llvm.select %[[C]], %[[X]], %[[ONE]] : i1, i16
llvm.func @choice(%c: i1, %from: !llvm.ptr, %to: !llvm.ptr) {
  %x = llvm.load %from : !llvm.ptr -> bf16
  %one = llvm.mlir.constant(1.0 : bf16) : bf16
  %y = llvm.select %c, %x, %one : i1, bf16
  llvm.store %y, %to : bf16, !llvm.ptr
  llvm.return
}

// CHECK-LABEL: llvm.func @vectors(
// CHECK: llvm.mlir.constant(dense<[16256, -16384]> : vector<2xi16>) : vector<2xi16>
llvm.func @vectors(%to: !llvm.ptr) {
  %x = llvm.mlir.constant(dense<[1.0, -2.0]> : vector<2xbf16>) : vector<2xbf16>
  llvm.store %x, %to : vector<2xbf16>, !llvm.ptr
  llvm.return
}

// CHECK: weft.parameter param @w : tensor<2xbf16>
weft.parameter param @w : tensor<2xbf16>

// An instruction of the processor takes bf16: it gets the same bits by that name.
// CHECK-LABEL: llvm.func @sum_of_products(
// CHECK: %[[BITS:.*]] = llvm.load %{{.*}} : !llvm.ptr -> vector<32xi16>
// CHECK: %[[X:.*]] = llvm.bitcast %[[BITS]] : vector<32xi16> to vector<32xbf16>
// CHECK: %[[Y:.*]] = llvm.bitcast %[[BITS]] : vector<32xi16> to vector<32xbf16>
// CHECK: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"(%{{.*}}, %[[X]], %[[Y]])
llvm.func @sum_of_products(%from: !llvm.ptr, %total: vector<16xf32>) -> vector<16xf32> {
  %x = llvm.load %from : !llvm.ptr -> vector<32xbf16>
  %y = llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"(%total, %x, %x)
    : (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>
  llvm.return %y : vector<16xf32>
}
