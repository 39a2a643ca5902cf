// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layouts of one product that the counts of time rank near the best: what is worth measuring.

#ifndef WEFT_PASSES_LAYOUTS_ALTERNATIVES_H
#define WEFT_PASSES_LAYOUTS_ALTERNATIVES_H

#include "passes/layouts/Choice.h"
#include "passes/layouts/Panels.h"

namespace weft {

/// True for a product with a weight that is packed into panels, all of whose sizes are known.
bool hasAlternatives(Operation *op);

/// `chosen` with other forms of its window, of which the counts differ by a factor at most that
/// measurements have corrected; without forms where sums are to run as the program says (`strict`).
SmallVector<Choice> formsNear(Operation *op, const Choice &chosen, bool strict);

/// `chosen` with other panels; none where versions share them.
SmallVector<Choice> panelsNear(Operation *op, const Choice &chosen, const PanelTarget &target);

} // namespace weft

#endif // WEFT_PASSES_LAYOUTS_ALTERNATIVES_H
