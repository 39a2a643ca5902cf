// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known about the elements of a small tensor while compiling: each as a dimension
// expression. Graphs that compute shapes (sizes gathered, multiplied, joined) are seen through.

#ifndef WEFT_IR_KNOWNELEMENTS_H
#define WEFT_IR_KNOWNELEMENTS_H

#include "ir/Shape.h"

#include <optional>

namespace weft {

/// Looks through the operations that made a value.
class KnownElements {
public:
  using Dims = SmallVector<Dim>;
  /// What the caller knows of a value that no operation makes, such as a parameter.
  using Leaf = std::function<std::optional<Dims>(Value)>;

  explicit KnownElements(Leaf leaves = nullptr) : leaf(std::move(leaves)) {}

  /// The elements in row-major order: integers, bools (0 and 1), and floats that are whole
  /// numbers. Nothing if an element is not known, or there are more than 4096.
  std::optional<Dims> of(Value value);
  /// Needed after operations are erased: what is made later may take their place in memory.
  void forget() { memo.clear(); }

private:
  std::optional<Dims> compute(Operation *op);
  std::optional<Dims> operand(Operation *op, unsigned index);

  Leaf leaf;
  llvm::DenseMap<Value, std::optional<Dims>> memo;
  int depth = 0;
};

} // namespace weft

#endif // WEFT_IR_KNOWNELEMENTS_H
