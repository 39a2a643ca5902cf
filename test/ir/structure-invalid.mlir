// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each function breaks one constraint of an operation, the one in its name.
// RUN: weft-opt %s -split-input-file -verify-diagnostics

// parameter_c1_dynamic
// expected-error @below {{'weft.parameter' op dimensions [N], which must be static}}
weft.parameter param @parameter_c1_dynamic : tensor<?xf32, #weft.shape<[N]>>

// -----

func.func @yield_outside_a_region(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.yield' op expects parent op to be one of 'weft.kernel, weft.if, weft.while, weft.scan, weft.custom_vjp'}}
  weft.yield %x : tensor<3xf32>
}

// -----

func.func @kernel_c1_argument_missing(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.kernel' op 0 body arguments where 1 are expected, as many as inputs}}
  %0 = "weft.kernel"(%x) ({
    %1 = weft.constant dense<0.0> : tensor<3xf32>
    weft.yield %1 : tensor<3xf32>
  }) : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @kernel_c1_argument_of_another_type(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.kernel' op body arguments: number 0 has type 'tensor<4xf32>' where 'tensor<3xf32>' is expected, by the inputs}}
  %0 = "weft.kernel"(%x) ({
  ^bb0(%a: tensor<4xf32>):
    weft.yield %a : tensor<4xf32>
  }) : (tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @kernel_c2_yields_another_type(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.kernel' op yielded values: number 0 has type 'tensor<3xf32>' where 'tensor<4xf32>' is expected, by the results}}
  %0 = weft.kernel (%a = %x : tensor<3xf32>) -> tensor<4xf32> {
    weft.yield %a : tensor<3xf32>
  }
  return
}

// -----

func.func @kernel_c2_results_differ(%x: tensor<3xf32>, %y: tensor<4xf32>) {
  // expected-error @below {{'weft.kernel' op result has dimensions [4] where [3] are expected}}
  %0:2 = weft.kernel (%a = %x : tensor<3xf32>, %b = %y : tensor<4xf32>) -> (tensor<3xf32>, tensor<4xf32>) {
    weft.yield %a, %b : tensor<3xf32>, tensor<4xf32>
  }
  return
}

// -----

// Only a reduction of the first result may have other dimensions.
func.func @kernel_c2_reduces_another_value(%x: tensor<3x4xf32>) {
  // expected-error @below {{'weft.kernel' op result has dimensions [3] where [3, 4] are expected}}
  %0:2 = weft.kernel (%a = %x : tensor<3x4xf32>) -> (tensor<3x4xf32>, tensor<3xf32>) {
    %1 = weft.neg %a : tensor<3x4xf32>
    %2 = weft.reduce sum %a axes [1] : tensor<3x4xf32> -> tensor<3xf32>
    weft.yield %1, %2 : tensor<3x4xf32>, tensor<3xf32>
  }
  return
}

// -----

func.func @kernel_c2_no_yield(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.kernel' op region 0 does not end in 'weft.yield'}}
  "weft.kernel"(%x) ({
  ^bb0(%a: tensor<3xf32>):
    %0 = weft.neg %a : tensor<3xf32>
  }) : (tensor<3xf32>) -> ()
  return
}

// -----

func.func @kernel_c3_two_roots(%x: tensor<3x4xf32>) {
  // expected-error @below {{'weft.kernel' op holds two roots, 'weft.softmax' and 'weft.reduce'}}
  %0 = weft.kernel (%a = %x : tensor<3x4xf32>) -> tensor<3xf32> {
    %1 = weft.softmax %a axis 1 : tensor<3x4xf32>
    %2 = weft.reduce sum %1 axes [1] : tensor<3x4xf32> -> tensor<3xf32>
    weft.yield %2 : tensor<3xf32>
  }
  return
}

// -----

func.func @launch_c1_names_nothing(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.launch' op 'k0' names no kernel function}}
  %0 = weft.launch @k0 symbols <[]> (%x) : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func private @k0(tensor<3xf32>) -> tensor<3xf32>

func.func @launch_c1_names_no_kernel(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.launch' op 'k0' names no kernel function}}
  %0 = weft.launch @k0 symbols <[]> (%x) : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func private @k0(tensor<3xf32>) -> tensor<3xf32> attributes {weft.kernel}

func.func @launch_c1_input_too_many(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.launch' op 2 inputs where 1 are expected, as many as arguments of the kernel function}}
  %0 = weft.launch @k0 symbols <[]> (%x, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func private @k0(tensor<3xf32>) -> tensor<3xf32> attributes {weft.kernel}

func.func @launch_c2_slot_too_many(%x: tensor<3xf32>) {
  // expected-error @below {{'weft.launch' op 2 slots for 1 results}}
  %0 = weft.launch @k0 symbols <[]> (%x) at [#weft.slot<arena at <[0]>>, #weft.slot<arena at <[64]>>] : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func private @k0(tensor<?xf32, #weft.shape<[d0]>>) -> tensor<?xf32, #weft.shape<[2 * d0]>> attributes {weft.kernel}

func.func @launch_c3_result_at_another_size(%x: tensor<?xf32, #weft.shape<[N]>>) {
  // expected-error @below {{'weft.launch' op results: number 0 has type 'tensor<?xf32, #weft.shape<[N]>>' where 'tensor<?xf32, #weft.shape<[2 * N]>>' is expected, by the results of the kernel function}}
  %0 = weft.launch @k0 symbols <[N]> (%x) : (tensor<?xf32, #weft.shape<[N]>>) -> tensor<?xf32, #weft.shape<[N]>>
  return
}

// -----

func.func @if_c1_else_yields_nothing(%c: tensor<i1>, %x: tensor<3xf32>) {
  // expected-error @below {{'weft.if' op 0 yielded values where 1 are expected, as many as results}}
  %0 = weft.if %c -> tensor<3xf32> {
    weft.yield %x : tensor<3xf32>
  } else {
    weft.yield
  }
  return
}

// -----

func.func @while_c1_body_yields_another_type(%x: tensor<3xf32>, %y: tensor<4xf32>, %c: tensor<i1>) {
  // expected-error @below {{'weft.while' op yielded values: number 0 has type 'tensor<4xf32>' where 'tensor<3xf32>' is expected, by the inits}}
  %0 = weft.while (%v = %x : tensor<3xf32>) -> tensor<3xf32> condition {
    weft.yield %c : tensor<i1>
  } do {
    weft.yield %y : tensor<4xf32>
  }
  return
}

// -----

func.func @while_c1_result_missing(%x: tensor<3xf32>, %c: tensor<i1>) {
  // expected-error @below {{'weft.while' op 0 results where 1 are expected, as many as inits}}
  weft.while (%v = %x : tensor<3xf32>) condition {
    weft.yield %c : tensor<i1>
  } do {
    weft.yield %v : tensor<3xf32>
  }
  return
}

// -----

func.func @while_c2_condition_of_rank_1(%x: tensor<3xf32>, %c: tensor<1xi1>) {
  // expected-error @below {{'weft.while' op values of the condition: number 0 has type 'tensor<1xi1>' where 'tensor<i1>' is expected, by the condition}}
  %0 = weft.while (%v = %x : tensor<3xf32>) -> tensor<3xf32> condition {
    weft.yield %c : tensor<1xi1>
  } do {
    weft.yield %v : tensor<3xf32>
  }
  return
}

// -----

func.func @scan_c1_steps_differ(%xs: tensor<4x3xf32>, %ys: tensor<5xf32>) {
  // expected-error @below {{'weft.scan' op steps along 5 and along 4 elements}}
  %0 = weft.scan () over (%x = %xs : tensor<4x3xf32>, %y = %ys : tensor<5xf32>) -> tensor<4x3xf32> {
    weft.yield %x : tensor<3xf32>
  }
  return
}

// -----

func.func @scan_c1_rank_0(%xs: tensor<f32>) {
  // expected-error @below {{'weft.scan' op steps along a tensor of rank 0}}
  %0 = "weft.scan"(%xs) <{operandSegmentSizes = array<i32: 0, 1>}> ({
  ^bb0(%x: tensor<f32>):
    weft.yield %x : tensor<f32>
  }) : (tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @scan_c2_slice_keeps_first_dimension(%xs: tensor<4x3xf32>) {
  // expected-error @below {{'weft.scan' op body arguments: number 0 has type 'tensor<4x3xf32>' where 'tensor<3xf32>' is expected, by the inits and the slices of 'xs'}}
  %0 = "weft.scan"(%xs) <{operandSegmentSizes = array<i32: 0, 1>}> ({
  ^bb0(%x: tensor<4x3xf32>):
    weft.yield %x : tensor<4x3xf32>
  }) : (tensor<4x3xf32>) -> tensor<4x4x3xf32>
  return
}

// -----

func.func @scan_c3_carry_not_yielded(%h: tensor<3xf32>, %xs: tensor<4x3xf32>) {
  // expected-error @below {{'weft.scan' op yields 0 values for 1 carries}}
  %0 = weft.scan (%c = %h : tensor<3xf32>) over (%x = %xs : tensor<4x3xf32>) -> tensor<3xf32> {
    weft.yield
  }
  return
}

// -----

func.func @scan_c3_carry_changes_type(%h: tensor<3xf32>, %xs: tensor<4xf32>) {
  // expected-error @below {{'weft.scan' op yielded carries: number 0 has type 'tensor<f32>' where 'tensor<3xf32>' is expected, by the inits}}
  %0 = weft.scan (%c = %h : tensor<3xf32>) over (%x = %xs : tensor<4xf32>) -> tensor<3xf32> {
    weft.yield %x : tensor<f32>
  }
  return
}

// -----

func.func @scan_c3_emitted_not_stacked(%xs: tensor<?x3xf32, #weft.shape<[T, 3]>>) {
  // expected-error @below {{'weft.scan' op results: number 0 has type 'tensor<3xf32>' where 'tensor<?x3xf32, #weft.shape<[T, 3]>>' is expected, by the yielded values}}
  %0 = weft.scan () over (%x = %xs : tensor<?x3xf32, #weft.shape<[T, 3]>>) -> tensor<3xf32> {
    weft.yield %x : tensor<3xf32>
  }
  return
}

// -----

func.func @scan_c4_nothing_to_step_along(%h: tensor<3xf32>) {
  // expected-error @below {{'weft.scan' op steps along no tensor}}
  %0 = weft.scan (%c = %h : tensor<3xf32>) over () -> tensor<3xf32> {
    weft.yield %c : tensor<3xf32>
  }
  return
}
