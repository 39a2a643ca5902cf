// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the description of a model from its exported functions and `weft.parameter` operations.

#include "codegen/emit/Interface.h"

#include "codegen/emit/Names.h"
#include "codegen/emit/Requirements.h"
#include "codegen/host/Storage.h"
#include "ir/Versions.h"
#include "ir/WeftDialect.h"
#include "ir/WeftOps.h"
#include "passes/Functions.h"

namespace weft {

using mlir::func::FuncOp;

namespace {
struct DtypeRow {
  weft_dtype dtype;
  llvm::StringLiteral name;
  int64_t sizeBytes;
};
} // namespace

static constexpr DtypeRow dtypeRows[] = {
    {WEFT_F64, "f64", 8},  {WEFT_F32, "f32", 4}, {WEFT_F16, "f16", 2}, {WEFT_BF16, "bf16", 2},
    {WEFT_I64, "i64", 8},  {WEFT_I32, "i32", 4}, {WEFT_I16, "i16", 2}, {WEFT_I8, "i8", 1},
    {WEFT_U64, "u64", 8},  {WEFT_U32, "u32", 4}, {WEFT_U16, "u16", 2}, {WEFT_U8, "u8", 1},
    {WEFT_BOOL, "bool", 1}};

static const DtypeRow &rowOf(weft_dtype dtype) {
  const DtypeRow *row =
      llvm::find_if(dtypeRows, [&](const DtypeRow &r) { return r.dtype == dtype; });
  assert(row != std::end(dtypeRows) && "a dtype outside of the list");
  return *row;
}

int64_t sizeBytesOf(weft_dtype dtype) { return rowOf(dtype).sizeBytes; }
StringRef nameOf(weft_dtype dtype) { return rowOf(dtype).name; }

FailureOr<weft_dtype> dtypeOf(Type element) {
  std::string name = languageName(element);
  const DtypeRow *row = llvm::find_if(dtypeRows, [&](const DtypeRow &r) { return r.name == name; });
  if (row == std::end(dtypeRows))
    return failure();
  return row->dtype;
}

uint64_t InterfaceParameter::sizeBytes() const {
  uint64_t size = static_cast<uint64_t>(sizeBytesOf(dtype));
  for (int64_t dim : dims)
    size *= static_cast<uint64_t>(dim);
  return size;
}

/// Appends the symbols of `dims` that `symbols` lacks.
static void appendSymbols(ArrayRef<Dim> dims, std::vector<std::string> &symbols) {
  for (const Dim &dim : dims)
    for (const std::string &symbol : dim.symbols())
      if (!llvm::is_contained(symbols, symbol))
        symbols.push_back(symbol);
}

static std::string stringAttr(Attribute attribute) {
  auto string = mlir::dyn_cast_or_null<StringAttr>(attribute);
  return string ? string.str() : std::string();
}

/// Describes one input or output; `what` names it in errors.
static FailureOr<InterfaceArgument> readArgument(FuncOp function, Type type, std::string name,
                                                 Attribute doc) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return function.emitError() << "'" << name << "' of '" << function.getName() << "' is " << type
                                << ", but arguments of exports are ranked tensors";
  FailureOr<weft_dtype> dtype = dtypeOf(tensor.getElementType());
  if (failed(dtype))
    return function.emitError() << "'" << name << "' of '" << function.getName()
                                << "' has elements of type " << tensor.getElementType()
                                << ", which is not an element type of Weft";
  if (tensor.getRank() > WEFT_MAX_RANK)
    return function.emitError() << "'" << name << "' of '" << function.getName() << "' has "
                                << tensor.getRank() << " dimensions, more than " << WEFT_MAX_RANK;
  return InterfaceArgument{std::move(name), languageName(tensor), stringAttr(doc), *dtype,
                           dimsOf(tensor)};
}

/// Inputs, with the types that they have before sizes are bound in a version.
static LogicalResult readInputs(FuncOp function, InterfaceExport &result) {
  ArrayRef<Type> types = signatureOf(function).getInputs();
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    if (function.getArgAttr(index, kParameterAttr))
      continue;
    std::string name = stringAttr(function.getArgAttr(index, kNameAttr));
    if (name.empty())
      name = "input" + std::to_string(result.inputs.size());
    FailureOr<InterfaceArgument> input = readArgument(function, types[result.inputs.size()], name,
                                                      function.getArgAttr(index, kDocAttr));
    if (failed(input))
      return failure();
    result.inputs.push_back(std::move(*input));
  }
  return success();
}

