// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Symbolic dimensions. A Dim is an integer polynomial over named symbols, with floor division as
// the only other building block, kept in a normal form: two Dims that are equal as polynomials
// compare equal. Types carry Dims in their encoding as `#weft.shape<[N, 2 * N, 64]>`.

#ifndef WEFT_IR_SHAPE_H
#define WEFT_IR_SHAPE_H

#include "ir/Mlir.h"
#include "mlir/IR/AffineExpr.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace weft {

/// One dimension of a tensor: a constant or an expression in the dimension names of the function.
///
/// Symbols stand for sizes, so they are never negative; divisors are taken to be positive.
/// Constant arithmetic saturates at the limits of int64_t rather than overflow.
class Dim {
public:
  /*implicit*/ Dim(int64_t constant = 0);
  static Dim symbol(StringRef name);

  /// The value when no symbol is left.
  std::optional<int64_t> constant() const;
  bool isConstant() const { return constant().has_value(); }
  /// False if a size without a name (a `?` without `#weft.shape`) is in the expression.
  bool isNamed() const;
  /// True if the expression is longer than any program has use for (4096 characters). Readers of
  /// text refuse such a one; arithmetic on it stays correct, but slow.
  bool isTooLarge() const;
  /// Terms of the sum: what a product multiplies.
  size_t numTerms() const { return terms.size(); }
  /// The name when this is one bare symbol.
  std::optional<StringRef> bareSymbol() const;

  Dim operator+(const Dim &other) const;
  Dim operator-(const Dim &other) const;
  Dim operator*(const Dim &other) const;
  Dim operator-() const { return Dim(0) - *this; }

  /// Rounds toward negative infinity, up, and gives the non-negative remainder.
  /// The caller has ruled out a divisor that is the constant 0 (the result would be 0).
  Dim floorDiv(const Dim &divisor) const;
  Dim ceilDiv(const Dim &divisor) const;
  Dim mod(const Dim &divisor) const;
  /// True if `divisor` divides every value of this Dim, by its terms.
  bool isDivisibleBy(const Dim &divisor) const;

  bool operator==(const Dim &other) const;
  bool operator!=(const Dim &other) const { return !(*this == other); }
  /// True if this <= other for all non-negative values of the symbols, shown term by term.
  /// False means "not shown".
  bool provablyAtMost(const Dim &other) const;

  /// Names in the expression, sorted, each once.
  SmallVector<std::string> symbols() const;
  /// The value under given sizes; none if a symbol has no size, or a divisor is 0.
  std::optional<int64_t>
  evaluate(llvm::function_ref<std::optional<int64_t>(StringRef)> sizeOf) const;
  /// Replaces each symbol for which `replacement` gives a Dim.
  Dim substitute(llvm::function_ref<std::optional<Dim>(StringRef)> replacement) const;

  /// In the notation of the language: `2 * N + H / 2`, where `/` is floor division.
  std::string str() const;

  /// The expression over symbols numbered by their place in `symbols`.
  mlir::AffineExpr toAffine(ArrayRef<StringAttr> symbols, MLIRContext *context) const;
  static Dim fromAffine(mlir::AffineExpr expression, ArrayRef<StringAttr> symbols);

private:
  /// A symbol, or numerator / denominator where neither is a plain constant quotient.
  struct Atom {
    std::string key;
    std::shared_ptr<const Dim> numerator, denominator; // null for a symbol
  };
  using AtomRef = std::shared_ptr<const Atom>;
  struct Term {
    SmallVector<AtomRef, 2> factors; // sorted by key
    int64_t coefficient = 0;
  };
  /// Descending degree, then the factors' keys: the constant comes last.
  using Key = std::pair<int64_t, std::string>;

  static Key keyOf(ArrayRef<AtomRef> factors);
  static Dim fromAtom(AtomRef atom);
  static Dim quotientAtom(const Dim &numerator, const Dim &denominator);
  static std::optional<Term> divideTerm(const Term &term, const Term &divisor);
  static std::optional<Dim> divideExactly(const Dim &numerator, const Dim &divisor);
  static std::optional<Dim> joinQuotient(const Dim &numerator, int64_t divisor);
  Dim floorDivBy(int64_t divisor) const;
  void addTerm(ArrayRef<AtomRef> factors, int64_t coefficient);

  std::map<Key, Term> terms;
};

/// The dimensions of a tensor, from its sizes and its `#weft.shape`. A dynamic size without an
/// encoding has no name; it becomes the symbol `?i`, and `Dim::isNamed` is false for it.
SmallVector<Dim> dimsOf(RankedTensorType type);
Dim dimOf(RankedTensorType type, int64_t axis);

/// The tensor type with these dimensions: the encoding is present if and only if a dimension is
/// dynamic; without names for all of them there is none. A constant that came out negative (an
/// empty slice) becomes 0.
RankedTensorType tensorType(ArrayRef<Dim> dims, Type element);

/// `type` with another element type.
RankedTensorType withElementType(Type type, Type element);

/// The number of elements.
Dim productOf(ArrayRef<Dim> dims);

/// `f32[N, 2 * N, 64]`, as the language writes it.
std::string languageName(RankedTensorType type);
std::string languageName(Type element);
std::string languageList(ArrayRef<Dim> dims);

} // namespace weft

#endif // WEFT_IR_SHAPE_H
