// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Explanations as attributes and back.

#include "passes/recompute/Explanation.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/FormatVariadic.h"

namespace weft {

std::string bytesText(double bytes) {
  for (auto [unit, size] : {std::pair("GiB", 0x1p30), {"MiB", 0x1p20}, {"KiB", 0x1p10}})
    if (bytes >= size)
      return llvm::formatv("{0:f2} {1}", bytes / size, unit);
  return llvm::formatv("{0:f0} bytes", bytes);
}

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
