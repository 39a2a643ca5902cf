// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fuzzes the reader of weights and what fits them to a model: no input may crash, leak, or be
// accepted without covering its data. Run it by ninja target fuzz-safetensors.
#include "runtime/Safetensors.h"
#include "test/runtime/Inputs/Tiny.h"

#include <cstdlib>
#include <cstring>
#include <vector>

/// The data of the tiny model's weights.
static constexpr size_t dataBytes = 40;

static void checkFile(const uint8_t *bytes, size_t size) {
  weft_safetensors file;
  if (weft_safetensors_parse(bytes, size, "fuzz", &file) != WEFT_OK)
    return;
  uint64_t covered = 0;
  std::memcpy(&covered, bytes, sizeof covered);
  covered += 8;
  for (int64_t i = 0; i < file.count; ++i) {
    covered += file.tensors[i].size;
    if (weft_safetensors_find(&file, file.tensors[i].name) != &file.tensors[i])
      std::abort();
  }
  if (covered != size)
    std::abort();
  weft_safetensors_close(&file);
}

static void checkModel(const uint8_t *bytes, size_t size) {
  weft_descriptor model = tiny_descriptor;
  model.weights = bytes;
  model.weights_end = bytes + size;
  weft_options options = {nullptr, 1, 0};
  weft_model *handle = nullptr;
  if (weft_open_model(&model, &options, &handle) != WEFT_OK)
    return;
  float image[3] = {1, 2, 3}, probability[2];
  int64_t rows = 1;
  void *arguments[] = {image, probability};
  if (weft_invoke(handle, TINY_PREDICT, &rows, arguments) != WEFT_OK)
    std::abort();
  weft_close(handle);
}

/// Takes the input as a whole file, then as the header of one with some data, which reaches deeper.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
  checkFile(input, size);
  checkModel(input, size);
  uint64_t length = size;
  std::vector<uint8_t> file(8 + size + dataBytes);
  std::memcpy(file.data(), &length, 8);
  if (size > 0)
    std::memcpy(file.data() + 8, input, size);
  checkFile(file.data(), file.size());
  checkModel(file.data(), file.size());
  return 0;
}
