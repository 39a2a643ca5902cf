// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The function that a graph becomes: its inputs, its outputs, the parameters that it keeps.

#include "frontend/onnx/Importer.h"

#include "frontend/onnx/Dimensions.h"
#include "frontend/onnx/TensorData.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

namespace weft {

void OnnxImporter::makeFunction() {
  Location place = mlir::FileLineColLoc::get(&context, path, 0, 0);
  module = ModuleOp::create(place, onnxIdentifier(llvm::sys::path::stem(path)));
  if (!model->doc_string().empty())
    module->getOperation()->setAttr(kDocAttr, builder.getStringAttr(model->doc_string()));
  builder.setInsertionPointToEnd(module->getBody());
  function = mlir::func::FuncOp::create(builder, place, "predict", builder.getFunctionType({}, {}));
  function->setAttr(kExportAttr, builder.getUnitAttr());
  builder.setInsertionPointToEnd(function.addEntryBlock());
}

std::string OnnxImporter::uniqueName(StringRef wanted) {
  std::string name = onnxIdentifier(wanted), result = name;
  for (int i = 1; !takenNames.insert(result).second; ++i)
    result = name + "_" + std::to_string(i);
  return result;
}

std::optional<Dim> OnnxImporter::dimOf(const onnx::TensorShapeProto::Dimension &dim,
                                       StringRef input, int64_t axis) {
  if (dim.has_dim_value()) {
    int64_t size = dim.dim_value();
    if (size >= 0 && size <= (int64_t(1) << 40))
      return Dim(size);
    error("dimension " + Twine(axis) + " of the input '" + input + "' is " + Twine(size));
    return std::nullopt;
  }
  const std::string &text = dim.dim_param();
  if (text.empty())
    return namedDim(onnxIdentifier(input) + "_dim" + std::to_string(axis));
  // A formula has to get its sizes from somewhere: each name is a dimension of its own.
  std::optional<Dim> formula = readDimFormula(text, [&](StringRef name) -> std::optional<Dim> {
    if (!boundDims.contains(name))
      return std::nullopt;
    return namedDim(onnxIdentifier(name));
  });
  return formula ? formula : namedDim(onnxIdentifier(text));
}

/// The symbol, or the number that the user fixes it to.
Dim OnnxImporter::namedDim(StringRef name) {
  for (const auto &[fixed, size] : options.dims)
    if (fixed == name) {
      usedDims.insert(fixed);
      return Dim(size);
    }
  return Dim::symbol(name);
}

/// Names that are whole dimensions of inputs: each gives its size when the model is called.
void OnnxImporter::collectBoundDims() {
  for (const onnx::ValueInfoProto &input : model->graph().input()) {
    bool isConstant = llvm::any_of(options.constants, [&](const OnnxTensor &constant) {
      return constant.name == onnxIdentifier(input.name());
    });
    if (!isConstant)
      for (const auto &dim : input.type().tensor_type().shape().dim())
        boundDims.insert(dim.dim_param());
  }
}

std::optional<RankedTensorType> OnnxImporter::typeOf(const onnx::ValueInfoProto &input) {
  if (!input.type().has_tensor_type()) {
    error("the input '" + Twine(input.name()) +
          "' is no tensor: sequences, maps, optionals and sparse tensors are not supported");
    return std::nullopt;
  }
  const auto &tensor = input.type().tensor_type();
  llvm::Expected<Type> element = onnxElementType(tensor.elem_type(), &context);
  if (!element) {
    error("the input '" + Twine(input.name()) + "': " + llvm::toString(element.takeError()));
    return std::nullopt;
  }
  if (!tensor.has_shape()) {
    error("the input '" + Twine(input.name()) +
          "' has no shape: the number of its dimensions must be in the file");
    return std::nullopt;
  }
  SmallVector<Dim> dims;
  for (auto [axis, dim] : llvm::enumerate(tensor.shape().dim())) {
    std::optional<Dim> one = dimOf(dim, input.name(), axis);
    if (!one)
      return std::nullopt;
    dims.push_back(*one);
  }
  return tensorType(dims, *element);
}

bool OnnxImporter::addInput(const onnx::ValueInfoProto &input) {
  if (!scope->values.try_emplace(input.name()).second) {
    error("two inputs are called '" + Twine(input.name()) + "'");
    return false;
  }
  std::optional<RankedTensorType> type = typeOf(input);
  if (!type)
    return false;
  std::string name = onnxIdentifier(input.name());
  for (const OnnxTensor &constant : options.constants) {
    if (constant.name != name)
      continue;
    givenConstants.insert(name);
    if (constant.type.getElementType() != type->getElementType() ||
        !agree(dimsOf(constant.type), dimsOf(*type))) {
      bool fits = constant.type.getElementType() == type->getElementType() &&
                  constant.type.getRank() == type->getRank();
      for (auto [given, dim] : llvm::zip(dimsOf(constant.type), dimsOf(*type)))
        fits &= !dim.isConstant() || dim == given;
      if (!fits) {
        error("the constant for '" + Twine(name) + "' is " + languageName(constant.type) +
              ", but the input is " + languageName(*type));
        return false;
      }
    }
    scope->values[input.name()].value =
        GraphBuilder(builder, function.getLoc()).constant(constantOf(constant));
    return true;
  }
  name = uniqueName(input.name());
  auto attributes =
      builder.getDictionaryAttr(builder.getNamedAttr(kNameAttr, builder.getStringAttr(name)));
  unsigned index = function.getNumArguments();
  if (failed(function.insertArgument(index, *type, attributes, function.getLoc())))
    return false;
  inputNames.push_back(name);
  scope->values[input.name()].value = function.getArgument(index);
  return true;
}

bool OnnxImporter::addInputs() {
  bool good = true;
  collectBoundDims();
  // Files of IR version 3 and older list weights among the inputs too.
  for (const onnx::ValueInfoProto &input : model->graph().input())
    if (!scope->initializers.contains(input.name()))
      good &= addInput(input);
  for (const OnnxTensor &constant : options.constants)
    if (!givenConstants.contains(constant.name)) {
      error("--constant " + constant.name + ": '" + path + "' has no such input");
      good = false;
    }
  for (const auto &[name, size] : options.dims)
    if (!usedDims.contains(name)) {
      error("--dim " + name + "=" + Twine(size) + ": no input of '" + path +
            "' has a dimension of that name");
      good = false;
    }
  return good;
}

bool OnnxImporter::checkOutput(const onnx::ValueInfoProto &declared, const OnnxValue &given) {
  if (given.sequence) {
    error("the output '" + Twine(declared.name()) + "' is a sequence; only tensors can be results");
    return false;
  }
  if (!declared.type().has_tensor_type() || declared.type().tensor_type().elem_type() == 0)
    return true;
  const auto &tensor = declared.type().tensor_type();
  auto type = GraphBuilder::typeOf(given.value);
  llvm::Expected<Type> element = onnxElementType(tensor.elem_type(), &context);
  if (!element) {
    error("the output '" + Twine(declared.name()) + "': " + llvm::toString(element.takeError()));
    return false;
  }
  if (*element == type.getElementType())
    return true;
  error("the output '" + Twine(declared.name()) + "' is declared as " + languageName(*element) +
        ", but its node gives " + languageName(type));
  return false;
}

bool OnnxImporter::addOutput(const onnx::ValueInfoProto &declared, SmallVector<Value> &results,
                             SmallVector<std::string> &names) {
  std::optional<OnnxValue> given = lookup(declared.name());
  if (!given) {
    error("the output '" + Twine(declared.name()) + "' is given by no node");
    return false;
  }
  if (given->isAbsent)
    error("the output '" + Twine(declared.name()) + "' is an empty optional");
  if (given->isAbsent || !given->isThere())
    return false; // its node has failed, and has been reported
  if (!checkOutput(declared, *given))
    return false;
  results.push_back(given->value);
  names.push_back(uniqueName(declared.name()));
  if (given->count) {
    results.push_back(given->count);
    names.push_back(uniqueName(names.back() + "_count"));
  }
  return true;
}

bool OnnxImporter::finish() {
  SmallVector<Value> results;
  SmallVector<std::string> names;
  bool good = true;
  for (const onnx::ValueInfoProto &output : model->graph().output())
    good &= addOutput(output, results, names);
  if (!good || !errors.empty())
    return false;
  mlir::func::ReturnOp::create(builder, function.getLoc(), results);
  SmallVector<Type> types = llvm::map_to_vector(results, [](Value v) { return v.getType(); });
  function.setType(builder.getFunctionType(function.getArgumentTypes(), types));
  for (auto [index, name] : llvm::enumerate(names))
    function.setResultAttr(index, kNameAttr, builder.getStringAttr(name));
  dropUnusedParameters();
  return true;
}

/// A weight that was only looked at while importing is not needed when the model runs.
void OnnxImporter::dropUnusedParameters() {
  llvm::BitVector unused(function.getNumArguments());
  std::vector<OnnxTensor> kept;
  builder.setInsertionPoint(function);
  for (auto [index, tensor] : llvm::enumerate(parameters)) {
    if (function.getArgument(index).use_empty()) {
      unused.set(index);
      continue;
    }
    mlir::OperationState state(function.getLoc(), ParameterOp::getOperationName());
    state.addAttribute("sym_name", builder.getStringAttr(tensor.name));
    state.addAttribute("type", mlir::TypeAttr::get(tensor.type));
    state.addAttribute("kind", ParameterKindAttr::get(&context, ParameterKind::Param));
    builder.create(state);
    kept.push_back(std::move(tensor));
  }
  (void)function.eraseArguments(unused);
  parameters = std::move(kept);
}

} // namespace weft
