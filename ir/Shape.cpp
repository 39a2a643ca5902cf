// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The polynomial normal form behind Dim: sorted terms, sorted factors, quotients taken apart as
// far as their terms divide.

#include "ir/Shape.h"
#include "ir/WeftDialect.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

namespace weft {

static int64_t saturatingAdd(int64_t a, int64_t b) {
  int64_t result = 0;
  if (!llvm::AddOverflow(a, b, result))
    return result;
  return a < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

static int64_t saturatingMul(int64_t a, int64_t b) {
  int64_t result = 0;
  if (!llvm::MulOverflow(a, b, result))
    return result;
  return (a < 0) != (b < 0) ? std::numeric_limits<int64_t>::min()
                            : std::numeric_limits<int64_t>::max();
}

/// Rounds toward negative infinity; the divisor is not 0.
static int64_t floorQuotient(int64_t a, int64_t b) {
  if (b == -1)
    return saturatingMul(a, -1);
  return llvm::divideFloorSigned(a, b);
}

//===-- Building ----------------------------------------------------------------------------===//

Dim::Dim(int64_t constant) { addTerm({}, constant); }

Dim Dim::symbol(StringRef name) {
  return fromAtom(std::make_shared<Atom>(Atom{name.str(), nullptr, nullptr}));
}

Dim Dim::fromAtom(AtomRef atom) {
  Dim result;
  result.addTerm({std::move(atom)}, 1);
  return result;
}

Dim::Key Dim::keyOf(ArrayRef<AtomRef> factors) {
  std::string text;
  for (const AtomRef &factor : factors) {
    text += factor->key;
    text += ' ';
  }
  return {-static_cast<int64_t>(factors.size()), text};
}

void Dim::addTerm(ArrayRef<AtomRef> factors, int64_t coefficient) {
  if (coefficient == 0)
    return;
  Key key = keyOf(factors);
  auto [place, added] = terms.try_emplace(key);
  Term &term = place->second;
  if (added)
    term.factors.assign(factors.begin(), factors.end());
  term.coefficient = saturatingAdd(term.coefficient, coefficient);
  if (term.coefficient == 0)
    terms.erase(place);
}

std::optional<int64_t> Dim::constant() const {
  if (terms.empty())
    return 0;
  const Term &first = terms.begin()->second;
  if (terms.size() == 1 && first.factors.empty())
    return first.coefficient;
  return std::nullopt;
}

bool Dim::isTooLarge() const {
  size_t length = 0;
  for (const auto &[key, term] : terms)
    length += key.second.size() + 1;
  return length > 4096;
}

bool Dim::isNamed() const {
  return llvm::none_of(symbols(), [](StringRef name) { return name.starts_with("?"); });
}

std::optional<StringRef> Dim::bareSymbol() const {
  if (terms.size() != 1)
    return std::nullopt;
  const Term &term = terms.begin()->second;
  if (term.coefficient != 1 || term.factors.size() != 1 || term.factors[0]->numerator)
    return std::nullopt;
  return StringRef(term.factors[0]->key);
}

//===-- Arithmetic --------------------------------------------------------------------------===//

Dim Dim::operator+(const Dim &other) const {
  Dim result = *this;
  for (const auto &[key, term] : other.terms)
    result.addTerm(term.factors, term.coefficient);
  return result;
}

Dim Dim::operator-(const Dim &other) const {
  Dim result = *this;
  for (const auto &[key, term] : other.terms)
    result.addTerm(term.factors, saturatingMul(term.coefficient, -1));
  return result;
}

Dim Dim::operator*(const Dim &other) const {
  Dim result;
  for (const auto &[leftKey, left] : terms) {
    for (const auto &[rightKey, right] : other.terms) {
      SmallVector<AtomRef, 4> factors(left.factors.begin(), left.factors.end());
      factors.append(right.factors.begin(), right.factors.end());
      llvm::sort(factors, [](const AtomRef &a, const AtomRef &b) { return a->key < b->key; });
      result.addTerm(factors, saturatingMul(left.coefficient, right.coefficient));
    }
  }
  return result;
}

/// term / divisor when the coefficient and every factor of the divisor divide it.
std::optional<Dim::Term> Dim::divideTerm(const Term &term, const Term &divisor) {
  if (divisor.coefficient == 0 || term.coefficient % divisor.coefficient != 0)
    return std::nullopt;
  Term result = term;
  result.coefficient = floorQuotient(term.coefficient, divisor.coefficient);
  for (const AtomRef &factor : divisor.factors) {
    auto *found =
        llvm::find_if(result.factors, [&](const AtomRef &f) { return f->key == factor->key; });
    if (found == result.factors.end())
      return std::nullopt;
    result.factors.erase(found);
  }
  return result;
}

Dim Dim::quotientAtom(const Dim &numerator, const Dim &denominator) {
  auto wrap = [](const Dim &dim) {
    return dim.terms.size() > 1 ? "(" + dim.str() + ")" : dim.str();
  };
  bool single = numerator.terms.size() == 1 &&
                numerator.terms.begin()->second.factors.size() <= 1 &&
                numerator.terms.begin()->second.coefficient == 1;
  std::string top = single ? numerator.str() : "(" + numerator.str() + ")";
  std::string bottom = denominator.isConstant() || denominator.bareSymbol()
                           ? wrap(denominator)
                           : "(" + denominator.str() + ")";
  return fromAtom(std::make_shared<Atom>(Atom{
      top + " / " + bottom, std::make_shared<Dim>(numerator), std::make_shared<Dim>(denominator)}));
}

/// numerator / divisor if it leaves no rest, by long division from the leading terms.
std::optional<Dim> Dim::divideExactly(const Dim &numerator, const Dim &divisor) {
  Dim rest = numerator, quotient;
  const Term &lead = divisor.terms.begin()->second;
  // Each step removes the leading term; the order of terms is no monomial order, hence the bound.
  for (size_t step = 0; step < numerator.terms.size(); ++step) {
    auto divided = divideTerm(rest.terms.begin()->second, lead);
    if (!divided)
      return std::nullopt;
    Dim part;
    part.addTerm(divided->factors, divided->coefficient);
    quotient = quotient + part;
    rest = rest - part * divisor;
    if (rest.terms.empty())
      return quotient;
  }
  return std::nullopt;
}

/// floor((floor(x / a) + y) / b) = floor((x + a * y) / (a * b)), where floor(x / a) is the only
/// quotient in `numerator`; nothing where there is none or several.
std::optional<Dim> Dim::joinQuotient(const Dim &numerator, int64_t divisor) {
  const Atom *inner = nullptr;
  Dim rest = numerator;
  for (const auto &[key, term] : numerator.terms) {
    if (llvm::none_of(term.factors, [](const AtomRef &factor) { return factor->numerator; }))
      continue;
    if (inner || term.factors.size() != 1 || term.coefficient != 1)
      return std::nullopt;
    inner = term.factors[0].get();
    rest = rest - fromAtom(term.factors[0]);
  }
  if (!inner)
    return std::nullopt;
  std::optional<int64_t> bottom = inner->denominator->constant();
  int64_t product = 0;
  if (!bottom || *bottom <= 0 || llvm::MulOverflow(*bottom, divisor, product))
    return std::nullopt;
  return (*inner->numerator + rest * Dim(*bottom)).floorDiv(Dim(product));
}

/// Divides by a positive constant. Coefficients of what is left lie in [0, divisor), have no
/// divisor in common with it, and quotients of quotients are one, so that equal values have one
/// form.
Dim Dim::floorDivBy(int64_t divisor) const {
  Dim quotient, rest;
  int64_t common = divisor;
  for (const auto &[key, term] : terms) {
    int64_t whole = floorQuotient(term.coefficient, divisor);
    int64_t left = term.coefficient % divisor; // Of the coefficient's sign, unlike floor's rest.
    left += left < 0 ? divisor : 0;
    quotient.addTerm(term.factors, whole);
    rest.addTerm(term.factors, left);
    if (!term.factors.empty())
      common = std::gcd(common, left);
  }
  if (rest.constant())
    return quotient;
  if (common > 1) { // floor((g * x + c) / (g * d)) = floor((x + floor(c / g)) / d)
    Dim reduced;
    for (const auto &[key, term] : rest.terms)
      reduced.addTerm(term.factors, term.coefficient / common);
    return quotient + reduced.floorDivBy(divisor / common);
  }
  if (auto joined = joinQuotient(rest, divisor))
    return quotient + *joined;
  return quotient + (divisor == 1 ? rest : quotientAtom(rest, Dim(divisor)));
}

Dim Dim::floorDiv(const Dim &divisor) const {
  if (divisor == Dim(0))
    return Dim(0);
  if (auto bottom = divisor.constant()) {
    if (*bottom > 0)
      return floorDivBy(*bottom);
    if (auto top = constant())
      return Dim(floorQuotient(*top, *bottom));
    return quotientAtom(*this, divisor);
  }
  if (divisor.terms.size() > 1) {
    auto exact = terms.empty() ? Dim(0) : divideExactly(*this, divisor);
    return exact ? *exact : quotientAtom(*this, divisor);
  }
  // floor((q * d + r) / d) = q + floor(r / d): take out what divides, term by term.
  Dim quotient, rest;
  const Term &bottom = divisor.terms.begin()->second;
  for (const auto &[key, term] : terms) {
    if (auto divided = divideTerm(term, bottom))
      quotient.addTerm(divided->factors, divided->coefficient);
    else
      rest.addTerm(term.factors, term.coefficient);
  }
  return rest == Dim(0) ? quotient : quotient + quotientAtom(rest, divisor);
}

Dim Dim::ceilDiv(const Dim &divisor) const { return (*this + divisor - 1).floorDiv(divisor); }

Dim Dim::mod(const Dim &divisor) const { return *this - divisor * floorDiv(divisor); }

bool Dim::isDivisibleBy(const Dim &divisor) const {
  return divisor != Dim(0) && mod(divisor) == Dim(0);
}

//===-- Comparing ---------------------------------------------------------------------------===//

bool Dim::operator==(const Dim &other) const {
  return std::equal(terms.begin(), terms.end(), other.terms.begin(), other.terms.end(),
                    [](const auto &a, const auto &b) {
                      return a.first == b.first && a.second.coefficient == b.second.coefficient;
                    });
}

/// A quotient is at least 0 when its numerator is.
template <typename Terms> static bool isNeverNegative(const Terms &terms) {
  return llvm::all_of(terms, [](const auto &entry) {
    bool factorsNonNegative = llvm::all_of(entry.second.factors, [](const auto &factor) {
      return !factor->numerator || Dim(0).provablyAtMost(*factor->numerator);
    });
    return entry.second.coefficient > 0 && factorsNonNegative;
  });
}

/// A term `k * d * (n / d)` for numbers k and d: it lies from k * (n - d + 1) to k * n. Those that
/// are taken away come first, for those that are added may stay.
template <typename Terms> static auto *findMultipleOfQuotient(const Terms &terms) {
  const typename Terms::mapped_type *added = nullptr;
  for (const auto &[key, term] : terms) {
    if (term.factors.size() != 1 || !term.factors[0]->numerator)
      continue;
    int64_t divisor = term.factors[0]->denominator->constant().value_or(0);
    if (divisor <= 0 || term.coefficient % divisor != 0)
      continue;
    if (term.coefficient < 0)
      return &term;
    added = &term;
  }
  return added;
}

bool Dim::provablyAtMost(const Dim &other) const {
  Dim difference = other - *this;
  while (!isNeverNegative(difference.terms)) {
    const Term *multiple = findMultipleOfQuotient(difference.terms);
    if (!multiple)
      return false;
    const Atom &quotient = *multiple->factors[0];
    int64_t divisor = *quotient.denominator->constant();
    Dim least = *quotient.numerator;
    if (multiple->coefficient > 0)
      least = least - divisor + 1;
    Dim rest = difference + least * (multiple->coefficient / divisor);
    rest.addTerm(multiple->factors, -multiple->coefficient);
    difference = rest;
  }
  return true;
}

SmallVector<std::string> Dim::symbols() const {
  std::set<std::string> names;
  for (const auto &[key, term] : terms) {
    for (const AtomRef &factor : term.factors) {
      if (!factor->numerator) {
        names.insert(factor->key);
        continue;
      }
      for (const Dim *part : {factor->numerator.get(), factor->denominator.get()})
        for (const std::string &name : part->symbols())
          names.insert(name);
    }
  }
  return SmallVector<std::string>(names.begin(), names.end());
}

//===-- Evaluating --------------------------------------------------------------------------===//

std::optional<int64_t>
Dim::evaluate(llvm::function_ref<std::optional<int64_t>(StringRef)> sizeOf) const {
  int64_t sum = 0;
  for (const auto &[key, term] : terms) {
    int64_t product = term.coefficient;
    for (const AtomRef &factor : term.factors) {
      std::optional<int64_t> value;
      if (!factor->numerator) {
        value = sizeOf(factor->key);
      } else {
        auto top = factor->numerator->evaluate(sizeOf);
        auto bottom = factor->denominator->evaluate(sizeOf);
        if (top && bottom && *bottom != 0)
          value = floorQuotient(*top, *bottom);
      }
      if (!value)
        return std::nullopt;
      product = saturatingMul(product, *value);
    }
    sum = saturatingAdd(sum, product);
  }
  return sum;
}

Dim Dim::substitute(llvm::function_ref<std::optional<Dim>(StringRef)> replacement) const {
  Dim sum;
  for (const auto &[key, term] : terms) {
    Dim product(term.coefficient);
    for (const AtomRef &factor : term.factors) {
      if (factor->numerator)
        product = product * factor->numerator->substitute(replacement)
                                .floorDiv(factor->denominator->substitute(replacement));
      else if (auto replaced = replacement(factor->key))
        product = product * *replaced;
      else
        product = product * fromAtom(factor);
    }
    sum = sum + product;
  }
  return sum;
}

//===-- Text and affine expressions ---------------------------------------------------------===//

std::string Dim::str() const {
  if (terms.empty())
    return "0";
  std::string text;
  for (const auto &[key, term] : terms) {
    int64_t coefficient = term.coefficient;
    bool negative = coefficient < 0;
    // Written through uint64_t: the magnitude of INT64_MIN does not fit int64_t.
    uint64_t magnitude =
        negative ? 0 - static_cast<uint64_t>(coefficient) : static_cast<uint64_t>(coefficient);
    if (text.empty())
      text += negative ? "-" : "";
    else
      text += negative ? " - " : " + ";
    bool alone = term.factors.size() == 1 && magnitude == 1;
    if (term.factors.empty() || magnitude != 1)
      text += std::to_string(magnitude);
    for (size_t i = 0; i < term.factors.size(); ++i) {
      if (i > 0 || magnitude != 1)
        text += " * ";
      const Atom &factor = *term.factors[i];
      bool parenthesise = factor.numerator && (!alone || negative);
      text += parenthesise ? "(" + factor.key + ")" : factor.key;
    }
  }
  return text;
}

mlir::AffineExpr Dim::toAffine(ArrayRef<StringAttr> symbols, MLIRContext *context) const {
  mlir::AffineExpr sum = mlir::getAffineConstantExpr(0, context);
  for (const auto &[key, term] : terms) {
    mlir::AffineExpr product = mlir::getAffineConstantExpr(term.coefficient, context);
    for (const AtomRef &factor : term.factors) {
      if (factor->numerator) {
        product = factor->numerator->toAffine(symbols, context)
                      .floorDiv(factor->denominator->toAffine(symbols, context)) *
                  product;
        continue;
      }
      auto *found =
          llvm::find_if(symbols, [&](StringAttr name) { return name.getValue() == factor->key; });
      assert(found != symbols.end() && "every symbol of the Dim is in the list");
      product = mlir::getAffineSymbolExpr(found - symbols.begin(), context) * product;
    }
    sum = sum + product;
  }
  return sum;
}

Dim Dim::fromAffine(mlir::AffineExpr expression, ArrayRef<StringAttr> symbols) {
  if (auto constant = dyn_cast<mlir::AffineConstantExpr>(expression))
    return Dim(constant.getValue());
  if (auto symbol = dyn_cast<mlir::AffineSymbolExpr>(expression))
    return Dim::symbol(symbols[symbol.getPosition()].getValue());
  auto binary = cast<mlir::AffineBinaryOpExpr>(expression);
  Dim lhs = fromAffine(binary.getLHS(), symbols);
  Dim rhs = fromAffine(binary.getRHS(), symbols);
  switch (binary.getKind()) {
  case mlir::AffineExprKind::Add:
    return lhs + rhs;
  case mlir::AffineExprKind::Mul:
    return lhs * rhs;
  case mlir::AffineExprKind::FloorDiv:
    return lhs.floorDiv(rhs);
  case mlir::AffineExprKind::CeilDiv:
    return lhs.ceilDiv(rhs);
  default:
    return lhs.mod(rhs);
  }
}

//===-- Types -------------------------------------------------------------------------------===//

SmallVector<Dim> dimsOf(RankedTensorType type) {
  if (auto shape = dyn_cast_or_null<ShapeAttr>(type.getEncoding()))
    if (static_cast<int64_t>(shape.getDims().size()) == type.getRank())
      return shape.toDims();
  SmallVector<Dim> dims;
  for (auto [axis, size] : llvm::enumerate(type.getShape()))
    dims.push_back(mlir::ShapedType::isDynamic(size) ? Dim::symbol(("?" + Twine(axis)).str())
                                                     : Dim(size));
  return dims;
}

Dim dimOf(RankedTensorType type, int64_t axis) { return dimsOf(type)[axis]; }

RankedTensorType tensorType(ArrayRef<Dim> dims, Type element) {
  SmallVector<int64_t> sizes;
  SmallVector<Dim> clamped;
  bool dynamic = false;
  for (const Dim &dim : dims) {
    auto constant = dim.constant();
    dynamic |= !constant;
    sizes.push_back(constant ? std::max<int64_t>(*constant, 0) : mlir::ShapedType::kDynamic);
    clamped.push_back(constant ? Dim(sizes.back()) : dim);
  }
  bool named = llvm::all_of(dims, [](const Dim &dim) { return dim.isNamed(); });
  if (!dynamic || !named)
    return RankedTensorType::get(sizes, element);
  return RankedTensorType::get(sizes, element, ShapeAttr::get(element.getContext(), clamped));
}

RankedTensorType withElementType(Type type, Type element) {
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(tensor.getShape(), element, tensor.getEncoding());
}

Dim productOf(ArrayRef<Dim> dims) {
  Dim product(1);
  for (const Dim &dim : dims)
    product = product * dim;
  return product;
}

std::string languageName(Type element) {
  if (element.isInteger(1))
    return "bool";
  if (element.isBF16())
    return "bf16";
  std::string width = std::to_string(element.getIntOrFloatBitWidth());
  if (isa<mlir::FloatType>(element))
    return "f" + width;
  return (element.isUnsignedInteger() ? "u" : "i") + width;
}

std::string languageList(ArrayRef<Dim> dims) {
  std::string text = "[";
  for (auto [i, dim] : llvm::enumerate(dims))
    text += (i ? ", " : "") + dim.str();
  return text + "]";
}

std::string languageName(RankedTensorType type) {
  std::string element = languageName(type.getElementType());
  return type.getRank() == 0 ? element : element + languageList(dimsOf(type));
}

} // namespace weft
