// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weights of a model in the compiler: from a file that was checked against the model, or the
// initial ones, computed by the reference evaluator.

#ifndef WEFT_TOOLS_WEFT_WEIGHTS_H
#define WEFT_TOOLS_WEFT_WEIGHTS_H

#include "codegen/emit/Weights.h"
#include "tools/weft/data/Array.h"

#include "llvm/Support/Error.h"

namespace weft {

/// One array for each parameter of the description, in its order.
using Weights = std::vector<Array>;

/// Reads a safetensors file. A tensor that is missing, one too many, and a wrong shape or type are
/// errors that name it; all of them are said.
llvm::Expected<Weights> readWeights(StringRef path, const Interface &interface);

/// Runs `@weft.init` of a module in stage `model`.
llvm::Expected<Weights> initialWeights(ModuleOp module, const Interface &interface, uint64_t seed);

/// The weights under their names, for writeSafetensors(). Refers to both arguments.
SmallVector<NamedTensor> namedTensors(const Interface &interface, const Weights &weights);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_WEIGHTS_H
