// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which numbers an integer input may hold, as far as the program says so: labels that are compared
// with the numbers of classes, indices into a table.

#ifndef WEFT_TOOLS_WEFT_TRAIN_CLASSCOUNT_H
#define WEFT_TOOLS_WEFT_TRAIN_CLASSCOUNT_H

#include "ir/Mlir.h"

namespace weft {

/// The least count such that a value outside of [0, count) has no meaning to any of the users of
/// `input`; nothing if some user gives every number a meaning.
std::optional<int64_t> classCount(Value input);

} // namespace weft

#endif // WEFT_TOOLS_WEFT_TRAIN_CLASSCOUNT_H
