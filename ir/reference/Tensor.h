// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The values of the reference evaluator: a shape, an element type and wide storage. Floats of
// every width are kept as double, integers and booleans as int64_t, so each operation is written
// once; `roundToElement` then narrows a result to what its element type can hold.
#ifndef WEFT_IR_REFERENCE_TENSOR_H
#define WEFT_IR_REFERENCE_TENSOR_H

#include "ir/ScalarMath.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace weft::reference {

/// A list of dimensions, or one index per dimension.
using Index = llvm::SmallVector<int64_t>;

/// True for f64, f32, f16, bf16 and the integers of 1 (bool), 8, 16, 32 and 64 bits.
bool isSupportedElement(mlir::Type element);

using weft::isUnsignedElement;
using weft::roundToFloat;
using weft::wrapToInteger;

/// Bytes of one element outside the evaluator; a bool takes one.
int64_t elementBytes(mlir::Type element);

/// Product of `shape`, or nothing where it exceeds int64_t.
std::optional<int64_t> elementCount(llvm::ArrayRef<int64_t> shape);

/// One value of the evaluated program, row-major.
class Tensor {
public:
  /// All zeros. `shape` is complete, and its element count fits int64_t.
  Tensor(mlir::Type element, llvm::ArrayRef<int64_t> shape);

  /// Little-endian elements as files and native code hold them.
  static llvm::Expected<Tensor> fromBytes(mlir::Type element, llvm::ArrayRef<int64_t> shape,
                                          llvm::ArrayRef<char> bytes);
  static llvm::Expected<Tensor> fromAttribute(mlir::ElementsAttr attribute);

  /// A tensor without dimensions.
  static Tensor scalar(mlir::Type element, double value);
  static Tensor scalar(mlir::Type element, int64_t value);

  std::string toBytes() const;

  mlir::Type element() const { return elementType; }
  llvm::ArrayRef<int64_t> shape() const { return dims; }
  int64_t rank() const { return static_cast<int64_t>(dims.size()); }
  int64_t dim(size_t axis) const { return dims[axis]; }
  int64_t size() const { return count; }
  bool isFloat() const { return llvm::isa<mlir::FloatType>(elementType); }

  /// Storage of a float tensor.
  std::vector<double> &reals() { return realValues; }
  const std::vector<double> &reals() const { return realValues; }

  /// Storage of an integer or bool tensor.
  std::vector<int64_t> &integers() { return integerValues; }
  const std::vector<int64_t> &integers() const { return integerValues; }

  /// The same elements under another shape of the same count.
  void setShape(llvm::ArrayRef<int64_t> shape) { dims.assign(shape.begin(), shape.end()); }

  /// Rounds or wraps every element to what the element type can hold.
  void roundToElement();

  /// Calls `body` with the storage in use, for operations that only move elements. The other
  /// tensors must have the same element type.
  template <typename Body> static void visit(Tensor &result, const Tensor &input, Body body) {
    if (result.isFloat())
      body(result.realValues, input.realValues);
    else
      body(result.integerValues, input.integerValues);
  }

private:
  mlir::Type elementType;
  Index dims;
  int64_t count;
  std::vector<double> realValues;
  std::vector<int64_t> integerValues;
};

} // namespace weft::reference

#endif // WEFT_IR_REFERENCE_TENSOR_H
