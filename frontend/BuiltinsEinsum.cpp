// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// einsum("...i, oi -> ...o", x, w): any number of operands, contracted two at a time from the left.
#include "frontend/BuiltinsPatterns.h"

#include "llvm/ADT/StringExtras.h"

namespace weft {

namespace {

/// One operand: a letter for each dimension. `...` has become letters that the pattern does not
/// use.
struct Operand {
  std::string labels;
  ValueId value = 0;
};

/// Reads a pattern against its operands, then builds.
class Einsum {
public:
  explicit Einsum(BuiltinCall &theCall) : call(theCall) {}
  Item run();

private:
  bool parse(StringRef pattern);
  std::optional<std::string> parseTerm(StringRef term, std::optional<size_t> rank);
  bool bindSizes(Operand &operand);
  void takeDiagonals(Operand &operand);
  void dropUnits(Operand &operand);
  Operand sumLone(Operand operand, StringRef needed);
  Operand contract(Operand a, Operand b, StringRef needed, bool isLast);
  Item finish(Operand operand);
  bool fail(const llvm::Twine &reason) {
    call.elaborator.report(Diag::Pattern, call.span("pattern"), "einsum", reason);
    return false;
  }

  BuiltinCall &call;
  std::vector<Operand> operands;
  std::string result;
  std::string free; // letters for `...`, the last one for the last dimension
  llvm::StringMap<std::pair<Dim, ValueId>> sizes;
};

} // namespace

/// `...ij` with the letters of `...` filled in: as many as `rank` leaves over.
std::optional<std::string> Einsum::parseTerm(StringRef term, std::optional<size_t> rank) {
  std::string labels;
  size_t at = StringRef::npos;
  for (size_t place = 0; place < term.size();) {
    if (term.substr(place).starts_with("...")) {
      if (at != StringRef::npos)
        return fail("'...' stands twice in '" + term + "'"), std::nullopt;
      at = labels.size();
      place += 3;
      continue;
    }
    char letter = term[place++];
    if (letter == ' ')
      continue;
    if (!llvm::isAlpha(letter))
      return fail("'" + llvm::Twine(letter) + "' is no letter"), std::nullopt;
    if (!rank && StringRef(labels).contains(letter))
      return fail("'" + llvm::Twine(letter) + "' stands twice in the result"), std::nullopt;
    labels += letter;
  }
  size_t letters = labels.size();
  if (rank && (at == StringRef::npos ? letters != *rank : letters > *rank))
    return fail("'" + term.trim() + "' has " + llvm::Twine(letters) + " letters for a tensor of " +
                llvm::Twine(*rank) + " dimensions"),
           std::nullopt;
  if (at != StringRef::npos) {
    size_t count = rank ? *rank - letters : SIZE_MAX;
    if (count != SIZE_MAX && count > free.size())
      return fail("there are more dimensions than letters"), std::nullopt;
    labels.insert(at, count == SIZE_MAX ? "." : free.substr(free.size() - count));
  }
  return labels;
}

bool Einsum::parse(StringRef pattern) {
  auto [left, right] = pattern.split("->");
  if (!pattern.contains("->"))
    return fail("there is no '->'");
  for (char letter = 'z'; letter >= 'A'; --letter)
    if (llvm::isAlpha(letter) && !pattern.contains(letter))
      free.insert(free.begin(), letter);
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  ArrayRef<BuiltinCall::Argument> given = call.all("xs");
  if (terms.size() != given.size())
    return fail("the pattern has " + llvm::Twine(terms.size()) + " operands, the call " +
                llvm::Twine(given.size()));
  SmallVector<Item> items;
  SmallVector<Span> spans;
  for (const BuiltinCall::Argument &argument : given) {
    items.push_back(argument.item);
    spans.push_back(argument.span);
  }
  auto values = call.elaborator.unify(items, spans, call.span(), "'einsum'", nullptr);
  if (!values)
    return false;
  if (isBoolElement(call.typeOf(values->front()).element)) {
    call.elaborator.report(Diag::OperandKind, call.span(), "einsum", "bool tensors");
    return false;
  }
  size_t spread = 0;
  for (auto [term, value] : llvm::zip_equal(terms, *values)) {
    std::optional<std::string> labels = parseTerm(term, call.typeOf(value).rank());
    if (!labels)
      return false;
    if (term.contains("..."))
      spread = std::max(spread, labels->size() -
                                    (term.count('.') ? llvm::count_if(term, llvm::isAlpha) : 0));
    operands.push_back({*labels, value});
  }
  std::optional<std::string> labels = parseTerm(right, std::nullopt);
  if (!labels)
    return false;
  size_t at = labels->find('.');
  if (at != std::string::npos)
    labels->replace(at, 1, free.substr(free.size() - spread));
  result = *labels;
  return true;
}

bool Einsum::bindSizes(Operand &operand) {
  const Dims &dims = call.typeOf(operand.value).dims;
  for (auto [letter, dim] : llvm::zip_equal(operand.labels, dims)) {
    auto [known, isNew] = sizes.try_emplace(std::string(1, letter), dim, operand.value);
    auto &[size, owner] = known->second;
    bool spreads = StringRef(free).contains(letter);
    if (isNew || call.elaborator.sameDim(size, dim) || (spreads && dim == Dim(1)))
      continue;
    if (spreads && size == Dim(1)) {
      size = dim;
      owner = operand.value;
      continue;
    }
    Diagnostic &message =
        call.elaborator.report(Diag::EinsumSize, call.span(),
                               spreads ? "..." : std::string(1, letter), size.str(), dim.str());
    call.elaborator.noteValue(message, owner);
    call.elaborator.noteValue(message, operand.value);
    return false;
  }
  return true;
}

/// A letter that stands twice in one operand takes the diagonal of its two dimensions: from each
/// row the element at the row's own number.
void Einsum::takeDiagonals(Operand &operand) {
  CheckedBuilder &builder = call.builder();
  Type i64 = mlir::IntegerType::get(call.elaborator.context, 64);
  for (size_t first = 0; first < operand.labels.size();) {
    size_t second = operand.labels.find(operand.labels[first], first + 1);
    if (second == std::string::npos) {
      ++first;
      continue;
    }
    SmallVector<int64_t> order{static_cast<int64_t>(first), static_cast<int64_t>(second)};
    std::string labels(1, operand.labels[first]);
    for (size_t axis = 0; axis < operand.labels.size(); ++axis)
      if (axis != first && axis != second) {
        order.push_back(axis);
        labels += operand.labels[axis];
      }
    ValueId rows = builder.transpose(operand.value, order);
    ValueId places = builder.iota(i64, {builder.dimsOf(rows).front()}, 0);
    operand = {labels, builder.gather(rows, places, /*axis=*/1, /*batchDims=*/1)};
    first = 0;
  }
}

/// A dimension 1 under `...` that is longer in another operand: it is left out.
void Einsum::dropUnits(Operand &operand) {
  std::string labels;
  Dims kept;
  Dims dims = call.typeOf(operand.value).dims;
  for (auto [letter, dim] : llvm::zip_equal(operand.labels, dims))
    if (dim != Dim(1) || sizes.find(std::string(1, letter))->second.first == Dim(1)) {
      labels += letter;
      kept.push_back(dim);
    }
  operand.value = call.builder().reshape(operand.value, kept);
  operand.labels = labels;
}

/// Sums the letters that nobody else needs.
Operand Einsum::sumLone(Operand operand, StringRef needed) {
  SmallVector<int64_t> axes;
  std::string kept;
  for (auto [axis, letter] : llvm::enumerate(operand.labels))
    if (needed.contains(letter))
      kept += letter;
    else
      axes.push_back(axis);
  operand.value = call.builder().reduce("sum", operand.value, axes);
  operand.labels = kept;
  return operand;
}

Operand Einsum::contract(Operand a, Operand b, StringRef needed, bool isLast) {
  a = sumLone(a, b.labels + needed.str());
  b = sumLone(b, a.labels + needed.str());
  std::string both;
  for (char letter : isLast ? result : a.labels + b.labels)
    if (!StringRef(both).contains(letter) && needed.contains(letter) &&
        StringRef(a.labels + b.labels).contains(letter))
      both += letter;
  ValueId value =
      call.builder().contract(a.labels + "," + b.labels + "->" + both, a.value, b.value);
  return {both, value};
}

Item Einsum::finish(Operand operand) {
  operand = sumLone(operand, result);
  SmallVector<int64_t> permutation;
  for (char letter : result)
    permutation.push_back(operand.labels.find(letter));
  return Item::tensor(call.builder().transpose(operand.value, permutation));
}

Item Einsum::run() {
  std::optional<StringRef> pattern = call.text("pattern");
  if (!pattern || !parse(*pattern))
    return Item::error();
  for (Operand &operand : operands)
    if (!bindSizes(operand))
      return Item::error();
  for (char letter : result)
    if (!sizes.contains(std::string(1, letter)))
      return fail("'" + llvm::Twine(letter) + "' of the result is in no operand"), Item::error();
  call.builder().span = call.span();
  for (Operand &operand : operands) {
    takeDiagonals(operand);
    dropUnits(operand);
  }
  Operand made = operands.front();
  for (size_t place = 1; place < operands.size(); ++place) {
    std::string needed = result;
    for (size_t later = place + 1; later < operands.size(); ++later)
      needed += operands[later].labels;
    made = contract(made, operands[place], needed, place + 1 == operands.size());
  }
  return finish(made);
}

Item einsum(BuiltinCall &call) { return Einsum(call).run(); }

} // namespace weft
