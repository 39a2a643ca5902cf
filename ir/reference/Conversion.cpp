// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values that come from nowhere or from another element type: constants, counting, sizes, casts.

#include "ir/reference/Rules.h"
#include "ir/reference/Walk.h"
#include "ir/WeftOps.h"

#include <cmath>

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

namespace {

Expected<Tensor> constant(const Call &call) {
  return Tensor::fromAttribute(cast<ConstantOp>(call.op).getValue());
}

Expected<Tensor> iota(const Call &call) {
  auto axis = static_cast<int64_t>(cast<IotaOp>(call.op).getAxis());
  Tensor result = call.emptyResult();
  int64_t inner = 1;
  for (int64_t d = axis + 1; d < result.rank(); ++d)
    inner *= result.dim(d);
  for (int64_t i = 0; i < result.size(); ++i) {
    int64_t place = i / inner % result.dim(axis);
    if (result.isFloat())
      result.reals()[i] = static_cast<double>(place);
    else
      result.integers()[i] = place;
  }
  return result;
}

Expected<Tensor> size(const Call &call) {
  Expected<int64_t> value = valueOf(cast<weft::SizeOp>(call.op).getDim().toDims()[0], call.sizes);
  if (!value)
    return value.takeError();
  return Tensor::scalar(IntegerType::get(call.op->getContext(), 64), *value);
}

//===----------------------------------------------------------------------===//
// Cast
//===----------------------------------------------------------------------===//

Expected<Tensor> convert(const Call &call) {
  const Tensor &input = call.operand(0);
  if (Error error = requireShape(call, "input", input.shape(), call.resultShape))
    return error;
  Tensor result = call.emptyResult();
  Type to = result.element();
  bool toBool = to.isInteger(1);
  bool isUnsigned = isUnsignedElement(input.element());
  auto real = [](const Tensor &t, int64_t i) { return t.reals()[i]; };
  for (int64_t i = 0; i < result.size(); ++i) {
    if (input.isFloat() && result.isFloat())
      result.reals()[i] = real(input, i);
    else if (input.isFloat())
      result.integers()[i] = toBool ? real(input, i) != 0 : realToInteger(real(input, i), to);
    else if (result.isFloat())
      result.reals()[i] = integerToReal(input.integers()[i], isUnsigned, cast<FloatType>(to));
    else // Wrapping is left to the caller.
      result.integers()[i] = toBool ? input.integers()[i] != 0 : input.integers()[i];
  }
  return result;
}

} // namespace

void addConversionRules(RuleTable &table) {
  table["weft.constant"] = constant;
  table["weft.iota"] = iota;
  table["weft.size"] = weft::reference::size;
  table["weft.cast"] = convert;
}

} // namespace weft::reference
