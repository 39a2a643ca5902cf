// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes and removes the folder.

#include "tools/weft/Scratch.h"

#include "codegen/emit/Output.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <tuple>

namespace weft {

ScratchFolder::~ScratchFolder() {
  if (!folder.empty())
    // What cannot be removed is left to the system: nothing depends on it any more.
    std::ignore = llvm::sys::fs::remove_directories(folder, /*IgnoreErrors=*/true);
}

llvm::Expected<std::string> ScratchFolder::path(llvm::StringRef name) {
  if (folder.empty()) {
    llvm::SmallString<128> made;
    if (std::error_code reason = llvm::sys::fs::createUniqueDirectory("weft", made))
      return llvm::createStringError("cannot make a temporary folder: " + reason.message());
    folder = made.str().str();
  }
  llvm::SmallString<128> result(folder);
  llvm::sys::path::append(result, name);
  return result.str().str();
}

llvm::Expected<std::string> ScratchFolder::write(llvm::StringRef name, llvm::StringRef contents) {
  llvm::Expected<std::string> result = path(name);
  if (!result)
    return result;
  std::error_code reason;
  llvm::raw_fd_ostream os(*result, reason);
  if (!reason) {
    os << contents;
    os.close();
    reason = os.error();
    os.clear_error();
  }
  if (reason)
    return unwritable(*result, reason);
  return result;
}

} // namespace weft
