// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Comparison of tensors within tolerances.

#include "Compare.h"

#include "ir/Mlir.h"

#include <cmath>

namespace weft::opmatrix {

using reference::Tensor;

double relativeTolerance(Type element) {
  if (element.isF64())
    return 1e-12;
  if (element.isF32())
    return 1e-5;
  return element.isF16() ? 0x1p-10 : 0x1p-7;
}

/// Differences below this are those of subnormal numbers, which code may flush to zero.
static double leastNormal(Type element) {
  const llvm::fltSemantics &semantics = cast<mlir::FloatType>(element).getFloatSemantics();
  return std::ldexp(1.0, llvm::APFloat::semanticsMinExponent(semantics));
}

static bool sameBits(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

static double largestMagnitude(const Tensor &tensor) {
  double largest = 0;
  for (double value : tensor.reals())
    if (std::isfinite(value))
      largest = std::max(largest, std::fabs(value));
  return largest;
}

static bool isClose(double expected, double actual, double relative, double scale, double floor) {
  if (std::isnan(expected) || std::isnan(actual))
    return std::isnan(expected) && std::isnan(actual);
  if (std::isinf(expected) || std::isinf(actual))
    return expected == actual;
  return std::fabs(expected - actual) <= relative * std::max(std::fabs(expected), scale) + floor;
}

static std::string describe(int64_t place, const std::string &expected, const std::string &actual,
                            ArrayRef<int64_t> shape) {
  std::string dims;
  for (int64_t dim : shape)
    dims += (dims.empty() ? "" : "x") + std::to_string(dim);
  return "element " + std::to_string(place) + " of [" + dims + "] is " + actual + ", expected " +
         expected;
}

static std::string print(double value) {
  char text[40];
  snprintf(text, sizeof text, "%.17g", value);
  return text;
}

static std::string realDifference(const Tensor &expected, const Tensor &actual,
                                  const Tolerance &tolerance) {
  double relative = relativeTolerance(expected.element()) * tolerance.factor;
  double largest = tolerance.againstLargest ? largestMagnitude(expected) : 0;
  double scale = std::max(tolerance.scale, largest);
  double floor = leastNormal(expected.element());
  for (int64_t i = 0; i < expected.size(); ++i) {
    double e = expected.reals()[i], a = actual.reals()[i];
    if (!(tolerance.exact ? sameBits(e, a) : isClose(e, a, relative, scale, floor)))
      return describe(i, print(e), print(a), expected.shape());
  }
  return "";
}

std::string difference(const Tensor &expected, const Tensor &actual, const Tolerance &tolerance) {
  if (expected.element() != actual.element() || expected.shape() != actual.shape())
    return "the result has another type or shape";
  if (expected.isFloat())
    return realDifference(expected, actual, tolerance);
  for (int64_t i = 0; i < expected.size(); ++i)
    if (expected.integers()[i] != actual.integers()[i])
      return describe(i, std::to_string(expected.integers()[i]),
                      std::to_string(actual.integers()[i]), expected.shape());
  return "";
}

} // namespace weft::opmatrix
