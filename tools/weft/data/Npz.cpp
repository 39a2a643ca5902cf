// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes `.npz`, which is a zip archive of `.npy` files, through libzip.

#include "tools/weft/data/Npy.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"

#include <memory>
#include <tuple>
#include <zip.h>

namespace weft {

namespace {
struct DiscardZip {
  void operator()(zip_t *archive) const { zip_discard(archive); }
};
struct CloseZipFile {
  void operator()(zip_file_t *file) const { zip_fclose(file); }
};
using ZipArchive = std::unique_ptr<zip_t, DiscardZip>;
using ZipFile = std::unique_ptr<zip_file_t, CloseZipFile>;
} // namespace

static std::string textOf(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

static llvm::Expected<ZipArchive> openArchive(llvm::StringRef path) {
  int code = 0;
  ZipArchive archive(zip_open(path.str().c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (!archive)
    return llvm::createStringError("cannot read '" + path + "': " + textOf(code));
  return archive;
}

/// The arrays in an archive, as users name them.
static llvm::SmallVector<std::string> memberNames(zip_t *archive) {
  llvm::SmallVector<std::string> names;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i)
    if (const char *name = zip_get_name(archive, static_cast<zip_uint64_t>(i), 0)) {
      llvm::StringRef stem = name;
      stem.consume_back(".npy");
      names.push_back(stem.str());
    }
  return names;
}

/// The number of the member that `wanted` means.
static llvm::Expected<zip_uint64_t> findMember(zip_t *archive, llvm::StringRef path,
                                               llvm::StringRef wanted) {
  llvm::SmallVector<std::string> names = memberNames(archive);
  llvm::StringRef stem = wanted;
  stem.consume_back(".npy");
  if (wanted.empty() && names.size() == 1)
    return 0;
  for (auto [index, name] : llvm::enumerate(names))
    if (!wanted.empty() && name == stem)
      return index;
  std::string list = names.empty() ? "none" : "'" + llvm::join(names, "', '") + "'";
  if (wanted.empty())
    return llvm::createStringError("'" + path + "' holds " + llvm::Twine(names.size()) +
                                   " arrays: name one as " + path + ":NAME (" + list + ")");
  return llvm::createStringError("'" + path + "' has no array '" + wanted + "': it holds " + list);
}

llvm::Expected<llvm::SmallVector<std::string>> listNpz(llvm::StringRef path) {
  llvm::Expected<ZipArchive> archive = openArchive(path);
  if (!archive)
    return archive.takeError();
  return memberNames(archive->get());
}

llvm::Expected<Array> readNpz(llvm::StringRef path, llvm::StringRef member) {
  llvm::Expected<ZipArchive> archive = openArchive(path);
  if (!archive)
    return archive.takeError();
  llvm::Expected<zip_uint64_t> index = findMember(archive->get(), path, member);
  if (!index)
    return index.takeError();
  std::string label = (path + ":" + zip_get_name(archive->get(), *index, 0)).str();
  ZipFile file(zip_fopen_index(archive->get(), *index, 0));
  if (!file)
    return llvm::createStringError("cannot read '" + label + "': " + zip_strerror(archive->get()));
  // The size that the archive states is not trusted: what comes is what counts.
  std::string bytes;
  char buffer[1 << 16];
  zip_int64_t got;
  while ((got = zip_fread(file.get(), buffer, sizeof buffer)) > 0)
    bytes.append(buffer, static_cast<size_t>(got));
  if (got < 0)
    return llvm::createStringError("cannot read '" + label +
                                   "': " + zip_error_strerror(zip_file_get_error(file.get())));
  return parseNpy(bytes, label);
}

/// Adds one array, uncompressed and dated at the start of the format's calendar.
static llvm::Error addMember(zip_t *archive, llvm::StringRef name, llvm::StringRef bytes,
                             llvm::StringRef label) {
  auto failed = [&] {
    return llvm::createStringError("cannot make '" + label + "': " + zip_strerror(archive));
  };
  zip_source_t *source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
  if (!source)
    return failed();
  zip_int64_t index =
      zip_file_add(archive, (name + ".npy").str().c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return failed();
  }
  auto number = static_cast<zip_uint64_t>(index);
  if (zip_set_file_compression(archive, number, ZIP_CM_STORE, 0) < 0 ||
      zip_file_set_dostime(archive, number, 0, (1 << 5) | 1, 0) < 0)
    return failed();
  return llvm::Error::success();
}

llvm::Expected<std::string> makeNpz(llvm::ArrayRef<std::pair<std::string, const Array *>> members,
                                    llvm::StringRef label) {
  zip_error_t error;
  zip_error_init(&error);
  llvm::scope_exit finishError([&] { zip_error_fini(&error); });
  auto failed = [&] {
    return llvm::createStringError("cannot make '" + label + "': " + zip_error_strerror(&error));
  };
  zip_source_t *target = zip_source_buffer_create(nullptr, 0, 0, &error);
  if (!target)
    return failed();
  zip_source_keep(target);
  llvm::scope_exit freeTarget([&] { zip_source_free(target); });
  ZipArchive archive(zip_open_from_source(target, ZIP_TRUNCATE, &error));
  if (!archive) {
    zip_source_free(target);
    return failed();
  }
  std::vector<std::string> contents(members.size());
  for (auto [member, bytes] : llvm::zip(members, contents)) {
    llvm::raw_string_ostream os(bytes);
    if (llvm::Error wrong = writeNpy(*member.second, label, os))
      return std::move(wrong);
    if (llvm::Error wrong = addMember(archive.get(), member.first, bytes, label))
      return std::move(wrong);
  }
  if (zip_close(archive.get()) < 0)
    return llvm::createStringError("cannot make '" + label + "': " + zip_strerror(archive.get()));
  std::ignore = archive.release(); // zip_close has freed it.
  zip_stat_t stat;
  if (zip_source_stat(target, &stat) < 0 || zip_source_open(target) < 0)
    return llvm::createStringError("cannot make '" + label + "': the archive cannot be read back");
  std::string result(stat.size, '\0');
  zip_int64_t got = zip_source_read(target, result.data(), result.size());
  zip_source_close(target);
  if (got != static_cast<zip_int64_t>(result.size()))
    return llvm::createStringError("cannot make '" + label + "': the archive cannot be read back");
  return result;
}

} // namespace weft
