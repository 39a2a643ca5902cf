// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs of operations that do the same with other weights, one run after the other: the blocks of a
// network whose file does not name them.
#pragma once

#include "frontend/source/Layers.h"

namespace weft::source {

/// `count` blocks of `period` operations each, the first of which begins at `first`.
struct Repeat {
  size_t first, period, count;
};

/// The repeats in a list of operations, in its order; they do not overlap. Blocks begin where the
/// fewest values cross, and are worth a loop: each reads a weight, and a loop saves operations.
SmallVector<Repeat> findRepeats(ArrayRef<Operation *> ops);

} // namespace weft::source
