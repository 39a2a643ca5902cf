// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names resolved to values, tensors of the file made constants or parameters, and what is known of
// their elements.

#include "frontend/onnx/Importer.h"

#include "frontend/onnx/TensorData.h"

namespace weft {

/// Integers of more elements are data, not sizes or positions.
static constexpr int64_t mostConstantElements = 1024;

//===-- Names and weights -------------------------------------------------------------------===//

bool OnnxImporter::addInitializers(onnx::GraphProto &graph, Scope &target) {
  if (graph.sparse_initializer_size() > 0) {
    error("'" + path + "' has sparse weights, which are not supported");
    return false;
  }
  for (onnx::TensorProto &tensor : *graph.mutable_initializer())
    if (!target.initializers.try_emplace(tensor.name(), &tensor).second) {
      error("two weights are called '" + Twine(tensor.name()) + "'");
      return false;
    }
  return true;
}

bool OnnxImporter::isKnownName(StringRef name) const {
  for (const Scope *one = scope; one; one = one->outer)
    if (one->values.contains(name) || one->initializers.contains(name))
      return true;
  return false;
}

std::optional<OnnxValue> OnnxImporter::lookup(StringRef name) {
  for (Scope *one = scope; one; one = one->outer) {
    auto found = one->values.find(name);
    if (found != one->values.end())
      return found->second;
    auto weight = one->initializers.find(name);
    if (weight == one->initializers.end())
      continue;
    OnnxValue made;
    llvm::Expected<OnnxTensor> tensor = takeTensor(*weight->second, folder, &context);
    if (tensor)
      made.value = materialize(std::move(*tensor));
    else
      error(llvm::toString(tensor.takeError()));
    one->values[name] = made;
    return made;
  }
  return std::nullopt;
}

/// Sizes, positions and single numbers take part in folding; the rest are weights.
static bool isConstantLike(RankedTensorType type) {
  if (type.getRank() == 0 || type.getNumElements() == 0)
    return true;
  return !isa<mlir::FloatType>(type.getElementType()) &&
         type.getNumElements() <= mostConstantElements;
}

Value OnnxImporter::makeConstant(const OnnxTensor &tensor) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getBody().front());
  return ConstantOp::create(builder, function.getLoc(), constantOf(tensor));
}

Value OnnxImporter::materialize(OnnxTensor tensor) {
  if (isConstantLike(tensor.type))
    return makeConstant(tensor);
  std::string name = tensor.name.empty() ? "constant" : tensor.name;
  for (int i = 1; !takenParameters.insert(tensor.name).second; ++i)
    tensor.name = name + "_" + std::to_string(i);
  unsigned index = parameters.size();
  auto attributes = builder.getDictionaryAttr(
      builder.getNamedAttr(kParameterAttr, mlir::FlatSymbolRefAttr::get(&context, tensor.name)));
  if (failed(function.insertArgument(index, tensor.type, attributes, function.getLoc())))
    return Value();
  parameters.push_back(std::move(tensor));
  return function.getArgument(index);
}

Value OnnxImporter::materialize(onnx::TensorProto &tensor, StringRef name, Node &owner) {
  tensor.set_name(name.str());
  llvm::Expected<OnnxTensor> taken = takeTensor(tensor, folder, &context);
  // One number is a weight in the list of weights, and a constant in a node, whatever its rank.
  if (taken && taken->type.getNumElements() == 1)
    return makeConstant(*taken);
  if (taken)
    return materialize(std::move(*taken));
  owner.fail(llvm::toString(taken.takeError()));
  return Value();
}

//===-- What is known -----------------------------------------------------------------------===//

std::optional<unsigned> OnnxImporter::parameterIndex(Value value) {
  auto argument = dyn_cast<mlir::BlockArgument>(value);
  if (!argument || argument.getOwner() != &function.getBody().front() ||
      argument.getArgNumber() >= parameters.size())
    return std::nullopt;
  return argument.getArgNumber();
}

std::optional<reference::Tensor> OnnxImporter::knownLeaf(Value value) {
  std::optional<unsigned> index = parameterIndex(value);
  if (!index || parameters[*index].type.getNumElements() > KnownElements::mostElements)
    return std::nullopt;
  llvm::Expected<reference::Tensor> read =
      reference::Tensor::fromAttribute(constantOf(parameters[*index]));
  if (read)
    return std::move(*read);
  llvm::consumeError(read.takeError());
  return std::nullopt;
}

std::string OnnxImporter::describeOrigin(Value value) {
  SmallVector<Value> pending = {value};
  llvm::DenseSet<Value> seen;
  SmallVector<std::string> found;
  while (!pending.empty()) {
    Value next = pending.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    if (Operation *op = next.getDefiningOp()) {
      pending.append(op->operand_begin(), op->operand_end());
      continue;
    }
    auto argument = cast<mlir::BlockArgument>(next);
    size_t first = parameters.size();
    if (argument.getOwner() == &function.getBody().front() && argument.getArgNumber() >= first)
      found.push_back(inputNames[argument.getArgNumber() - first]);
  }
  if (found.empty())
    return "it is computed from data";
  llvm::sort(found);
  std::string names, flags;
  for (const std::string &name : found) {
    names += (names.empty() ? "'" : ", '") + name + "'";
    flags += " --constant " + name + "=FILE";
  }
  return "it depends on the input" + std::string(found.size() > 1 ? "s " : " ") + names +
         "; fix that with" + flags;
}

} // namespace weft
