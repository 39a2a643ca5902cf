// RUN: weft-opt %s --weft-decompose -verify-diagnostics

// 24 leading dimensions use up the letters that the equations have for them.
func.func @attention_rank_above_24(%q: tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x3x4xf32>)
    -> tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x3x4xf32> {
  // expected-error @below {{'weft.attention' op has rank 25, at most 24 can be lowered}}
  %y = weft.attention %q, %q, %q scale 1.0
      : tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x3x4xf32>,
        tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x3x4xf32>,
        tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x3x4xf32>
     -> tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x3x4xf32>
  return %y : tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x3x4xf32>
}
