// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-verify-graph: what the stage `graph` guarantees, rule by rule.

#include "ir/WeftOps.h"
#include "passes/Passes.h"

#include <set>

namespace weft {

#define GEN_PASS_DEF_VERIFYGRAPHPASS
#include "passes/Passes.h.inc"

namespace {

using mlir::func::FuncOp;

LogicalResult checkOperation(Operation *op) { // G1
  if (isa<mlir::func::ReturnOp>(op))
    return success();
  if (!isa_and_nonnull<WeftDialect>(op->getDialect()))
    return op->emitOpError("is not an operation of the weft dialect");
  if (op->hasTrait<Composite>())
    return op->emitOpError("is composite: it must be decomposed");
  if (isa<KernelOp, LaunchOp>(op))
    return op->emitOpError("belongs to a later stage");
  return success();
}

LogicalResult checkTypes(Operation *op, mlir::TypeRange types) { // G3
  for (Type type : types) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      return op->emitError() << "a value has the type " << type << ", which is no ranked tensor";
    if (!tensor.hasStaticShape() && !isa_and_nonnull<ShapeAttr>(tensor.getEncoding()))
      return op->emitError() << "a value of type " << tensor
                             << " does not name its dynamic dimensions";
  }
  return success();
}

LogicalResult checkSignature(FuncOp function) { // G2
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto parameter = function.getArgAttrOfType<mlir::SymbolRefAttr>(i, kParameterAttr);
    if (parameter && !mlir::SymbolTable::lookupNearestSymbolFrom<ParameterOp>(function, parameter))
      return function.emitError() << "argument " << i << " is the parameter " << parameter
                                  << ", which the module does not declare";
    if (!parameter && !function.getArgAttrOfType<StringAttr>(i, kNameAttr))
      return function.emitError() << "argument " << i << " has no '" << kNameAttr << "'";
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (!function.getResultAttrOfType<StringAttr>(i, kNameAttr) &&
        !function.getResultAttr(i, kStateAttr))
      return function.emitError() << "result " << i << " has no '" << kNameAttr << "'";
  return success();
}

/// Every dimension name of a block argument, operand or result of the function. Arguments come
/// first in the walk, but bare dimensions can stand in any of them.
LogicalResult checkNames(FuncOp function) { // G4
  std::set<std::string> bare, used;
  auto collect = [](mlir::TypeRange types, std::set<std::string> &into) {
    for (Type type : types)
      for (const Dim &dim : dimsOf(cast<RankedTensorType>(type)))
        for (const std::string &name : dim.symbols())
          into.insert(name);
  };
  for (Type type : function.getArgumentTypes())
    for (const Dim &dim : dimsOf(cast<RankedTensorType>(type)))
      if (auto name = dim.bareSymbol())
        bare.insert(name->str());
  collect(function.getArgumentTypes(), used);
  function.getBody().walk([&](Operation *op) { collect(op->getResultTypes(), used); });
  for (const std::string &name : used)
    if (!bare.count(name))
      return function.emitError() << "the size of dimension '" << name
                                  << "' cannot be known: no argument has it alone as a dimension";
  return success();
}

LogicalResult checkFunction(FuncOp function) {
  if (failed(checkSignature(function)) || failed(checkTypes(function, function.getArgumentTypes())))
    return failure();
  mlir::WalkResult result = function.getBody().walk([](Operation *op) -> mlir::WalkResult {
    for (mlir::Region &region : op->getRegions())
      for (mlir::Block &block : region)
        if (failed(checkTypes(op, block.getArgumentTypes())))
          return failure();
    return LogicalResult::success(succeeded(checkOperation(op)) &&
                                  succeeded(checkTypes(op, op->getResultTypes())));
  });
  return result.wasInterrupted() ? failure() : checkNames(function);
}

struct VerifyGraph final : impl::VerifyGraphPassBase<VerifyGraph> {
  void runOnOperation() override {
    for (FuncOp function : getOperation().getOps<FuncOp>())
      if (function->hasAttr(kExportAttr) && failed(checkFunction(function)))
        signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace
} // namespace weft
