// What is read behind the place up to which most is kept is kept, or computed again, as a minimum cut says.
// RUN: weft-opt %s --weft-recompute --verify-each | FileCheck %s
// RUN: weft-opt %s --weft-recompute=memory-price=1e6 --verify-each | FileCheck %s --check-prefix=DEAR
// RUN: weft-opt %s '--weft-recompute=memory-price=1e6 segments=2' --verify-each | FileCheck %s --check-prefix=PARTS
// RUN: weft-opt %s --weft-recompute=explain --verify-each | FileCheck %s --check-prefix=WHY

// Of a chain of cheap operations one value is kept; what reads others of it computes them.
// CHECK-LABEL: func.func @chain(
// CHECK-NOT: weft.recompute
// CHECK: %[[P:.*]] = weft.contract
// CHECK: %[[A:.*]] = weft.mul %[[P]], %arg2
// CHECK: %[[C:.*]] = weft.add %[[A]], %[[P]]
// CHECK: %[[B:.*]] = weft.max %[[C]], %[[A]]
// CHECK: %[[Q:.*]] = weft.contract {{.*}} %[[B]]
// CHECK: %[[R:.*]] = weft.softmax %[[Q]]
// CHECK: %[[A2:.*]] = weft.mul %[[P]], %arg2 {weft.recompute}
// CHECK: %[[U:.*]] = weft.mul %[[R]], %[[A2]]
// CHECK: %[[C2:.*]] = weft.add %[[A2]], %[[P]] {weft.recompute}
// CHECK: weft.mul %[[U]], %[[C2]]
// Where memory is dear the product is repeated, too.
// DEAR-LABEL: func.func @chain(
// DEAR-COUNT-3: weft.contract
// DEAR-NOT: weft.contract
// WHY-LABEL: func.func @chain(
// WHY-SAME: weft.kept = [{{.*}}kept = true{{.*}}operation = "contract"{{.*}}why = "it is a product
// WHY-SAME: kept = false{{.*}}operation = "mul"{{.*}}why = "its operation takes the time of 1.00 KiB through memory, keeping it would cost 18.00 KiB"
func.func @chain(%x: tensor<64x64xf32> {weft.name = "x"}, %w: tensor<64x64xf32> {weft.name = "w"},
    %f: tensor<64x64xf32> {weft.name = "f"})
    -> (tensor<64x64xf32> {weft.name = "result"}, tensor<64x64xf32> {weft.name = "input"})
    attributes {weft.export, weft.differentiated} {
  %p = weft.contract "ij,jk->ik" %x, %w : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  %a = weft.mul %p, %f : tensor<64x64xf32>
  %c = weft.add %a, %p : tensor<64x64xf32>
  %b = weft.max %c, %a : tensor<64x64xf32>
  %q = weft.contract "ij,jk->ik" %b, %w : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  %r = weft.softmax %q axis 1 : tensor<64x64xf32>
  %u = weft.mul %r, %a : tensor<64x64xf32>
  %v = weft.mul %u, %c : tensor<64x64xf32>
  return %v, %b : tensor<64x64xf32>, tensor<64x64xf32>
}

// With several parts, what passes from one to the next is kept, and so is what the last one makes.
// CHECK-LABEL: func.func @stack(
// CHECK-COUNT-4: weft.softmax
// CHECK-NOT: weft.softmax
// CHECK: return
// DEAR-LABEL: func.func @stack(
// DEAR-COUNT-7: weft.softmax
// DEAR-NOT: weft.softmax
// DEAR: return
// PARTS-LABEL: func.func @stack(
// PARTS: %[[A:.*]] = weft.softmax %arg0
// PARTS: %[[B:.*]] = weft.softmax %[[A]]
// PARTS: %[[C:.*]] = weft.softmax %[[B]]
// PARTS: %[[D:.*]] = weft.softmax %[[C]]
// PARTS: weft.mul %[[D]], %[[C]]
// PARTS: weft.mul %{{.*}}, %[[B]]
// PARTS: %[[A2:.*]] = weft.softmax %arg0
// PARTS: weft.mul %{{.*}}, %[[A2]]
func.func @stack(%x: tensor<64x64xf32> {weft.name = "x"})
    -> (tensor<64x64xf32> {weft.name = "result"}, tensor<64x64xf32> {weft.name = "last"})
    attributes {weft.export, weft.differentiated} {
  %a = weft.softmax %x axis 1 : tensor<64x64xf32>
  %b = weft.softmax %a axis 1 : tensor<64x64xf32>
  %c = weft.softmax %b axis 1 : tensor<64x64xf32>
  %d = weft.softmax %c axis 1 : tensor<64x64xf32>
  %1 = weft.mul %d, %c : tensor<64x64xf32>
  %2 = weft.mul %1, %b : tensor<64x64xf32>
  %3 = weft.mul %2, %a : tensor<64x64xf32>
  return %3, %d : tensor<64x64xf32>, tensor<64x64xf32>
}

// Nothing is differentiated here, so that without a limit all stays as it was written.
// CHECK-LABEL: func.func @inference(
// CHECK-NOT: weft.recompute
func.func @inference(%x: tensor<64x64xf32> {weft.name = "x"}) -> (tensor<64x64xf32> {weft.name = "result"})
    attributes {weft.export} {
  %a = weft.softmax %x axis 1 : tensor<64x64xf32>
  %b = weft.neg %a : tensor<64x64xf32>
  %c = weft.softmax %b axis 1 : tensor<64x64xf32>
  %d = weft.mul %c, %b : tensor<64x64xf32>
  return %d : tensor<64x64xf32>
}

// The gradient for a filter, which a derivative of it reads, is a product like any other.
// CHECK-LABEL: func.func @penalty(
// CHECK-COUNT-1: weft.conv_filter_grad
// CHECK-NOT: weft.conv_filter_grad
// CHECK: return
// WHY-LABEL: func.func @penalty(
// WHY-SAME: weft.kept = [{{.*}}kept = true{{.*}}operation = "conv_filter_grad"{{.*}}why = "it is a product
func.func @penalty(%x: tensor<2x8x9x9xf32> {weft.name = "x"}, %g: tensor<2x8x7x7xf32> {weft.name = "g"})
    -> (tensor<8x8x3x3xf32> {weft.name = "result"}, tensor<8x8x3x3xf32> {weft.name = "last"})
    attributes {weft.export, weft.differentiated} {
  %a = weft.conv_filter_grad %x, %g strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<2x8x9x9xf32>, tensor<2x8x7x7xf32> -> tensor<8x8x3x3xf32>
  %b = weft.sin %a : tensor<8x8x3x3xf32>
  %c = weft.softmax %b axis 1 : tensor<8x8x3x3xf32>
  %d = weft.softmax %c axis 1 : tensor<8x8x3x3xf32>
  %1 = weft.mul %d, %c : tensor<8x8x3x3xf32>
  %2 = weft.mul %1, %a : tensor<8x8x3x3xf32>
  return %2, %d : tensor<8x8x3x3xf32>, tensor<8x8x3x3xf32>
}
