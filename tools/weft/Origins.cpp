// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the locations that the frontends leave and the passes join.

#include "tools/weft/Origins.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

namespace weft {

static void addOrigins(Location location, SmallVector<std::string> &origins) {
  auto add = [&](std::string origin) {
    if (!llvm::is_contained(origins, origin))
      origins.push_back(std::move(origin));
  };
  if (auto named = dyn_cast<mlir::NameLoc>(location))
    add(named.getName().str());
  else if (auto place = dyn_cast<mlir::FileLineColLoc>(location); place && place.getLine() > 0)
    add(llvm::sys::path::filename(place.getFilename().strref()).str() + ":" +
        std::to_string(place.getLine()));
  else if (auto fused = dyn_cast<mlir::FusedLoc>(location))
    for (Location part : fused.getLocations())
      addOrigins(part, origins);
}

std::string originsOf(Location location, size_t most) {
  SmallVector<std::string> origins;
  addOrigins(location, origins);
  size_t more = origins.size() > most ? origins.size() - most : 0;
  origins.truncate(origins.size() - more);
  std::string text = llvm::join(origins, ", ");
  return more ? text + " and " + std::to_string(more) + " more" : text;
}

} // namespace weft
