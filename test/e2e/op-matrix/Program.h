// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A small program under test: the text of one exported function, and how its inputs are filled.
// The same description gives the function with a dynamic dimension N and with each static size.

#ifndef WEFT_TEST_E2E_OPMATRIX_PROGRAM_H
#define WEFT_TEST_E2E_OPMATRIX_PROGRAM_H

#include "ir/reference/Tensor.h"
#include "ir/Shape.h"
#include "llvm/ADT/StringMap.h"

#include <random>
#include <string>
#include <vector>

namespace weft::opmatrix {

/// Sizes of a tensor, over constants and N.
using Dims = SmallVector<Dim>;

/// A named value of the program.
struct Term {
  std::string name;
  std::string element;
  Dims dims;
  /// Its value is the same to the last bit on every way of computing it, so that a comparison or
  /// a rounding of it cannot go either way.
  bool exact = true;

  std::string type() const;
  bool isFloat() const { return element[0] == 'f' || element[0] == 'b'; }
};

inline std::string operator+(const std::string &text, const Term &term) { return text + term.name; }
inline std::string operator+(const Term &term, const std::string &text) { return term.name + text; }

/// What an input is filled with: even random numbers in [low, high], integers rounded down. With
/// `special`, a quarter of the elements are NaN, infinities, zeros of both signs, or for integers
/// the extremes.
struct Fill {
  double low = -2, high = 2;
  bool special = false;
};

/// The function under construction.
class Program {
public:
  Term input(Dims dims, const std::string &element, Fill fill = {});
  /// `%v = <text>`: the value of an operation spelled out whole.
  Term let(Dims dims, const std::string &element, const std::string &text, bool exact = true);
  /// A line that gives several values: `%v:2 = <text>`.
  std::vector<Term> letAll(std::vector<Term> shapes, const std::string &text);
  void give(const Term &term) { results.push_back(term); }

  /// The exported function of this name.
  std::string text(const std::string &function) const;
  /// The inputs for N = `size`, the same for the same seed.
  std::vector<reference::Tensor> fill(mlir::MLIRContext &context, int64_t size,
                                      uint64_t seed) const;

private:
  std::vector<Term> inputs, results;
  std::vector<Fill> fills;
  std::string body;
  int64_t next = 0;
};

/// `tensor<?x3xf32, #weft.shape<[N, 3]>>`
std::string typeText(const Dims &dims, const std::string &element);

/// `#weft.shape<[N, 3]>`
std::string shapeText(const Dims &dims);

/// `[1, 2]`
std::string listText(llvm::ArrayRef<int64_t> values);

} // namespace weft::opmatrix

#endif // WEFT_TEST_E2E_OPMATRIX_PROGRAM_H
