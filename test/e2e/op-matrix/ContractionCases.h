// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the cases of contractions and convolutions share.
#ifndef WEFT_TEST_E2E_OPMATRIX_CONTRACTIONCASES_H
#define WEFT_TEST_E2E_OPMATRIX_CONTRACTIONCASES_H

#include "Suite.h"

#include <cmath>

namespace weft::opmatrix {

/// Rounding grows with the root of the number of terms, and counts against the largest sum.
inline CaseOptions ofSum(double length, int64_t least = 0, int64_t greatest = INT64_MAX) {
  return {.tolerance = {.factor = std::sqrt(length), .againstLargest = true},
          .leastSize = least,
          .greatestSize = greatest};
}

/// Numbers whose sums stay exact in integers.
inline Fill smallFor(const std::string &e) {
  bool isReal = e[0] == 'f' || e[0] == 'b';
  return isReal ? Fill{-1, 1} : Fill{e[0] == 'u' ? 0.0 : -9.0, 9};
}

struct ConvolutionShape {
  std::string label;
  Dims input, filter, result;
  std::string attributes;
};

/// The filter has the element type `filter`, by default that of the input.
inline Term convolve(Program &p, const std::string &operation, const ConvolutionShape &s,
                     const std::string &e, const std::string &result, std::string filter = "") {
  if (filter.empty())
    filter = e;
  Term x = p.input(s.input, e, smallFor(e)), w = p.input(s.filter, filter, smallFor(filter));
  return p.let(s.result, result,
               operation + " " + x + ", " + w + " " + s.attributes + " : " + x.type() + ", " +
                   w.type() + " -> " + typeText(s.result, result),
               false);
}

} // namespace weft::opmatrix

#endif // WEFT_TEST_E2E_OPMATRIX_CONTRACTIONCASES_H
