// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the tests of the runtime share: safetensors files in memory and on disk.
#ifndef WEFT_TEST_RUNTIME_SUPPORT_H
#define WEFT_TEST_RUNTIME_SUPPORT_H

#include "runtime/weft.h"

#include <string>
#include <vector>

namespace weft::test {

/// A safetensors file with this header, spaces up to a multiple of 8, and this data.
std::string safetensors(std::string header, const std::string &data);

/// The weights that fit tiny_descriptor; see Tiny.h for the values.
std::string tinyWeights();

/// The bytes of `values`.
template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

/// What stands in a file; empty if it cannot be read.
std::string bytesOfFile(const std::string &path);

/// A file that goes with this object.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &bytes);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;
  const char *path() const { return name.c_str(); }

private:
  std::string name;
};

} // namespace weft::test

#endif // WEFT_TEST_RUNTIME_SUPPORT_H
