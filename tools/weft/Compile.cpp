// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the pipelines of the rooms, one stage after the other.

#include "tools/weft/Compile.h"

#include "codegen/Pipelines.h"
#include "ir/WeftDialect.h"
#include "passes/Pipelines.h"
#include "tools/weft-opt/Registration.h"

#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/TargetParser/Host.h"

namespace weft {

static constexpr llvm::StringLiteral names[] = {"model", "graph", "kernels",
                                                "plan",  "loops", "llvm"};

StringRef nameOf(Stage stage) { return names[static_cast<size_t>(stage)]; }

std::optional<Stage> stageNamed(StringRef name) {
  for (Stage stage : allStages)
    if (nameOf(stage) == name)
      return stage;
  return std::nullopt;
}

std::string stageNames() {
  return llvm::join(
      llvm::map_range(allStages, [](Stage stage) { return "'" + nameOf(stage).str() + "'"; }),
      ", ");
}

static mlir::DialectRegistry makeRegistry() {
  mlir::DialectRegistry registry;
  registerToolDialects(registry);
  return registry;
}

Compilation::Compilation(Report &target, CompileOptions what)
    : theReport(target), asked(std::move(what)), context(makeRegistry()),
      diagnostics(std::make_unique<DiagnosticReporter>(target, sources, &context)) {
  context.printOpOnDiagnostic(false);
}

Compilation::~Compilation() = default;

LogicalResult Compilation::load() {
  theReport.progress("reading " + asked.input);
  StringRef extension = llvm::sys::path::extension(asked.input);
  if (extension == ".mlir")
    return loadMlir();
  if (extension == ".weft")
    return loadWeft();
  theReport.error("'" + asked.input + "' is no model: its name ends in neither .weft nor .mlir");
  return failure();
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
  return success();
}

LogicalResult Compilation::loadWeft() {
  theReport.error("'" + asked.input +
                  "': the language is not connected to this tool yet; give a .mlir module");
  return failure();
}

LogicalResult Compilation::advanceTo(Stage stage) {
  while (current < stage) {
    auto next = static_cast<Stage>(static_cast<int>(current) + 1);
    theReport.progress("stage " + nameOf(next));
    // What gets past `graph` is a good model: what fails after it is a fault of ours.
    theReport.blameUs(next > Stage::Graph);
    LogicalResult result = run(next);
    theReport.blameUs(false);
    if (failed(result))
      return failure();
    current = next;
  }
  return success();
}

LogicalResult Compilation::run(Stage stage) {
  mlir::PassManager manager(&context);
  manager.enableVerifier(asked.verifyEach);
  switch (stage) {
  case Stage::Model:
    return success();
  case Stage::Graph: {
    SmallVector<std::string> dims;
    for (const auto &[name, size] : asked.dims)
      dims.push_back(name + "=" + std::to_string(size));
    buildGraphPipeline(manager, dims);
    break;
  }
  case Stage::Kernels:
    buildKernelsPipeline(manager);
    break;
  case Stage::Plan:
    buildPlanPipeline(manager);
    break;
  case Stage::Loops:
  case Stage::Llvm:
    theReport.error("the stage '" + nameOf(stage) + "' is not connected to this tool yet");
    return failure();
  }
  if (failed(manager.run(module()))) {
    if (!theReport.hasErrors())
      theReport.error("the stage '" + nameOf(stage) + "' failed without saying why");
    return failure();
  }
  return success();
}

std::string Compilation::text() {
  std::string result;
  llvm::raw_string_ostream os(result);
  theModule->print(os);
  os << '\n';
  return result;
}

std::pair<std::string, std::string> Compilation::targetNames() const {
  return {llvm::sys::getDefaultTargetTriple(), llvm::sys::getHostCPUName().str()};
}

FailureOr<SmallVector<char, 0>> Compilation::makeObject(ModuleOp) {
  theReport.error("objects are not connected to this tool yet");
  return failure();
}

} // namespace weft
