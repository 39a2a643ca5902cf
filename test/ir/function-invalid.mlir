// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the attributes on functions promise: an export can be called, its parameters exist.
// RUN: weft-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{'tensor<?xf32>' in an exported function has a dynamic dimension without #weft.shape}}
func.func @input_without_names(%x: tensor<?xf32>) attributes {weft.export} {
  return
}

// -----

func.func @value_without_names(%x: tensor<?xf32, #weft.shape<[N]>>) attributes {weft.export} {
  // expected-error @below {{'tensor<?xf32>' in an exported function has a dynamic dimension without #weft.shape}}
  %0 = weft.reshape %x : tensor<?xf32, #weft.shape<[N]>> -> tensor<?xf32>
  return
}

// -----

// expected-error @below {{'N' is a dimension of no input by itself, so that a call could not tell its size}}
func.func @symbol_never_alone(%x: tensor<?xf32, #weft.shape<[2 * N]>>) attributes {weft.export} {
  return
}

// -----

// expected-error @below {{two inputs have the name 'image'}}
func.func @inputs_of_one_name(%x: tensor<3xf32> {weft.name = "image"}, %y: tensor<3xf32> {weft.name = "image"}) attributes {weft.export} {
  return
}

// -----

// expected-error @below {{two results have the name 'loss'}}
func.func @results_of_one_name(%x: tensor<3xf32>) -> (tensor<3xf32> {weft.name = "loss"}, tensor<3xf32> {weft.name = "loss"}) attributes {weft.export} {
  return %x, %x : tensor<3xf32>, tensor<3xf32>
}

// -----

// expected-error @below {{'weft.name' is no string}}
func.func @name_of_number(%x: tensor<3xf32> {weft.name = 1}) {
  return
}

// -----

// expected-error @below {{'weft.parameter' names @w, which is no 'weft.parameter'}}
func.func @parameter_missing(%x: tensor<3xf32> {weft.parameter = @w}) {
  return
}

// -----

weft.parameter param @w : tensor<4xf32>

// expected-error @below {{'weft.parameter' names @w of type 'tensor<4xf32>' on a value of type 'tensor<3xf32>'}}
func.func @parameter_of_another_type(%x: tensor<3xf32> {weft.parameter = @w}) {
  return
}

// -----

// expected-error @below {{'weft.parameter' is no symbol}}
func.func @parameter_by_string(%x: tensor<3xf32> {weft.parameter = "w"}) {
  return
}

// -----

weft.parameter derived @w : tensor<3xf32>

// expected-error @below {{'weft.state' names @w, which is derived}}
func.func @state_that_is_derived(%x: tensor<3xf32>) -> (tensor<3xf32> {weft.state = @w}) {
  return %x : tensor<3xf32>
}

// -----

// expected-error @below {{'weft.export' is a unit attribute of functions}}
func.func @export_with_a_value() attributes {weft.export = 1} {
  return
}

// -----

// expected-error @below {{'weft.export' is a unit attribute of functions}}
module attributes {weft.export} {
}

// -----

// expected-error @below {{'weft.reverse' is a unit attribute of scans}}
func.func @reverse_of_a_function() attributes {weft.reverse} {
  return
}

// -----

// expected-error @below {{'weft.arena' is no #weft.shape of one expression}}
func.func @arena_of_two_sizes() attributes {weft.arena = #weft.shape<[N, 2]>} {
  return
}

// -----

// expected-error @below {{'weft.doc' is no string}}
func.func @doc_of_number() attributes {weft.doc = 3} {
  return
}

// -----

func.func @checkpoint_without_number(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.checkpoints' is no array of i64, the numbers of checkpoints}}
  %0 = weft.neg %x {weft.checkpoints} : tensor<3xf32>
  return
}

// -----

func.func @barrier_that_computes(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.barrier' is an integer on a cast to the own type}}
  %0 = weft.neg %x {weft.barrier = 1 : i64} : tensor<3xf32>
  return
}
