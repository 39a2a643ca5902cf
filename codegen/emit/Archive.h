// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The static library: the objects of the model and those of the runtime in one archive.

#ifndef WEFT_CODEGEN_EMIT_ARCHIVE_H
#define WEFT_CODEGEN_EMIT_ARCHIVE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace weft {

/// One member: its name and bytes, which must outlive the call.
struct ArchiveMember {
  llvm::StringRef name;
  llvm::StringRef bytes;
};

/// An archive with a symbol table, without times or owners: equal members give equal bytes.
/// The members of `runtimeArchive` follow those of the model.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
makeArchive(llvm::ArrayRef<ArchiveMember> members, llvm::StringRef runtimeArchive);

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_ARCHIVE_H
