// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the static library with LLVM's archive writer.

#include "codegen/emit/Archive.h"

#include "llvm/Object/Archive.h"
#include "llvm/Object/ArchiveWriter.h"

namespace weft {

using llvm::object::Archive;

static llvm::NewArchiveMember newMember(llvm::StringRef name, llvm::StringRef bytes) {
  llvm::NewArchiveMember member(llvm::MemoryBufferRef(bytes, name));
  member.MemberName = name;
  return member;
}

static llvm::Error appendMembersOf(llvm::StringRef archiveBytes,
                                   llvm::SmallVectorImpl<llvm::NewArchiveMember> &members) {
  auto archive = Archive::create(llvm::MemoryBufferRef(archiveBytes, "the runtime"));
  if (!archive)
    return archive.takeError();
  llvm::Error error = llvm::Error::success();
  for (const Archive::Child &child : (*archive)->children(error)) {
    llvm::Expected<llvm::StringRef> name = child.getName();
    if (!name)
      return name.takeError();
    llvm::Expected<llvm::StringRef> bytes = child.getBuffer();
    if (!bytes)
      return bytes.takeError();
    members.push_back(newMember(*name, *bytes));
  }
  return error;
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
makeArchive(llvm::ArrayRef<ArchiveMember> members, llvm::StringRef runtimeArchive) {
  llvm::SmallVector<llvm::NewArchiveMember> all;
  for (const ArchiveMember &member : members)
    all.push_back(newMember(member.name, member.bytes));
  if (llvm::Error error = appendMembersOf(runtimeArchive, all))
    return error;
  return llvm::writeArchiveToBuffer(all, llvm::SymtabWritingMode::NormalSymtab, Archive::K_GNU,
                                    /*Deterministic=*/true, /*Thin=*/false);
}

} // namespace weft
