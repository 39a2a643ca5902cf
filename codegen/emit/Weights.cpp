// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The safetensors format: 8 bytes of header length, a JSON header, then the data without gaps.
// Source: https://huggingface.co/docs/safetensors, section "Format".

#include "codegen/emit/Weights.h"

#include "llvm/Support/EndianStream.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"

namespace weft {

/// Where the data begins is a multiple of this many bytes: the alignment of a vector register.
static constexpr uint64_t dataAlignmentBytes = 64;

/// Names of element types in the format: those of the language in capitals.
static std::string formatName(weft_dtype dtype) { return nameOf(dtype).upper(); }

/// Gaps are not allowed. Tensors that fill whole registers come first, so that they begin with one;
/// then larger elements first: each tensor is aligned for its elements.
static SmallVector<const NamedTensor *> inOrder(ArrayRef<NamedTensor> tensors) {
  SmallVector<const NamedTensor *> order;
  for (const NamedTensor &tensor : tensors)
    order.push_back(&tensor);
  llvm::sort(order, [](const NamedTensor *a, const NamedTensor *b) {
    auto place = [](const NamedTensor *tensor) {
      bool isWhole = tensor->bytes.size() % dataAlignmentBytes == 0;
      return std::make_tuple(!isWhole, -sizeBytesOf(tensor->dtype), StringRef(tensor->name));
    };
    return place(a) < place(b);
  });
  return order;
}

static std::string makeHeader(ArrayRef<const NamedTensor *> tensors,
                              ArrayRef<std::pair<std::string, std::string>> metadata) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os);
  uint64_t offset = 0;
  json.object([&] {
    if (!metadata.empty())
      json.attributeObject("__metadata__", [&] {
        for (const auto &[name, value] : metadata)
          json.attribute(name, value);
      });
    for (const NamedTensor *tensor : tensors)
      json.attributeObject(tensor->name, [&] {
        json.attribute("dtype", formatName(tensor->dtype));
        json.attributeArray("shape", [&] {
          for (int64_t dim : tensor->dims)
            json.value(dim);
        });
        json.attributeArray("data_offsets", [&] {
          json.value(static_cast<int64_t>(offset));
          json.value(static_cast<int64_t>(offset += tensor->bytes.size()));
        });
      });
  });
  uint64_t end = llvm::alignTo(sizeof(uint64_t) + text.size(), dataAlignmentBytes);
  text.append(end - sizeof(uint64_t) - text.size(), ' ');
  return text;
}

void writeSafetensors(ArrayRef<NamedTensor> tensors, llvm::raw_ostream &os,
                      ArrayRef<std::pair<std::string, std::string>> metadata) {
  SmallVector<const NamedTensor *> order = inOrder(tensors);
  std::string header = makeHeader(order, metadata);
  llvm::support::endian::write<uint64_t>(os, header.size(), llvm::endianness::little);
  os << header;
  for (const NamedTensor *tensor : order)
    os << tensor->bytes;
}

} // namespace weft
