// RUN: weft-opt %s --weft-fold-transposes | FileCheck %s

// CHECK-LABEL: func.func @left_operand(
// CHECK: weft.contract "bca,cd->abd" %arg0, %arg1
func.func @left_operand(%x: tensor<3x4x2xf32>, %y: tensor<4x5xf32>) -> tensor<2x3x5xf32> {
  %t = weft.transpose %x [2, 0, 1] : tensor<3x4x2xf32> -> tensor<2x3x4xf32>
  %r = weft.contract "abc,cd->abd" %t, %y : tensor<2x3x4xf32>, tensor<4x5xf32> -> tensor<2x3x5xf32>
  return %r : tensor<2x3x5xf32>
}

// CHECK-LABEL: func.func @both_operands(
// CHECK: weft.contract "ki,jk->ij" %arg0, %arg1
// CHECK-NOT: weft.transpose
func.func @both_operands(%x: tensor<4x2xf32>, %y: tensor<5x4xf32>) -> tensor<2x5xf32> {
  %a = weft.transpose %x [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
  %b = weft.transpose %y [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
  %r = weft.contract "ik,kj->ij" %a, %b : tensor<2x4xf32>, tensor<4x5xf32> -> tensor<2x5xf32>
  return %r : tensor<2x5xf32>
}

// Reading permuted is free, so a transpose with other users is folded as well.
// CHECK-LABEL: func.func @operand_transpose_reused(
// CHECK: %[[T:.*]] = weft.transpose
// CHECK: weft.contract "ki,kj->ij" %arg0
// CHECK: return %[[T]]
func.func @operand_transpose_reused(%x: tensor<4x2xf32>, %y: tensor<4x5xf32>)
    -> (tensor<2x4xf32>, tensor<2x5xf32>) {
  %a = weft.transpose %x [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
  %r = weft.contract "ik,kj->ij" %a, %y : tensor<2x4xf32>, tensor<4x5xf32> -> tensor<2x5xf32>
  return %a, %r : tensor<2x4xf32>, tensor<2x5xf32>
}

// CHECK-LABEL: func.func @result(
// CHECK: %[[R:.*]] = weft.contract "nhd,dk->hkn" %arg0, %arg1
// CHECK: return %[[R]]
func.func @result(%x: tensor<2x3x4xf32>, %y: tensor<4x5xf32>) -> tensor<3x5x2xf32> {
  %r = weft.contract "nhd,dk->nhk" %x, %y : tensor<2x3x4xf32>, tensor<4x5xf32> -> tensor<2x3x5xf32>
  %t = weft.transpose %r [1, 2, 0] : tensor<2x3x5xf32> -> tensor<3x5x2xf32>
  return %t : tensor<3x5x2xf32>
}

// CHECK-LABEL: func.func @result_used_in_its_own_order_too(
// CHECK: weft.contract "ik,kj->ij"
// CHECK: weft.transpose
func.func @result_used_in_its_own_order_too(%x: tensor<2x4xf32>, %y: tensor<4x5xf32>)
    -> (tensor<2x5xf32>, tensor<5x2xf32>) {
  %r = weft.contract "ik,kj->ij" %x, %y : tensor<2x4xf32>, tensor<4x5xf32> -> tensor<2x5xf32>
  %t = weft.transpose %r [1, 0] : tensor<2x5xf32> -> tensor<5x2xf32>
  return %r, %t : tensor<2x5xf32>, tensor<5x2xf32>
}
