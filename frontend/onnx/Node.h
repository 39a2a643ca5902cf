// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One node while it is imported: what a handler of the operator table works with.

#ifndef WEFT_FRONTEND_ONNX_NODE_H
#define WEFT_FRONTEND_ONNX_NODE_H

#include "frontend/onnx/Proto.h"
#include "ir/GraphBuilder.h"

#include "llvm/ADT/StringSet.h"

namespace weft {

class OnnxImporter;

/// What a name of a graph stands for.
struct OnnxValue {
  Value value;
  /// A sequence: the tensors, known while importing.
  std::optional<SmallVector<Value>> sequence;
  /// Where the shape depends on data, `value` has its upper bound, and this i64 scalar is how many
  /// entries along `countAxis` are meant; those behind are 0.
  Value count;
  int64_t countAxis = 0;
  /// An optional that is empty: an input that the call of a function leaves out.
  bool isAbsent = false;

  /// False after a failure, which has been reported.
  bool isThere() const { return value || sequence || isAbsent; }
};

/// A handler reads inputs and attributes and sets the outputs. What does not fit is told by
/// `fail`, or by the builder; after a failure everything else that the handler does is dropped.
/// An attribute that no handler asked for is an error: ignoring it could change the meaning.
class Node {
public:
  Node(OnnxImporter &owner, const onnx::NodeProto &node, int64_t version, GraphBuilder &graph,
       ArrayRef<OnnxValue> values)
      : importer(owner), proto(node), opset(version), b(graph), inputs(values),
        outputs(node.output_size()) {}

  OnnxImporter &importer;
  const onnx::NodeProto &proto;
  /// The version of the operator set in which the node is written.
  const int64_t opset;
  GraphBuilder &b;

  StringRef op() const { return proto.op_type(); }

  //===-- Inputs --------------------------------------------------------------------------===//

  size_t numInputs() const { return inputs.size(); }
  /// False for an input that is left out, at the end or by an empty name.
  bool has(size_t index) const;
  /// The tensor; a missing one is a failure and null.
  Value input(size_t index);
  /// The tensor, or null without a failure where it is left out.
  Value optionalInput(size_t index) { return has(index) ? input(index) : Value(); }
  /// All inputs, none of which may be left out.
  SmallVector<Value> allInputs();
  const OnnxValue &value(size_t index) const { return inputs[index]; }
  SmallVector<Dim> dims(size_t index) { return GraphBuilder::dims(input(index)); }
  int64_t rank(size_t index) { return GraphBuilder::rank(input(index)); }

  /// Elements that must be known while compiling, as dimension expressions. If they are not, the
  /// failure says on which input of the model they depend. `what` completes "... decides ...".
  std::optional<SmallVector<Dim>> knownDims(size_t index, StringRef what = "a shape");
  /// The same where names of dimensions are of no use: axes, numbers of results.
  std::optional<SmallVector<int64_t>> knownIntegers(size_t index, StringRef what = "a shape");
  /// Elements of a float tensor that must be known while compiling.
  std::optional<SmallVector<double>> knownReals(size_t index, StringRef what = "a shape");
  /// Without a failure where they are not known.
  std::optional<SmallVector<Dim>> maybeKnown(Value value);

  //===-- Attributes ------------------------------------------------------------------------===//

  bool hasAttribute(StringRef name);
  int64_t integer(StringRef name, int64_t otherwise);
  double real(StringRef name, double otherwise);
  StringRef text(StringRef name, StringRef otherwise);
  SmallVector<int64_t> integers(StringRef name, ArrayRef<int64_t> otherwise = {});
  SmallVector<double> reals(StringRef name, ArrayRef<double> otherwise = {});
  SmallVector<StringRef> texts(StringRef name);
  /// Null where the attribute is missing.
  const onnx::TensorProto *tensor(StringRef name);
  const onnx::GraphProto *graph(StringRef name);
  /// Says that the attribute may be there and means nothing here.
  void ignore(StringRef name) { used.insert(name); }
  /// Fails unless the attribute is there.
  bool needs(StringRef name);
  /// The first attribute that nobody asked for; empty if there is none.
  StringRef unusedAttribute() const;

  /// `axis` counted from the end where it is negative; a failure and nothing outside of the rank.
  std::optional<int64_t> axis(int64_t given, int64_t rank);
  std::optional<SmallVector<int64_t>> axes(ArrayRef<int64_t> given, int64_t rank);

  //===-- Outputs ---------------------------------------------------------------------------===//

  size_t numOutputs() const { return outputs.size(); }
  /// True if somebody may read the output.
  bool wants(size_t index) const;
  void set(size_t index, Value value);
  void setSequence(size_t index, SmallVector<Value> tensors);
  /// An output whose true size along `axis` is `count` (i64 of rank 0).
  void setBounded(size_t index, Value value, int64_t axis, Value count);
  /// What an input or an inner graph stands for, as it is.
  void setValue(size_t index, OnnxValue value) {
    if (index < outputs.size())
      outputs[index] = std::move(value);
  }
  ArrayRef<OnnxValue> results() const { return outputs; }
  /// Takes outputs and failures back, for another way to import the node.
  void startAgain();

  /// Notes what is wrong, lower case, without a stop: it follows the name of the node.
  void fail(const Twine &reason);
  bool isGood() const { return whyNot.empty() && b.isGood(); }
  std::string why() const { return whyNot.empty() ? b.why() : whyNot; }

  /// Imports a graph attribute at the builder's place, with `arguments` for its inputs; values
  /// around are visible in it. Empty after a failure, which the importer has noted.
  SmallVector<Value> importGraph(const onnx::GraphProto &graph, ArrayRef<Value> arguments);
  /// The same where inputs and results may be sequences too.
  SmallVector<OnnxValue> importValues(const onnx::GraphProto &graph, ArrayRef<OnnxValue> arguments);
  /// Reads the value of a tensor attribute; constants are small, others become parameters.
  Value importTensor(const onnx::TensorProto &tensor, StringRef name);

private:
  const onnx::AttributeProto *find(StringRef name, onnx::AttributeProto::AttributeType type);

  ArrayRef<OnnxValue> inputs;
  SmallVector<OnnxValue> outputs;
  llvm::StringSet<> used;
  std::string whyNot;
};

} // namespace weft

#endif // WEFT_FRONTEND_ONNX_NODE_H
