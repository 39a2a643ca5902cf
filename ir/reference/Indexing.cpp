// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Look-up and combination of slices by computed index.

#include "ir/reference/Rules.h"
#include "ir/WeftOps.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

namespace {

/// Of some dimensions of a tensor that is not empty, so it fits.
int64_t product(ArrayRef<int64_t> dims) { return elementCount(dims).value_or(0); }

Index joined(ArrayRef<int64_t> a, ArrayRef<int64_t> b, ArrayRef<int64_t> c) {
  Index all(a.begin(), a.end());
  all.append(b.begin(), b.end());
  all.append(c.begin(), c.end());
  return all;
}

/// The nearest index below `size`, which is at least 1.
int64_t clampIndex(int64_t index, bool isUnsigned, int64_t size) {
  if (index < 0)
    return isUnsigned ? size - 1 : 0; // A ui64 of 2^63 and more is stored as negative.
  return std::min(index, size - 1);
}

/// y[b, p, k, q] = x[b, p, clamp(indices[b, k]), q]
Expected<Tensor> gather(const Call &call) {
  auto op = cast<GatherOp>(call.op);
  const Tensor &input = call.operand(0), &indices = call.operand(1);
  auto axis = static_cast<int64_t>(op.getAxis());
  auto batchDims = static_cast<int64_t>(op.getBatchDims());
  ArrayRef<int64_t> before = input.shape().take_front(axis);
  ArrayRef<int64_t> after = input.shape().drop_front(axis + 1);
  ArrayRef<int64_t> batch = before.take_front(batchDims);
  if (Error error = requireShape(call, "batch", indices.shape().take_front(batchDims), batch))
    return error;
  ArrayRef<int64_t> picks = indices.shape().drop_front(batchDims);
  if (Error error = requireShape(call, "result", call.resultShape, joined(before, picks, after)))
    return error;

  Tensor result = call.emptyResult();
  int64_t size = input.dim(axis), b = product(batch), p = product(before.drop_front(batchDims)),
          k = product(picks), q = product(after);
  if (size == 0 || result.size() == 0)
    return result;
  bool isUnsigned = isUnsignedElement(indices.element());
  Tensor::visit(result, input, [&](auto &to, const auto &from) {
    for (int64_t ib = 0; ib < b; ++ib)
      for (int64_t ip = 0; ip < p; ++ip)
        for (int64_t ik = 0; ik < k; ++ik) {
          int64_t index = clampIndex(indices.integers()[ib * k + ik], isUnsigned, size);
          int64_t row = ib * p + ip;
          std::copy_n(&from[(row * size + index) * q], q, &to[(row * k + ik) * q]);
        }
  });
  return result;
}

double combine(ScatterKind kind, double old, double update, Type element) {
  auto type = cast<FloatType>(element);
  switch (kind) {
  case ScatterKind::Set:
    return update;
  case ScatterKind::Add:
    return roundToFloat(type, old + update);
  case ScatterKind::Mul:
    return roundToFloat(type, old * update);
  case ScatterKind::Max:
    return maximum(old, update);
  case ScatterKind::Min:
    return minimum(old, update);
  }
  return old;
}

int64_t combine(ScatterKind kind, int64_t old, int64_t update, Type element) {
  auto a = static_cast<uint64_t>(old), b = static_cast<uint64_t>(update);
  bool oldIsLess = isUnsignedElement(element) ? a < b : old < update;
  switch (kind) {
  case ScatterKind::Set:
    return update;
  case ScatterKind::Add:
    return wrapToInteger(element, static_cast<int64_t>(a + b));
  case ScatterKind::Mul:
    return wrapToInteger(element, static_cast<int64_t>(a * b));
  case ScatterKind::Max:
    return oldIsLess ? update : old;
  case ScatterKind::Min:
    return oldIsLess ? old : update;
  }
  return old;
}

/// y = x; then y[p, indices[k], q] = combine(y[p, indices[k], q], updates[p, k, q]) for k in order.
/// Indices outside are passed over.
Expected<Tensor> scatter(const Call &call) {
  auto op = cast<ScatterOp>(call.op);
  Tensor result = call.operand(0);
  const Tensor &indices = call.operand(1), &updates = call.operand(2);
  auto axis = static_cast<int64_t>(op.getAxis());
  ArrayRef<int64_t> before = result.shape().take_front(axis);
  ArrayRef<int64_t> after = result.shape().drop_front(axis + 1);
  if (Error error =
          requireShape(call, "updates", updates.shape(), joined(before, indices.shape(), after)))
    return error;

  int64_t size = result.dim(axis), p = product(before), k = indices.size(), q = product(after);
  Type element = result.element();
  Tensor::visit(result, updates, [&](auto &to, const auto &from) {
    for (int64_t ip = 0; ip < p; ++ip)
      for (int64_t ik = 0; ik < k; ++ik) {
        int64_t index = indices.integers()[ik];
        if (index < 0 || index >= size)
          continue;
        for (int64_t iq = 0; iq < q; ++iq) {
          auto &old = to[(ip * size + index) * q + iq];
          old = combine(op.getKind(), old, from[(ip * k + ik) * q + iq], element);
        }
      }
  });
  return result;
}

} // namespace

void addIndexingRules(RuleTable &table) {
  table["weft.gather"] = gather;
  table["weft.scatter"] = scatter;
}

} // namespace weft::reference
