// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the structure operations: what goes into regions, what comes out of them, and what
// a launch may call.

#include "ir/Verify.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

namespace weft {

LogicalResult ParameterOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (!type.hasStaticShape()) // C1
    return emitOpError() << "dimensions " << languageList(dimsOf(type)) << ", which must be static";
  return success();
}

//===-- Regions -----------------------------------------------------------------------------===//

/// What a kernel yields beside its own input: see passes/LineSums.h.
static Operation *reductionBeside(YieldOp yield) {
  if (yield.getNumOperands() != 2)
    return nullptr;
  auto reduce = yield.getOperand(1).getDefiningOp<ReduceOp>();
  return reduce && reduce.getInput() == yield.getOperand(0) ? reduce : nullptr;
}

LogicalResult KernelOp::verify() {
  if (failed(verifyTypes(*this, getBody().getArgumentTypes(), getInputs().getTypes(),
                         "body arguments", "inputs"))) // C1
    return failure();
  YieldOp yield = yieldOf(*this, getBody());
  if (!yield || failed(verifyTypes(*this, yield.getOperandTypes(), getResultTypes(),
                                   "yielded values", "results"))) // C2
    return failure();
  Operation *beside = reductionBeside(yield);
  for (Value output : getOutputs().drop_back(beside ? 1 : 0))
    if (failed(verifyDims(*this, "result", output, dimsOf(tensorOf(getOutputs()[0]))))) // C2
      return failure();
  Operation *root = nullptr;
  for (Operation &op : getBody().front()) {
    if (!op.hasTrait<Root>() || &op == beside)
      continue;
    // A depthwise convolution may compute the product before it: see passes/Expansion.h.
    bool isExpanded = isa_and_present<PackedConvOp>(root) && isa<DepthwiseConvOp>(op);
    if (root && !isExpanded) // C3
      return emitOpError() << "holds two roots, '" << root->getName() << "' and '" << op.getName()
                           << "'";
    root = &op;
  }
  return success();
}

LogicalResult IfOp::verify() {
  for (mlir::Region *region : {&getThenRegion(), &getElseRegion()}) {
    YieldOp yield = yieldOf(*this, *region);
    if (!yield || failed(verifyTypes(*this, yield.getOperandTypes(), getResultTypes(),
                                     "yielded values", "results"))) // C1
      return failure();
  }
  return success();
}

LogicalResult WhileOp::verify() {
  mlir::TypeRange carried = getInits().getTypes();
  YieldOp condition = yieldOf(*this, getConditionRegion());
  YieldOp body = yieldOf(*this, getBodyRegion());
  if (!condition || !body)
    return failure();
  if (failed(verifyTypes(*this, getResultTypes(), carried, "results", "inits")) ||
      failed(verifyTypes(*this, getConditionRegion().getArgumentTypes(), carried,
                         "arguments of the condition", "inits")) ||
      failed(verifyTypes(*this, getBodyRegion().getArgumentTypes(), carried,
                         "arguments of the body", "inits")) ||
      failed(verifyTypes(*this, body.getOperandTypes(), carried, "yielded values", "inits"))) // C1
    return failure();
  auto flag = RankedTensorType::get({}, mlir::IntegerType::get(getContext(), 1));
  return verifyTypes(*this, condition.getOperandTypes(), Type(flag), "values of the condition",
                     "condition"); // C2
}

//===-- Scan --------------------------------------------------------------------------------===//

/// The types of one step of `xs`, without their common first dimension `steps`.
static FailureOr<SmallVector<Type>> stepTypes(ScanOp op, Dim &steps) {
  if (op.getXs().empty()) // C4
    return op.emitOpError() << "steps along no tensor";
  SmallVector<Type> types;
  for (auto [index, x] : llvm::enumerate(op.getXs())) {
    RankedTensorType type = tensorOf(x);
    if (type.getRank() == 0) // C1
      return op.emitOpError() << "steps along a tensor of rank 0";
    SmallVector<Dim> dims = dimsOf(type);
    if (index == 0)
      steps = dims[0];
    if (!agree(dims[0], steps)) // C1
      return op.emitOpError() << "steps along " << dims[0].str() << " and along " << steps.str()
                              << " elements";
    types.push_back(tensorType(ArrayRef<Dim>(dims).drop_front(), type.getElementType()));
  }
  return types;
}

