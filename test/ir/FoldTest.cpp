// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folding changes nothing: each element-wise operation on constants gives the same bits from the
// canonicaliser as from the evaluator, for each element type, on values that are apt to differ.

#include "test/ir/reference/Harness.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"

namespace weft::reference {
namespace {

const std::vector<std::string> floats = {"f64", "f32", "f16", "bf16"};
const std::vector<std::string> signedIntegers = {"i64", "i32", "i16", "i8"};
const std::vector<std::string> unsignedIntegers = {"ui64", "ui32", "ui16", "ui8"};

std::vector<std::string> join(std::initializer_list<std::vector<std::string>> lists) {
  std::vector<std::string> all;
  for (const auto &list : lists)
    all.insert(all.end(), list.begin(), list.end());
  return all;
}

/// Literals of an element type: floats by their bits, integers around the limits of every width.
std::vector<std::string> literalsOf(const std::string &element) {
  if (element == "i1")
    return {"false", "true"};
  std::vector<std::string> literals;
  if (auto type = llvm::dyn_cast<mlir::FloatType>(elementType(element))) {
    for (double value : {-inf, -300.7, -2.5, -1.0, -0.75, -1e-7, -0.0, 0.0, 1e-7, 0.5, 1.0, 1.5,
                         3.0, 127.9, 2049.0, 1e9, 1e19, inf, NaN}) {
      llvm::APFloat narrow(value);
      bool losesInfo = false;
      narrow.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
      llvm::SmallString<32> digits;
      narrow.bitcastToAPInt().toString(digits, 16, /*Signed=*/false);
      literals.push_back("0x" + std::string(type.getWidth() / 4 - digits.size(), '0') +
                         digits.str().str());
    }
    return literals;
  }
  unsigned width = elementType(element).getIntOrFloatBitWidth();
  bool isUnsigned = element[0] == 'u';
  uint64_t greatest = ~uint64_t(0) >> (isUnsigned ? 64 - width : 65 - width);
  for (uint64_t value : {uint64_t(0), uint64_t(1), uint64_t(2), uint64_t(7), uint64_t(8),
                         uint64_t(100), greatest - 1, greatest})
    literals.push_back(std::to_string(value));
  if (!isUnsigned)
    for (int64_t value :
         {int64_t(-1), int64_t(-2), int64_t(-7), -static_cast<int64_t>(greatest) - 1})
      literals.push_back(std::to_string(value));
  return literals;
}

/// Every pair of literals, as two lists.
std::pair<std::vector<std::string>, std::vector<std::string>>
pairsOf(const std::vector<std::string> &literals) {
  std::vector<std::string> first, second;
  for (const std::string &a : literals)
    for (const std::string &b : literals) {
      first.push_back(a);
      second.push_back(b);
    }
  return {first, second};
}

std::string typeOf(size_t count, const std::string &element) {
  return "tensor<" + std::to_string(count) + "x" + element + ">";
}

std::string constant(const std::string &name, const std::vector<std::string> &literals,
                     const std::string &element) {
  return "  %" + name + " = weft.constant dense<[" + llvm::join(literals, ", ") +
         "]> : " + typeOf(literals.size(), element) + "\n";
}

/// The function of `body`, which ends by defining %r of type `result`.
std::string function(const std::string &body, const std::string &result) {
  return "func.func @f() -> " + result + " {\n" + body + "  return %r : " + result + "\n}\n";
}

std::string canonical(const std::string &text) {
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context());
  mlir::PassManager passes(&context());
  passes.addPass(mlir::createCanonicalizerPass());
  if (!module || failed(passes.run(*module)))
    return "";
  std::string printed;
  llvm::raw_string_ostream stream(printed);
  module->print(stream);
  return printed;
}

/// Fails unless both hold the same values: the same sign of zero, NaN for NaN.
void expectSame(const std::vector<Tensor> &actual, const std::vector<Tensor> &expected) {
  ASSERT_EQ(actual.size(), 1u);
  ASSERT_EQ(expected.size(), 1u);
  ASSERT_EQ(actual[0].element(), expected[0].element());
  EXPECT_EQ(actual[0].integers(), expected[0].integers());
  expectReals(actual[0].reals(), expected[0].reals());
}

/// Fails unless `%r = weft.<op> ...` folds to a constant of the value that it evaluates to.
void expectFolds(const std::string &op, const std::string &text) {
  std::string folded = canonical(text);
  ASSERT_EQ(folded.find("weft." + op + " "), std::string::npos) << folded;
  expectSame(run(folded, {}), run(text, {}));
}

void expectUnaryFolds(const std::string &op, const std::vector<std::string> &elements) {
  for (const std::string &element : elements) {
    SCOPED_TRACE(op + " of " + element);
    std::vector<std::string> literals = literalsOf(element);
    std::string type = typeOf(literals.size(), element);
    expectFolds(op, function(constant("x", literals, element) + "  %r = weft." + op +
                                 " %x : " + type + "\n",
                             type));
  }
}

void expectBinaryFolds(const std::string &op, const std::vector<std::string> &elements) {
  for (const std::string &element : elements) {
    SCOPED_TRACE(op + " of " + element);
    auto [first, second] = pairsOf(literalsOf(element));
    std::string type = typeOf(first.size(), element);
    expectFolds(op, function(constant("x", first, element) + constant("y", second, element) +
                                 "  %r = weft." + op + " %x, %y : " + type + "\n",
                             type));
  }
}

TEST(Fold, OneOperand) {
  for (const char *op : {"neg", "abs", "sign"})
    expectUnaryFolds(op, join({floats, signedIntegers}));
  for (const char *op : {"floor", "ceil",  "round", "trunc", "sqrt",  "rsqrt", "exp",  "expm1",
                         "log",   "log1p", "sin",   "cos",   "tan",   "asin",  "acos", "atan",
                         "sinh",  "cosh",  "tanh",  "asinh", "acosh", "atanh", "erf",  "sigmoid"})
    expectUnaryFolds(op, floats);
  expectUnaryFolds("not", join({{"i1"}, signedIntegers, unsignedIntegers}));
}

TEST(Fold, TwoOperands) {
  for (const char *op : {"add", "sub", "mul", "div", "rem", "pow", "max", "min"})
    expectBinaryFolds(op, join({floats, signedIntegers, unsignedIntegers}));
  expectBinaryFolds("atan2", floats);
  for (const char *op : {"and", "or", "xor"})
    expectBinaryFolds(op, join({{"i1"}, signedIntegers, unsignedIntegers}));
  for (const char *op : {"shift_left", "shift_right"})
    expectBinaryFolds(op, join({signedIntegers, unsignedIntegers}));
}

TEST(Fold, PredicatesAndComparison) {
  for (const std::string &element : floats)
    for (const char *op : {"is_nan", "is_inf"}) {
      std::vector<std::string> literals = literalsOf(element);
      expectFolds(op, function(constant("x", literals, element) + "  %r = weft." + op +
                                   " %x : " + typeOf(literals.size(), element) + "\n",
                               typeOf(literals.size(), "i1")));
    }
  for (const std::string &element : join({{"i1"}, floats, signedIntegers, unsignedIntegers}))
    for (const char *predicate : {"lt", "le", "gt", "ge", "eq", "ne"}) {
      SCOPED_TRACE(std::string(predicate) + " of " + element);
      auto [first, second] = pairsOf(literalsOf(element));
      expectFolds("compare",
                  function(constant("x", first, element) + constant("y", second, element) +
                               "  %r = weft.compare " + predicate +
                               " %x, %y : " + typeOf(first.size(), element) + "\n",
                           typeOf(first.size(), "i1")));
    }
}

TEST(Fold, Conversion) {
  std::vector<std::string> all = join({{"i1"}, floats, signedIntegers, unsignedIntegers});
  for (const std::string &from : all)
    for (const std::string &to : all) {
      SCOPED_TRACE(from + " to " + to);
      std::vector<std::string> literals = literalsOf(from);
      std::string result = typeOf(literals.size(), to);
      expectFolds("cast", function(constant("x", literals, from) + "  %r = weft.cast %x : " +
                                       typeOf(literals.size(), from) + " -> " + result + "\n",
                                   result));
    }
}

/// Chains of two conversions of an argument: composed or not, they give what they gave.
TEST(Fold, ChainsOfConversions) {
  std::vector<std::string> all = join({{"i1"}, floats, signedIntegers, unsignedIntegers});
  for (const std::string &a : all)
    for (const std::string &b : all)
      for (const std::string &c : all) {
        SCOPED_TRACE(a + " to " + b + " to " + c);
        std::vector<std::string> literals = literalsOf(a);
        size_t n = literals.size();
        std::string casts = "  %m = weft.cast %x : " + typeOf(n, a) + " -> " + typeOf(n, b) +
                            "\n  %r = weft.cast %m : " + typeOf(n, b) + " -> " + typeOf(n, c) +
                            "\n";
        std::string text = "func.func @f(%x: " + typeOf(n, a) + ") -> " + typeOf(n, c) + " {\n" +
                           casts + "  return %r : " + typeOf(n, c) + "\n}\n";
        std::vector<Tensor> input = run(function(constant("r", literals, a), typeOf(n, a)), {});
        ASSERT_EQ(input.size(), 1u);
        expectSame(run(canonical(text), input), run(text, input));
      }
}

} // namespace
} // namespace weft::reference
