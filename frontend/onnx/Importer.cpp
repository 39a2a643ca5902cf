// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk: operators checked, names resolved, nodes handed to the rows of the operator table.

#include "frontend/onnx/Importer.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

#include <set>

namespace weft {

/// A file whose functions unfold to more nodes than this is not meant well.
static constexpr int64_t mostNodes = 1'000'000;

/// A detector that is written out box by box may have the same error at hundreds of nodes.
static constexpr size_t mostErrors = 10;

OnnxImporter::OnnxImporter(StringRef file, const OnnxOptions &given, MLIRContext &theContext,
                           std::vector<std::string> &messages)
    : path(file.str()), folder(llvm::sys::path::parent_path(file).str()), options(given),
      context(theContext), errors(messages), builder(&theContext),
      knownElements([this](Value value) { return knownLeaf(value); }) {}

std::optional<OnnxModel> importOnnx(StringRef path, const OnnxOptions &options,
                                    MLIRContext &context, std::vector<std::string> &errors) {
  std::optional<OnnxModel> model = OnnxImporter(path, options, context, errors).run();
  if (errors.size() > mostErrors) {
    size_t more = errors.size() - mostErrors;
    errors.resize(mostErrors);
    errors.push_back("and " + std::to_string(more) + " more errors");
  }
  return model;
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
                "' depends on data: such a value can only pass operators that work element by "
                "element, or move it as a whole, on its way to an output");
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

/// Names of dimensions that `why` speaks of can be given sizes that fit.
std::string OnnxImporter::dimsToFix(StringRef why) {
  llvm::StringSet<> words;
  while (!why.empty()) {
    StringRef word = why.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
    words.insert(word);
    why = why.drop_front(std::max<size_t>(word.size(), 1));
  }
  std::set<std::string> names;
  for (Value argument : function.getArguments())
    for (const Dim &dim : GraphBuilder::dims(argument))
      if (auto name = dim.bareSymbol(); name && words.contains(*name))
        names.insert(name->str());
  std::string flags;
  for (const std::string &name : names)
    flags += " --dim " + name + "=SIZE";
  return flags.empty() || words.contains("dim") ? "" : "; sizes that fit can be given with" + flags;
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
  error("node " + describe(node.proto) + ", opset " + Twine(node.opset) + ": " + node.why() +
        dimsToFix(node.why()));
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

//===-- The whole ---------------------------------------------------------------------------===//

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

} // namespace weft
