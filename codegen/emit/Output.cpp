// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes files aside and renames them.

#include "codegen/emit/Output.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace fs = llvm::sys::fs;

namespace weft {

llvm::Error unwritable(llvm::StringRef path, std::error_code reason) {
  return llvm::createStringError(reason, "cannot write '%s': %s", path.str().c_str(),
                                 reason.message().c_str());
}

/// Files are written in whole pieces of the largest page of the processors: so the system may keep
/// weights in such pages, and map them so.
static constexpr size_t pieceBytes = 2 << 20;

/// What the name of a file has more while it is being written; each % is a hexadecimal digit.
static constexpr llvm::StringLiteral asideSuffix = ".%%%%%%%%";

void removeLeftovers(llvm::StringRef path) {
  llvm::StringRef folder = llvm::sys::path::parent_path(path);
  std::error_code reason;
  for (fs::directory_iterator at(folder.empty() ? "." : folder, reason), end; at != end && !reason;
       at.increment(reason)) {
    llvm::StringRef name = llvm::sys::path::filename(at->path());
    if (name.consume_front(llvm::sys::path::filename(path)) && name.size() == asideSuffix.size() &&
        name.consume_front(".") && llvm::all_of(name, llvm::isHexDigit))
      fs::remove(at->path());
  }
}

OutputFiles::~OutputFiles() {
  for (Pending &entry : pending)
    llvm::consumeError(entry.file.discard());
}

llvm::Expected<OutputFiles::Pending *> OutputFiles::start(llvm::StringRef path, bool executable) {
  if (fs::is_directory(path))
    return unwritable(path, std::make_error_code(std::errc::is_a_directory));
  llvm::StringRef folder = llvm::sys::path::parent_path(path);
  if (!folder.empty())
    if (std::error_code reason =
            fs::create_directories(folder, /*IgnoreExisting=*/true, fs::all_all))
      return unwritable(path, reason);
  unsigned mode = fs::all_read | fs::all_write | (executable ? fs::all_exe : 0);
  llvm::Expected<fs::TempFile> file = fs::TempFile::create(path + asideSuffix, mode);
  if (!file)
    return unwritable(path, llvm::errorToErrorCode(file.takeError()));
  pending.push_back({path.str(), std::move(*file)});
  return &pending.back();
}

llvm::Error OutputFiles::add(llvm::StringRef path,
                             llvm::function_ref<void(llvm::raw_ostream &)> write) {
  llvm::Expected<Pending *> entry = start(path, /*executable=*/false);
  if (!entry)
    return entry.takeError();
  llvm::raw_fd_ostream os((*entry)->file.FD, /*shouldClose=*/false);
  os.SetBufferSize(pieceBytes);
  write(os);
  os.flush();
  std::error_code reason = os.error();
  os.clear_error();
  return reason ? unwritable(path, reason) : llvm::Error::success();
}

llvm::Error OutputFiles::add(llvm::StringRef path, llvm::StringRef contents) {
  // Through the buffer of the stream: where the system has to bring the contents in while it writes
  // them, it falls back to small pages.
  return add(path, [&](llvm::raw_ostream &os) {
    for (; !contents.empty();
         contents = contents.drop_front(std::min(contents.size(), pieceBytes / 2)))
      os << contents.take_front(pieceBytes / 2);
  });
}

/// Whether the disk of an open, empty file has room for so many bytes. What the file system cannot
/// tell counts as room.
static std::error_code checkRoom(int file, uint64_t sizeBytes) {
  int code = posix_fallocate(file, 0, static_cast<off_t>(sizeBytes));
  bool isFull = code == ENOSPC || code == EDQUOT || code == EFBIG;
  if (!isFull && ftruncate(file, 0) == 0)
    return {};
  return std::error_code(isFull ? code : errno, std::generic_category());
}

llvm::Expected<std::string> OutputFiles::reserve(llvm::StringRef path, bool executable,
                                                 uint64_t sizeBytes) {
  llvm::Expected<Pending *> entry = start(path, executable);
  if (!entry)
    return entry.takeError();
  if (std::error_code reason = checkRoom((*entry)->file.FD, sizeBytes))
    return unwritable(path, reason);
  return (*entry)->file.TmpName;
}

llvm::Error OutputFiles::commit(bool toDisk) {
  while (!pending.empty()) {
    Pending entry = std::move(pending.front());
    pending.erase(pending.begin());
    if (toDisk && fsync(entry.file.FD) != 0) {
      std::error_code reason(errno, std::generic_category());
      llvm::consumeError(entry.file.discard());
      return unwritable(entry.path, reason);
    }
    if (llvm::Error error = entry.file.keep(entry.path))
      return unwritable(entry.path, llvm::errorToErrorCode(std::move(error)));
  }
  return llvm::Error::success();
}

} // namespace weft
