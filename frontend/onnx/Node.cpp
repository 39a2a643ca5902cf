// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Access to one node, with the failures that every handler shares.

#include "frontend/onnx/Node.h"

#include "frontend/onnx/Importer.h"

namespace weft {

using onnx::AttributeProto;

//===-- Inputs ------------------------------------------------------------------------------===//

bool Node::has(size_t index) const {
  return index < inputs.size() && !inputs[index].isAbsent &&
         !proto.input(static_cast<int>(index)).empty();
}

Value Node::input(size_t index) {
  if (!has(index)) {
    fail("input " + Twine(index) + " is missing");
    return Value();
  }
  if (inputs[index].sequence)
    fail("input " + Twine(index) + " is a sequence, but a tensor is expected");
  return inputs[index].value;
}

SmallVector<Value> Node::allInputs() {
  SmallVector<Value> result;
  for (size_t i = 0; i < inputs.size(); ++i)
    result.push_back(input(i));
  return result;
}

std::optional<SmallVector<Dim>> Node::maybeKnown(Value value) {
  return value ? importer.known(value) : std::nullopt;
}

std::optional<SmallVector<Dim>> Node::knownDims(size_t index, StringRef what) {
  Value given = input(index);
  std::optional<SmallVector<Dim>> found = maybeKnown(given);
  if (given && !found)
    fail("'" + proto.input(static_cast<int>(index)) + "' decides " + what +
         ", so it must be known while compiling: " + importer.describeOrigin(given));
  return found;
}

std::optional<SmallVector<int64_t>> Node::knownIntegers(size_t index, StringRef what) {
  std::optional<SmallVector<Dim>> found = knownDims(index, what);
  if (!found)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const Dim &dim : *found) {
    std::optional<int64_t> constant = dim.constant();
    if (!constant) {
      fail("'" + proto.input(static_cast<int>(index)) + "' decides " + what + " and is " +
           dim.str() + ", but a number is needed: fix the dimension with --dim");
      return std::nullopt;
    }
    result.push_back(*constant);
  }
  return result;
}

std::optional<SmallVector<double>> Node::knownReals(size_t index, StringRef what) {
  Value given = input(index);
  if (!given)
    return std::nullopt;
  std::optional<SmallVector<double>> found = importer.knownReals(given);
  if (!found)
    fail("'" + proto.input(static_cast<int>(index)) + "' decides " + what +
         ", so it must be known while compiling: " + importer.describeOrigin(given));
  return found;
}

//===-- Attributes --------------------------------------------------------------------------===//

static StringRef nameOf(AttributeProto::AttributeType type) {
  switch (type) {
  case AttributeProto::FLOAT:
    return "a number";
  case AttributeProto::INT:
    return "an integer";
  case AttributeProto::STRING:
    return "a string";
  case AttributeProto::TENSOR:
    return "a tensor";
  case AttributeProto::GRAPH:
    return "a graph";
  case AttributeProto::FLOATS:
    return "a list of numbers";
  case AttributeProto::INTS:
    return "a list of integers";
  case AttributeProto::STRINGS:
    return "a list of strings";
  default:
    return "of another kind";
  }
}

/// Files of the first versions leave the type out.
static AttributeProto::AttributeType typeOf(const AttributeProto &attribute) {
  if (attribute.has_type())
    return attribute.type();
  if (attribute.has_f())
    return AttributeProto::FLOAT;
  if (attribute.has_i())
    return AttributeProto::INT;
  if (attribute.has_s())
    return AttributeProto::STRING;
  if (attribute.has_t())
    return AttributeProto::TENSOR;
  if (attribute.has_g())
    return AttributeProto::GRAPH;
  if (attribute.floats_size() > 0)
    return AttributeProto::FLOATS;
  if (attribute.strings_size() > 0)
    return AttributeProto::STRINGS;
  return AttributeProto::INTS;
}

const AttributeProto *Node::find(StringRef name, AttributeProto::AttributeType type) {
  used.insert(name);
  for (const AttributeProto &attribute : proto.attribute()) {
    if (name != attribute.name())
      continue;
    if (typeOf(attribute) == type)
      return &attribute;
    fail("the attribute '" + name + "' is " + nameOf(typeOf(attribute)) + ", but " + nameOf(type) +
         " is expected");
    return nullptr;
  }
  return nullptr;
}

bool Node::hasAttribute(StringRef name) {
  return llvm::any_of(proto.attribute(),
                      [&](const AttributeProto &attribute) { return name == attribute.name(); });
}

bool Node::needs(StringRef name) {
  if (hasAttribute(name))
    return true;
  fail("the attribute '" + name + "' is missing");
  return false;
}

int64_t Node::integer(StringRef name, int64_t otherwise) {
  const AttributeProto *found = find(name, AttributeProto::INT);
  return found ? found->i() : otherwise;
}

