// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text of programs, and their inputs.

#include "Program.h"

#include "mlir/AsmParser/AsmParser.h"

#include <cmath>

namespace weft::opmatrix {

using reference::Tensor;

std::string shapeText(const Dims &dims) {
  std::string text = "#weft.shape<[";
  for (auto [i, dim] : llvm::enumerate(dims))
    text += (i ? ", " : "") + dim.str();
  return text + "]>";
}

std::string typeText(const Dims &dims, const std::string &element) {
  std::string text = "tensor<";
  bool isStatic = true;
  for (const Dim &dim : dims) {
    std::optional<int64_t> size = dim.constant();
    text += (size ? std::to_string(*size) : "?") + "x";
    isStatic &= size.has_value();
  }
  return text + element + (isStatic ? ">" : ", " + shapeText(dims) + ">");
}

std::string listText(llvm::ArrayRef<int64_t> values) {
  std::string text = "[";
  for (auto [i, value] : llvm::enumerate(values))
    text += (i ? ", " : "") + std::to_string(value);
  return text + "]";
}

std::string Term::type() const { return typeText(dims, element); }

Term Program::input(Dims dims, const std::string &element, Fill fill) {
  Term term{"%x" + std::to_string(inputs.size()), element, std::move(dims)};
  inputs.push_back(term);
  fills.push_back(fill);
  return term;
}

Term Program::let(Dims dims, const std::string &element, const std::string &text, bool exact) {
  Term term{"%v" + std::to_string(next++), element, std::move(dims), exact};
  body += "  " + term.name + " = " + text + "\n";
  return term;
}

std::vector<Term> Program::letAll(std::vector<Term> shapes, const std::string &text) {
  std::string name = "%v" + std::to_string(next++);
  body += "  " + name + ":" + std::to_string(shapes.size()) + " = " + text + "\n";
  for (auto [i, shape] : llvm::enumerate(shapes))
    shape.name = name + "#" + std::to_string(i);
  return shapes;
}

std::string Program::text(const std::string &function) const {
  std::string arguments, types, names, plainTypes;
  for (auto [i, term] : llvm::enumerate(inputs))
    arguments += (i ? ", " : "") + term.name + ": " + term.type() + " {weft.name = \"x" +
                 std::to_string(i) + "\"}";
  for (auto [i, term] : llvm::enumerate(results)) {
    std::string separator = i ? ", " : "";
    types += separator + term.type() + " {weft.name = \"result" + std::to_string(i) + "\"}";
    plainTypes += separator + term.type();
    names += separator + term.name;
  }
  return "func.func @" + function + "(" + arguments + ") -> (" + types +
         ") attributes {weft.export} {\n" + body + "  return " + names + " : " + plainTypes +
         "\n}\n";
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

static double special(std::mt19937_64 &random) {
  static constexpr double values[] = {NAN, HUGE_VAL, -HUGE_VAL, 0.0, -0.0, 1.0, -1.0, 0.5};
  return values[random() % std::size(values)];
}

static int64_t specialInteger(std::mt19937_64 &random) {
  static constexpr int64_t values[] = {
      0,   1,    -1,  INT64_MAX, INT64_MIN, INT64_MAX >> 32, INT64_MIN >> 32,
      127, -128, 255, 32767,     -32768};
  return values[random() % std::size(values)];
}

/// In [0, 1), by hand: the standard's distributions differ between libraries.
static double unit(std::mt19937_64 &random) {
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

static Tensor filled(Type element, const reference::Index &shape, Fill fill,
                     std::mt19937_64 &random) {
  Tensor tensor(element, shape);
  for (int64_t i = 0; i < tensor.size(); ++i) {
    bool isSpecial = fill.special && random() % 4 == 0;
    double plain = fill.low + (fill.high - fill.low) * unit(random);
    if (tensor.isFloat())
      tensor.reals()[i] = isSpecial ? special(random) : plain;
    else if (element.isInteger(1))
      tensor.integers()[i] = static_cast<int64_t>(random() & 1);
    else
      tensor.integers()[i] =
          isSpecial ? specialInteger(random) : static_cast<int64_t>(std::floor(plain));
  }
  tensor.roundToElement();
  return tensor;
}

std::vector<Tensor> Program::fill(mlir::MLIRContext &context, int64_t size, uint64_t seed) const {
  std::mt19937_64 random(seed * 1000003 + static_cast<uint64_t>(size));
  std::vector<Tensor> tensors;
  for (auto [term, fill] : llvm::zip(inputs, fills)) {
    reference::Index shape;
    for (const Dim &dim : term.dims)
      shape.push_back(*dim.evaluate([&](StringRef) { return std::optional<int64_t>(size); }));
    Type element = mlir::parseType(term.element, &context);
    tensors.push_back(filled(element, shape, fill, random));
  }
  return tensors;
}

} // namespace weft::opmatrix
