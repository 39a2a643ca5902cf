// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text that is no dimension expression, and encodings that do not fit their tensor.
// RUN: weft-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{#weft.shape has 1 dimensions for a tensor of rank 2}}
func.func private @rank(tensor<?x3xf32, #weft.shape<[N]>>)

// -----

// expected-error @below {{#weft.shape says 4 where dimension 1 of the tensor is 3}}
func.func private @static_size(tensor<?x3xf32, #weft.shape<[N, 4]>>)

// -----

// expected-error @below {{#weft.shape says N where dimension 1 of the tensor is 3}}
func.func private @named_but_static(tensor<?x3xf32, #weft.shape<[N, N]>>)

// -----

// expected-error @below {{#weft.shape says 4 where dimension 0 of the tensor is ?}}
func.func private @static_but_dynamic(tensor<?xf32, #weft.shape<[4]>>)

// -----

// expected-error @below {{a tensor without dynamic dimensions carries no #weft.shape}}
func.func private @fully_static(tensor<4xf32, #weft.shape<[4]>>)

// -----

// expected-error @below {{dimension divided by 0}}
func.func private @divided_by_zero(tensor<?xf32, #weft.shape<[N / 0]>>)

// -----

// expected-error @below {{dimension divided by 0}}
func.func private @divided_by_what_cancels(tensor<?xf32, #weft.shape<[N / (M - M)]>>)

// -----

// expected-error @below {{dimension divided by -2}}
func.func private @divided_by_negative(tensor<?xf32, #weft.shape<[N / (-2)]>>)

// -----

// expected-error @below {{expected a number, a name or '(' in a dimension}}
func.func private @no_expression(tensor<?xf32, #weft.shape<[N + ]>>)
