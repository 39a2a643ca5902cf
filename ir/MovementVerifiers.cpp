// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the movement operations. What a result must be, with the constraints on the way
// to it, stands in Infer.cpp.

#include "ir/Verify.h"

namespace weft {

LogicalResult ConstantOp::verify() {
  if (!tensorOf(getResult()).hasStaticShape()) // C1
    return emitOpError() << "value of dynamic type " << getType();
  if (!isa<mlir::DenseElementsAttr>(getValue())) // C2
    return emitOpError() << "value is not 'dense'";
  return success();
}

LogicalResult IotaOp::verify() { return verifyAxis(*this, getAxis(), getResult()); } // C1

LogicalResult SizeOp::verify() {
  size_t count = getDim().getDims().size();
  if (count != 1) // C1
    return emitOpError() << count << " expressions where 1 is expected";
  return success();
}

LogicalResult BroadcastOp::verify() {
  std::string why;
  if (failed(checkBroadcast(tensorOf(getInput()), getDims(), dimsOf(tensorOf(getResult())), why)))
    return emitOpError() << why;                                 // C1, C2, C3
  return verifyOneElementType(*this, {getInput(), getResult()}); // C4
}

LogicalResult ReshapeOp::verify() {
  SmallVector<Dim> from = dimsOf(tensorOf(getInput())), to = dimsOf(tensorOf(getResult()));
  if (!agree(productOf(from), productOf(to))) // C1
    return emitOpError() << productOf(from).str() << " elements of dimensions "
                         << languageList(from) << " do not fill the " << productOf(to).str()
                         << " of " << languageList(to);
  return verifyOneElementType(*this, {getInput(), getResult()}); // C2
}

LogicalResult TransposeOp::verify() {
  std::string why;
  Inferred inferred = inferTranspose(tensorOf(getInput()), getPermutation(), why); // C1
  if (failed(verifyResult(*this, getResult(), inferred, why)))                     // C2
    return failure();
  return verifyOneElementType(*this, {getInput(), getResult()}); // C3
}

LogicalResult SliceOp::verify() {
  std::string why;
  if (failed(checkSlice(tensorOf(getInput()), getStarts().toDims(), getStrides(),
                        dimsOf(tensorOf(getResult())), why)))
    return emitOpError() << why;                                 // C1, C2, C3
  return verifyOneElementType(*this, {getInput(), getResult()}); // C4
}

/// Fails unless a box of the dimensions of `box` fits into `whole`, with a start for each.
static LogicalResult verifyBox(Operation *op, Value whole, Value box, StringRef boxName,
                               size_t numStarts) {
  SmallVector<Dim> sizes = dimsOf(tensorOf(whole)), part = dimsOf(tensorOf(box));
  if (part.size() != sizes.size() || numStarts != sizes.size()) // C1
    return op->emitOpError() << boxName << " of rank " << part.size() << " and " << numStarts
                             << " starts for an input of rank " << sizes.size();
  for (auto [axis, size, taken] : llvm::enumerate(sizes, part))
    if ((size - taken).constant().value_or(0) < 0) // C2
      return op->emitOpError() << "dimension " << axis << " of the " << boxName << " is "
                               << taken.str() << ", more than the input's " << size.str();
  return success();
}

LogicalResult DynamicSliceOp::verify() {
  if (failed(verifyBox(*this, getInput(), getResult(), "result", getStarts().size()))) // C1, C2
    return failure();
  return verifyOneElementType(*this, {getInput(), getResult()}); // C3
}

LogicalResult UpdateSliceOp::verify() {
  if (failed(verifyBox(*this, getInput(), getUpdate(), "update", getStarts().size()))) // C1, C2
    return failure();
  return verifyOneElementType(*this, {getInput(), getUpdate()}); // C3
}

LogicalResult PadOp::verify() {
  std::string why;
  Inferred inferred = inferPad(tensorOf(getInput()), getLow().toDims(), getHigh().toDims(),
                               getInterior(), why);            // C1
  if (failed(verifyResult(*this, getResult(), inferred, why))) // C2
    return failure();
  return verifyOneElementType(*this, {getInput(), getResult()}); // C3
}

LogicalResult ConcatOp::verify() {
  std::string why;
  SmallVector<RankedTensorType> types = llvm::map_to_vector(getInputs(), tensorOf);
  Inferred inferred = inferConcat(types, number(getAxis()), why); // C1, C2, C3
  if (failed(verifyResult(*this, getResult(), inferred, why)))    // C4
    return failure();
  SmallVector<Value> values(getInputs());
  values.push_back(getResult());
  return verifyOneElementType(*this, values); // C5
}

LogicalResult GatherOp::verify() {
  std::string why;
  Inferred inferred = inferGather(tensorOf(getInput()), tensorOf(getIndices()), number(getAxis()),
                                  number(getBatchDims()), why); // C1, C2
  if (failed(verifyResult(*this, getResult(), inferred, why)))  // C3
    return failure();
  return verifyOneElementType(*this, {getInput(), getResult()}); // C4
}

LogicalResult ScatterOp::verify() {
  std::string why;
  Inferred inferred = inferScatterUpdates(tensorOf(getInput()), tensorOf(getIndices()),
                                          number(getAxis()), why); // C1
  if (failed(inferred))
    return emitOpError() << why;
  if (failed(verifyDims(*this, "updates", getUpdates(), dimsOf(*inferred)))) // C2
    return failure();
  if (failed(verifyOneElementType(*this, {getInput(), getUpdates()}))) // C3
    return failure();
  if (tensorOf(getInput()).getElementType().isInteger(1) && getKind() != ScatterKind::Set) // C4
    return emitOpError() << "'" << stringifyScatterKind(getKind())
                         << "' of bool, which only 'set' takes";
  return success();
}

} // namespace weft
