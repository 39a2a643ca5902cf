// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What values cost to keep and operations to do once more, in one unit: bytes that go through
// memory. A dimension that is not known counts as `assumedSize`.

#ifndef WEFT_PASSES_RECOMPUTE_COST_H
#define WEFT_PASSES_RECOMPUTE_COST_H

#include "ir/WeftOps.h"

namespace weft {

inline constexpr int64_t assumedSize = 64;

double elementsOf(Type tensor);
double bytesOf(Value value);

/// A product, or what sorts, scatters or draws: it is not cheap at any size of its result.
bool isDear(Operation *op);

/// Arithmetic of an operation, as the bytes that could be read meanwhile. What has regions, or
/// gives several values, has no cost: it is not done again.
std::optional<double> workOf(Operation *op);

/// Multiplications and additions.
double flopsOf(Operation *op);

/// True if a use of `value` reads it from a buffer, where it is reached by `isReader`.
bool isStoredFor(Value value, llvm::function_ref<bool(Operation *)> isReader);

} // namespace weft

#endif // WEFT_PASSES_RECOMPUTE_COST_H
