// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the attributes of the dialect on functions, arguments and results promise: an exported
// function can be called by name, with every dimension known from its inputs.

#include "ir/Checkpoint.h"
#include "ir/ScanOrder.h"
#include "ir/Verify.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

#include <set>

namespace weft {

using mlir::FunctionOpInterface;
using mlir::NamedAttribute;

//===-- Exported functions ------------------------------------------------------------------===//

/// Fails if `type` is a tensor with a dynamic dimension that has no name.
static LogicalResult verifyNamedDims(Location place, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.hasStaticShape() || isa_and_nonnull<ShapeAttr>(tensor.getEncoding()))
    return success();
  return emitError(place) << type << " in an exported function has a dynamic dimension"
                          << " without #weft.shape";
}

/// Fails if a value of the function has an unnamed dimension.
static LogicalResult verifyAllNamed(FunctionOpInterface function) {
  for (Type type : function.getArgumentTypes())
    if (failed(verifyNamedDims(function.getLoc(), type)))
      return failure();
  mlir::WalkResult result = function->walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (failed(verifyNamedDims(op->getLoc(), type)))
        return mlir::WalkResult::interrupt();
    return mlir::WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// Fails unless each symbol of the arguments is, alone, a dimension of one of them.
static LogicalResult verifySymbolsBound(FunctionOpInterface function) {
  std::set<std::string> used, bound;
  for (Type type : function.getArgumentTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      continue;
    for (const Dim &dim : dimsOf(tensor)) {
      if (auto name = dim.bareSymbol())
        bound.insert(name->str());
      for (const std::string &name : dim.symbols())
        used.insert(name);
    }
  }
  for (const std::string &name : used)
    if (!bound.count(name))
      return function.emitError() << "'" << name << "' is a dimension of no input by itself, so"
                                  << " that a call could not tell its size";
  return success();
}

/// Fails if two of the names that `nameOf` gives for 0 .. count - 1 are equal.
static LogicalResult verifyUnique(FunctionOpInterface function, unsigned count, StringRef what,
                                  llvm::function_ref<Attribute(unsigned)> nameOf) {
  std::set<std::string> names;
  for (unsigned i = 0; i < count; ++i)
    if (auto name = dyn_cast_or_null<StringAttr>(nameOf(i)))
      if (!names.insert(name.str()).second)
        return function.emitError()
               << "two " << what << " have the name '" << name.getValue() << "'";
  return success();
}

static LogicalResult verifyExport(FunctionOpInterface function) {
  if (failed(verifyAllNamed(function)) || failed(verifySymbolsBound(function)))
    return failure();
  auto argument = [&](unsigned i) { return function.getArgAttr(i, kNameAttr); };
  auto result = [&](unsigned i) { return function.getResultAttr(i, kNameAttr); };
  return failure(failed(verifyUnique(function, function.getNumArguments(), "inputs", argument)) ||
                 failed(verifyUnique(function, function.getNumResults(), "results", result)));
}

//===-- Parameters and names ----------------------------------------------------------------===//

/// The attribute on an argument or result of type `type` names a parameter of that type.
static LogicalResult verifyParameterUse(Operation *op, NamedAttribute attribute, Type type) {
  auto symbol = dyn_cast<mlir::SymbolRefAttr>(attribute.getValue());
  if (!symbol)
    return op->emitError() << "'" << attribute.getName().getValue() << "' is no symbol";
  if (!isa<RankedTensorType>(type)) // Lowered past the stages that know parameters.
    return success();
  auto parameter =
      dyn_cast_or_null<ParameterOp>(mlir::SymbolTable::lookupNearestSymbolFrom(op, symbol));
  if (!parameter)
    return op->emitError() << "'" << attribute.getName().getValue() << "' names " << symbol
                           << ", which is no 'weft.parameter'";
  if (parameter.getType() != type)
    return op->emitError() << "'" << attribute.getName().getValue() << "' names " << symbol
                           << " of type " << parameter.getType() << " on a value of type " << type;
  if (attribute.getName() == kStateAttr && parameter.getKind() == ParameterKind::Derived)
    return op->emitError() << "'" << attribute.getName().getValue() << "' names " << symbol
                           << ", which is derived";
  return success();
}

/// Checks an attribute of an argument or result.
static LogicalResult verifyValueAttribute(Operation *op, NamedAttribute attribute, Type type) {
  if (attribute.getName() == kParameterAttr || attribute.getName() == kStateAttr)
    return verifyParameterUse(op, attribute, type);
  if (attribute.getName() == kNameAttr && !isa<StringAttr>(attribute.getValue()))
    return op->emitError() << "'" << kNameAttr << "' is no string";
  return success();
}

LogicalResult WeftDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned index,
                                                    NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function || index >= function.getNumArguments())
    return success();
  return verifyValueAttribute(op, attribute, function.getArgumentTypes()[index]);
}

LogicalResult WeftDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned index,
                                                       NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function || index >= function.getNumResults())
    return success();
  return verifyValueAttribute(op, attribute, function.getResultTypes()[index]);
}

LogicalResult WeftDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName().getValue();
  auto function = dyn_cast<FunctionOpInterface>(op);
  if ((name == kExportAttr || name == kKernelAttr) &&
      (!function || !isa<mlir::UnitAttr>(attribute.getValue())))
    return op->emitError() << "'" << name << "' is a unit attribute of functions";
  if (name == kDocAttr && !isa<StringAttr>(attribute.getValue()))
    return op->emitError() << "'" << name << "' is no string";
  if (name == kRecomputeAttr && !isa<mlir::UnitAttr>(attribute.getValue()))
    return op->emitError() << "'" << name << "' is no unit attribute";
  if (name == kCheckpointsAttr && !isa<mlir::DenseI64ArrayAttr>(attribute.getValue()))
    return op->emitError() << "'" << name << "' is no array of i64, the numbers of checkpoints";
  bool mayBeBarrier = isa<CastOp>(op) && op->getOperandTypes() == op->getResultTypes();
  if (name == kBarrierAttr && (!isa<mlir::IntegerAttr>(attribute.getValue()) || !mayBeBarrier))
    return op->emitError() << "'" << name << "' is an integer on a cast to the own type";
  if (name == kReverseAttr && (!isa<ScanOp>(op) || !isa<mlir::UnitAttr>(attribute.getValue())))
    return op->emitError() << "'" << name << "' is a unit attribute of scans";
  if (name == kArenaAttr) {
    auto bytes = dyn_cast<ShapeAttr>(attribute.getValue());
    if (!bytes || bytes.getDims().size() != 1)
      return op->emitError() << "'" << name << "' is no #weft.shape of one expression";
  }
  return name == kExportAttr ? verifyExport(function) : success();
}

} // namespace weft
