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

/// Writes the tensors of a safetensors file over `weights`, which are the initial ones.
///
/// With a `part`, the file holds the parameters of that submodel under the names that they have in
/// it. A tensor that is missing, one too many, and a wrong shape or type are errors that name it;
/// all of them are said. Only states that an optimizer begins with may be missing.
llvm::Error readWeightsOver(StringRef path, StringRef part, const Interface &interface,
                            Weights &weights);

/// The same for a file of all parameters; `initial` is asked for when some of them are missing.
llvm::Expected<Weights> readWeights(StringRef path, const Interface &interface,
                                    llvm::function_ref<llvm::Expected<Weights>()> initial);

/// Whether the file lacks tensors that it may lack. Of a file that readWeights() takes.
bool lacksStates(StringRef path, const Interface &interface);

/// A text that writeSafetensors() put into the file at `path`; empty if there is none.
llvm::Expected<std::string> readMetadata(StringRef path, StringRef name);

/// Runs `@weft.init` of a module in stage `model`.
llvm::Expected<Weights> initialWeights(ModuleOp module, const Interface &interface, uint64_t seed);

/// The weights under their names, for writeSafetensors(). Refers to both arguments.
SmallVector<NamedTensor> namedTensors(const Interface &interface, const Weights &weights);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_WEIGHTS_H
