// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that appear all together or not at all: each is written beside its place under another
// name, and they are renamed when every one of them is complete.

#ifndef WEFT_CODEGEN_EMIT_OUTPUT_H
#define WEFT_CODEGEN_EMIT_OUTPUT_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace weft {

/// A set of files being written. Destroyed without commit(), it leaves nothing behind.
class OutputFiles {
public:
  OutputFiles() = default;
  OutputFiles(const OutputFiles &) = delete;
  OutputFiles &operator=(const OutputFiles &) = delete;
  ~OutputFiles();

  /// Writes a complete file aside. The folder is made if it is missing.
  llvm::Error add(llvm::StringRef path, llvm::function_ref<void(llvm::raw_ostream &)> write);
  llvm::Error add(llvm::StringRef path, llvm::StringRef contents);

  /// Reserves a file that somebody else writes, of at most `sizeBytes`: gives the path to write to.
  /// lld writes through a mapping, where a full disk would be a signal instead of an error: so this
  /// makes sure that there is room.
  llvm::Expected<std::string> reserve(llvm::StringRef path, bool executable, uint64_t sizeBytes);

  /// Renames every file to its own name, in the order in which they were added; with `toDisk` once
  /// it is on the disk, so that even a loss of power leaves the old file or the new one.
  llvm::Error commit(bool toDisk = false);

private:
  struct Pending {
    std::string path;
    llvm::sys::fs::TempFile file;
  };
  llvm::Expected<Pending *> start(llvm::StringRef path, bool executable);
  llvm::SmallVector<Pending, 8> pending;
};

/// Removes what processes that were killed left beside `path` while they wrote it.
void removeLeftovers(llvm::StringRef path);

/// The error of a file that cannot be written: `cannot write 'PATH': reason`.
llvm::Error unwritable(llvm::StringRef path, std::error_code reason);

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_OUTPUT_H
