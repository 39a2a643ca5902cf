// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where operations come from, in the user's words.

#ifndef WEFT_TOOLS_WEFT_ORIGINS_H
#define WEFT_TOOLS_WEFT_ORIGINS_H

#include "ir/Mlir.h"

#include <string>

namespace weft {

/// Names of ONNX nodes, or places in a source as `digits.weft:27`: `most` of them with commas, and
/// how many more there are. Empty if nothing is known.
std::string originsOf(Location location, size_t most = 4);
inline std::string originsOf(Operation *op, size_t most = 4) {
  return originsOf(op->getLoc(), most);
}

} // namespace weft

#endif // WEFT_TOOLS_WEFT_ORIGINS_H
