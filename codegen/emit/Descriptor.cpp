// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the descriptor of runtime/Abi.h, field by field in its order, and the functions around it.

#include "codegen/emit/Descriptor.h"

#include "codegen/emit/ConstantData.h"
#include "codegen/emit/TypedFunctions.h"
#include "codegen/host/HostCode.h"

namespace weft {

namespace LLVM = mlir::LLVM;

/// What the name of a model has behind it in the symbols of its embedded weights.
static constexpr llvm::StringLiteral kWeightsSymbol = ".weights",
                                     kWeightsEndSymbol = ".weights.end";

namespace {
/// The constant data of one model.
class DescriptorBuilder {
public:
  DescriptorBuilder(ModuleOp target, const Interface &described)
      : module(target), interface(described), data(target, described.name) {}

  LogicalResult build(const DescriptorOptions &options);
  void addManifest(StringRef bytes);

private:
  FailureOr<Constant> expression(const InterfaceExport &owner, ArrayRef<Dim> dims);
  FailureOr<Constant> arguments(const InterfaceExport &owner, ArrayRef<InterfaceArgument> list);
  FailureOr<Constant> requirements(const InterfaceExport &owner, const InterfaceCode &code);
  FailureOr<Constant> exportOf(const InterfaceExport &entry, const InterfaceCode &code,
                               Constant sizes, int64_t versionCount);
  LogicalResult addVersions(const InterfaceExport &entry);
  FailureOr<Constant> functions(ArrayRef<InterfaceExport> list);
  Constant parameter(const InterfaceParameter &parameter);
  Constant parameters(ArrayRef<InterfaceParameter> list);
  Constant variants(const DescriptorOptions &options);
  Constant names(ArrayRef<std::string> list);
  Constant indices(ArrayRef<int32_t> list);

