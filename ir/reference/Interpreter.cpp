// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions, blocks and single operations. A value is dropped after its last use, so that peak
// memory follows the program and not its length.

#include "ir/reference/Interpreter.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;

namespace weft::reference {

/// Deeper calls than any elaborated model makes; a function that calls itself ends here.
static constexpr int64_t maxCallDepth = 64;

/// Puts the place in the user's file in front of `error`.
static Error atLocation(Operation &op, Error error) {
  std::string message = llvm::toString(std::move(error));
  if (auto place = op.getLoc()->findInstanceOf<FileLineColLoc>())
    message = (place.getFilename().getValue() + ":" + Twine(place.getLine()) + ":" +
               Twine(place.getColumn()) + ": " + message)
                  .str();
  return llvm::createStringError(message);
}

TensorRef Interpreter::hold(Tensor tensor) {
  int64_t bytes = tensor.size() * 8;
  liveBytes += bytes;
  return TensorRef(new Tensor(std::move(tensor)), [this, bytes](const Tensor *dead) {
    liveBytes -= bytes;
    delete dead;
  });
}

Error Interpreter::requireMemory(Operation &op, ArrayRef<int64_t> shape) {
  std::optional<int64_t> count = elementCount(shape);
  if (count && *count <= (options.memoryLimitBytes - liveBytes) / 8)
    return Error::success();
  return llvm::createStringError("'" + op.getName().getStringRef() + "' with a result of shape " +
                                 printShape(shape) + " exceeds the memory limit of " +
                                 Twine(options.memoryLimitBytes >> 20) +
                                 " MiB of the reference evaluator");
}

/// For each operation of `block`, the values of the block that nothing after it uses.
static llvm::DenseMap<Operation *, SmallVector<Value>> lastUses(Block &block) {
  llvm::DenseMap<Operation *, SmallVector<Value>> dying;
  auto record = [&](Value value, Operation *definition) {
    Operation *last = definition;
    for (Operation *user : value.getUsers()) {
      Operation *ancestor = block.findAncestorOpInBlock(*user);
      if (ancestor && (!last || last->isBeforeInBlock(ancestor)))
        last = ancestor;
    }
    if (last)
      dying[last].push_back(value);
  };
  for (BlockArgument argument : block.getArguments())
    record(argument, nullptr);
  for (Operation &op : block)
    for (Value result : op.getResults())
      record(result, &op);
  return dying;
}

Interpreter::Results Interpreter::runFunction(func::FuncOp function, TensorList arguments,
                                              const SymbolSizes &sizes) {
  if (function.isDeclaration())
    return llvm::createStringError("function '" + function.getName() + "' has no body");
  if (!function.getBody().hasOneBlock())
    return llvm::createStringError("function '" + function.getName() + "' has several blocks");
  if (callDepth >= maxCallDepth)
    return llvm::createStringError("function '" + function.getName() + "' calls itself");
  ++callDepth;
  Frame frame(sizes);
  Results results = runBlock(function.getBody().front(), std::move(arguments), frame);
  --callDepth;
  return results;
}

Interpreter::Results Interpreter::runBlock(Block &block, TensorList arguments, Frame &frame) {
  auto dying = lastUses(block);
  for (auto [name, value] : llvm::zip_equal(block.getArguments(), arguments))
    frame.values[name] = value;
  arguments.clear();

  for (Operation &op : block.without_terminator()) {
    Results results = runOperation(op, frame);
    if (!results)
      return results.takeError();
    for (auto [name, value] : llvm::zip_equal(op.getResults(), *results))
      frame.values[name] = value;
    results->clear();
    for (Value value : dying.lookup(&op))
      frame.values.erase(value);
  }

  TensorList yielded;
  for (Value value : block.getTerminator()->getOperands())
    yielded.push_back(frame.values.lookup(value));
  for (Value value : dying.lookup(block.getTerminator()))
    frame.values.erase(value);
  return yielded;
}

Interpreter::Results Interpreter::runOperation(Operation &op, Frame &frame) {
  Results results = compute(op, frame);
  if (!results || !options.observe)
    return results;
  auto valueOf = [&](Value value) -> const Tensor & { return *frame.values.find(value)->second; };
  if (Error error = options.observe({op, valueOf, *results}))
    return error;
  return results;
}

Interpreter::Results Interpreter::compute(Operation &op, Frame &frame) {
  TensorList operands;
  for (Value value : op.getOperands())
    operands.push_back(frame.values.lookup(value));
  if (isControl(op)) // Errors inside carry their own place.
    return runControl(op, operands, frame);
  Results results = runRule(op, operands, frame);
  if (!results)
    return atLocation(op, results.takeError());
  return results;
}

Interpreter::Results Interpreter::runRule(Operation &op, const TensorList &operands, Frame &frame) {
  Rule rule = allRules().lookup(op.getName().getStringRef());
  if (!rule)
    return llvm::createStringError("the reference evaluator has no rule for '" +
                                   op.getName().getStringRef() + "'");
  auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
  if (!type || !isSupportedElement(type.getElementType()))
    return llvm::createStringError("'" + op.getName().getStringRef() +
                                   "' does not give a tensor of Weft");
  Expected<Index> shape = shapeOf(type, frame.sizes);
  if (!shape)
    return shape.takeError();
  if (Error error = requireMemory(op, *shape))
    return error;

  // Rules may loop over the other dimensions of an empty result, which can be huge.
  if (llvm::is_contained(*shape, 0))
    return TensorList{hold(Tensor(type.getElementType(), *shape))};

  SmallVector<const Tensor *> inputs =
      llvm::map_to_vector(operands, [](const TensorRef &value) { return value.get(); });
  Expected<Tensor> result = rule(Call{&op, inputs, *shape, frame.sizes});
  if (!result)
    return result.takeError();
  result->roundToElement();
  return TensorList{hold(std::move(*result))};
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

/// "argument 2 ('image')"
static std::string describeArgument(func::FuncOp function, unsigned number) {
  std::string text = "argument " + std::to_string(number);
  for (StringRef key : {"weft.name", "weft.parameter"})
    if (Attribute name = function.getArgAttr(number, key)) {
      StringRef spelled = isa<StringAttr>(name)          ? cast<StringAttr>(name).getValue()
                          : isa<FlatSymbolRefAttr>(name) ? cast<FlatSymbolRefAttr>(name).getValue()
                                                         : StringRef();
      text += " ('" + spelled.str() + "')";
    }
  return text + " of '" + function.getName().str() + "'";
}

static Error requireKind(func::FuncOp function, unsigned number, const Tensor &argument) {
  auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[number]);
  if (type && type.getElementType() == argument.element() && type.getRank() == argument.rank())
    return Error::success();
  std::string expected;
  llvm::raw_string_ostream(expected) << function.getArgumentTypes()[number];
  std::string element;
  llvm::raw_string_ostream(element) << argument.element();
  return llvm::createStringError(describeArgument(function, number) + " is " + element +
                                 printShape(argument.shape()) + ", expected " + expected);
}

static Error requireSizes(func::FuncOp function, unsigned number, const Tensor &argument,
                          const SymbolSizes &sizes) {
  auto type = cast<RankedTensorType>(function.getArgumentTypes()[number]);
  for (auto [d, dim] : llvm::enumerate(dimsOf(type))) {
    if (type.isDynamicDim(d) && !type.getEncoding())
      continue; // Without an expression any size will do.
    Expected<int64_t> size = sizeOf(dim, sizes);
    if (!size)
      return size.takeError();
    if (*size != argument.dim(d))
      return llvm::createStringError(describeArgument(function, number) + " has size " +
                                     Twine(argument.dim(d)) + " in dimension " + Twine(d) +
                                     ", expected " + dim.str() +
                                     (dim.isConstant() ? "" : " = " + std::to_string(*size)));
  }
  return Error::success();
}

Expected<SymbolSizes> bindArguments(func::FuncOp function, ArrayRef<TensorRef> arguments) {
  if (arguments.size() != function.getNumArguments())
    return llvm::createStringError("'" + function.getName() + "' takes " +
                                   Twine(function.getNumArguments()) + " arguments, not " +
                                   Twine(arguments.size()));
  SymbolSizes sizes;
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    if (Error error = requireKind(function, i, *argument))
      return error;
    auto type = cast<RankedTensorType>(function.getArgumentTypes()[i]);
    for (auto [d, dim] : llvm::enumerate(dimsOf(type)))
      if (std::optional<StringRef> name = dim.bareSymbol())
        sizes.try_emplace(*name, argument->dim(d));
  }
  for (auto [i, argument] : llvm::enumerate(arguments))
    if (Error error = requireSizes(function, i, *argument, sizes))
      return error;
  return sizes;
}

Expected<SmallVector<Tensor>> evaluate(func::FuncOp function, ArrayRef<Tensor> arguments,
                                       const EvaluatorOptions &options) {
  Interpreter interpreter(options);
  // The arguments outlive the evaluation, so these references need not own them.
  TensorList borrowed = llvm::map_to_vector(
      arguments, [](const Tensor &value) { return TensorRef(TensorRef(), &value); });
  Expected<SymbolSizes> sizes = bindArguments(function, borrowed);
  if (!sizes)
    return sizes.takeError();
  Expected<TensorList> results = interpreter.runFunction(function, std::move(borrowed), *sizes);
  if (!results)
    return results.takeError();
  return llvm::map_to_vector(*results, [](const TensorRef &value) { return *value; });
}

} // namespace weft::reference
