// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The comparisons behind the verifiers.

#include "ir/Verify.h"

namespace weft {

LogicalResult verifyDims(Operation *op, StringRef name, Value value, ArrayRef<Dim> expected) {
  // Through a type, since a size that came out negative stands for 0.
  SmallVector<Dim> wanted = dimsOf(tensorType(expected, tensorOf(value).getElementType()));
  SmallVector<Dim> actual = dimsOf(tensorOf(value));
  if (agree(actual, wanted))
    return success();
  return op->emitOpError() << name << " has dimensions " << languageList(actual) << " where "
                           << languageList(wanted) << " are expected";
}

LogicalResult verifyResult(Operation *op, Value result, const Inferred &inferred, StringRef why) {
  if (failed(inferred))
    return op->emitOpError() << why;
  return verifyDims(op, "result", result, dimsOf(*inferred));
}

LogicalResult verifyOneElementType(Operation *op, ArrayRef<Value> values) {
  Type element;
  for (Value value : values) {
    if (!value)
      continue;
    Type next = tensorOf(value).getElementType();
    if (element && next != element)
      return op->emitOpError() << "element types " << element << " and " << next << " differ";
    element = next;
  }
  return success();
}

LogicalResult verifyAxis(Operation *op, uint64_t axis, Value value) {
  int64_t rank = tensorOf(value).getRank();
  if (axis < static_cast<uint64_t>(rank))
    return success();
  return op->emitOpError() << "axis " << axis << " outside rank " << rank;
}

LogicalResult verifyTypes(Operation *op, mlir::TypeRange actual, mlir::TypeRange expected,
                          StringRef what, StringRef like) {
  if (actual.size() != expected.size())
    return op->emitOpError() << actual.size() << " " << what << " where " << expected.size()
                             << " are expected, as many as " << like;
  for (auto [index, found, wanted] : llvm::enumerate(actual, expected))
    if (found != wanted)
      return op->emitOpError() << what << ": number " << index << " has type " << found << " where "
                               << wanted << " is expected, by the " << like;
  return success();
}

YieldOp yieldOf(Operation *op, mlir::Region &region) {
  mlir::Block &block = region.front();
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield)
    op->emitOpError() << "region " << region.getRegionNumber() << " does not end in 'weft.yield'";
  return yield;
}

} // namespace weft
