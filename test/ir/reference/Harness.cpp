// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parsing, running and comparison for the tests of the evaluator.

#include "Harness.h"

#include "ir/WeftDialect.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Parser/Parser.h"

#include <cmath>

using namespace mlir;
using llvm::ArrayRef;
using llvm::Expected;

namespace weft::reference {

MLIRContext &context() {
  static MLIRContext &shared = *[] {
    DialectRegistry registry;
    registry.insert<WeftDialect, func::FuncDialect>();
    static MLIRContext made(registry, MLIRContext::Threading::DISABLED);
    made.loadAllAvailableDialects();
    return &made;
  }();
  return shared;
}

Type elementType(const std::string &name) { return parseType(name, &context()); }

Tensor tensor(const std::string &element, ArrayRef<int64_t> shape, const Reals &values) {
  Tensor result(elementType(element), shape);
  EXPECT_EQ(static_cast<size_t>(result.size()), values.size());
  for (size_t i = 0; i < values.size(); ++i)
    if (result.isFloat())
      result.reals()[i] = values[i];
    else
      result.integers()[i] = static_cast<int64_t>(values[i]);
  result.roundToElement();
  return result;
}

Tensor integers(const std::string &element, ArrayRef<int64_t> shape, const Integers &values) {
  Tensor result(elementType(element), shape);
  EXPECT_EQ(static_cast<size_t>(result.size()), values.size());
  result.integers() = values;
  return result;
}

Tensor ramp(ArrayRef<int64_t> shape, int64_t step) {
  Tensor result(elementType("f64"), shape);
  for (int64_t i = 0; i < result.size(); ++i)
    result.reals()[i] = static_cast<double>(i * step % 11 - 5) / 4;
  return result;
}

static Expected<llvm::SmallVector<Tensor>>
tryRun(const std::string &text, ArrayRef<Tensor> arguments, const EvaluatorOptions &options) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context());
  if (!module)
    return llvm::createStringError("the test's IR does not parse:\n" + text);
  auto function = module->lookupSymbol<func::FuncOp>("f");
  if (!function)
    return llvm::createStringError("the test's IR has no function 'f'");
  return evaluate(function, arguments, options);
}

std::vector<Tensor> run(const std::string &text, ArrayRef<Tensor> arguments) {
  Expected<llvm::SmallVector<Tensor>> results = tryRun(text, arguments, {});
  if (results)
    return {results->begin(), results->end()};
  ADD_FAILURE() << llvm::toString(results.takeError());
  return {};
}

std::string faultOf(const std::string &text, ArrayRef<Tensor> arguments,
                    const EvaluatorOptions &options) {
  Expected<llvm::SmallVector<Tensor>> results = tryRun(text, arguments, options);
  return results ? "" : llvm::toString(results.takeError());
}

static std::string typeOf(const Tensor &tensor) {
  std::string type = "tensor<";
  llvm::raw_string_ostream stream(type);
  for (int64_t dim : tensor.shape())
    stream << dim << "x";
  stream << tensor.element() << ">";
  return type;
}

Tensor runOp(const std::string &op, ArrayRef<Tensor> arguments, const std::string &result) {
  std::string text = "func.func @f(";
  for (auto [i, argument] : llvm::enumerate(arguments))
    text += (i ? ", %" : "%") + std::to_string(i) + ": " + typeOf(argument);
  text += ") -> " + result + " {\n  %r = " + op + "\n  return %r : " + result + "\n}\n";
  std::vector<Tensor> results = run(text, arguments);
  return results.empty() ? Tensor(elementType("f64"), {0}) : results[0];
}

Reals valuesOf(const Tensor &tensor) {
  if (tensor.isFloat())
    return tensor.reals();
  return Reals(tensor.integers().begin(), tensor.integers().end());
}

static Reals onVectors(const std::string &op, const std::string &element,
                       ArrayRef<Tensor> arguments) {
  std::string type = "tensor<" + std::to_string(arguments[0].size()) + "x" + element + ">";
  return valuesOf(runOp(op + " : " + type, arguments, type));
}

Reals unary(const std::string &name, const std::string &element, const Reals &x) {
  auto size = static_cast<int64_t>(x.size());
  return onVectors("weft." + name + " %0", element, {tensor(element, {size}, x)});
}

Reals binary(const std::string &name, const std::string &element, const Reals &a, const Reals &b) {
  auto size = static_cast<int64_t>(a.size());
  return onVectors("weft." + name + " %0, %1", element,
                   {tensor(element, {size}, a), tensor(element, {size}, b)});
}

static bool matches(double actual, double expected, double tolerance) {
  if (std::isnan(expected))
    return std::isnan(actual);
  if (expected == 0 || std::isinf(expected))
    return actual == expected && std::signbit(actual) == std::signbit(expected);
  return std::fabs(actual - expected) <= tolerance * std::fabs(expected);
}

void expectReals(const Reals &actual, const Reals &expected, double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(matches(actual[i], expected[i], tolerance))
        << "element " << i << " is " << actual[i] << ", expected " << expected[i];
}

} // namespace weft::reference
