// RUN: weft-opt %s --weft-verify-kernels -split-input-file -verify-diagnostics

func.func @k1_operation_outside(%x: tensor<2xf32> {weft.name = "x"})
    -> (tensor<2xf32> {weft.name = "result"}) attributes {weft.export} {
  // expected-error @below {{'weft.exp' op stands outside of a kernel}}
  %y = weft.exp %x : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @k2_two_results(%x: tensor<2xf32> {weft.name = "x"})
    -> (tensor<2xf32> {weft.name = "result"}) attributes {weft.export} {
  %y:2 = weft.kernel (%a = %x : tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
    // expected-error @below {{'weft.softmax' op is a root in a kernel with 2 results, must have 1}}
    %e = weft.softmax %a axis 0 : tensor<2xf32>
    weft.yield %e, %a : tensor<2xf32>, tensor<2xf32>
  }
  return %y#0 : tensor<2xf32>
}

// -----

func.func @k3_view_after_root(%x: tensor<2x2xf32> {weft.name = "x"})
    -> (tensor<2x2xf32> {weft.name = "result"}) attributes {weft.export} {
  %y = weft.kernel (%a = %x : tensor<2x2xf32>) -> tensor<2x2xf32> {
    // expected-note @below {{the root is 'weft.softmax'}}
    %s = weft.softmax %a axis 1 : tensor<2x2xf32>
    // expected-error @below {{'weft.transpose' op follows a root in its kernel but is not element-wise}}
    %t = weft.transpose %s [1, 0] : tensor<2x2xf32> -> tensor<2x2xf32>
    weft.yield %t : tensor<2x2xf32>
  }
  return %y : tensor<2x2xf32>
}

// -----

func.func @k4_operand_computed_inside(%x: tensor<2x2xf32> {weft.name = "x"})
    -> (tensor<2x2xf32> {weft.name = "result"}) attributes {weft.export} {
  %y = weft.kernel (%a = %x : tensor<2x2xf32>) -> tensor<2x2xf32> {
    %n = weft.neg %a : tensor<2x2xf32>
    // expected-error @below {{'weft.contract' op reads operand 1 as a buffer, so it must be an argument of the kernel}}
    %c = weft.contract "ik,kj->ij" %a, %n : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<2x2xf32>
    weft.yield %c : tensor<2x2xf32>
  }
  return %y : tensor<2x2xf32>
}

// -----

func.func @k5_reshape_inside(%x: tensor<2x2xf32> {weft.name = "x"})
    -> (tensor<4xf32> {weft.name = "result"}) attributes {weft.export} {
  %y = weft.kernel (%a = %x : tensor<2x2xf32>) -> tensor<4xf32> {
    // expected-error @below {{'weft.reshape' op stands inside of a kernel: it belongs between them}}
    %r = weft.reshape %a : tensor<2x2xf32> -> tensor<4xf32>
    weft.yield %r : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

func.func @k4_view_of_what_is_computed_inside(%x: tensor<4x4xf32> {weft.name = "x"})
    -> (tensor<4x4xf32> {weft.name = "result"}) attributes {weft.export} {
  %y = weft.kernel (%a = %x : tensor<4x4xf32>) -> tensor<4x4xf32> {
    %n = weft.neg %a : tensor<4x4xf32>
    %t = weft.transpose %n [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
    // expected-error @below {{'weft.attention' op reads operand 2 as a buffer, so it must be an argument of the kernel}}
    %c = weft.attention %n, %a, %t scale 1.0 : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
    weft.yield %c : tensor<4x4xf32>
  }
  return %y : tensor<4x4xf32>
}

// -----

// Sums over another dimension are no sums of lines.
func.func @k2_sums_of_columns(%x: tensor<1x8x6x16xf32> {weft.name = "x"}, %d: tensor<3x3x16xf32> {weft.name = "d"})
    -> (tensor<1x8x6x16xf32> {weft.name = "y"}, tensor<1x6x16xf32> {weft.name = "s"}) attributes {weft.export} {
  %y:2 = weft.kernel (%a = %x : tensor<1x8x6x16xf32>, %b = %d : tensor<3x3x16xf32>) -> (tensor<1x8x6x16xf32>, tensor<1x6x16xf32>) {
    // expected-error @below {{'weft.depthwise_conv' op is a root in a kernel with 2 results, must have 1}}
    %0 = weft.depthwise_conv %a, %b strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1]
      : tensor<1x8x6x16xf32>, tensor<3x3x16xf32> -> tensor<1x8x6x16xf32>
    %1 = weft.reduce sum %0 axes [1] : tensor<1x8x6x16xf32> -> tensor<1x6x16xf32>
    weft.yield %0, %1 : tensor<1x8x6x16xf32>, tensor<1x6x16xf32>
  }
  return %y#0, %y#1 : tensor<1x8x6x16xf32>, tensor<1x6x16xf32>
}
