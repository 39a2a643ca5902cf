// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names and places of cached files.

#include "tools/weft/Cache.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/xxhash.h"

#include <cstdlib>

namespace weft {

std::string cacheFolder() {
  llvm::SmallString<128> folder;
  const char *given = std::getenv("XDG_CACHE_HOME");
  if (given && *given)
    folder = given;
  else if (!llvm::sys::path::cache_directory(folder))
    return {};
  llvm::sys::path::append(folder, "weft");
  if (llvm::sys::fs::create_directories(folder) ||
      llvm::sys::fs::access(folder, llvm::sys::fs::AccessMode::Write))
    return {};
  return folder.str().str();
}

/// The compiler's own bytes: another build of it may make other code.
static std::string compilerHash() {
  auto self = llvm::MemoryBuffer::getFile("/proc/self/exe", /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!self)
    return "weft " WEFT_VERSION;
  return llvm::utohexstr(llvm::xxh3_64bits((*self)->getBuffer()));
}

std::string cacheKey(llvm::ArrayRef<llvm::StringRef> parts) {
  llvm::SHA256 hash;
  auto add = [&](llvm::StringRef part) {
    char length[sizeof(uint64_t)];
    llvm::support::endian::write64le(length, part.size());
    hash.update(llvm::StringRef(length, sizeof length));
    hash.update(part);
  };
  add(compilerHash());
  for (llvm::StringRef part : parts)
    add(part);
  return llvm::toHex(hash.final(), /*LowerCase=*/true).substr(0, 32);
}

} // namespace weft
