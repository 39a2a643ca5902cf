// RUN: weft-opt %s --weft-form-kernels --weft-verify-kernels | FileCheck %s

// CHECK-LABEL: func.func @chain_is_one_kernel(
// CHECK-COUNT-1: weft.kernel
// CHECK: weft.exp
// CHECK: weft.neg
// CHECK: weft.yield
// CHECK-NOT: weft.kernel
func.func @chain_is_one_kernel(%x: tensor<4xf32> {weft.name = "x"})
    -> (tensor<4xf32> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.exp %x : tensor<4xf32>
  %b = weft.neg %a : tensor<4xf32>
  return %b : tensor<4xf32>
}

// CHECK-LABEL: func.func @epilogue_joins_its_root(
// CHECK: weft.kernel
// CHECK: weft.contract
// CHECK: weft.broadcast
// CHECK: weft.add
// CHECK: weft.tanh
// CHECK-NOT: weft.kernel
func.func @epilogue_joins_its_root(%x: tensor<2x3xf32> {weft.name = "x"},
    %w: tensor<3x4xf32> {weft.name = "w"}, %b: tensor<4xf32> {weft.name = "b"})
    -> (tensor<2x4xf32> {weft.name = "result"}) attributes {weft.export} {
  %c = weft.contract "ik,kj->ij" %x, %w : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  %bias = weft.broadcast %b along [1] : tensor<4xf32> -> tensor<2x4xf32>
  %s = weft.add %c, %bias : tensor<2x4xf32>
  %t = weft.tanh %s : tensor<2x4xf32>
  return %t : tensor<2x4xf32>
}

// The root's value is wanted as it is too, so its kernel ends there.
// CHECK-LABEL: func.func @root_reused(
// CHECK: %[[C:.*]] = weft.kernel
// CHECK-NEXT: weft.contract
// CHECK-NEXT: weft.yield
// CHECK: %[[T:.*]] = weft.kernel (%{{.*}} = %[[C]]
// CHECK-NEXT: weft.tanh
// CHECK: return %[[C]], %[[T]]
func.func @root_reused(%x: tensor<2x3xf32> {weft.name = "x"}, %w: tensor<3x4xf32> {weft.name = "w"})
    -> (tensor<2x4xf32> {weft.name = "result0"}, tensor<2x4xf32> {weft.name = "result1"})
    attributes {weft.export} {
  %c = weft.contract "ik,kj->ij" %x, %w : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  %t = weft.tanh %c : tensor<2x4xf32>
  return %c, %t : tensor<2x4xf32>, tensor<2x4xf32>
}

