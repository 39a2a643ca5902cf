// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Einsum of any number of operands: diagonals first, then two operands at a time.

#include "frontend/onnx/OpsCommon.h"

#include "llvm/ADT/StringExtras.h"

namespace weft {

using Dims = SmallVector<Dim>;

namespace {
/// A tensor with one letter for each dimension.
struct Term {
  Value value;
  std::string labels;
};

/// The equation with "..." replaced by letters.
struct Equation {
  std::vector<Term> terms;
  std::string result;
};
} // namespace

static constexpr StringRef letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Letters that the text does not use, for the dimensions of an ellipsis.
static std::string unusedLetters(StringRef text) {
  std::string result;
  for (char letter : letters)
    if (!text.contains(letter))
      result += letter;
  return result;
}

/// The labels of one operand; `free` holds the letters of the ellipsis, its last dimension last.
static bool readTerm(Node &n, StringRef text, Value value, StringRef ellipsis, Equation &equation) {
  auto [before, after] = text.split("...");
  bool hasEllipsis = text.contains("...");
  std::string plain = (before + after).str();
  for (char letter : plain)
    if (!letters.contains(letter)) {
      n.fail("the equation has '" + Twine(letter) + "' where a letter is expected");
      return false;
    }
  int64_t hidden = n.b.rank(value) - static_cast<int64_t>(plain.size());
  if (hidden < 0 || (hidden > 0 && !hasEllipsis) ||
      hidden > static_cast<int64_t>(ellipsis.size())) {
    n.fail("'" + text + "' does not name the " + Twine(n.b.rank(value)) + " dimensions of input " +
           Twine(equation.terms.size()));
    return false;
  }
  equation.terms.push_back({value, (before + ellipsis.take_back(hidden) + after).str()});
  return true;
}

/// Without "->" the result has the ellipsis, then the letters that stand once, in their order.
static std::string impliedResult(StringRef left, StringRef ellipsis) {
  std::string result = ellipsis.str(), once;
  for (char letter : left)
    if (llvm::isAlpha(letter) && left.count(letter) == 1)
      once += letter;
  llvm::sort(once);
  return result + once;
}

static std::optional<Equation> readEquation(Node &n) {
  if (!n.needs("equation"))
    return std::nullopt;
  std::string text = n.text("equation", "").str();
  llvm::erase(text, ' ');
  auto [left, right] = StringRef(text).split("->");
  SmallVector<StringRef> parts;
  left.split(parts, ',');
  if (parts.size() != n.numInputs()) {
    n.fail("the equation '" + text + "' names " + Twine(parts.size()) +
           " operands, but there are " + Twine(n.numInputs()));
    return std::nullopt;
  }
  // An ellipsis is as long as that of the longest operand.
  int64_t longest = 0;
  for (auto [index, part] : llvm::enumerate(parts))
    if (part.contains("..."))
      longest = std::max<int64_t>(longest, n.rank(index) - static_cast<int64_t>(part.size()) + 3);
  std::string unused = unusedLetters(text);
  if (longest > static_cast<int64_t>(unused.size())) {
    n.fail("the equation has more dimensions than there are letters");
    return std::nullopt;
  }
  StringRef ellipsis = StringRef(unused).take_front(longest);
  Equation equation;
  for (auto [index, part] : llvm::enumerate(parts))
    if (!readTerm(n, part, n.input(index), ellipsis, equation))
      return std::nullopt;
  if (!StringRef(text).contains("->"))
    equation.result = impliedResult(left, ellipsis);
  else if (auto [before, after] = right.split("..."); right.contains("..."))
    equation.result = (before + ellipsis + after).str();
  else
    equation.result = right.str();
  return equation;
}

/// Leaves one of two equal letters: where their places differ stands 0, which is summed away.
static void takeDiagonals(GraphBuilder &b, Term &term) {
  for (size_t i = 0; i < term.labels.size() && term.value; ++i) {
    size_t j = term.labels.find(term.labels[i], i + 1);
    if (j == std::string::npos)
      continue;
    Dims shape = b.dims(term.value);
    Value same =
        b.compare(ComparePredicate::Eq, b.iota(b.i64(), shape, i), b.iota(b.i64(), shape, j));
    Value kept = b.select(same, term.value, b.splatLike(term.value, 0));
    term.value = b.reduce(ReduceKind::Sum, kept, static_cast<int64_t>(j));
    term.labels.erase(j, 1);
    --i;
  }
}

/// Sums what neither the result nor another operand has.
static void sumAlone(GraphBuilder &b, Term &term, StringRef wanted) {
  SmallVector<int64_t> axes;
  std::string kept;
  for (auto [axis, letter] : llvm::enumerate(term.labels))
    if (wanted.contains(letter))
      kept += letter;
    else
      axes.push_back(static_cast<int64_t>(axis));
  if (axes.empty())
    return;
  term.value = b.reduce(ReduceKind::Sum, term.value, axes);
  term.labels = kept;
}

/// A dimension of 1 stretches to that of the other operand, which then has the letter alone.
static void dropStretched(GraphBuilder &b, Term &term, const Term &other) {
  SmallVector<int64_t> axes;
  std::string kept;
  Dims shape = b.dims(term.value), others = b.dims(other.value);
  for (auto [axis, letter] : llvm::enumerate(term.labels)) {
    size_t place = other.labels.find(letter);
    if (shape[axis] == Dim(1) && place != std::string::npos && others[place] != Dim(1))
      axes.push_back(static_cast<int64_t>(axis));
    else
      kept += letter;
  }
  if (axes.empty())
    return;
  term.value = b.squeeze(term.value, axes);
  term.labels = kept;
}

/// The letters that a product of two operands keeps.
static std::string keptBy(const Term &left, const Term &right, StringRef wanted) {
  std::string result;
  for (char letter : left.labels + right.labels)
    if (wanted.contains(letter) && !StringRef(result).contains(letter))
      result += letter;
  return result;
}

static Term multiply(GraphBuilder &b, Term left, Term right, StringRef wanted) {
  dropStretched(b, left, right);
  dropStretched(b, right, left);
  sumAlone(b, left, (wanted + right.labels).str());
  sumAlone(b, right, (wanted + left.labels).str());
  std::string kept = keptBy(left, right, wanted);
  if (left.labels.empty() || right.labels.empty()) {
    Term &larger = left.labels.empty() ? right : left;
    return {b.mul(left.value, right.value), larger.labels};
  }
  return {b.contract(left.labels + "," + right.labels + "->" + kept, left.value, right.value),
          kept};
}

/// The letters that all but two of the terms, and the result, have.
static std::string wantedBesides(const Equation &equation, size_t first, size_t second) {
  std::string result = equation.result;
  for (auto [index, term] : llvm::enumerate(equation.terms))
    if (index != first && index != second)
      result += term.labels;
  return result;
}

/// Greedy: the next two operands are those whose product has the fewest dimensions.
static void contractTwo(GraphBuilder &b, Equation &equation) {
  size_t bestFirst = 0, bestSecond = 1, fewest = std::string::npos;
  for (size_t i = 0; i < equation.terms.size(); ++i)
    for (size_t j = i + 1; j < equation.terms.size(); ++j) {
      size_t rank =
          keptBy(equation.terms[i], equation.terms[j], wantedBesides(equation, i, j)).size();
      if (rank < fewest)
        std::tie(bestFirst, bestSecond, fewest) = std::tuple(i, j, rank);
    }
  std::string wanted = wantedBesides(equation, bestFirst, bestSecond);
  Term product = multiply(b, equation.terms[bestFirst], equation.terms[bestSecond], wanted);
  equation.terms.erase(equation.terms.begin() + static_cast<ptrdiff_t>(bestSecond));
  equation.terms[bestFirst] = std::move(product);
}

/// True if each letter of the result stands in it once, and in an operand.
static bool checkResult(Node &n, const Equation &equation) {
  std::string all;
  for (const Term &term : equation.terms)
    all += term.labels;
  for (char letter : equation.result)
    if (StringRef(equation.result).count(letter) != 1 || !StringRef(all).contains(letter)) {
      n.fail("the result of the equation has '" + Twine(letter) + "' twice, or no operand has it");
      return false;
    }
  return true;
}

static void einsum(Node &n) {
  GraphBuilder &b = n.b;
  std::optional<Equation> equation = readEquation(n);
  if (!equation || !checkResult(n, *equation))
    return;
  for (Term &term : equation->terms)
    takeDiagonals(b, term);
  while (equation->terms.size() > 1 && n.isGood())
    contractTwo(b, *equation);
  if (!n.isGood())
    return;
  Term &last = equation->terms.front();
  sumAlone(b, last, equation->result);
  SmallVector<int64_t> order;
  for (char letter : equation->result)
    order.push_back(static_cast<int64_t>(last.labels.find(letter)));
  if (llvm::is_contained(order, -1))
    return n.fail("a letter of the result is lost");
  n.set(0, b.transpose(last.value, order));
}

static constexpr OnnxRow rows[] = {{"Einsum", 12, einsum}};

ArrayRef<OnnxRow> onnxEinsumRows() { return rows; }

} // namespace weft
