// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Chooses the format of a file of arrays.

#include "tools/weft/data/DataFile.h"

#include "codegen/emit/Weights.h"
#include "runtime/Safetensors.h"
#include "tools/weft/data/Csv.h"
#include "tools/weft/data/JsonArray.h"
#include "tools/weft/data/Npy.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

namespace weft {

static llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> readFile(llvm::StringRef path) {
  auto buffer =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError("cannot read '" + path + "': " + buffer.getError().message());
  return std::move(*buffer);
}

static llvm::Expected<const weft_tensor *> findTensor(const weft_safetensors &file,
                                                      llvm::StringRef path, llvm::StringRef member,
                                                      llvm::StringRef expected) {
  llvm::SmallVector<llvm::StringRef> names;
  for (int64_t i = 0; i < file.count; ++i)
    names.push_back(file.tensors[i].name);
  if (member.empty() && names.size() == 1)
    return &file.tensors[0];
  llvm::StringRef wanted = member.empty() ? expected : member;
  for (auto [index, name] : llvm::enumerate(names))
    if (name == wanted)
      return &file.tensors[index];
  return llvm::createStringError("'" + path + "' has no tensor '" + wanted + "': it holds " +
                                 (names.empty() ? "none" : "'" + llvm::join(names, "', '") + "'"));
}

static llvm::Expected<Array> readSafetensors(llvm::StringRef path, llvm::StringRef member,
                                             llvm::StringRef expected) {
  weft_safetensors file;
  if (weft_safetensors_open(path.str().c_str(), &file) != WEFT_OK)
    return llvm::createStringError(weft_message());
  llvm::scope_exit close([&] { weft_safetensors_close(&file); });
  llvm::Expected<const weft_tensor *> tensor = findTensor(file, path, member, expected);
  if (!tensor)
    return tensor.takeError();
  Array array{(*tensor)->dtype, {}, {}};
  array.dims.assign((*tensor)->dims, (*tensor)->dims + (*tensor)->rank);
  const char *data = static_cast<const char *>((*tensor)->data);
  array.bytes.assign(data, data + (*tensor)->size);
  return array;
}

/// The columns `a,c..f` of a table; without any, all of them, or the one with the array's name.
static llvm::Expected<Array> readCsv(llvm::StringRef text, llvm::StringRef path,
                                     llvm::StringRef columns, const ExpectedArray &expected) {
  llvm::Expected<CsvTable> table = CsvTable::parse(text, path);
  if (!table)
    return table.takeError();
  bool isFlat = expected.dims.size() == 1;
  if (columns.empty() && isFlat && llvm::is_contained(table->names(), expected.name))
    columns = expected.name;
  llvm::Expected<llvm::SmallVector<size_t>> numbers = table->select(columns);
  if (!numbers)
    return numbers.takeError();
  return table->array(*numbers, expected.dtype, isFlat);
}

/// `data.npz:image` -> `data.npz`, `image`. Only the extensions that have members are split.
static std::pair<llvm::StringRef, llvm::StringRef> splitMember(llvm::StringRef source) {
  for (llvm::StringRef extension : {".npz:", ".safetensors:", ".csv:"})
    if (size_t at = source.rfind(extension); at != llvm::StringRef::npos)
      return {source.take_front(at + extension.size() - 1),
              source.drop_front(at + extension.size())};
  return {source, ""};
}

static bool isJsonText(llvm::StringRef source) {
  source = source.trim();
  return source.starts_with("[") || source == "true" || source == "false" ||
         (!source.empty() && (llvm::isDigit(source.front()) || source.front() == '-') &&
          source.find_first_not_of("0123456789+-.eE") == llvm::StringRef::npos);
}

bool isFile(llvm::StringRef source) { return !isJsonText(source); }

llvm::Expected<Array> readArray(llvm::StringRef source, const ExpectedArray &expected) {
  if (isJsonText(source))
    return parseJsonArray(source, expected.dtype, expected.dims, expected.name);
  auto [path, member] = splitMember(source);
  llvm::StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".npz")
    return readNpz(path, member);
  if (extension == ".safetensors")
    return readSafetensors(path, member, expected.name);
  if (extension != ".npy" && extension != ".json" && extension != ".csv")
    return llvm::createStringError("'" + source +
                                   "' is neither JSON nor a file whose name ends in .npy, .npz, "
                                   ".safetensors, .json or .csv");
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> bytes = readFile(path);
  if (!bytes)
    return bytes.takeError();
  if (extension == ".npy")
    return parseNpy((*bytes)->getBuffer(), path);
  if (extension == ".csv")
    return readCsv((*bytes)->getBuffer(), path, member, expected);
  return parseJsonArray((*bytes)->getBuffer(), expected.dtype, expected.dims, path);
}

llvm::Error checkWritable(weft_dtype dtype, llvm::StringRef path) {
  llvm::StringRef extension = llvm::sys::path::extension(path);
  bool isNumPy = extension == ".npy" || extension == ".npz";
  if (isNumPy && dtype == WEFT_BF16)
    return llvm::createStringError(
        "'" + path + "' cannot hold bf16: NumPy has no such type; write .safetensors or .json");
  if (isNumPy || extension == ".safetensors" || extension == ".json")
    return llvm::Error::success();
  return llvm::createStringError("cannot tell the format of '" + path +
                                 "': its name ends in none of .npy, .npz, .safetensors and .json");
}

static llvm::Error encode(const Array &array, llvm::StringRef name, llvm::StringRef path,
                          llvm::raw_ostream &os) {
  llvm::StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".npy")
    return writeNpy(array, path, os);
  if (extension == ".npz") {
    llvm::Expected<std::string> bytes = makeNpz({{name.str(), &array}}, path);
    if (!bytes)
      return bytes.takeError();
    os << *bytes;
  } else if (extension == ".safetensors") {
    writeSafetensors({{name.str(), array.dtype, array.dims,
                       llvm::StringRef(array.bytes.data(), array.bytes.size())}},
                     os);
  } else {
    llvm::json::OStream json(os);
    writeJsonArray(array, json);
    os << '\n';
  }
  return llvm::Error::success();
}

llvm::Error writeArray(const Array &array, llvm::StringRef name, llvm::StringRef path,
                       OutputFiles &files) {
  llvm::Error wrong = checkWritable(array.dtype, path);
  if (wrong)
    return wrong;
  llvm::Error result = llvm::Error::success();
  llvm::Error written =
      files.add(path, [&](llvm::raw_ostream &os) { result = encode(array, name, path, os); });
  return llvm::joinErrors(std::move(result), std::move(written));
}

} // namespace weft