  ModuleOp module;
  const Interface &interface;
  ConstantData data;
  std::vector<Constant> versions; ///< Of all exports so far.
};
} // namespace

Constant DescriptorBuilder::names(ArrayRef<std::string> list) {
  std::vector<Constant> elements;
  for (const std::string &name : list)
    elements.push_back(data.string(name));
  return data.array(std::move(elements));
}

Constant DescriptorBuilder::indices(ArrayRef<int32_t> list) {
  std::vector<Constant> elements;
  for (int32_t index : list)
    elements.push_back(data.int32(index));
  return data.array(std::move(elements));
}

/// A weft_expr.
FailureOr<Constant> DescriptorBuilder::expression(const InterfaceExport &owner,
                                                  ArrayRef<Dim> dims) {
  FailureOr<SmallVector<int64_t>> words = postfixOf(dims, owner.symbols, module.getContext());
  if (failed(words))
    return module.emitError() << "a dimension of '" << owner.name << "' needs more than "
                              << WEFT_EXPR_DEPTH
                              << " values at one time to compute: " << dims.front().str();
  return data.structure({data.int32(static_cast<int64_t>(words->size())), data.words(*words)});
}

/// An array of weft_argument.
FailureOr<Constant> DescriptorBuilder::arguments(const InterfaceExport &owner,
                                                 ArrayRef<InterfaceArgument> list) {
  std::vector<Constant> result;
  for (const InterfaceArgument &argument : list) {
    std::vector<Constant> dims;
    for (const Dim &dim : argument.dims) {
      FailureOr<Constant> value = expression(owner, dim);
      if (failed(value))
        return failure();
      dims.push_back(std::move(*value));
    }
    auto rank = static_cast<int64_t>(dims.size());
    result.push_back(data.structure({data.string(argument.name), data.string(argument.type),
                                     data.array(std::move(dims)), data.int32(argument.dtype),
                                     data.int32(rank)}));
  }
  return data.array(std::move(result));
}

/// An array of weft_requirement.
FailureOr<Constant> DescriptorBuilder::requirements(const InterfaceExport &owner,
                                                    const InterfaceCode &code) {
  std::vector<Constant> result;
  for (const InterfaceRequirement &requirement : code.requirements) {
    FailureOr<Constant> value = expression(owner, requirement.value);
    if (failed(value))
      return failure();
    result.push_back(data.structure({*value, data.string(requirement.text)}));
  }
  return data.array(std::move(result));
}

/// A weft_export: a function, or with `sizes` one of its versions. The versions of a function are
/// added before it.
FailureOr<Constant> DescriptorBuilder::exportOf(const InterfaceExport &entry,
                                                const InterfaceCode &code, Constant sizes,
                                                int64_t versionCount) {
  FailureOr<Constant> inputs = arguments(entry, entry.inputs);
  FailureOr<Constant> outputs = arguments(entry, entry.outputs);
  FailureOr<Constant> required = requirements(entry, code);
  FailureOr<Constant> arena = expression(entry, code.arenaBytes);
  if (failed(inputs) || failed(outputs) || failed(required) || failed(arena))
    return failure();
  std::string name = code.function.empty() ? "" : entryName(code.function);
  if (!name.empty() && !module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return module.emitError() << "the compiled module has no function '" << name
                              << "' for the export '" << entry.name << "'";
  auto count = [&](const auto &list) { return data.int32(static_cast<int64_t>(list.size())); };
  auto firstVersion = static_cast<int64_t>(versions.size()) - versionCount;
  return data.structure({data.string(entry.name), data.string(entry.doc), *inputs, *outputs,
                         names(entry.symbols), indices(code.parameters), *required, *arena,
                         data.address(name), count(entry.inputs), count(entry.outputs),
                         count(entry.symbols), count(code.parameters), count(code.requirements),
                         data.int32(versionCount), data.int32(versionCount ? firstVersion : 0),
                         data.int32(0), std::move(sizes)});
}

LogicalResult DescriptorBuilder::addVersions(const InterfaceExport &entry) {
  for (const InterfaceVersion &version : entry.versions) {
    SmallVector<int64_t> sizes;
    for (std::optional<int64_t> size : version.sizes)
      sizes.push_back(size.value_or(-1));
    FailureOr<Constant> value = exportOf(entry, version, data.words(sizes), 0);
    if (failed(value))
      return failure();
    versions.push_back(std::move(*value));
  }
  return success();
}

/// A weft_parameter.
Constant DescriptorBuilder::parameter(const InterfaceParameter &parameter) {
  return data.structure({data.string(parameter.name), data.string(parameter.doc),
                         data.words(parameter.dims), data.int32(parameter.dtype),
                         data.int32(static_cast<int64_t>(parameter.dims.size())),
                         data.int32(parameter.kind), data.int32(0)});
}

/// An array of weft_export.
FailureOr<Constant> DescriptorBuilder::functions(ArrayRef<InterfaceExport> list) {
  std::vector<Constant> result;
  for (const InterfaceExport &entry : list) {
    if (failed(addVersions(entry)))
      return failure();
    FailureOr<Constant> value =
        exportOf(entry, entry, data.null(), static_cast<int64_t>(entry.versions.size()));
    if (failed(value))
      return failure();
    result.push_back(std::move(*value));
  }
  return data.array(std::move(result));
}

/// An array of weft_parameter.
Constant DescriptorBuilder::parameters(ArrayRef<InterfaceParameter> list) {
  std::vector<Constant> result;
  for (const InterfaceParameter &entry : list)
    result.push_back(parameter(entry));
  return data.array(std::move(result));
}

/// The main descriptor, or that of one processor among several.
static std::string descriptorName(const Interface &interface, const DescriptorOptions &options,
                                  size_t processor) {
  std::string name = interface.name + "_descriptor";
  return processor + 1 >= options.processors.size() ? name
                                                    : name + "." + options.processors[processor];
}

/// What another object of the same library defines.
static void declareHidden(ModuleOp module, const Twine &name) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto global =
      LLVM::GlobalOp::create(builder, module.getLoc(), builder.getI8Type(), /*isConstant=*/true,
                             LLVM::Linkage::External, name.str(), Attribute());
  global.setVisibility_(LLVM::Visibility::Hidden);
  global.setDsoLocal(true);
}

/// The addresses of the descriptors for all processors, in the main one.
Constant DescriptorBuilder::variants(const DescriptorOptions &options) {
  std::vector<Constant> addresses;
  for (size_t i = 0; i < options.processors.size() && options.isMain(); ++i) {
    std::string name = descriptorName(interface, options, i);
    if (i != options.processor)
      declareHidden(module, name);
    addresses.push_back(data.address(name));
  }
  return data.array(std::move(addresses));
}

LogicalResult DescriptorBuilder::build(const DescriptorOptions &options) {
  FailureOr<Constant> exports = functions(interface.exports);
  FailureOr<Constant> prepare = functions(interface.prepare);
  if (failed(exports) || failed(prepare))
    return failure();
  auto weights = [&](StringRef suffix) {
    return data.address(options.embedsWeights ? interface.name + suffix.str() : "");
  };
  auto count = [&](const auto &list) { return data.int32(static_cast<int64_t>(list.size())); };
  Constant descriptor = data.structure(
      {data.int32(WEFT_ABI_VERSION),
       data.int32(sizeof(weft_descriptor)),
       data.int32(sizeof(weft_export)),
       data.int32(sizeof(weft_parameter)),
       data.string(interface.name),
       data.string(interface.doc),
       data.string(options.compiler),
       data.string(options.features),
       *exports,
       parameters(interface.parameters),
       weights(kWeightsSymbol),
       weights(kWeightsEndSymbol),
       count(interface.exports),
       count(interface.parameters),
       parameters(interface.derived),
       *prepare,
       count(interface.derived),
       count(interface.prepare),
       data.string(options.prepared),
       data.array(versions),
       variants(options),
       count(versions),
       data.int32(options.isMain() ? static_cast<int64_t>(options.processors.size()) : 0)});
  LLVM::GlobalOp global = data.global(descriptorName(interface, options, options.processor),
                                      descriptor, LLVM::Linkage::External);
  if (!options.isMain())
    global.setVisibility_(LLVM::Visibility::Hidden);
  return success();
}

/// The manifest in a section of its own, which no linker may drop.
void DescriptorBuilder::addManifest(StringRef bytes) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Type type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
  std::string name = interface.name + ".manifest";
  auto global = LLVM::GlobalOp::create(builder, module.getLoc(), type, /*isConstant=*/true,
                                       LLVM::Linkage::Internal, name, builder.getStringAttr(bytes));
  global.setSection(".weft.manifest");
  global.setAlignment(1);
  Constant address = data.address(name);
  Type list = LLVM::LLVMArrayType::get(address.type, 1);
  LLVM::GlobalOp used =
      data.global("llvm.used", {list, 0, {}, {address}}, LLVM::Linkage::Appending);
  used.setConstant(false);
  used.setSection("llvm.metadata");
}

