// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What has no derivative is named where it stands, with the way on which it was met.
// RUN: weft-opt %s --weft-differentiate -split-input-file -verify-diagnostics

func.func @loop(%x: tensor<f64>, %r: tensor<f64>) -> tensor<f64> {
  // expected-error @below {{'loop' has no derivative: how many steps it takes is known only when it runs; a loop over a known number of steps is a 'scan'}}
  %y = weft.while (%c = %x : tensor<f64>) -> (tensor<f64>) condition {
    %one = weft.constant dense<1.0> : tensor<f64>
    %go = weft.compare lt %c, %one : tensor<f64>
    weft.yield %go : tensor<i1>
  } do {
    %d = weft.exp %c : tensor<f64>
    weft.yield %d : tensor<f64>
  }
  // expected-note @below {{the derivative came through this 'mul'}}
  %z = weft.mul %y, %y : tensor<f64>
  %g = weft.vjp of %z times %r wrt %x : (tensor<f64>) (tensor<f64>) (tensor<f64>) -> tensor<f64>
  return %g : tensor<f64>
}

// -----

func.func @argmax(%x: tensor<3xf64>, %r: tensor<f64>) -> tensor<3xf64> {
  // expected-error @below {{nothing can be differentiated through 'argmax or argmin', whose result is no float; the value depends on what the derivative is for in no other way}}
  %i = weft.arg max %x axis 0 : tensor<3xf64> -> tensor<i64>
  %y = weft.cast %i : tensor<i64> -> tensor<f64>
  %g = weft.vjp of %y times %r wrt %x : (tensor<f64>) (tensor<f64>) (tensor<3xf64>) -> tensor<3xf64>
  return %g : tensor<3xf64>
}

// -----

func.func @scatter_mul(%x: tensor<3xf64>, %u: tensor<2xf64>, %i: tensor<2xi64>, %r: tensor<3xf64>) -> tensor<3xf64> {
  // expected-error @below {{a scatter that multiplies has no derivative; gather the factors of a place and multiply them with 'prod'}}
  %y = weft.scatter mul %x, %i, %u axis 0 : tensor<3xf64>, tensor<2xi64>, tensor<2xf64>
  %g = weft.vjp of %y times %r wrt %x : (tensor<3xf64>) (tensor<3xf64>) (tensor<3xf64>) -> tensor<3xf64>
  return %g : tensor<3xf64>
}

// -----

func.func @far_pool(%x: tensor<2x2x2x2xf64>, %r: tensor<1x1x1x1xf64>) -> tensor<2x2x2x2xf64> {
  // expected-error @below {{the mean or sum of windows over more than 3 dimensions has no derivative}}
  %y = weft.pool sum %x window [2, 2, 2, 2] strides [1, 1, 1, 1] pad [0, 0, 0, 0] [0, 0, 0, 0] dilations [1, 1, 1, 1] : tensor<2x2x2x2xf64> -> tensor<1x1x1x1xf64>
  %g = weft.vjp of %y times %r wrt %x : (tensor<1x1x1x1xf64>) (tensor<1x1x1x1xf64>) (tensor<2x2x2x2xf64>) -> tensor<2x2x2x2xf64>
  return %g : tensor<2x2x2x2xf64>
}

// -----

func.func @tangent_of_custom(%x: tensor<3xf64>, %v: tensor<3xf64>) -> tensor<3xf64> {
  // expected-error @below {{tangents cannot be pushed through a function with a 'vjp' of its own, which says how gradients go back}}
  %y = weft.custom_vjp %x : (tensor<3xf64>) -> tensor<3xf64> {
  ^bb0(%a: tensor<3xf64>):
    weft.yield %a : tensor<3xf64>
  } vjp {
  ^bb0(%a: tensor<3xf64>, %d: tensor<3xf64>):
    weft.yield %d : tensor<3xf64>
  }
  %t = weft.jvp of %y wrt %x along %v : (tensor<3xf64>) (tensor<3xf64>) (tensor<3xf64>) -> tensor<3xf64>
  return %t : tensor<3xf64>
}
