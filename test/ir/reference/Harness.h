// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs IR text through the reference evaluator with numbers written in the test. A test states
// its inputs and outputs as literals; none is computed by the code under test.

#ifndef WEFT_TEST_IR_REFERENCE_HARNESS_H
#define WEFT_TEST_IR_REFERENCE_HARNESS_H

#include "ir/reference/Evaluator.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <limits>
#include <string>
#include <vector>

namespace weft::reference {

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

using Reals = std::vector<double>;
using Integers = std::vector<int64_t>;

/// A context with the dialects of Weft, shared by all tests of a program.
mlir::MLIRContext &context();

/// The element type that IR spells as `name`.
mlir::Type elementType(const std::string &name);

/// A tensor of any element type; integers are taken from the doubles.
Tensor tensor(const std::string &element, llvm::ArrayRef<int64_t> shape, const Reals &values);
Tensor integers(const std::string &element, llvm::ArrayRef<int64_t> shape, const Integers &values);

/// An f64 tensor of small numbers: element i is ((i * step) mod 11 - 5) / 4.
Tensor ramp(llvm::ArrayRef<int64_t> shape, int64_t step = 7);

/// Runs `@f` of the module `text`. A fault fails the test and gives no results.
std::vector<Tensor> run(const std::string &text, llvm::ArrayRef<Tensor> arguments);

/// The message with which `@f` of the module `text` fails, or "" if it does not.
std::string faultOf(const std::string &text, llvm::ArrayRef<Tensor> arguments,
                    const EvaluatorOptions &options = {});

/// Runs a function whose body is the one operation `op` on `%0`, `%1`, ...: the operands have the
/// types of `arguments`, the result has type `result`.
Tensor runOp(const std::string &op, llvm::ArrayRef<Tensor> arguments, const std::string &result);

/// `weft.<name>` on vectors of one type.
Reals unary(const std::string &name, const std::string &element, const Reals &x);
Reals binary(const std::string &name, const std::string &element, const Reals &a, const Reals &b);

/// The elements as double, whatever the type.
Reals valuesOf(const Tensor &tensor);

/// Fails unless each value is the expected one: NaN for NaN, the same sign of zero, and otherwise
/// at most `tolerance` apart, relative to the expected value.
void expectReals(const Reals &actual, const Reals &expected, double tolerance = 0);

} // namespace weft::reference

#endif // WEFT_TEST_IR_REFERENCE_HARNESS_H