/// C3: carries in front, then each emitted type with the number of steps before it.
static LogicalResult verifyScanResults(ScanOp op, YieldOp yield, const Dim &steps) {
  mlir::TypeRange carried = op.getInits().getTypes(), yielded = yield.getOperandTypes();
  size_t carries = carried.size();
  if (failed(
          verifyTypes(op, yielded.take_front(carries), carried, "yielded carries", "inits"))) // C3
    return failure();
  SmallVector<Type> expected(carried);
  for (Type type : yielded.drop_front(carries)) {
    auto emitted = dyn_cast<RankedTensorType>(type);
    if (!emitted) // C3
      return op.emitOpError() << "emits " << type << ", which is no ranked tensor";
    SmallVector<Dim> dims = dimsOf(emitted);
    dims.insert(dims.begin(), steps);
    expected.push_back(tensorType(dims, emitted.getElementType()));
  }
  return verifyTypes(op, op.getResultTypes(), expected, "results", "yielded values"); // C3
}

LogicalResult ScanOp::verify() {
  Dim steps;
  FailureOr<SmallVector<Type>> slices = stepTypes(*this, steps); // C1, C4
  if (failed(slices))
    return failure();
  SmallVector<Type> arguments(getInits().getTypes());
  arguments.append(*slices);
  if (failed(verifyTypes(*this, getBody().getArgumentTypes(), arguments, "body arguments",
                         "inits and the slices of 'xs'"))) // C2
    return failure();
  YieldOp yield = yieldOf(*this, getBody());
  if (!yield)
    return failure();
  if (yield.getNumOperands() < getInits().size()) // C3
    return emitOpError() << "yields " << yield.getNumOperands() << " values for "
                         << getInits().size() << " carries";
  return verifyScanResults(*this, yield, steps); // C3
}

//===-- Launch ------------------------------------------------------------------------------===//

LogicalResult LaunchOp::verify() {
  size_t slots = getSlots().size();
  if (slots != 0 && slots != getNumResults()) // C2
    return emitOpError() << slots << " slots for " << getNumResults() << " results";
  return success();
}

/// The type of a kernel function with `d0`, `d1`, ... replaced by what the launch passes.
static Type atLaunch(Type type, ArrayRef<Dim> symbols) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return type;
  SmallVector<Dim> dims = llvm::map_to_vector(dimsOf(tensor), [&](const Dim &dim) {
    return dim.substitute([&](StringRef name) -> std::optional<Dim> {
      unsigned number = 0;
      if (!name.consume_front("d") || name.getAsInteger(10, number) || number >= symbols.size())
        return std::nullopt;
      return symbols[number];
    });
  });
  return tensorType(dims, tensor.getElementType());
}

LogicalResult LaunchOp::verifySymbolUses(mlir::SymbolTableCollection &tables) {
  auto kernel = tables.lookupNearestSymbolFrom<mlir::FunctionOpInterface>(*this, getKernelAttr());
  if (!kernel || !kernel->hasAttr(kKernelAttr)) // C1
    return emitOpError() << "'" << getKernel() << "' names no kernel function";
  // From stage `loops` on a kernel is a function on buffers, and nothing is left to compare.
  if (!llvm::all_of(kernel.getArgumentTypes(), llvm::IsaPred<RankedTensorType>))
    return success();
  SmallVector<Dim> symbols = getSymbols().toDims();
  auto replaced = [&](ArrayRef<Type> types) {
    return llvm::map_to_vector(types, [&](Type type) { return atLaunch(type, symbols); });
  };
  SmallVector<Type> inputs = replaced(kernel.getArgumentTypes());
  SmallVector<Type> outputs = replaced(kernel.getResultTypes());
  if (failed(verifyTypes(*this, getInputs().getTypes(), inputs, "inputs",
                         "arguments of the kernel function"))) // C1, C3
    return failure();
  return verifyTypes(*this, getResultTypes(), outputs, "results",
                     "results of the kernel function"); // C1, C3
}

} // namespace weft
