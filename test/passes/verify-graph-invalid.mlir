// RUN: weft-opt %s --weft-verify-graph -split-input-file -verify-diagnostics

func.func @g1_foreign_operation(%x: tensor<2xf32> {weft.name = "x"})
    -> (tensor<2xf32> {weft.name = "result"}) attributes {weft.export} {
  // expected-error @below {{'arith.addf' op is not an operation of the weft dialect}}
  %y = arith.addf %x, %x : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @g1_composite(%x: tensor<2x3xf32> {weft.name = "x"}, %p: tensor<3xf32> {weft.name = "p"})
    -> (tensor<2x3xf32> {weft.name = "result"}) attributes {weft.export} {
  // expected-error @below {{'weft.batch_norm' op is composite: it must be decomposed}}
  %y = weft.batch_norm %x, %p, %p, %p, %p epsilon 1.0e-05 : tensor<2x3xf32>, tensor<3xf32>
  return %y : tensor<2x3xf32>
}

// -----

func.func @g1_kernel(%x: tensor<2xf32> {weft.name = "x"})
    -> (tensor<2xf32> {weft.name = "result"}) attributes {weft.export} {
  // expected-error @below {{'weft.kernel' op belongs to a later stage}}
  %y = weft.kernel (%a = %x : tensor<2xf32>) -> tensor<2xf32> {
    weft.yield %a : tensor<2xf32>
  }
  return %y : tensor<2xf32>
}

// -----

// expected-error @below {{argument 0 has no 'weft.name'}}
func.func @g2_argument_without_name(%x: tensor<2xf32>)
    -> (tensor<2xf32> {weft.name = "result"}) attributes {weft.export} {
  return %x : tensor<2xf32>
}

// -----

// expected-error @below {{result 0 has no 'weft.name'}}
func.func @g2_result_without_name(%x: tensor<2xf32> {weft.name = "x"})
    -> tensor<2xf32> attributes {weft.export} {
  return %x : tensor<2xf32>
}

// -----

// expected-error @below {{a value has the type 'f32', which is no ranked tensor}}
func.func @g3_no_tensor(%x: f32 {weft.name = "x"}) attributes {weft.export} {
  return
}

// -----

func.func @g4_dimension_of_a_value(%x: tensor<?xf32, #weft.shape<[M]>> {weft.name = "x"})
    -> (tensor<?xf32, #weft.shape<[M]>> {weft.name = "result"}) attributes {weft.export} {
  // expected-error @below {{'N' is a dimension of no argument of the function}}
  %y = weft.iota 0 : tensor<?xf32, #weft.shape<[N]>>
  return %x : tensor<?xf32, #weft.shape<[M]>>
}

// -----

func.func @g4_dimension_of_an_attribute(%x: tensor<?xf32, #weft.shape<[M]>> {weft.name = "x"})
    -> (tensor<i64> {weft.name = "result"}) attributes {weft.export} {
  // expected-error @below {{'N' is a dimension of no argument of the function}}
  %y = weft.size <[2 * N]>
  return %y : tensor<i64>
}
