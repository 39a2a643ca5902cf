// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs inside of nodes, and calls of the file's own functions.

#include "frontend/onnx/Importer.h"

#include "llvm/ADT/ScopeExit.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace weft {

//===-- Graphs of nodes ---------------------------------------------------------------------===//

SmallVector<OnnxValue> OnnxImporter::importSubgraph(const onnx::GraphProto &graph,
                                                    ArrayRef<OnnxValue> arguments, Node &owner) {
  if (graph.input_size() != static_cast<int>(arguments.size())) {
    owner.fail("its graph '" + graph.name() + "' takes " + Twine(graph.input_size()) +
               " inputs, but gets " + Twine(arguments.size()));
    return {};
  }
  Scope inner;
  inner.outer = scope;
  Scope *previous = scope;
  scope = &inner;
  llvm::scope_exit restore([&] { scope = previous; });
  // Weights of an inner graph are read through a copy that lives as long as the scope.
  auto copy = std::make_unique<onnx::GraphProto>(graph);
  if (!addInitializers(*copy, inner)) {
    owner.fail("its graph is wrong");
    return {};
  }
  for (auto [input, value] : llvm::zip(graph.input(), arguments))
    inner.values[input.name()] = value;
  size_t before = errors.size();
  SmallVector<OnnxValue> results;
  if (importNodes(graph.node(), *opsetsHere))
    for (const auto &output : graph.output()) {
      std::optional<OnnxValue> found = lookup(output.name());
      if (!found || !found->isThere()) {
        owner.fail("its graph '" + graph.name() + "' gives nothing for '" + output.name() + "'");
        return {};
      }
      results.push_back(*found);
    }
  if (errors.size() != before)
    owner.fail("its graph '" + graph.name() + "' cannot be imported");
  return results;
}

//===-- Functions of the file ---------------------------------------------------------------===//

/// Replaces what refers to an attribute of the call by the attribute itself; a reference to one
/// that the call leaves out vanishes, and the operator's own default holds.
static void bindAttributes(onnx::NodeProto &node,
                           ArrayRef<const onnx::AttributeProto *> attributes) {
  onnx::NodeProto bound;
  for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
    if (attribute.has_g())
      for (onnx::NodeProto &inner : *attribute.mutable_g()->mutable_node())
        bindAttributes(inner, attributes);
    if (attribute.ref_attr_name().empty()) {
      *bound.add_attribute() = attribute;
      continue;
    }
    for (const onnx::AttributeProto *given : attributes)
      if (given->name() == attribute.ref_attr_name()) {
        onnx::AttributeProto *added = bound.add_attribute();
        *added = *given;
        added->set_name(attribute.name());
        break; // defaults stand behind what the call gives
      }
  }
  node.mutable_attribute()->Swap(bound.mutable_attribute());
}

/// Attributes of a function with their defaults: field 11, which the installed schema may not know.
static std::vector<onnx::AttributeProto> defaultsOf(const onnx::FunctionProto &called) {
  using google::protobuf::internal::WireFormatLite;
  std::vector<onnx::AttributeProto> result;
  std::string bytes = called.SerializeAsString();
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t *>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  while (uint32_t tag = in.ReadTag()) {
    if (tag != WireFormatLite::MakeTag(11, WireFormatLite::WIRETYPE_LENGTH_DELIMITED)) {
      if (!WireFormatLite::SkipField(&in, tag))
        break;
      continue;
    }
    uint32_t size = 0;
    std::string text;
    onnx::AttributeProto attribute;
    if (!in.ReadVarint32(&size) || !in.ReadString(&text, static_cast<int>(size)) ||
        !attribute.ParseFromString(text))
      break;
    result.push_back(std::move(attribute));
  }
  return result;
}

bool OnnxImporter::checkCall(const onnx::NodeProto &node, const onnx::FunctionProto &called,
                             size_t inputs) {
  if (callDepth >= deepestCalls)
    error("node " + describe(node) + ": functions of the file call each other more than " +
          Twine(deepestCalls) + " deep");
  else if (static_cast<int>(inputs) > called.input_size())
    error("node " + describe(node) + ": gives " + Twine(inputs) + " inputs to a function of " +
          Twine(called.input_size()));
  else
    return true;
  return false;
}

void OnnxImporter::importCall(const onnx::NodeProto &node, const onnx::FunctionProto &called,
                              ArrayRef<OnnxValue> inputs) {
  if (!checkCall(node, called, inputs.size()))
    return define(node, {});
  Scope inner; // a function sees nothing of what is around its call
  Scope *previous = scope;
  for (auto [index, name] : llvm::enumerate(called.input())) {
    OnnxValue given = index < inputs.size() ? inputs[index] : OnnxValue();
    given.isAbsent = !given.value && !given.sequence;
    inner.values[name] = given;
  }
  std::vector<onnx::AttributeProto> defaults = defaultsOf(called);
  SmallVector<const onnx::AttributeProto *> attributes;
  for (const onnx::AttributeProto &one : node.attribute())
    attributes.push_back(&one);
  for (const onnx::AttributeProto &one : defaults)
    attributes.push_back(&one);
  OnnxNodes body = called.node();
  for (onnx::NodeProto &one : body)
    bindAttributes(one, attributes);
  Opsets opsets = readVersions(called.opset_import());
  const Opsets *opsetsBefore = opsetsHere;
  scope = &inner;
  opsetsHere = &opsets;
  ++callDepth;
  bool good = importNodes(body, opsets);
  opsetsHere = opsetsBefore;
  SmallVector<OnnxValue> results;
  if (good)
    for (const std::string &name : called.output())
      results.push_back(lookup(name).value_or(OnnxValue()));
  --callDepth;
  scope = previous;
  define(node, results);
}

} // namespace weft