static LogicalResult readOutputs(FuncOp function, InterfaceExport &result) {
  // New states, which the call keeps, are no outputs.
  auto isOutput = [&](unsigned index) { return !function.getResultAttr(index, kStateAttr); };
  size_t count = llvm::count_if(llvm::seq(function.getNumResults()), isOutput);
  for (auto [index, type] : llvm::enumerate(signatureOf(function).getResults())) {
    if (!isOutput(index)) {
      result.changesStates = true;
      continue;
    }
    std::string name = stringAttr(function.getResultAttr(index, kNameAttr));
    if (name.empty())
      name = count == 1 ? "result" : "result" + std::to_string(index);
    FailureOr<InterfaceArgument> output =
        readArgument(function, type, name, function.getResultAttr(index, kDocAttr));
    if (failed(output))
      return failure();
    result.outputs.push_back(std::move(*output));
  }
  return success();
}

/// What is compiled of `function`.
static LogicalResult readCode(FuncOp function, const llvm::StringMap<int32_t> &parameters,
                              InterfaceCode &result) {
  result.function = function.getName().str();
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    auto reference = function.getArgAttrOfType<mlir::FlatSymbolRefAttr>(index, kParameterAttr);
    if (!reference)
      continue;
    auto found = parameters.find(reference.getValue());
    if (found == parameters.end())
      return function.emitError() << "'" << function.getName() << "' uses the parameter "
                                  << reference << ", which the model does not have";
    result.parameters.push_back(found->second);
    result.weights.push_back(reference.getValue().str());
  }
  result.requirements = requirementsOf(function);
  if (auto arena = function->getAttrOfType<ShapeAttr>(kArenaAttr))
    llvm::append_range(result.arenaBytes, arena.toDims());
  return success();
}

/// Each dimension name must stand alone as a dimension of some input, where a call binds it.
static LogicalResult checkSymbols(FuncOp function, const InterfaceExport &result) {
  auto binds = [](const InterfaceArgument &input, StringRef symbol) {
    return llvm::any_of(input.dims, [&](const Dim &dim) { return dim.bareSymbol() == symbol; });
  };
  for (const std::string &symbol : result.symbols)
    if (llvm::none_of(result.inputs,
                      [&](const InterfaceArgument &input) { return binds(input, symbol); }))
      return function.emitError() << "no input of '" << function.getName()
                                  << "' fixes the dimension '" << symbol
                                  << "': it must stand alone as a dimension of one";
  std::vector<std::string> all = result.symbols;
  for (const InterfaceArgument &output : result.outputs)
    appendSymbols(output.dims, all);
  if (all.size() > result.symbols.size())
    return function.emitError() << "no input of '" << function.getName() << "' has the dimension '"
                                << all[result.symbols.size()] << "' of a result";
  return success();
}

/// The function as its callers see it.
static FailureOr<InterfaceExport> readExport(FuncOp function, StringRef model) {
  InterfaceExport result;
  result.name = exportedName(function).str();
  result.cName = joinedIdentifier(model, result.name);
  result.doc = stringAttr(function->getAttr(kDocAttr));
  if (failed(readInputs(function, result)) || failed(readOutputs(function, result)))
    return failure();
  for (const std::string &symbol : symbolsInOrder(function))
    result.symbols.push_back(symbol);
  if (failed(checkSymbols(function, result)))
    return failure();
  return result;
}

/// Adds a function to what is known of its export.
static LogicalResult addCode(FuncOp function, const llvm::StringMap<int32_t> &parameters,
                             InterfaceExport &result) {
  if (!isVersion(function))
    return readCode(function, parameters, result);
  InterfaceVersion version;
  if (failed(readCode(function, parameters, version)))
    return failure();
  for (const std::string &symbol : result.symbols)
    version.sizes.push_back(versionSize(function, symbol));
  for (const std::string &weight : version.weights)
    if (!llvm::is_contained(result.weights, weight))
      result.weights.push_back(weight);
  result.versions.push_back(std::move(version));
  return success();
}

std::string InterfaceVersion::text(ArrayRef<std::string> symbols) const {
  std::string result;
  for (auto [symbol, size] : llvm::zip(symbols, sizes))
    if (size)
      result += (result.empty() ? "" : ", ") + symbol + " = " + std::to_string(*size);
  return result.empty() ? "any size" : result;
}

