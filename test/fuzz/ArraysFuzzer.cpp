// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tries to crash the readers of arrays. The first byte chooses: JSON of some element type, .npy, or
// a .npz archive. What is read as .npy must come back the same from the writer.

#include "tools/weft/data/JsonArray.h"
#include "tools/weft/data/Npy.h"

#include "llvm/Support/FileSystem.h"

#include <cstdlib>
#include <tuple>

using namespace weft;

static void check(bool good) {
  if (!good)
    std::abort();
}

static void readNpyTwice(llvm::StringRef bytes) {
  llvm::Expected<Array> array = parseNpy(bytes, "x.npy");
  if (!array)
    return llvm::consumeError(array.takeError());
  std::string written;
  llvm::raw_string_ostream os(written);
  check(!llvm::errorToBool(writeNpy(*array, "x.npy", os)));
  llvm::Expected<Array> again = parseNpy(written, "x.npy");
  check(again && again->type() == array->type() && again->bytes == array->bytes);
}

static void readZip(llvm::StringRef bytes) {
  llvm::SmallString<64> path;
  int file = -1;
  check(!llvm::sys::fs::createTemporaryFile("weft-fuzz", "npz", file, path));
  llvm::raw_fd_ostream(file, /*shouldClose=*/true) << bytes;
  if (llvm::Expected<Array> array = readNpz(path, "x"); !array)
    llvm::consumeError(array.takeError());
  std::ignore = llvm::sys::fs::remove(path);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  llvm::StringRef bytes(reinterpret_cast<const char *>(data) + 1, size - 1);
  if (*data == 'n') {
    readNpyTwice(bytes);
  } else if (*data == 'z') {
    readZip(bytes);
  } else {
    auto dtype = static_cast<weft_dtype>(*data % (WEFT_BOOL + 1));
    if (llvm::Expected<Array> array = parseJsonArray(bytes, dtype, {}, "x"); !array)
      llvm::consumeError(array.takeError());
  }
  return 0;
}
