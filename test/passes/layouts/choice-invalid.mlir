// RUN: weft-opt %s --weft-channels-last --split-input-file --verify-diagnostics
// RUN: weft-opt %s --weft-pack-contractions --split-input-file --verify-diagnostics

weft.parameter param @w : tensor<64x96xf32>

func.func @no_dictionary(%x: tensor<50x64xf32> {weft.name = "x"}, %w: tensor<64x96xf32> {weft.parameter = @w})
    -> (tensor<50x96xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.contract' op 'weft.choice' is no dictionary}}
  %y = weft.contract "ik,kj->ij" %x, %w {weft.choice = 3 : i64}
    : tensor<50x64xf32>, tensor<64x96xf32> -> tensor<50x96xf32>
  return %y : tensor<50x96xf32>
}

// -----

weft.parameter param @w : tensor<64x96xf32>

func.func @unknown_field(%x: tensor<50x64xf32> {weft.name = "x"}, %w: tensor<64x96xf32> {weft.parameter = @w})
    -> (tensor<50x96xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.contract' op 'weft.choice' has no field "panels"}}
  %y = weft.contract "ik,kj->ij" %x, %w {weft.choice = {panels = 2 : i64}}
    : tensor<50x64xf32>, tensor<64x96xf32> -> tensor<50x96xf32>
  return %y : tensor<50x96xf32>
}

// -----

weft.parameter param @w : tensor<64x96xf32>

func.func @panel_too_wide(%x: tensor<50x64xf32> {weft.name = "x"}, %w: tensor<64x96xf32> {weft.parameter = @w})
    -> (tensor<50x96xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.contract' op 'panel' of 'weft.choice' is 5 : i64, but is an integer from 1 to 4}}
  %y = weft.contract "ik,kj->ij" %x, %w {weft.choice = {panel = 5 : i64}}
    : tensor<50x64xf32>, tensor<64x96xf32> -> tensor<50x96xf32>
  return %y : tensor<50x96xf32>
}

// -----

weft.parameter param @w : tensor<64x96xf32>

func.func @no_integer(%x: tensor<50x64xf32> {weft.name = "x"}, %w: tensor<64x96xf32> {weft.parameter = @w})
    -> (tensor<50x96xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.contract' op 'rows' of 'weft.choice' is "six", but is an integer from 1 to 14}}
  %y = weft.contract "ik,kj->ij" %x, %w {weft.choice = {rows = "six"}}
    : tensor<50x64xf32>, tensor<64x96xf32> -> tensor<50x96xf32>
  return %y : tensor<50x96xf32>
}

// -----

weft.parameter param @w : tensor<64x96xf32>

func.func @odd_tile(%x: tensor<50x64xf32> {weft.name = "x"}, %w: tensor<64x96xf32> {weft.parameter = @w})
    -> (tensor<50x96xf32> {weft.name = "y"}) attributes {weft.export} {
  // expected-error @below {{'weft.contract' op 'winograd' of 'weft.choice' is 3 : i64, but is an integer from 0 to 4, and even}}
  %y = weft.contract "ik,kj->ij" %x, %w {weft.choice = {winograd = 3 : i64}}
    : tensor<50x64xf32>, tensor<64x96xf32> -> tensor<50x96xf32>
  return %y : tensor<50x96xf32>
}
