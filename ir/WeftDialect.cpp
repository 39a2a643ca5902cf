// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of the dialect, its attributes and its operations.

#include "ir/WeftDialect.h"
#include "ir/WeftOps.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include <set>

#include "ir/WeftDialect.cpp.inc"
#include "ir/WeftEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "ir/WeftAttrs.cpp.inc"

namespace weft {

void WeftDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/WeftAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/WeftOps.cpp.inc"
      >();
}

// Stands here, beside the generated storage class that it needs.
ShapeAttr ShapeAttr::get(MLIRContext *context, ArrayRef<Dim> dims) {
  std::set<std::string> names;
  for (const Dim &dim : dims)
    for (const std::string &symbol : dim.symbols())
      names.insert(symbol);
  SmallVector<StringAttr> symbols;
  for (const std::string &symbol : names)
    symbols.push_back(StringAttr::get(context, symbol));
  SmallVector<mlir::AffineExpr> expressions;
  for (const Dim &dim : dims)
    expressions.push_back(dim.toAffine(symbols, context));
  return Base::get(context, symbols, expressions);
}

Operation *WeftDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type,
                                            Location loc) {
  auto elements = dyn_cast<mlir::ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, type, elements);
}

} // namespace weft
