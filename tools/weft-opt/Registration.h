// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialects that Weft's modules use from the first stage to the last, and the passes that
// weft-opt knows.

#ifndef WEFT_TOOLS_WEFT_OPT_REGISTRATION_H
#define WEFT_TOOLS_WEFT_OPT_REGISTRATION_H

#include "mlir/IR/DialectRegistry.h"

namespace weft {

/// Adds the dialect of Weft and those of MLIR that it is lowered through.
void registerToolDialects(mlir::DialectRegistry &registry);

/// Registers the passes and pipelines of each room, and those of MLIR that tests use.
void registerToolPasses();

} // namespace weft

#endif // WEFT_TOOLS_WEFT_OPT_REGISTRATION_H
