// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Explanations as attributes and back.

#include "passes/recompute/Explanation.h"

#include "mlir/IR/Builders.h"

namespace weft {

mlir::DictionaryAttr toAttribute(const ValueExplanation &value) {
  mlir::Builder b(value.location.getContext());
  return b.getDictionaryAttr({
      b.getNamedAttr("operation", b.getStringAttr(value.operation)),
      b.getNamedAttr("type", mlir::TypeAttr::get(value.type)),
      b.getNamedAttr("location", mlir::LocationAttr(value.location)),
      b.getNamedAttr("kept", b.getBoolAttr(value.isKept)),
      b.getNamedAttr("bytes", b.getF64FloatAttr(value.bytes)),
      b.getNamedAttr("why", b.getStringAttr(value.why)),
  });
}

SmallVector<ValueExplanation> explanationsOf(mlir::func::FuncOp function) {
  SmallVector<ValueExplanation> result;
  auto values = function->getAttrOfType<mlir::ArrayAttr>(kKeptAttr);
  for (Attribute attribute : values ? values.getValue() : ArrayRef<Attribute>()) {
    auto value = cast<mlir::DictionaryAttr>(attribute);
    result.push_back({value.getAs<StringAttr>("operation").str(),
                      value.getAs<mlir::TypeAttr>("type").getValue(),
                      cast<mlir::LocationAttr>(value.get("location")),
                      value.getAs<mlir::BoolAttr>("kept").getValue(),
                      value.getAs<mlir::FloatAttr>("bytes").getValueAsDouble(),
                      value.getAs<StringAttr>("why").str()});
  }
  return result;
}

} // namespace weft
