// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known about the elements of a small tensor while compiling: numbers, or dimension
// expressions. Graphs that compute shapes (sizes gathered, multiplied, joined) are seen through.

#ifndef WEFT_IR_REFERENCE_KNOWNELEMENTS_H
#define WEFT_IR_REFERENCE_KNOWNELEMENTS_H

#include "ir/reference/Tensor.h"
#include "ir/Shape.h"

#include <functional>
#include <optional>
#include <variant>

namespace weft {

/// Looks through the operations that made a value. What depends on numbers alone is evaluated, by
/// the evaluator's rules: so any operation will do. What depends on sizes that are not numbers is
/// known where the operation moves its elements only, and for the arithmetic of sizes.
class KnownElements {
public:
  using Dims = SmallVector<Dim>;
  /// Larger tensors are data.
  static constexpr int64_t mostElements = 4096;
  /// What the caller knows of a value that no operation makes, such as a parameter.
  using Leaf = std::function<std::optional<reference::Tensor>(Value)>;

  explicit KnownElements(Leaf leaves = nullptr) : leaf(std::move(leaves)) {}

  /// The elements in row-major order: integers, bools (0 and 1), and floats that are whole
  /// numbers. Nothing if an element is not known.
  std::optional<Dims> of(Value value);
  /// The elements where all are numbers, whole or not.
  std::optional<SmallVector<double>> numbersOf(Value value);
  /// A dimension of some tensor: it is not negative, which its expression may not show. Later
  /// questions count on it.
  void addSize(const Dim &dim);
  /// Needed after operations are erased: what is made later may take their place in memory.
  void forget() { memo.clear(); }

private:
  /// Numbers wherever all elements are.
  using Elements = std::variant<std::monostate, reference::Tensor, Dims>;

  const Elements &find(Value value);
  Value nextToFind(Value value) const;
  Elements compute(Value value);
  std::optional<reference::Tensor> evaluate(Operation *op);
  std::optional<Dims> derive(Operation *op);

  Leaf leaf;
  SmallVector<Dim> sizes;
  llvm::DenseMap<Value, Elements> memo;
};

} // namespace weft

#endif // WEFT_IR_REFERENCE_KNOWNELEMENTS_H
