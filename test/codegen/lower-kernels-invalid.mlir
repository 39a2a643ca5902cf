// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: weft-opt %s --weft-lower-kernels --split-input-file --verify-diagnostics

func.func private @two_roots(%x: tensor<4x4xf32>) -> tensor<f32> attributes {weft.kernel} {
  %0 = weft.reduce sum %x axes [1] : tensor<4x4xf32> -> tensor<4xf32>
  // expected-error @below {{kernel 'two_roots' has two roots, 'weft.reduce' and 'weft.reduce'}}
  %1 = weft.reduce sum %0 axes [0] : tensor<4xf32> -> tensor<f32>
  return %1 : tensor<f32>
}

// -----

func.func private @composite(%x: tensor<4x6xf32>) -> tensor<4x6xf32> attributes {weft.kernel} {
  // expected-error @below {{'weft.group_norm' cannot stand in a kernel}}
  %0 = weft.group_norm %x groups 2 epsilon 1.0e-05 : tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}

// -----

// expected-error @below {{kernel 'declared_only' has no body}}
func.func private @declared_only(%x: tensor<4xf32>) -> tensor<4xf32> attributes {weft.kernel}

// -----

// expected-error @below {{kernel 'no_result' needs one block and a result, has 1 and 0}}
func.func private @no_result(%x: tensor<4xf32>) attributes {weft.kernel} {
  return
}

// -----

func.func private @two_results(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
    attributes {weft.kernel} {
  // expected-error @below {{kernel 'two_results' has the root 'weft.softmax' and 2 results, must have 1}}
  %0 = weft.softmax %x axis 0 : tensor<4xf32>
  return %0, %x : tensor<4xf32>, tensor<4xf32>
}

// -----

func.func private @order_used_in_kernel(%x: tensor<8xf32>) -> tensor<8xi64> attributes {weft.kernel} {
  // expected-error @below {{'weft.arg_sort' op must be the result of its kernel}}
  %0 = weft.arg_sort %x axis 0 : tensor<8xf32> -> tensor<8xi64>
  %1 = weft.neg %0 : tensor<8xi64>
  return %1 : tensor<8xi64>
}

// -----

// expected-error @below {{kernel 'no_symbol' has the size 'N', which 'weft.dims' must list}}
func.func private @no_symbol(%x: tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[N]>>
    attributes {weft.kernel, weft.dims = ["M"]} {
  %0 = weft.neg %x : tensor<?xf32, #weft.shape<[N]>>
  return %0 : tensor<?xf32, #weft.shape<[N]>>
}

// -----

// expected-error @below {{'weft.dims' of kernel 'no_name' must be a list of names, is [1]}}
func.func private @no_name(%x: tensor<4xf32>) -> tensor<4xf32> attributes {weft.kernel, weft.dims = [1]} {
  %0 = weft.neg %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}