// Both uses are in one kernel and at one place: that is no second evaluation.
// CHECK-LABEL: func.func @root_reused_within_its_kernel(
// CHECK-COUNT-1: weft.kernel
// CHECK: weft.contract
// CHECK: weft.sigmoid
// CHECK: weft.mul
// CHECK-NOT: weft.kernel
func.func @root_reused_within_its_kernel(%x: tensor<2x3xf32> {weft.name = "x"},
    %w: tensor<3x4xf32> {weft.name = "w"})
    -> (tensor<2x4xf32> {weft.name = "result"}) attributes {weft.export} {
  %c = weft.contract "ik,kj->ij" %x, %w : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  %s = weft.sigmoid %c : tensor<2x4xf32>
  %m = weft.mul %c, %s : tensor<2x4xf32>
  return %m : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @producer_joins_a_reduction(
// CHECK-COUNT-1: weft.kernel
// CHECK: weft.exp
// CHECK: weft.reduce sum
// CHECK: weft.log
// CHECK-NOT: weft.kernel
func.func @producer_joins_a_reduction(%x: tensor<2x3xf32> {weft.name = "x"})
    -> (tensor<2xf32> {weft.name = "result"}) attributes {weft.export} {
  %e = weft.exp %x : tensor<2x3xf32>
  %s = weft.reduce sum %e axes [1] : tensor<2x3xf32> -> tensor<2xf32>
  %l = weft.log %s : tensor<2xf32>
  return %l : tensor<2xf32>
}

// The producer is dear and two kernels want it: it is computed once, in memory.
// CHECK-LABEL: func.func @producer_reused(
// CHECK: %[[E:.*]] = weft.kernel
// CHECK-NEXT: weft.exp
// CHECK-NEXT: weft.yield
// CHECK: weft.kernel (%{{.*}} = %[[E]]
// CHECK-NEXT: weft.reduce sum
// CHECK: weft.kernel (%{{.*}} = %[[E]]
// CHECK-NEXT: weft.reduce max
func.func @producer_reused(%x: tensor<2x3xf32> {weft.name = "x"})
    -> (tensor<2xf32> {weft.name = "result0"}, tensor<2xf32> {weft.name = "result1"})
    attributes {weft.export} {
  %e = weft.exp %x : tensor<2x3xf32>
  %s = weft.reduce sum %e axes [1] : tensor<2x3xf32> -> tensor<2xf32>
  %m = weft.reduce max %e axes [1] : tensor<2x3xf32> -> tensor<2xf32>
  return %s, %m : tensor<2xf32>, tensor<2xf32>
}

// Views cost nothing, so each kernel has its own.
// CHECK-LABEL: func.func @view_reused(
// CHECK: weft.kernel (%{{.*}} = %arg0
// CHECK-NEXT: weft.transpose
// CHECK-NEXT: weft.reduce sum
// CHECK: weft.kernel (%{{.*}} = %arg0
// CHECK-NEXT: weft.transpose
// CHECK-NEXT: weft.reduce max
func.func @view_reused(%x: tensor<2x3xf32> {weft.name = "x"})
    -> (tensor<3xf32> {weft.name = "result0"}, tensor<3xf32> {weft.name = "result1"})
    attributes {weft.export} {
  %t = weft.transpose %x [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %s = weft.reduce sum %t axes [1] : tensor<3x2xf32> -> tensor<3xf32>
  %m = weft.reduce max %t axes [1] : tensor<3x2xf32> -> tensor<3xf32>
  return %s, %m : tensor<3xf32>, tensor<3xf32>
}

// So does what follows from indices alone.
// CHECK-LABEL: func.func @generated_mask_reused(
// CHECK: weft.kernel
// CHECK: weft.compare
// CHECK: weft.kernel
// CHECK: weft.compare
// CHECK-NOT: weft.kernel
func.func @generated_mask_reused(%x: tensor<3x3xf32> {weft.name = "x"})
    -> (tensor<3xf32> {weft.name = "result0"}, tensor<3xf32> {weft.name = "result1"})
    attributes {weft.export} {
  %i = weft.iota 0 : tensor<3x3xi64>
  %j = weft.iota 1 : tensor<3x3xi64>
  %mask = weft.compare le %j, %i : tensor<3x3xi64>
  %zero = weft.constant dense<0.0> : tensor<3x3xf32>
  %masked = weft.select %mask, %x, %zero : tensor<3x3xf32>
  %s = weft.reduce sum %masked axes [1] : tensor<3x3xf32> -> tensor<3xf32>
  %other = weft.select %mask, %zero, %x : tensor<3x3xf32>
  %m = weft.reduce max %other axes [1] : tensor<3x3xf32> -> tensor<3xf32>
  return %s, %m : tensor<3xf32>, tensor<3xf32>
}

// exp of 3 elements must not be computed for each of 12.
// CHECK-LABEL: func.func @dear_operand_of_broadcast(
// CHECK: %[[E:.*]] = weft.kernel
// CHECK-NEXT: weft.exp
// CHECK: weft.kernel
// CHECK: weft.broadcast
// CHECK: weft.mul
func.func @dear_operand_of_broadcast(%x: tensor<4x3xf32> {weft.name = "x"},
    %s: tensor<3xf32> {weft.name = "s"}) -> (tensor<4x3xf32> {weft.name = "result"})
    attributes {weft.export} {
  %e = weft.exp %s : tensor<3xf32>
  %b = weft.broadcast %e along [1] : tensor<3xf32> -> tensor<4x3xf32>
  %m = weft.mul %x, %b : tensor<4x3xf32>
  return %m : tensor<4x3xf32>
}

// The chain behind a broadcast is cut at its end, where it is one small value.
// CHECK-LABEL: func.func @dear_chain_behind_broadcast(
// CHECK: weft.kernel
// CHECK: weft.rsqrt
// CHECK: weft.mul
// CHECK: weft.kernel
// CHECK-NEXT: weft.broadcast
func.func @dear_chain_behind_broadcast(%x: tensor<4x3xf32> {weft.name = "x"},
    %s: tensor<3xf32> {weft.name = "s"}) -> (tensor<4x3xf32> {weft.name = "result"})
    attributes {weft.export} {
  %r = weft.rsqrt %s : tensor<3xf32>
  %f = weft.mul %r, %s : tensor<3xf32>
  %b = weft.broadcast %f along [1] : tensor<3xf32> -> tensor<4x3xf32>
  %m = weft.mul %x, %b : tensor<4x3xf32>
  return %m : tensor<4x3xf32>
}

// Of two roots the later takes the sum; the earlier one's value is read from memory.
// CHECK-LABEL: func.func @residual_joins_the_later_root(
// CHECK: %[[A:.*]] = weft.kernel
// CHECK-NEXT: weft.contract "ik,kj->ij"
// CHECK-NEXT: weft.yield
// CHECK: weft.kernel
// CHECK-NEXT: weft.contract "ij,jk->ik"
// CHECK-NEXT: weft.add
func.func @residual_joins_the_later_root(%x: tensor<3x3xf32> {weft.name = "x"})
    -> (tensor<3x3xf32> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %x : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
  %b = weft.contract "ij,jk->ik" %a, %x : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
  %s = weft.add %a, %b : tensor<3x3xf32>
  return %s : tensor<3x3xf32>
}

// CHECK-LABEL: func.func @contraction_reads_buffers(
// CHECK: %[[N:.*]] = weft.kernel
// CHECK-NEXT: weft.neg
// CHECK: weft.kernel (%{{.*}} = %[[N]]
// CHECK-NEXT: weft.contract
func.func @contraction_reads_buffers(%x: tensor<3x3xf32> {weft.name = "x"})
    -> (tensor<3x3xf32> {weft.name = "result"}) attributes {weft.export} {
  %n = weft.neg %x : tensor<3x3xf32>
  %a = weft.contract "ik,kj->ij" %n, %x : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
  return %a : tensor<3x3xf32>
}

// Nothing but element-wise operations of its own shape follows a root.
// CHECK-LABEL: func.func @view_of_a_root_is_a_kernel(
// CHECK: weft.kernel
// CHECK-NEXT: weft.reduce
// CHECK-NEXT: weft.yield
// CHECK: weft.kernel
// CHECK-NEXT: weft.broadcast
// CHECK-NEXT: weft.sub
func.func @view_of_a_root_is_a_kernel(%x: tensor<2x3xf32> {weft.name = "x"})
    -> (tensor<2x3xf32> {weft.name = "result"}) attributes {weft.export} {
  %s = weft.reduce sum %x axes [1] : tensor<2x3xf32> -> tensor<2xf32>
  %b = weft.broadcast %s along [0] : tensor<2xf32> -> tensor<2x3xf32>
  %d = weft.sub %x, %b : tensor<2x3xf32>
  return %d : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @scatter_has_no_epilogue(
// CHECK: weft.kernel
// CHECK-NEXT: weft.scatter
// CHECK-NEXT: weft.yield
// CHECK: weft.kernel
// CHECK-NEXT: weft.neg
func.func @scatter_has_no_epilogue(%x: tensor<4xf32> {weft.name = "x"},
    %i: tensor<2xi32> {weft.name = "i"}, %u: tensor<2xf32> {weft.name = "u"})
    -> (tensor<4xf32> {weft.name = "result"}) attributes {weft.export} {
  %s = weft.scatter add %x, %i, %u axis 0 : tensor<4xf32>, tensor<2xi32>, tensor<2xf32>
  %n = weft.neg %s : tensor<4xf32>
  return %n : tensor<4xf32>
}

// CHECK-LABEL: func.func @reshape_stays_between_kernels(
// CHECK: weft.kernel
// CHECK: weft.neg
// CHECK: weft.reshape
// CHECK: weft.kernel
// CHECK: weft.exp
func.func @reshape_stays_between_kernels(%x: tensor<2x3xf32> {weft.name = "x"})
    -> (tensor<6xf32> {weft.name = "result"}) attributes {weft.export} {
  %n = weft.neg %x : tensor<2x3xf32>
  %r = weft.reshape %n : tensor<2x3xf32> -> tensor<6xf32>
  %e = weft.exp %r : tensor<6xf32>
  return %e : tensor<6xf32>
}

// CHECK-LABEL: func.func @small_constant_goes_inside(
// CHECK: weft.kernel (%{{.*}} = %arg0 : tensor<2xf32>) ->
// CHECK-NEXT: weft.constant
func.func @small_constant_goes_inside(%x: tensor<2xf32> {weft.name = "x"})
    -> (tensor<2xf32> {weft.name = "result"}) attributes {weft.export} {
  %c = weft.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %s = weft.add %x, %c : tensor<2xf32>
  return %s : tensor<2xf32>
}

// CHECK-LABEL: func.func @large_constant_stays_outside(
// CHECK-NEXT: %[[C:.*]] = weft.constant
// CHECK: weft.kernel (%{{.*}} = %arg0 : tensor<17xi32>, %{{.*}} = %[[C]] : tensor<17xi32>)
func.func @large_constant_stays_outside(%x: tensor<17xi32> {weft.name = "x"})
    -> (tensor<17xi32> {weft.name = "result"}) attributes {weft.export} {
  %c = weft.constant dense<[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]> : tensor<17xi32>
  %s = weft.add %x, %c : tensor<17xi32>
  return %s : tensor<17xi32>
}

// CHECK-LABEL: func.func @large_splat_is_filled_by_a_kernel(
// CHECK: weft.kernel () ->
// CHECK-NEXT: weft.constant
func.func @large_splat_is_filled_by_a_kernel()
    -> (tensor<4096xf32> {weft.name = "result"}) attributes {weft.export} {
  %c = weft.constant dense<1.0> : tensor<4096xf32>
  return %c : tensor<4096xf32>
}

// Regions have kernels of their own; what crosses their border is in memory.
// CHECK-LABEL: func.func @regions(
// CHECK: %[[C:.*]] = weft.kernel
// CHECK: weft.compare
// CHECK: %[[N:.*]] = weft.kernel
// CHECK: weft.neg
// CHECK: weft.if %[[C]]
// CHECK: weft.kernel (%{{.*}} = %[[N]]
// CHECK: weft.exp
// CHECK: else
// CHECK: weft.yield %[[N]]
func.func @regions(%x: tensor<4xf32> {weft.name = "x"}, %s: tensor<f32> {weft.name = "s"})
    -> (tensor<4xf32> {weft.name = "result"}) attributes {weft.export} {
  %zero = weft.constant dense<0.0> : tensor<f32>
  %c = weft.compare lt %s, %zero : tensor<f32>
  %n = weft.neg %x : tensor<4xf32>
  %r = weft.if %c -> tensor<4xf32> {
    %e = weft.exp %n : tensor<4xf32>
    weft.yield %e : tensor<4xf32>
  } else {
    weft.yield %n : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// CHECK-LABEL: func.func @constant_of_a_loop_goes_inside(
// CHECK: weft.scan
// CHECK-NEXT: weft.kernel (%{{.*}} = %{{.*}} : tensor<f32>, %{{.*}} = %{{.*}} : tensor<f32>) ->
// CHECK-NEXT: weft.constant
func.func @constant_of_a_loop_goes_inside(%x: tensor<5xf32> {weft.name = "x"},
    %zero: tensor<f32> {weft.name = "zero"}) -> (tensor<f32> {weft.name = "result"})
    attributes {weft.export} {
  %two = weft.constant dense<2.0> : tensor<f32>
  %sum = weft.scan (%s = %zero : tensor<f32>) over (%e = %x : tensor<5xf32>) -> tensor<f32> {
    %d = weft.mul %s, %two : tensor<f32>
    %next = weft.add %d, %e : tensor<f32>
    weft.yield %next : tensor<f32>
  }
  return %sum : tensor<f32>
}

// Equal computations have equal bodies, in whatever order their operations stood.
// CHECK-LABEL: func.func @order_of_the_program_does_not_show(
// CHECK: weft.kernel (%[[A:.*]] = %arg0 : tensor<4xf32>, %[[B:.*]] = %arg1 : tensor<4xf32>)
// CHECK-NEXT: %[[E:.*]] = weft.exp %[[A]]
// CHECK-NEXT: %[[N:.*]] = weft.neg %[[B]]
// CHECK-NEXT: weft.sub %[[E]], %[[N]]
// CHECK: weft.kernel (%[[A:.*]] = %arg2 : tensor<4xf32>, %[[B:.*]] = %arg3 : tensor<4xf32>)
// CHECK-NEXT: %[[E:.*]] = weft.exp %[[A]]
// CHECK-NEXT: %[[N:.*]] = weft.neg %[[B]]
// CHECK-NEXT: weft.sub %[[E]], %[[N]]
func.func @order_of_the_program_does_not_show(%x: tensor<4xf32> {weft.name = "x"},
    %y: tensor<4xf32> {weft.name = "y"}, %z: tensor<4xf32> {weft.name = "z"},
    %w: tensor<4xf32> {weft.name = "w"})
    -> (tensor<4xf32> {weft.name = "result0"}, tensor<4xf32> {weft.name = "result1"})
    attributes {weft.export} {
  %e = weft.exp %x : tensor<4xf32>
  %n = weft.neg %y : tensor<4xf32>
  %a = weft.sub %e, %n : tensor<4xf32>
  %m = weft.neg %w : tensor<4xf32>
  %f = weft.exp %z : tensor<4xf32>
  %b = weft.sub %f, %m : tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// The sum could be computed by either root; with the contraction, one tensor less goes through
// memory.
// CHECK-LABEL: func.func @epilogue_stays_with_its_root(
// CHECK: %[[S:.*]] = weft.kernel
// CHECK-NEXT: weft.contract
// CHECK-NEXT: weft.add
// CHECK: weft.kernel (%{{.*}} = %[[S]] : tensor<3x3xf32>) ->
// CHECK-NEXT: weft.softmax
func.func @epilogue_stays_with_its_root(%x: tensor<3x3xf32> {weft.name = "x"})
    -> (tensor<3x3xf32> {weft.name = "result"}) attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %x : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
  %s = weft.add %a, %x : tensor<3x3xf32>
  %b = weft.softmax %s axis 1 : tensor<3x3xf32>
  return %b : tensor<3x3xf32>
}

// The contraction's own value is wanted too: then the sum is the softmax's.
// CHECK-LABEL: func.func @epilogue_of_a_reused_root(
// CHECK: %[[A:.*]] = weft.kernel
// CHECK-NEXT: weft.contract
// CHECK-NEXT: weft.yield
// CHECK: weft.kernel
// CHECK-NEXT: weft.add
// CHECK-NEXT: weft.softmax
func.func @epilogue_of_a_reused_root(%x: tensor<3x3xf32> {weft.name = "x"})
    -> (tensor<3x3xf32> {weft.name = "result0"}, tensor<3x3xf32> {weft.name = "result1"})
    attributes {weft.export} {
  %a = weft.contract "ik,kj->ij" %x, %x : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
  %s = weft.add %a, %x : tensor<3x3xf32>
  %b = weft.softmax %s axis 1 : tensor<3x3xf32>
  return %a, %b : tensor<3x3xf32>, tensor<3x3xf32>
}

// Keys and values are read, and the result written, through transposes; the scaled query is computed
// in place. Nothing is copied.
// CHECK-LABEL: func.func @attention_through_views(
// CHECK-COUNT-1: weft.kernel
// CHECK-COUNT-3: weft.transpose
// CHECK: weft.attention
// CHECK: weft.neg
// CHECK: weft.transpose
// CHECK: weft.yield
// CHECK-NOT: weft.kernel
func.func @attention_through_views(%q: tensor<9x3x8xf32> {weft.name = "q"},
    %k: tensor<7x3x8xf32> {weft.name = "k"}, %v: tensor<7x3x5xf32> {weft.name = "v"})
    -> (tensor<9x3x5xf32> {weft.name = "result"}) attributes {weft.export} {
  %n = weft.neg %q : tensor<9x3x8xf32>
  %qh = weft.transpose %n [1, 0, 2] : tensor<9x3x8xf32> -> tensor<3x9x8xf32>
  %kh = weft.transpose %k [1, 0, 2] : tensor<7x3x8xf32> -> tensor<3x7x8xf32>
  %vh = weft.transpose %v [1, 0, 2] : tensor<7x3x5xf32> -> tensor<3x7x5xf32>
  %y = weft.attention %qh, %kh, %vh scale 1.0
      : tensor<3x9x8xf32>, tensor<3x7x8xf32>, tensor<3x7x5xf32> -> tensor<3x9x5xf32>
  %z = weft.neg %y : tensor<3x9x5xf32>
  %r = weft.transpose %z [1, 0, 2] : tensor<3x9x5xf32> -> tensor<9x3x5xf32>
  return %r : tensor<9x3x5xf32>
}

// Keys that are computed have a buffer, behind their view as well as without one.
// CHECK-LABEL: func.func @computed_keys_are_written(
// CHECK: %[[N:.*]] = weft.kernel
// CHECK-NEXT: weft.neg
// CHECK: weft.kernel (%[[K:.*]] = %[[N]] :
// CHECK: weft.transpose %[[K]]
// CHECK: weft.attention
func.func @computed_keys_are_written(%q: tensor<3x9x8xf32> {weft.name = "q"},
    %k: tensor<7x3x8xf32> {weft.name = "k"}) -> (tensor<3x9x8xf32> {weft.name = "result"})
    attributes {weft.export} {
  %n = weft.neg %k : tensor<7x3x8xf32>
  %kh = weft.transpose %n [1, 0, 2] : tensor<7x3x8xf32> -> tensor<3x7x8xf32>
  %y = weft.attention %q, %kh, %kh scale 1.0
      : tensor<3x9x8xf32>, tensor<3x7x8xf32>, tensor<3x7x8xf32> -> tensor<3x9x8xf32>
  return %y : tensor<3x9x8xf32>
}

// The gradient for a filter reads both of its operands in the order that they have in memory, and
// what is done to it follows in its kernel.
// CHECK-LABEL: func.func @filter_gradient_through_views(
// CHECK-COUNT-1: weft.kernel
// CHECK-COUNT-2: weft.transpose
// CHECK: weft.conv_filter_grad
// CHECK: weft.neg
// CHECK: weft.yield
// CHECK-NOT: weft.kernel
func.func @filter_gradient_through_views(%x: tensor<2x5x5x4xf32> {weft.name = "x"},
    %d: tensor<2x5x5x8xf32> {weft.name = "d"}) -> (tensor<8x4x3x3xf32> {weft.name = "result"})
    attributes {weft.export} {
  %xf = weft.transpose %x [0, 3, 1, 2] : tensor<2x5x5x4xf32> -> tensor<2x4x5x5xf32>
  %df = weft.transpose %d [0, 3, 1, 2] : tensor<2x5x5x8xf32> -> tensor<2x8x5x5xf32>
  %y = weft.conv_filter_grad %xf, %df strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
      : tensor<2x4x5x5xf32>, tensor<2x8x5x5xf32> -> tensor<8x4x3x3xf32>
  %z = weft.neg %y : tensor<8x4x3x3xf32>
  return %z : tensor<8x4x3x3xf32>
}

// The result is wanted in two orders: it is written once, and transposed by a kernel of its own.
// CHECK-LABEL: func.func @attention_reused(
// CHECK: %[[Y:.*]] = weft.kernel
// CHECK: weft.attention
// CHECK: %[[T:.*]] = weft.kernel (%{{.*}} = %[[Y]]
// CHECK: return %[[Y]], %[[T]]
func.func @attention_reused(%q: tensor<9x8xf32> {weft.name = "q"})
    -> (tensor<9x8xf32> {weft.name = "result"}, tensor<8x9xf32> {weft.name = "turned"})
    attributes {weft.export} {
  %y = weft.attention %q, %q, %q scale 1.0
      : tensor<9x8xf32>, tensor<9x8xf32>, tensor<9x8xf32> -> tensor<9x8xf32>
  %t = weft.transpose %y [1, 0] : tensor<9x8xf32> -> tensor<8x9xf32>
  return %y, %t : tensor<9x8xf32>, tensor<8x9xf32>
}

// Messages along the edges of a graph are computed where they are added: they are never stored.
// CHECK-LABEL: func.func @messages_are_scattered(
// CHECK-COUNT-1: weft.kernel
// CHECK: weft.gather
// CHECK: weft.mul
// CHECK: weft.scatter
// CHECK: weft.yield
// CHECK-NOT: weft.kernel
func.func @messages_are_scattered(%x: tensor<5x8xf32> {weft.name = "x"},
                                  %from: tensor<9xi64> {weft.name = "from"},
                                  %to: tensor<9xi64> {weft.name = "to"},
                                  %w: tensor<9xf32> {weft.name = "w"})
    -> (tensor<5x8xf32> {weft.name = "result"}) attributes {weft.export} {
  %zero = weft.constant dense<0.0> : tensor<5x8xf32>
  %h = weft.gather %x, %from axis 0 : tensor<5x8xf32>, tensor<9xi64> -> tensor<9x8xf32>
  %ws = weft.broadcast %w along [0] : tensor<9xf32> -> tensor<9x8xf32>
  %m = weft.mul %h, %ws : tensor<9x8xf32>
  %y = weft.scatter add %zero, %to, %m axis 0 : tensor<5x8xf32>, tensor<9xi64>, tensor<9x8xf32>
  return %y : tensor<5x8xf32>
}

// Results of the function over the same places share one loop nest: the new moment and the new value of a
// parameter. What is an earlier result and is read by another kernel first stays apart.
// CHECK-LABEL: func.func @results_share_loops(
// CHECK: %[[K:.*]]:2 = weft.kernel
// CHECK-NOT: weft.kernel
// CHECK: weft.yield %{{.*}}, %{{.*}} : tensor<8xf32>, tensor<8xf32>
// CHECK: return %[[K]]#0, %[[K]]#1
func.func @results_share_loops(%p: tensor<8xf32> {weft.name = "p"}, %m: tensor<8xf32> {weft.name = "m"},
                               %g: tensor<8xf32> {weft.name = "g"})
    -> (tensor<8xf32> {weft.name = "moment"}, tensor<8xf32> {weft.name = "parameter"})
    attributes {weft.export} {
  %moment = weft.add %m, %g : tensor<8xf32>
  %step = weft.exp %moment : tensor<8xf32>
  %new = weft.sub %p, %step : tensor<8xf32>
  return %moment, %new : tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func.func @result_read_between(
// CHECK-COUNT-3: weft.kernel
func.func @result_read_between(%p: tensor<8xf32> {weft.name = "p"}, %m: tensor<8xf32> {weft.name = "m"})
    -> (tensor<8xf32> {weft.name = "moment"}, tensor<8xf32> {weft.name = "parameter"})
    attributes {weft.export} {
  %moment = weft.add %m, %p : tensor<8xf32>
  %total = weft.reduce sum %moment axes [0] : tensor<8xf32> -> tensor<f32>
  %factor = weft.exp %total : tensor<f32>
  %wide = weft.broadcast %factor along [] : tensor<f32> -> tensor<8xf32>
  %new = weft.mul %moment, %wide : tensor<8xf32>
  return %moment, %new : tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func.func @results_of_other_shapes(
// CHECK-COUNT-2: weft.kernel
func.func @results_of_other_shapes(%x: tensor<8xf32> {weft.name = "x"}, %y: tensor<2xf32> {weft.name = "y"})
    -> (tensor<8xf32> {weft.name = "a"}, tensor<2xf32> {weft.name = "b"}) attributes {weft.export} {
  %a = weft.exp %x : tensor<8xf32>
  %b = weft.exp %y : tensor<2xf32>
  return %a, %b : tensor<8xf32>, tensor<2xf32>
}

// What is computed again is a kernel like the one that it repeats, and its barrier has gone.
// CHECK-LABEL: func.func @repeated(
// CHECK-NOT: weft.barrier
// CHECK-COUNT-2: weft.kernel
// CHECK-NOT: weft.barrier
func.func @repeated(%x: tensor<4x4xf32> {weft.name = "x"})
    -> (tensor<4x4xf32> {weft.name = "a"}, tensor<4x4xf32> {weft.name = "b"}) attributes {weft.export} {
  %a = weft.softmax %x axis 1 : tensor<4x4xf32>
  %same = weft.cast %x {weft.barrier = 0 : i64} : tensor<4x4xf32> -> tensor<4x4xf32>
  %b = weft.softmax %same axis 1 : tensor<4x4xf32>
  return %a, %b : tensor<4x4xf32>, tensor<4x4xf32>
}

// A factor for each channel is applied where a packed product reads its rows: what it scales is in memory anyway.
// CHECK-LABEL: func.func @scaled_rows(
// CHECK-COUNT-2: weft.kernel
// CHECK: weft.mul
// CHECK-NEXT: weft.packed_conv
// CHECK-NOT: weft.kernel
// CHECK: return
func.func @scaled_rows(%x: tensor<1x8x8x16xf32> {weft.name = "x"}, %w: tensor<1x1x1x16x16xf32> {weft.name = "w"})
    -> (tensor<1x8x8x9xf32> {weft.name = "result"}) attributes {weft.export} {
  %s = weft.reduce max %x axes [1, 2] : tensor<1x8x8x16xf32> -> tensor<1x16xf32>
  %b = weft.broadcast %s along [0, 3] : tensor<1x16xf32> -> tensor<1x8x8x16xf32>
  %m = weft.mul %x, %b : tensor<1x8x8x16xf32>
  %y = weft.packed_conv %m, %w strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x8x8x16xf32>, tensor<1x1x1x16x16xf32> -> tensor<1x8x8x9xf32>
  return %y : tensor<1x8x8x9xf32>
}

// Not for windows, which read a row several times, nor for few rows or very long ones, nor of what is not in memory.
// CHECK-LABEL: func.func @scaled_windows(
// CHECK-COUNT-3: weft.kernel
func.func @scaled_windows(%x: tensor<1x8x8x16xf32> {weft.name = "x"}, %w: tensor<1x3x3x16x16xf32> {weft.name = "w"})
    -> (tensor<1x8x8x9xf32> {weft.name = "result"}) attributes {weft.export} {
  %s = weft.reduce max %x axes [1, 2] : tensor<1x8x8x16xf32> -> tensor<1x16xf32>
  %b = weft.broadcast %s along [0, 3] : tensor<1x16xf32> -> tensor<1x8x8x16xf32>
  %m = weft.mul %x, %b : tensor<1x8x8x16xf32>
  %y = weft.packed_conv %m, %w strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1
    : tensor<1x8x8x16xf32>, tensor<1x3x3x16x16xf32> -> tensor<1x8x8x9xf32>
  return %y : tensor<1x8x8x9xf32>
}

// CHECK-LABEL: func.func @few_scaled_rows(
// CHECK-COUNT-3: weft.kernel
func.func @few_scaled_rows(%x: tensor<3x16xf32> {weft.name = "x"}, %w: tensor<1x16x16xf32> {weft.name = "w"})
    -> (tensor<3x9xf32> {weft.name = "result"}) attributes {weft.export} {
  %s = weft.reduce max %x axes [0] : tensor<3x16xf32> -> tensor<16xf32>
  %b = weft.broadcast %s along [1] : tensor<16xf32> -> tensor<3x16xf32>
  %m = weft.mul %x, %b : tensor<3x16xf32>
  %y = weft.packed_conv %m, %w strides [] pad [] [] dilations [] groups 1
    : tensor<3x16xf32>, tensor<1x16x16xf32> -> tensor<3x9xf32>
  return %y : tensor<3x9xf32>
}

// CHECK-LABEL: func.func @wide_scaled_rows(
// CHECK-COUNT-3: weft.kernel
func.func @wide_scaled_rows(%x: tensor<64x9000xf32> {weft.name = "x"}, %w: tensor<1x9000x16xf32> {weft.name = "w"})
    -> (tensor<64x9xf32> {weft.name = "result"}) attributes {weft.export} {
  %s = weft.reduce max %x axes [0] : tensor<64x9000xf32> -> tensor<9000xf32>
  %b = weft.broadcast %s along [1] : tensor<9000xf32> -> tensor<64x9000xf32>
  %m = weft.mul %x, %b : tensor<64x9000xf32>
  %y = weft.packed_conv %m, %w strides [] pad [] [] dilations [] groups 1
    : tensor<64x9000xf32>, tensor<1x9000x16xf32> -> tensor<64x9xf32>
  return %y : tensor<64x9xf32>
}

// Nor with a filter that no cache holds, whose blocks of columns would each scale all rows.
// CHECK-LABEL: func.func @scaled_rows_of_far_filter(
// CHECK-COUNT-3: weft.kernel
func.func @scaled_rows_of_far_filter(%x: tensor<64x1024xf32> {weft.name = "x"}, %w: tensor<9x1024x16xf32> {weft.name = "w"})
    -> (tensor<64x144xf32> {weft.name = "result"}) attributes {weft.export} {
  %s = weft.reduce max %x axes [0] : tensor<64x1024xf32> -> tensor<1024xf32>
  %b = weft.broadcast %s along [1] : tensor<1024xf32> -> tensor<64x1024xf32>
  %m = weft.mul %x, %b : tensor<64x1024xf32>
  %y = weft.packed_conv %m, %w strides [] pad [] [] dilations [] groups 1
    : tensor<64x1024xf32>, tensor<9x1024x16xf32> -> tensor<64x144xf32>
  return %y : tensor<64x144xf32>
}

// CHECK-LABEL: func.func @computed_rows(
// CHECK-COUNT-3: weft.kernel
func.func @computed_rows(%x: tensor<64x16xf32> {weft.name = "x"}, %z: tensor<64x16xf32> {weft.name = "z"},
                        %w: tensor<1x16x16xf32> {weft.name = "w"})
    -> (tensor<64x9xf32> {weft.name = "result"}) attributes {weft.export} {
  %s = weft.reduce max %x axes [0] : tensor<64x16xf32> -> tensor<16xf32>
  %b = weft.broadcast %s along [1] : tensor<16xf32> -> tensor<64x16xf32>
  %e = weft.exp %z : tensor<64x16xf32>
  %m = weft.mul %e, %b : tensor<64x16xf32>
  %y = weft.packed_conv %m, %w strides [] pad [] [] dilations [] groups 1
    : tensor<64x16xf32>, tensor<1x16x16xf32> -> tensor<64x9xf32>
  return %y : tensor<64x9xf32>
}

// A depthwise convolution computes the product that widens its input, if that is too large for a cache.
// CHECK-LABEL: func.func @expansion_is_computed_by_its_window(
// CHECK-COUNT-1: weft.kernel
// CHECK: weft.packed_conv
// CHECK: weft.add
// CHECK: weft.max
// CHECK: weft.depthwise_conv
// CHECK: weft.max
// CHECK-NOT: weft.kernel
func.func @expansion_is_computed_by_its_window(%x: tensor<?x112x112x16xf32, #weft.shape<[N, 112, 112, 16]>> {weft.name = "x"},
    %f: tensor<2x1x1x16x48xf32> {weft.name = "f"}, %b: tensor<96xf32> {weft.name = "b"},
    %d: tensor<3x3x96xf32> {weft.name = "d"})
    -> (tensor<?x56x56x96xf32, #weft.shape<[N, 56, 56, 96]>> {weft.name = "result"}) attributes {weft.export} {
  %p = weft.packed_conv %x, %f strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<?x112x112x16xf32, #weft.shape<[N, 112, 112, 16]>>, tensor<2x1x1x16x48xf32> -> tensor<?x112x112x96xf32, #weft.shape<[N, 112, 112, 96]>>
  %w = weft.broadcast %b along [3] : tensor<96xf32> -> tensor<?x112x112x96xf32, #weft.shape<[N, 112, 112, 96]>>
  %s = weft.add %p, %w : tensor<?x112x112x96xf32, #weft.shape<[N, 112, 112, 96]>>
  %r = weft.max %s, %w : tensor<?x112x112x96xf32, #weft.shape<[N, 112, 112, 96]>>
  %q = weft.depthwise_conv %r, %d strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<?x112x112x96xf32, #weft.shape<[N, 112, 112, 96]>>, tensor<3x3x96xf32> -> tensor<?x56x56x96xf32, #weft.shape<[N, 56, 56, 96]>>
  %z = weft.broadcast %b along [3] : tensor<96xf32> -> tensor<?x56x56x96xf32, #weft.shape<[N, 56, 56, 96]>>
  %y = weft.max %q, %z : tensor<?x56x56x96xf32, #weft.shape<[N, 56, 56, 96]>>
  return %y : tensor<?x56x56x96xf32, #weft.shape<[N, 56, 56, 96]>>
}

// What something else reads as well is stored.
// CHECK-LABEL: func.func @expansion_read_twice_is_stored(
// CHECK-COUNT-2: weft.kernel
func.func @expansion_read_twice_is_stored(%x: tensor<1x112x112x16xf32> {weft.name = "x"},
    %f: tensor<2x1x1x16x48xf32> {weft.name = "f"}, %d: tensor<3x3x96xf32> {weft.name = "d"})
    -> (tensor<1x112x112x96xf32> {weft.name = "wide"}, tensor<1x56x56x96xf32> {weft.name = "result"}) attributes {weft.export} {
  %p = weft.packed_conv %x, %f strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x112x112x16xf32>, tensor<2x1x1x16x48xf32> -> tensor<1x112x112x96xf32>
  %q = weft.depthwise_conv %p, %d strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x112x112x96xf32>, tensor<3x3x96xf32> -> tensor<1x56x56x96xf32>
  return %p, %q : tensor<1x112x112x96xf32>, tensor<1x56x56x96xf32>
}

// A small one stays in a cache, where two kernels are as fast.
// CHECK-LABEL: func.func @small_expansion_is_stored(
// CHECK-COUNT-2: weft.kernel
func.func @small_expansion_is_stored(%x: tensor<1x14x14x16xf32> {weft.name = "x"},
    %f: tensor<2x1x1x16x48xf32> {weft.name = "f"}, %d: tensor<3x3x96xf32> {weft.name = "d"})
    -> (tensor<1x7x7x96xf32> {weft.name = "result"}) attributes {weft.export} {
  %p = weft.packed_conv %x, %f strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x14x14x16xf32>, tensor<2x1x1x16x48xf32> -> tensor<1x14x14x96xf32>
  %q = weft.depthwise_conv %p, %d strides [2, 2] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x14x14x96xf32>, tensor<3x3x96xf32> -> tensor<1x7x7x96xf32>
  return %q : tensor<1x7x7x96xf32>
}

// Lines that are too long for the stack go to memory.
// CHECK-LABEL: func.func @expansion_of_long_lines_is_stored(
// CHECK-COUNT-2: weft.kernel
func.func @expansion_of_long_lines_is_stored(%x: tensor<1x16x1024x16xf32> {weft.name = "x"},
    %f: tensor<2x1x1x16x48xf32> {weft.name = "f"}, %d: tensor<3x3x96xf32> {weft.name = "d"})
    -> (tensor<1x16x1024x96xf32> {weft.name = "result"}) attributes {weft.export} {
  %p = weft.packed_conv %x, %f strides [1, 1] pad [0, 0] [0, 0] dilations [1, 1] groups 1
    : tensor<1x16x1024x16xf32>, tensor<2x1x1x16x48xf32> -> tensor<1x16x1024x96xf32>
  %q = weft.depthwise_conv %p, %d strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x16x1024x96xf32>, tensor<3x3x96xf32> -> tensor<1x16x1024x96xf32>
  return %q : tensor<1x16x1024x96xf32>
}

// The kernel of a depthwise convolution sums the lines of what it gives.
// CHECK-LABEL: func.func @line_sums(
// CHECK: weft.kernel
// CHECK-NEXT: weft.depthwise_conv
// CHECK-NEXT: %[[Y:.*]] = weft.abs
// CHECK-NEXT: %[[S:.*]] = weft.reduce sum %[[Y]] axes [2]
// CHECK-NEXT: weft.yield %[[Y]], %[[S]]
// CHECK: weft.kernel
// CHECK-NEXT: weft.neg
// CHECK-NOT: weft.kernel
// CHECK: return
func.func @line_sums(%x: tensor<1x8x6x16xf32> {weft.name = "x"}, %d: tensor<3x3x16xf32> {weft.name = "d"})
    -> (tensor<1x8x6x16xf32> {weft.name = "y"}, tensor<1x8x16xf32> {weft.name = "s"}) attributes {weft.export} {
  %0 = weft.depthwise_conv %x, %d strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x8x6x16xf32>, tensor<3x3x16xf32> -> tensor<1x8x6x16xf32>
  %y = weft.abs %0 : tensor<1x8x6x16xf32>
  %s = weft.reduce sum %y axes [2] : tensor<1x8x6x16xf32> -> tensor<1x8x16xf32>
  %n = weft.neg %y : tensor<1x8x6x16xf32>
  return %n, %s : tensor<1x8x6x16xf32>, tensor<1x8x16xf32>
}

// But nothing else than sums.
// CHECK-LABEL: func.func @other_line_sums(
// CHECK-COUNT-2: weft.kernel
func.func @other_line_sums(%x: tensor<1x8x6x16xf32> {weft.name = "x"}, %d: tensor<3x3x16xf32> {weft.name = "d"})
    -> (tensor<1x8x6x16xf32> {weft.name = "y"}, tensor<1x8x16xf32> {weft.name = "s"}) attributes {weft.export} {
  %0 = weft.depthwise_conv %x, %d strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x8x6x16xf32>, tensor<3x3x16xf32> -> tensor<1x8x6x16xf32>
  %y = weft.abs %0 : tensor<1x8x6x16xf32>
  %s = weft.reduce max %y axes [2] : tensor<1x8x6x16xf32> -> tensor<1x8x16xf32>
  return %y, %s : tensor<1x8x6x16xf32>, tensor<1x8x16xf32>
}

// Nor where something reads the lines before the sums: the kernel stands at their place.
// CHECK-LABEL: func.func @line_sums_after_another_use(
// CHECK-COUNT-3: weft.kernel
func.func @line_sums_after_another_use(%x: tensor<1x8x6x16xf32> {weft.name = "x"}, %d: tensor<3x3x16xf32> {weft.name = "d"})
    -> (tensor<1x8x6x16xf32> {weft.name = "y"}, tensor<1x8x16xf32> {weft.name = "s"}) attributes {weft.export} {
  %0 = weft.depthwise_conv %x, %d strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]
    : tensor<1x8x6x16xf32>, tensor<3x3x16xf32> -> tensor<1x8x6x16xf32>
  %y = weft.abs %0 : tensor<1x8x6x16xf32>
  %n = weft.softmax %y axis 3 : tensor<1x8x6x16xf32>
  %s = weft.reduce sum %y axes [2] : tensor<1x8x6x16xf32> -> tensor<1x8x16xf32>
  return %n, %s : tensor<1x8x6x16xf32>, tensor<1x8x16xf32>
}
