// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk: operators checked, names resolved, nodes handed to the rows of the operator table.

#include "frontend/onnx/Importer.h"

#include "frontend/onnx/TensorData.h"
#include "ir/Constants.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

namespace weft {

/// A file whose functions unfold to more nodes than this is not meant well.
static constexpr int64_t mostNodes = 1'000'000;
/// Integers of more elements are data, not sizes or positions.
static constexpr int64_t mostConstantElements = 1024;

OnnxImporter::OnnxImporter(StringRef file, const OnnxOptions &given, MLIRContext &theContext,
                           std::vector<std::string> &messages)
    : path(file.str()), folder(llvm::sys::path::parent_path(file).str()), options(given),
      context(theContext), errors(messages), builder(&theContext),
      knownElements([this](Value value) { return knownLeaf(value); }) {}

std::optional<OnnxModel> importOnnx(StringRef path, const OnnxOptions &options,
                                    MLIRContext &context, std::vector<std::string> &errors) {
  return OnnxImporter(path, options, context, errors).run();
}

std::string onnxIdentifier(StringRef name) {
  std::string result = name.str();
  for (char &c : result)
    if (!llvm::isAlnum(c))
      c = '_';
  if (result.empty() || llvm::isDigit(result[0]))
    result.insert(result.begin(), '_');
  return result;
}

static StringRef domainOf(StringRef domain) { return domain == "ai.onnx" ? "" : domain; }

//===-- Operators ---------------------------------------------------------------------------===//

llvm::StringMap<int64_t> OnnxImporter::readVersions(
    const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports) {
  llvm::StringMap<int64_t> result;
  for (const auto &import : imports)
    result[domainOf(import.domain())] = import.version();
  return result;
}

bool OnnxImporter::readOpsets() {
  modelOpsets = readVersions(model->opset_import());
  // Files older than operator sets mean the first one.
  auto [entry, isMissing] = modelOpsets.try_emplace("", 1);
  int64_t version = entry->second;
  if (version >= 1 && version <= newestOnnxOpset)
    return true;
  error("'" + path + "' is written in version " + Twine(version) +
        " of the operator set ai.onnx; versions 1 to " + Twine(newestOnnxOpset) + " are known");
  return false;
}

const onnx::FunctionProto *OnnxImporter::findFunction(const onnx::NodeProto &node) const {
  for (const onnx::FunctionProto &one : model->functions())
    if (one.name() == node.op_type() && domainOf(one.domain()) == domainOf(node.domain()))
      return &one;
  return nullptr;
}

/// Why a node has no handler; empty if it has one.
static std::string whyUnsupported(const onnx::NodeProto &node, int64_t opset) {
  StringRef domain = domainOf(node.domain());
  if (const OnnxRow *row = findOnnxRow(domain, node.op_type(), opset))
    return row->handler ? "" : row->why.str();
  if (std::optional<int64_t> first = firstOnnxVersion(domain, node.op_type()))
    return "exists since opset " + std::to_string(*first);
  if (domain.empty())
    return "is no operator of ai.onnx that Weft knows";
  return "is in the domain '" + domain.str() + "', which Weft does not know";
}

void OnnxImporter::collectUnsupported(const OnnxNodes &nodes, const Opsets &opsets,
                                      std::vector<std::string> &missing, int depth) {
  for (const onnx::NodeProto &node : nodes) {
    if (const onnx::FunctionProto *called = findFunction(node)) {
      if (depth < deepestCalls && missing.size() < 1000)
        collectUnsupported(called->node(), readVersions(called->opset_import()), missing,
                           depth + 1);
      continue;
    }
    auto version = opsets.find(domainOf(node.domain()));
    int64_t opset = version == opsets.end() ? 1 : version->second;
    std::string why = whyUnsupported(node, opset);
    if (!why.empty())
      missing.push_back("  node " + describe(node) + ", opset " + std::to_string(opset) + ": " +
                        why);
    for (const auto &attribute : node.attribute())
      if (attribute.has_g())
        collectUnsupported(attribute.g().node(), opsets, missing, depth);
  }
}

bool OnnxImporter::checkOperators() {
  std::vector<std::string> missing;
  collectUnsupported(model->graph().node(), modelOpsets, missing, 0);
  if (missing.empty())
    return true;
  // A function that is called in two places says the same twice.
  std::vector<std::string> unique;
  llvm::StringSet<> seen;
  for (std::string &line : missing)
    if (seen.insert(line).second)
      unique.push_back(std::move(line));
  error("'" + path + "' uses operators that Weft does not support:\n" + llvm::join(unique, "\n") +
        "\nThe operators and their versions are in docs/onnx.md");
  return false;
}

//===-- The function ------------------------------------------------------------------------===//

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
  std::string name = dim.dim_param().empty() ? onnxIdentifier(input) + "_dim" + std::to_string(axis)
                                             : onnxIdentifier(dim.dim_param());
  for (const auto &[fixed, size] : options.dims)
    if (fixed == name) {
      usedDims.insert(fixed);
      return Dim(size);
    }
  return Dim::symbol(name);
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

std::optional<OnnxModel> OnnxImporter::run() {
  auto file = readOnnxFile(path);
  if (!file) {
    error(llvm::toString(file.takeError()));
    return std::nullopt;
  }
  model = std::move(*file);
  if (!readOpsets() || !checkOperators())
    return std::nullopt;
  makeFunction();
  Scope outermost;
  scope = &outermost;
  if (!addInitializers(*model->mutable_graph(), outermost) || !addInputs() ||
      !importNodes(model->graph().node(), modelOpsets) || !finish())
    return std::nullopt;
  return OnnxModel{std::move(module), std::move(parameters)};
}

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

/// The elements of a small weight.
static std::optional<std::vector<WideElement>> elementsOf(const OnnxTensor &tensor) {
  if (tensor.type.getNumElements() > 4096)
    return std::nullopt;
  auto elements = readConstant(constantOf(tensor));
  if (elements && elements->size() == 1)
    elements->resize(tensor.type.getNumElements(), elements->front());
  return elements;
}

std::optional<SmallVector<Dim>> OnnxImporter::knownLeaf(Value value) {
  std::optional<unsigned> index = parameterIndex(value);
  if (!index)
    return std::nullopt;
  auto elements = elementsOf(parameters[*index]);
  if (!elements)
    return std::nullopt;
  bool isFloat = isa<mlir::FloatType>(parameters[*index].type.getElementType());
  SmallVector<Dim> result;
  for (const WideElement &element : *elements) {
    if (isFloat && (std::trunc(element.real) != element.real || std::fabs(element.real) > 1e15))
      return std::nullopt;
    result.push_back(Dim(isFloat ? static_cast<int64_t>(element.real) : element.integer));
  }
  return result;
}

std::optional<SmallVector<double>> OnnxImporter::knownReals(Value value) {
  std::optional<std::vector<WideElement>> elements;
  if (std::optional<unsigned> index = parameterIndex(value))
    elements = elementsOf(parameters[*index]);
  else if (auto constant = value.getDefiningOp<ConstantOp>())
    elements = readConstant(constant.getValue());
  SmallVector<double> result;
  if (elements) {
    bool isFloat = GraphBuilder::isFloat(value);
    for (const WideElement &element : *elements)
      result.push_back(isFloat ? element.real : static_cast<double>(element.integer));
    auto type = GraphBuilder::typeOf(value);
    if (result.size() == 1 && type.hasStaticShape())
      result.resize(type.getNumElements(), result[0]);
    return result;
  }
  std::optional<SmallVector<Dim>> dims = known(value);
  if (!dims)
    return std::nullopt;
  for (const Dim &dim : *dims) {
    std::optional<int64_t> constant = dim.constant();
    if (!constant)
      return std::nullopt;
    result.push_back(static_cast<double>(*constant));
  }
  return result;
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

//===-- Nodes -------------------------------------------------------------------------------===//

void OnnxImporter::define(const onnx::NodeProto &node, ArrayRef<OnnxValue> outputs) {
  for (auto [index, name] : llvm::enumerate(node.output()))
    if (!name.empty())
      scope->values[name] = index < outputs.size() ? outputs[index] : OnnxValue();
}

/// A bounded operand is fine where each element stands for itself.
bool OnnxImporter::checkCounts(const OnnxRow &row, Node &node) {
  for (size_t i = 0; i < node.numInputs(); ++i) {
    if (row.kind == OnnxRowKind::Structural || !node.has(i))
      continue;
    if (node.value(i).sequence) {
      node.fail("input " + Twine(i) + " is a sequence, but a tensor is expected");
      return false;
    }
    if (node.value(i).count && row.kind != OnnxRowKind::Elementwise) {
      node.fail("the size of '" + node.proto.input(i) +
                "' depends on data: such a value can only pass element-wise operators on its way "
                "to an output");
      return false;
    }
  }
  return true;
}

/// The result of an element-wise node on a bounded operand is bounded along the same axis.
void OnnxImporter::keepCount(const OnnxRow &row, Node &node, OnnxValue &output) {
  if (row.kind != OnnxRowKind::Elementwise || !output.value || output.count)
    return;
  for (size_t i = 0; i < node.numInputs(); ++i) {
    const OnnxValue &input = node.value(i);
    if (!input.count)
      continue;
    int64_t shift = GraphBuilder::rank(output.value) - GraphBuilder::rank(input.value);
    if (output.count && output.count != input.count)
      node.fail("the sizes of two of its inputs depend on data");
    output.count = input.count;
    output.countAxis = input.countAxis + shift;
  }
}

void OnnxImporter::applyRow(const OnnxRow &row, Node &node) {
  std::string wrong = checkOnnxSignature(row.domain, node.proto);
  if (!wrong.empty())
    node.fail(wrong);
  else if (checkCounts(row, node))
    row.handler(node);
  StringRef unused = node.unusedAttribute();
  if (node.isGood() && !unused.empty())
    node.fail("the attribute '" + unused + "' is not one of this operator");
  SmallVector<OnnxValue> outputs(node.results());
  for (auto [index, output] : llvm::enumerate(outputs)) {
    if (node.isGood() && node.wants(index) && !output.isThere())
      node.fail("its output " + Twine(index) + " is not supported");
    keepCount(row, node, output);
  }
  if (node.isGood())
    return define(node.proto, outputs);
  error("node " + describe(node.proto) + ", opset " + Twine(node.opset) + ": " + node.why());
  define(node.proto, {});
}

void OnnxImporter::importNode(const onnx::NodeProto &node, const Opsets &opsets) {
  if (++nodesImported > mostNodes) {
    if (nodesImported == mostNodes + 1)
      error("'" + path + "' unfolds to more than " + Twine(mostNodes) + " nodes");
    return define(node, {});
  }
  SmallVector<OnnxValue> inputs;
  for (const std::string &name : node.input()) {
    OnnxValue given = name.empty() ? OnnxValue() : lookup(name).value_or(OnnxValue());
    if (!name.empty() && !given.isThere())
      return define(node, {}); // what it depends on has failed and has been reported
    inputs.push_back(given);
  }
  if (const onnx::FunctionProto *called = findFunction(node))
    return importCall(node, *called, inputs);
  auto version = opsets.find(domainOf(node.domain()));
  int64_t opset = version == opsets.end() ? 1 : version->second;
  const OnnxRow *row = findOnnxRow(domainOf(node.domain()), node.op_type(), opset);
  if (!row || !row->handler) {
    error("node " + describe(node) + ": is not supported");
    return define(node, {});
  }
  std::string name = node.name();
  if (name.empty() && node.output_size() > 0)
    name = node.output(0);
  GraphBuilder graph(builder, mlir::NameLoc::get(builder.getStringAttr(name), function.getLoc()));
  Node one(*this, node, opset, graph, inputs);
  applyRow(*row, one);
}

bool OnnxImporter::importNodes(const OnnxNodes &nodes, const Opsets &opsets) {
  auto ordered = orderNodes(nodes, [&](StringRef name) { return isKnownName(name); });
  if (!ordered) {
    error(llvm::toString(ordered.takeError()));
    return false;
  }
  size_t before = errors.size();
  for (const onnx::NodeProto *node : *ordered)
    importNode(*node, opsets);
  return errors.size() == before;
}

} // namespace weft
