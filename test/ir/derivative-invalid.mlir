// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each function breaks one constraint of an operation, the one in its name.
// RUN: weft-opt %s -split-input-file -verify-diagnostics

func.func @vjp_c1_gradient_missing(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.vjp' op 0 gradients where 1 are expected, as many as outputs}}
  %0 = "weft.vjp"(%x, %x) {operandSegmentSizes = array<i32: 1, 0, 1>} : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @vjp_c2_result_of_another_type(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.vjp' op results: number 0 has type 'tensor<2xf32>' where 'tensor<3xf32>' is expected, by the values of 'wrt'}}
  %0 = weft.vjp of %x times %x wrt %x : (tensor<3xf32>) (tensor<3xf32>) (tensor<3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @jvp_c1_tangent_of_another_type(%x: tensor<3xf32>, %t: tensor<f32>) {
  // expected-error @below {{'weft.jvp' op tangents: number 0 has type 'tensor<f32>' where 'tensor<3xf32>' is expected, by the values of 'wrt'}}
  %0 = weft.jvp of %x wrt %x along %t : (tensor<3xf32>) (tensor<3xf32>) (tensor<f32>) -> tensor<3xf32>
  return
}

// -----

func.func @jvp_c2_results_missing(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.jvp' op 0 results where 1 are expected, as many as outputs}}
  "weft.jvp"(%x, %x, %x) {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  return
}

// -----

func.func @custom_vjp_c1_result_of_another_type(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.custom_vjp' op yielded values: number 0 has type 'tensor<3xf32>' where 'tensor<2xf32>' is expected, by the results}}
  %0 = weft.custom_vjp %x : (tensor<3xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<3xf32>):
    weft.yield %a : tensor<3xf32>
  } vjp {
  ^bb0(%a: tensor<3xf32>, %d: tensor<2xf32>):
    weft.yield %a : tensor<3xf32>
  }
  return
}

// -----

func.func @custom_vjp_c2_gradient_of_another_type(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.custom_vjp' op values of 'vjp': number 0 has type 'tensor<f32>' where 'tensor<3xf32>' is expected, by the floats among the inputs}}
  %0 = weft.custom_vjp %x : (tensor<3xf32>) -> tensor<f32> {
  ^bb0(%a: tensor<3xf32>):
    %s = weft.reduce sum %a axes [0] : tensor<3xf32> -> tensor<f32>
    weft.yield %s : tensor<f32>
  } vjp {
  ^bb0(%a: tensor<3xf32>, %d: tensor<f32>):
    weft.yield %d : tensor<f32>
  }
  return
}

// -----

func.func @custom_vjp_c2_arguments_missing(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.custom_vjp' op 1 arguments of 'vjp' where 2 are expected, as many as inputs and results}}
  %0 = weft.custom_vjp %x : (tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%a: tensor<3xf32>):
    weft.yield %a : tensor<3xf32>
  } vjp {
  ^bb0(%a: tensor<3xf32>):
    weft.yield %a : tensor<3xf32>
  }
  return
}
