// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// When two results count as equal. The tolerances of the whole matrix stand here.

#ifndef WEFT_TEST_E2E_OPMATRIX_COMPARE_H
#define WEFT_TEST_E2E_OPMATRIX_COMPARE_H

#include "ir/reference/Tensor.h"

#include <string>

namespace weft::opmatrix {

/// How far floats may be apart; integers and bools are always exact.
struct Tolerance {
  /// Same value to the last bit, signs of zeros included: what only moves elements, or rounds
  /// once an exact result (add, mul, div, sqrt, floor, casts).
  bool exact = false;
  /// Multiplies the relative tolerance of the element type (see `relativeTolerance`): 1 for one
  /// function, sqrt(length) for a sum of `length` terms, more for a chain of roundings.
  double factor = 1;
  /// Errors are measured against max(|expected|, scale): sums cancel, and the sine of a number
  /// near pi is small while its error is one of its argument.
  double scale = 0;
  /// The scale is at least the greatest finite magnitude in the expected tensor.
  bool againstLargest = false;
};

/// f64: 1e-12, a few thousand ulp, since the evaluator's own f64 sums round in another order.
/// f32: 1e-5, about 80 ulp: polynomial functions have 4 ulp, chains of a few of them more.
/// f16, bf16: their epsilon, 2^-10 and 2^-7: computed in f32, rounded once, so that the result may
/// fall on either side of a tie.
double relativeTolerance(mlir::Type element);

/// "" or what differs: the place, what was expected, what came.
std::string difference(const reference::Tensor &expected, const reference::Tensor &actual,
                       const Tolerance &tolerance);

} // namespace weft::opmatrix

#endif // WEFT_TEST_E2E_OPMATRIX_COMPARE_H
