// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Notes are the metadata of fused locations.

#include "passes/Notes.h"

#include "llvm/ADT/SetVector.h"

namespace weft {

Location noted(MLIRContext *context, ArrayRef<Location> locations, StringRef note) {
  return mlir::FusedLoc::get(locations, mlir::StringAttr::get(context, note), context);
}

SmallVector<StringRef> notesOf(Location location) {
  llvm::SetVector<StringRef> notes;
  location->walk([&](Location part) {
    if (auto fused = dyn_cast<mlir::FusedLoc>(part))
      if (auto note = dyn_cast_or_null<mlir::StringAttr>(fused.getMetadata()))
        notes.insert(note.getValue());
    return mlir::WalkResult::advance();
  });
  return notes.takeVector();
}

} // namespace weft
