// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft check --gradients: the derivatives of a model against central differences, as a whole and
// operation by operation.

#ifndef WEFT_TOOLS_WEFT_GRADIENTCHECK_H
#define WEFT_TOOLS_WEFT_GRADIENTCHECK_H

#include "tools/weft/Compile.h"

namespace weft {

struct GradientOptions {
  std::string function; ///< Empty: every export that has a derivative.
  std::string weights;  ///< Empty: those that the model begins with.
  std::vector<std::string> data;
  uint64_t seed = 0; ///< Of initial weights, of inputs without data and of directions.
};

/// Checks a model at stage `model`. All is told to the report of the compilation: a table on stdout
/// or in the JSON object, and an error for each derivative that departs. Fails where there is one,
/// or nothing to check.
LogicalResult checkGradients(Compilation &compilation, const GradientOptions &options);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_GRADIENTCHECK_H