OwningOpRef<ModuleOp> makeWeightsModule(MLIRContext *context, const Interface &interface,
                                        StringRef path) {
  std::string quoted;
  for (char c : path) {
    if (c == '"' || c == '\\')
      quoted += '\\';
    quoted += c;
  }
  // The assembler reads the file: it never becomes a constant of IR.
  std::string text = ".section .rodata.weft.weights,\"a\",@progbits\n.p2align 6\n";
  auto label = [&](StringRef suffix) {
    std::string name = interface.name + suffix.str();
    text += ".globl " + name + "\n.hidden " + name + "\n" + name + ":\n";
  };
  label(kWeightsSymbol);
  text += ".incbin \"" + quoted + "\"\n";
  label(kWeightsEndSymbol);
  text += ".text\n";
  context->loadDialect<LLVM::LLVMDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(mlir::UnknownLoc::get(context));
  (*module)->setAttr(LLVM::LLVMDialect::getModuleLevelAsmAttrName(),
                     mlir::Builder(context).getStrArrayAttr({text}));
  return module;
}

/// Nothing that was compiled is visible but what is added after this.
static void hideFunctions(ModuleOp module) {
  for (auto function : module.getOps<LLVM::LLVMFuncOp>())
    if (!function.isExternal())
      function.setLinkage(LLVM::Linkage::Internal);
}

LogicalResult addDescriptor(ModuleOp module, const Interface &interface,
                            const DescriptorOptions &options) {
  hideFunctions(module);
  DescriptorBuilder builder(module, interface);
  if (failed(builder.build(options)))
    return failure();
  if (options.embedsWeights)
    for (StringRef suffix : {kWeightsSymbol, kWeightsEndSymbol})
      declareHidden(module, interface.name + suffix);
  if (!options.isMain())
    return success();
  builder.addManifest(options.manifest);
  addTypedFunctions(module, interface);
  return success();
}

} // namespace weft
