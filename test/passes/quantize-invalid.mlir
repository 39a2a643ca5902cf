// RUN: weft-opt %s --weft-quantize --split-input-file --verify-diagnostics

weft.parameter param @w : tensor<16x4xf32>
func.func @range_beside_zero(%x: tensor<2x16xf32> {weft.name = "x"}, %w: tensor<16x4xf32> {weft.parameter = @w})
    -> (tensor<2x4xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.contract' op 'weft.input_range' from 1.000000e+00 to 2.000000e+00 is no range around 0}}
  %y = weft.contract "ik,kj->ij" %x, %w {weft.input_range = array<f64: 1.0, 2.0>} : tensor<2x16xf32>, tensor<16x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

weft.parameter param @w : tensor<16x4xf32>
func.func @empty_range(%x: tensor<2x16xf32> {weft.name = "x"}, %w: tensor<16x4xf32> {weft.parameter = @w})
    -> (tensor<2x4xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.contract' op 'weft.input_range' from 0.000000e+00 to 0.000000e+00 is no range around 0}}
  %y = weft.contract "ik,kj->ij" %x, %w {weft.input_range = array<f64: 0.0, 0.0>} : tensor<2x16xf32>, tensor<16x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

weft.parameter param @w : tensor<16x4xf32>
func.func @no_range(%x: tensor<2x16xf32> {weft.name = "x"}, %w: tensor<16x4xf32> {weft.parameter = @w})
    -> (tensor<2x4xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.contract' op 'weft.input_range' is no array of two f64}}
  %y = weft.contract "ik,kj->ij" %x, %w {weft.input_range = array<f64: 1.0>} : tensor<2x16xf32>, tensor<16x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

weft.parameter param @w : tensor<16x4xf32>
func.func @balance_of_another_shape(%x: tensor<2x16xf32> {weft.name = "x"}, %w: tensor<16x4xf32> {weft.parameter = @w})
    -> (tensor<2x4xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.contract' op 'weft.input_balance' is no f32 tensor of the channels of the input}}
  %y = weft.contract "ik,kj->ij" %x, %w {weft.input_range = array<f64: 0.0, 1.0>, weft.input_balance = dense<[1.0, 2.0]> : tensor<2xf32>} : tensor<2x16xf32>, tensor<16x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @computed_operands(%x: tensor<2x16xf32> {weft.name = "x"}, %w: tensor<16x4xf32> {weft.name = "w"})
    -> (tensor<2x4xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.contract' op has a range and cannot be computed in 8 bits: both operands are computed}}
  %y = weft.contract "ik,kj->ij" %x, %w {weft.input_range = array<f64: 0.0, 1.0>} : tensor<2x16xf32>, tensor<16x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

weft.parameter param @w : tensor<3x4xf32>
func.func @few_terms(%x: tensor<2x3xf32> {weft.name = "x"}, %w: tensor<3x4xf32> {weft.parameter = @w})
    -> (tensor<2x4xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.contract' op has a range and cannot be computed in 8 bits: sums 3 channels a place: fewer than 16 do not pay}}
  %y = weft.contract "ik,kj->ij" %x, %w {weft.input_range = array<f64: 0.0, 1.0>} : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @no_product(%x: tensor<2xf32> {weft.name = "x"})
    -> (tensor<2xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.neg' op has a range and cannot be computed in 8 bits: neither a convolution nor a contraction}}
  %y = weft.neg %x {weft.input_range = array<f64: 0.0, 1.0>} : tensor<2xf32>
  return %y : tensor<2xf32>
}
