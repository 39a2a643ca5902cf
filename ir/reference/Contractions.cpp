// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums of products over labelled dimensions.

#include "ir/reference/Rules.h"
#include "ir/reference/Walk.h"
#include "ir/WeftOps.h"

#include <map>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

namespace {

/// The size of each letter, or an error where two dimensions of one letter differ.
Expected<std::map<char, int64_t>> sizesOfLetters(const Call &call, ContractOp::Labels labels) {
  std::map<char, int64_t> sizes;
  auto take = [&](StringRef letters, ArrayRef<int64_t> shape) -> Error {
    for (auto [letter, size] : llvm::zip_equal(letters, shape))
      if (!sizes.emplace(letter, size).second && sizes[letter] != size)
        return fault(call, "dimension '" + Twine(letter) + "' has sizes " + Twine(sizes[letter]) +
                               " and " + Twine(size));
    return Error::success();
  };
  if (Error error = take(labels.lhs, call.operand(0).shape()))
    return error;
  if (Error error = take(labels.rhs, call.operand(1).shape()))
    return error;
  if (Error error = take(labels.result, call.resultShape))
    return error;
  return sizes;
}

/// How far `tensor` moves when each of `letters` advances: 0 for a letter that it lacks.
View viewAlong(StringRef letters, const Tensor &tensor, StringRef ownLetters) {
  Index own = rowMajorStrides(tensor.shape());
  View view;
  for (char letter : letters) {
    size_t place = ownLetters.find(letter);
    view.strides.push_back(place == StringRef::npos ? 0 : own[place]);
  }
  return view;
}

/// Walks the letters of the result outside, those that are summed over inside, and lets the
/// result itself accumulate.
Expected<Tensor> contract(const Call &call) {
  ContractOp::Labels labels = cast<ContractOp>(call.op).getLabels();
  Expected<std::map<char, int64_t>> sizes = sizesOfLetters(call, labels);
  if (!sizes)
    return sizes.takeError();
  std::string letters = labels.result.str();
  for (char letter : labels.lhs)
    if (!labels.result.contains(letter))
      letters += letter;
  Index space;
  for (char letter : letters)
    space.push_back((*sizes)[letter]);

  const Tensor &lhs = call.operand(0), &rhs = call.operand(1);
  Tensor result = call.emptyResult();
  View to = viewAlong(letters, result, labels.result);
  View a = viewAlong(letters, lhs, labels.lhs), b = viewAlong(letters, rhs, labels.rhs);
  if (lhs.isFloat()) {
    auto step = [&](int64_t t, int64_t i, int64_t j) {
      result.reals()[t] += lhs.reals()[i] * rhs.reals()[j];
    };
    walk(space, step, to, a, b);
  } else { // Modulo 2^64; the caller wraps to the element type.
    auto step = [&](int64_t t, int64_t i, int64_t j) {
      auto product =
          static_cast<uint64_t>(lhs.integers()[i]) * static_cast<uint64_t>(rhs.integers()[j]);
      int64_t &sum = result.integers()[t];
      sum = static_cast<int64_t>(static_cast<uint64_t>(sum) + product);
    };
    walk(space, step, to, a, b);
  }
  return result;
}

} // namespace

void addContractionRules(RuleTable &table) { table["weft.contract"] = contract; }

} // namespace weft::reference
