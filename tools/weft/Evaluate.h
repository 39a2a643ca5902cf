// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the reference evaluator is called with, from arrays.

#ifndef WEFT_TOOLS_WEFT_EVALUATE_H
#define WEFT_TOOLS_WEFT_EVALUATE_H

#include "ir/reference/Evaluator.h"
#include "tools/weft/NativeModel.h"
#include "tools/weft/Weights.h"

namespace weft {

/// The arguments of `function`: for a parameter its array among `weights`, which are in the order
/// of the description, and the next of `inputs` for any other.
llvm::Expected<std::vector<reference::Tensor>> evaluatorArguments(mlir::func::FuncOp function,
                                                                  const Interface &interface,
                                                                  const Weights &weights,
                                                                  ArrayRef<NamedArray> inputs);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_EVALUATE_H
