// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-verify-graph: what the stage `graph` guarantees, rule by rule.

#include "ir/WeftOps.h"
#include "passes/KernelRules.h"
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
  if (op->hasTrait<Composite>() && !isRoot(op))
    return op->emitOpError("is composite: it must be decomposed");
  if (isa<VjpOp, JvpOp, StopGradientOp, CustomVjpOp>(op))
    return op->emitOpError("belongs to an earlier stage: it must be differentiated");
  if (isa<KernelOp, LaunchOp>(op))
    return op->emitOpError("belongs to a later stage");
  return success();
}

LogicalResult checkTypes(Operation *op, mlir::TypeRange types) { // G3
  for (Type type : types)
    if (!isa<RankedTensorType>(type))
      return op->emitError() << "a value has the type " << type << ", which is no ranked tensor";
  return success();
}

LogicalResult checkSignature(FuncOp function) { // G2
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (!function.getArgAttr(i, kParameterAttr) &&
        !function.getArgAttrOfType<StringAttr>(i, kNameAttr))
      return function.emitError() << "argument " << i << " has no '" << kNameAttr << "'";
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (!function.getResultAttrOfType<StringAttr>(i, kNameAttr) &&
        !function.getResultAttr(i, kStateAttr))
      return function.emitError() << "result " << i << " has no '" << kNameAttr << "'";
  return success();
}

void addNames(mlir::TypeRange types, std::set<std::string> &names) {
  for (Type type : types)
    for (const Dim &dim : dimsOf(cast<RankedTensorType>(type)))
      for (const std::string &name : dim.symbols())
        names.insert(name);
}

LogicalResult checkNames(Operation *op, const std::set<std::string> &known) { // G4
  std::set<std::string> used;
  addNames(op->getResultTypes(), used);
  for (mlir::NamedAttribute attribute : op->getAttrs())
    if (auto shape = dyn_cast<ShapeAttr>(attribute.getValue()))
      for (StringAttr name : shape.getSymbols())
        used.insert(name.str());
  for (const std::string &name : used)
    if (!known.count(name))
      return op->emitError() << "'" << name << "' is a dimension of no argument of the function";
  return success();
}

LogicalResult checkFunction(FuncOp function) {
  if (failed(checkSignature(function)) || failed(checkTypes(function, function.getArgumentTypes())))
    return failure();
  std::set<std::string> names;
  addNames(function.getArgumentTypes(), names);
  mlir::WalkResult result = function.getBody().walk([&](Operation *op) -> mlir::WalkResult {
    return LogicalResult::success(succeeded(checkOperation(op)) &&
                                  succeeded(checkTypes(op, op->getResultTypes())) &&
                                  succeeded(checkNames(op, names)));
  });
  return failure(result.wasInterrupted());
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
