// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parameters, regions and launches read back as they print.
// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s

// CHECK: weft.parameter param @linear.weight : tensor<4x3xf32>
weft.parameter param @linear.weight : tensor<4x3xf32>
// CHECK: weft.parameter state @running.mean : tensor<3xf32> {doc = "mean of the batches seen"}
weft.parameter state @running.mean : tensor<3xf32> {doc = "mean of the batches seen"}

// CHECK-LABEL: func.func @kernel(
func.func @kernel(%x: tensor<?x3xf32, #weft.shape<[N, 3]>>, %w: tensor<3xf32>) {
  // CHECK: weft.kernel (%[[A:.*]] = %{{.*}} : tensor<?x3xf32, #weft.shape<[N, 3]>>, %[[B:.*]] = %{{.*}} : tensor<3xf32>) -> tensor<?x3xf32, #weft.shape<[N, 3]>> {
  // CHECK-NEXT: weft.broadcast %[[B]] along [1]
  // CHECK-NEXT: %[[SUM:.*]] = weft.add %[[A]],
  // CHECK-NEXT: weft.yield %[[SUM]] : tensor<?x3xf32, #weft.shape<[N, 3]>>
  %0 = weft.kernel (%a = %x : tensor<?x3xf32, #weft.shape<[N, 3]>>, %b = %w : tensor<3xf32>) -> tensor<?x3xf32, #weft.shape<[N, 3]>> {
    %1 = weft.broadcast %b along [1] : tensor<3xf32> -> tensor<?x3xf32, #weft.shape<[N, 3]>>
    %2 = weft.add %a, %1 : tensor<?x3xf32, #weft.shape<[N, 3]>>
    weft.yield %2 : tensor<?x3xf32, #weft.shape<[N, 3]>>
  }
  return
}

func.func private @k0(tensor<?x3xf32, #weft.shape<[d0, 3]>>) -> tensor<?xf32, #weft.shape<[3 * d0]>> attributes {weft.kernel}

// CHECK-LABEL: func.func @launch(
func.func @launch(%x: tensor<?x3xf32, #weft.shape<[2 * N, 3]>>) {
  // CHECK: weft.launch @k0 symbols <[2 * N]> (%{{.*}}) at [#weft.slot<arena at <[64 * N]>>] : (tensor<?x3xf32, #weft.shape<[2 * N, 3]>>) -> tensor<?xf32, #weft.shape<[6 * N]>>
  %0 = weft.launch @k0 symbols <[2 * N]> (%x) at [#weft.slot<arena at <[64 * N]>>] : (tensor<?x3xf32, #weft.shape<[2 * N, 3]>>) -> tensor<?xf32, #weft.shape<[6 * N]>>
  // CHECK: weft.launch @k0 symbols <[2 * N]> (%{{.*}}) at [#weft.slot<output at <[0]>>]
  %1 = weft.launch @k0 symbols <[2 * N]> (%x) at [#weft.slot<output at <[0]>>] : (tensor<?x3xf32, #weft.shape<[2 * N, 3]>>) -> tensor<?xf32, #weft.shape<[6 * N]>>
  // CHECK: weft.launch @k0 symbols <[2 * N]> (%{{.*}}) : (
  %2 = weft.launch @k0 symbols <[2 * N]> (%x) : (tensor<?x3xf32, #weft.shape<[2 * N, 3]>>) -> tensor<?xf32, #weft.shape<[6 * N]>>
  return
}

// CHECK-LABEL: func.func @branch(
func.func @branch(%c: tensor<i1>, %x: tensor<3xf32>) {
  // CHECK: weft.if %{{.*}} -> tensor<3xf32> {
  // CHECK: } else {
  %0 = weft.if %c -> tensor<3xf32> {
    weft.yield %x : tensor<3xf32>
  } else {
    %1 = weft.neg %x : tensor<3xf32>
    weft.yield %1 : tensor<3xf32>
  }
  return
}

// CHECK-LABEL: func.func @loop(
func.func @loop(%n: tensor<i64>, %x: tensor<3xf32>) {
  // CHECK: weft.while (%[[I:.*]] = %{{.*}} : tensor<i64>, %[[V:.*]] = %{{.*}} : tensor<3xf32>) -> (tensor<i64>, tensor<3xf32>) condition {
  // CHECK: weft.compare lt %[[I]],
  // CHECK: } do {
  // CHECK: weft.mul %[[V]], %[[V]]
  %0:2 = weft.while (%i = %n : tensor<i64>, %v = %x : tensor<3xf32>) -> (tensor<i64>, tensor<3xf32>) condition {
    %end = weft.constant dense<8> : tensor<i64>
    %more = weft.compare lt %i, %end : tensor<i64>
    weft.yield %more : tensor<i1>
  } do {
    %one = weft.constant dense<1> : tensor<i64>
    %next = weft.add %i, %one : tensor<i64>
    %square = weft.mul %v, %v : tensor<3xf32>
    weft.yield %next, %square : tensor<i64>, tensor<3xf32>
  }
  return
}

// CHECK-LABEL: func.func @recurrence(
func.func @recurrence(%h: tensor<3xf32>, %xs: tensor<?x3xf32, #weft.shape<[T, 3]>>) {
  // CHECK: weft.scan (%[[C:.*]] = %{{.*}} : tensor<3xf32>) over (%[[X:.*]] = %{{.*}} : tensor<?x3xf32, #weft.shape<[T, 3]>>) -> (tensor<3xf32>, tensor<?xf32, #weft.shape<[T]>>) {
  // CHECK: weft.add %[[C]], %[[X]] : tensor<3xf32>
  %0:2 = weft.scan (%c = %h : tensor<3xf32>) over (%x = %xs : tensor<?x3xf32, #weft.shape<[T, 3]>>) -> (tensor<3xf32>, tensor<?xf32, #weft.shape<[T]>>) {
    %1 = weft.add %c, %x : tensor<3xf32>
    %2 = weft.reduce sum %1 axes [0] : tensor<3xf32> -> tensor<f32>
    weft.yield %1, %2 : tensor<3xf32>, tensor<f32>
  }
  // CHECK: weft.scan () over (%{{.*}} = %{{.*}} : tensor<?x3xf32, #weft.shape<[T, 3]>>) -> tensor<?x3xf32, #weft.shape<[T, 3]>> attributes {weft.reverse} {
  %back = weft.scan () over (%x = %xs : tensor<?x3xf32, #weft.shape<[T, 3]>>) -> tensor<?x3xf32, #weft.shape<[T, 3]>> attributes {weft.reverse} {
    weft.yield %x : tensor<3xf32>
  }
  return
}
