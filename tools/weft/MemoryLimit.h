// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --memory-limit: how much of the forward pass is computed again, so that a model fits.

#ifndef WEFT_TOOLS_WEFT_MEMORYLIMIT_H
#define WEFT_TOOLS_WEFT_MEMORYLIMIT_H

#include "tools/weft/Compile.h"

namespace weft {

/// "2GiB", "512 MB" or a number of bytes; an error in `report` for all else.
FailureOr<uint64_t> readMemoryLimit(StringRef text, Report &report);

using PlanFor = llvm::function_ref<FailureOr<MemoryChoice>(const MemoryPrice &)>;

/// The least recomputation with which a model takes no more than `limit` bytes. An error says the
/// least that was possible.
FailureOr<MemoryChoice> chooseForMemory(uint64_t limit, Report &report, PlanFor planFor);

/// Completes what is known of a choice from the plan that it led to. An error if that depends on a
/// size that is not known.
LogicalResult describeMemory(ModuleOp planned, MemoryChoice &choice, Report &report);

/// Says what was chosen.
void reportMemory(const MemoryChoice &choice, uint64_t limit, Report &report);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_MEMORYLIMIT_H
