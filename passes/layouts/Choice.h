// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How one product with a weight is computed, where that is said and not left to the counts of
// time: an attribute that weft-channels-last and weft-pack-contractions obey and hand on to the
// packed product, for the back end. `weft build --tune` writes it, from what it measured.

#ifndef WEFT_PASSES_LAYOUTS_CHOICE_H
#define WEFT_PASSES_LAYOUTS_CHOICE_H

#include "ir/Mlir.h"

#include <array>
#include <optional>
#include <string>

namespace weft {

/// On a product, optional: a dictionary of the fields of Choice.
inline constexpr llvm::StringLiteral kChoiceAttr = "weft.choice";

/// What is not said, the counts decide; and they do where what is said does not fit the product.
struct Choice {
  std::optional<int64_t> winograd; ///< Tiles of so many places a side; 0: direct sums.
  std::optional<int64_t> patches;  ///< Of tiles; 1: a kernel of its own transforms them.
  std::optional<int64_t> panel;    ///< Vector registers of a row of a panel.
  std::optional<int64_t> vectors;  ///< Across a register tile.
  std::optional<int64_t> rows;     ///< The most of a register tile.
  std::optional<int64_t> chunk;    ///< Rows of the result that a thread takes at once.

  struct Field {
    llvm::StringLiteral name;
    std::optional<int64_t> Choice::*value;
    int64_t least, most;

    bool takes(int64_t number) const;
    /// "an integer from 1 to 4": for messages.
    std::string range() const;
  };
  static const std::array<Field, 6> fields;

  /// Of an operation; what makes no sense in its attribute counts as not said.
  static Choice of(Operation *op);
  void writeTo(Operation *op) const;

  bool isEmpty() const { return *this == Choice(); }
  bool operator==(const Choice &) const = default;
  /// "winograd 4, panel 3"; "as counted" for an empty one.
  std::string text() const;
};

/// Fails, with an error at the operation, if it has a choice with an unknown field or a value
/// outside of the field's range.
LogicalResult verifyChoice(Operation *op);

} // namespace weft

#endif // WEFT_PASSES_LAYOUTS_CHOICE_H
