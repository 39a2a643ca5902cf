// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A straight walk: parameters, the graph that initialises them, one function for each export.
#include "frontend/Emit.h"

#include "ir/WeftOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/SourceMgr.h"

namespace weft {

namespace {

class Emitter {
public:
  Emitter(const CheckedProgram &theProgram, const llvm::SourceMgr &theSources,
          MLIRContext &theContext)
      : program(theProgram), sources(theSources), context(theContext), builder(&theContext) {}

  OwningOpRef<ModuleOp> run();

private:
  void emitParameter(const CheckedParameter &parameter);
  void emitInitialisation(const CheckedGraph &graph);
  void emitExport(const CheckedGraph &graph);
  void emitBlock(const CheckedBlock &block);
  void emitOp(const CheckedOp &op);
  void fillBody(mlir::func::FuncOp function, const CheckedGraph &graph, ArrayRef<ValueId> arguments,
                ArrayRef<ValueId> results);
  /// The parameters that a graph reads, params before state, each in the program's order.
  SmallVector<std::pair<unsigned, ValueId>> parametersOf(const CheckedGraph &graph) const;
  Location locate(Span span);
  Type typeOf(ValueId value) const {
    const ValueType &valueType = current->values[value].type;
    return tensorType(valueType.dims, valueType.element);
  }
  SmallVector<Type> typesOf(ArrayRef<ValueId> ids) const {
    return llvm::map_to_vector(ids, [&](ValueId value) { return typeOf(value); });
  }
  mlir::NamedAttribute named(StringRef name, mlir::Attribute value) {
    return builder.getNamedAttr(name, value);
  }

