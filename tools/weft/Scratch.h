// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A folder for files that only this process needs.

#ifndef WEFT_TOOLS_WEFT_SCRATCH_H
#define WEFT_TOOLS_WEFT_SCRATCH_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace weft {

/// Made on first use, gone with the object.
class ScratchFolder {
public:
  ScratchFolder() = default;
  ScratchFolder(const ScratchFolder &) = delete;
  ScratchFolder &operator=(const ScratchFolder &) = delete;
  ~ScratchFolder();

  /// The path for a file of that name.
  llvm::Expected<std::string> path(llvm::StringRef name);
  /// Writes a file and gives its path.
  llvm::Expected<std::string> write(llvm::StringRef name, llvm::StringRef contents);

private:
  std::string folder;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_SCRATCH_H
