// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constant matrices times matrices of values, for convolutions through transformed tiles.

#ifndef WEFT_CODEGEN_CPU_TILETRANSFORM_H
#define WEFT_CODEGEN_CPU_TILETRANSFORM_H

#include "codegen/cpu/Scalar.h"

namespace weft {

class TileTransform {
public:
  using Matrix = SmallVector<Value>; ///< Row-major; a value may be a vector.

  explicit TileTransform(Scalar &owner) : scalar(owner), code(owner.code) {}

  /// matrix * values, where `matrix` has `rows` rows and `values` has `columns` columns.
  Matrix apply(ArrayRef<double> matrix, int64_t rows, const Matrix &values, int64_t columns);

private:
  struct Term {
    double factor;
    Value value;
  };
  using Terms = SmallVector<Term>;

  SmallVector<Value> transformColumn(ArrayRef<double> matrix, ArrayRef<Value> column);
  SmallVector<Terms> termsOf(ArrayRef<double> matrix, ArrayRef<Value> column);
  Value sumOf(ArrayRef<Term> terms);

  Scalar &scalar;
  Code &code;
};

/// The transpose of a matrix with `columns` columns.
SmallVector<Value> turnedMatrix(ArrayRef<Value> values, int64_t columns);

} // namespace weft

#endif // WEFT_CODEGEN_CPU_TILETRANSFORM_H