  const CheckedProgram &program;
  const llvm::SourceMgr &sources;
  MLIRContext &context;
  OpBuilder builder;
  const CheckedGraph *current = nullptr;
  llvm::DenseMap<ValueId, Value> values;
  OwningOpRef<ModuleOp> module;
};

} // namespace

Location Emitter::locate(Span span) {
  unsigned buffer = span.isValid() ? sources.FindBufferContainingLoc(span.Start) : 0;
  if (buffer == 0)
    return builder.getUnknownLoc();
  auto [line, column] = sources.getLineAndColumn(span.Start, buffer);
  StringRef file = sources.getMemoryBuffer(buffer)->getBufferIdentifier();
  return mlir::FileLineColLoc::get(&context, file, line, column);
}

void Emitter::emitParameter(const CheckedParameter &parameter) {
  ParameterKind kind = parameter.isState ? ParameterKind::State : ParameterKind::Param;
  mlir::OperationState state(locate(parameter.span), ParameterOp::getOperationName());
  state.addAttribute("sym_name", builder.getStringAttr(parameter.path));
  state.addAttribute("type",
                     mlir::TypeAttr::get(tensorType(parameter.type.dims, parameter.type.element)));
  state.addAttribute("kind", ParameterKindAttr::get(&context, kind));
  if (!parameter.doc.empty())
    state.addAttribute("doc", builder.getStringAttr(parameter.doc));
  builder.create(state);
}

void Emitter::emitOp(const CheckedOp &op) {
  mlir::OperationState state(locate(op.span), op.name);
  for (ValueId operand : op.operands)
    state.operands.push_back(values.lookup(operand));
  state.addTypes(typesOf(op.results));
  state.addAttributes(op.attributes);
  for (size_t region = 0; region < op.regions.size(); ++region)
    state.addRegion();
  Operation *made = builder.create(state);
  for (auto [id, result] : llvm::zip_equal(op.results, made->getResults()))
    values[id] = result;
  for (auto [region, block] : llvm::zip_equal(made->getRegions(), op.regions)) {
    OpBuilder::InsertionGuard guard(builder);
    SmallVector<Location> locations(block.arguments.size(), state.location);
    mlir::Block *body = builder.createBlock(&region, {}, typesOf(block.arguments), locations);
    for (auto [id, argument] : llvm::zip_equal(block.arguments, body->getArguments()))
      values[id] = argument;
    emitBlock(block);
    mlir::OperationState yield(state.location, YieldOp::getOperationName());
    for (ValueId result : block.results)
      yield.operands.push_back(values.lookup(result));
    builder.create(yield);
  }
}

void Emitter::emitBlock(const CheckedBlock &block) {
  for (const CheckedOp &op : block.ops)
    emitOp(op);
}

void Emitter::fillBody(mlir::func::FuncOp function, const CheckedGraph &graph,
                       ArrayRef<ValueId> arguments, ArrayRef<ValueId> returned) {
  OpBuilder::InsertionGuard guard(builder);
  mlir::Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  values.clear();
  for (auto [id, argument] : llvm::zip_equal(arguments, body->getArguments()))
    values[id] = argument;
  emitBlock(graph.body);
  SmallVector<Value> results =
      llvm::map_to_vector(returned, [&](ValueId value) { return values.lookup(value); });
  mlir::func::ReturnOp::create(builder, function.getLoc(), results);
}

void Emitter::emitInitialisation(const CheckedGraph &graph) {
  current = &graph;
  SmallVector<ValueId> arguments =
      llvm::map_to_vector(graph.inputs, [](const CheckedInput &input) { return input.value; });
  auto type = builder.getFunctionType(typesOf(arguments), typesOf(graph.body.results));
  auto function = mlir::func::FuncOp::create(builder, builder.getUnknownLoc(), kInitFunction, type);
  function.setPrivate();
  fillBody(function, graph, arguments, graph.body.results);
}

SmallVector<std::pair<unsigned, ValueId>> Emitter::parametersOf(const CheckedGraph &graph) const {
  SmallVector<std::pair<unsigned, ValueId>> used(graph.parameters.begin(), graph.parameters.end());
  llvm::sort(used, [&](auto &a, auto &b) {
    bool isStateA = program.parameters[a.first].isState;
    bool isStateB = program.parameters[b.first].isState;
    return std::tie(isStateA, a.first) < std::tie(isStateB, b.first);
  });
  return used;
}

void Emitter::emitExport(const CheckedGraph &graph) {
  current = &graph;
  SmallVector<ValueId> arguments;
  SmallVector<mlir::DictionaryAttr> argumentAttributes, resultAttributes;
  for (auto [index, value] : parametersOf(graph)) {
    arguments.push_back(value);
    argumentAttributes.push_back(builder.getDictionaryAttr(named(
        kParameterAttr, mlir::FlatSymbolRefAttr::get(&context, program.parameters[index].path))));
  }
  for (const CheckedInput &input : graph.inputs) {
    arguments.push_back(input.value);
    argumentAttributes.push_back(
        builder.getDictionaryAttr(named(kNameAttr, builder.getStringAttr(input.name))));
  }
  for (StringRef name : graph.resultNames)
    resultAttributes.push_back(
        builder.getDictionaryAttr(named(kNameAttr, builder.getStringAttr(name))));
  SmallVector<ValueId> results = graph.body.results;
  for (auto [index, before] : parametersOf(graph))
    if (auto update = graph.updates.find(index); update != graph.updates.end()) {
      results.push_back(update->second);
      resultAttributes.push_back(builder.getDictionaryAttr(named(
          kStateAttr, mlir::FlatSymbolRefAttr::get(&context, program.parameters[index].path))));
    }
  auto type = builder.getFunctionType(typesOf(arguments), typesOf(results));
  auto function = mlir::func::FuncOp::create(builder, locate(graph.span), graph.name, type);
  function->setAttr(kExportAttr, builder.getUnitAttr());
  if (!graph.doc.empty())
    function->setAttr(kDocAttr, builder.getStringAttr(graph.doc));
  function.setAllArgAttrs(argumentAttributes);
  function.setAllResultAttrs(resultAttributes);
  fillBody(function, graph, arguments, results);
}

OwningOpRef<ModuleOp> Emitter::run() {
  module = ModuleOp::create(builder.getUnknownLoc(), StringRef(program.name));
  if (!program.doc.empty())
    module->getOperation()->setAttr(kDocAttr, builder.getStringAttr(program.doc));
  builder.setInsertionPointToStart(module->getBody());
  for (const CheckedParameter &parameter : program.parameters)
    emitParameter(parameter);
  if (program.initialisation)
    emitInitialisation(*program.initialisation);
  for (const CheckedGraph &graph : program.exports)
    emitExport(graph);
  return std::move(module);
}

OwningOpRef<ModuleOp> emitProgram(const CheckedProgram &program, const llvm::SourceMgr &sources,
                                  MLIRContext &context) {
  return Emitter(program, sources, context).run();
}

} // namespace weft
