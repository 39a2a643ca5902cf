// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Three places where data may lie, one form that it takes.

#include "frontend/onnx/TensorData.h"

#include "ir/Shape.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cstring>
#include <memory>

namespace weft {

using llvm::Error;
using llvm::Expected;
using onnx::TensorProto;

namespace path = llvm::sys::path;

/// What the standard calls the types that Weft does not have.
static StringRef nameOfForeignType(int32_t number) {
  switch (number) {
  case 8:
    return "string";
  case 14:
    return "complex64";
  case 15:
    return "complex128";
  case 17:
    return "float8e4m3fn";
  case 18:
    return "float8e4m3fnuz";
  case 19:
    return "float8e5m2";
  case 20:
    return "float8e5m2fnuz";
  case 21:
    return "uint4";
  case 22:
    return "int4";
  case 23:
    return "float4e2m1";
  default:
    return "";
  }
}

Expected<Type> onnxElementType(int32_t number, MLIRContext *context) {
  auto integer = [&](unsigned width, bool isUnsigned = false) -> Type {
    return mlir::IntegerType::get(
        context, width, isUnsigned ? mlir::IntegerType::Unsigned : mlir::IntegerType::Signless);
  };
  switch (number) {
  case TensorProto::FLOAT:
    return mlir::Float32Type::get(context);
  case TensorProto::DOUBLE:
    return mlir::Float64Type::get(context);
  case TensorProto::FLOAT16:
    return mlir::Float16Type::get(context);
  case TensorProto::BFLOAT16:
    return mlir::BFloat16Type::get(context);
  case TensorProto::INT8:
    return integer(8);
  case TensorProto::INT16:
    return integer(16);
  case TensorProto::INT32:
    return integer(32);
  case TensorProto::INT64:
    return integer(64);
  case TensorProto::UINT8:
    return integer(8, true);
  case TensorProto::UINT16:
    return integer(16, true);
  case TensorProto::UINT32:
    return integer(32, true);
  case TensorProto::UINT64:
    return integer(64, true);
  case TensorProto::BOOL:
    return integer(1);
  }
  StringRef name = nameOfForeignType(number);
  if (name.empty())
    return llvm::createStringError("the element type has the number " + Twine(number) +
                                   ", which the standard does not define");
  return llvm::createStringError("the element type is " + name +
                                 ", but Weft computes with f64, f32, f16, bf16, signed and "
                                 "unsigned integers of 8 to 64 bits, and bool");
}

static int64_t bytesOf(Type element) {
  return element.isInteger(1) ? 1 : element.getIntOrFloatBitWidth() / 8;
}

/// The number of bytes of a shape; an error for negative or huge sizes.
static Expected<int64_t> byteCount(const TensorProto &tensor, Type element) {
  int64_t total = bytesOf(element);
  for (int64_t size : tensor.dims()) {
    if (size < 0)
      return llvm::createStringError("a dimension is " + Twine(size));
    if (llvm::MulOverflow(total, size, total))
      return llvm::createStringError("the sizes of its dimensions multiply to more than fits into "
                                     "memory");
  }
  return total;
}

static Error checkSize(StringRef what, size_t found, int64_t expected) {
  if (found == static_cast<size_t>(expected))
    return Error::success();
  return llvm::createStringError(what + Twine(found) + ", but its shape needs " + Twine(expected));
}

/// Copies a typed field, whose entries are wider than the elements in some cases.
template <typename To, typename Field>
static Error takeField(const Field &field, int64_t bytes, std::string &result) {
  int64_t count = bytes / static_cast<int64_t>(sizeof(To));
  if (Error wrong = checkSize("the number of its values is ", field.size(), count))
    return wrong;
  result.resize(bytes);
  for (int64_t i = 0; i < count; ++i) {
    To element = static_cast<To>(field.Get(static_cast<int>(i)));
    std::memcpy(result.data() + i * sizeof(To), &element, sizeof(To));
  }
  return Error::success();
}

static Error takeTyped(const TensorProto &tensor, int64_t bytes, std::string &result) {
  switch (tensor.data_type()) {
  case TensorProto::FLOAT:
    return takeField<float>(tensor.float_data(), bytes, result);
  case TensorProto::DOUBLE:
    return takeField<double>(tensor.double_data(), bytes, result);
  case TensorProto::INT64:
    return takeField<int64_t>(tensor.int64_data(), bytes, result);
  case TensorProto::UINT32:
    return takeField<uint32_t>(tensor.uint64_data(), bytes, result);
  case TensorProto::UINT64:
    return takeField<uint64_t>(tensor.uint64_data(), bytes, result);
  case TensorProto::INT32:
    return takeField<int32_t>(tensor.int32_data(), bytes, result);
  case TensorProto::FLOAT16: // the bits
  case TensorProto::BFLOAT16:
  case TensorProto::UINT16:
  case TensorProto::INT16:
    return takeField<uint16_t>(tensor.int32_data(), bytes, result);
  default:
    return takeField<uint8_t>(tensor.int32_data(), bytes, result);
  }
}

/// The path of an external file; it must stay in the model's folder, also through links.
static Expected<std::string> externalPath(StringRef location, StringRef folder) {
  if (location.empty())
    return llvm::createStringError("its external data has no location");
  SmallVector<char> joined(folder.begin(), folder.end());
  if (joined.empty())
    joined.push_back('.');
  SmallVector<char> root, real;
  if (std::error_code wrong = llvm::sys::fs::real_path(joined, root))
    return llvm::createStringError("the model's folder cannot be read: " + wrong.message());
  auto outside = [&] {
    return llvm::createStringError("its external data lies in '" + location +
                                   "', outside of the model's folder: that is refused");
  };
  bool climbs = llvm::any_of(llvm::make_range(path::begin(location), path::end(location)),
                             [](StringRef part) { return part == ".."; });
  if (path::is_absolute(location) || climbs)
    return outside();
  path::append(joined, location);
  if (std::error_code wrong = llvm::sys::fs::real_path(joined, real))
    return llvm::createStringError("its external data '" + location +
                                   "' cannot be read: " + wrong.message());
  StringRef realPath(real.data(), real.size());
  if (!realPath.consume_front(StringRef(root.data(), root.size())) ||
      (!realPath.starts_with("/") && StringRef(root.data(), root.size()) != "/"))
    return outside();
  return std::string(real.data(), real.size());
}

static Error takeExternal(const TensorProto &tensor, StringRef folder, int64_t bytes,
                          std::string &result) {
  std::string location;
  int64_t offset = 0, length = bytes;
  for (const auto &entry : tensor.external_data()) {
    StringRef value = entry.value();
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset" && (value.getAsInteger(10, offset) || offset < 0))
      return llvm::createStringError("the offset of its external data is '" + value +
                                     "', which is no number");
    else if (entry.key() == "length" && (value.getAsInteger(10, length) || length < 0))
      return llvm::createStringError("the length of its external data is '" + value +
                                     "', which is no number");
  }
  Expected<std::string> file = externalPath(location, folder);
  if (!file)
    return file.takeError();
  if (Error wrong = checkSize("the length of its external data is ", length, bytes))
    return wrong;
  uint64_t size = 0;
  if (std::error_code wrong = llvm::sys::fs::file_size(*file, size))
    return llvm::createStringError("its external data '" + location +
                                   "' cannot be read: " + wrong.message());
  if (size < static_cast<uint64_t>(bytes) || size - bytes < static_cast<uint64_t>(offset))
    return llvm::createStringError("its external data '" + location + "' has " + Twine(size) +
                                   " bytes, but the tensor ends at byte " +
                                   Twine(static_cast<uint64_t>(offset) + bytes));
  if (bytes == 0)
    return Error::success();
  auto buffer = llvm::MemoryBuffer::getFileSlice(*file, bytes, offset);
  if (!buffer)
    return llvm::createStringError("its external data '" + location +
                                   "' cannot be read: " + buffer.getError().message());
  StringRef data = (*buffer)->getBuffer();
  result.assign(data.begin(), data.end());
  return Error::success();
}

static Error takeBytes(TensorProto &tensor, StringRef folder, int64_t bytes, std::string &result) {
  if (tensor.data_location() == TensorProto::EXTERNAL)
    return takeExternal(tensor, folder, bytes, result);
  if (!tensor.has_raw_data())
    return takeTyped(tensor, bytes, result);
  if (Error wrong = checkSize("the number of its bytes is ", tensor.raw_data().size(), bytes))
    return wrong;
  // Clearing the field would keep its memory.
  std::unique_ptr<std::string> raw(tensor.release_raw_data());
  result = std::move(*raw);
  return Error::success();
}

Expected<OnnxTensor> takeTensor(TensorProto &tensor, StringRef folder, MLIRContext *context) {
  auto inTensor = [&](Error wrong) {
    return llvm::createStringError("the tensor '" + tensor.name() +
                                   "': " + llvm::toString(std::move(wrong)));
  };
  Expected<Type> element = onnxElementType(tensor.data_type(), context);
  if (!element)
    return inTensor(element.takeError());
  if (tensor.has_segment())
    return inTensor(llvm::createStringError("it is stored in segments, which are not supported"));
  Expected<int64_t> bytes = byteCount(tensor, *element);
  if (!bytes)
    return inTensor(bytes.takeError());
  OnnxTensor result;
  result.name = tensor.name();
  result.type = RankedTensorType::get(
      SmallVector<int64_t>(tensor.dims().begin(), tensor.dims().end()), *element);
  if (Error wrong = takeBytes(tensor, folder, *bytes, result.bytes))
    return inTensor(std::move(wrong));
  if (element->isInteger(1))
    for (char &truth : result.bytes)
      truth = truth != 0;
  return result;
}

mlir::DenseElementsAttr constantOf(const OnnxTensor &tensor) {
  if (!tensor.type.getElementType().isInteger(1))
    return mlir::DenseElementsAttr::getFromRawBuffer(tensor.type, ArrayRef<char>(tensor.bytes));
  SmallVector<bool> truths(tensor.bytes.begin(), tensor.bytes.end());
  return mlir::DenseElementsAttr::get(tensor.type, ArrayRef<bool>(truths));
}

} // namespace weft