double Node::real(StringRef name, double otherwise) {
  const AttributeProto *found = find(name, AttributeProto::FLOAT);
  return found ? static_cast<double>(found->f()) : otherwise;
}

StringRef Node::text(StringRef name, StringRef otherwise) {
  const AttributeProto *found = find(name, AttributeProto::STRING);
  return found ? StringRef(found->s()) : otherwise;
}

SmallVector<int64_t> Node::integers(StringRef name, ArrayRef<int64_t> otherwise) {
  const AttributeProto *found = find(name, AttributeProto::INTS);
  return found ? SmallVector<int64_t>(found->ints().begin(), found->ints().end())
               : SmallVector<int64_t>(otherwise);
}

SmallVector<double> Node::reals(StringRef name, ArrayRef<double> otherwise) {
  const AttributeProto *found = find(name, AttributeProto::FLOATS);
  return found ? SmallVector<double>(found->floats().begin(), found->floats().end())
               : SmallVector<double>(otherwise);
}

SmallVector<StringRef> Node::texts(StringRef name) {
  const AttributeProto *found = find(name, AttributeProto::STRINGS);
  return found ? SmallVector<StringRef>(found->strings().begin(), found->strings().end())
               : SmallVector<StringRef>();
}

const onnx::TensorProto *Node::tensor(StringRef name) {
  const AttributeProto *found = find(name, AttributeProto::TENSOR);
  return found ? &found->t() : nullptr;
}

const onnx::GraphProto *Node::graph(StringRef name) {
  const AttributeProto *found = find(name, AttributeProto::GRAPH);
  return found ? &found->g() : nullptr;
}

StringRef Node::unusedAttribute() const {
  for (const AttributeProto &attribute : proto.attribute())
    if (!used.contains(attribute.name()))
      return attribute.name();
  return "";
}

std::optional<int64_t> Node::axis(int64_t given, int64_t rank) {
  int64_t counted = given < 0 ? given + rank : given;
  if (counted >= 0 && counted < rank)
    return counted;
  fail("axis " + Twine(given) + " is not one of the " + Twine(rank) + " dimensions");
  return std::nullopt;
}

std::optional<SmallVector<int64_t>> Node::axes(ArrayRef<int64_t> given, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t one : given) {
    std::optional<int64_t> counted = axis(one, rank);
    if (!counted)
      return std::nullopt;
    if (llvm::is_contained(result, *counted)) {
      fail("axis " + Twine(one) + " is given twice");
      return std::nullopt;
    }
    result.push_back(*counted);
  }
  llvm::sort(result);
  return result;
}

//===-- Outputs -----------------------------------------------------------------------------===//

bool Node::wants(size_t index) const {
  return index < outputs.size() && !proto.output(static_cast<int>(index)).empty();
}

void Node::set(size_t index, Value value) {
  if (index < outputs.size())
    outputs[index].value = value;
}

void Node::setSequence(size_t index, SmallVector<Value> tensors) {
  if (index < outputs.size())
    outputs[index].sequence = std::move(tensors);
}

void Node::setBounded(size_t index, Value value, int64_t axis, Value count) {
  if (index < outputs.size())
    outputs[index] = {value, std::nullopt, count, axis, false};
}

void Node::fail(const Twine &reason) {
  if (whyNot.empty())
    whyNot = reason.str();
}

void Node::startAgain() {
  outputs.assign(outputs.size(), OnnxValue());
  whyNot.clear();
  b.clearFailure();
}

SmallVector<Value> Node::importGraph(const onnx::GraphProto &graph, ArrayRef<Value> arguments) {
  SmallVector<OnnxValue> given;
  for (Value argument : arguments)
    given.push_back({argument, std::nullopt, Value(), 0, false});
  SmallVector<Value> results;
  for (auto [index, found] : llvm::enumerate(importValues(graph, given))) {
    if (found.sequence || found.isAbsent) {
      fail("its graph '" + graph.name() +
           "' gives a sequence or an empty optional, which only "
           "works where the path through the graph is known while compiling");
      return {};
    }
    if (!found.value || found.count) {
      fail("its graph '" + graph.name() + "' has no tensor of a known size for '" +
           graph.output(static_cast<int>(index)).name() + "'");
      return {};
    }
    results.push_back(found.value);
  }
  return results;
}

SmallVector<OnnxValue> Node::importValues(const onnx::GraphProto &graph,
                                          ArrayRef<OnnxValue> arguments) {
  return importer.importSubgraph(graph, arguments, *this);
}

Value Node::importTensor(const onnx::TensorProto &tensor, StringRef name) {
  onnx::TensorProto copy = tensor;
  return importer.materialize(copy, name, *this);
}

} // namespace weft
