// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Safetensors files for the tests of the runtime.
#include "test/runtime/Support.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

// Tests ask for more memory than there is: under a sanitizer too that gives NULL.
// NOLINTBEGIN(bugprone-reserved-identifier): the sanitizers look for these names.
extern "C" const char *__asan_default_options() { return "allocator_may_return_null=1"; }
extern "C" const char *__tsan_default_options() { return "allocator_may_return_null=1"; }
// NOLINTEND(bugprone-reserved-identifier)

namespace weft::test {

std::string safetensors(std::string header, const std::string &data) {
  while (header.size() % 8 != 0)
    header += ' ';
  std::string file;
  for (int i = 0; i < 8; ++i)
    file += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return file + header + data;
}

std::string bytesOfFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string tinyWeights() {
  return safetensors(R"({"weight":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},)"
                     R"("bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},)"
                     R"("counter":{"dtype":"I64","shape":[],"data_offsets":[32,40]}})",
                     bytesOf<float>({1, 2, 3, 4, 5, 6, 10, 20}) + bytesOf<int64_t>({100}));
}

TemporaryFile::TemporaryFile(const std::string &bytes) {
  name = std::filesystem::temp_directory_path() / "weft-test-XXXXXX";
  int file = mkstemp(name.data());
  bool good = file >= 0 && close(file) == 0;
  if (!good || !(std::ofstream(name, std::ios::binary) << bytes).flush()) {
    perror(name.c_str());
    exit(2);
  }
}

TemporaryFile::~TemporaryFile() { unlink(name.c_str()); }

} // namespace weft::test
