// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a pass wants to say to who asks `weft inspect --why-fused`. Notes travel with locations:
// later passes carry these along, and no operation differs by them.

#ifndef WEFT_PASSES_NOTES_H
#define WEFT_PASSES_NOTES_H

#include "ir/Mlir.h"

namespace weft {

/// `locations` as one, with `note`.
Location noted(MLIRContext *context, ArrayRef<Location> locations, StringRef note);

/// The notes of `location`, each once.
SmallVector<StringRef> notesOf(Location location);

} // namespace weft

#endif // WEFT_PASSES_NOTES_H
