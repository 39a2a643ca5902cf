// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes the attributes of versions.

#include "ir/Versions.h"

#include "ir/WeftDialect.h"

namespace weft {

using mlir::func::FuncOp;

bool isVersion(FuncOp function) { return function->hasAttr(kVersionOfAttr); }

StringRef exportedName(FuncOp function) {
  auto name = function->getAttrOfType<StringAttr>(kVersionOfAttr);
  return name ? name.getValue() : function.getName();
}

mlir::FunctionType signatureOf(FuncOp function) {
  if (auto signature = function->getAttrOfType<mlir::TypeAttr>(kSignatureAttr))
    return cast<mlir::FunctionType>(signature.getValue());
  SmallVector<Type> inputs;
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes()))
    if (!function.getArgAttr(static_cast<unsigned>(index), kParameterAttr))
      inputs.push_back(type);
  return mlir::FunctionType::get(function.getContext(), inputs, function.getResultTypes());
}

std::optional<int64_t> versionSize(FuncOp function, StringRef dimension) {
  auto sizes = function->getAttrOfType<mlir::DictionaryAttr>(kVersionSizesAttr);
  auto size = sizes ? sizes.getAs<mlir::IntegerAttr>(dimension) : mlir::IntegerAttr();
  return size ? std::optional<int64_t>(size.getInt()) : std::nullopt;
}

void markVersion(FuncOp function, StringRef name, ArrayRef<std::pair<StringRef, int64_t>> sizes,
                 mlir::FunctionType signature) {
  mlir::Builder builder(function.getContext());
  SmallVector<mlir::NamedAttribute> fixed;
  for (const auto &[dimension, size] : sizes)
    fixed.push_back(builder.getNamedAttr(dimension, builder.getI64IntegerAttr(size)));
  function->setAttr(kVersionOfAttr, builder.getStringAttr(name));
  function->setAttr(kVersionSizesAttr, builder.getDictionaryAttr(fixed));
  function->setAttr(kSignatureAttr, mlir::TypeAttr::get(signature));
}

} // namespace weft
