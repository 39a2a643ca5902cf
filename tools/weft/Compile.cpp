// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the pipelines of the rooms, one stage after the other.

#include "tools/weft/Compile.h"

#include "codegen/Pipelines.h"
#include "frontend/onnx/Onnx.h"
#include "ir/WeftDialect.h"
#include "passes/Functions.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"
#include "passes/precision/NarrowWeights.h"
#include "tools/weft-opt/Registration.h"
#include "tools/weft/data/DataFile.h"
#include "tools/weft/MemoryLimit.h"
#include "tools/weft/Origins.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Threading.h"
#include "llvm/Support/xxhash.h"

namespace weft {

static constexpr llvm::StringLiteral names[] = {"model", "graph", "kernels",
                                                "plan",  "loops", "llvm"};

StringRef nameOf(ModelStage stage) { return names[static_cast<size_t>(stage)]; }

std::optional<ModelStage> stageNamed(StringRef name) {
  for (ModelStage stage : allStages)
    if (nameOf(stage) == name)
      return stage;
  return std::nullopt;
}

std::string stageNames() {
  return llvm::join(
      llvm::map_range(allStages, [](ModelStage stage) { return "'" + nameOf(stage).str() + "'"; }),
      ", ");
}

static mlir::DialectRegistry makeRegistry() {
  mlir::DialectRegistry registry;
  registerToolDialects(registry);
  return registry;
}

Compilation::Compilation(Report &target, CompileRequest what)
    : theReport(target), asked(std::move(what)), context(makeRegistry()),
      diagnostics(std::make_unique<DiagnosticReporter>(target, sources, &context)) {
  context.printOpOnDiagnostic(false);
}

Compilation::~Compilation() = default;

LogicalResult Compilation::load() {
  if (failed(readTuneCache()))
    return failure();
  theReport.progress("reading " + asked.input);
  StringRef extension = llvm::sys::path::extension(asked.input);
  if (extension == ".onnx")
    return loadOnnx();
  if (!asked.constants.empty()) {
    theReport.error("--constant " + asked.constants.front().first +
                    ": only inputs of ONNX models can be fixed while compiling");
    return failure();
  }
  if (extension == ".mlir")
    return loadMlir();
  if (extension == ".weft")
    return loadWeft();
  theReport.error("'" + asked.input +
                  "' is no model: its name ends in none of .weft, .onnx and .mlir");
  return failure();
}

/// In a module of stage `model` every function is exported or makes the initial weights.
static LogicalResult checkFunctions(ModuleOp module) {
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (!function->hasAttr(kExportAttr) && function.getName() != kInitFunction)
      return function.emitError() << "function '" << function.getName() << "' is not exported: '"
                                  << kExportAttr << "' is missing";
  return success();
}

LogicalResult Compilation::loadMlir() {
  auto buffer = llvm::MemoryBuffer::getFile(asked.input, /*IsText=*/true);
  if (!buffer) {
    theReport.error("cannot read '" + asked.input + "': " + buffer.getError().message());
    return failure();
  }
  if (!asked.settings.empty()) {
    theReport.error("--settings " + asked.settings.front().first +
                    ": a module in MLIR's form has no settings");
    return failure();
  }
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  theModule = mlir::parseSourceFile<ModuleOp>(sources, &context);
  if (!theModule)
    return failure();
  if (!theModule->getSymName())
    theModule->setSymName(llvm::sys::path::stem(asked.input));
  return checkFunctions(*theModule);
}

/// The type of an array's elements.
static Type elementTypeOf(weft_dtype dtype, MLIRContext *context) {
  auto integer = [&](unsigned width, bool isUnsigned = false) -> Type {
    return mlir::IntegerType::get(
        context, width, isUnsigned ? mlir::IntegerType::Unsigned : mlir::IntegerType::Signless);
  };
  switch (dtype) {
  case WEFT_F64:
    return mlir::Float64Type::get(context);
  case WEFT_F32:
    return mlir::Float32Type::get(context);
  case WEFT_F16:
    return mlir::Float16Type::get(context);
  case WEFT_BF16:
    return mlir::BFloat16Type::get(context);
  case WEFT_I64:
    return integer(64);
  case WEFT_I32:
    return integer(32);
  case WEFT_I16:
    return integer(16);
  case WEFT_I8:
    return integer(8);
  case WEFT_U64:
    return integer(64, true);
  case WEFT_U32:
    return integer(32, true);
  case WEFT_U16:
    return integer(16, true);
  case WEFT_U8:
    return integer(8, true);
  case WEFT_BOOL:
    return integer(1);
  }
  return {};
}

/// The files of `--constant`. JSON, which says no types, is read as i64: sizes and axes.
static llvm::Expected<std::vector<OnnxTensor>> readConstants(const CompileRequest &asked,
                                                             MLIRContext *context) {
  std::vector<OnnxTensor> result;
  for (const auto &[name, source] : asked.constants) {
    llvm::Expected<Array> array = readArray(source, {name, WEFT_I64, {}});
    if (!array)
      return array.takeError();
    auto type = RankedTensorType::get(array->dims, elementTypeOf(array->dtype, context));
    result.push_back({name, type, std::move(array->bytes)});
  }
  return result;
}

LogicalResult Compilation::loadOnnx() {
  if (!asked.settings.empty() || !asked.rootModel.empty()) {
    theReport.error(asked.settings.empty() ? "--model: an ONNX file has one model"
                                           : "--settings: an ONNX model has no settings");
    return failure();
  }
  llvm::Expected<std::vector<OnnxTensor>> constants = readConstants(asked, &context);
  if (!constants) {
    theReport.error(constants.takeError());
    return failure();
  }
  context.loadDialect<WeftDialect, mlir::func::FuncDialect>();
  std::vector<std::string> errors;
  std::optional<OnnxModel> model =
      importOnnx(asked.input, {asked.dims, std::move(*constants)}, context, errors);
  for (const std::string &error : errors)
    theReport.error(error);
  if (!model)
    return failure();
  // The importer has checked the file; what the verifier still finds is a fault of ours.
  theReport.blameUs(true);
  LogicalResult verified = mlir::verify(*model->module);
  theReport.blameUs(false);
  if (failed(verified))
    return failure();
  theModule = std::move(model->module);
  // A vector of arrays that grows would copy them: moving one may throw.
  importedWeights.emplace().reserve(model->weights.size());
  for (OnnxTensor &tensor : model->weights)
    importedWeights->push_back({*dtypeOf(tensor.type.getElementType()),
                                SmallVector<int64_t>(tensor.type.getShape()),
                                std::move(tensor.bytes)});
  return success();
}

LogicalResult bindDims(ModuleOp module, ArrayRef<std::string> dims) {
  if (dims.empty())
    return success();
  BindDimsPassOptions options;
  options.dims.assign(dims.begin(), dims.end());
  mlir::PassManager manager(module.getContext());
  manager.addPass(createBindDimsPass(options));
  return manager.run(module);
}

FailureOr<Interface> Compilation::boundInterface() {
  OwningOpRef<ModuleOp> bound = module().clone();
  std::vector<std::string> dims;
  for (const auto &[name, size] : asked.dims)
    dims.push_back(name + "=" + std::to_string(size));
  if (failed(bindDims(*bound, dims)))
    return failure();
  return readInterface(*bound);
}

llvm::Expected<Weights> Compilation::takeWeights(StringRef path, const Interface &interface,
                                                 uint64_t seed) {
  if (!path.empty())
    return readWeights(path, interface, [&] { return initialWeights(module(), interface, seed); });
  if (importedWeights)
    return std::exchange(*importedWeights, {});
  return initialWeights(module(), interface, seed);
}

std::string Compilation::weightsKey() const {
  std::string key;
  if (importedWeights)
    for (const Array &array : *importedWeights)
      key += llvm::utohexstr(llvm::xxh3_64bits(StringRef(array.bytes.data(), array.bytes.size())));
  return key;
}

//===-- Choices -----------------------------------------------------------------------------===//

TuneSetting Compilation::tuneSetting(StringRef cpu) const {
  TuneSetting setting{WEFT_VERSION, targetNamed(cpu).resolved().cpu, asked.tuneThreads,
                      asked.precision == Precision::BF16 ? "bf16" : "f32", asked.strict};
  if (asked.tunes && setting.threads == 0)
    setting.threads = llvm::hardware_concurrency().compute_thread_count();
  return setting;
}

/// Where choices are only read there must be some, of one setting: a build that is repeated
/// elsewhere gives the same. Of several processors one is enough.
LogicalResult Compilation::readTuneCache() {
  if (asked.tuneCache.empty() || (asked.tunes && !llvm::sys::fs::exists(asked.tuneCache)))
    return success();
  llvm::Expected<TuneCache> read = TuneCache::read(asked.tuneCache);
  if (!read) {
    theReport.error(read.takeError());
    return failure();
  }
  tuning = std::move(*read);
  if (asked.tunes)
    return success();
  size_t most = 0;
  std::string wanted;
  for (const std::string &cpu : asked.cpus) {
    TuneSetting setting = tuneSetting(cpu);
    most = std::max(most, tuning.matching(setting).size());
    wanted += (wanted.empty() ? "" : " or ") + setting.text();
  }
  if (most == 1)
    return success();
  std::string there;
  for (const auto &[setting, products] : tuning.all())
    there += (there.empty() ? " for " : "; for ") + setting.text();
  theReport.error("'" + asked.tuneCache + "' has " + (most ? "several" : "no") + " choices for " +
                  wanted + (most ? ", so give --tune-threads" : "") + ": it has some" +
                  (there.empty() ? " for nothing" : there));
  return failure();
}

AppliedChoices Compilation::applyTuneCache() {
  ChoicesByKey choices;
  for (const TuneSetting &setting : tuning.matching(tuneSetting(processor())))
    for (const auto &[key, product] : *tuning.find(setting))
      choices[key] = product.choice;
  return applyChoices(module(), choices);
}

FrontendOptions Compilation::frontendOptions() const {
  FrontendOptions options;
  options.rootModel = asked.rootModel;
  options.settings = asked.settings;
  options.moduleFolders = asked.moduleFolders;
  return options;
}

LogicalResult Compilation::show(const DiagnosticEngine &messages) {
  theReport.finishProgress();
  messages.print(llvm::errs(), llvm::sys::Process::StandardErrHasColors());
  if (messages.hasErrors())
    theReport.addShown(messages.toJson());
  return failure(messages.hasErrors());
}

LogicalResult Compilation::loadWeft() {
  context.loadDialect<WeftDialect, mlir::func::FuncDialect>();
  DiagnosticEngine messages(sources);
  // The frontend has messages of its own; what MLIR's verifier still finds is a fault of ours.
  theReport.blameUs(true);
  theModule = loadModel(asked.input, frontendOptions(), context, sources, messages);
  LogicalResult good = show(messages);
  if (succeeded(good) && !theModule && !theReport.hasErrors())
    theReport.error("'" + asked.input + "' could not be read, and nothing says why");
  theReport.blameUs(false);
  return success(theModule && succeeded(good));
}

/// Whether the file is good and only has nothing to compile.
static bool exportsNothing(const DiagnosticEngine &messages) {
  std::vector<const Diagnostic *> all = messages.sorted();
  return !all.empty() && llvm::all_of(all, [](const Diagnostic *message) {
    return message->kind == Diag::NoExport;
  });
}

FailureOr<bool> Compilation::checkFile() {
  if (llvm::sys::path::extension(asked.input) != ".weft")
    return true;
  context.loadDialect<WeftDialect, mlir::func::FuncDialect>();
  llvm::SourceMgr ownSources;
  DiagnosticEngine messages(ownSources);
  LogicalResult checked = checkModel(asked.input, frontendOptions(), context, ownSources, messages);
  if (failed(show(messages)) || failed(checked))
    return failure();
  llvm::SourceMgr moreSources;
  DiagnosticEngine more(moreSources);
  OwningOpRef<ModuleOp> loaded =
      loadModel(asked.input, frontendOptions(), context, moreSources, more);
  return !exportsNothing(more);
}

/// Some product takes weights of few bits, where they are asked for.
LogicalResult Compilation::checkWeightBits() {
  if (asked.weightBits == 0)
    return success();
  std::string first;
  auto leave = [&](Operation *op, const std::string &why) {
    if (first.empty())
      first = ": " + op->getName().stripDialect().str() + " from " + originsOf(op) + ": " + why;
  };
  for (mlir::func::FuncOp function : exportsOf(module()))
    if (!narrowWeightProducts(function, leave).empty())
      return success();
  theReport.error("--quantize weights-int" + Twine(asked.weightBits) +
                  ": the model has no product to quantize" + first);
  return failure();
}

FailureOr<MemoryChoice> Compilation::planFor(const MemoryPrice &price) {
  OwningOpRef<ModuleOp> kept = theModule->clone();
  memory = {.price = price};
  theReport.blameUs(true);
  LogicalResult planned =
      success(succeeded(run(ModelStage::Kernels)) && succeeded(run(ModelStage::Plan)));
  theReport.blameUs(false);
  if (succeeded(planned))
    planned = describeMemory(module(), memory, theReport);
  theModule = std::move(kept);
  return failed(planned) ? FailureOr<MemoryChoice>(failure()) : memory;
}

LogicalResult Compilation::fitMemory() {
  if (!asked.memoryLimit)
    return success();
  bool explain = std::exchange(asked.explainMemory, true);
  FailureOr<MemoryChoice> choice = chooseForMemory(
      *asked.memoryLimit, theReport, [&](const MemoryPrice &price) { return planFor(price); });
  asked.explainMemory = explain;
  if (failed(choice))
    return failure();
  memory = *choice;
  reportMemory(memory, *asked.memoryLimit, theReport);
  return success();
}

LogicalResult Compilation::advanceTo(ModelStage stage) {
  while (current.stage < stage) {
    auto next = static_cast<ModelStage>(static_cast<int>(current.stage) + 1);
    theReport.progress("stage " + nameOf(next));
    if (next == ModelStage::Kernels && (failed(checkWeightBits()) || failed(fitMemory())))
      return failure();
    // What gets past `graph` is a good model: what fails after it is a fault of ours.
    theReport.blameUs(next > ModelStage::Graph);
    LogicalResult result = run(next);
    theReport.blameUs(false);
    if (failed(result))
      return failure();
    current.stage = next;
  }
  return success();
}

LogicalResult Compilation::useProcessor(size_t index) {
  if (failed(advanceTo(ModelStage::Graph)))
    return failure();
  if (graph) {
    theModule = graph->clone();
    current.stage = ModelStage::Graph;
  } else if (asked.cpus.size() > 1) {
    // Not before the first goes on: whoever looks at stage `graph` may write into it.
    assert(current.stage == ModelStage::Graph && "the module has gone on for no processor");
    graph = theModule->clone();
  }
  current.processor = index;
  return success();
}

LogicalResult Compilation::run(ModelStage stage) {
  llvm::Expected<VectorTarget> vectors = vectorTargetOf(target());
  if (!vectors) {
    theReport.error(vectors.takeError());
    return failure();
  }
  mlir::PassManager manager(&context);
  manager.enableVerifier(asked.verifyEach);
  switch (stage) {
  case ModelStage::Model:
    return success();
  case ModelStage::Graph: {
    std::vector<std::string> dims = dimTexts();
    // An ONNX file has its dimensions bound while it is imported, where sizes matter.
    if (importedWeights)
      dims.erase(dims.begin(), dims.begin() + static_cast<ptrdiff_t>(asked.dims.size()));
    buildGraphPipeline(manager, dims);
    break;
  }
  case ModelStage::Kernels:
    if (!asked.tuneCache.empty())
      applied = applyTuneCache();
    buildKernelsPipeline(manager, {vectors->bytes, vectors->registers, vectors->bfloatDots,
                                   vectors->byteDots, asked.strict, asked.explain, asked.precision,
                                   asked.weightBits, memory.price, asked.explainMemory});
    break;
  case ModelStage::Plan:
    buildPlanPipeline(manager);
    break;
  case ModelStage::Loops:
    buildLoopsPipeline(manager, *vectors);
    break;
  case ModelStage::Llvm:
    buildLlvmPipeline(manager);
    break;
  }
  if (failed(manager.run(module()))) {
    if (!theReport.hasErrors())
      theReport.error("the stage '" + nameOf(stage) + "' failed without saying why");
    return failure();
  }
  return success();
}

std::vector<std::string> Compilation::dimTexts() const {
  std::vector<std::string> result;
  for (const auto &[name, size] : asked.dims)
    result.push_back(name + "=" + std::to_string(size));
  for (const auto &[name, sizes] : asked.versions)
    for (std::optional<int64_t> size : sizes)
      result.push_back(name + "=" + (size ? std::to_string(*size) : "*"));
  return result;
}

std::string Compilation::text() {
  std::string result;
  llvm::raw_string_ostream os(result);
  theModule->print(os);
  os << '\n';
  return result;
}

TargetOptions targetNamed(StringRef cpu) {
  TargetOptions result;
  if (cpu == "host")
    return result;
  result.triple = result.resolved().triple;
  result.cpu = cpu.str();
  return result;
}

template <typename Made> FailureOr<Made> Compilation::orOurFault(llvm::Expected<Made> made) {
  if (made)
    return std::move(*made);
  theReport.blameUs(true);
  theReport.error(made.takeError());
  theReport.blameUs(false);
  return failure();
}

FailureOr<SmallVector<char, 0>> Compilation::makeObject(ModuleOp llvmModule) {
  return orOurFault(emitObject(llvmModule, target()));
}

FailureOr<std::vector<SmallVector<char, 0>>> Compilation::makeObjects(ModuleOp llvmModule,
                                                                      StringRef name, bool asOne) {
  return orOurFault(emitObjects(llvmModule, target(), name, asOne ? 1 : mostParts));
}

} // namespace weft
