// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Divisions of the loops of one packed product that the counts of cycles rank near the best: what
// is worth measuring.

#ifndef WEFT_CODEGEN_CPU_ALTERNATIVES_H
#define WEFT_CODEGEN_CPU_ALTERNATIVES_H

#include "codegen/cpu/Kernel.h"
#include "passes/layouts/Choice.h"

namespace weft {

/// `chosen` with other register tiles for a packed product or one through Winograd's tiles, which
/// stands in a kernel's function; none for another operation.
SmallVector<Choice> tilesNear(Operation *op, const Choice &chosen, VectorTarget target);

/// `chosen` with half and twice the rows a chunk, as far as there are chunks enough for many
/// threads.
SmallVector<Choice> chunksNear(Operation *op, const Choice &chosen, VectorTarget target);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_ALTERNATIVES_H
