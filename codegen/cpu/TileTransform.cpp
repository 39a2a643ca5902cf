// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products with constant matrices as few additions and fused products.

#include "codegen/cpu/TileTransform.h"

namespace weft {

/// The sum of the terms: first those that are only added, then fused products. Null without any.
Value TileTransform::sumOf(ArrayRef<Term> terms) {
  Value sum;
  auto take = [&](bool units) {
    for (const auto &[factor, value] : terms) {
      if ((std::abs(factor) == 1) != units)
        continue;
      if (!units && sum)
        sum = scalar.fma(value, scalar.constant(value.getType(), factor), sum);
      else if (!units)
        sum = scalar.mulf(value, scalar.constant(value.getType(), factor));
      else if (!sum)
        sum = factor > 0 ? value
                         : mlir::arith::NegFOp::create(code.builder, code.loc, value).getResult();
      else
        sum = factor > 0 ? scalar.addf(sum, value) : scalar.subf(sum, value);
    }
  };
  take(/*units=*/true);
  take(/*units=*/false);
  return sum;
}

/// The terms of each element of matrix * column. Where two neighbours have the same factors but for
/// signs, their sum and difference stand for them.
SmallVector<TileTransform::Terms> TileTransform::termsOf(ArrayRef<double> matrix,
                                                         ArrayRef<Value> column) {
  size_t inner = column.size(), rows = matrix.size() / inner;
  SmallVector<Terms> terms(rows);
  auto factor = [&](size_t row, size_t k) { return matrix[row * inner + k]; };
  for (size_t k = 0; k < inner; ++k) {
    bool isPair = k + 1 < inner && llvm::all_of(llvm::seq<size_t>(0, rows), [&](size_t row) {
                    return std::abs(factor(row, k)) == std::abs(factor(row, k + 1));
                  });
    Value value = column[k], sum, difference;
    if (isPair) {
      sum = scalar.addf(value, column[k + 1]);
      difference = scalar.subf(value, column[k + 1]);
    }
    for (size_t row = 0; row < rows; ++row) {
      if (isPair)
        value = factor(row, k) == factor(row, k + 1) ? sum : difference;
      if (factor(row, k) != 0)
        terms[row].push_back({factor(row, k), value});
    }
    k += isPair;
  }
  return terms;
}

/// matrix * column. Of two neighbouring rows whose terms differ in signs alone, what they share and
/// what they do not are summed once.
SmallVector<Value> TileTransform::transformColumn(ArrayRef<double> matrix, ArrayRef<Value> column) {
  SmallVector<Terms> terms = termsOf(matrix, column);
  SmallVector<Value> result;
  for (size_t row = 0; row < terms.size(); ++row) {
    Terms shared, opposite;
    bool isPair = row + 1 < terms.size() && terms[row].size() == terms[row + 1].size();
    for (size_t k = 0; isPair && k < terms[row].size(); ++k) {
      const Term &term = terms[row][k], &other = terms[row + 1][k];
      isPair = term.value == other.value && std::abs(term.factor) == std::abs(other.factor);
      (term.factor == other.factor ? shared : opposite).push_back(term);
    }
    if (!isPair || shared.empty() || opposite.empty()) {
      result.push_back(sumOf(terms[row]));
      continue;
    }
    Value same = sumOf(shared), other = sumOf(opposite);
    result.push_back(scalar.addf(same, other));
    result.push_back(scalar.subf(same, other));
    ++row;
  }
  return result;
}

/// matrix * values, where `values` has `columns` columns.
TileTransform::Matrix TileTransform::apply(ArrayRef<double> matrix, int64_t rows,
                                           const Matrix &values, int64_t columns) {
  int64_t inner = static_cast<int64_t>(values.size()) / columns;
  Matrix result(rows * columns);
  for (int64_t j = 0; j < columns; ++j) {
    SmallVector<Value> column;
    for (int64_t k = 0; k < inner; ++k)
      column.push_back(values[k * columns + j]);
    for (auto [i, value] : llvm::enumerate(transformColumn(matrix, column)))
      result[static_cast<int64_t>(i) * columns + j] = value;
  }
  return result;
}

SmallVector<Value> turnedMatrix(ArrayRef<Value> values, int64_t columns) {
  int64_t rows = static_cast<int64_t>(values.size()) / columns;
  SmallVector<Value> result;
  for (int64_t j = 0; j < columns; ++j)
    for (int64_t i = 0; i < rows; ++i)
      result.push_back(values[i * columns + j]);
  return result;
}

} // namespace weft
