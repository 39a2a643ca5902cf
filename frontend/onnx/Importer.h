// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks the graphs of a file, node by node, and builds one exported function.

#ifndef WEFT_FRONTEND_ONNX_IMPORTER_H
#define WEFT_FRONTEND_ONNX_IMPORTER_H

#include "frontend/onnx/Node.h"
#include "frontend/onnx/Onnx.h"
#include "frontend/onnx/Operators.h"
#include "frontend/onnx/Structure.h"
#include "ir/reference/KnownElements.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

namespace weft {

class OnnxImporter {
public:
  OnnxImporter(StringRef path, const OnnxOptions &options, MLIRContext &context,
               std::vector<std::string> &errors);

  std::optional<OnnxModel> run();

  //===-- For nodes ---------------------------------------------------------------------------===//

  std::optional<SmallVector<Dim>> known(Value value) { return knownElements.of(value); }
  std::optional<SmallVector<double>> knownReals(Value value) {
    return knownElements.numbersOf(value);
  }
  /// A dimension of a tensor is not negative.
  void addSize(const Dim &dim) { knownElements.addSize(dim); }
  /// Which inputs of the model a value depends on, and what to do about it.
  std::string describeOrigin(Value value);
  /// Values around the node are visible in its graph.
  SmallVector<OnnxValue> importSubgraph(const onnx::GraphProto &graph,
                                        ArrayRef<OnnxValue> arguments, Node &owner);
  /// What a name stands for at the node that is imported now; nothing for an unknown name.
  std::optional<OnnxValue> valueOf(StringRef name) { return lookup(name); }
  /// What was reported since the mark can be taken back, where there is another way.
  size_t markErrors() const { return errors.size(); }
  void forgetErrors(size_t mark) {
    errors.resize(mark);
    knownElements.forget();
  }
  /// The number of the node that is imported now, counted through graphs and calls.
  int64_t nodeNumber() const { return nodesImported; }
  /// A constant for what is small, else a parameter.
  Value materialize(onnx::TensorProto &tensor, StringRef name, Node &owner);
  MLIRContext *getContext() { return &context; }

private:
  /// Names of one graph; those around it are seen too.
  struct Scope {
    Scope *outer = nullptr;
    llvm::StringMap<OnnxValue> values;
    /// Weights that nothing has read yet.
    llvm::StringMap<onnx::TensorProto *> initializers;
  };
  using Opsets = llvm::StringMap<int64_t>;
  /// Functions of the file that call each other deeper than this call themselves.
  static constexpr int deepestCalls = 64;

  void error(const Twine &message) { errors.push_back(message.str()); }
  static Opsets
  readVersions(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports);
  bool readOpsets();
  void collectUnsupported(const OnnxNodes &nodes, const Opsets &opsets,
                          std::vector<std::string> &missing, int depth);
  bool checkOperators();
  const onnx::FunctionProto *findFunction(const onnx::NodeProto &node) const;

  void makeFunction();
  bool addInputs();
  bool addInput(const onnx::ValueInfoProto &input);
  std::optional<RankedTensorType> typeOf(const onnx::ValueInfoProto &input);
  std::optional<Dim> dimOf(const onnx::TensorShapeProto::Dimension &dim, StringRef input,
                           int64_t axis);
  Dim namedDim(StringRef name);
  void collectBoundDims();
  bool finish();
  bool addOutput(const onnx::ValueInfoProto &declared, SmallVector<Value> &results,
                 SmallVector<std::string> &names);
  bool checkOutput(const onnx::ValueInfoProto &declared, const OnnxValue &given);
  void dropUnusedParameters();

  bool addInitializers(onnx::GraphProto &graph, Scope &scope);
  bool importNodes(const OnnxNodes &nodes, const Opsets &opsets);
  void importNode(const onnx::NodeProto &node, const Opsets &opsets);
  bool checkCall(const onnx::NodeProto &node, const onnx::FunctionProto &function, size_t inputs);
  void importCall(const onnx::NodeProto &node, const onnx::FunctionProto &function,
                  ArrayRef<OnnxValue> inputs);
  void applyRow(const OnnxRow &row, Node &node);
  std::string dimsToFix(StringRef why);
  bool checkCounts(const OnnxRow &row, Node &node);
  void keepCount(const OnnxRow &row, Node &node, OnnxValue &output);
  void define(const onnx::NodeProto &node, ArrayRef<OnnxValue> outputs);

  bool isKnownName(StringRef name) const;
  std::optional<OnnxValue> lookup(StringRef name);
  Value materialize(OnnxTensor tensor);
  Value makeConstant(const OnnxTensor &tensor);
  std::string uniqueName(StringRef wanted);
  std::optional<reference::Tensor> knownLeaf(Value value);
  std::optional<unsigned> parameterIndex(Value value);

  std::string path, folder;
  const OnnxOptions &options;
  MLIRContext &context;
  std::vector<std::string> &errors;
  std::unique_ptr<onnx::ModelProto> model;
  Opsets modelOpsets;
  /// Those of the model, or of the function whose nodes are imported now.
  const Opsets *opsetsHere = &modelOpsets;
  OwningOpRef<ModuleOp> module;
  mlir::func::FuncOp function;
  OpBuilder builder;
  KnownElements knownElements;
  Scope *scope = nullptr;
  /// The arguments of the function are these parameters, then the inputs.
  std::vector<OnnxTensor> parameters;
  SmallVector<std::string> inputNames;
  llvm::StringSet<> takenNames, takenParameters, givenConstants, usedDims, boundDims;
  /// Values that could not be imported: what depends on them is not reported again.
  int callDepth = 0;
  int64_t nodesImported = 0;
};

} // namespace weft

#endif // WEFT_FRONTEND_ONNX_IMPORTER_H
