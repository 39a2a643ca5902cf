// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands and results of one element-wise operation have one shape, by their expressions, and
// the element types that it takes.
// RUN: weft-opt %s -split-input-file -verify-diagnostics

func.func @operand_of_another_size(%x: tensor<3xf32>, %y: tensor<4xf32>) {
  // expected-error @below {{'weft.add' op operand of dimensions [4] beside a result of [3]}}
  %0 = "weft.add"(%x, %y) : (tensor<3xf32>, tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @operand_of_another_expression(%x: tensor<?xf32, #weft.shape<[N]>>) {
  // expected-error @below {{'weft.cast' op operand of dimensions [N] beside a result of [M]}}
  %0 = weft.cast %x : tensor<?xf32, #weft.shape<[N]>> -> tensor<?xf16, #weft.shape<[M]>>
  return
}

// -----

func.func @element_types_differ(%x: tensor<3xf32>, %y: tensor<3xf64>) {
  // expected-error @below {{'weft.add' op requires the same type for all operands and results}}
  %0 = "weft.add"(%x, %y) : (tensor<3xf32>, tensor<3xf64>) -> tensor<3xf32>
  return
}

// -----

func.func @sum_of_bool(%x: tensor<3xi1>) {
  // expected-error @below {{'weft.add' op operand #0 must be number tensor, but got 'tensor<3xi1>'}}
  %0 = weft.add %x, %x : tensor<3xi1>
  return
}

// -----

func.func @sum_of_unranked(%x: tensor<*xf32>) {
  // expected-error @below {{'weft.add' op operand #0 must be number tensor, but got 'tensor<*xf32>'}}
  %0 = "weft.add"(%x, %x) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @sum_of_scalars(%x: f32) {
  // expected-error @below {{'weft.add' op operand #0 must be number tensor, but got 'f32'}}
  %0 = "weft.add"(%x, %x) : (f32, f32) -> f32
  return
}

// -----

func.func @negation_of_unsigned(%x: tensor<3xui8>) {
  // expected-error @below {{'weft.neg' op operand #0 must be float or signed integer tensor, but got 'tensor<3xui8>'}}
  %0 = weft.neg %x : tensor<3xui8>
  return
}

// -----

func.func @root_of_integer(%x: tensor<3xi32>) {
  // expected-error @below {{'weft.sqrt' op operand #0 must be float tensor, but got 'tensor<3xi32>'}}
  %0 = weft.sqrt %x : tensor<3xi32>
  return
}

// -----

func.func @complement_of_float(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.not' op operand #0 must be bool or integer tensor, but got 'tensor<3xf32>'}}
  %0 = weft.not %x : tensor<3xf32>
  return
}

// -----

func.func @shift_of_bool(%x: tensor<3xi1>) {
  // expected-error @below {{'weft.shift_left' op operand #0 must be integer tensor, but got 'tensor<3xi1>'}}
  %0 = weft.shift_left %x, %x : tensor<3xi1>
  return
}

// -----

func.func @comparison_gives_no_bool(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.compare' op result #0 must be bool tensor, but got 'tensor<3xf32>'}}
  %0 = "weft.compare"(%x, %x) <{predicate = #weft<predicate lt>}> : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @comparison_gives_another_shape(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.compare' op failed to verify that result is the bool tensor of the operands' shape}}
  %0 = "weft.compare"(%x, %x) <{predicate = #weft<predicate lt>}> : (tensor<3xf32>, tensor<3xf32>) -> tensor<4xi1>
  return
}

// -----

func.func @condition_is_a_number(%c: tensor<3xi8>, %x: tensor<3xf32>) {
  // expected-error @below {{'weft.select' op operand #0 must be bool tensor, but got 'tensor<3xi8>'}}
  %0 = "weft.select"(%c, %x, %x) : (tensor<3xi8>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}