bool InterfaceExport::takesAnySize() const {
  return versions.empty() || llvm::any_of(versions, [](const InterfaceVersion &version) {
           return llvm::none_of(version.sizes, [](std::optional<int64_t> size) { return size; });
         });
}

bool Interface::hasStates() const {
  return llvm::any_of(parameters, [](const InterfaceParameter &p) { return p.kind == WEFT_STATE; });
}

bool Interface::mayLack(const InterfaceParameter &parameter) const {
  return !parameter.learned && llvm::all_of(exports, [&](const InterfaceExport &entry) {
    return entry.changesStates || !llvm::is_contained(entry.weights, parameter.name);
  });
}

/// `<model>_<export>` becomes a C function beside those that every model has.
static LogicalResult checkExportNames(ModuleOp module, const Interface &interface) {
  llvm::StringSet<> taken;
  for (StringRef ours : {"_open", "_close", "_descriptor"})
    taken.insert(interface.name + ours.str());
  if (interface.hasStates())
    taken.insert(interface.name + "_save");
  for (const InterfaceExport &entry : interface.exports)
    if (!taken.insert(entry.cName).second)
      return module.emitError()
             << "the exported function '" << entry.name << "' would be '" << entry.cName
             << "' in C, which another function is already: give it another name";
  return success();
}

static FailureOr<InterfaceParameter> readParameter(ParameterOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  FailureOr<weft_dtype> dtype = dtypeOf(type.getElementType());
  if (failed(dtype) || !type.hasStaticShape() || type.getRank() > WEFT_MAX_RANK)
    return op.emitError() << "parameter '" << op.getSymName() << "' has type " << type
                          << ", but parameters have static shapes of at most " << WEFT_MAX_RANK
                          << " dimensions";
  InterfaceParameter result;
  result.name = op.getSymName().str();
  result.type = languageName(type);
  result.doc = op.getDoc().value_or("").str();
  result.dtype = *dtype;
  result.dims = SmallVector<int64_t>(type.getShape());
  switch (op.getKind()) {
  case ParameterKind::Param:
    break;
  case ParameterKind::State:
    result.kind = WEFT_STATE;
    result.learned = false;
    break;
  case ParameterKind::Derived:
    result.kind = WEFT_DERIVED;
    break;
  }
  return result;
}

/// Parameters and states are numbered first, derived tensors behind them.
static FailureOr<llvm::StringMap<int32_t>> readParameters(ModuleOp module, Interface &result) {
  llvm::StringSet<> changing = changingStates(module);
  for (ParameterOp op : module.getOps<ParameterOp>()) {
    FailureOr<InterfaceParameter> parameter = readParameter(op);
    if (failed(parameter))
      return failure();
    // What training changes is a state to the runtime: each handle has its own.
    if (changing.contains(parameter->name))
      parameter->kind = WEFT_STATE;
    bool isDerived = parameter->kind == WEFT_DERIVED;
    (isDerived ? result.derived : result.parameters).push_back(std::move(*parameter));
  }
  llvm::StringMap<int32_t> numbers;
  for (const auto *list : {&result.parameters, &result.derived})
    for (const InterfaceParameter &parameter : *list)
      numbers.try_emplace(parameter.name, static_cast<int32_t>(numbers.size()));
  return numbers;
}

FailureOr<Interface> readInterface(ModuleOp module) {
  Interface result;
  result.name = cIdentifier(module.getSymName().value_or("model"));
  if (result.name == "weft")
    return module.emitError(
        "a model named 'weft' would clash with the functions of the runtime in C");
  result.doc = stringAttr(module->getAttr(kDocAttr));
  FailureOr<llvm::StringMap<int32_t>> numbers = readParameters(module, result);
  if (failed(numbers))
    return failure();
  for (FuncOp function : module.getOps<FuncOp>()) {
    if (!function->hasAttr(kExportAttr))
      continue;
    bool prepares = function.getName().starts_with(kPreparePrefix);
    std::vector<InterfaceExport> &list = prepares ? result.prepare : result.exports;
    // Versions of one function stand side by side.
    if (!isVersion(function) || list.empty() || list.back().name != exportedName(function)) {
      FailureOr<InterfaceExport> entry = readExport(function, result.name);
      if (failed(entry))
        return failure();
      list.push_back(std::move(*entry));
    }
    if (failed(addCode(function, *numbers, list.back())))
      return failure();
  }
  if (failed(checkExportNames(module, result)))
    return failure();
  return result;
}

} // namespace weft
