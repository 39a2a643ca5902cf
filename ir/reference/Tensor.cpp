// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Storage, rounding and byte conversion of the evaluator's tensors.

#include "ir/reference/Tensor.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/Endian.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using llvm::ArrayRef;
using llvm::createStringError;
using llvm::Expected;

namespace weft::reference {

bool isSupportedElement(Type element) {
  if (isa<Float64Type, Float32Type, Float16Type, BFloat16Type>(element))
    return true;
  auto integer = dyn_cast<IntegerType>(element);
  if (!integer || integer.isSigned())
    return false;
  unsigned width = integer.getWidth();
  return (width == 1 && integer.isSignless()) || width == 8 || width == 16 || width == 32 ||
         width == 64;
}

int64_t elementBytes(Type element) {
  return static_cast<int64_t>(llvm::divideCeil(element.getIntOrFloatBitWidth(), 8));
}

std::optional<int64_t> elementCount(ArrayRef<int64_t> shape) {
  // A dimension of zero wins over the overflow of the others.
  if (llvm::is_contained(shape, 0))
    return 0;
  int64_t count = 1;
  for (int64_t dim : shape)
    if (dim < 0 || __builtin_mul_overflow(count, dim, &count))
      return std::nullopt;
  return count;
}

Tensor::Tensor(Type element, ArrayRef<int64_t> shape)
    : elementType(element), dims(shape.begin(), shape.end()), count(*elementCount(shape)) {
  if (isFloat())
    realValues.resize(count);
  else
    integerValues.resize(count);
}

Tensor Tensor::scalar(Type element, double value) {
  Tensor result(element, {});
  result.reals()[0] = value;
  result.roundToElement();
  return result;
}

Tensor Tensor::scalar(Type element, int64_t value) {
  Tensor result(element, {});
  result.integers()[0] = value;
  result.roundToElement();
  return result;
}

void Tensor::roundToElement() {
  if (elementType.isF32()) { // The common case, in a loop that the compiler vectorises.
    for (double &value : realValues)
      value = static_cast<float>(value);
  } else if (auto type = dyn_cast<FloatType>(elementType); type && !type.isF64()) {
    for (double &value : realValues)
      value = roundToFloat(type, value);
  } else if (elementType.getIntOrFloatBitWidth() < 64) {
    unsigned unused = 64 - elementType.getIntOrFloatBitWidth();
    bool isUnsigned = isUnsignedElement(elementType);
    for (int64_t &value : integerValues) {
      uint64_t high = static_cast<uint64_t>(value) << unused;
      value =
          isUnsigned ? static_cast<int64_t>(high >> unused) : static_cast<int64_t>(high) >> unused;
    }
  }
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

/// Reads `count` elements of the C type `Raw`.
template <typename Raw, typename Wide>
static void readElements(const char *bytes, std::vector<Wide> &values) {
  for (Wide &value : values) {
    // Elements of i8 are numbers, and negative ones stay so.
    // NOLINTNEXTLINE(bugprone-signed-char-misuse)
    value = static_cast<Wide>(llvm::support::endian::read<Raw, llvm::endianness::little>(bytes));
    bytes += sizeof(Raw);
  }
}

template <typename Raw, typename Wide>
static void writeElements(char *bytes, const std::vector<Wide> &values) {
  for (Wide value : values) {
    llvm::support::endian::write<Raw, llvm::endianness::little>(bytes, static_cast<Raw>(value));
    bytes += sizeof(Raw);
  }
}

/// f16 and bf16, which C++20 has no type for.
static void readHalves(const char *bytes, FloatType type, std::vector<double> &values) {
  for (double &value : values) {
    llvm::APInt bits(16, llvm::support::endian::read16le(bytes));
    // The conversion of APFloat to double is exact from every narrower format.
    value = llvm::APFloat(type.getFloatSemantics(), bits).convertToDouble();
    bytes += 2;
  }
}

static void writeHalves(char *bytes, FloatType type, const std::vector<double> &values) {
  for (double value : values) {
    llvm::APFloat narrow(value);
    bool losesInfo = false;
    narrow.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    llvm::support::endian::write16le(bytes,
                                     static_cast<uint16_t>(narrow.bitcastToAPInt().getZExtValue()));
    bytes += 2;
  }
}

Expected<Tensor> Tensor::fromBytes(Type element, ArrayRef<int64_t> shape, ArrayRef<char> bytes) {
  if (!isSupportedElement(element))
    return createStringError("the reference evaluator has no tensors of this element type");
  std::optional<int64_t> count = elementCount(shape);
  if (!count || static_cast<size_t>(*count) != bytes.size() / elementBytes(element) ||
      bytes.size() % elementBytes(element) != 0)
    return createStringError("%zu bytes do not fit the shape of the tensor", bytes.size());

  Tensor result(element, shape);
  const char *from = bytes.data();
  unsigned width = element.getIntOrFloatBitWidth();
  bool isUnsigned = isUnsignedElement(element);
  if (element.isF64())
    readElements<double>(from, result.reals());
  else if (element.isF32())
    readElements<float>(from, result.reals());
  else if (auto type = dyn_cast<FloatType>(element))
    readHalves(from, type, result.reals());
  else if (width == 1)
    llvm::transform(bytes, result.integers().begin(), [](char c) { return c != 0; });
  else if (width == 64)
    readElements<int64_t>(from, result.integers());
  else if (width == 32)
    isUnsigned ? readElements<uint32_t>(from, result.integers())
               : readElements<int32_t>(from, result.integers());
  else if (width == 16)
    isUnsigned ? readElements<uint16_t>(from, result.integers())
               : readElements<int16_t>(from, result.integers());
  else
    isUnsigned ? readElements<uint8_t>(from, result.integers())
               : readElements<int8_t>(from, result.integers());
  return result;
}

std::string Tensor::toBytes() const {
  std::string bytes(count * elementBytes(elementType), char(0));
  char *to = bytes.data();
  if (elementType.isF64())
    writeElements<double>(to, realValues);
  else if (elementType.isF32())
    writeElements<float>(to, realValues);
  else if (auto type = dyn_cast<FloatType>(elementType))
    writeHalves(to, type, realValues);
  else if (elementBytes(elementType) == 8)
    writeElements<int64_t>(to, integerValues);
  else if (elementBytes(elementType) == 4)
    writeElements<int32_t>(to, integerValues);
  else if (elementBytes(elementType) == 2)
    writeElements<int16_t>(to, integerValues);
  else
    writeElements<int8_t>(to, integerValues);
  return bytes;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// The integer of `value`, as the storage of `element` keeps it.
static int64_t toStorage(Type element, const llvm::APInt &value) {
  return isUnsignedElement(element) ? static_cast<int64_t>(value.getZExtValue())
                                    : value.getSExtValue();
}

static void readDense(DenseElementsAttr dense, Tensor &result) {
  Type element = result.element();
  auto real = [](const llvm::APFloat &value) { return value.convertToDouble(); };
  auto integer = [&](const llvm::APInt &value) { return toStorage(element, value); };
  if (result.isFloat()) {
    if (dense.isSplat())
      llvm::fill(result.reals(), real(dense.getSplatValue<llvm::APFloat>()));
    else
      llvm::transform(dense.getValues<llvm::APFloat>(), result.reals().begin(), real);
  } else if (dense.isSplat()) {
    llvm::fill(result.integers(), integer(dense.getSplatValue<llvm::APInt>()));
  } else {
    llvm::transform(dense.getValues<llvm::APInt>(), result.integers().begin(), integer);
  }
}

Expected<Tensor> Tensor::fromAttribute(ElementsAttr attribute) {
  ShapedType type = attribute.getShapedType();
  Type element = type.getElementType();
  if (!isSupportedElement(element) || !type.hasStaticShape() || !elementCount(type.getShape()))
    return createStringError("a constant needs a static shape and an element type of Weft");
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return createStringError("the data of a constant is not in the module");
    return fromBytes(element, type.getShape(), blob->getData());
  }
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!dense)
    return createStringError("a constant needs dense elements");
  Tensor result(element, type.getShape());
  readDense(dense, result);
  return result;
}

} // namespace weft::reference
