// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A derivative against central differences: of one function in f64, at one point.

#ifndef WEFT_TOOLS_WEFT_DIFFERENCES_H
#define WEFT_TOOLS_WEFT_DIFFERENCES_H

#include "ir/reference/Evaluator.h"
#include "ir/WeftOps.h"

#include <random>

namespace weft {

/// Makes every float of `function` an f64: types, and constants with the values that they have.
void widenFloats(mlir::func::FuncOp function);
reference::Tensor widened(const reference::Tensor &value);

using TensorList = std::vector<reference::Tensor>;

/// A function, and the gradients of a weighted sum of its float results for its float arguments.
///
/// Types:  floats are f64. Every dimension is known.
/// Forms:  what asks for derivatives has been expanded; functions with a derivative of their own
/// and
///         stopped gradients have not.
class Differences {
public:
  enum class Verdict {
    Agrees,
    Departs,
    Kink,     ///< Differences to both sides disagree: there is no derivative to compare with.
    NotFinite ///< There is no number to compare.
  };
  struct Comparison {
    Verdict verdict = Verdict::Agrees;
    double error = 0; ///< Of the slope, or of the gradient's norm, whichever is greater.
    double derivative = 0, difference = 0;
  };
  static constexpr double tolerance = 1e-5;

  using Random = std::mt19937_64;

  /// Makes both; fails with a message at the operation that has no derivative. `function` stays.
  LogicalResult open(mlir::func::FuncOp function, Random &random);

  /// Float arguments, which are what derivatives are for.
  ArrayRef<unsigned> floatArguments() const { return floats; }

  /// Goes to a point: what the gradients are there.
  llvm::Error moveTo(TensorList point);

  /// Compares along a random direction of the arguments `along`.
  llvm::Expected<Comparison> compare(ArrayRef<unsigned> along, Random &random);

  /// Arguments a little beside the point, so that none lies on a kink.
  TensorList beside(Random &random) const;

private:
  /// The weighted sum, and the sum of the magnitudes of what was added.
  struct Sum {
    double value = 0, magnitude = 0;
  };
  llvm::Expected<Sum> sumAt(const TensorList &point, bool first = false);
  llvm::Expected<double> sumBeside(const TensorList &directions, double step);
  TensorList direction(ArrayRef<unsigned> along, Random &random) const;

  OwningOpRef<ModuleOp> program;
  mlir::func::FuncOp value, gradient;
  SmallVector<unsigned> floats;
  TensorList weights, here, gradients;
  Sum sum;
  /// What stopped gradients: constants for a derivative, so they are what they were at the point.
  std::vector<reference::TensorRef> stopped;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_DIFFERENCES_H
